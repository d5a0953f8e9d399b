//! How much gas a point was to be expected to use (DOMAIN 4, "expected").
//!
//! Apart because it is a forecast, the only guess among the hard checks, and they are built to survive a bad one. Seasons
//! come first: in a heating city the last period alone would make every November a fault. So: the same days a year ago, times
//! the point's own trend. Without a year's readings, or where another household seems to have moved in, the daily use of
//! the last quarter.

use crate::calendar::Instant;
use crate::quantity::Volume;
use chrono::TimeDelta;

const YEAR: TimeDelta = TimeDelta::days(365);
/// The trend compares up to half a year with the same days a year before …
const TREND_LONGEST: TimeDelta = TimeDelta::days(182);
/// … and says nothing from less than two months.
const TREND_SHORTEST: TimeDelta = TimeDelta::days(60);
/// How long before the newest reading nothing is looked at any more: a trend's longest window, a year before.
pub const LOOKS_BACK: TimeDelta = TimeDelta::days(365 + 182);
/// A trend from less gas than this is noise.
const TREND_LEAST: Volume = Volume::from_m3(10);
/// Daily use is taken from the last quarter …
const RECENT_LONGEST: TimeDelta = TimeDelta::days(92);
/// … and is not known from less than 20 days.
const RECENT_SHORTEST: TimeDelta = TimeDelta::days(20);

/// Use to be expected from `from` to `to`, by the accepted readings of one installation up to `from`, oldest first.
/// `wrap` is W of its dial. `None` where too little is known; never negative.
#[must_use]
pub fn expected(history: &[(Instant, Volume)], wrap: Volume, from: Instant, to: Instant) -> Option<Volume> {
    let curve = Curve::through(history, wrap, from)?;
    curve.last_year(from, to).or_else(|| curve.at_recent_rate(from, to))
}

/// How the use of a point has changed in a year.
enum Trend {
    /// Too few readings or too little gas to say: taken as unchanged.
    Unknown,
    /// As `now` to `then`.
    Ratio { now: Volume, then: Volume },
    /// So much that last year is no guide: another household, another trade.
    AnotherHabit,
}

/// Total gas used since the first reading: straight lines between readings, rollovers unrolled.
struct Curve(Vec<(Instant, Volume)>);

impl Curve {
    /// `None` with fewer than two readings.
    fn through(history: &[(Instant, Volume)], wrap: Volume, until: Instant) -> Option<Self> {
        let mut points: Vec<(Instant, Volume)> = Vec::with_capacity(history.len());
        let mut previous = Volume::ZERO;
        for (at, index) in history.iter().copied().filter(|(at, _)| *at <= until) {
            match points.last() {
                None => points.push((at, Volume::ZERO)),
                Some((before, total)) if at > *before => {
                    let used = (index - previous).litres().checked_rem_euclid(wrap.litres())?;
                    points.push((at, *total + Volume::from_litres(used)));
                }
                Some(_) => continue,
            }
            previous = index;
        }
        (points.len() >= 2).then_some(Self(points))
    }

    /// The total at a moment; `None` outside the readings.
    fn total(&self, at: Instant) -> Option<Volume> {
        let next = self.0.partition_point(|(known, _)| *known < at);
        let (next_at, next_total) = *self.0.get(next)?;
        if next_at == at {
            return Some(next_total);
        }
        let (previous_at, previous_total) = *self.0.get(next.checked_sub(1)?)?;
        let part = (at - previous_at).num_milliseconds();
        let whole = (next_at - previous_at).num_milliseconds().max(1);
        Some(previous_total + (next_total - previous_total).scaled(part, whole))
    }

    /// Gas used between two moments; `None` where either lies outside the readings.
    fn used(&self, from: Instant, to: Instant) -> Option<Volume> {
        Some(self.total(to)? - self.total(from)?)
    }

    /// The same days a year ago, times the point's own trend; `None` where last year says nothing of this one.
    fn last_year(&self, from: Instant, to: Instant) -> Option<Volume> {
        let (from, to) = (from.checked_sub_signed(YEAR)?, to.checked_sub_signed(YEAR)?);
        if to < from {
            return None;
        }
        let used = self.used(from, to)?;
        match self.trend() {
            Trend::Unknown => Some(used),
            Trend::Ratio { now, then } => Some(used.scaled(now.litres(), then.litres())),
            Trend::AnotherHabit => None,
        }
    }

