//! Where the search begins: the plan in force, last month's rounds, or nearest neighbour.
//!
//! Why separate: nearest neighbour is also the yardstick a plan is measured with: what a reader does who always goes to the next.

use super::problem::{NONE, Problem, metres};
use super::tour::Tour;

/// The plan in force, as far as it can be kept: each stop that still fits where it was, in the order it had.
pub(super) fn current(problem: &Problem) -> Tour {
    let mut tour = Tour::new(problem);
    let mut order: Vec<usize> = (0..problem.stops()).filter(|stop| problem.current[*stop] != NONE).collect();
    order.sort_by_key(|stop| (problem.current[*stop], problem.position[*stop], *stop));
    for stop in order {
        let number = problem.current[stop] as usize;
        if tour.may_append(problem, stop, number).is_some() {
            tour.append(problem, stop, number);
        }
    }
    finish(&mut tour, problem);
    tour
}

/// Nearest neighbour: each reader in turn goes to whoever can be visited soonest, until the day is full. Of two, the better:
/// days filled one after the other, or shared evenly.
pub(super) fn nearest(problem: &Problem) -> Tour {
    let [full, shared] = [problem.stops(), share(problem)].map(|most| nearest_of(problem, |_| most, |_, _| true));
    let rank = |tour: &Tour| (tour.absent.len(), tour.metres());
    if rank(&full) <= rank(&shared) { full } else { shared }
}

/// The same with even days.
pub(super) fn even(problem: &Problem) -> Tour {
    nearest_of(problem, |_| share(problem), |_, _| true)
}

/// The same with last month's stops alone, each reader's shared over the reader's days. The others are still to be put in.
pub(super) fn last_month(problem: &Problem) -> Tour {
    let of_shift = |number: usize| (0..problem.stops()).filter(|stop| problem.was_with(*stop, number)).count();
    let days = |number: usize| (0..problem.shifts.len()).filter(|other| problem.is_same_reader(number, *other)).count();
    let most: Vec<usize> =
        (0..problem.shifts.len()).map(|number| of_shift(number).div_ceil(days(number).max(1))).collect();
    nearest_of(problem, |number| most[number], |stop, number| problem.was_with(stop, number))
}

fn share(problem: &Problem) -> usize {
    problem.stops().div_ceil(problem.shifts.len().max(1))
}

fn nearest_of(problem: &Problem, most: impl Fn(usize) -> usize, may: impl Fn(usize, usize) -> bool) -> Tour {
    let mut tour = Tour::new(problem);
    let mut open: Vec<usize> = (0..problem.stops()).collect();
    for number in 0..problem.shifts.len() {
        for _ in 0..most(number) {
            let Some(index) = soonest(problem, &tour, &open, number, &may) else { break };
            let stop = open.swap_remove(index);
            tour.append(problem, stop, number);
        }
    }
    finish(&mut tour, problem);
    tour
}

/// The stop a reader can begin with soonest, by its place in the list.
fn soonest(
    problem: &Problem,
    tour: &Tour,
    open: &[usize],
    number: usize,
    may: impl Fn(usize, usize) -> bool,
) -> Option<usize> {
    let (spot, free) = tour.tail(problem, number);
    let mut best: Option<(i32, usize)> = None;
    for (index, stop) in open.iter().enumerate().filter(|(_, stop)| may(**stop, number)) {
        let way = problem.seconds(metres(spot, problem.spots[*stop]));
        if best.is_some_and(|(wait, _)| wait <= way) {
            continue;
        }
        if let Some(begin) = tour.may_append(problem, *stop, number)
            && best.is_none_or(|(wait, _)| begin - free < wait)
        {
            best = Some((begin - free, index));
        }
    }
    best.map(|(_, index)| index)
}

/// What was not appended is absent.
fn finish(tour: &mut Tour, problem: &Problem) {
    tour.absent = (0..problem.stops()).filter(|stop| tour.route_of(*stop).is_none()).map(|stop| stop as u32).collect();
    tour.begin_step();
    tour.find_empties(problem);
}
