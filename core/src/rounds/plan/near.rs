//! Which stops are near which: the short lists that make a step of the search cheap.
//!
//! Why separate: building them is the only part of the planner whose cost grows with the square of the stops, and the only one
//! that asks what "near" means: near in time as well as in place, since a stop open at nine is no neighbour of one open at five.

use super::problem::Problem;

/// Neighbours an insertion looks at.
const FEW: usize = 32;
/// Neighbours a removal reaches.
const MANY: usize = 64;
/// From so many stops on, only this many nearest in place are looked at for being near in time.
const CANDIDATES: usize = 400;

/// The lists of all stops.
pub(super) struct Near {
    /// Per stop, nearest in place and time first, with the metres between.
    few: Vec<(u32, i32)>,
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
            few: Vec::with_capacity(stops * few_each),
            few_each,
            many: Vec::with_capacity(stops * many_each),
            many_each,
        };
        let mut line: Vec<(i32, u32)> = Vec::with_capacity(stops);
        let mut timed: Vec<(i32, u32, i32)> = Vec::with_capacity(stops);
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
            timed.clear();
            timed.extend(
                line.iter().map(|(metres, other)| (nearness(problem, stop, *other as usize, *metres), *other, *metres)),
            );
            timed.sort_unstable();
            near.few.extend(timed.iter().take(few_each).map(|(_, other, metres)| (*other, *metres)));
        }
        near
    }

    pub fn few(&self, stop: usize) -> &[(u32, i32)] {
        &self.few[stop * self.few_each..(stop + 1) * self.few_each]
    }

    pub fn many(&self, stop: usize) -> &[u32] {
        &self.many[stop * self.many_each..(stop + 1) * self.many_each]
    }
}

/// Seconds on the way, a fifth of the least wait, and the least lateness, in the better of both directions.
fn nearness(problem: &Problem, one: usize, other: usize, metres: i32) -> i32 {
    let way = problem.seconds(metres);
    let (first, second) = (envelope(problem, one), envelope(problem, other));
    let towards = |from: (i32, i32), service: i32, to: (i32, i32)| {
        let wait = (to.0 - way - service - from.1).max(0) / 5;
        let late = (from.0 + service + way - to.1).max(0);
        wait.saturating_add(late)
    };
    let there = towards(first, problem.service[one], second);
    let back = towards(second, problem.service[other], first);
    way.saturating_add(there.min(back))
}

fn envelope(problem: &Problem, stop: usize) -> (i32, i32) {
    let windows = problem.windows(stop);
    (windows.first().map_or(0, |window| window.from), windows.last().map_or(0, |window| window.until))
}