    /// Recent use beside that of the same days a year before. Sound points stay well within a half and twice.
    fn trend(&self) -> Trend {
        let Some((now, then)) = self.compared_years() else {
            return Trend::Unknown;
        };
        let twice = |volume: Volume| volume + volume;
        if now.max(then) < TREND_LEAST {
            Trend::Unknown
        } else if now > twice(then) || then > twice(now) {
            Trend::AnotherHabit
        } else {
            Trend::Ratio { now, then }
        }
    }

    /// Use of the longest comparable window up to the last reading, and of the same days a year before.
    fn compared_years(&self) -> Option<(Volume, Volume)> {
        let (first, last) = (self.0.first()?.0, self.0.last()?.0);
        let window = (last - first).checked_sub(&YEAR)?.min(TREND_LONGEST);
        if window < TREND_SHORTEST {
            return None;
        }
        Some((self.used(last - window, last)?, self.used(last - window - YEAR, last - YEAR)?))
    }

    /// Daily use of the last quarter, for as many days.
    fn at_recent_rate(&self, from: Instant, to: Instant) -> Option<Volume> {
        let (first, last) = (self.0.first()?.0, self.0.last()?.0);
        let window = (last - first).min(RECENT_LONGEST);
        let span = to.signed_duration_since(from).num_milliseconds();
        if window < RECENT_SHORTEST || span < 0 {
            return None;
        }
        Some(self.used(last - window, last)?.scaled(span, window.num_milliseconds()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRAP: Volume = Volume::from_m3(100_000);

    fn day(number: i64) -> Instant {
        "2022-01-01T00:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::days(number)
    }

    /// Monthly readings (every 30 days from day 0) of a home that heats for five months, `rate` m³ a day by day number.
    fn readings(until: i64, rate: impl Fn(i64) -> i64) -> Vec<(Instant, Volume)> {
        let total = |until: i64| 99_000 + (0..until).map(&rate).sum::<i64>();
        (0..=until / 30).map(|month| (day(month * 30), Volume::from_m3(total(month * 30) % 100_000))).collect()
    }

    fn heating(day: i64) -> i64 {
        if (105..315).contains(&(day % 365)) { 1 } else { 10 }
    }

    fn expected_m3(history: &[(Instant, Volume)], from: i64, to: i64) -> Option<i64> {
        expected(history, WRAP, day(from), day(to)).map(|volume| volume.litres() / 1000)
    }

    #[test]
    fn the_first_cold_month_is_expected_from_last_year_not_from_the_last_period() {
        let history = readings(690, heating);
        // 300 m³ in truth; straight lines between monthly readings blur the day the heating came on.
        assert!((240..=310).contains(&expected_m3(&history, 690, 720).expect("known")));
    }

    #[test]
    fn a_growing_use_carries_its_trend_and_the_dial_may_wrap() {
        let history = readings(690, |day| if day < 365 { 10 } else { 15 });
        assert_eq!(expected_m3(&history, 690, 720), Some(450));
    }

    #[test]
    fn another_household_is_not_judged_by_the_one_before() {
        let history = readings(690, |day| if day < 365 { 0 } else { 5 });
        assert_eq!(expected_m3(&history, 690, 720), Some(150));
        let moved_out = readings(690, |day| if day < 400 { 5 } else { 0 });
        assert_eq!(expected_m3(&moved_out, 690, 720), Some(0));
    }

    #[test]
    fn without_a_year_the_last_quarter_counts_and_without_a_month_nothing_is_known() {
        assert_eq!(expected_m3(&readings(120, |day| if day < 60 { 0 } else { 4 }), 120, 150), Some(78));
        assert_eq!(expected_m3(&readings(0, |_| 4), 0, 30), None);
        assert_eq!(expected_m3(&[], 0, 30), None);
        let days = [(day(0), Volume::ZERO), (day(19), Volume::from_m3(5))];
        assert_eq!(expected_m3(&days, 19, 30), None);
    }

    #[test]
    fn odd_histories_neither_panic_nor_go_negative() {
        let twice = [(day(0), Volume::from_m3(5)), (day(0), Volume::from_m3(7)), (day(30), Volume::from_m3(35))];
        assert_eq!(expected_m3(&twice, 30, 60), Some(30));
        assert_eq!(expected_m3(&twice, 30, 29), None);
        assert_eq!(expected(&twice, Volume::ZERO, day(30), day(60)), None);
        let wild =
            [(Instant::MIN_UTC, Volume::from_litres(i64::MIN)), (Instant::MAX_UTC, Volume::from_litres(i64::MAX))];
        assert!(expected(&wild, WRAP, Instant::MAX_UTC, Instant::MAX_UTC).is_some_and(|volume| volume >= Volume::ZERO));
        assert_eq!(expected(&wild, WRAP, Instant::MIN_UTC, Instant::MIN_UTC), None);
    }
}
