//! What a done round teaches of the order its reader walks in.

use super::{announce_points, find_round, lock_round_and_points};
use crate::db::schema::{records, rounds, service_points, stops};
use crate::db::{Conn, among, each};
use crate::http::{from_ms, to_ms};
use crate::meters::places::store::set_learned_order;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{PointId, RoundId};
use meterbook::readings::observed::TimeGrade;
use meterbook::rounds::{RoundState, WalkedStop, learn_walk};
use std::collections::HashMap;

/// Rounds looked for at a time.
const AT_ONCE: i64 = 100;

/// Done rounds whose walk has not been looked at.
pub fn walks_to_learn(conn: &mut Conn) -> QueryResult<Vec<RoundId>> {
    let ids: Vec<i64> = each!(conn, c => rounds::table
        .filter(rounds::state.eq(RoundState::Done.code()))
        .filter(rounds::walk_learned_at.is_null())
        .order(rounds::id)
        .limit(AT_ONCE)
        .select(rounds::id)
        .load(c))?;
    Ok(ids.into_iter().map(RoundId).collect())
}

/// Writes the order of a done round's walk, once, and tells who holds these points. How many places changed.
pub fn learn_walk_of(conn: &mut Conn, id: RoundId, zone: Zone, now: Instant) -> QueryResult<usize> {
    lock_round_and_points(conn, id)?;
    let Some(round) = find_round(conn, id)?.filter(|round| round.state() == RoundState::Done) else { return Ok(0) };
    let learned = rounds::walk_learned_at.eq(to_ms(now));
    each!(conn, c => diesel::update(rounds::table.find(id.0)).set(learned).execute(c))?;
    let Some(reader) = round.reader_id else { return Ok(0) };
    // A visit from before it was planned was another round's.
    let during = zone.start_of(round.from_day).max(from_ms(round.created_at))..zone.start_of(round.until_day);
    let stops = walked_stops(conn, id, reader, during)?;
    let before: HashMap<PointId, Option<i32>> = stops.iter().map(|stop| (stop.point, stop.learned)).collect();
    let places = learn_walk(&stops).unwrap_or_default().into_iter().zip(1_i32..);
    let moved: Vec<(PointId, i32)> =
        places.filter(|(point, place)| before.get(point).copied().flatten() != Some(*place)).collect();
    set_learned_order(conn, &moved)?;
    let points: Vec<i64> = moved.iter().map(|(point, _)| point.0).collect();
    announce_points(conn, &points, "reordered", now)?;
    Ok(moved.len())
}

/// The stops of a round with the first trusted visit of its reader to each.
fn walked_stops(
    conn: &mut Conn,
    id: RoundId,
    reader: i64,
    during: std::ops::Range<Instant>,
) -> QueryResult<Vec<WalkedStop>> {
    let rows: Vec<(i64, i32, Option<i32>)> = each!(conn, c => stops::table
        .inner_join(service_points::table)
        .filter(stops::round_id.eq(id.0))
        .filter(stops::taken_out_at.is_null())
        .order(stops::point_id)
        .select((stops::point_id, stops::position, service_points::learned_order))
        .load(c))?;
    let points: Vec<i64> = rows.iter().map(|(point, ..)| *point).collect();
    let trusted = [TimeGrade::A, TimeGrade::B].map(TimeGrade::code);
    let visits: Vec<(i64, Option<i64>)> = each!(conn, c => records::table
        .filter(among(records::point_id, &points))
        .filter(records::observed_at.ge(to_ms(during.start)))
        .filter(records::observed_at.lt(to_ms(during.end)))
        .filter(records::reader_id.eq(reader))
        .filter(records::kind.eq_any(["reading", "attempt"]))
        .filter(records::grade.eq_any(trusted))
        .group_by(records::point_id)
        .select((records::point_id, diesel::dsl::min(records::observed_at)))
        .load(c))?;
    let first: HashMap<i64, i64> = visits.into_iter().filter_map(|(point, at)| Some((point, at?))).collect();
    let stop = |(point, office, learned): (i64, i32, Option<i32>)| WalkedStop {
        point: PointId(point),
        office,
        learned,
        visited_at: first.get(&point).copied().map(from_ms),
    };
    Ok(rows.into_iter().map(stop).collect())
}
