//! What sync keeps: records once and for ever, quarantine, each phone's numbers and clock (`store/phones.rs`), what was decided
//! of a record later (`store/verdicts.rs`).

pub mod links;
mod phones;
mod verdicts;

use super::item::{Incoming, Record};
use super::packed::stored_body;
use crate::db::schema::{devices, quarantine, quarantine_decisions, records};
use crate::db::{Column, Conn, PgConnection, Uuid16, Value, among, columns, each, statement};
use crate::http::to_ms;
use crate::keys::sha256;
use crate::planted::{self, Bug};
use diesel::dsl::exists;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId, MeterId};
use meterbook::readings::observed::{ClockSample, TimeGrade};
use meterbook::sync::Outcome;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

pub use phones::{
    Phone, PhoneNews, PhoneSeq, arrived_above, known_seqs, lock_phone, lock_phones, missing_seqs, phone_sequence,
    sequence_with, update_phones,
};
pub use verdicts::{LaterVerdict, VerdictRow, announce_verdict, kept_verdicts, verdicts_by_id};

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
    type Row = (Uuid16, String, Option<Vec<u8>>, String);
    let rows: Vec<Row> = each!(conn, c => records::table
        .filter(among(records::id, ids))
        .select((records::id, records::body, records::packed, records::flags))
        .load(c))?;
    let known = |(id, body, packed, flags): Row| {
        let body = stored_body(id.0, body, packed.as_deref())?;
        Ok((id.0, Known { hash: sha256(body.as_bytes()), flags }))
    };
    rows.into_iter().map(known).collect()
}

/// Ids asked for at a time: SQLite binds each by itself.
const IDS_AT_ONCE: usize = 1_000;

/// Those of the ids that are stored, or lie in this phone's quarantine.
pub fn known_ids(conn: &mut Conn, device: DeviceId, ids: &[Uuid]) -> QueryResult<HashSet<Uuid>> {
    let mut known = HashSet::new();
    for ids in ids.chunks(IDS_AT_ONCE) {
        let ids: Vec<Uuid16> = ids.iter().copied().map(Uuid16).collect();
        let stored: Vec<Uuid16> =
            each!(conn, c => records::table.filter(records::id.eq_any(&ids)).select(records::id).load(c))?;
        let aside: Vec<Option<Uuid16>> = each!(conn, c => quarantine::table
            .filter(quarantine::device_id.eq(device.0))
            .filter(quarantine::record_id.eq_any(&ids))
            .select(quarantine::record_id)
            .load(c))?;
        known.extend(stored.into_iter().map(|id| id.0));
        known.extend(aside.into_iter().flatten().map(|id| id.0));
    }
    Ok(known)
}

/// What was decided of an item in quarantine: outcome, code and pointer.
pub type Decided = (String, String, String);

/// Those of these phones that have something in quarantine: few have ever had.
pub fn phones_with_quarantine(conn: &mut Conn, phones: &[i64]) -> QueryResult<HashSet<i64>> {
    let of_phone = quarantine::table.filter(quarantine::device_id.eq(devices::id));
    let found: Vec<i64> = each!(conn, c => devices::table
        .filter(among(devices::id, phones))
        .filter(exists(of_phone))
        .select(devices::id)
        .load(c))?;
    Ok(found.into_iter().collect())
}

/// Those of the bodies that lie in this phone's quarantine.
pub fn known_quarantine(
    conn: &mut Conn,
    device: DeviceId,
    hashes: &[Vec<u8>],
) -> QueryResult<HashMap<Vec<u8>, Decided>> {
    type Row = (Vec<u8>, String, String, String, Option<String>);
    let rows: Vec<Row> = each!(conn, c => quarantine::table
        .left_join(quarantine_decisions::table)
        .filter(quarantine::device_id.eq(device.0))
        .filter(quarantine::body_hash.eq_any(hashes))
        .select((quarantine::body_hash, quarantine::outcome, quarantine::code, quarantine::pointer,
            quarantine_decisions::decision.nullable()))
        .load(c))?;
    // Released, it is a record now: to the phone the same as one it sent twice.
    let remembered = |(hash, outcome, code, pointer, decision): Row| match decision.as_deref() {
        Some("released") => (hash, (Outcome::Duplicate.code().to_owned(), String::new(), String::new())),
        _ => (hash, (outcome, code, pointer)),
    };
    Ok(rows.into_iter().map(remembered).collect())
}

/// An accepted record with what was decided of it.
pub struct Accepted<'a> {
    /// As it came.
    pub incoming: &'a Incoming,
    /// What it says.
    pub record: &'a Record,
    /// Its number on the phone, unless another record has that.
    pub device_seq: Option<i64>,
    /// The meter at the point.
    pub meter: Option<MeterId>,
    /// When it was observed.
    pub observed_at: Instant,
    /// How well that is known.
    pub grade: TimeGrade,
    /// What the receipt says.
    pub flags: &'a [String],
}

/// A record as it is stored.
#[derive(Debug, Insertable)]
#[diesel(table_name = records, treat_none_as_default_value = false)]
pub struct NewRecord {
    id: Uuid16,
    kind: &'static str,
    code: String,
    point_id: i64,
    meter_id: Option<i64>,
    reader_id: i64,
    device_id: i64,
    device_seq: Option<i64>,
    observed_at: i64,
    received_at: i64,
    grade: &'static str,
    figure_index: Option<i64>,
    cumulative: Option<i64>,
    balance: Option<i64>,
    flags: String,
    target_id: Option<Uuid16>,
    body_hash: &'static [u8],
    body: &'static str,
    packed: Vec<u8>,
}

impl NewRecord {
    /// Whose row it is.
    #[must_use]
    pub const fn record(&self) -> Uuid {
        self.id.0
    }

