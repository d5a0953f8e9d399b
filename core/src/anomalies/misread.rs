//! The slip test: would one slip of a reader explain what does not fit? (DOMAIN 4; R-3)
//!
//! Apart because it comes before every rule that would blame the meter, whichever check found that something does not fit.
//! A figure that was confirmed by a second blind entry or a re-read is no slip of this visit.

use super::balance::Account;
use super::catalogue::Rule;
use super::comparison::{Comparison, portion};
use super::{Finding, slip};
use crate::quantity::Volume;

/// A figure one slip away, and the use it would mean.
type Candidate = (Volume, Volume);

/// The index went backwards: a slip at this visit, or at the last one?
pub(super) fn by_direction(visits: &Comparison) -> Option<Finding> {
    let (previous, current) = visits.index;
    let slips = slips_of_current(visits);
    if !slips.is_empty() {
        return Some(suspect("index", current, slips, target(visits)).with("previous", previous));
    }
    let slips = explained(visits, previous, |candidate| visits.advance(candidate, current));
    if slips.is_empty() {
        return None;
    }
    let finding = Finding::new(Rule::PreviousMisreadSuspect).with("previous", previous).with("current", current);
    Some(finding.with("candidates", slip::shown(slips, target(visits))))
}

/// I1 fails: a slip of the cumulative that restores I1 and I2, or one of the index that restores I1?
pub(super) fn by_identities(
    visits: &Comparison,
    index_use: Volume,
    cumulative_use: Volume,
    account: Option<(Account, i64)>,
) -> Option<Finding> {
    if visits.seen.confirmed {
        return None;
    }
    let slips = slips_of_cumulative(visits, index_use, cumulative_use, account);
    if !slips.is_empty() {
        let current = visits.seen.figures.cumulative?;
        return Some(suspect("cumulative", current, slips, index_use));
    }
    if cumulative_use < Volume::ZERO {
        return None;
    }
    let (previous, current) = visits.index;
    let slips: Vec<_> = around_index(visits, current)
        .map(|candidate| (candidate, visits.advance(previous, candidate)))
        .filter(|(_, mechanical)| visits.agree(*mechanical, cumulative_use))
        .collect();
    (!slips.is_empty()).then(|| suspect("index", current, slips, cumulative_use))
}

/// Adds the slips that would explain an odd index, for the analyst.
pub(super) fn with_slips(visits: &Comparison, finding: Finding) -> Finding {
    let slips = slips_of_current(visits);
    if slips.is_empty() { finding } else { finding.with("candidates", slip::shown(slips, target(visits))) }
}

fn suspect(figure: &str, current: Volume, slips: Vec<Candidate>, target: Volume) -> Finding {
    let finding = Finding::new(Rule::MisreadSuspect).with("figure", figure).with("current", current);
    finding.with("candidates", slip::shown(slips, target))
}

/// What M1 may have been.
fn slips_of_current(visits: &Comparison) -> Vec<Candidate> {
    if visits.seen.confirmed {
        return Vec::new();
    }
    let (previous, current) = visits.index;
    explained(visits, current, |candidate| visits.advance(previous, candidate))
}

/// What E1 may have been. An unchanged cumulative is no slip unless the balance denies it, because hardly anybody misreads
/// a figure into exactly the old one.
fn slips_of_cumulative(
    visits: &Comparison,
    index_use: Volume,
    cumulative_use: Volume,
    account: Option<(Account, i64)>,
) -> Vec<Candidate> {
    let fits = |module| account.is_none_or(|(account, balance)| account.fits(module, balance));
    let stood_still = cumulative_use == Volume::ZERO && fits(cumulative_use);
    let (Some(previous), Some(current)) = (visits.last.figures.cumulative, visits.seen.figures.cumulative) else {
        return Vec::new();
    };
    // The module's digits are not registered: one more than either figure has.
    let top = Volume::from_litres(previous.max(current).litres().max(1).saturating_mul(10));
    slip::candidates(current, slip::last_digit(visits.pulse()), top)
        .map(|candidate| (candidate, candidate - previous))
        .filter(|(_, module)| !stood_still && *module >= Volume::ZERO)
        .filter(|(_, module)| visits.agree(index_use, *module) && fits(*module))
        .collect()
}

/// A slip explains the index if the use is then ordinary: 0 ≤ dM ≤ 2.5 × expected + 3, rollover allowed, and dM = dE
/// where E is known. Without a habit anything below the ceiling counts as ordinary: a re-read is cheaper than
/// an accusation.
fn explained(visits: &Comparison, figure: Volume, use_of: impl Fn(Volume) -> Volume) -> Vec<Candidate> {
    let ordinary = |expected| portion(expected, visits.settings.misread_factor) + visits.settings.misread_slack;
    let most = visits.facts.expected.map_or_else(|| visits.ceiling(), ordinary);
    around_index(visits, figure)
        .map(|candidate| (candidate, use_of(candidate)))
        .filter(|(_, consumption)| (Volume::ZERO..=most).contains(consumption))
        .filter(|(_, consumption)| visits.cumulative_use().is_none_or(|module| visits.agree(*consumption, module)))
        .collect()
}

/// The use that candidates are ranked by.
fn target(visits: &Comparison) -> Volume {
    visits.cumulative_use().or(visits.facts.expected).unwrap_or(Volume::ZERO)
}

/// The figures one slip away on the dial.
fn around_index(visits: &Comparison, figure: Volume) -> impl Iterator<Item = Volume> {
    let digits = visits.facts.traits.digits;
    slip::candidates(figure, slip::last_digit(visits.resolution()).max(digits.step()), digits.wrap())
}
