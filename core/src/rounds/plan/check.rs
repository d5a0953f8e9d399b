//! Whether a plan keeps every rule: an independent look at what the search made.
//!
//! Why separate: it reads the input as people wrote it and the plan as people get it, and shares no table, no short cut and no
//! bookkeeping with the search. A plan with a violation is a fault of the program and is never shown to anybody.

use super::input::{PlanInput, PlanReader, PlanStop, Span, Turn};
use super::output::{Planned, PlannedStop, PlannedTurn};
use crate::id::PointId;
use crate::place::Spot;
use std::collections::{HashMap, HashSet};

/// A broken rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Violation {
    /// A stop nobody asked for, or one in two rounds, or one that was visited already.
    Stray(PointId),
    /// A stop neither planned nor reported.
    Forgotten(PointId),
    /// Planned and reported as unassigned.
    Contradicted(PointId),
    /// The reader does not work that day.
    NotAtWork(Turn),
    /// The reader lacks a key or skill.
    NotAble(PointId),
    /// The stop was locked to another reader or day.
    Unlocked(PointId),
    /// The doors are closed during the visit.
    Closed(PointId),
    /// The visit begins outside every agreed time.
    Promise(PointId),
    /// The reader cannot be there by then, or the visit is cut short.
    TooSoon(PointId),
    /// The day begins too early, before now or before the last visit made, or ends too late.
    Overtime(Turn),
    /// More than fits into the day.
    Overloaded(Turn),
    /// Sums that do not add up.
    Sums(Turn),
}

impl Violation {
    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stray(_) => "stray",
            Self::Forgotten(_) => "forgotten",
            Self::Contradicted(_) => "contradicted",
            Self::NotAtWork(_) => "not_at_work",
            Self::NotAble(_) => "not_able",
            Self::Unlocked(_) => "unlocked",
            Self::Closed(_) => "closed",
            Self::Promise(_) => "promise",
            Self::TooSoon(_) => "too_soon",
            Self::Overtime(_) => "overtime",
            Self::Overloaded(_) => "overloaded",
            Self::Sums(_) => "sums",
        }
    }

    /// The point it is about; `None`: the turn as a whole.
    #[must_use]
    pub const fn point(self) -> Option<PointId> {
        match self {
            Self::Stray(point)
            | Self::Forgotten(point)
            | Self::Contradicted(point)
            | Self::NotAble(point)
            | Self::Unlocked(point)
            | Self::Closed(point)
            | Self::Promise(point)
            | Self::TooSoon(point) => Some(point),
            Self::NotAtWork(_) | Self::Overtime(_) | Self::Overloaded(_) | Self::Sums(_) => None,
        }
    }
}

/// Every rule a plan breaks; empty for a good one.
#[must_use]
pub fn check_plan(input: &PlanInput, planned: &Planned) -> Vec<Violation> {
    let mut found = Vec::new();
    let stops: HashMap<PointId, &PlanStop> = input.stops.iter().map(|stop| (stop.point, stop)).collect();
    let mut seen = HashSet::new();
    for turn in &planned.plan.turns {
        for stop in &turn.stops {
            let is_open = stops.get(&stop.point).is_some_and(|stop| stop.visited.is_none());
            if !is_open || !seen.insert(stop.point) {
                found.push(Violation::Stray(stop.point));
            }
        }
        look_at(input, &stops, turn, &mut found);
    }
    let reported: HashSet<PointId> = planned.report.unassigned.iter().map(|unassigned| unassigned.point).collect();
    for stop in input.stops.iter().filter(|stop| stop.visited.is_none()) {
        match (seen.contains(&stop.point), reported.contains(&stop.point)) {
            (true, true) => found.push(Violation::Contradicted(stop.point)),
            (false, false) => found.push(Violation::Forgotten(stop.point)),
            _ => {}
        }
    }
    let turns: HashSet<Turn> = planned.plan.turns.iter().map(|turn| turn.turn).collect();
    if turns.len() != planned.plan.turns.len() {
        found.extend(planned.plan.turns.first().map(|turn| Violation::Sums(turn.turn)));
    }
    found
}

/// What one turn breaks, whatever the others do.
#[must_use]
pub fn check_turn(input: &PlanInput, turn: &PlannedTurn) -> Vec<Violation> {
    let stops: HashMap<PointId, &PlanStop> = input.stops.iter().map(|stop| (stop.point, stop)).collect();
    let mut found = Vec::new();
    look_at(input, &stops, turn, &mut found);
    found
}

