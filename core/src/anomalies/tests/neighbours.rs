//! Two meters on one landing (DOMAIN 4, order 7).

use super::*;

fn swapped(one: &Scene, other: &Scene) -> Option<[Finding; 2]> {
    one.with(|facts, seen| {
        let one = Entry { facts: *facts, seen: *seen };
        other.with(|facts, seen| {
            let other = Entry { facts: *facts, seen: *seen };
            neighbour_swap(&one, &other, &Settings::default()).map(|(one, other)| [one, other])
        })
    })
}

#[test]
fn exchanging_two_readings_that_fit_each_other_is_a_swap_of_both() {
    // 101: 4,200 → 4,230; 102: 4,310 → 4,335. Entered the other way round, 102 seems to run backwards.
    let (one, other) = (household(4_200, 4_335, 30), household(4_310, 4_230, 25));
    assert_eq!(other.finding().evidence.get("current"), Some("4230"));
    let [first, second] = swapped(&one, &other).expect("a swap");
    assert_eq!((first.rule, second.rule), (Rule::NeighbourSwap, Rule::NeighbourSwap));
    assert_eq!((first.evidence.get("current"), first.evidence.get("other")), (Some("4335"), Some("4230")));
    assert_eq!(second.evidence.get("current"), Some("4230"));
    assert_eq!(swapped(&other, &one).map(|[_, second]| second.rule), Some(Rule::NeighbourSwap));
}

#[test]
fn two_sound_readings_are_no_swap_even_where_either_order_would_do() {
    assert_eq!(swapped(&household(4_200, 4_230, 30), &household(4_205, 4_225, 30)), None);
}

#[test]
fn a_backward_dial_stays_one_where_the_exchange_does_not_explain_both() {
    let back = household(4_310, 4_230, 25);
    assert_eq!(swapped(&household(900, 930, 30), &back), None);
    assert_eq!(swapped(&household(4_200, 4_800, 30), &back), None, "4,800 would be 490 m³ for the other");
}

#[test]
fn a_number_seen_on_the_meter_a_second_look_or_no_habit_is_no_swap() {
    let (one, other) = (household(4_200, 4_335, 30), household(4_310, 4_230, 25));
    assert_eq!(swapped(&Scene { seen_number: Some("G4-0012345"), ..one.clone() }, &other), None);
    assert_eq!(swapped(&one, &Scene { confirmed: true, ..other.clone() }), None);
    assert_eq!(swapped(&Scene { expected: None, ..one }, &other), None);
}
