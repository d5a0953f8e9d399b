//! What coverage keeps: the plan (period × point → entry) and its counters, both changed only by [`retouch`] and its short
//! cut [`sighted`].

mod cells;
mod counters;
mod days;
mod facts;
mod judges;
mod lines;
mod plan;
mod points;
mod recompute;

pub use counters::{Counter, load_counters, recount};
pub use days::{note_days, reader_days};
pub use judges::{Judges, WindowRow, find_window, insert_window, load_windows};
pub(in crate::coverage) use lines::{FigureRow, column, summed};
pub use lines::{Line, Lines, group_names, lines, tallies};
pub use plan::{
    PlanRow, UNSEEN, commercial_after, entries_after, from_day, frozen_after, load_rows, restated_after,
    restated_points, to_day,
};
pub use points::points_behind;
pub use recompute::{Difference, rebuild_counters, rebuild_days, verify_chunk, verify_counters, verify_days};

use self::counters::{Deltas, count_all};
use self::facts::{load_facts, removed_ever};
use self::plan::{keep_closed, load_plan, move_rows, store_row};
use crate::db::schema::{coverage_periods, coverage_plan, service_points};
use crate::db::{Conn, Lockable, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{Bucket, PlanEntry, Sighting, entry_after};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Declares a period open. `true`: it was laid out before.
pub fn declare_period(conn: &mut Conn, period: Period, now: Instant) -> QueryResult<bool> {
    let row = (coverage_periods::period.eq(period.key()), coverage_periods::opened_at.eq(to_ms(now)));
    each!(conn, c => diesel::insert_into(coverage_periods::table).values(row).on_conflict_do_nothing().execute(c))?;
    let laid_out: Option<i64> = each!(conn, c => coverage_periods::table
        .find(period.key())
        .select(coverage_periods::laid_out_at)
        .first(c))?;
    Ok(laid_out.is_some())
}

/// Notes that every point has its place.
pub fn mark_laid_out(conn: &mut Conn, period: Period, now: Instant) -> QueryResult<()> {
    let change = coverage_periods::laid_out_at.eq(to_ms(now));
    each!(conn, c => diesel::update(coverage_periods::table.find(period.key())).set(change).execute(c)).map(drop)
}

/// Notes that a period's figures are frozen. Whoever locks the period afterwards sees it, whatever his snapshot.
pub fn mark_closed(conn: &mut Conn, period: Period, now: Instant) -> QueryResult<()> {
    let change = coverage_periods::closed_at.eq(to_ms(now));
    each!(conn, c => diesel::update(coverage_periods::table.find(period.key())).set(change).execute(c)).map(drop)
}

/// Every period declared open, with whether its figures are frozen.
pub fn declared_periods(conn: &mut Conn) -> QueryResult<Vec<(Period, bool)>> {
    let rows: Vec<(i32, Option<i64>)> = each!(conn, c => coverage_periods::table
        .order(coverage_periods::period)
        .select((coverage_periods::period, coverage_periods::closed_at))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(key, closed)| Some((Period::from_key(key)?, closed.is_some()))).collect())
}

/// Periods that were declared and not, or not wholly, laid out.
pub fn unfinished_periods(conn: &mut Conn) -> QueryResult<Vec<Period>> {
    let keys: Vec<i32> = each!(conn, c => coverage_periods::table
        .filter(coverage_periods::laid_out_at.is_null())
        .order(coverage_periods::period)
        .select(coverage_periods::period)
        .load(c))?;
    Ok(keys.into_iter().filter_map(Period::from_key).collect())
}

