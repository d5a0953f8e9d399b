//! The facts of a day.

use crate::db::schema::{
    accounts, areas, corrected_records, coverage_plan, installations, meters, purchases, quarantine,
    quarantine_decisions, record_photos, records, rounds, service_points,
};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::to_ms;
use crate::reports::daily::SoldLine;
use crate::reports::looks::store::CHUNK;
use crate::rounds::store::not_cancelled;
use crate::sync::gaps::store::{devices_with_gaps, neighbours};
use crate::sync::store::phone_sequence;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use meterbook::calendar::{Instant, Period};
use meterbook::id::DeviceId;
use std::collections::{BTreeMap, HashMap};

/// A span of time, its end not in it.
pub type Span = (Instant, Instant);

/// A record of the day.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are columns, of the head of its chain where a record was corrected")]
pub struct DayRecord {
    pub id: Uuid16,
    pub kind: String,
    pub code: String,
    pub point: i64,
    pub point_number: String,
    /// As it counts in the month; as of now where the month was never laid out.
    pub class: String,
    pub meter: Option<i64>,
    pub meter_number: Option<String>,
    pub reader: i64,
    pub observed_at: i64,
    pub received_at: i64,
    pub flags: String,
    pub index: Option<i64>,
}

/// The records made by readers in a span, by time.
pub fn load_records(
    conn: &mut Conn,
    (from, until): Span,
    month: Period,
    reader: Option<i64>,
) -> QueryResult<Vec<DayRecord>> {
    type Row = (
        (Uuid16, String, String, i64, Option<i64>, Option<i64>),
        (i64, i64, String, Option<i64>),
        Option<(String, Option<i64>, String)>,
        (String, String, Option<String>, Option<String>),
    );
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = records::table
            .inner_join(service_points::table.on(service_points::id.eq(records::point_id)))
            .left_join(meters::table.on(meters::id.nullable().eq(records::meter_id)))
            .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
            .left_join(coverage_plan::table
                .on(coverage_plan::point_id.eq(records::point_id).and(coverage_plan::period.eq(month.key()))))
            .filter(records::observed_at.ge(to_ms(from)))
            .filter(records::observed_at.lt(to_ms(until)))
            .filter(records::reader_id.is_not_null())
            .into_boxed();
        if let Some(reader) = reader {
            query = query.filter(records::reader_id.eq(reader));
        }
        query
            .order((records::observed_at, records::id))
            .select((
                (records::id, records::kind, records::code, records::point_id, records::meter_id, records::reader_id),
                (records::observed_at, records::received_at, records::flags, records::figure_index),
                (corrected_records::code, corrected_records::figure_index, corrected_records::flags).nullable(),
                (service_points::number, service_points::class, meters::number.nullable(), coverage_plan::class.nullable()),
            ))
            .load(c)
    })?;
    let record = |(own, at, head, names): Row| {
        let (id, kind, code, point, meter, reader) = own;
        let (observed_at, received_at, flags, index) = at;
        let (point_number, class_now, meter_number, class) = names;
        let (code, index, verdict) = match head {
            Some((code, index, verdict)) => (code, index, verdict),
            None => (code, index, String::new()),
        };
        // The verdict on the head stands; what the record's own receipt said of its time does too.
        let flags = if verdict.is_empty() { flags } else { format!("{},{verdict}", without_verdict(&flags)) };
        let class = class.unwrap_or(class_now);
        let reader = reader?;
        Some(DayRecord {
            id,
            kind,
            code,
            point,
            point_number,
            class,
            meter,
            meter_number,
            reader,
            observed_at,
            received_at,
            flags,
            index,
        })
    };
    Ok(rows.into_iter().filter_map(record).collect())
}

fn without_verdict(flags: &str) -> String {
    flags.split(',').filter(|flag| *flag != crate::anomalies::store::SET_ASIDE).collect::<Vec<_>>().join(",")
}

/// Names of readers: all who hold a round on the day, and those named besides.
pub fn load_readers(
    conn: &mut Conn,
    day: NaiveDate,
    also: &[i64],
    only: Option<i64>,
) -> QueryResult<Vec<(i64, String)>> {
    let mut ids: Vec<i64> = each!(conn, c => rounds::table
        .filter(rounds::from_day.le(day))
        .filter(rounds::until_day.gt(day))
        .filter(not_cancelled())
        .filter(rounds::reader_id.is_not_null())
        .select(rounds::reader_id.assume_not_null())
        .distinct()
        .load(c))?;
    ids.extend(also);
    if let Some(only) = only {
        ids = vec![only];
    }
    each!(conn, c => accounts::table
        .filter(among(accounts::id, &ids))
        .order(accounts::id)
        .select((accounts::id, accounts::name))
        .load(c))
}

