//! What visits mean for the stops at their points, and stops for their rounds.

use super::feed::{self, FeedChange, announce_all};
use super::held::{first_that_matters, lock_rounds_at};
use super::not_cancelled;
use crate::db::schema::{rounds, stops};
use crate::db::{Conn, Statement, Value, among, each, statement};
use crate::http::to_ms;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, PointId, RoundId};
use meterbook::rounds::{RoundState, StopKinds, StopState, StopVisit, progress};
use std::collections::{BTreeMap, HashMap};

/// What was observed at a point, by whom and on which day.
#[derive(Clone, Copy, Debug)]
pub struct PointVisit {
    /// The reader.
    pub reader: AccountId,
    /// The point.
    pub point: PointId,
    /// The day.
    pub day: NaiveDate,
    /// What.
    pub visit: StopVisit,
}

/// Moves the stops of held rounds by what was observed at their points, and the rounds with them. Every holder who has such a stop
/// on a phone is told, though it may stand as before: what the next reading is checked against has changed.
pub fn visit_stops(conn: &mut Conn, visits: &[PointVisit], now: Instant) -> QueryResult<()> {
    let points: Vec<i64> = visits.iter().map(|visit| visit.point.0).collect();
    let Some(first_day) = visits.iter().map(|visit| visit.day).min() else { return Ok(()) };
    let first = first_that_matters(conn, first_day)?;
    lock_rounds_at(conn, &points, first)?;
    type Row = (i64, i64, i64, String, Option<i64>, (String, Option<i64>, NaiveDate, NaiveDate, Option<i64>));
    let rows: Vec<Row> = each!(conn, c => stops::table
        .inner_join(rounds::table)
        .filter(among(stops::point_id, &points))
        .filter(stops::round_id.ge(first.0))
        .filter(not_cancelled())
        .order((stops::round_id, stops::id))
        .select((stops::id, stops::round_id, stops::point_id, stops::state, stops::taken_out_at,
            (rounds::state, rounds::reader_id, rounds::from_day, rounds::until_day, rounds::put_away_at)))
        .load(c))?;
    let mut seen: HashMap<i64, Vec<&PointVisit>> = HashMap::with_capacity(visits.len());
    for visit in visits {
        seen.entry(visit.point.0).or_default().push(visit);
    }
    let mut changed: BTreeMap<&'static str, Vec<i64>> = BTreeMap::new();
    let mut told: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    let mut feed: BTreeMap<i64, Vec<FeedChange>> = BTreeMap::new();
    for (stop, round, point, state, taken_out, (round_state, holder, from, until, put_away)) in rows {
        if RoundState::from_code(&round_state).is_none_or(|state| state == RoundState::Draft) {
            continue;
        }
        let visits = seen.get(&point).map_or(&[][..], Vec::as_slice);
        // Nobody has a round on a phone that was put away.
        let holder = holder.or(visits.first().map(|visit| visit.reader.0)).filter(|_| put_away.is_none());
        let before = StopState::from_code(&state).unwrap_or(StopState::Open);
        let during = visits.iter().filter(|visit| visit.day >= from && visit.day < until);
        let after = during.fold(before, |state, visit| state.after(visit.visit));
        if after != before {
            changed.entry(after.code()).or_default().push(stop);
            told.insert(round, holder);
        }
        if let Some(holder) = holder.filter(|_| taken_out.is_none()) {
            feed.entry(holder).or_default().push(FeedChange::stop(stop, "changed", feed::VISITED));
        }
    }
    for (state, stops) in changed {
        let update = Statement {
            sql: "UPDATE stops SET state = ?, changed_at = ? WHERE id ?",
            values: vec![Value::Text(state.into()), Value::Int(to_ms(now)), Value::among(&stops)],
        };
        each!(conn, c => update.execute(c))?;
    }
    let rounds: Vec<i64> = told.keys().copied().collect();
    for round in move_rounds(conn, &rounds, now)? {
        let Some(holder) = told.get(&round).copied().flatten() else { continue };
        feed.entry(holder).or_default().push(FeedChange::round(RoundId(round), "changed", feed::VISITED));
    }
    announce_all(conn, &feed, now)
}

/// Which kinds of stops a round has, and where it stands.
#[derive(QueryableByName)]
struct RoundProgress {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    open: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    dealt_with: Option<i64>,
}

/// Moves rounds by the stops they have now, and names those whose state changed. Call it with the rounds locked.
pub(super) fn move_rounds(conn: &mut Conn, ids: &[i64], now: Instant) -> QueryResult<Vec<i64>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Looked for from the end for open stops and from the beginning for the others: readers mostly go in order, so that the first
    // looked at answers.
    let kinds = statement!(
        "SELECT id, state, \
         (SELECT stops.id FROM stops WHERE round_id = rounds.id AND stops.state = 'open' AND taken_out_at IS NULL \
          ORDER BY point_id DESC LIMIT 1) AS open, \
         (SELECT stops.id FROM stops WHERE round_id = rounds.id AND stops.state <> 'open' AND taken_out_at IS NULL \
          ORDER BY point_id LIMIT 1) AS dealt_with \
         FROM rounds WHERE id ? ORDER BY id",
        Value::among(ids),
    );
    let rounds: Vec<RoundProgress> = each!(conn, c => kinds.load(c))?;
    let mut moved = Vec::new();
    for round in rounds {
        let state = RoundState::from_code(&round.state).unwrap_or(RoundState::Cancelled);
        let kinds = StopKinds { open: round.open.is_some(), dealt_with: round.dealt_with.is_some() };
        let next = progress(state, kinds);
        if next == state {
            continue;
        }
        let change = (rounds::state.eq(next.code()), rounds::changed_at.eq(to_ms(now)));
        each!(conn, c => diesel::update(rounds::table.find(round.id)).set(change).execute(c))?;
        moved.push(round.id);
    }
    Ok(moved)
}
