//! Which rounds a point is in, as a push asks: those that matter to it, however many years of rounds there are.
//!
//! Every month adds a round to each point. Rounds get their ids in the order they are made, so what is older than the oldest that
//! matters is passed over by the index of stops.

use super::not_cancelled;
use crate::db::schema::{round_holders, rounds, stops};
use crate::db::{Conn, Fixed, Lockable, among, each};
use crate::http::from_ms;
use chrono::NaiveDate;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, RoundId};
use meterbook::rounds::{Holding, Standing, standing};
use std::collections::HashMap;

/// Rounds of readers' phones, in the words of their index.
const SHOWN: Fixed = Fixed("put_away_at IS NULL AND state NOT IN ('draft', 'cancelled')");
/// Rounds that were put away, likewise.
const AWAY: Fixed = Fixed("put_away_at IS NOT NULL");

/// The first round that is on a phone.
fn first_shown(conn: &mut Conn) -> QueryResult<Option<i64>> {
    each!(conn, c => rounds::table.filter(SHOWN).select(min(rounds::id)).first(c))
}

/// The first round that what was seen from a day on can concern: it is on a phone, or had not ended by then. Later ones may concern it
/// or not. Call it with the points locked: who gives out a round locks its points before.
pub(super) fn first_that_matters(conn: &mut Conn, day: NaiveDate) -> QueryResult<RoundId> {
    let mut first = first_shown(conn)?;
    // Rounds are put away weeks after their end: what is looked for further is what comes home late.
    let last_end: Option<NaiveDate> =
        each!(conn, c => rounds::table.filter(AWAY).select(max(rounds::until_day)).first(c))?;
    if last_end.is_some_and(|end| end > day) {
        let away: Option<i64> = each!(conn, c => rounds::table
            .filter(AWAY)
            .filter(rounds::until_day.gt(day))
            .select(min(rounds::id))
            .first(c))?;
        first = first.into_iter().chain(away).min();
    }
    Ok(RoundId(first.unwrap_or(i64::MAX)))
}

/// Locks the rounds from one on with stops at these points, so that who holds them stays so until the commit: an entry for one who
/// no longer does would be missing from the feed of the one who does.
pub(super) fn lock_rounds_at(conn: &mut Conn, points: &[i64], from: RoundId) -> QueryResult<()> {
    if conn.is_sqlite() {
        return Ok(());
    }
    let mut ids: Vec<i64> = each!(conn, c => stops::table
        .inner_join(rounds::table)
        .filter(among(stops::point_id, points))
        .filter(stops::round_id.ge(from.0))
        .filter(not_cancelled())
        .select(rounds::id)
        .distinct()
        .load(c))?;
    ids.sort_unstable();
    conn.lock(Lockable::Rounds, &ids)
}

/// By reader and point: when the reader held rounds with the point.
pub type Holdings = HashMap<(i64, i64), Vec<Holding>>;

/// When readers held rounds with these points, as far as their standing follows from it at a moment: decides whose records are taken
/// (SECURITY 2). Of one who holds such a round now, the others are left out.
pub fn holdings(conn: &mut Conn, asked: &[(AccountId, i64)], now: Instant) -> QueryResult<Holdings> {
    let recent = first_shown(conn)?.unwrap_or(i64::MAX);
    let mut held = holdings_from(conn, asked, RoundId(recent))?;
    let holds = |pair: &(AccountId, i64)| {
        let held = held.get(&(pair.0.0, pair.1)).map_or(&[][..], Vec::as_slice);
        standing(held, pair.0, now) == Standing::Current
    };
    let others: Vec<(AccountId, i64)> = asked.iter().copied().filter(|pair| !holds(pair)).collect();
    held.extend(holdings_from(conn, &others, RoundId(0))?);
    Ok(held)
}

fn holdings_from(conn: &mut Conn, asked: &[(AccountId, i64)], from: RoundId) -> QueryResult<Holdings> {
    if asked.is_empty() {
        return Ok(Holdings::new());
    }
    type Row = (i64, i64, i64, Option<i64>, Option<i64>);
    let points: Vec<i64> = asked.iter().map(|(_, point)| *point).collect();
    let mut readers: Vec<i64> = asked.iter().map(|(reader, _)| reader.0).collect();
    readers.sort_unstable();
    readers.dedup();
    let rows: Vec<Row> = each!(conn, c => round_holders::table
        .inner_join(stops::table.on(stops::round_id.eq(round_holders::round_id)))
        .filter(among(stops::point_id, &points))
        .filter(stops::round_id.ge(from.0))
        .filter(among(round_holders::reader_id, &readers))
        .select((round_holders::reader_id, stops::point_id, round_holders::held_from, round_holders::held_until,
            round_holders::keep_until))
        .load(c))?;
    let mut held = Holdings::new();
    for (reader, point, from, until, keep) in rows {
        let (held_until, keep_until) = (until.map(from_ms), keep.map(from_ms));
        let holding = Holding { reader: AccountId(reader), held_from: from_ms(from), held_until, keep_until };
        held.entry((reader, point)).or_default().push(holding);
    }
    Ok(held)
}
