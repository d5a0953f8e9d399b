//! Which stops are near which: the short lists that make a step of the search cheap.
//!
//! Why separate: building them is the only part of the planner whose cost grows with the square of the stops, and the only one
//! that asks what "near" means: near in time as well as in place, since a stop open at nine is no neighbour of one open at five.

use super::problem::Problem;

/// Neighbours an insertion looks at on either side.
const FEW: usize = 20;
/// Neighbours a removal reaches.
const MANY: usize = 64;
/// From so many stops on, only this many nearest in place are looked at for being near in time.
const CANDIDATES: usize = 400;
/// A second of waiting counts as this part of a second on the way.
const WAITING: i32 = 10;

/// The lists of all stops.
pub(super) struct Near {
    /// Per stop, those that may well come just before it, the likeliest first, with the metres between.
    before: Vec<(u32, i32)>,
    /// Per stop, those that may well come just after it.
    after: Vec<(u32, i32)>,
    few_each: usize,
    /// Per stop, nearest in place first.
    many: Vec<u32>,
    many_each: usize,
}

impl Near {
    pub fn new(problem: &Problem) -> Self {
        let stops = problem.stops();
        let (few_each, many_each) = (FEW.min(stops.saturating_sub(1)), MANY.min(stops.saturating_sub(1)));
        let mut near = Self {
            before: Vec::with_capacity(stops * few_each),
            after: Vec::with_capacity(stops * few_each),
            few_each,
            many: Vec::with_capacity(stops * many_each),
            many_each,
        };
        let mut line: Vec<(i32, u32)> = Vec::with_capacity(stops);
        let mut ranked: Vec<(i32, u32, i32)> = Vec::with_capacity(CANDIDATES);
        for stop in 0..stops {
            line.clear();
            let others = (0..stops).filter(|other| *other != stop);
            line.extend(others.map(|other| (problem.between(stop, other), other as u32)));
            let most = CANDIDATES.max(many_each).min(line.len());
            if most < line.len() {
                line.select_nth_unstable(most);
                line.truncate(most);
            }
            line.sort_unstable();
            near.many.extend(line.iter().take(many_each).map(|(_, other)| *other));
            let mut likeliest = |rank: &dyn Fn(usize, i32) -> i32| {
                ranked.clear();
                ranked.extend(line.iter().map(|(way, other)| (rank(*other as usize, *way), *other, *way)));
                ranked.sort_unstable();
                ranked.truncate(few_each);
                ranked.iter().map(|(_, other, way)| (*other, *way)).collect::<Vec<_>>()
            };
            let towards = |other, way| succession(problem, other, stop, way);
            let onward = |other, way| succession(problem, stop, other, way);
            near.before.extend(likeliest(&towards));
            near.after.extend(likeliest(&onward));
        }
        near
    }

    pub fn before(&self, stop: usize) -> &[(u32, i32)] {
        &self.before[stop * self.few_each..(stop + 1) * self.few_each]
    }

    pub fn after(&self, stop: usize) -> &[(u32, i32)] {
        &self.after[stop * self.few_each..(stop + 1) * self.few_each]
    }

    pub fn many(&self, stop: usize) -> &[u32] {
        &self.many[stop * self.many_each..(stop + 1) * self.many_each]
    }
}

/// How badly one stop follows another: seconds on the way, part of the least wait, and the least lateness.
fn succession(problem: &Problem, first: usize, second: usize, metres: i32) -> i32 {
    let way = problem.seconds(metres);
    let ((opens, closes), (next_opens, next_closes)) = (envelope(problem, first), envelope(problem, second));
    let took = way.saturating_add(problem.service[first]);
    let wait = next_opens.saturating_sub(took).saturating_sub(closes).max(0) / WAITING;
    let late = opens.saturating_add(took).saturating_sub(next_closes).max(0);
    way.saturating_add(wait).saturating_add(late)
}

fn envelope(problem: &Problem, stop: usize) -> (i32, i32) {
    let windows = problem.windows(stop);
    (windows.first().map_or(0, |window| window.from), windows.last().map_or(0, |window| window.until))
}
