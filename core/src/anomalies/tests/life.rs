//! The life of a case: every move, every outcome, and what a later reading answers.

use super::*;
use case_life::{
    CaseCause, CaseMove, CaseOutcome, CaseState, CaseVerdict, LaterVisit, MoveFault, answered_by, closing, decide_move,
};

fn moved(from: CaseState, kind: Kind, to: CaseState, outcome: Option<CaseOutcome>, error_bp: Option<i32>) -> String {
    match decide_move(from, kind, &CaseMove { to, outcome, error_bp }) {
        Ok(verdict) => verdict.map_or("-", CaseVerdict::code).to_owned(),
        Err(fault) => fault.code().to_owned(),
    }
}

#[test]
fn the_states_lead_one_way() {
    use CaseState::{Confirmed, Dismissed, InWork, Open, Resolved};
    let steps: Vec<_> = CaseState::ALL
        .iter()
        .flat_map(|from| CaseState::ALL.iter().filter(|to| from.may_become(**to)).map(|to| (*from, *to)))
        .collect();
    let expected = [
        (Open, Confirmed),
        (Open, Dismissed),
        (Confirmed, Dismissed),
        (Confirmed, InWork),
        (Confirmed, Resolved),
        (InWork, Resolved),
    ];
    assert_eq!(steps, expected);
    assert_eq!(CaseState::ALL.iter().filter(|state| state.is_live()).count(), 3);
    assert_eq!(moved(Dismissed, Kind::Slow, Confirmed, None, None), "not_from_here");
}

#[test]
fn resolved_has_an_outcome_and_a_bench_test_its_error() {
    use CaseOutcome::{BenchTestFast, BenchTestSlow, BenchTestSound, Exchanged, LaterReading};
    let resolve = |kind, outcome, error| moved(CaseState::InWork, kind, CaseState::Resolved, outcome, error);
    assert_eq!(resolve(Kind::Slow, None, None), "outcome_missing");
    assert_eq!(resolve(Kind::Slow, Some(LaterReading), None), "outcome_by_rule");
    assert_eq!(resolve(Kind::Slow, Some(BenchTestSlow), None), "error_missing");
    assert_eq!(resolve(Kind::Slow, Some(BenchTestSlow), Some(350)), "error_sign");
    assert_eq!(resolve(Kind::Fast, Some(BenchTestFast), Some(0)), "error_sign");
    assert_eq!(resolve(Kind::Slow, Some(BenchTestSlow), Some(-10_001)), "error_range");
    assert_eq!(resolve(Kind::Slow, Some(Exchanged), Some(-350)), "error_unexpected");
    assert_eq!(resolve(Kind::Slow, Some(BenchTestSlow), Some(-1_250)), "upheld");
    assert_eq!(resolve(Kind::Fast, Some(BenchTestSlow), Some(-1_250)), "refuted");
    assert_eq!(resolve(Kind::Slow, Some(BenchTestSound), Some(-80)), "refuted");
    let confirm = |outcome| moved(CaseState::Open, Kind::Slow, CaseState::Confirmed, outcome, None);
    assert_eq!((confirm(None).as_str(), confirm(Some(Exchanged)).as_str()), ("upheld", "outcome_unexpected"));
    assert_eq!(moved(CaseState::Open, Kind::Slow, CaseState::Dismissed, None, None), "refuted");
    assert_eq!(moved(CaseState::Confirmed, Kind::Slow, CaseState::InWork, None, None), "-");
    assert_eq!(moved(CaseState::Open, Kind::Slow, CaseState::Resolved, Some(Exchanged), None), "not_from_here");
}

#[test]
fn a_corrected_figure_upholds_the_doubt_in_it_and_refutes_the_blame_of_the_meter() {
    let corrected = |kind| closing(CaseCause::ReadingCorrected, kind).1;
    assert_eq!(corrected(Kind::Reading), Some(CaseVerdict::Upheld));
    assert_eq!(corrected(Kind::Slow), Some(CaseVerdict::Refuted));
    assert_eq!(closing(CaseCause::DisplayBack, Kind::Failed).1, Some(CaseVerdict::Upheld));
    assert_eq!(closing(CaseCause::UsedAgain, Kind::Zero), (CaseOutcome::LaterReading, Some(CaseVerdict::Refuted)));
}