/// Points after an id, in order.
pub fn points_after(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<i64>> {
    each!(conn, c => service_points::table
        .filter(service_points::id.gt(after))
        .order(service_points::id)
        .limit(limit)
        .select(service_points::id)
        .load(c))
}

/// Places points anew in every open period: after their register or their rounds changed.
pub fn retouch_everywhere(conn: &mut Conn, zone: Zone, points: &[i64]) -> QueryResult<()> {
    let periods: Vec<Period> = declared_periods(conn)?.into_iter().map(|(period, _)| period).collect();
    points.chunks(500).try_for_each(|chunk| retouch(conn, zone, chunk, &periods))
}

/// The points of a class that are seen in a period.
pub fn seen_points(conn: &mut Conn, period: Period, class: &str) -> QueryResult<HashSet<i64>> {
    let seen: Vec<i64> = each!(conn, c => coverage_plan::table
        .filter(coverage_plan::period.eq(period.key()))
        .filter(coverage_plan::class.eq(class))
        .filter(coverage_plan::bucket.eq(i32::from(Bucket::Seen.number())))
        .select(coverage_plan::point_id)
        .load(c))?;
    Ok(seen.into_iter().collect())
}

/// Places points anew in those of the periods that are open, from the facts as they stand in this transaction, and moves the
/// counters by the difference. Whatever happened to a point, this is all there is to do.
pub fn retouch(conn: &mut Conn, zone: Zone, points: &[i64], periods: &[Period]) -> QueryResult<()> {
    if points.is_empty() || periods.is_empty() {
        return Ok(());
    }
    conn.lock(Lockable::ServicePoints, points)?;
    // Read after the lock: a period declared meanwhile must be seen, see `open_period`.
    let judges = judges_of(conn, zone, periods)?;
    if judges.is_empty() {
        return Ok(());
    }
    let facts = load_facts(conn, points)?;
    let stored = load_plan(conn, points, &judges.periods())?;
    let mut deltas = Deltas::default();
    for point in &facts {
        for judge in judges.iter() {
            let period = judge.period();
            let wanted = point.place(&judge);
            let known = stored.get(&(period.key(), point.id));
            if wanted.as_ref() == known {
                continue;
            }
            if judge.is_closed() {
                keep_closed(conn, period, point.id, known)?;
            }
            deltas.replace(period, known, wanted.as_ref());
            store_row(conn, period, point.id, wanted.as_ref())?;
        }
    }
    count_all(conn, deltas)
}

/// The judges of periods. A period that is over may be closed at any moment: it is held open until this transaction ends.
fn judges_of(conn: &mut Conn, zone: Zone, periods: &[Period]) -> QueryResult<Judges> {
    let judges = Judges::load(conn, zone, periods)?;
    let over = judges.past();
    if over.is_empty() {
        return Ok(judges);
    }
    conn.lock(Lockable::PeriodsShared, &over)?;
    Judges::load(conn, zone, periods)
}

/// Places points anew after these sightings, which are stored and of points the caller has locked. Most are settled by the entry
/// their point has (see [`entry_after`]); for the rest, and for the points in `unsure`, everything is read again.
pub fn sighted(
    conn: &mut Conn,
    zone: Zone,
    sightings: &[(i64, Sighting)],
    unsure: &BTreeSet<i64>,
    periods: &[Period],
) -> QueryResult<()> {
    if periods.is_empty() {
        return Ok(());
    }
    let judges = judges_of(conn, zone, periods)?;
    let mut unsure = unsure.clone();
    // How long a point is unseen, and how often, shows in the periods after the sighting's own too.
    let mut again: BTreeSet<Period> = periods.iter().copied().collect();
    for (point, sighting) in sightings {
        let later: Vec<Period> = judges.declared_after(zone.day(sighting.at)).collect();
        if !later.is_empty() {
            unsure.insert(*point);
            again.extend(later);
        }
    }
    let mut points: Vec<i64> = sightings.iter().map(|(point, _)| *point).collect();
    points.sort_unstable();
    points.dedup();
    points.retain(|point| !unsure.contains(point));
    let placed = load_plan(conn, &points, &judges.periods())?;
    let removed = removed_ever(conn, &points)?;
    let mut moved: BTreeMap<(i32, i64), PlanEntry> = BTreeMap::new();
    for (point, sighting) in sightings {
        for judge in judges.iter().filter(|judge| judge.period().contains(sighting.at, zone)) {
            let key = (judge.period().key(), *point);
            // A point without a row is in none of the period's figures, whatever is seen of it, or is being laid out after this.
            let Some(row) = placed.get(&key) else { continue };
            let known = moved.get(&key).copied().unwrap_or(row.entry);
            match entry_after(&known, sighting, &judge.judge(), removed.contains(point)).filter(|_| !judge.is_closed())
            {
                Some(after) if after == known => {}
                Some(after) => drop(moved.insert(key, after)),
                None => drop(unsure.insert(*point)),
            }
        }
    }
    moved.retain(|(_, point), _| !unsure.contains(point));
    move_places(conn, &placed, &moved)?;
    let again: Vec<Period> = again.into_iter().collect();
    retouch(conn, zone, &unsure.into_iter().collect::<Vec<_>>(), &again)
}

/// Moves plan rows to other entries, and the counters with them.
fn move_places(conn: &mut Conn, placed: &plan::Plan, moved: &BTreeMap<(i32, i64), PlanEntry>) -> QueryResult<()> {
    let mut together: BTreeMap<(i32, PlanEntry), Vec<i64>> = BTreeMap::new();
    let mut deltas = Deltas::default();
    for ((period, point), entry) in moved {
        let Some(before) = placed.get(&(*period, *point)) else { continue };
        let Some(of) = Period::from_key(*period) else { continue };
        together.entry((*period, PlanEntry { missed: 0, ..*entry })).or_default().push(*point);
        deltas.replace(of, Some(before), Some(&PlanRow { entry: *entry, ..before.clone() }));
    }
    for ((period, entry), points) in together {
        move_rows(conn, period, &entry, &points)?;
    }
    count_all(conn, deltas)
}
