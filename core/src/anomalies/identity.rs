//! Is it the right meter? (DOMAIN 4, order 1; R-2)
//!
//! Apart and first, because every other check compares this meter with itself.

use super::catalogue::Rule;
use super::comparison::portion;
use super::{Facts, Finding, Observation, Settings};
use crate::quantity::Volume;

/// `wrong_meter` or `exchange_unreported` where the number seen on the meter is not the registered one.
pub(super) fn check(facts: &Facts, seen: &Observation, settings: &Settings) -> Option<Finding> {
    let (seen_number, number) = (seen.seen_number?, facts.number);
    if significant(seen_number).next().is_none() || significant(seen_number).eq(significant(number)) {
        return None;
    }
    let rule = if looks_new(facts, seen, settings) { Rule::ExchangeUnreported } else { Rule::WrongMeter };
    let figure = |figure: Option<Volume>| figure.map_or_else(|| "?".to_owned(), |volume| volume.to_string());
    Some(
        Finding::new(rule)
            .with("number", number)
            .with("seen_number", seen_number)
            .with("previous", figure(facts.last.and_then(|last| last.figures.index)))
            .with("current", figure(seen.figures.index)),
    )
}

/// Letters and digits alone, without leading zeros: a scanned barcode and a plate differ in spaces, dashes and case.
fn significant(number: &str) -> impl Iterator<Item = char> {
    let plain = number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase);
    plain.skip_while(|c| *c == '0')
}

/// Small M1: below M0, and no more than a meter put in since then would have counted.
fn looks_new(facts: &Facts, seen: &Observation, settings: &Settings) -> bool {
    let (Some(previous), Some(current)) = (facts.last.and_then(|last| last.figures.index), seen.figures.index) else {
        return false;
    };
    let expected = facts.expected.unwrap_or(Volume::ZERO);
    let counted = portion(expected, settings.rollover_factor).max(expected + settings.rollover_slack);
    current < previous && current <= counted
}
