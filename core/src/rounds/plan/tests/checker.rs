//! The checker sees what is wrong: each rule broken once in a good plan.

use super::{HOUR, line, plan};
use crate::id::AccountId;
use crate::rounds::plan::{Current, Need, PlanInput, Planned, Span, Turn, Unassigned, Violation, Visited, check_plan};

/// What the checker says of a plan of five stops after something was done to it.
fn spoiled(spoil: impl Fn(&mut PlanInput, &mut Planned)) -> Vec<&'static str> {
    let mut input = line(5);
    let mut planned = plan(&input, 1, 100);
    spoil(&mut input, &mut planned);
    let mut names: Vec<&str> = check_plan(&input, &planned).into_iter().map(Violation::code).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn a_good_plan_has_no_violation() {
    assert!(spoiled(|_, _| ()).is_empty());
}

#[test]
fn every_broken_rule_is_seen() {
    let first = |planned: &Planned| planned.plan.turns[0].stops[0].point;
    let turn = Turn { reader: AccountId(1), day: 0 };
    // The sums of the turn it was on are wrong without it.
    assert_eq!(spoiled(|input, _| drop(input.stops.pop())), ["stray", "sums"]);
    assert_eq!(
        spoiled(|input, p| input
            .stops
            .iter_mut()
            .filter(|s| s.point == first(p))
            .for_each(|s| s.visited = Some(Visited { turn: Turn { day: 9, ..turn }, end: 0 }))),
        ["stray"]
    );
    assert!(spoiled(|_, p| p.plan.turns[0].stops.truncate(4)).contains(&"forgotten"));
    assert_eq!(
        spoiled(|_, p| p.report.unassigned.push(Unassigned { point: first(p), reason: super::super::Reason::Full })),
        ["contradicted"]
    );
    assert_eq!(spoiled(|input, _| input.readers[0].hours[0] = None), ["not_at_work"]);
    assert_eq!(spoiled(|input, _| input.stops[1].needs = vec![Need(1)]), ["not_able"]);
    assert_eq!(
        spoiled(|input, _| {
            input.stops[1].current = Some(Current { turn: Turn { reader: AccountId(2), day: 0 }, position: 0 });
            input.stops[1].locked = true;
        }),
        ["unlocked"]
    );
    let evening = vec![Span { from: 20 * HOUR, until: 21 * HOUR }];
    assert_eq!(spoiled(|input, _| input.stops[1].opening.clone_from(&evening)), ["closed"]);
    assert_eq!(spoiled(|input, _| input.stops[1].agreed.clone_from(&evening)), ["promise"]);
    assert_eq!(spoiled(|input, _| input.stops[1].service += 1), ["too_soon"]);
    assert_eq!(spoiled(|input, _| input.now = 9 * HOUR), ["overtime"]);
    assert_eq!(
        spoiled(|input, _| input.readers[0].hours[0] = Some(Span { from: 8 * HOUR, until: 8 * HOUR + 60 })),
        ["overtime"]
    );
    assert_eq!(spoiled(|input, _| input.readers[0].capacity = 4), ["overloaded"]);
    assert_eq!(spoiled(|_, p| p.plan.turns[0].metres += 1), ["sums"]);
}

/// A visit moved a second to the front of its way is seen.
#[test]
fn nobody_flies() {
    assert_eq!(
        spoiled(|_, p| {
            let stop = &mut p.plan.turns[0].stops[2];
            stop.arrive -= 1;
            stop.begin -= 1;
            stop.end -= 1;
        }),
        ["too_soon"]
    );
}
