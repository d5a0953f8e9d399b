//! The code lists a phone shows beside the rules: what may be said about a visit, in both languages (PROTOCOL, Pull).
//!
//! Why separate: a phone offline for weeks must offer exactly the codes the server reads. The lists and the rules have one
//! version, a hash of all they say, so that nobody can change a text and forget to raise a number.

use crate::anomalies::Rule;
use crate::calendar::Period;
use crate::coverage::period_of;
use crate::meters::Class;
use crate::readings::{FoundKind, HazardCode};
use crate::settings::Rulebook;
use crate::text::Text;
use chrono::NaiveDate;

/// One code with what a person reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeText {
    /// The code a record carries.
    pub code: &'static str,
    /// Its meaning.
    pub text: Text,
}

/// A list of codes for one member of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeList {
    /// `attempt`, `vacancy`, `found` or `hazard`.
    pub name: &'static str,
    /// Its codes, in the order to show them.
    pub codes: Vec<CodeText>,
}

const fn row(code: &'static str, zh: &'static str, en: &'static str) -> CodeText {
    CodeText { code, text: Text { zh, en } }
}

/// Why a meter could not be read (DOMAIN 1).
const ATTEMPT: &[CodeText] = &[
    row("locked", "门锁", "locked"),
    row("refused", "拒绝入户", "refused"),
    row("nobody_home", "无人在家", "nobody home"),
    row("unsafe", "现场不安全", "unsafe to enter"),
    row("meter_not_found", "找不到表", "meter not found"),
    row("display_dark", "表屏不显示", "display dark"),
    row("other", "其他", "other"),
];
/// That nobody uses the premises (DOMAIN 4, "Stopped and zero").
const VACANCY: &[CodeText] = &[row("vacant", "空置", "vacant"), row("in_use", "在用", "gas in use")];
/// Every list.
#[must_use]
pub fn code_lists() -> [CodeList; 4] {
    let found = FoundKind::ALL.iter().map(|kind| CodeText { code: kind.code(), text: kind.text() });
    let hazard = HazardCode::ALL.iter().map(|hazard| CodeText { code: hazard.code(), text: hazard.text() });
    [
        CodeList { name: "attempt", codes: ATTEMPT.to_vec() },
        CodeList { name: "vacancy", codes: VACANCY.to_vec() },
        CodeList { name: "found", codes: found.collect() },
        CodeList { name: "hazard", codes: hazard.collect() },
    ]
}

/// What must be seen of a class in its period: a reader sees how much of the round the target needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TargetRow {
    /// The class.
    pub class: Class,
    /// Share of its points, in basis points.
    pub target_bp: u32,
    /// `month` or `quarter`.
    pub period: &'static str,
}

/// The target of every class, of its period that runs on a day.
#[must_use]
pub fn targets(book: &Rulebook, day: NaiveDate) -> [TargetRow; 3] {
    Class::ALL.map(|class| {
        let period = period_of(class, day);
        let name = if matches!(period, Period::Month { .. }) { "month" } else { "quarter" };
        TargetRow { class, target_bp: book.coverage(period).target(class).0, period: name }
    })
}

/// Where [`fnv`] starts.
pub(super) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: tells texts apart, guards nothing.
pub(super) fn fnv(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// One more text. A byte no UTF-8 text holds parts the texts, so that moving a letter between two of them is a change.
fn with_text(state: u64, text: &str) -> u64 {
    fnv(fnv(state, text.as_bytes()), &[0xff])
}

/// The version of the lists and rules: a hash of everything in them.
#[must_use]
pub fn lists_version() -> u64 {
    let mut hash = FNV_START;
    let mut take = |text: &str| hash = with_text(hash, text);
    for list in code_lists() {
        take(list.name);
        for row in list.codes {
            [row.code, row.text.zh, row.text.en].into_iter().for_each(&mut take);
        }
    }
    for rule in Rule::ALL {
        let entry = rule.entry();
        let told = [entry.code, entry.kind.code(), entry.severity.code(), entry.reason.zh, entry.reason.en];
        told.into_iter().chain([entry.help.zh, entry.help.en]).for_each(&mut take);
    }
    hash
}

/// The version of the catalogue: of its lists, and of the targets in force. Never 0.
#[must_use]
pub fn catalogue_version(lists: u64, targets: &[TargetRow; 3]) -> u64 {
    let told = targets.iter().fold(lists, |hash, target| {
        [target.class.code(), target.period, &target.target_bp.to_string()].into_iter().fold(hash, with_text)
    });
    told.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::catalogue::TARGET_INDOOR;
    use crate::settings::Change;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_its_own_in_its_list_and_has_both_texts() {
        for list in code_lists() {
            let codes: BTreeSet<&str> = list.codes.iter().map(|row| row.code).collect();
            assert_eq!(codes.len(), list.codes.len(), "{}", list.name);
            for row in &list.codes {
                assert!(!row.text.zh.is_ascii() && row.text.en.is_ascii() && !row.text.en.is_empty(), "{row:?}");
            }
        }
    }

    #[test]
    fn the_version_is_the_same_each_time_and_a_letter_changes_the_hash() {
        assert_eq!(lists_version(), lists_version());
        assert_ne!(fnv(FNV_START, b"locked"), fnv(FNV_START, b"Locked"));
        assert_eq!(fnv(FNV_START, b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn a_target_set_for_a_period_is_told_in_it_and_not_before() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let change = Change { serial: 1, valid_from: day("2026-05-01"), value: 8_000 };
        let book = Rulebook::default().with(&TARGET_INDOOR, change);
        let told = |on: &str| targets(&book, day(on)).map(|row| (row.target_bp, row.period));
        assert_eq!(told("2026-06-30"), [(10_000, "month"), (9_800, "month"), (7_000, "quarter")]);
        assert_eq!(told("2026-07-01"), [(10_000, "month"), (9_800, "month"), (8_000, "quarter")]);
        let version = |on: &str| catalogue_version(lists_version(), &targets(&book, day(on)));
        assert_eq!(version("2026-05-01"), version("2026-06-30"));
        assert_ne!(version("2026-06-30"), version("2026-07-01"));
    }
}
