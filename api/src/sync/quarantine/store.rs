//! Quarantined items with what was decided of them.

use crate::db::schema::{quarantine, quarantine_decisions};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use uuid::Uuid;

/// A quarantined item as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = quarantine)]
#[expect(missing_docs, reason = "the fields are the columns of quarantine")]
pub struct QuarantineRow {
    pub id: i64,
    pub device_id: i64,
    pub reader_id: i64,
    pub record_id: Option<Uuid16>,
    pub device_seq: Option<i64>,
    pub point_id: Option<i64>,
    pub observed_at: Option<i64>,
    pub outcome: String,
    pub code: String,
    pub pointer: String,
    pub body: String,
    pub received_at: i64,
    pub sent_at: Option<i64>,
    pub sent_elapsed_ms: Option<i64>,
    pub sent_boot: Option<String>,
    pub synced_device_at: Option<i64>,
    pub synced_server_at: Option<i64>,
}

/// What a person decided.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = quarantine_decisions)]
#[expect(missing_docs, reason = "the fields are the columns of quarantine_decisions")]
pub struct DecisionRow {
    pub decision: String,
    pub account_id: i64,
    pub reason: String,
    pub record_id: Option<Uuid16>,
    pub decided_at: i64,
}

/// Which items.
#[derive(Clone, Debug, Default)]
pub struct QuarantineFilter {
    /// `open`, `released` or `rejected`.
    pub state: Option<String>,
    /// Why it lies there.
    pub code: Option<String>,
    /// Whose.
    pub reader: Option<i64>,
    /// From which phone.
    pub device: Option<i64>,
}

/// Items after an id.
pub fn list_quarantine(
    conn: &mut Conn,
    filter: &QuarantineFilter,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(QuarantineRow, Option<DecisionRow>)>> {
    each!(conn, c => {
        let mut query = quarantine::table
            .left_join(quarantine_decisions::table)
            .filter(quarantine::id.gt(after))
            .order(quarantine::id)
            .limit(limit)
            .select((QuarantineRow::as_select(), Option::<DecisionRow>::as_select()))
            .into_boxed();
        match filter.state.as_deref() {
            Some("open") => query = query.filter(quarantine_decisions::decision.is_null()),
            Some(state) => query = query.filter(quarantine_decisions::decision.eq(state)),
            None => {}
        }
        if let Some(code) = &filter.code {
            query = query.filter(quarantine::code.eq(code));
        }
        if let Some(reader) = filter.reader {
            query = query.filter(quarantine::reader_id.eq(reader));
        }
        if let Some(device) = filter.device {
            query = query.filter(quarantine::device_id.eq(device));
        }
        query.load(c)
    })
}

/// One item.
pub fn find_quarantined(conn: &mut Conn, id: i64) -> QueryResult<Option<(QuarantineRow, Option<DecisionRow>)>> {
    each!(conn, c => quarantine::table
        .left_join(quarantine_decisions::table)
        .filter(quarantine::id.eq(id))
        .select((QuarantineRow::as_select(), Option::<DecisionRow>::as_select()))
        .first(c)
        .optional())
}

/// Keeps what was decided of an item, once and for ever. `released`: as which record, with which body.
pub fn insert_decision(
    conn: &mut Conn,
    id: i64,
    released: Option<(Uuid, &str)>,
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<()> {
    let row = (
        quarantine_decisions::quarantine_id.eq(id),
        quarantine_decisions::decision.eq(if released.is_some() { "released" } else { "rejected" }),
        quarantine_decisions::account_id.eq(by.0),
        quarantine_decisions::reason.eq(reason),
        quarantine_decisions::record_id.eq(released.map(|(record, _)| Uuid16(record))),
        quarantine_decisions::body.eq(released.map(|(_, body)| body)),
        quarantine_decisions::decided_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(quarantine_decisions::table).values(row).execute(c)).map(drop)
}
