//! The order in which a reader really walks: learned from the times of a done round (PROTOCOL, "Pull": learned order).
//!
//! Why separate: the office's order is a plan and is never changed by this; the learned one stands beside it for the next reader.

use crate::calendar::Instant;
use crate::id::PointId;
use std::collections::{BTreeMap, BTreeSet};

/// A stop of a done round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalkedStop {
    /// The service point.
    pub point: PointId,
    /// Its place in the office's order.
    pub office: i32,
    /// Its place as learned before.
    pub learned: Option<i32>,
    /// When it was first visited in this round, where that is known to be true (grades A and B, DOMAIN 2).
    pub visited_at: Option<Instant>,
}

/// The stops in the order of the walk; `None` where too little is known of it: fewer than half of the stops, or than two, have
/// a trusted time.
///
/// A stop without a trusted time keeps its neighbour: it comes right after the one it came after until now. Equal times keep
/// the order there was.
#[must_use]
pub fn learn_walk(stops: &[WalkedStop]) -> Option<Vec<PointId>> {
    let before = order_before(stops);
    let place: BTreeMap<PointId, usize> = before.iter().copied().zip(0..).collect();
    let mut seen: Vec<(Instant, usize, PointId)> = stops
        .iter()
        .filter_map(|stop| Some((stop.visited_at?, place.get(&stop.point).copied()?, stop.point)))
        .collect();
    if seen.len() < 2 || seen.len() * 2 < stops.len() {
        return None;
    }
    seen.sort_unstable();
    Some(weave(seen.into_iter().map(|(.., point)| point).collect(), &before))
}

/// As it was learned before; what is new since then beside its neighbour in the office's order.
fn order_before(stops: &[WalkedStop]) -> Vec<PointId> {
    let sorted = |mut keyed: Vec<(i32, PointId)>| -> Vec<PointId> {
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, point)| point).collect()
    };
    let office = sorted(stops.iter().map(|stop| (stop.office, stop.point)).collect());
    let learned = sorted(stops.iter().filter_map(|stop| Some((stop.learned?, stop.point))).collect());
    weave(learned, &office)
}

/// Puts what is missing from `order` in: each right after its predecessor in `reference`, or first where it has none.
fn weave(mut order: Vec<PointId>, reference: &[PointId]) -> Vec<PointId> {
    let known: BTreeSet<PointId> = order.iter().copied().collect();
    let mut predecessor: Option<PointId> = None;
    for point in reference {
        if !known.contains(point) {
            let at = predecessor.and_then(|before| order.iter().position(|at| *at == before)).map_or(0, |at| at + 1);
            order.insert(at, *point);
        }
        predecessor = Some(*point);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    fn stop(point: i64, office: i32, learned: Option<i32>, minute: Option<i64>) -> WalkedStop {
        let visited_at = minute.map(|minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute));
        WalkedStop { point: PointId(point), office, learned, visited_at }
    }

    fn walk(stops: &[WalkedStop]) -> Option<Vec<i64>> {
        learn_walk(stops).map(|order| order.into_iter().map(|point| point.0).collect())
    }

    #[test]
    fn the_walk_counts_and_not_the_plan() {
        let stops = [stop(1, 1, None, Some(30)), stop(2, 2, None, Some(10)), stop(3, 3, None, Some(20))];
        assert_eq!(walk(&stops), Some(vec![2, 3, 1]));
    }

    #[test]
    fn a_stop_of_unknown_time_keeps_its_neighbour() {
        let stops = [
            stop(1, 1, None, Some(30)),
            stop(2, 2, None, None),
            stop(3, 3, None, Some(20)),
            stop(4, 4, None, Some(10)),
        ];
        assert_eq!(walk(&stops), Some(vec![4, 3, 1, 2]));
        // Beside its neighbour as learned, where it was.
        let stops = [stop(1, 1, Some(3), Some(10)), stop(2, 2, Some(1), None), stop(3, 3, Some(2), Some(20))];
        assert_eq!(walk(&stops), Some(vec![2, 1, 3]));
        // New since the last walk, and not reached in this one: beside its neighbour in the office's order.
        let stops = [stop(1, 1, Some(2), Some(20)), stop(2, 2, None, None), stop(3, 3, Some(1), Some(10))];
        assert_eq!(walk(&stops), Some(vec![3, 1, 2]));
    }

    #[test]
    fn equal_times_and_too_few_teach_nothing() {
        let stops = [stop(1, 2, None, Some(5)), stop(2, 1, None, Some(5)), stop(3, 3, None, Some(1))];
        assert_eq!(walk(&stops), Some(vec![3, 2, 1]));
        assert_eq!(walk(&[stop(1, 1, None, Some(5)), stop(2, 2, None, None), stop(3, 3, None, None)]), None);
        assert_eq!(walk(&[stop(1, 1, None, Some(5))]), None);
        assert_eq!(walk(&[]), None);
    }

    proptest! {
        #[test]
        fn every_stop_has_one_place_and_the_visited_ones_theirs(
            made in prop::collection::vec((0..20_i32, prop::option::of(0..20_i32), prop::option::of(0..50_i64)), 0..25),
        ) {
            let stops: Vec<WalkedStop> =
                (0..).zip(&made).map(|(point, (office, learned, minute))| stop(point, *office, *learned, *minute)).collect();
            let Some(order) = walk(&stops) else { return Ok(()) };
            let mut points = order.clone();
            points.sort_unstable();
            prop_assert_eq!(points, (0..i64::try_from(stops.len()).unwrap()).collect::<Vec<_>>());
            let minutes: Vec<i64> = order.iter().filter_map(|point| made[usize::try_from(*point).unwrap()].2).collect();
            prop_assert!(minutes.is_sorted());
            let mut reversed = stops.clone();
            reversed.reverse();
            prop_assert_eq!(walk(&reversed), Some(order));
        }
    }
}
