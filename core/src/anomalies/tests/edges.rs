//! The edges of DOMAIN 4: where a comparison turns, and where there is nothing to compare.

use super::*;

#[test]
fn exactly_1_2_qmax_h_is_possible_and_exactly_qmax_h_is_no_overload() {
    let hour = |litres: i64| {
        let mut scene = household(0, 0, 0);
        scene.span = TimeDelta::hours(100);
        scene.traits.resolution = Volume::from_litres(1);
        let at: Instant = "2024-03-22T01:00:00Z".parse().expect("an instant");
        let figures = |litres| Figures { index: Some(Volume::from_litres(litres)), ..Figures::default() };
        let facts = Facts {
            number: "1",
            traits: scene.traits,
            class: scene.class,
            suspended: false,
            last: Some(Visit { at: at - scene.span, figures: figures(0) }),
            expected: None,
            purchases: None,
            electronic_drift: Volume::ZERO,
            recent: &[],
        };
        let seen = Observation {
            at,
            figures: figures(litres),
            seen_number: None,
            vacancy: false,
            gas_in_use: false,
            confirmed: false,
        };
        judge(&facts, &seen, &Settings::default()).findings.first().map(|finding| finding.rule)
    };
    // One step of the dial (here 0.001 m³) may be due to reading down, on top of the flow itself.
    assert_eq!(hour(600_000), None);
    assert_eq!(hour(600_001), None);
    assert_eq!(hour(600_002), Some(Rule::Overload));
    assert_eq!(hour(720_001), Some(Rule::Overload));
    assert_eq!(hour(720_002), Some(Rule::Impossible));
}

#[test]
fn a_second_look_at_once_may_see_the_last_digit_turn_but_not_more() {
    let at_once = |now| Scene { span: TimeDelta::zero(), ..household(500, now, 0) }.codes();
    assert_eq!(at_once(500), [""; 0]);
    assert_eq!(at_once(501), [""; 0]);
    assert_eq!(at_once(502), ["impossible"]);
}

#[test]
fn a_visit_before_the_last_one_is_neither_judged_nor_a_base() {
    let verdict = Scene { span: TimeDelta::days(-1), ..household(500, 400, 30) }.verdict();
    assert_eq!((verdict.findings, verdict.consumption, verdict.trusted), (vec![], None, false));
}

#[test]
fn a_first_visit_yields_only_what_needs_no_predecessor() {
    let first = Scene { last: None, ..commercial(8_905, 3, -5) };
    assert_eq!(first.codes(), ["negative_balance"]);
    assert!(first.verdict().trusted);
    assert_eq!(Scene { seen_number: Some("9"), ..first }.codes(), ["wrong_meter"]);
}

#[test]
fn the_number_may_differ_in_case_spaces_dashes_and_leading_zeros() {
    for same in ["g4 0012345", "G40012345", " 00G4-0012345", "", " - "] {
        assert_eq!(Scene { seen_number: Some(same), ..household(1, 21, 20) }.codes(), [""; 0], "{same}");
    }
}

#[test]
fn without_history_a_rollover_needs_the_cumulative_or_a_person() {
    let unknown = |scene: Scene| Scene { expected: None, ..scene };
    assert_eq!(unknown(household(99_980, 15, 0)).codes(), ["rollover_unsure"]);
    let three =
        Scene { last: Some([Some(99_980), Some(5_000), Some(100)]), bought: Some(0), ..commercial(15, 5_035, 65) };
    assert_eq!(unknown(three).codes(), ["rollover"]);
}

#[test]
fn without_history_a_slip_within_the_ceiling_is_preferred_to_reverse() {
    let unknown = Scene { expected: None, ..household(62_000, 60_150, 0) };
    assert_eq!(unknown.codes(), ["misread_suspect"]);
    assert!(Scene { expected: None, recent: vec![], gas_in_use: true, ..household(5, 5, 0) }.codes() == ["zero"]);
}

#[test]
fn w_itself_is_the_wrap_of_a_full_turn_and_more_is_never_inferred() {
    assert_eq!(household(99_999, 0, 30).verdict().consumption, Some(Volume::from_m3(1)));
    assert_eq!(household(50_000, 50_000, 30).verdict().consumption, Some(Volume::ZERO));
}

