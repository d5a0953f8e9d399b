//! Places on lists, and the cases opened from them.

use crate::db::schema::{
    anomaly_entries, anomaly_entry_cases, anomaly_lists, areas, cases, meters, records, routes, service_points,
};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::anomalies::lists::month_end::Method;
use meterbook::anomalies::lists::ranking::List;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;

/// A place that is given.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the columns of anomaly_entries")]
pub struct NewEntry {
    pub list: List,
    pub rank: i32,
    pub meter: i64,
    pub point: i64,
    pub observed_at: i64,
    pub method: Method,
    pub score_micro: i64,
    pub rule: &'static str,
    pub figures: String,
    pub stake: i64,
    pub floor_percent: i64,
    pub is_above_floor: bool,
    pub group_key: String,
    pub member: Vec<u8>,
}

/// A place as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = anomaly_entries)]
#[expect(missing_docs, reason = "the fields are the columns of anomaly_entries")]
pub struct EntryRow {
    pub id: i64,
    pub list_id: i64,
    pub list: String,
    pub rank: i32,
    pub meter_id: i64,
    pub point_id: i64,
    pub observed_at: i64,
    pub method: String,
    pub score_micro: i64,
    pub rule: String,
    pub figures: String,
    pub stake: i64,
    pub floor_percent: i64,
    pub is_above_floor: bool,
    pub group_key: String,
    pub member: Vec<u8>,
}

/// Where its meter hangs: month, 表号, 户号, class, area's names, route's code, case.
pub type EntryPlace = (i32, String, String, String, String, Option<String>, Option<i64>);

/// A place with where its meter hangs.
pub type PlacedEntry = (EntryRow, EntryPlace);

macro_rules! placed {
    () => {
        anomaly_entries::table
            .inner_join(anomaly_lists::table)
            .inner_join(meters::table)
            .inner_join(service_points::table.inner_join(areas::table).left_join(routes::table))
            .left_join(anomaly_entry_cases::table)
            .select((
                EntryRow::as_select(),
                (
                    anomaly_lists::period,
                    meters::number,
                    service_points::number,
                    service_points::class,
                    areas::path,
                    routes::code.nullable(),
                    anomaly_entry_cases::case_id.nullable(),
                ),
            ))
    };
}

/// Entries of a month's lists after an id: list by list, in order of rank.
pub fn list_entries(
    conn: &mut Conn,
    list_id: i64,
    list: Option<List>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<PlacedEntry>> {
    each!(conn, c => {
        let mut query = placed!()
            .filter(anomaly_entries::list_id.eq(list_id))
            .filter(anomaly_entries::id.gt(after))
            .into_boxed();
        if let Some(list) = list {
            query = query.filter(anomaly_entries::list.eq(list.code()));
        }
        query.order(anomaly_entries::id).limit(limit).load(c)
    })
}

/// One entry.
pub fn find_entry(conn: &mut Conn, id: i64) -> QueryResult<Option<PlacedEntry>> {
    each!(conn, c => placed!().filter(anomaly_entries::id.eq(id)).first(c).optional())
}

/// All entries of a month's lists as they were reckoned.
pub fn bare_entries(conn: &mut Conn, list_id: i64) -> QueryResult<Vec<EntryRow>> {
    each!(conn, c => anomaly_entries::table
        .filter(anomaly_entries::list_id.eq(list_id))
        .order(anomaly_entries::id)
        .select(EntryRow::as_select())
        .load(c))
}

/// The reading an entry's month ended with.
pub fn reading_of(conn: &mut Conn, entry: &EntryRow) -> QueryResult<Option<uuid::Uuid>> {
    let found: Option<Uuid16> = each!(conn, c => records::table
        .filter(records::point_id.eq(entry.point_id))
        .filter(records::observed_at.eq(entry.observed_at))
        .filter(records::meter_id.eq(entry.meter_id))
        .filter(records::kind.eq("reading"))
        .order(records::id)
        .select(records::id)
        .first(c)
        .optional())?;
    Ok(found.map(|id| id.0))
}

/// The case of a meter and kind that is still to be worked.
pub fn live_case(conn: &mut Conn, meter: i64, kind: &str) -> QueryResult<Option<i64>> {
    let is_live = cases::state.eq("open").or(cases::state.eq("confirmed")).or(cases::state.eq("in_work"));
    each!(conn, c => cases::table
        .filter(cases::meter_id.eq(meter))
        .filter(cases::kind.eq(kind))
        .filter(is_live)
        .select(cases::id)
        .first(c)
        .optional())
}

/// Notes which case an entry has become.
pub fn link_case(conn: &mut Conn, entry: i64, case: i64, by: AccountId, now: Instant) -> QueryResult<()> {
    let row = (
        anomaly_entry_cases::entry_id.eq(entry),
        anomaly_entry_cases::case_id.eq(case),
        anomaly_entry_cases::account_id.eq(by.0),
        anomaly_entry_cases::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(anomaly_entry_cases::table).values(row).execute(c)).map(drop)
}
