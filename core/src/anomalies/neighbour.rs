//! Were the readings of two meters on one landing exchanged? (DOMAIN 4, order 7, `neighbour_swap`)
//!
//! Apart because it is the only hard check that needs two meters. It is asked only where one of the two readings is doubted
//! already, and it speaks only where exchanging them makes *both* plausible: then neither meter is to blame.

use super::catalogue::{Rule, Severity};
use super::comparison::portion;
use super::{Facts, Finding, Observation, Settings, judge};
use crate::readings::Figures;

/// A reading with what was known of its meter before.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The meter.
    pub facts: Facts<'a>,
    /// What was entered for it.
    pub seen: Observation<'a>,
}

/// A finding for each of the two, or none. A number taken from the meter or a figure looked at twice says that this meter
/// was read, and without a habit nothing is plausible enough.
#[must_use]
pub fn neighbour_swap(one: &Entry, other: &Entry, settings: &Settings) -> Option<(Finding, Finding)> {
    let is_sure = |entry: &Entry| entry.seen.confirmed || entry.seen.seen_number.is_some();
    if is_sure(one) || is_sure(other) || one.seen.figures == other.seen.figures {
        return None;
    }
    let as_entered = is_ordinary(one, one.seen.figures, settings) && is_ordinary(other, other.seen.figures, settings);
    let exchanged = is_ordinary(one, other.seen.figures, settings) && is_ordinary(other, one.seen.figures, settings);
    (exchanged && !as_entered).then(|| (finding(one, other), finding(other, one)))
}

/// No finding that asks for anything, and a use of at most 2.5 × expected + 3 (the bound of the slip test).
fn is_ordinary(entry: &Entry, figures: Figures, settings: &Settings) -> bool {
    let Some(expected) = entry.facts.expected else { return false };
    let verdict = judge(&entry.facts, &Observation { figures, ..entry.seen }, settings);
    let most = portion(expected, settings.misread_factor) + settings.misread_slack;
    verdict.trusted
        && verdict.severity().is_none_or(|severity| severity == Severity::Note)
        && verdict.consumption.is_some_and(|used| used <= most)
}

fn finding(own: &Entry, beside: &Entry) -> Finding {
    let index = |entry: &Entry| entry.seen.figures.index.unwrap_or_default();
    Finding::new(Rule::NeighbourSwap)
        .with("neighbour", beside.facts.number)
        .with("current", index(own))
        .with("other", index(beside))
}