fn answer(rule: Rule, gap: Option<i64>, later: &Scene) -> Option<CaseCause> {
    let verdict = later.verdict();
    let visit = LaterVisit {
        verdict: &verdict,
        is_complete: later.now.iter().all(Option::is_some),
        number_seen: later.seen_number.is_some(),
        zero_below: Volume::from_m3(1),
    };
    answered_by(rule, gap.map(Volume::from_m3), &visit)
}

#[test]
fn a_later_reading_answers_a_doubt_about_a_figure_but_never_a_fault_of_the_module() {
    let sound = household(62_000, 62_160, 140);
    for rule in [Rule::MisreadSuspect, Rule::Reverse, Rule::Impossible, Rule::RolloverUnsure, Rule::NeighbourSwap] {
        assert_eq!(answer(rule, None, &sound), Some(CaseCause::LaterReading), "{rule:?}");
    }
    for rule in [Rule::SlowElectronic, Rule::FailedElectronic, Rule::Stopped, Rule::SlowElectronicDrift, Rule::Overload]
    {
        assert_eq!(answer(rule, None, &sound), None, "{rule:?}");
    }
    let doubtful = household(62_000, 60_150, 140);
    assert_eq!(answer(Rule::MisreadSuspect, None, &doubtful), None);
    let first = Scene { last: None, ..household(0, 50, 20) };
    assert_eq!(answer(Rule::MisreadSuspect, None, &first), None, "nothing to compare with");
}

#[test]
fn a_zero_is_answered_by_use_a_display_by_its_figures_a_number_by_being_seen() {
    assert_eq!(answer(Rule::StoppedSuspect, None, &household(100, 101, 20)), Some(CaseCause::UsedAgain));
    assert_eq!(answer(Rule::StoppedSuspect, None, &household(100, 100, 20)), None);
    assert_eq!(answer(Rule::FailedDisplay, None, &commercial(8_905, 8_880, 325)), Some(CaseCause::DisplayBack));
    let dark = Scene { now: [Some(8_905), None, Some(325)], ..commercial(0, 0, 0) };
    assert_eq!(answer(Rule::FailedDisplay, None, &dark), None);
    let seen = Scene { seen_number: Some("G4-0012345"), ..household(100, 120, 20) };
    assert_eq!(answer(Rule::WrongMeter, None, &seen), Some(CaseCause::NumberSeen));
    assert_eq!(answer(Rule::WrongMeter, None, &household(100, 120, 20)), None);
}

#[test]
fn r31_a_purchase_loaded_late_closes_its_case_by_the_same_amount_only() {
    // 300 m³ were missing last month; now the balance is 300 above what the books say.
    let loaded = Scene { bought: Some(500), ..commercial(8_905, 8_880, 625) };
    assert_eq!(loaded.codes(), ["topup_unknown"]);
    assert_eq!(answer(Rule::PurchaseNotLoaded, Some(300), &loaded), Some(CaseCause::PurchaseLoaded));
    assert_eq!(answer(Rule::PurchaseNotLoaded, Some(200), &loaded), None);
    assert_eq!(answer(Rule::PurchaseNotLoaded, None, &loaded), None);
    assert_eq!(answer(Rule::TopupUnknown, Some(300), &commercial(8_905, 8_880, 25)), Some(CaseCause::PurchaseLoaded));
}

#[test]
fn codes_lead_back_and_speak_both_languages() {
    for outcome in CaseOutcome::ALL {
        assert_eq!(CaseOutcome::from_code(outcome.code()), Some(*outcome));
        assert!(!outcome.text().zh.is_ascii() && outcome.text().en.is_ascii());
    }
    assert!(MoveFault::ALL.iter().all(|fault| !fault.text().zh.is_empty()));
}
