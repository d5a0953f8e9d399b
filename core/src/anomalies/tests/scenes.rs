//! One scene per rule: every rule can be emitted, and its template finds every value it names.

use super::*;
use crate::anomalies::lists::ranking::List;
use crate::anomalies::lists::{Doubt, Doubted, Grounds};
use crate::text::Language;
use std::collections::BTreeMap;

fn scenes() -> Vec<(Rule, Scene)> {
    let yuan = FigureSet::Three { balance: BalanceUnit::Money { fen_per_m3: 320 }, overdraft: false };
    let home = || household(1_000, 1_020, 20);
    let still = || Scene { expected: Some(20), ..household(1_000, 1_000, 20) };
    let sound = || commercial(8_905, 8_880, 325);
    let big = || Scene { confirmed: true, ..sound() };
    vec![
        (Rule::WrongMeter, Scene { seen_number: Some("G4-0099999"), ..home() }),
        (Rule::ExchangeUnreported, Scene { seen_number: Some("X7"), ..household(62_000, 12, 30) }),
        (Rule::FailedDisplay, Scene { now: [Some(8_905), None, Some(325)], ..sound() }),
        (Rule::Rollover, household(99_980, 15, 30)),
        (Rule::RolloverUnsure, household(98_000, 15, 30)),
        (Rule::MisreadSuspect, household(62_000, 60_150, 140)),
        (Rule::PreviousMisreadSuspect, Scene { confirmed: true, ..household(62_000, 60_150, 140) }),
        (Rule::Reverse, household(62_000, 51_777, 140)),
        (Rule::Impossible, household(10_000, 15_500, 30)),
        (Rule::Overload, household(10_000, 14_500, 30)),
        (Rule::SwappedFigures, commercial(8_905, 325, 8_880)),
        (Rule::FailedElectronic, commercial(8_905, 8_395, 810)),
        (Rule::FailedIndex, commercial(8_420, 8_880, 325)),
        (Rule::SlowElectronic, commercial(8_905, 8_802, 403)),
        (Rule::FastElectronic, Scene { now: [Some(8_705), Some(8_880), Some(325)], ..big() }),
        (Rule::ReverseElectronic, Scene { now: [Some(8_905), Some(485), Some(325)], ..big() }),
        (Rule::SlowElectronicDrift, Scene { drift: 7, ..sound() }),
        (Rule::FastElectronicDrift, Scene { drift: -7, ..sound() }),
        (Rule::PurchaseNotLoaded, commercial(8_905, 8_880, 25)),
        (
            Rule::TopupUnknown,
            Scene {
                traits: MeterTraits { figures: yuan, ..sound().traits },
                last: Some([Some(8_420), Some(8_395), Some(99_200)]),
                now: [Some(8_905), Some(8_880), Some(264_000)],
                paid_fen: 160_000,
                ..sound()
            },
        ),
        (
            Rule::PurchaseImpossible,
            Scene { bought: None, last: Some([Some(8_420), Some(8_395), Some(900)]), ..sound() },
        ),
        (Rule::NegativeBalance, Scene { bought: Some(100), ..commercial(8_905, 8_880, -75) }),
        (Rule::Stopped, Scene { gas_in_use: true, ..still() }),
        (Rule::StoppedSuspect, still()),
        (Rule::Vacant, Scene { vacancy: true, ..still() }),
        (Rule::Zero, Scene { recent: vec![0, 5], ..still() }),
        (Rule::UseWhileSuspended, Scene { suspended: true, ..home() }),
    ]
}

/// What the month's lists say, which look at more than one visit.
fn of_lists() -> impl Iterator<Item = Finding> {
    let grounds = |list| Grounds {
        list,
        periods: 4,
        used: 210_000,
        expected: 390_000,
        off_percent: 46,
        every_one: true,
        normal_percent: 12,
        floor_percent: 27,
        zeros: (0, 12),
        noted: false,
    };
    let restarted =
        Doubted { doubt: Doubt::Restarted, previous: 62_000_000, current: 12_000, expected: None, wrap: None };
    List::ALL.into_iter().map(move |list| grounds(list).finding()).chain([restarted.finding()])
}

#[test]
fn a_place_on_a_list_says_its_numbers_and_the_floor_under_them() {
    let slow = of_lists().find(|finding| finding.rule == Rule::SlowSuspect).expect("its finding");
    assert_eq!(
        slow.reason(Language::English),
        "Last 4 period(s) 46 % under forecast (210 for 390), low in every one; this meter is normally within 12 %, \
         and its own wander allows a claim from 27 % on: beyond it."
    );
    assert_eq!(
        slow.reason(Language::Chinese),
        "最近 4 期用量 210,比预期 390 低 46%,且每期都低;该表通常偏差在 12% 以内,自身波动下低 27% 以上才可断言:已超出。"
    );
    assert_eq!(slow.stake, Some(Volume::from_m3(180)));
}

#[test]
fn every_rule_is_emitted_and_fills_its_template_in_both_languages() {
    let settings = Settings::default();
    let day = |text: &str| text.parse().expect("a day");
    let old = over_age(day("2010-01-01"), Gas::Natural, day("2024-01-01"), &settings).expect("over age");
    let mut found: BTreeMap<Rule, Finding> = BTreeMap::from([(old.rule, old)]);
    let (one, other) = (household(4_200, 4_335, 30), household(4_310, 4_230, 25));
    let swap = one.with(|facts, seen| {
        let one = Entry { facts: *facts, seen: *seen };
        other.with(|facts, seen| neighbour_swap(&one, &Entry { facts: *facts, seen: *seen }, &settings))
    });
    let (swap, _) = swap.expect("a swap");
    found.insert(swap.rule, swap);
    found.extend(of_lists().map(|finding| (finding.rule, finding)));
    for (rule, scene) in scenes() {
        let finding = scene.finding();
        assert_eq!(finding.rule, rule);
        found.insert(rule, finding);
    }
    for rule in Rule::ALL {
        let finding = found.get(rule).unwrap_or_else(|| panic!("no scene emits {}", rule.code()));
        for language in [Language::Chinese, Language::English] {
            let reason = finding.reason(language);
            assert!(!reason.contains('{') && !reason.contains('}'), "{reason}");
        }
    }
}

#[test]
fn a_reason_reads_like_a_sentence_in_either_language() {
    let finding = commercial(8_950, 8_880, 325).finding();
    assert_eq!(
        finding.reason(Language::English),
        "The base-meter index 8950 is probably a misread: one digit changed or two swapped would explain it."
    );
    assert_eq!(finding.reason(Language::Chinese), "基表读数 8950 疑为错抄:改一位或换两邻位即可解释。");
    let money = scenes().into_iter().find(|(rule, _)| *rule == Rule::TopupUnknown).expect("its scene").1.finding();
    assert_eq!(
        money.reason(Language::English),
        "¥1600.00 was bought since, and the balance is ¥1600.00 above what it should be."
    );
    assert_eq!(money.stake, Some(Volume::from_m3(500)));
}