    /// Says something else of it before it is stored.
    pub fn set_flags(&mut self, flags: &[String]) {
        self.flags = flags.join(",");
    }
}

impl Accepted<'_> {
    /// The row of it.
    #[must_use]
    pub fn row(&self, reader: AccountId, device: DeviceId, now: Instant) -> NewRecord {
        let record = self.record;
        let figures = record.observed.figures();
        NewRecord {
            id: Uuid16(record.id),
            kind: record.observed.kind(),
            code: record.observed.code().to_owned(),
            point_id: record.point,
            meter_id: self.meter.map(|meter| meter.0),
            reader_id: reader.0,
            device_id: device.0,
            device_seq: self.device_seq,
            observed_at: to_ms(self.observed_at),
            received_at: to_ms(now),
            grade: self.grade.code(),
            figure_index: figures.index.map(|index| index.litres()),
            cumulative: figures.cumulative.map(|cumulative| cumulative.litres()),
            balance: figures.balance,
            flags: self.flags.join(","),
            target_id: record.observed.target().map(Uuid16),
            body_hash: &[],
            body: "",
            packed: self.incoming.packed.clone(),
        }
    }
}

/// Stores records: on PostgreSQL in one statement, on SQLite by one prepared statement each, which is as fast as any
/// there.
pub fn insert_records(conn: &mut Conn, rows: &[NewRecord]) -> QueryResult<()> {
    if planted::is(Bug::CheckThenInsert) {
        return rows.iter().try_for_each(|row| {
            each!(conn, c => diesel::insert_into(records::table).values(row).on_conflict_do_nothing().execute(c))
                .map(drop)
        });
    }
    match conn {
        Conn::Postgres(c) => insert_columns(c, rows),
        Conn::Sqlite(c) => rows.iter().try_for_each(|row| {
            let insert = statement!(
                "INSERT INTO records (id, kind, code, point_id, meter_id, reader_id, device_id, device_seq, observed_at, received_at, \
                 grade, figure_index, cumulative, balance, flags, target_id, body_hash, body, packed) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                Value::Id(row.id),
                Value::Word(row.kind),
                Value::Text(row.code.clone()),
                Value::Int(row.point_id),
                Value::Maybe(row.meter_id),
                Value::Int(row.reader_id),
                Value::Int(row.device_id),
                Value::Maybe(row.device_seq),
                Value::Int(row.observed_at),
                Value::Int(row.received_at),
                Value::Word(row.grade),
                Value::Maybe(row.figure_index),
                Value::Maybe(row.cumulative),
                Value::Maybe(row.balance),
                Value::Text(row.flags.clone()),
                Value::MaybeId(row.target_id),
                Value::Bytes(Vec::new()),
                Value::Word(row.body),
                Value::Bytes(row.packed.clone()),
            );
            insert.execute(&mut **c).map(drop)
        }),
    }
}

fn insert_columns(conn: &mut PgConnection, rows: &[NewRecord]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ints = |of: fn(&NewRecord) -> i64| Column::Ints(rows.iter().map(of).collect());
    let maybe = |of: fn(&NewRecord) -> Option<i64>| Column::Maybe(rows.iter().map(of).collect());
    let texts = |of: fn(&NewRecord) -> String| Column::Texts(rows.iter().map(of).collect());
    let words = |of: fn(&NewRecord) -> &'static str| Column::Words(rows.iter().map(of).collect());
    let insert = columns!(
        "INSERT INTO records (reader_id, device_id, received_at, id, kind, code, point_id, meter_id, device_seq, observed_at, \
         grade, figure_index, cumulative, balance, flags, target_id, packed, body_hash, body) \
         SELECT *, ''::bytea, '' FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ints(|row| row.reader_id),
        ints(|row| row.device_id),
        ints(|row| row.received_at),
        Column::Ids(rows.iter().map(|row| row.id).collect()),
        words(|row| row.kind),
        texts(|row| row.code.clone()),
        ints(|row| row.point_id),
        maybe(|row| row.meter_id),
        maybe(|row| row.device_seq),
        ints(|row| row.observed_at),
        words(|row| row.grade),
        maybe(|row| row.figure_index),
        maybe(|row| row.cumulative),
        maybe(|row| row.balance),
        texts(|row| row.flags.clone()),
        Column::MaybeIds(rows.iter().map(|row| row.target_id).collect()),
        Column::Bytes(rows.iter().map(|row| row.packed.clone()).collect()),
    );
    insert.execute(conn).map(drop)
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
    /// The clocks of the push that brought it.
    pub clocks: Clocks<'a>,
}

/// The clocks of a push: with them an item that is released later finds the observed time it had.
#[derive(Clone, Copy, Debug)]
pub struct Clocks<'a> {
    /// The phone's clock when it sent.
    pub sent_at: Instant,
    /// Its monotonic clock.
    pub sent_elapsed_ms: Option<i64>,
    /// The boot that belongs to.
    pub boot: Option<&'a str>,
    /// The sync before.
    pub last_sync: Option<ClockSample>,
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
        (
            quarantine::sent_at.eq(to_ms(aside.clocks.sent_at)),
            quarantine::sent_elapsed_ms.eq(aside.clocks.sent_elapsed_ms),
            quarantine::sent_boot.eq(aside.clocks.boot),
            quarantine::synced_device_at.eq(aside.clocks.last_sync.map(|sync| to_ms(sync.device_at))),
            quarantine::synced_server_at.eq(aside.clocks.last_sync.map(|sync| to_ms(sync.server_at))),
        ),
    );
    each!(conn, c => diesel::insert_into(quarantine::table).values(row).on_conflict_do_nothing().execute(c)).map(drop)
}
