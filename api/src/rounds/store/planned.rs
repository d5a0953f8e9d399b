//! Rounds made and changed by a published plan: a reader's day in the order the plan gives it.
//!
//! Why separate: a round of a route follows the office order; these follow the walk, and change stop by stop when the plan does.

use super::feed::{FeedChange, announce};
use super::visits::move_rounds;
use super::{assign_round, find_round};
use crate::accounts::store::audit;
use crate::coverage::store::retouch_everywhere;
use crate::db::schema::{rounds, stops};
use crate::db::{Conn, each};
use crate::http::{Problem, to_ms};
use diesel::prelude::*;
use meterbook::accounts::Actor;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, RoundId};
use meterbook::rounds::{RoundState, RoundWindow, StopState};
use std::collections::{HashMap, HashSet};

const CHUNK: usize = 500;

/// A reader's day as a plan has it.
pub struct PlannedDay<'a> {
    /// What people call the round.
    pub name: &'a str,
    /// Who walks.
    pub reader: AccountId,
    /// The days its stops may be read on.
    pub window: RoundWindow,
    /// The points in the order of the walk.
    pub order: &'a [i64],
}

/// What became of a round.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Stops put in.
    pub added: i64,
    /// Stops taken out.
    pub removed: i64,
    /// Stops that stay and have another place in the order.
    pub reordered: i64,
}

#[derive(Insertable)]
#[diesel(table_name = stops, treat_none_as_default_value = false)]
struct NewStop {
    round_id: i64,
    point_id: i64,
    position: i32,
    state: &'static str,
    changed_at: i64,
}

