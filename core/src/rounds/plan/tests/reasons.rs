//! Why a stop is in nobody's round: one input for each reason.

use super::{HOUR, line, plan};
use crate::id::{AccountId, PointId};
use crate::place::Spot;
use crate::rounds::plan::{Current, Need, PlanStop, Span, Turn};

/// The reason of the last stop of a line of three, changed so.
fn reason(change: impl Fn(&mut PlanStop)) -> &'static str {
    let mut input = line(3);
    change(&mut input.stops[2]);
    let report = plan(&input, 1, 200).report;
    assert_eq!(report.planned, 2);
    assert_eq!(report.unassigned[0].point, PointId(3));
    report.unassigned[0].reason.code()
}

#[test]
fn each_reason_has_its_stop() {
    assert_eq!(reason(|stop| stop.place = None), "no_place");
    assert_eq!(reason(|stop| stop.needs = vec![Need(9)]), "no_reader");
    assert_eq!(reason(|stop| stop.opening = vec![Span { from: 18 * HOUR, until: 20 * HOUR }]), "closed");
    assert_eq!(reason(|stop| stop.place = Some(Spot { east: 90_000, north: 0 })), "too_far");
    assert_eq!(reason(|stop| stop.load = 101), "full");
    let elsewhere = Turn { reader: AccountId(2), day: 0 };
    let locked = |stop: &mut PlanStop| {
        stop.current = Some(Current { turn: elsewhere, position: 0 });
        stop.locked = true;
    };
    assert_eq!(reason(locked), "locked");
}

#[test]
fn what_does_not_fit_is_left_out_and_a_promise_goes_before() {
    let mut input = line(60);
    input.stops.iter_mut().for_each(|stop| stop.service = 1_200);
    input.stops[4].agreed = vec![Span { from: 13 * HOUR, until: 14 * HOUR }];
    let planned = plan(&input, 1, 4_000);
    let report = &planned.report;
    assert!(report.planned >= 15 && report.unassigned.len() >= 30, "{report:?}");
    assert!(report.unassigned.iter().all(|left| left.reason.code() == "full"));
    let stops = &planned.plan.turns[0].stops;
    let promised = stops.iter().find(|stop| stop.point == PointId(5)).unwrap();
    assert!((13 * HOUR..14 * HOUR).contains(&promised.begin));
}

/// Two at noon in two places: one of them cannot be kept, and the plan says so instead of being late.
#[test]
fn promises_that_contradict_each_other_are_told() {
    let mut input = line(8);
    for index in [0, 7] {
        input.stops[index].agreed = vec![Span { from: 12 * HOUR, until: 12 * HOUR + 300 }];
    }
    let report = plan(&input, 1, 500).report;
    assert_eq!((report.planned, report.unassigned.len()), (7, 1));
}

#[test]
fn nobody_at_work_and_nothing_to_do_are_answered() {
    let mut input = line(3);
    input.readers.clear();
    assert_eq!(plan(&input, 1, 100).report.unassigned.len(), 3);
    assert_eq!(plan(&line(0), 1, 100).report.given, 0);
    assert_eq!(plan(&line(1), 1, 100).report.planned, 1);
}
