//! What was found of what was planted, and what was found where nothing was.

use super::city::{City, Fault};
use meterbook::anomalies::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// A verdict by a rule on a meter.
pub type Finding = (String, String);

/// One line of the table.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Score {
    /// Planted.
    pub planted: usize,
    /// … and found by the right rule.
    pub found: usize,
    /// Found by this rule on a meter where it was not planted.
    pub false_alarms: usize,
}

/// Scores findings against the truth, by rule. `visited` are the meters somebody read: what nobody looked at can't be found.
#[must_use]
pub fn score(city: &City, findings: &BTreeSet<Finding>, visited: &BTreeSet<String>) -> BTreeMap<&'static str, Score> {
    let mut table: BTreeMap<&'static str, Score> = BTreeMap::new();
    let mut truth: BTreeSet<Finding> = BTreeSet::new();
    for planted in city.truth.iter().filter(|planted| visited.contains(&planted.meter_number)) {
        let line = table.entry(planted.rule.code()).or_default();
        line.planted += 1;
        let finding = (planted.meter_number.clone(), planted.rule.code().to_owned());
        line.found += usize::from(findings.contains(&finding));
        truth.insert(finding);
    }
    for finding in findings.difference(&truth) {
        if let Some(rule) = Rule::from_code(&finding.1) {
            table.entry(rule.code()).or_default().false_alarms += 1;
        }
    }
    table
}

/// Faults that show only over months, in the monthly lists, and not at one visit.
#[must_use]
pub fn needs_months(rule: &str) -> bool {
    [Fault::SlowSuspect, Fault::FastSuspect].iter().any(|fault| fault.code() == rule)
}
