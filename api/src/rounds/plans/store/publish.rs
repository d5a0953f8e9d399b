//! A plan becomes rounds: those of the plan it changes are changed, others are made, and phones are told as of any round.
//!
//! What happened since the plan was made is not undone: a stop that was read, given to somebody else or taken away stays as it
//! is and is named with its reason. Everything else is done.

use super::gather::rounds_of;
use super::{PlanRow, mark_published};
use crate::accounts::store::audit;
use crate::db::schema::{accounts, plan_rounds, plan_stops, service_points};
use crate::db::{Conn, Lockable, among, each};
use crate::http::{Problem, ProblemCode};
use crate::rounds::plans::{PlanConflict, PublishOutcome, PublishPlanRequest};
use crate::rounds::store::{PlannedDay, change_planned, make_planned, read_stops, stands_for, stops_elsewhere};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::accounts::Actor;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, RoundId};
use meterbook::rounds::RoundWindow;
use meterbook::rounds::plan::Conflict;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

const CHUNK: usize = 1_000;

type Turns = BTreeMap<(i64, NaiveDate), Vec<i64>>;

/// Publishes, or says what would come of it.
pub fn publish(
    conn: &mut Conn,
    actor: Actor,
    plan: &PlanRow,
    asked: &PublishPlanRequest,
    zone: Zone,
    now: Instant,
) -> QueryResult<Result<PublishOutcome, Problem>> {
    let Ok(window) = RoundWindow::new(plan.from_day, plan.until_day) else {
        return Ok(Err(Problem::new(ProblemCode::Internal)));
    };
    if !asked.dry_run && !mark_published(conn, actor, plan.id, asked.version, now)? {
        return Ok(Err(moved_on(plan)));
    }
    let mut turns = turns_of(conn, plan.id)?;
    let basis = match plan.basis_id {
        Some(basis) => rounds_of(conn, basis)?,
        None => HashMap::new(),
    };
    let mut own: BTreeMap<(i64, NaiveDate), i64> = BTreeMap::new();
    lock(conn, &turns, basis.values().copied())?;
    for (turn, round) in basis {
        if stands_for(conn, RoundId(round), AccountId(turn.0))? {
            own.insert(turn, round);
            // A day nothing is left of is emptied.
            turns.entry(turn).or_default();
        }
    }
    let conflicts = conflicts(conn, &turns, &own, window)?;
    let left_alone: HashSet<i64> = conflicts.iter().map(|conflict| conflict.service_point_id).collect();
    let mut outcome = PublishOutcome {
        published: !asked.dry_run,
        rounds_made: 0,
        rounds_changed: 0,
        stops_added: 0,
        stops_removed: 0,
        conflicts,
    };
    for ((reader, day), points) in turns {
        let order: Vec<i64> = points.into_iter().filter(|point| !left_alone.contains(point)).collect();
        let name = format!("{day} {}", class_name(&plan.class));
        let wanted = PlannedDay { name: &name, reader: AccountId(reader), window, order: &order };
        let round = own.get(&(reader, day)).copied();
        if asked.dry_run {
            count(conn, round, &order, &left_alone, &mut outcome)?;
            continue;
        }
        let round = match round {
            Some(round) => {
                let changed = change_planned(conn, RoundId(round), &wanted, &left_alone, zone, now)?;
                outcome.rounds_changed += i64::from(changed != Default::default());
                outcome.stops_added += changed.added;
                outcome.stops_removed += changed.removed;
                round
            }
            None if order.is_empty() => continue,
            None => match make_planned(conn, actor, &wanted, zone, now)? {
                Ok(round) => {
                    outcome.rounds_made += 1;
                    outcome.stops_added += i64::try_from(order.len()).unwrap_or(i64::MAX);
                    round
                }
                Err(problem) => return Ok(Err(problem)),
            },
        };
        link(conn, plan.id, (reader, day), round)?;
    }
    if !asked.dry_run {
        let detail = format!("made={} changed={}", outcome.rounds_made, outcome.rounds_changed);
        audit(conn, now, Some(actor.account), "publish_plan", &format!("plan/{}", plan.id), &detail)?;
    }
    Ok(Ok(outcome))
}

fn moved_on(plan: &PlanRow) -> Problem {
    let (state, version) = (&plan.state, plan.version);
    Problem::new(ProblemCode::Conflict).detail(
        format!("方案已变化（状态 {state}，版本 {version}），请刷新后再发布"),
        format!("the plan is not as it was looked at: it is {state}, at version {version}; look again"),
    )
}

fn class_name(class: &str) -> &str {
    match class {
        "commercial" => "工商业 commercial",
        "residential_outdoor" => "户外 outdoor",
        "residential_indoor" => "户内 indoor",
        other => other,
    }
}

