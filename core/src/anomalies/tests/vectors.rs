//! Every vector of DOMAIN 4.

use super::*;

#[test]
fn domain4_wrap_99980_to_00015_is_a_rollover_of_35() {
    let verdict = household(99_980, 15, 30).verdict();
    assert_eq!(verdict.findings[0].rule, Rule::Rollover);
    assert_eq!((verdict.findings.len(), verdict.consumption), (1, Some(Volume::from_m3(35))));
    assert!(verdict.trusted);
}

#[test]
fn domain4_misread_62000_to_60150_may_be_62150() {
    let scene = household(62_000, 60_150, 140);
    let finding = scene.finding();
    assert_eq!(finding.rule, Rule::MisreadSuspect);
    assert_eq!(finding.evidence.get("candidates"), Some("62150"));
    assert!(!scene.verdict().trusted);
    assert_eq!(scene.verdict().consumption, None);
}

#[test]
fn domain4_three_figures_all_hold() {
    let verdict = commercial(8_905, 8_880, 325).verdict();
    assert_eq!(verdict.findings, []);
    assert_eq!((verdict.consumption, verdict.trusted), (Some(Volume::from_m3(485)), true));
}

#[test]
fn domain4_three_figures_each_fault_has_its_rule_and_its_stake() {
    for (figures, rule, stake) in [
        ([8_905, 8_802, 403], Rule::SlowElectronic, Some(78)),
        ([8_905, 8_395, 810], Rule::FailedElectronic, Some(485)),
        ([8_420, 8_880, 325], Rule::FailedIndex, Some(485)),
        ([8_905, 325, 8_880], Rule::SwappedFigures, None),
        ([8_905, 8_880, 825], Rule::TopupUnknown, Some(500)),
        ([8_905, 8_880, 25], Rule::PurchaseNotLoaded, Some(300)),
    ] {
        let [index, cumulative, balance] = figures;
        let finding = commercial(index, cumulative, balance).finding();
        assert_eq!((finding.rule, finding.stake), (rule, stake.map(Volume::from_m3)), "{figures:?}");
    }
}

#[test]
fn domain4_slip_test_runs_before_the_meter_is_blamed() {
    let finding = commercial(8_950, 8_880, 325).finding();
    assert_eq!(finding.rule, Rule::MisreadSuspect);
    assert_eq!(finding.evidence.get("figure"), Some("index"));
    assert_eq!(finding.evidence.get("candidates"), Some("8905"));
}
