//! What rules look like on the wire.

use super::cases::store::RuleCount;
use meterbook::anomalies::Rule;
use meterbook::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

/// A rule of the catalogue.
#[derive(Serialize, ToSchema)]
pub struct RuleEntry {
    /// Its code.
    pub code: String,
    /// The list its cases are worked from.
    pub kind: String,
    /// `note`, `case` or `hard`.
    pub severity: String,
    /// Where the rule comes from.
    pub source: String,
    /// The sentence its cases show, in the language asked for, with placeholders.
    pub reason: String,
    /// What to do about it, in the language asked for.
    pub help: String,
    /// Cases it opened; the counts are absent for a reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<i64>,
    /// Of these still to be worked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<i64>,
    /// Of these found to be so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upheld: Option<i64>,
    /// Of these found not to be so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuted: Option<i64>,
    /// Share of those found to be so among those decided, rounded down, in basis points; absent while none is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upheld_bp: Option<i64>,
}

impl RuleEntry {
    /// A rule with how often it was right.
    #[must_use]
    pub fn of(rule: Rule, count: Option<RuleCount>, language: Language) -> Self {
        let entry = rule.entry();
        let share = |count: RuleCount| {
            let decided = count.upheld + count.refuted;
            (decided > 0).then(|| count.upheld * 10_000 / decided)
        };
        Self {
            code: entry.code.to_owned(),
            kind: entry.kind.code().to_owned(),
            severity: entry.severity.code().to_owned(),
            source: entry.source.to_owned(),
            reason: entry.reason.in_language(language).to_owned(),
            help: entry.help.in_language(language).to_owned(),
            opened: count.map(|count| count.opened),
            live: count.map(|count| count.live),
            upheld: count.map(|count| count.upheld),
            refuted: count.map(|count| count.refuted),
            upheld_bp: count.and_then(share),
        }
    }
}

/// The rules.
#[derive(Serialize, ToSchema)]
pub struct RuleList {
    /// In the order of the catalogue.
    pub items: Vec<RuleEntry>,
}