fn look_at(input: &PlanInput, stops: &HashMap<PointId, &PlanStop>, turn: &PlannedTurn, found: &mut Vec<Violation>) {
    let reader = input.readers.iter().find(|reader| reader.reader == turn.turn.reader);
    let hours = reader.and_then(|reader| reader.hours.get(usize::from(turn.turn.day)).copied().flatten());
    let (Some(reader), Some(hours), true) = (reader, hours, turn.turn.day < input.days) else {
        found.push(Violation::NotAtWork(turn.turn));
        return;
    };
    let made: Vec<&PlanStop> =
        input.stops.iter().filter(|stop| stop.visited.is_some_and(|visited| visited.turn == turn.turn)).collect();
    let last =
        made.iter().filter(|stop| stop.place.is_some()).max_by_key(|stop| (stop.visited.map(|v| v.end), stop.place));
    let mut place = last.and_then(|stop| stop.place).unwrap_or(reader.home);
    let ready =
        last.and_then(|stop| stop.visited).map_or(hours.from, |visited| visited.end).max(hours.from).max(input.now);
    if turn.depart < ready || turn.back > hours.until {
        found.push(Violation::Overtime(turn.turn));
    }
    let mut load: u64 = made.iter().map(|stop| u64::from(stop.load)).sum();
    let (mut free, mut metres, mut work) = (turn.depart, 0_i64, 0_i64);
    for visit in &turn.stops {
        let Some(stop) = stops.get(&visit.point) else { continue };
        let Some(there) = stop.place else {
            found.push(Violation::TooSoon(visit.point));
            continue;
        };
        let way = road(place, there);
        check_visit(reader, turn.turn, stop, visit, found);
        if i64::from(visit.arrive) < i64::from(free) + riding(input, way) || visit.metres != way {
            found.push(Violation::TooSoon(visit.point));
        }
        (place, free) = (there, visit.end);
        metres += i64::from(way);
        work += riding(input, way) + i64::from(visit.end - visit.begin);
        load += u64::from(stop.load);
    }
    let home = road(place, reader.home);
    if i64::from(turn.back) < i64::from(free) + riding(input, home) {
        found.push(Violation::Overtime(turn.turn));
    }
    if load > u64::from(reader.capacity) {
        found.push(Violation::Overloaded(turn.turn));
    }
    if (metres + i64::from(home), work + riding(input, home)) != (turn.metres, turn.work) {
        found.push(Violation::Sums(turn.turn));
    }
}

fn check_visit(reader: &PlanReader, turn: Turn, stop: &PlanStop, visit: &PlannedStop, found: &mut Vec<Violation>) {
    if stop.needs.iter().any(|need| !reader.has.contains(need)) {
        found.push(Violation::NotAble(visit.point));
    }
    if stop.locked && stop.current.is_some_and(|current| current.turn != turn) {
        found.push(Violation::Unlocked(visit.point));
    }
    let holds = |span: &Span| span.from <= visit.begin && visit.end <= span.until;
    if !stop.opening.is_empty() && !united(&stop.opening).iter().any(holds) {
        found.push(Violation::Closed(visit.point));
    }
    if !stop.agreed.is_empty() && !stop.agreed.iter().any(|span| span.from <= visit.begin && visit.begin < span.until) {
        found.push(Violation::Promise(visit.point));
    }
    if visit.begin < visit.arrive || visit.end - visit.begin < stop.service {
        found.push(Violation::TooSoon(visit.point));
    }
}

/// Opening hours that touch are one.
fn united(spans: &[Span]) -> Vec<Span> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut whole: Vec<Span> = Vec::new();
    for span in spans {
        if let Some(last) = whole.last_mut()
            && span.from <= last.until
        {
            last.until = last.until.max(span.until);
        } else {
            whole.push(span);
        }
    }
    whole
}

/// The largest whole number of metres not above the way.
fn road(one: Spot, other: Spot) -> i32 {
    let (east, north) = (one.east.abs_diff(other.east), one.north.abs_diff(other.north));
    let square = u128::from(east) * u128::from(east) + u128::from(north) * u128::from(north);
    i32::try_from(square.isqrt()).unwrap_or(i32::MAX)
}

fn riding(input: &PlanInput, metres: i32) -> i64 {
    (i64::from(metres) * i64::from(input.seconds_per_km) + 999).div_euclid(1_000)
}
