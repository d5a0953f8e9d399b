//! The times of an order that a person chose.
//!
//! Why separate: a dispatcher may put a stop where the search never would. People decide: the order is laid out as it is, and
//! what it breaks is said beside it ([`check_turn`](super::check_turn)), never refused.

use super::input::{PlanInput, PlanReader, PlanStop, Span, Turn};
use super::output::{PlannedStop, PlannedTurn};
use super::problem::metres;
use crate::id::PointId;
use crate::place::Spot;
use std::collections::HashMap;

/// The visits of a turn in a given order, each as soon as the reader is there and the door is open; where it never is, on
/// arrival. Points that are not in the input, or have no place, take no way. `None` where the reader is not in the input.
#[must_use]
pub fn lay_out(input: &PlanInput, turn: Turn, order: &[PointId]) -> Option<PlannedTurn> {
    let reader = input.readers.iter().find(|reader| reader.reader == turn.reader)?;
    let stops: HashMap<PointId, &PlanStop> = input.stops.iter().map(|stop| (stop.point, stop)).collect();
    let (mut spot, mut free) = beginning(input, reader, turn);
    let (mut way, mut work) = (0_i64, 0_i64);
    let mut visits: Vec<PlannedStop> = Vec::with_capacity(order.len());
    for stop in order.iter().filter_map(|point| stops.get(point)) {
        let there = stop.place.unwrap_or(spot);
        let leg = metres(spot, there);
        let mut arrive = free + riding(input, leg);
        let begin = begin_from(stop, arrive);
        if visits.is_empty() {
            arrive = begin;
        }
        free = begin.saturating_add(stop.service.max(0));
        spot = there;
        way += i64::from(leg);
        work += i64::from(stop.service.max(0)) + i64::from(riding(input, leg));
        visits.push(PlannedStop { point: stop.point, arrive, begin, end: free, metres: leg });
    }
    let home = metres(spot, reader.home);
    let depart = visits.first().map_or(free, |first| first.arrive - riding(input, first.metres));
    Some(PlannedTurn {
        turn,
        depart,
        back: free.saturating_add(riding(input, home)),
        metres: way + i64::from(home),
        work: work + i64::from(riding(input, home)),
        stops: visits,
    })
}

/// Where the reader is and from when: home and the beginning of the day, or the last visit made.
fn beginning(input: &PlanInput, reader: &PlanReader, turn: Turn) -> (Spot, i32) {
    let hours = reader.hours.get(usize::from(turn.day)).copied().flatten();
    // Who is absent is laid out from eight: the checker says that nobody is there.
    let from = hours.map_or(i32::from(turn.day) * 86_400 + 8 * 3_600, |hours| hours.from).max(input.now);
    let made =
        input.stops.iter().filter_map(|stop| Some((stop.visited.filter(|made| made.turn == turn)?.end, stop.place?)));
    made.max().map_or((reader.home, from), |(end, place)| (place, end.max(from)))
}

fn begin_from(stop: &PlanStop, arrive: i32) -> i32 {
    let fits = |at: i32| {
        let ends = |span: &Span| span.from <= at && at.saturating_add(stop.service.max(0)) <= span.until;
        let begins = |span: &Span| span.from <= at && at < span.until;
        (stop.opening.is_empty() || stop.opening.iter().any(ends))
            && (stop.agreed.is_empty() || stop.agreed.iter().any(begins))
    };
    let openings = stop.opening.iter().chain(&stop.agreed).map(|span| span.from);
    let times = std::iter::once(arrive).chain(openings.filter(|from| *from > arrive));
    times.filter(|at| fits(*at)).min().unwrap_or(arrive)
}

fn riding(input: &PlanInput, metres: i32) -> i32 {
    let seconds = (i64::from(metres) * i64::from(input.seconds_per_km) + 999) / 1_000;
    i32::try_from(seconds).unwrap_or(i32::MAX / 4).min(i32::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::super::{Search, Violation, check_turn};
    use super::*;
    use crate::id::AccountId;
    use crate::rounds::plan::Weights;

    fn street() -> PlanInput {
        let stop = |n: i32| PlanStop::simple(PointId(n.into()), Spot { east: n * 500, north: 0 });
        let reader = PlanReader {
            reader: AccountId(1),
            home: Spot { east: 0, north: 0 },
            has: vec![],
            hours: vec![Some(Span { from: 28_800, until: 61_200 })],
            capacity: 50,
        };
        PlanInput {
            days: 1,
            stops: (1..=6).map(stop).collect(),
            readers: vec![reader],
            seconds_per_km: 240,
            now: 0,
            weights: Weights::default(),
        }
    }

    #[test]
    fn the_searchs_own_order_is_laid_out_as_the_search_did() {
        let mut input = street();
        input.stops[3].opening = vec![Span { from: 36_000, until: 40_000 }];
        let mut search = Search::new(input.clone(), 1, 100);
        search.run(100);
        let turn = search.planned().plan.turns[0].clone();
        let order: Vec<PointId> = turn.stops.iter().map(|stop| stop.point).collect();
        assert_eq!(lay_out(&input, turn.turn, &order), Some(turn));
    }

    #[test]
    fn a_hand_may_break_a_promise_and_is_told() {
        let mut input = street();
        input.stops[0].agreed = vec![Span { from: 28_800, until: 28_900 }];
        let turn = Turn { reader: AccountId(1), day: 0 };
        let laid = |order: &[i64]| {
            let order: Vec<PointId> = order.iter().copied().map(PointId).collect();
            check_turn(&input, &lay_out(&input, turn, &order).unwrap())
        };
        assert_eq!(laid(&[2, 1]), [Violation::Promise(PointId(1))]);
        assert_eq!(lay_out(&input, Turn { reader: AccountId(9), day: 0 }, &[]), None);
    }
}
