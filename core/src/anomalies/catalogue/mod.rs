//! The catalogue of rules: one row per rule, and every row carries its own help (DOMAIN 4, R-10).
//!
//! Apart from the checks, so that what the service can say about a meter can be read in one place, by an analyst too.

mod rules;

pub use rules::Rule;

use crate::text::{Language, Text, fill};

/// The list a finding is worked from. Separate lists, because zeros would crowd slow meters out of a common one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// 失灵: the meter or its counting module has failed.
    Failed,
    /// 慢: it counts too little.
    Slow,
    /// 快: it counts too much.
    Fast,
    /// The reading itself is in doubt.
    Reading,
    /// The register of meters is in doubt: another meter, an exchange nobody reported, a meter past its life.
    Register,
    /// Purchases and balance disagree with the use.
    Purchase,
    /// How the gas is used: overload, or use on a suspended point.
    Use,
    /// No use at all: the zero queue.
    Zero,
}

impl Kind {
    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Slow => "slow",
            Self::Fast => "fast",
            Self::Reading => "reading",
            Self::Register => "register",
            Self::Purchase => "purchase",
            Self::Use => "use",
            Self::Zero => "zero",
        }
    }
}

/// How far a finding reaches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing; opens no case.
    Note,
    /// Opens a case; later checks still make sense.
    Case,
    /// Opens a case, and later checks are not run: what they would compare is itself in doubt.
    Hard,
}

impl Severity {
    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Case => "case",
            Self::Hard => "hard",
        }
    }
}

/// One row of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The code used in the API and the database.
    pub code: &'static str,
    /// The list it is worked from.
    pub kind: Kind,
    /// How far it reaches.
    pub severity: Severity,
    /// Whether a reading with this finding may still be the base of the next check ("last accepted").
    pub trusts_reading: bool,
    /// Where the rule comes from.
    pub source: &'static str,
    /// One sentence with `{placeholders}` out of the finding's evidence. Volumes are in m³.
    pub reason: Text,
    /// What to do about it.
    pub help: Text,
}

impl Rule {
    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.entry().code
    }

    /// The rule of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

/// The reason of a finding in words: the rule's template, filled from the evidence; codes in it are put into words.
#[must_use]
pub fn reason<'v>(rule: Rule, value: impl Fn(&str) -> Option<&'v str>, language: Language) -> String {
    let template = rule.entry().reason.in_language(language);
    fill(template, |name| value(name).map(|code| word(code).map_or(code, |text| text.in_language(language))))
}

/// What a code in the evidence means. Evidence is stored once and shown in either language.
const WORDS: [(&str, Text); 18] = [
    ("index", Text { zh: "基表读数", en: "base-meter index" }),
    ("cumulative", Text { zh: "累计用气量", en: "cumulative" }),
    ("balance", Text { zh: "表内存量", en: "balance" }),
    ("gas_in_use", Text { zh: "抄表员见有用气", en: "the reader saw gas in use" }),
    ("cumulative_moved", Text { zh: "累计用气量在走", en: "the cumulative moved" }),
    ("balance_fell", Text { zh: "表内存量在减", en: "the balance fell" }),
    ("vacancy_code", Text { zh: "抄表员报空置并有照片", en: "the reader's code with a photo" }),
    ("noted_empty", Text { zh: "抄表员曾注明空置", en: "and a reader noted it as empty" }),
    ("not_noted", Text { zh: "无空置记录", en: "and nobody noted it as empty" }),
    ("each_below", Text { zh: "且每期都低", en: "low in every one" }),
    ("not_each_below", Text { zh: "但并非每期都低", en: "but not in every one" }),
    ("each_above", Text { zh: "且每期都高", en: "high in every one" }),
    ("not_each_above", Text { zh: "但并非每期都高", en: "but not in every one" }),
    ("above", Text { zh: "高于", en: "above" }),
    ("below", Text { zh: "低于", en: "below" }),
    ("above_floor", Text { zh: "已超出", en: "beyond it" }),
    ("below_floor", Text { zh: "未超出,只值得一看", en: "not beyond it, so worth a look and no more" }),
    ("empty_before", Text { zh: "近一年多次零用气", en: "several zero periods in the last year" }),
];

fn word(code: &str) -> Option<Text> {
    WORDS.into_iter().find_map(|(known, text)| (known == code).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    pub(super) fn placeholders(template: &str) -> BTreeSet<String> {
        let names = RefCell::new(BTreeSet::new());
        let _ = fill(template, |name| {
            names.borrow_mut().insert(name.to_owned());
            Some("")
        });
        names.into_inner()
    }

    #[test]
    fn codes_are_unique_and_lead_back_to_their_rule() {
        let codes: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(Rule::from_code(rule.code()), Some(*rule));
            assert!(rule.code().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", rule.code());
        }
        assert_eq!(Rule::from_code("no_such_rule"), None);
    }

    #[test]
    fn both_languages_say_the_same_things() {
        for rule in Rule::ALL {
            let entry = rule.entry();
            assert_eq!(placeholders(entry.reason.zh), placeholders(entry.reason.en), "{}", entry.code);
            assert!(placeholders(entry.help.zh).is_empty() && placeholders(entry.help.en).is_empty());
            assert!(!entry.help.zh.is_empty() && !entry.help.en.is_empty() && !entry.source.is_empty());
        }
    }

    #[test]
    fn what_stops_the_checks_and_what_is_only_a_note_do_not_contradict_trust() {
        let noted_but_distrusted = Rule::ALL
            .iter()
            .filter(|rule| rule.entry().severity == Severity::Note && !rule.entry().trusts_reading)
            .count();
        assert_eq!(noted_but_distrusted, 0);
    }
}