/// The open stops of each day in order, of readers who still work here.
fn turns_of(conn: &mut Conn, plan: i64) -> QueryResult<Turns> {
    use plan_stops as t;
    let rows: Vec<(Option<i64>, Option<NaiveDate>, i64)> = each!(conn, c => plan_stops::table
        .filter(t::plan_id.eq(plan))
        .filter(t::visited.eq(false))
        .filter(t::reader_id.is_not_null())
        .order((t::reader_id, t::day, t::position, t::point_id))
        .select((t::reader_id, t::day, t::point_id))
        .load(c))?;
    let mut turns = Turns::new();
    for (reader, day, point) in rows {
        if let Some(turn) = reader.zip(day) {
            turns.entry(turn).or_default().push(point);
        }
    }
    Ok(turns)
}

/// Points before rounds, as a push locks them.
fn lock(conn: &mut Conn, turns: &Turns, rounds: impl Iterator<Item = i64>) -> QueryResult<()> {
    let points: BTreeSet<i64> = turns.values().flatten().copied().collect();
    conn.lock(Lockable::ServicePoints, &points.into_iter().collect::<Vec<_>>())?;
    let rounds: BTreeSet<i64> = rounds.collect();
    conn.lock(Lockable::Rounds, &rounds.into_iter().collect::<Vec<_>>())
}

fn conflicts(
    conn: &mut Conn,
    turns: &Turns,
    own: &BTreeMap<(i64, NaiveDate), i64>,
    window: RoundWindow,
) -> QueryResult<Vec<PlanConflict>> {
    let points: Vec<i64> = turns.values().flatten().copied().collect();
    let rounds: Vec<i64> = own.values().copied().collect();
    let elsewhere = stops_elsewhere(conn, &points, &rounds, window)?;
    let read = read_stops(conn, &rounds)?;
    let mut gone: HashSet<i64> = HashSet::new();
    for chunk in points.chunks(CHUNK) {
        let removed: Vec<i64> = each!(conn, c => service_points::table
            .filter(among(service_points::id, chunk))
            .filter(service_points::state.ne("active"))
            .select(service_points::id)
            .load(c))?;
        gone.extend(removed);
    }
    let readers: Vec<i64> = each!(conn, c => accounts::table
        .filter(accounts::role.eq("reader")).filter(accounts::disabled_at.is_null()).select(accounts::id).load(c))?;
    let readers: HashSet<i64> = readers.into_iter().collect();
    let mut found = Vec::new();
    for ((reader, _), points) in turns {
        for point in points {
            let (conflict, round) = match (gone.contains(point), read.get(point), elsewhere.get(point)) {
                (true, ..) => (Conflict::PointGone, None),
                (_, Some(round), _) => (Conflict::ReadMeanwhile, Some(*round)),
                (.., Some(round)) => (Conflict::InAnotherRound, Some(*round)),
                _ if !readers.contains(reader) => (Conflict::ReaderGone, None),
                _ => continue,
            };
            let text = conflict.text();
            found.push(PlanConflict {
                service_point_id: *point,
                code: conflict.code().to_owned(),
                zh: text.zh.to_owned(),
                en: text.en.to_owned(),
                round_id: round,
            });
        }
    }
    Ok(found)
}

/// What a round would gain and lose.
fn count(
    conn: &mut Conn,
    round: Option<i64>,
    order: &[i64],
    left_alone: &HashSet<i64>,
    outcome: &mut PublishOutcome,
) -> QueryResult<()> {
    use crate::db::schema::stops;
    let Some(round) = round else {
        outcome.rounds_made += i64::from(!order.is_empty());
        outcome.stops_added += i64::try_from(order.len()).unwrap_or(i64::MAX);
        return Ok(());
    };
    let open: Vec<(i64, String)> = each!(conn, c => stops::table
        .filter(stops::round_id.eq(round))
        .filter(stops::taken_out_at.is_null())
        .select((stops::point_id, stops::state))
        .load(c))?;
    let standing: HashSet<i64> = open.iter().map(|(point, _)| *point).collect();
    let wanted: HashSet<i64> = order.iter().copied().collect();
    let goes =
        |(point, state): &&(i64, String)| state == "open" && !wanted.contains(point) && !left_alone.contains(point);
    let removed = open.iter().filter(goes).count();
    let added = wanted.difference(&standing).count();
    outcome.stops_removed += i64::try_from(removed).unwrap_or(i64::MAX);
    outcome.stops_added += i64::try_from(added).unwrap_or(i64::MAX);
    outcome.rounds_changed += i64::from(added + removed > 0);
    Ok(())
}

/// Notes which round a day became.
fn link(conn: &mut Conn, plan: i64, (reader, day): (i64, NaiveDate), round: i64) -> QueryResult<()> {
    use plan_rounds as t;
    let known = plan_rounds::table.find((plan, reader, day));
    let touched = each!(conn, c => diesel::update(known).set(t::round_id.eq(round)).execute(c))?;
    if touched == 0 {
        // Nothing is left to walk, but the round stands with what was read.
        let row = (
            t::plan_id.eq(plan),
            t::reader_id.eq(reader),
            t::day.eq(day),
            t::depart_at.eq(0_i64),
            t::back_at.eq(0_i64),
            t::metres.eq(0_i64),
            t::work_s.eq(0_i64),
            t::round_id.eq(round),
        );
        each!(conn, c => diesel::insert_into(plan_rounds::table).values(row).execute(c))?;
    }
    Ok(())
}
