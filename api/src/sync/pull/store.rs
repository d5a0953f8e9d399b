//! Loading rounds as a phone needs them.

use super::{pulled_meter, whole_years};
use crate::anomalies::store::load_meters;
use crate::db::schema::{installations, meter_types, meters, rounds, service_points, stops};
use crate::db::{Conn, each};
use crate::keys::Keys;
use crate::sync::wire::{PulledMeter, PulledRound, PulledStop};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::AccountId;
use meterbook::meters::in_service_since;
use std::collections::HashMap;

/// The rounds that stops belong to.
pub fn rounds_of_stops(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<i64>> {
    each!(conn, c => stops::table.filter(stops::id.eq_any(ids)).select(stops::round_id).distinct().load(c))
}

type RoundRow = (i64, String, NaiveDate, NaiveDate, String);

/// Rounds a reader holds, whole; only some of them where `only` says so.
pub fn load_rounds(
    conn: &mut Conn,
    keys: &Keys,
    reader: AccountId,
    only: Option<&[i64]>,
    zone: Zone,
    now: Instant,
) -> QueryResult<Vec<PulledRound>> {
    let rows: Vec<RoundRow> = each!(conn, c => {
        let mut query = rounds::table
            .filter(rounds::reader_id.eq(reader.0))
            .filter(rounds::state.eq_any(["assigned", "in_progress", "done"]))
            .into_boxed();
        if let Some(only) = only {
            query = query.filter(rounds::id.eq_any(only));
        }
        query
            .order((rounds::from_day, rounds::id))
            .select((rounds::id, rounds::name, rounds::from_day, rounds::until_day, rounds::state))
            .load(c)
    })?;
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let mut by_round = load_stops(conn, keys, &ids, zone, now)?;
    let round = |(id, name, from_day, until_day, state): RoundRow| PulledRound {
        stops: by_round.remove(&id).unwrap_or_default(),
        from_day: from_day.to_string(),
        until_day: until_day.to_string(),
        id,
        name,
        state,
    };
    Ok(rows.into_iter().map(round).collect())
}

#[derive(Queryable)]
struct StopRow {
    id: i64,
    round_id: i64,
    position: i32,
    state: String,
    point_id: i64,
    number: String,
    class: String,
    learned_order: Option<i32>,
    address: Option<Vec<u8>>,
    customer_name: Option<Vec<u8>>,
    access_note: Option<Vec<u8>>,
    lat_micro: Option<i64>,
    lng_micro: Option<i64>,
    datum: Option<String>,
}

fn load_stops(
    conn: &mut Conn,
    keys: &Keys,
    rounds: &[i64],
    zone: Zone,
    now: Instant,
) -> QueryResult<HashMap<i64, Vec<PulledStop>>> {
    let rows: Vec<StopRow> = each!(conn, c => stops::table
        .inner_join(service_points::table)
        .filter(stops::round_id.eq_any(rounds))
        .order((stops::round_id, stops::position, stops::id))
        .select((
            (stops::id, stops::round_id, stops::position, stops::state, service_points::id, service_points::number),
            (service_points::class, service_points::learned_order, service_points::address, service_points::customer_name),
            (service_points::access_note, service_points::lat_micro, service_points::lng_micro, service_points::datum),
        ))
        .load::<(
            (i64, i64, i32, String, i64, String),
            (String, Option<i32>, Option<Vec<u8>>, Option<Vec<u8>>),
            (Option<Vec<u8>>, Option<i64>, Option<i64>, Option<String>),
        )>(c))?
        .into_iter()
        .map(|((id, round_id, position, state, point_id, number), (class, learned_order, address, customer_name), (access_note, lat_micro, lng_micro, datum))| StopRow {
            id, round_id, position, state, point_id, number, class, learned_order, address, customer_name, access_note, lat_micro, lng_micro, datum,
        })
        .collect();
    let points: Vec<i64> = rows.iter().map(|row| row.point_id).collect();
    let pulled_meters = load_pulled_meters(conn, &points, zone, now)?;
    let mut by_round: HashMap<i64, Vec<PulledStop>> = HashMap::new();
    for row in rows {
        let open = |column, sealed: Option<Vec<u8>>| sealed.and_then(|sealed| keys.open(column, &sealed));
        let meter = pulled_meters.get(&row.point_id).cloned();
        by_round.entry(row.round_id).or_default().push(PulledStop {
            id: row.id,
            service_point_id: row.point_id,
            service_point_number: row.number,
            class: row.class,
            position: row.position,
            learned_position: row.learned_order,
            state: row.state,
            address: open("address", row.address),
            customer_name: open("customer_name", row.customer_name),
            access_note: open("access_note", row.access_note),
            lat_micro: row.lat_micro,
            lng_micro: row.lng_micro,
            datum: row.datum,
            meter,
        });
    }
    Ok(by_round)
}

fn load_pulled_meters(
    conn: &mut Conn,
    points: &[i64],
    zone: Zone,
    now: Instant,
) -> QueryResult<HashMap<i64, PulledMeter>> {
    type Row = (i64, String, Option<String>, Option<NaiveDate>, Option<NaiveDate>);
    let rows: Vec<Row> = each!(conn, c => installations::table
        .inner_join(meters::table.inner_join(meter_types::table))
        .filter(installations::point_id.eq_any(points))
        .filter(installations::removed_at.is_null())
        .select((installations::point_id, meter_types::code, meters::inlet_side, meters::made_on, meters::installed_on))
        .load(c))?;
    let facts = load_meters(conn, points)?;
    let meters = rows.into_iter().filter_map(|(point, type_code, inlet_side, made_on, installed_on)| {
        let installed = facts.get(&point)?.meter.as_ref()?;
        let years = in_service_since(installed_on, made_on).map(|since| whole_years(since, zone.day(now)));
        Some((point, pulled_meter(installed, type_code, inlet_side, years, now)))
    });
    Ok(meters.collect())
}
