//! Findings, the evidence they rest on, and the verdict they add up to.
//!
//! Apart from the checks, because this is what is stored, shown and argued about: a finding without its numbers would be an
//! accusation.

use super::catalogue::{Rule, Severity, reason};
use crate::quantity::Volume;
use crate::text::Language;

/// Named values in the order they were thought of: numbers as a person reads them (volumes in m³), words as codes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence(Vec<(&'static str, String)>);

impl Evidence {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// One rule that spoke, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The volume at stake, never negative, where one can be named.
    pub stake: Option<Volume>,
    /// What it rests on.
    pub evidence: Evidence,
}

impl Finding {
    pub(super) fn new(rule: Rule) -> Self {
        Self { rule, stake: None, evidence: Evidence::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.evidence.0.push((name, value.to_string()));
        self
    }

    pub(super) fn at_stake(mut self, volume: Volume) -> Self {
        self.stake = Some(volume);
        self
    }

    /// Its reason in one sentence.
    #[must_use]
    pub fn reason(&self, language: Language) -> String {
        reason(self.rule, |name| self.evidence.get(name), language)
    }
}

/// What the checks say of one observation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// What was found, in the order of the checks. Empty: nothing to say.
    pub findings: Vec<Finding>,
    /// Gas used since the last accepted visit (dM after the wrap decision); `None` where there is no such visit or the
    /// reading is not trusted.
    pub consumption: Option<Volume>,
    /// What must have been bought since, where the sales system did not say (I2, R-31): 0.001 m³, or fen for a money balance.
    pub implied_purchase: Option<i64>,
    /// Whether this reading may be the base ("last accepted") of the next check. A later person's word overrides it.
    pub trusted: bool,
}

impl Verdict {
    /// The verdict the findings add up to: one finding that doubts the reading is enough to distrust it.
    pub(super) fn of(findings: Vec<Finding>, consumption: Option<Volume>, implied_purchase: Option<i64>) -> Self {
        let trusted = findings.iter().all(|finding| finding.rule.entry().trusts_reading);
        Self { consumption: consumption.filter(|_| trusted), implied_purchase, trusted, findings }
    }

    /// A reading that could not be compared with anything, and must not be compared with.
    pub(super) fn set_aside(findings: Vec<Finding>) -> Self {
        Self { findings, consumption: None, implied_purchase: None, trusted: false }
    }

    /// Whether a rule spoke.
    #[must_use]
    pub fn has(&self, rule: Rule) -> bool {
        self.findings.iter().any(|finding| finding.rule == rule)
    }

    /// The weightiest severity found.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.rule.entry().severity).max()
    }
}
