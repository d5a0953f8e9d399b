//! Patterns of the numbers themselves: last digits, equal uses, a catch-up after a change of reader.
//!
//! Apart and last, because they find little by themselves (ANOMALY: .44 at best) and honest habits make some of them.

use super::{Entry, Fleet, IntegritySettings, Sign, SignKind, percent, stands_out};
use crate::quantity::Volume;

/// Readings needed before last digits say anything.
const DIGITS_LEAST: usize = 200;
/// χ² of nine degrees of freedom that 1 honest reader in 1,000 exceeds, times 100.
const CHI_SQUARE_CENTI: u128 = 2_788;

/// Uses equal to the one before, of how many; a zero is equal for good reasons.
pub(super) fn equal(entries: &[Entry]) -> (usize, usize) {
    let uses = entries.iter().filter_map(|entry| entry.uses).filter(|(used, _)| *used > Volume::ZERO);
    uses.fold((0, 0), |(count, of), (used, before)| (count + usize::from(used == before), of + 1))
}

/// The same use again and again.
pub(super) fn equal_uses(entries: &[Entry], fleet: &Fleet, settings: &IntegritySettings) -> Option<Sign> {
    let own = equal(entries);
    let is_equal = |entry: &&Entry| entry.uses.is_some_and(|(used, before)| used == before && used > Volume::ZERO);
    stands_out(own, fleet.equal_uses, settings).then(|| {
        let sign = Sign::new(SignKind::EqualIncrements, own.0, own.1);
        let sign = sign.with("share", percent(own)).with("fleet", percent(fleet.equal_uses));
        sign.naming(entries.iter().filter(is_equal).map(|entry| entry.record))
    })
}

/// Last digits that chance would hardly make.
pub(super) fn last_digits(entries: &[Entry]) -> Option<Sign> {
    let digit = |(index, unit): (Volume, Volume)| (index.litres() / unit.litres().max(1)).rem_euclid(10) as usize;
    let mut counts = [0_usize; 10];
    entries.iter().filter_map(|entry| entry.index).for_each(|index| counts[digit(index)] += 1);
    let of: usize = counts.iter().sum();
    // Σ (c − n/10)² / (n/10) = Σ (10 c − n)² / (10 n).
    let squares: u128 = counts.iter().map(|count| (count * 10).abs_diff(of) as u128).map(|gap| gap * gap).sum();
    let is_uneven = squares * 100 > CHI_SQUARE_CENTI * 10 * of as u128;
    let (digit_most, count) = counts.iter().enumerate().max_by_key(|(digit, count)| (**count, 10 - digit))?;
    (of >= DIGITS_LEAST && is_uneven).then(|| {
        let sign = Sign::new(SignKind::LastDigit, *count, of).with("digit", digit_most).with("even", of / 10);
        let shows = |entry: &&Entry| entry.index.is_some_and(|index| digit(index) == digit_most);
        sign.naming(entries.iter().filter(shows).map(|entry| entry.record))
    })
}

/// Use jumped at the first reading by somebody else: it had been kept low before.
pub(super) fn catch_up(after: &[(Volume, Volume)], settings: &IntegritySettings) -> Option<Sign> {
    let mut ratios: Vec<i64> = after
        .iter()
        .filter(|(_, expected)| *expected > Volume::ZERO)
        .map(|(used, expected)| used.scaled(10_000, expected.litres()).litres())
        .collect();
    ratios.sort_unstable();
    let median = *ratios.get(ratios.len() / 2)?;
    (ratios.len() >= settings.handed_over && median >= settings.catch_up_bp).then(|| {
        let above = ratios.iter().filter(|ratio| **ratio >= settings.catch_up_bp).count();
        Sign::new(SignKind::CatchUp, above, ratios.len()).with("ratio", format!("{} %", median / 100))
    })
}
