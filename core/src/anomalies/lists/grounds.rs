//! What a person is told about a place on a list: whole numbers, in one sentence, with the floor under the claim.
//!
//! Apart from the score because the trees rank and these numbers justify: they are what is stored, shown and argued about.
//! Everything here is an integer, so that a stored reason can be compared with one computed again.

use super::super::catalogue::Rule;
use super::super::finding::Finding;
use super::features::{Portrait, WINDOWS, zero_run};
use super::forecast::Forecasts;
use super::history::History;
use super::peers::Peers;
use super::ranking::List;
use crate::quantity::Volume;

/// Sound meters wander: over a year the ratio to the forecast has a standard deviation of 0.12 to 0.20 whatever the noise of
/// a single period.
const WANDER: f64 = 0.15;
/// One in twenty sound meters is further below than this many standard deviations.
const ONE_IN_TWENTY: f64 = 1.645;
/// Four in five periods are within this many.
const FOUR_IN_FIVE: f64 = 1.282;

/// The numbers behind a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grounds {
    /// The list.
    pub list: List,
    /// Periods the claim is about.
    pub periods: usize,
    /// Use in them, 0.001 of the unit.
    pub used: i64,
    /// Use to be expected in them by what lay before, 0.001 of the unit.
    pub expected: i64,
    /// How far the use is off the forecast, in hundredths of it, without sign.
    pub off_percent: i64,
    /// Whether every one of the periods was off to the same side.
    pub every_one: bool,
    /// What the meter is normally within, in hundredths: four of five of its periods.
    pub normal_percent: i64,
    /// What its own wander allows to be said at all, in hundredths: one sound meter in twenty is further off.
    pub floor_percent: i64,
    /// Known earlier periods without use, and known earlier periods.
    pub zeros: (usize, usize),
    /// Whether a reader noted that the place stood empty, in these periods.
    pub noted: bool,
}

impl Grounds {
    /// The window that speaks loudest for this list.
    #[must_use]
    pub fn of(list: List, history: &History, portrait: &Portrait, peers: &Peers, season: usize) -> Self {
        let run = zero_run(history);
        let periods = match list {
            List::Failed => run,
            List::Jump => 1,
            List::Slow | List::Fast => loudest(list, portrait),
        };
        let window = WINDOWS.iter().position(|window| *window == periods);
        let (used, expected) = match (list, window) {
            (List::Failed, _) => (0.0, portrait.run_expected),
            (_, Some(at)) => (portrait.used[at], portrait.expected[at]),
            (_, None) => (0.0, 0.0),
        };
        let off = if expected > 0.0 { (used / expected - 1.0).abs() } else { 0.0 };
        let slots = history.volumes.len();
        let before = &history.volumes[..slots - periods.min(slots)];
        let known = before.iter().filter(|volume| volume.is_finite()).count();
        let zeros = before.iter().filter(|volume| **volume <= 0.0).count();
        let lasting = (portrait.noise * portrait.noise / periods.max(1) as f64 + WANDER * WANDER).sqrt();
        let sign = if list == List::Fast { 1.0 } else { -1.0 };
        let floor = (sign * ONE_IN_TWENTY * lasting).exp() - 1.0;
        Self {
            list,
            periods,
            used: used.round() as i64,
            expected: expected.round() as i64,
            off_percent: (off * 100.0).round().min(1e6) as i64,
            every_one: every_one(history, &Forecasts::of(history, peers, season), periods, used < expected),
            normal_percent: ((FOUR_IN_FIVE * portrait.noise).exp_m1() * 100.0).round().min(999.0) as i64,
            floor_percent: (floor.abs() * 100.0).round().min(999.0) as i64,
            zeros: (zeros, known),
            noted: history.notes.iter().rev().take(periods.max(1)).any(|noted| *noted),
        }
    }

    /// Whether the claim is beyond what the meter's own wander explains. A place below the floor is a place to look, no more.
    #[must_use]
    pub const fn is_above_floor(&self) -> bool {
        self.off_percent > self.floor_percent
    }

    /// Gas at stake: what the meter counted too little or too much if the claim holds, 0.001 of the unit.
    #[must_use]
    pub const fn stake(&self) -> i64 {
        (self.used - self.expected).abs()
    }

    /// As a finding of its rule: the sentence in both languages and the numbers in it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let percent = |hundredths: i64| hundredths.to_string();
        let amount = |litres: i64| Volume::from_litres((litres + 500).div_euclid(1000) * 1000);
        let (rule, about) = match self.list {
            List::Failed => (Rule::NoUseSuspect, if self.noted { "noted_empty" } else { "not_noted" }),
            List::Slow => (Rule::SlowSuspect, if self.every_one { "each_below" } else { "not_each_below" }),
            List::Fast => (Rule::FastSuspect, if self.every_one { "each_above" } else { "not_each_above" }),
            List::Jump => (Rule::JumpSuspect, if self.used > self.expected { "above" } else { "below" }),
        };
        let mut finding = Finding::new(rule)
            .with("periods", self.periods)
            .with("used", amount(self.used))
            .with("expected", amount(self.expected))
            .with("percent", percent(self.off_percent))
            .with("how", about)
            .with("normal", percent(self.normal_percent))
            .with("floor", percent(self.floor_percent))
            .with("standing", if self.is_above_floor() { "above_floor" } else { "below_floor" });
        if self.list == List::Failed {
            finding = finding.with("zeros", self.zeros.0).with("known", self.zeros.1);
        }
        finding.at_stake(Volume::from_litres(self.stake()))
    }
}

/// Of the windows whose gain is to the list's side, the one furthest out for its length.
fn loudest(list: List, portrait: &Portrait) -> usize {
    let sign = if list == List::Slow { -1.0 } else { 1.0 };
    let loudness = |(at, window): (usize, usize)| {
        let quiet = (portrait.noise * portrait.noise / window as f64 + WANDER * WANDER).sqrt();
        (sign * portrait.gains[at] / quiet, window)
    };
    let windows = WINDOWS.into_iter().enumerate().map(loudness).filter(|(loud, _)| loud.is_finite());
    windows.max_by(|a, b| a.0.total_cmp(&b.0)).map_or(1, |(_, window)| window)
}

/// Whether each of the last periods was off to the same side, by what lay before the first of them.
fn every_one(history: &History, forecasts: &Forecasts, periods: usize, below: bool) -> bool {
    let slots = history.volumes.len();
    let since = slots - periods.min(slots);
    (since..slots)
        .filter(|slot| history.volumes[*slot].is_finite())
        .filter_map(|slot| Some((history.volumes[slot], forecasts.expected(slot, since)?)))
        .all(|(used, expected)| (used < expected) == below)
}
