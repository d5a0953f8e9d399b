//! Did the index go forward, roll over, or backwards? (DOMAIN 4, order 2)
//!
//! Apart because it decides dM, the use every later check rests on.

use super::catalogue::Rule;
use super::comparison::{Comparison, portion};
use super::{Finding, misread};
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
        return Direction::Doubtful(misread::with_slips(visits, unsure.with("expected", visits.expected_text())));
    }
    if let Some(misread) = misread::by_direction(visits) {
        return Direction::Doubtful(misread);
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