#[test]
fn a_rollover_the_cumulative_denies_is_unsure() {
    let scene = Scene {
        last: Some([Some(99_980), Some(5_000), Some(100)]),
        bought: Some(0),
        expected: Some(30),
        ..commercial(15, 5_000, 100)
    };
    assert_eq!(scene.codes(), ["rollover_unsure"]);
}

#[test]
fn an_index_in_the_wrong_field_is_a_swap_not_a_meter_running_backwards() {
    for order in [[325, 8_880, 8_905], [8_880, 325, 8_905], [325, 8_905, 8_880]] {
        assert_eq!(commercial(order[0], order[1], order[2]).codes(), ["swapped_figures"], "{order:?}");
    }
}

#[test]
fn a_misread_cumulative_is_found_by_both_identities() {
    let finding = commercial(8_905, 8_280, 325).finding();
    assert_eq!((finding.rule, finding.evidence.get("figure")), (Rule::MisreadSuspect, Some("cumulative")));
    assert_eq!(finding.evidence.get("candidates"), Some("8880"));
}

#[test]
fn a_confirmed_figure_is_no_slip() {
    assert_eq!(Scene { confirmed: true, ..commercial(8_950, 8_880, 325) }.codes(), ["slow_electronic"]);
}

#[test]
fn without_purchases_the_implied_one_is_published_and_a_negative_one_is_impossible() {
    let unknown = |balance| Scene { bought: None, ..commercial(8_905, 8_880, balance) };
    assert_eq!(unknown(325).verdict().implied_purchase, Some(500_000));
    assert_eq!(unknown(325).codes(), [""; 0]);
    let short = Scene { last: Some([Some(8_420), Some(8_395), Some(812)]), ..unknown(325) };
    assert_eq!(short.codes(), [""; 0], "exactly −2p is possible");
    let short = Scene { last: Some([Some(8_420), Some(8_395), Some(813)]), ..unknown(325) };
    assert_eq!(short.codes(), ["purchase_impossible"]);
}

#[test]
fn a_balance_in_yuan_is_compared_in_fen() {
    let figures = FigureSet::Three { balance: BalanceUnit::Money { fen_per_m3: 320 }, overdraft: false };
    let sound = commercial(8_905, 8_880, 104_000);
    let money = Scene {
        traits: MeterTraits { figures, ..sound.traits },
        last: Some([Some(8_420), Some(8_395), Some(99_200)]),
        paid_fen: 160_000,
        ..sound
    };
    assert_eq!(money.codes(), [""; 0]);
    assert_eq!(Scene { now: [Some(8_905), Some(8_880), Some(104_642)], ..money.clone() }.codes(), [""; 0]);
    assert_eq!(Scene { now: [Some(8_905), Some(8_880), Some(104_643)], ..money.clone() }.codes(), ["topup_unknown"]);
    assert_eq!(Scene { now: [Some(8_905), Some(1_040), Some(888_000)], ..money }.codes(), ["swapped_figures"]);
}

#[test]
fn zeros_are_queued_by_what_is_known_of_the_point() {
    let still = |recent: Vec<i64>| Scene { recent, ..household(1_000, 1_000, 20) };
    assert_eq!(still(vec![9, 9, 9]).codes(), ["stopped_suspect"]);
    assert_eq!(still(vec![0, 9, 9, 0]).codes(), ["vacant"]);
    assert_eq!(still(vec![9, 9]).codes(), ["zero"]);
    assert_eq!(Scene { vacancy: true, ..still(vec![9, 9, 9]) }.codes(), ["vacant"]);
    assert_eq!(Scene { gas_in_use: true, expected: Some(5), ..still(vec![9, 9]) }.codes(), ["zero"]);
    assert_eq!(Scene { class: Class::Commercial, ..still(vec![0, 0, 0]) }.codes(), ["stopped_suspect"]);
    assert_eq!(
        Scene { span: TimeDelta::days(25) - TimeDelta::milliseconds(1), ..still(vec![9, 9, 9]) }.codes(),
        [""; 0]
    );
    assert_eq!(Scene { suspended: true, ..still(vec![9, 9, 9]) }.codes(), [""; 0]);
}

#[test]
fn a_falling_balance_shows_that_a_commercial_meter_has_stopped() {
    let scene = Scene { bought: Some(0), now: [Some(8_420), Some(8_395), Some(200)], ..commercial(0, 0, 0) };
    assert_eq!(scene.codes(), ["purchase_not_loaded", "stopped"]);
}