fn insert_stops(conn: &mut Conn, round: i64, order: impl Iterator<Item = (i32, i64)>, now: Instant) -> QueryResult<()> {
    let state = StopState::Open.code();
    let row = |(position, point_id)| NewStop { round_id: round, point_id, position, state, changed_at: to_ms(now) };
    let rows: Vec<NewStop> = order.map(row).collect();
    for chunk in rows.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(stops::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Makes the round of a day and gives it to its reader. The points are locked.
pub fn make_planned(
    conn: &mut Conn,
    actor: Actor,
    day: &PlannedDay<'_>,
    zone: Zone,
    now: Instant,
) -> QueryResult<Result<i64, Problem>> {
    let row = (
        rounds::name.eq(day.name),
        rounds::from_day.eq(day.window.from_day()),
        rounds::until_day.eq(day.window.until_day()),
        rounds::state.eq(RoundState::Draft.code()),
        rounds::created_by.eq(actor.account.0),
        rounds::created_at.eq(to_ms(now)),
        rounds::changed_at.eq(to_ms(now)),
    );
    let id: i64 = each!(conn, c => diesel::insert_into(rounds::table).values(row).returning(rounds::id).get_result(c))?;
    insert_stops(conn, id, (1..).zip(day.order.iter().copied()), now)?;
    audit(conn, now, Some(actor.account), "create_round", &format!("round/{id}"), day.name)?;
    Ok(assign_round(conn, actor, RoundId(id), day.reader, zone, now)?.map(|_| id))
}

type Standing = (i64, i64, i32, String, Option<i64>);

/// Brings a round to the order of a plan: open stops that are not in it go, unless they are to be left alone. The points and
/// the round are locked. Its reader is told of each stop that changed.
pub fn change_planned(
    conn: &mut Conn,
    round: RoundId,
    day: &PlannedDay<'_>,
    left_alone: &HashSet<i64>,
    zone: Zone,
    now: Instant,
) -> QueryResult<Changed> {
    let standing: Vec<Standing> = each!(conn, c => stops::table
        .filter(stops::round_id.eq(round.0))
        .order(stops::id)
        .select((stops::id, stops::point_id, stops::position, stops::state, stops::taken_out_at))
        .load(c))?;
    let wanted: HashMap<i64, i32> = day.order.iter().copied().zip(1..).collect();
    let known: HashSet<i64> = standing.iter().map(|(_, point, ..)| *point).collect();
    let (mut changed, mut feed, mut touched) = (Changed::default(), Vec::new(), Vec::new());
    for (stop, point, position, state, taken_out_at) in standing {
        let is_out = taken_out_at.is_some();
        let (change, position, taken_out_at) = match wanted.get(&point) {
            Some(place) if is_out => ("added", *place, None),
            Some(place) if *place != position => ("changed", *place, None),
            None if !is_out && state == StopState::Open.code() && !left_alone.contains(&point) => {
                ("removed", position, Some(to_ms(now)))
            }
            _ => continue,
        };
        let row = (
            stops::position.eq(position),
            stops::taken_out_at.eq(taken_out_at),
            stops::moved_out.eq(change == "removed"),
            stops::changed_at.eq(to_ms(now)),
        );
        each!(conn, c => diesel::update(stops::table.find(stop)).set(row).execute(c))?;
        feed.push(FeedChange::stop(stop, change, "planned"));
        match change {
            "added" => changed.added += 1,
            "removed" => changed.removed += 1,
            _ => changed.reordered += 1,
        }
        if change != "changed" {
            touched.push(point);
        }
    }
    let fresh: Vec<(i32, i64)> =
        (1..).zip(day.order.iter().copied()).filter(|(_, point)| !known.contains(point)).collect();
    changed.added += i64::try_from(fresh.len()).unwrap_or(i64::MAX);
    insert_stops(conn, round.0, fresh.iter().copied(), now)?;
    let points: Vec<i64> = fresh.iter().map(|(_, point)| *point).collect();
    let made: Vec<i64> = each!(conn, c => stops::table
        .filter(stops::round_id.eq(round.0))
        .filter(stops::point_id.eq_any(&points))
        .order(stops::id)
        .select(stops::id)
        .load(c))?;
    feed.extend(made.into_iter().map(|stop| FeedChange::stop(stop, "added", "planned")));
    touched.extend(points);
    if !move_rounds(conn, &[round.0], now)?.is_empty() {
        feed.push(FeedChange::round(round, "changed", "planned"));
    }
    announce(conn, day.reader, &feed, now)?;
    touched.sort_unstable();
    retouch_everywhere(conn, zone, &touched)?;
    Ok(changed)
}

/// Whether a round still stands for a reader: held, and not taken back.
pub fn stands_for(conn: &mut Conn, round: RoundId, reader: AccountId) -> QueryResult<bool> {
    Ok(find_round(conn, round)?.is_some_and(|row| row.state().is_held() && row.reader_id == Some(reader.0)))
}

/// Open or read stops of other rounds at some points, in rounds that stand and meet a window: point, round, state of the stop.
pub fn stops_elsewhere(
    conn: &mut Conn,
    points: &[i64],
    own: &[i64],
    window: RoundWindow,
) -> QueryResult<HashMap<i64, i64>> {
    let own: HashSet<i64> = own.iter().copied().collect();
    let mut found = HashMap::new();
    for chunk in points.chunks(CHUNK) {
        let rows: Vec<(i64, i64)> = each!(conn, c => stops::table
            .inner_join(rounds::table)
            .filter(crate::db::among(stops::point_id, chunk))
            .filter(stops::taken_out_at.is_null())
            .filter(stops::state.eq(StopState::Open.code()))
            .filter(rounds::state.eq_any([RoundState::Assigned.code(), RoundState::InProgress.code()]))
            .filter(rounds::from_day.lt(window.until_day()))
            .filter(rounds::until_day.gt(window.from_day()))
            .order((stops::point_id, rounds::id))
            .select((stops::point_id, rounds::id))
            .load(c))?;
        found.extend(rows.into_iter().filter(|(_, round)| !own.contains(round)));
    }
    Ok(found)
}

/// The stops of some rounds that have been read.
pub fn read_stops(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(i64, i64)> = each!(conn, c => stops::table
        .filter(crate::db::among(stops::round_id, ids))
        .filter(stops::state.eq(StopState::Read.code()))
        .select((stops::point_id, stops::round_id))
        .load(c))?;
    Ok(rows.into_iter().collect())
}
