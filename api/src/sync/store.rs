//! What sync keeps: records once and for ever, quarantine, each phone's numbers and clock, what was decided
//! of a record later (`store/verdicts.rs`).

mod verdicts;

use super::item::{Incoming, Observed, Record};
use crate::db::schema::{devices, quarantine, records};
use crate::db::{Conn, Lockable, Uuid16, each};
use crate::http::{from_ms, to_ms};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId, MeterId};
use meterbook::readings::observed::{ClockSample, TimeGrade};
use meterbook::sync::{Outcome, sequence};
use std::collections::HashMap;
use uuid::Uuid;

pub use verdicts::{LaterVerdict, VerdictRow, announce_verdict, kept_verdicts, verdicts_by_id};

/// A phone as a push finds it, locked.
pub struct Phone {
    /// Every record up to this number has arrived.
    pub contiguous: i64,
    /// The last clock comparison.
    pub clock: Option<ClockSample>,
}

/// Locks a phone: its pushes are decided one after the other.
pub fn lock_phone(conn: &mut Conn, device: DeviceId) -> QueryResult<Phone> {
    conn.lock(Lockable::Devices, &[device.0])?;
    let (contiguous, device_at, server_at): (i64, Option<i64>, Option<i64>) = each!(conn, c => devices::table
        .find(device.0)
        .select((devices::highest_contiguous_seq, devices::clock_device_at, devices::clock_server_at))
        .first(c))?;
    let clock = device_at.zip(server_at);
    Ok(Phone {
        contiguous,
        clock: clock.map(|(device, server)| ClockSample { device_at: from_ms(device), server_at: from_ms(server) }),
    })
}

/// A record that is there already.
#[derive(Clone)]
pub struct Known {
    /// Hash of its canonical body.
    pub hash: Vec<u8>,
    /// What its receipt said.
    pub flags: String,
}

/// Those of the ids that are stored.
pub fn known_records(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<HashMap<Uuid, Known>> {
    let ids: Vec<Uuid16> = ids.iter().copied().map(Uuid16).collect();
    let rows: Vec<(Uuid16, Vec<u8>, String)> = each!(conn, c => records::table
        .filter(records::id.eq_any(ids))
        .select((records::id, records::body_hash, records::flags))
        .load(c))?;
    Ok(rows.into_iter().map(|(id, hash, flags)| (id.0, Known { hash, flags })).collect())
}

/// Those of a phone's numbers that are taken, and by which record.
pub fn known_seqs(conn: &mut Conn, device: DeviceId, seqs: &[i64]) -> QueryResult<HashMap<i64, Uuid>> {
    let rows: Vec<(Option<i64>, Uuid16)> = each!(conn, c => records::table
        .filter(records::device_id.eq(device.0))
        .filter(records::device_seq.eq_any(seqs))
        .select((records::device_seq, records::id))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(seq, id)| Some((seq?, id.0))).collect())
}

/// Those of the bodies that lie in this phone's quarantine, with outcome, code and pointer.
pub fn known_quarantine(
    conn: &mut Conn,
    device: DeviceId,
    hashes: &[Vec<u8>],
) -> QueryResult<HashMap<Vec<u8>, (String, String, String)>> {
    let rows: Vec<(Vec<u8>, String, String, String)> = each!(conn, c => quarantine::table
        .filter(quarantine::device_id.eq(device.0))
        .filter(quarantine::body_hash.eq_any(hashes))
        .select((quarantine::body_hash, quarantine::outcome, quarantine::code, quarantine::pointer))
        .load(c))?;
    Ok(rows.into_iter().map(|(hash, outcome, code, pointer)| (hash, (outcome, code, pointer))).collect())
}

/// An accepted record with what was decided of it.
pub struct Accepted<'a> {
    /// As it came.
    pub incoming: &'a Incoming,
    /// What it says.
    pub record: &'a Record,
    /// The meter at the point.
    pub meter: Option<MeterId>,
    /// When it was observed.
    pub observed_at: Instant,
    /// How well that is known.
    pub grade: TimeGrade,
    /// What the receipt says.
    pub flags: &'a [String],
}

/// Stores a record.
pub fn insert_record(
    conn: &mut Conn,
    accepted: &Accepted<'_>,
    reader: AccountId,
    device: DeviceId,
    now: Instant,
) -> QueryResult<()> {
    let record = accepted.record;
    let (kind, code, figures) = match &record.observed {
        Observed::Reading { kind, figures } => ("reading", kind.code(), *figures),
        Observed::Attempt { code } => ("attempt", code.as_str(), meterbook::readings::Figures::default()),
    };
    let row = (
        records::id.eq(Uuid16(record.id)),
        records::kind.eq(kind),
        records::code.eq(code),
        records::point_id.eq(record.point),
        records::meter_id.eq(accepted.meter.map(|meter| meter.0)),
        records::reader_id.eq(reader.0),
        records::device_id.eq(device.0),
        records::device_seq.eq(record.device_seq),
        (
            records::observed_at.eq(to_ms(accepted.observed_at)),
            records::received_at.eq(to_ms(now)),
            records::grade.eq(accepted.grade.code()),
            records::figure_index.eq(figures.index.map(|index| index.litres())),
            records::cumulative.eq(figures.cumulative.map(|cumulative| cumulative.litres())),
            records::balance.eq(figures.balance),
            records::flags.eq(accepted.flags.join(",")),
            records::body_hash.eq(&accepted.incoming.hash),
            records::body.eq(&accepted.incoming.body),
        ),
    );
    each!(conn, c => diesel::insert_into(records::table).values(row).execute(c)).map(drop)
}

