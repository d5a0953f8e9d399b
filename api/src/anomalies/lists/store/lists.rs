//! Lists by month and version.

use super::models::InForce;
use crate::db::schema::{anomaly_entries, anomaly_lists};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period};
use meterbook::id::AccountId;
use std::collections::{HashMap, HashSet};

/// A month's lists as they are stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = anomaly_lists)]
#[expect(missing_docs, reason = "the fields are the columns of anomaly_lists")]
pub struct ListRow {
    pub id: i64,
    pub period: i32,
    pub version: i32,
    pub state: String,
    pub asked_by: Option<i64>,
    pub asked_at: i64,
    pub rules_version: String,
    pub model_id: Option<i64>,
    pub model_version: String,
    pub meters_read: i64,
    pub by_model: i64,
    pub by_rules: i64,
    pub inputs_hash: Option<Vec<u8>>,
    pub entries_hash: Option<Vec<u8>>,
    pub made_at: Option<i64>,
}

/// Begins a version of a month's lists. `None`: another has begun it meanwhile.
pub fn insert_list(
    conn: &mut Conn,
    (month, version): (Period, i32),
    by: Option<AccountId>,
    (rules_version, model): (&str, &InForce),
    now: Instant,
) -> QueryResult<Option<ListRow>> {
    let row = (
        anomaly_lists::period.eq(month.key()),
        anomaly_lists::version.eq(version),
        anomaly_lists::state.eq("making"),
        anomaly_lists::asked_by.eq(by.map(|by| by.0)),
        anomaly_lists::asked_at.eq(to_ms(now)),
        anomaly_lists::rules_version.eq(rules_version),
        anomaly_lists::model_id.eq(model.id),
        anomaly_lists::model_version.eq(&model.version),
    );
    let made =
        each!(conn, c => diesel::insert_into(anomaly_lists::table).values(row).on_conflict_do_nothing().execute(c))?;
    if made == 0 { Ok(None) } else { find_list(conn, month, Some(version)) }
}

/// A version of a month's lists; the latest unless told.
pub fn find_list(conn: &mut Conn, month: Period, version: Option<i32>) -> QueryResult<Option<ListRow>> {
    each!(conn, c => {
        let mut query = anomaly_lists::table.filter(anomaly_lists::period.eq(month.key())).into_boxed();
        if let Some(version) = version {
            query = query.filter(anomaly_lists::version.eq(version));
        }
        query.order(anomaly_lists::version.desc()).select(ListRow::as_select()).first(c).optional()
    })
}

/// Lists after an id.
pub fn list_lists(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<ListRow>> {
    each!(conn, c => anomaly_lists::table
        .filter(anomaly_lists::id.gt(after))
        .order(anomaly_lists::id)
        .limit(limit)
        .select(ListRow::as_select())
        .load(c))
}

/// Notes that a list could not be made.
pub fn fail_list(conn: &mut Conn, id: i64) -> QueryResult<()> {
    let change = anomaly_lists::state.eq("failed");
    each!(conn, c => diesel::update(anomaly_lists::table.find(id)).set(change).execute(c)).map(drop)
}

/// Meters that stood on the lists of the months before, each month's last version counting.
pub fn resting(conn: &mut Conn, month: Period, months: u32) -> QueryResult<HashSet<i64>> {
    let first = (1..months).fold(month, |earlier, _| earlier.previous());
    let rows: Vec<(i32, i32, i64)> = each!(conn, c => anomaly_entries::table
        .inner_join(anomaly_lists::table)
        .filter(anomaly_lists::state.eq("done"))
        .filter(anomaly_lists::period.lt(month.key()))
        .filter(anomaly_lists::period.ge(first.key()))
        .select((anomaly_lists::period, anomaly_lists::version, anomaly_entries::meter_id))
        .load(c))?;
    let mut latest: HashMap<i32, i32> = HashMap::new();
    for (period, version, _) in &rows {
        let known = latest.entry(*period).or_default();
        *known = (*known).max(*version);
    }
    let counts = |(period, version, _): &&(i32, i32, i64)| latest.get(period) == Some(version);
    Ok(rows.iter().filter(counts).map(|(_, _, meter)| *meter).collect())
}
