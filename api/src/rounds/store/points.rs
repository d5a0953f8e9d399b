//! What a change of the register means for the stops of rounds: who holds them is told.
//!
//! Why separate: the register knows nothing of rounds but this one door.

use super::feed::{FeedChange, announce_all};
use super::held::lock_rounds_at;
use super::not_cancelled;
use super::visits::move_rounds;
use crate::db::schema::{rounds, service_points, stops};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::RoundId;
use meterbook::meters::PointState;
use meterbook::rounds::StopState;
use std::collections::{BTreeMap, BTreeSet};

/// Points per statement.
const CHUNK: usize = 500;

#[derive(Queryable)]
struct StopAtPoint {
    id: i64,
    round: i64,
    reader: Option<i64>,
    position: i32,
    state: String,
    taken_out_at: Option<i64>,
    office_order: i32,
    point_state: String,
    route: Option<i64>,
    put_away_at: Option<i64>,
    moved_out: bool,
}

impl StopAtPoint {
    /// What the change of its point makes of it.
    fn change(&self) -> Option<&'static str> {
        let is_gone = self.point_state == PointState::Removed.code();
        match (self.taken_out_at.is_some(), is_gone) {
            // What was seen stays seen, and stays in the round (DOMAIN 3).
            (false, true) if self.state == StopState::Open.code() => Some("removed"),
            (true, false) if self.moved_out => None,
            (true, false) => Some("added"),
            (true, true) => None,
            (false, _) => Some("changed"),
        }
    }
}

/// Tells the readers who hold stops at these points that the points changed: register, meter, label, access note, office or
/// learned order, or the past that the entry check stands on. The open stops of a point that is gone are taken out of their
/// rounds, and put back if it returns. Call it in the transaction of the change, after it.
pub fn announce_points(conn: &mut Conn, points: &[i64], reason: &'static str, now: Instant) -> QueryResult<()> {
    let mut feeds: BTreeMap<i64, Vec<FeedChange>> = BTreeMap::new();
    let mut resized: BTreeSet<i64> = BTreeSet::new();
    let mut holders: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    for chunk in points.chunks(CHUNK) {
        lock_rounds_at(conn, chunk, RoundId(0))?;
        for stop in stops_at(conn, chunk)? {
            let Some(change) = stop.change() else { continue };
            update_stop(conn, &stop, change, now)?;
            // Nobody has a round on a phone that was put away.
            let holder = stop.reader.filter(|_| stop.put_away_at.is_none());
            holders.insert(stop.round, holder);
            if change != "changed" {
                resized.insert(stop.round);
            }
            if let Some(reader) = holder {
                feeds.entry(reader).or_default().push(FeedChange::stop(stop.id, change, reason));
            }
        }
    }
    for round in move_rounds(conn, &resized.into_iter().collect::<Vec<_>>(), now)? {
        if let Some(reader) = holders.get(&round).copied().flatten() {
            feeds.entry(reader).or_default().push(FeedChange::round(RoundId(round), "changed", reason));
        }
    }
    announce_all(conn, &feeds, now)
}

fn stops_at(conn: &mut Conn, points: &[i64]) -> QueryResult<Vec<StopAtPoint>> {
    each!(conn, c => stops::table
        .inner_join(rounds::table)
        .inner_join(service_points::table)
        .filter(stops::point_id.eq_any(points))
        .filter(not_cancelled())
        .order((stops::round_id, stops::id))
        .select((stops::id, stops::round_id, rounds::reader_id, stops::position, stops::state, stops::taken_out_at,
            service_points::office_order, service_points::state, rounds::route_id,
            rounds::put_away_at, stops::moved_out))
        .load(c))
}

/// A stop follows its point: in and out of the round, and in the office order, where the round is a route's and not a plan's.
fn update_stop(conn: &mut Conn, stop: &StopAtPoint, change: &str, now: Instant) -> QueryResult<()> {
    let taken_out_at = (change == "removed").then(|| to_ms(now));
    let position = if stop.route.is_some() { stop.office_order } else { stop.position };
    if taken_out_at == stop.taken_out_at && stop.position == position {
        return Ok(());
    }
    let row = (stops::taken_out_at.eq(taken_out_at), stops::position.eq(position), stops::changed_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(stops::table.find(stop.id)).set(row).execute(c)).map(drop)
}
