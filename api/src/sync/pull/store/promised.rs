//! Times promised to the customer of a stop.
//!
//! Like the meter's bounds they follow from what is stored and from the days of the round, not from when they are asked for (I7).

use super::meters::Shown;
use crate::db::schema::appointments;
use crate::db::{Conn, each};
use crate::http::{Time, from_ms};
use crate::sync::pull::wire::PulledAppointment;
use diesel::prelude::*;
use meterbook::calendar::Zone;
use std::collections::HashMap;

/// What is promised within the days of each stop's round, by stop, the earliest first.
pub fn load_promised(
    conn: &mut Conn,
    shown: &[Shown],
    zone: Zone,
) -> QueryResult<HashMap<i64, Vec<PulledAppointment>>> {
    let mut points: Vec<i64> = shown.iter().map(|shown| shown.point).collect();
    points.sort_unstable();
    points.dedup();
    let rows: Vec<(i64, i64, i64)> = each!(conn, c => appointments::table
        .filter(appointments::point_id.eq_any(&points))
        .filter(appointments::withdrawn_at.is_null())
        .order((appointments::from_at, appointments::id))
        .select((appointments::point_id, appointments::from_at, appointments::until_at))
        .load(c))?;
    let mut by_point: HashMap<i64, Vec<PulledAppointment>> = HashMap::new();
    for (point, from_at, until_at) in rows {
        let promised = PulledAppointment { from_at: Time(from_ms(from_at)), until_at: Time(from_ms(until_at)) };
        by_point.entry(point).or_default().push(promised);
    }
    let of_stop = |shown: &Shown| {
        let (first, end) = (zone.start_of(shown.days.0), zone.start_of(shown.days.1));
        let is_within = |promised: &&PulledAppointment| promised.until_at.0 > first && promised.from_at.0 < end;
        let own: Vec<PulledAppointment> = by_point.get(&shown.point)?.iter().filter(is_within).copied().collect();
        (!own.is_empty()).then_some((shown.stop, own))
    };
    Ok(shown.iter().filter_map(of_stop).collect())
}
