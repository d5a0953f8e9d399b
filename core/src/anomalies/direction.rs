//! Did the index go forward, roll over, or backwards? (DOMAIN 4, order 2)
//!
//! Apart because it decides dM, the use every later check rests on.

use super::catalogue::Rule;
use super::comparison::{Comparison, portion};
use super::{Finding, slip};
use crate::quantity::Volume;

/// How the index moved.
pub(super) enum Direction {
    /// dM, with `rollover` where the dial passed zero.
    Forward(Volume, Option<Finding>),
    /// dM is not known.
    Doubtful(Finding),
}

/// The wrap decision. More than one wrap is never inferred.
pub(super) fn decide(visits: &Comparison) -> Direction {
    let (previous, current) = visits.index;
    if current >= previous {
        return Direction::Forward(current - previous, None);
    }
    let wrapped = visits.advance(previous, current);
    let compared = |rule| Finding::new(rule).with("previous", previous).with("current", current);
    if wrapped > Volume::ZERO && !visits.exceeds(wrapped, visits.ceiling()) {
        if is_plausible(visits, wrapped) {
            return Direction::Forward(wrapped, Some(compared(Rule::Rollover).with("consumption", wrapped)));
        }
        let unsure = compared(Rule::RolloverUnsure).with("consumption", wrapped);
        return Direction::Doubtful(with_slips(visits, unsure.with("expected", visits.expected_text())));
    }
    let slips = slips_of_current(visits);
    if !slips.is_empty() {
        let misread = compared(Rule::MisreadSuspect).with("figure", "index");
        return Direction::Doubtful(misread.with("candidates", slip::shown(slips, target(visits))));
    }
    let slips = slips_of_previous(visits);
    if !slips.is_empty() {
        let misread = compared(Rule::PreviousMisreadSuspect);
        return Direction::Doubtful(misread.with("candidates", slip::shown(slips, target(visits))));
    }
    Direction::Doubtful(compared(Rule::Reverse).with("expected", visits.expected_text()))
}

/// Whether the use behind a rollover is one to be expected: by the customer's habit, and by the cumulative where there is
/// one. Without a habit the cumulative alone may vouch for it; without either, a person must.
fn is_plausible(visits: &Comparison, wrapped: Volume) -> bool {
    let habit = visits.facts.expected.map(|expected| {
        let most = portion(expected, visits.settings.rollover_factor).max(expected + visits.settings.rollover_slack);
        wrapped <= most
    });
    let module = visits.cumulative_use().map(|cumulative_use| visits.agree(wrapped, cumulative_use));
    (habit.is_some() || module.is_some()) && habit.unwrap_or(true) && module.unwrap_or(true)
}

/// Adds the slips that would explain an odd index, for the analyst.
pub(super) fn with_slips(visits: &Comparison, finding: Finding) -> Finding {
    let slips = slips_of_current(visits);
    if slips.is_empty() { finding } else { finding.with("candidates", slip::shown(slips, target(visits))) }
}

/// What M1 may have been, with the use it would mean. A figure confirmed by a second blind entry is not a slip.
fn slips_of_current(visits: &Comparison) -> Vec<(Volume, Volume)> {
    if visits.seen.confirmed {
        return Vec::new();
    }
    let (previous, current) = visits.index;
    explained(visits, current, |candidate| visits.advance(previous, candidate))
}

/// What M0 may have been.
fn slips_of_previous(visits: &Comparison) -> Vec<(Volume, Volume)> {
    let (previous, current) = visits.index;
    explained(visits, previous, |candidate| visits.advance(candidate, current))
}

/// A slip explains the index if the use is then ordinary: 0 ≤ dM ≤ 2.5 × expected + 3, and dM = dE where E is known.
/// Without a habit and without E anything below the ceiling counts as ordinary: a re-read is cheaper than an accusation.
fn explained(visits: &Comparison, figure: Volume, use_of: impl Fn(Volume) -> Volume) -> Vec<(Volume, Volume)> {
    let traits = &visits.facts.traits;
    let unit = slip::last_digit(traits.resolution).max(traits.digits.step());
    let ordinary = |expected| portion(expected, visits.settings.misread_factor) + visits.settings.misread_slack;
    let most = visits.facts.expected.map_or_else(|| visits.ceiling(), ordinary);
    slip::candidates(figure, unit, traits.digits.wrap())
        .map(|candidate| (candidate, use_of(candidate)))
        .filter(|(_, consumption)| (Volume::ZERO..=most).contains(consumption))
        .filter(|(_, consumption)| visits.cumulative_use().is_none_or(|module| visits.agree(*consumption, module)))
        .collect()
}

/// The use that candidates are ranked by.
fn target(visits: &Comparison) -> Volume {
    visits.cumulative_use().or(visits.facts.expected).unwrap_or(Volume::ZERO)
}