/// How many items of a span's pushes lie in quarantine undecided, by reader.
pub fn count_quarantined(conn: &mut Conn, (from, until): Span) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = each!(conn, c => quarantine::table
        .left_join(quarantine_decisions::table)
        .filter(quarantine::received_at.ge(to_ms(from)))
        .filter(quarantine::received_at.lt(to_ms(until)))
        .filter(quarantine_decisions::quarantine_id.is_null())
        .group_by(quarantine::reader_id)
        .select((quarantine::reader_id, diesel::dsl::count_star()))
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// How many photos a span's records name that have not come, by reader.
pub fn count_photos_owed(conn: &mut Conn, (from, until): Span) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = each!(conn, c => record_photos::table
        .inner_join(records::table.on(records::id.eq(record_photos::record_id)))
        .filter(record_photos::arrived_at.is_null())
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .group_by(record_photos::reader_id)
        .select((record_photos::reader_id, diesel::dsl::count_star()))
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// Missing numbers that may belong to a span, of one reader's phone.
#[derive(Clone, Debug)]
pub struct Missing {
    /// The reader.
    pub reader: i64,
    /// The phone.
    pub device: i64,
    /// The number.
    pub seq: i64,
}

/// The numbers missing that may have been made in a span: between their neighbours' times.
pub fn load_missing(conn: &mut Conn, (from, until): Span) -> QueryResult<Vec<Missing>> {
    const AT_ONCE: i64 = 500;
    let (mut found, mut after) = (Vec::new(), 0);
    let (from, until) = (to_ms(from), to_ms(until));
    loop {
        let devices = devices_with_gaps(conn, after, AT_ONCE)?;
        let Some(last) = devices.last() else { return Ok(found) };
        after = last.id;
        for device in &devices {
            let sequence = phone_sequence(conn, DeviceId(device.id), device.contiguous, device.last_seq)?;
            let mut previous: Option<(i64, bool)> = None;
            for seq in sequence.missing {
                let touches = match previous {
                    // Numbers in a row lie between the same neighbours.
                    Some((before, touches)) if before + 1 == seq => touches,
                    _ => {
                        let (below, above) = neighbours(conn, device.id, seq)?;
                        let above = above.or(device.last_seq_at);
                        let first = below.zip(above).map_or(below, |(below, above)| Some(below.min(above)));
                        let last = below.zip(above).map_or(above, |(below, above)| Some(below.max(above)));
                        first.is_none_or(|first| first < until) && last.is_none_or(|last| last >= from)
                    }
                };
                previous = Some((seq, touches));
                if touches {
                    found.push(Missing { reader: device.account_id, device: device.id, seq });
                }
            }
        }
    }
}

/// Gas sold in a span by the area and class of the point the meter serves now.
pub fn load_sold(conn: &mut Conn, (from, until): Span) -> QueryResult<Vec<SoldLine>> {
    let sum = |column| diesel::dsl::sql::<BigInt>(column);
    let bought: Vec<(i64, i64, i64, i64)> = each!(conn, c => purchases::table
        .filter(purchases::loaded_at.ge(to_ms(from)))
        .filter(purchases::loaded_at.lt(to_ms(until)))
        .group_by(purchases::meter_id)
        .select((
            purchases::meter_id,
            diesel::dsl::count_star(),
            sum("CAST(SUM(purchases.volume) AS BIGINT)"),
            sum("CAST(SUM(purchases.paid_fen) AS BIGINT)"),
        ))
        .load(c))?;
    let mut lines: BTreeMap<(String, String), SoldLine> = BTreeMap::new();
    for chunk in bought.chunks(CHUNK) {
        let meters: Vec<i64> = chunk.iter().map(|(meter, ..)| *meter).collect();
        let places: Vec<(i64, i64, String, String)> = each!(conn, c => installations::table
            .inner_join(service_points::table.inner_join(areas::table))
            .filter(among(installations::meter_id, &meters))
            .filter(installations::removed_at.is_null())
            .select((installations::meter_id, areas::id, areas::path, service_points::class))
            .load(c))?;
        let places: HashMap<i64, (i64, String, String)> =
            places.into_iter().map(|(meter, area, path, class)| (meter, (area, path, class))).collect();
        for (meter, purchases, volume, paid) in chunk {
            let (area_id, area, class) = places.get(meter).cloned().unwrap_or_default();
            let line = lines.entry((area.clone(), class.clone())).or_insert(SoldLine {
                area_id,
                area,
                class,
                purchases: 0,
                volume: 0,
                paid_fen: 0,
            });
            line.purchases += u64::try_from(*purchases).unwrap_or(0);
            line.volume = line.volume.saturating_add(*volume);
            line.paid_fen = line.paid_fen.saturating_add(*paid);
        }
    }
    Ok(lines.into_values().collect())
}
