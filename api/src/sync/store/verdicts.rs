//! What was decided of a phone's record after its receipt: the latest word, for that phone alone.

use crate::db::schema::record_verdicts;
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use crate::rounds::store::{FeedChange, announce};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use uuid::Uuid;

/// What was decided.
#[derive(Clone, Copy, Debug)]
pub struct LaterVerdict<'a> {
    /// Where the record stands: `accepted`, `released`, `rejected`, `confirmed`, `dismissed` …
    pub state: &'a str,
    /// What is noticed about it now.
    pub flags: &'a [&'a str],
    /// Rules of the cases it stands in.
    pub cases: &'a [&'a str],
}

/// Tells the phone that sent a record what was decided of it after the receipt. Call it in the transaction of the decision.
pub fn announce_verdict(
    conn: &mut Conn,
    reader: AccountId,
    device: DeviceId,
    record: Uuid,
    verdict: LaterVerdict<'_>,
    now: Instant,
) -> QueryResult<()> {
    let word = (
        record_verdicts::state.eq(verdict.state),
        record_verdicts::flags.eq(verdict.flags.join(",")),
        record_verdicts::cases.eq(verdict.cases.join(",")),
        record_verdicts::decided_at.eq(to_ms(now)),
    );
    let row = (
        record_verdicts::reader_id.eq(reader.0),
        record_verdicts::device_id.eq(device.0),
        record_verdicts::record_id.eq(Uuid16(record)),
        word.clone(),
    );
    let id: i64 = each!(conn, c => diesel::insert_into(record_verdicts::table)
        .values(row)
        .on_conflict((record_verdicts::device_id, record_verdicts::record_id))
        .do_update()
        .set(word)
        .returning(record_verdicts::id)
        .get_result(c))?;
    announce(conn, reader, &[FeedChange::verdict(id)], now)
}

/// A verdict as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = record_verdicts)]
pub struct VerdictRow {
    /// The record.
    pub record_id: Uuid16,
    /// Where it stands.
    pub state: String,
    /// Separated by commas.
    pub flags: String,
    /// Separated by commas.
    pub cases: String,
    /// When.
    pub decided_at: i64,
}

/// Those of the verdicts that are on records of this phone.
pub fn verdicts_by_id(conn: &mut Conn, device: DeviceId, ids: &[i64]) -> QueryResult<Vec<VerdictRow>> {
    each!(conn, c => record_verdicts::table
        .filter(record_verdicts::device_id.eq(device.0))
        .filter(record_verdicts::id.eq_any(ids))
        .order(record_verdicts::id)
        .select(VerdictRow::as_select())
        .load(c))
}

/// Every verdict on this phone's records since a moment.
pub fn kept_verdicts(conn: &mut Conn, device: DeviceId, since: Instant) -> QueryResult<Vec<VerdictRow>> {
    each!(conn, c => record_verdicts::table
        .filter(record_verdicts::device_id.eq(device.0))
        .filter(record_verdicts::decided_at.ge(to_ms(since)))
        .order(record_verdicts::id)
        .select(VerdictRow::as_select())
        .load(c))
}
