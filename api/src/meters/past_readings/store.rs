//! Imported readings among the records.

use super::{Known, KnownMeter, NewReading, PastReading, Stay};
use crate::anomalies::store::drop_pasts;
use crate::db::schema::{installations, meter_types, meters, records};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use crate::sync::packed::stored_body;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use std::collections::{BTreeSet, HashMap};

const CHUNK: usize = 500;

/// Loads what is stored of everything the rows name.
pub fn load(conn: &mut Conn, rows: &[PastReading]) -> QueryResult<Known> {
    let mut known = Known::default();
    for chunk in rows.chunks(CHUNK) {
        load_meters(conn, chunk, &mut known)?;
        let ids: Vec<Uuid16> = chunk.iter().map(|row| Uuid16(row.id())).collect();
        type Row = (Uuid16, String, Option<Vec<u8>>);
        let stored: Vec<Row> = each!(conn, c => records::table
            .filter(records::id.eq_any(ids)).select((records::id, records::body, records::packed)).load(c))?;
        for (id, body, packed) in stored {
            known.records.insert(id.0, stored_body(id.0, body, packed.as_deref())?);
        }
    }
    Ok(known)
}

fn load_meters(conn: &mut Conn, rows: &[PastReading], known: &mut Known) -> QueryResult<()> {
    type Row = (i64, String, Option<i32>, i32, Option<i64>);
    let missing = rows.iter().map(|row| row.meter.as_str()).filter(|number| !known.meters.contains_key(*number));
    let numbers: Vec<&str> = missing.collect();
    let columns =
        (meters::id, meters::number, meters::digits_integer, meter_types::digits_integer, meter_types::fen_per_m3);
    let found: Vec<Row> = each!(conn, c => meters::table.inner_join(meter_types::table)
        .filter(meters::number.eq_any(numbers)).select(columns).load(c))?;
    let ids: Vec<i64> = found.iter().map(|(id, ..)| *id).collect();
    let columns =
        (installations::meter_id, (installations::point_id, installations::installed_at, installations::removed_at));
    let stays: Vec<(i64, Stay)> = each!(conn, c => installations::table
        .filter(installations::meter_id.eq_any(ids)).order(installations::installed_at).select(columns).load(c))?;
    let mut by_meter: HashMap<i64, Vec<Stay>> = HashMap::new();
    for (meter, stay) in stays {
        by_meter.entry(meter).or_default().push(stay);
    }
    for (id, number, own, of_type, fen) in found {
        let stays = by_meter.remove(&id).unwrap_or_default();
        let digits_integer = own.unwrap_or(of_type);
        known.meters.insert(number, KnownMeter { id, digits_integer, is_money: fen.is_some(), stays });
    }
    Ok(())
}

#[derive(Insertable)]
#[diesel(table_name = records, treat_none_as_default_value = false)]
struct NewRecord<'a> {
    id: Uuid16,
    kind: &'static str,
    code: &'static str,
    point_id: i64,
    meter_id: Option<i64>,
    reader_id: Option<i64>,
    device_id: Option<i64>,
    device_seq: Option<i64>,
    observed_at: i64,
    received_at: i64,
    grade: &'static str,
    figure_index: Option<i64>,
    cumulative: Option<i64>,
    balance: Option<i64>,
    flags: &'static str,
    target_id: Option<Uuid16>,
    body_hash: &'static [u8],
    body: &'static str,
    packed: &'a [u8],
}

/// Writes records: grade A, for the office vouches for their time.
pub fn insert(conn: &mut Conn, new: &[NewReading<'_>], now: Instant) -> QueryResult<()> {
    let points: BTreeSet<i64> = new.iter().map(|new| new.point_id).collect();
    drop_pasts(conn, &points.into_iter().collect::<Vec<_>>())?;
    for chunk in new.chunks(CHUNK) {
        let rows: Vec<NewRecord<'_>> = chunk
            .iter()
            .map(|new| NewRecord {
                id: Uuid16(new.id),
                kind: "reading",
                code: new.row.kind.code(),
                point_id: new.point_id,
                meter_id: Some(new.meter_id),
                reader_id: None,
                device_id: None,
                device_seq: None,
                observed_at: to_ms(new.row.observed_at),
                received_at: to_ms(now),
                grade: "A",
                figure_index: new.row.index,
                cumulative: new.row.cumulative,
                balance: new.balance,
                flags: "",
                target_id: None,
                body_hash: &[],
                body: "",
                packed: &new.packed,
            })
            .collect();
        each!(conn, c => diesel::insert_into(records::table).values(&rows).execute(c))?;
    }
    Ok(())
}
