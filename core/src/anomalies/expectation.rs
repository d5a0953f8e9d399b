//! How much gas a point was to be expected to use (DOMAIN 4, "expected").
//!
//! Apart because it is a forecast, the only guess among the hard checks, and they are built to survive a bad one. Seasons
//! come first: in a heating city the last period alone would make every November a fault. So: the same days a year ago, times
//! the point's own trend; failing that, its daily use of the last quarter.

use crate::calendar::Instant;
use crate::quantity::Volume;
use chrono::TimeDelta;

const YEAR: TimeDelta = TimeDelta::days(365);
/// The trend compares up to half a year with the same days a year before …
const TREND_LONGEST: TimeDelta = TimeDelta::days(182);
/// … and says nothing from less than two months.
const TREND_SHORTEST: TimeDelta = TimeDelta::days(60);
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

    /// The same days a year ago, times the point's own trend.
    fn last_year(&self, from: Instant, to: Instant) -> Option<Volume> {
        let (from, to) = (from.checked_sub_signed(YEAR)?, to.checked_sub_signed(YEAR)?);
        if to < from {
            return None;
        }
        let (now, then) = self.trend().unwrap_or((1, 1));
        Some(self.used(from, to)?.scaled(now, then))
    }

    /// Recent use over the same days a year before, held between a half and two: a family grows, it does not grow tenfold.
    fn trend(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.0.first()?.0, self.0.last()?.0);
        let window = (last - first).checked_sub(&YEAR)?.min(TREND_LONGEST);
        if window < TREND_SHORTEST {
            return None;
        }
        let now = self.used(last - window, last)?;
        let then = self.used(last - window - YEAR, last - YEAR)?;
        (then >= TREND_LEAST)
            .then(|| (now.litres().clamp(then.litres() / 2, then.litres().saturating_mul(2)), then.litres()))
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
