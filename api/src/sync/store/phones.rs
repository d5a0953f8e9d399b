//! Phones: locked while their pushes are decided, their numbers, how far they have come and how their clocks stand.

use crate::db::schema::devices;
use crate::db::{Column, Conn, Lockable, Uuid16, UuidKey, Value, among, columns, each, statement};
use crate::http::{from_ms, to_ms};
use crate::planted::{self, Bug};
use crate::sync::gaps::store::explained_above;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use meterbook::calendar::Instant;
use meterbook::id::DeviceId;
use meterbook::readings::observed::ClockSample;
use meterbook::sync::{Sequence, sequence_through};
use std::collections::HashMap;
use uuid::Uuid;

/// A phone as a push finds it, locked.
pub struct Phone {
    /// Every record up to this number has arrived.
    pub contiguous: i64,
    /// The last clock comparison.
    pub clock: Option<ClockSample>,
    /// The last number it is known to have given.
    pub last_seq: Option<i64>,
    /// The first number whose record names the one before it.
    pub chained_from: Option<i64>,
}

/// Locks phones: the pushes of each are decided one after the other.
pub fn lock_phones(conn: &mut Conn, phones: &[i64]) -> QueryResult<HashMap<i64, Phone>> {
    if !planted::is(Bug::CheckThenInsert) {
        conn.lock(Lockable::Devices, phones)?;
    }
    type Row = (i64, i64, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
    let columns = (
        devices::id,
        devices::highest_contiguous_seq,
        devices::clock_device_at,
        devices::clock_server_at,
        devices::last_seq,
        devices::chained_from,
    );
    let rows: Vec<Row> = each!(conn, c => devices::table.filter(among(devices::id, phones)).select(columns).load(c))?;
    let phone = |(id, contiguous, device_at, server_at, last_seq, chained_from): Row| {
        let clock = device_at.zip(server_at);
        let clock =
            clock.map(|(device, server)| ClockSample { device_at: from_ms(device), server_at: from_ms(server) });
        (id, Phone { contiguous, clock, last_seq, chained_from })
    };
    Ok(rows.into_iter().map(phone).collect())
}

/// Locks one phone.
pub fn lock_phone(conn: &mut Conn, device: DeviceId) -> QueryResult<Phone> {
    lock_phones(conn, &[device.0])?.remove(&device.0).ok_or(diesel::NotFound)
}

/// A number of a phone.
pub type PhoneSeq = (i64, i64);

#[derive(QueryableByName)]
struct TakenSeq {
    #[diesel(sql_type = BigInt)]
    device_id: i64,
    #[diesel(sql_type = BigInt)]
    device_seq: i64,
    #[diesel(sql_type = UuidKey)]
    id: Uuid16,
}

/// Those of the numbers that are taken, and by which record.
pub fn known_seqs(conn: &mut Conn, asked: &[PhoneSeq]) -> QueryResult<HashMap<PhoneSeq, Uuid>> {
    let mut asked = asked.to_vec();
    asked.sort_unstable();
    let rows: Vec<TakenSeq> = match conn {
        Conn::Postgres(c) => {
            let (phones, seqs) = asked.into_iter().unzip();
            let taken = columns!(
                "SELECT records.device_id, records.device_seq, records.id FROM unnest(?, ?) AS asked (device, seq) \
                 JOIN records ON records.device_id = asked.device AND records.device_seq = asked.seq",
                Column::Ints(phones),
                Column::Ints(seqs),
            );
            taken.load(&mut **c)?
        }
        Conn::Sqlite(c) => {
            let mut rows = Vec::new();
            for of_phone in asked.chunk_by(|one, other| one.0 == other.0) {
                let Some((phone, _)) = of_phone.first() else { continue };
                let seqs: Vec<i64> = of_phone.iter().map(|(_, seq)| *seq).collect();
                let taken = statement!(
                    "SELECT device_id, device_seq, id FROM records WHERE device_id = ? AND device_seq ?",
                    Value::Int(*phone),
                    Value::among(&seqs),
                );
                rows.extend(taken.load::<TakenSeq>(&mut **c)?);
            }
            rows
        }
    };
    Ok(rows.into_iter().map(|row| ((row.device_id, row.device_seq), row.id.0)).collect())
}

#[derive(QueryableByName)]
struct Arrived {
    #[diesel(sql_type = BigInt)]
    device_id: i64,
    #[diesel(sql_type = BigInt)]
    device_seq: i64,
}

/// The numbers above one that have arrived, by phone: stored or in quarantine both count (DOMAIN 7).
pub fn arrived_above(conn: &mut Conn, asked: &[PhoneSeq]) -> QueryResult<HashMap<i64, Vec<i64>>> {
    let rows: Vec<Arrived> = match conn {
        Conn::Postgres(c) => {
            let (phones, above): (Vec<i64>, Vec<i64>) = asked.iter().copied().unzip();
            let arrived = columns!(
                "SELECT records.device_id, records.device_seq FROM unnest(?, ?) AS asked (device, above) \
                 JOIN records ON records.device_id = asked.device AND records.device_seq > asked.above \
                 UNION ALL SELECT quarantine.device_id, quarantine.device_seq FROM unnest(?, ?) AS asked (device, above) \
                 JOIN quarantine ON quarantine.device_id = asked.device AND quarantine.device_seq > asked.above",
                Column::Ints(phones.clone()),
                Column::Ints(above.clone()),
                Column::Ints(phones),
                Column::Ints(above),
            );
            arrived.load(&mut **c)?
        }
        Conn::Sqlite(c) => {
            let mut rows = Vec::new();
            for (phone, above) in asked {
                let arrived = statement!(
                    "SELECT device_id, device_seq FROM records WHERE device_id = ? AND device_seq > ? \
                     UNION ALL SELECT device_id, device_seq FROM quarantine WHERE device_id = ? AND device_seq > ?",
                    Value::Int(*phone),
                    Value::Int(*above),
                    Value::Int(*phone),
                    Value::Int(*above),
                );
                rows.extend(arrived.load::<Arrived>(&mut **c)?);
            }
            rows
        }
    };
    let mut arrived: HashMap<i64, Vec<i64>> = HashMap::new();
    for row in rows {
        arrived.entry(row.device_id).or_default().push(row.device_seq);
    }
    Ok(arrived)
}

/// How complete a phone's records are.
pub fn phone_sequence(
    conn: &mut Conn,
    device: DeviceId,
    contiguous: i64,
    last_seq: Option<i64>,
) -> QueryResult<Sequence> {
    let above = arrived_above(conn, &[(device.0, contiguous)])?.remove(&device.0).unwrap_or_default();
    sequence_with(conn, device, contiguous, last_seq, above)
}

/// The same, of the numbers above that have arrived.
pub fn sequence_with(
    conn: &mut Conn,
    device: DeviceId,
    contiguous: i64,
    last_seq: Option<i64>,
    mut above: Vec<i64>,
) -> QueryResult<Sequence> {
    above.sort_unstable();
    let found = sequence_through(contiguous, &above, last_seq);
    if found.missing.is_empty() {
        return Ok(found);
    }
    // What a person has explained is no longer waited for.
    above.extend(explained_above(conn, device, contiguous)?);
    above.sort_unstable();
    Ok(sequence_through(contiguous, &above, last_seq))
}

/// The numbers missing from a phone, for the office.
pub fn missing_seqs(conn: &mut Conn, device: DeviceId, contiguous: i64) -> QueryResult<Vec<i64>> {
    let last_seq: Option<i64> =
        each!(conn, c => devices::table.find(device.0).select(devices::last_seq).first(c).optional())?.flatten();
    phone_sequence(conn, device, contiguous, last_seq).map(|sequence| sequence.missing)
}

/// What a push tells of its phone.
#[derive(Clone, Copy, Debug)]
pub struct PhoneNews {
    /// The phone.
    pub device: DeviceId,
    /// Every record up to this number has arrived.
    pub contiguous: i64,
    /// Its clock when it sent.
    pub sent_at: Instant,
    /// Now.
    pub received_at: Instant,
    /// The last number it is known to have given, where that is new.
    pub last_seq: Option<i64>,
}

/// Notes how far phones have come and how their clocks stood.
pub fn update_phones(conn: &mut Conn, news: &[PhoneNews]) -> QueryResult<()> {
    match conn {
        Conn::Postgres(c) => {
            let ints = |of: fn(&PhoneNews) -> i64| Column::Ints(news.iter().map(of).collect());
            let update = columns!(
                "UPDATE devices SET highest_contiguous_seq = news.contiguous, clock_device_at = news.sent_at, \
                 clock_server_at = news.received_at, last_seen_at = news.received_at, \
                 last_seq = COALESCE(news.last_seq, devices.last_seq), \
                 last_seq_at = CASE WHEN news.last_seq IS NULL THEN devices.last_seq_at ELSE news.received_at END \
                 FROM unnest(?, ?, ?, ?, ?) AS news (device, contiguous, sent_at, received_at, last_seq) \
                 WHERE devices.id = news.device",
                ints(|phone| phone.device.0),
                ints(|phone| phone.contiguous),
                ints(|phone| to_ms(phone.sent_at)),
                ints(|phone| to_ms(phone.received_at)),
                Column::Maybe(news.iter().map(|phone| phone.last_seq).collect()),
            );
            update.execute(&mut **c).map(drop)
        }
        Conn::Sqlite(c) => news.iter().try_for_each(|phone| {
            let update = statement!(
                "UPDATE devices SET highest_contiguous_seq = ?, clock_device_at = ?, clock_server_at = ?, last_seen_at = ?, \
                 last_seq = COALESCE(?, last_seq), last_seq_at = COALESCE(?, last_seq_at) WHERE id = ?",
                Value::Int(phone.contiguous),
                Value::Int(to_ms(phone.sent_at)),
                Value::Int(to_ms(phone.received_at)),
                Value::Int(to_ms(phone.received_at)),
                Value::Maybe(phone.last_seq),
                Value::Maybe(phone.last_seq.map(|_| to_ms(phone.received_at))),
                Value::Int(phone.device.0),
            );
            update.execute(&mut **c).map(drop)
        }),
    }
}
