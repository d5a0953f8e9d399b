//! Slips of a reader: one wrong digit, or two neighbours swapped (DOMAIN 4, misread).
//!
//! Apart because it is run before any rule that would blame the meter. It only proposes figures; the rule that asks
//! decides which of them would explain what was seen.

use crate::quantity::Volume;

/// How many candidates are kept as evidence; more would be no hint.
const SHOWN: usize = 5;

/// Every other figure one slip away from `figure`, on a counter of digits worth `unit` up to just below `wrap`.
/// Leading zeros are digits too: `00150` for `10150` is one slip.
pub(super) fn candidates(figure: Volume, unit: Volume, wrap: Volume) -> impl Iterator<Item = Volume> {
    let figure = figure.litres();
    let top = if figure < 0 { 0 } else { wrap.litres() };
    let places = std::iter::successors(Some(unit.litres().max(1)), |place| place.checked_mul(10))
        .take_while(move |place| *place < top);
    places.flat_map(move |place| {
        let digit = figure / place % 10;
        let changed = (0..10).map(move |other| figure.saturating_add((other - digit).saturating_mul(place)));
        let upper = place.checked_mul(10).filter(|upper| *upper < top);
        let swapped = upper.filter(|upper| digit != figure / upper % 10).map(|upper| {
            let gap = figure / upper % 10 - digit;
            figure.saturating_add(gap.saturating_mul(place)).saturating_sub(gap.saturating_mul(upper))
        });
        changed.chain(swapped).filter(move |other| *other != figure).map(Volume::from_litres)
    })
}

/// The largest power of ten (in 0.001 m³, at most 1 m³) that is not above `resolution`: the last digit a reader enters.
pub(super) fn last_digit(resolution: Volume) -> Volume {
    let digit = [1000, 100, 10].into_iter().find(|digit| *digit <= resolution.litres()).unwrap_or(1);
    Volume::from_litres(digit)
}

/// The nearest few to `target`, in words.
pub(super) fn shown(mut found: Vec<(Volume, Volume)>, target: Volume) -> String {
    found.sort_by_key(|(_, consumption)| {
        (consumption.max(&target).litres()).saturating_sub(consumption.min(&target).litres())
    });
    let shown: Vec<_> = found.iter().take(SHOWN).map(|(figure, _)| figure.to_string()).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_and_swaps_of_every_digit_leading_zeros_included() {
        let near: Vec<_> = candidates(Volume::from_m3(60_150), Volume::from_m3(1), Volume::from_m3(100_000)).collect();
        for expected in [62_150, 6_150, 60_105, 60_510] {
            assert!(near.contains(&Volume::from_m3(expected)), "{expected}");
        }
        assert!(!near.contains(&Volume::from_m3(60_150)));
        assert_eq!(near.len(), 5 * 9 + 4);
    }

    #[test]
    fn the_last_digit_is_the_one_the_reader_enters() {
        assert_eq!(
            [1000, 5000, 200, 1, 0].map(|r| last_digit(Volume::from_litres(r)).litres()),
            [1000, 1000, 100, 1, 1]
        );
    }
}