/// What could not be taken, and why.
pub struct Aside<'a> {
    /// As it came.
    pub incoming: &'a Incoming,
    /// Conflict or rejected.
    pub outcome: Outcome,
    /// Why.
    pub code: &'a str,
    /// Where.
    pub pointer: &'a str,
    /// Of which existing point and of which time it spoke.
    pub about: Option<(i64, Instant)>,
}

/// Keeps an item aside, whole.
pub fn quarantine(
    conn: &mut Conn,
    aside: &Aside<'_>,
    reader: AccountId,
    device: DeviceId,
    now: Instant,
) -> QueryResult<()> {
    let row = (
        quarantine::device_id.eq(device.0),
        quarantine::reader_id.eq(reader.0),
        quarantine::record_id.eq(aside.incoming.id.map(Uuid16)),
        quarantine::device_seq.eq(aside.incoming.device_seq),
        quarantine::point_id.eq(aside.about.map(|(point, _)| point)),
        quarantine::observed_at.eq(aside.about.map(|(_, at)| to_ms(at))),
        quarantine::outcome.eq(aside.outcome.code()),
        quarantine::code.eq(aside.code),
        (
            quarantine::pointer.eq(aside.pointer),
            quarantine::body_hash.eq(&aside.incoming.hash),
            quarantine::body.eq(&aside.incoming.body),
            quarantine::received_at.eq(to_ms(now)),
        ),
    );
    each!(conn, c => diesel::insert_into(quarantine::table).values(row).on_conflict_do_nothing().execute(c)).map(drop)
}

/// How complete a phone's records are: stored or in quarantine both count as arrived (DOMAIN 7).
pub fn phone_sequence(conn: &mut Conn, device: DeviceId, contiguous: i64) -> QueryResult<meterbook::sync::Sequence> {
    let mut above: Vec<Option<i64>> = each!(conn, c => records::table
        .filter(records::device_id.eq(device.0))
        .filter(records::device_seq.gt(contiguous))
        .select(records::device_seq)
        .load(c))?;
    let aside: Vec<Option<i64>> = each!(conn, c => quarantine::table
        .filter(quarantine::device_id.eq(device.0))
        .filter(quarantine::device_seq.gt(contiguous))
        .select(quarantine::device_seq)
        .load(c))?;
    above.extend(aside);
    let mut above: Vec<i64> = above.into_iter().flatten().collect();
    above.sort_unstable();
    Ok(sequence(contiguous, &above))
}

/// The numbers missing from a phone, for the office.
pub fn missing_seqs(conn: &mut Conn, device: DeviceId, contiguous: i64) -> QueryResult<Vec<i64>> {
    phone_sequence(conn, device, contiguous).map(|sequence| sequence.missing)
}

/// Notes how far a phone has come and how its clock stood.
pub fn update_phone(
    conn: &mut Conn,
    device: DeviceId,
    contiguous: i64,
    sent_at: Instant,
    now: Instant,
) -> QueryResult<()> {
    let change = (
        devices::highest_contiguous_seq.eq(contiguous),
        devices::clock_device_at.eq(to_ms(sent_at)),
        devices::clock_server_at.eq(to_ms(now)),
        devices::last_seen_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::update(devices::table.find(device.0)).set(change).execute(c)).map(drop)
}

/// A quarantined item as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = quarantine)]
pub struct QuarantineRow {
    /// Its id.
    pub id: i64,
    /// The phone.
    pub device_id: i64,
    /// The reader.
    pub reader_id: i64,
    /// The record's id.
    pub record_id: Option<Uuid16>,
    /// Its number on the phone.
    pub device_seq: Option<i64>,
    /// Conflict or rejected.
    pub outcome: String,
    /// Why.
    pub code: String,
    /// Where.
    pub pointer: String,
    /// The item.
    pub body: String,
    /// When it arrived.
    pub received_at: i64,
}

/// Quarantined items after an id, of one reader or of all.
pub fn list_quarantine(
    conn: &mut Conn,
    reader: Option<AccountId>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<QuarantineRow>> {
    each!(conn, c => {
        let mut query = quarantine::table.filter(quarantine::id.gt(after)).into_boxed();
        if let Some(reader) = reader {
            query = query.filter(quarantine::reader_id.eq(reader.0));
        }
        query.order(quarantine::id).limit(limit).select(QuarantineRow::as_select()).load(c)
    })
}
