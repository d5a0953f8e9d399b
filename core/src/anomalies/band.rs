//! The band at the door (DOMAIN 5): where the index should be. Outside of it the phone asks for a second, blind entry.
//!
//! Apart from the verdict, because it accuses nobody and may be narrow: half to twice the use to be expected, wider where a meter's
//! own use jumps from period to period.

use super::past::Past;
use crate::calendar::Instant;
use crate::meters::MeterTraits;
use crate::quantity::Volume;

/// How far use may be from what is expected, as a factor in hundredths: 200 is half to twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Width(i64);

/// Use is never compared more finely than this: nobody enters a figure again for 3 m³.
const SLACK: Volume = Volume::from_m3(3);
/// The steps of [`Band::possible_above`].
const COARSE: Volume = Volume::from_m3(5_000);
/// Fewer changes from period to period say nothing of a meter's habits.
const LEAST_CHANGES: usize = 4;

impl Width {
    /// Half to twice.
    pub const NARROW: Self = Self(200);
    /// A sixth to six times.
    pub const WIDE: Self = Self(600);

    /// By how use changed from each of the latest periods to the next: the square of the usual change, so that a step twice as
    /// large as usual on a logarithmic scale is still inside.
    pub(super) fn of_changes(mut changes: Vec<i64>) -> Self {
        if changes.len() < LEAST_CHANGES {
            return Self::NARROW;
        }
        changes.sort_unstable();
        let usual = changes[changes.len() / 2].min(Self::WIDE.0);
        Self((usual * usual / 100).clamp(Self::NARROW.0, Self::WIDE.0))
    }

    /// The least of the use expected that is inside.
    #[must_use]
    pub fn least(self, expected: Volume) -> Volume {
        (expected.scaled(100, self.0) - SLACK).max(Volume::ZERO)
    }

    /// The most of it that is inside.
    #[must_use]
    pub fn most(self, expected: Volume) -> Volume {
        expected.scaled(self.0, 100) + SLACK
    }
}

/// Where the index should be while a round runs, on the dial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Band {
    /// From here …
    pub low: Volume,
    /// … to here no second entry is asked for; below `low` when the dial wraps.
    pub high: Volume,
    /// From `high` to the index when Qr has flowed all the time; `None` where the dial could have gone round.
    pub possible_above: Option<Volume>,
    /// The most use that is inside.
    pub most_used: Volume,
}

/// The band from the last accepted visit to a round of these days: the last index plus the least use expected by its beginning, to
/// the most expected by its end. `None` where nothing can be expected.
#[must_use]
pub fn band(past: &Past, traits: &MeterTraits, first: Instant, end: Instant) -> Option<Band> {
    let last = past.visits().last()?;
    let (index, wrap, end) = (last.figures.index?, traits.digits.wrap(), end.max(last.at));
    let used_by = |at: Instant| if at > last.at { past.expected(wrap, last.at, at) } else { Some(Volume::ZERO) };
    // Too little is known where nothing can be expected of a moment after the last visit.
    let (least, most) = (used_by(first)?, past.expected(wrap, last.at, end)?);
    let width = past.width(wrap);
    let most_used = width.most(most);
    // 1.2 Qmax h (DOMAIN 4, "Ceiling"): beyond it the phone wants more than a second entry.
    let minutes = end.signed_duration_since(last.at).num_minutes();
    let ceiling = traits.qmax_per_hour.scaled(minutes, 60).scaled(12, 10).max(most_used);
    // Rounded up: a bound this wide needs no fine figures, and round ones travel for nothing.
    let possible =
        Volume::from_litres((ceiling - most_used).litres().div_euclid(COARSE.litres()) * COARSE.litres()) + COARSE;
    let on_dial = |index: Volume| Volume::from_litres(index.litres().rem_euclid(wrap.litres()));
    Some(Band {
        low: on_dial(index + width.least(least)),
        high: on_dial(index + most_used),
        possible_above: (most_used + possible < wrap).then_some(possible),
        most_used,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anomalies::Visit;
    use crate::readings::Figures;
    use chrono::TimeDelta;

    const WRAP: Volume = Volume::from_m3(100_000);

    /// A past of months with these uses, in m³.
    fn months(uses: &[i64]) -> Past {
        let start: Instant = "2025-01-01T00:00:00Z".parse().expect("an instant");
        let indexes = uses.iter().scan(0, |index, used| {
            *index += used;
            Some(*index)
        });
        let visit = |(n, index): (usize, i64)| Visit {
            at: start + TimeDelta::days(30 * i64::try_from(n).expect("few")),
            figures: Figures { index: Some(Volume::from_m3(index)), cumulative: None, balance: None },
        };
        Past::whole(std::iter::once(0).chain(indexes).enumerate().map(visit).collect())
    }

    #[test]
    fn a_steady_meter_has_half_to_twice_and_three_m3() {
        let width = months(&[20, 22, 19, 25, 18, 21, 20, 24]).width(WRAP);
        assert_eq!(width, Width::NARROW);
        assert_eq!(
            (width.least(Volume::from_m3(20)), width.most(Volume::from_m3(20))),
            (Volume::from_m3(7), Volume::from_m3(43))
        );
        assert_eq!(width.least(Volume::from_m3(5)), Volume::ZERO);
    }

    #[test]
    fn a_meter_whose_use_jumps_has_a_wider_one_within_limits() {
        let jumping = months(&[20, 34, 21, 36, 20, 33, 19, 35]).width(WRAP);
        assert!(jumping > Width::NARROW && jumping < Width::WIDE, "{jumping:?}");
        assert_eq!(months(&[1, 500, 2, 700, 1, 900, 3]).width(WRAP), Width::WIDE);
    }

    #[test]
    fn one_jump_or_too_short_a_past_widens_nothing() {
        assert_eq!(months(&[20, 21, 20, 200, 20, 19, 21, 20]).width(WRAP), Width::NARROW);
        assert_eq!(months(&[20, 200, 20]).width(WRAP), Width::NARROW);
        assert_eq!(Past::default().width(WRAP), Width::NARROW);
    }

    #[test]
    fn a_second_look_on_the_same_day_is_no_period() {
        let mut past = months(&[20, 22, 19, 25, 18, 21]);
        let last = *past.visits().last().expect("visits");
        for hour in 1..6 {
            past.remember(Visit { at: last.at + TimeDelta::hours(hour), ..last });
        }
        assert_eq!(past.width(WRAP), Width::NARROW);
    }
}
