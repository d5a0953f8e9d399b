//! Re-planning: what is done is done, what is locked stays, and the rest changes as little as can be.

use super::city::{Size, city};
use super::plan;
use crate::id::AccountId;
use crate::rounds::plan::{Current, PlanInput, Planned, Turn, Visited};
use std::collections::HashMap;

const NOON: i32 = 12 * 3_600;

/// The afternoon of a plan: what ended before noon is visited, the rest stands where it was.
fn afternoon(input: &PlanInput, planned: &Planned) -> PlanInput {
    let turns =
        planned.plan.turns.iter().flat_map(|turn| (0..).zip(&turn.stops).map(move |(at, stop)| (turn.turn, at, stop)));
    let placed: HashMap<_, _> = turns.map(|(turn, at, stop)| (stop.point, (turn, at, stop.end))).collect();
    let mut again = PlanInput { now: NOON, ..input.clone() };
    for stop in &mut again.stops {
        let Some((turn, position, end)) = placed.get(&stop.point).copied() else { continue };
        stop.current = Some(Current { turn, position });
        stop.visited = (end <= NOON).then_some(Visited { turn, end });
    }
    again
}

#[test]
fn nothing_happened_so_nothing_changes() {
    let input = city(1, Size { stops: 300, readers: 5, days: 2 });
    let again = afternoon(&input, &plan(&input, 1, 15_000));
    let visited = again.stops.iter().filter(|stop| stop.visited.is_some()).count();
    let report = plan(&again, 2, 3_000).report;
    assert!(visited > 30 && report.visited as usize == visited);
    assert!(report.moves.len() <= 6, "{:?}", report.moves);
}

#[test]
fn a_reader_who_falls_ill_is_stood_in_for_with_few_changes() {
    let input = city(2, Size { stops: 300, readers: 6, days: 2 });
    let mut again = afternoon(&input, &plan(&input, 1, 15_000));
    let ill = AccountId(3);
    again.readers[2].hours = vec![None, None];
    // A dispatcher has promised one customer the reader there is; another stop is locked to the ill one.
    let of = |again: &PlanInput, who: AccountId| {
        again
            .stops
            .iter()
            .position(|stop| stop.visited.is_none() && stop.current.is_some_and(|now| now.turn.reader == who))
            .unwrap()
    };
    let (kept, lost) = (of(&again, AccountId(1)), of(&again, ill));
    again.stops[kept].locked = true;
    again.stops[lost].locked = true;
    let planned = plan(&again, 2, 6_000);
    let report = &planned.report;
    let orphans = again
        .stops
        .iter()
        .filter(|stop| stop.visited.is_none() && stop.current.is_some_and(|now| now.turn.reader == ill));
    let orphans = orphans.count();
    let others = report.moves.iter().filter(|m| m.from.is_some_and(|turn| turn.reader != ill)).count();
    assert!(orphans > 20 && others * 2 < orphans, "{others} others moved for {orphans} orphans");
    assert!(!report.moves.iter().any(|m| m.point == again.stops[kept].point));
    let left = report.unassigned.iter().find(|left| left.point == again.stops[lost].point).unwrap();
    assert_eq!(left.reason.code(), "locked");
    assert!(planned.plan.turns.iter().all(|turn| turn.turn.reader != ill && turn.depart >= NOON));
}

/// Whoever is on the way goes on from the last visit, not from home.
#[test]
fn a_reader_goes_on_from_where_he_is() {
    let mut input = super::line(4);
    let turn = Turn { reader: AccountId(1), day: 0 };
    input.now = NOON;
    input.stops[2].visited = Some(Visited { turn, end: NOON - 60 });
    let planned = plan(&input, 1, 50);
    let only = &planned.plan.turns[0];
    assert_eq!((only.stops.len(), only.metres), (3, 5_000), "{only:?}");
}
