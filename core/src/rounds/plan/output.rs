//! What comes of planning: rounds with order and times, and the report that says why.
//!
//! Why separate: this is what people decide about; it is worked out anew from the input and the orders found, so that a mistake
//! of the search's bookkeeping shows in the checker instead of being copied.

use super::input::{PlanInput, Turn};
use super::problem::{Problem, metres};
use super::reason::Reason;
use crate::id::{AccountId, PointId};
use std::collections::{BTreeMap, HashMap};

/// One visit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlannedStop {
    /// Where.
    pub point: PointId,
    /// When the reader is there.
    pub arrive: i32,
    /// When the visit begins; later than the arrival where the door is not open yet.
    pub begin: i32,
    /// When it ends.
    pub end: i32,
    /// Metres from the stop before.
    pub metres: i32,
}

/// One reader's day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlannedTurn {
    /// Who and when.
    pub turn: Turn,
    /// When the reader sets out.
    pub depart: i32,
    /// When the reader is home.
    pub back: i32,
    /// Metres from setting out to being home.
    pub metres: i64,
    /// Seconds of visits and ways, without waiting.
    pub work: i64,
    /// In this order.
    pub stops: Vec<PlannedStop>,
}

/// Who goes where when. It proposes; a person decides.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RoundPlan {
    /// The days with a stop, by reader and day.
    pub turns: Vec<PlannedTurn>,
}

/// A stop in nobody's round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unassigned {
    /// Which.
    pub point: PointId,
    /// Why.
    pub reason: Reason,
}

/// A stop that leaves its turn of the plan in force, or joins the plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// Which.
    pub point: PointId,
    /// Who had it.
    pub from: Option<Turn>,
    /// Who gets it; `None`: nobody.
    pub to: Option<Turn>,
}

/// What one reader carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carrier {
    /// Stops planned.
    pub stops: u32,
    /// Visits made already.
    pub visited: u32,
    /// Metres of way.
    pub metres: i64,
    /// Seconds of visits and ways.
    pub work: i64,
    /// Of the given stops, how many were the reader's last month.
    pub last_month: u32,
    /// Of those, how many stay.
    pub kept: u32,
}

/// Why the plan is as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PlanReport {
    /// Stops given.
    pub given: u32,
    /// Visits made already.
    pub visited: u32,
    /// Stops in a round.
    pub planned: u32,
    /// Stops in nobody's, with the reason, by point.
    pub unassigned: Vec<Unassigned>,
    /// What each reader carries.
    pub carriers: Vec<(AccountId, Carrier)>,
    /// Metres of way in all.
    pub metres: i64,
    /// Seconds of visits and ways in all.
    pub work: i64,
    /// The busiest and the idlest turn, in seconds of work.
    pub busiest: i64,
    /// The idlest turn with hours, 0 where one has no stop.
    pub idlest: i64,
    /// Stops in a round whose reader of last month is known.
    pub known_last: u32,
    /// Of those, how many keep the reader.
    pub same_reader: u32,
    /// What differs from the plan in force.
    pub moves: Vec<Move>,
    /// Metres a reader goes who always goes to the next: what a plan is measured with.
    pub nearest_metres: i64,
}

/// A plan and its report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// The rounds.
    pub plan: RoundPlan,
    /// Why they are so.
    pub report: PlanReport,
}

/// Works out times and report of the orders found.
pub(super) fn planned(input: &PlanInput, problem: &Problem, routes: &[Vec<u32>], yardstick: i64) -> Planned {
    let turns: Vec<PlannedTurn> = (0..problem.shifts.len())
        .filter(|number| !routes[*number].is_empty())
        .map(|number| turn(input, problem, number, &routes[number]))
        .collect();
    let plan = RoundPlan { turns };
    let report = report(input, problem, &plan, yardstick);
    Planned { plan, report }
}

fn turn(input: &PlanInput, problem: &Problem, number: usize, route: &[u32]) -> PlannedTurn {
    let shift = &problem.shifts[number];
    let (mut spot, mut free, mut way, mut work) = (shift.start, shift.from, 0_i64, 0_i64);
    let mut stops: Vec<PlannedStop> = Vec::with_capacity(route.len());
    for stop in route.iter().map(|stop| *stop as usize) {
        let leg = metres(spot, problem.spots[stop]);
        let mut arrive = free + problem.seconds(leg);
        let begin = problem.earliest(stop, arrive).unwrap_or(arrive);
        if stops.is_empty() {
            // Who would wait at the first door sets out later.
            arrive = begin;
        }
        free = begin + problem.service[stop];
        spot = problem.spots[stop];
        way += i64::from(leg);
        work += i64::from(problem.service[stop]) + i64::from(problem.seconds(leg));
        let point = input.stops[problem.given[stop] as usize].point;
        stops.push(PlannedStop { point, arrive, begin, end: free, metres: leg });
    }
    let home = metres(spot, shift.home);
    let first = stops.first().map_or(0, |first| first.arrive - problem.seconds(first.metres));
    PlannedTurn {
        turn: shift.turn,
        depart: first,
        back: free + problem.seconds(home),
        metres: way + i64::from(home),
        work: work + i64::from(problem.seconds(home)),
        stops,
    }
}

fn report(input: &PlanInput, problem: &Problem, plan: &RoundPlan, yardstick: i64) -> PlanReport {
    let placed: HashMap<PointId, Turn> =
        plan.turns.iter().flat_map(|turn| turn.stops.iter().map(|stop| (stop.point, turn.turn))).collect();
    let mut reasons: HashMap<PointId, Reason> =
        problem.impossible.iter().map(|(index, reason)| (input.stops[*index as usize].point, *reason)).collect();
    let mut report = PlanReport { nearest_metres: yardstick, given: input.stops.len() as u32, ..PlanReport::default() };
    let mut carriers: BTreeMap<AccountId, Carrier> =
        input.readers.iter().map(|reader| (reader.reader, Carrier::default())).collect();
    let is_change = input.stops.iter().any(|stop| stop.current.is_some());
    for stop in &input.stops {
        let turn = placed.get(&stop.point).copied();
        if let Some(visited) = stop.visited {
            report.visited += 1;
            carriers.entry(visited.turn.reader).or_default().visited += 1;
            continue;
        }
        if let Some(last) = stop.last_reader {
            let carrier = carriers.entry(last).or_default();
            carrier.last_month += 1;
            let is_kept = turn.is_some_and(|turn| turn.reader == last);
            carrier.kept += u32::from(is_kept);
            report.known_last += u32::from(turn.is_some());
            report.same_reader += u32::from(is_kept);
        }
        let from = stop.current.map(|current| current.turn);
        if is_change && from != turn {
            report.moves.push(Move { point: stop.point, from, to: turn });
        }
        if turn.is_none() {
            let reason = reasons.remove(&stop.point).unwrap_or(Reason::Full);
            report.unassigned.push(Unassigned { point: stop.point, reason });
        }
    }
    for turn in &plan.turns {
        let carrier = carriers.entry(turn.turn.reader).or_default();
        carrier.stops += turn.stops.len() as u32;
        carrier.metres += turn.metres;
        carrier.work += turn.work;
        report.planned += turn.stops.len() as u32;
        report.metres += turn.metres;
        report.work += turn.work;
        report.busiest = report.busiest.max(turn.work);
    }
    let works = plan.turns.iter().map(|turn| turn.work).min().unwrap_or(0);
    report.idlest = if plan.turns.len() < problem.shifts.len() { 0 } else { works };
    report.unassigned.sort_unstable_by_key(|unassigned| unassigned.point);
    report.carriers = carriers.into_iter().collect();
    report
}
