//! What is asked of a meter's history: gains over windows, noise, evenness, and what it did before.
//!
//! Apart from the trees because these numbers are also what a person is told. All are free of units, so that trees learnt on
//! one fleet can be asked about another.

use super::forecast::Forecasts;
use super::history::{History, median};
use super::peers::Peers;

/// Windows of the gains, in periods up to the one that is judged.
pub const WINDOWS: [usize; 7] = [1, 2, 3, 4, 6, 9, 12];
/// Features of a row.
pub const WIDTH: usize = 40;
/// Below this share of its mean use a meter's use is noise.
const FLOOR: f64 = 0.1;
/// Residuals that count as much as the group's noise.
const OWN_NOISE: f64 = 4.0;

/// What is known of a meter at one period.
#[derive(Clone, PartialEq, Debug)]
pub struct Portrait {
    /// log(used ÷ expected) of each of [`WINDOWS`]; NaN where too little is known.
    pub gains: [f64; WINDOWS.len()],
    /// Use of each window.
    pub used: [f64; WINDOWS.len()],
    /// Use to be expected of each window, by what lay before it.
    pub expected: [f64; WINDOWS.len()],
    /// How far off its forecast the meter usually is, in logs.
    pub noise: f64,
    /// The lowest and highest gain of three periods it ever showed before.
    pub wildest: (f64, f64),
    /// Mean use before the last periods.
    pub mean: f64,
    /// log(used ÷ expected) of each slot by all before it; NaN where unknown.
    pub residuals: Vec<f64>,
    /// Use to be expected since the use ended, by what lay before.
    pub run_expected: f64,
    /// What the trees are asked about.
    pub row: Vec<f32>,
}

fn log_ratio(used: f64, expected: f64, floor: f64) -> f64 {
    ((used.max(0.0) + floor) / (expected + floor)).ln()
}

/// The gain of the `window` slots up to `last`: (used, expected, log ratio).
fn gain(history: &History, forecasts: &Forecasts, last: usize, window: usize, floor: f64) -> Option<(f64, f64, f64)> {
    let start = (last + 1).checked_sub(window)?;
    let (mut used, mut expected, mut known) = (0.0, 0.0, 0);
    for slot in start..=last {
        let volume = history.volumes[slot];
        if volume.is_finite() {
            used += volume;
            expected += forecasts.expected(slot, start)?;
            known += 1;
        }
    }
    let count = f64::from(known);
    (2 * known as usize > window).then(|| (used, expected, log_ratio(used, expected, floor * count)))
}

/// Own noise from residuals before the last `skip` slots, drawn to the group's.
fn noise_before(residuals: &[f64], skip: usize, group: f64) -> f64 {
    let end = residuals.len().saturating_sub(skip);
    let mut off: Vec<f64> = residuals[..end].iter().filter(|r| r.is_finite()).map(|r| r.abs()).collect();
    let count = off.len() as f64;
    let own = median(&mut off).map_or(group, |middle| 1.4826 * middle);
    ((count * own * own + OWN_NOISE * group * group) / (count + OWN_NOISE)).sqrt().max(0.03)
}

impl Portrait {
    /// What is known of a meter by its history and its peers; `None` where the last slot is unknown or too little lies before.
    #[must_use]
    pub fn of(history: &History, peers: &Peers, season: usize) -> Option<Self> {
        let slots = history.volumes.len();
        let last = slots.checked_sub(1)?;
        if !history.volumes[last].is_finite() {
            return None;
        }
        let forecasts = Forecasts::of(history, peers, season);
        let _ = forecasts.expected(last, last)?;
        let mean = mean_before(history, slots.saturating_sub(4).max(3)).max(0.25 * history.mean());
        let floor = FLOOR * mean + 0.5 * history.step;
        if mean <= 0.0 {
            return None;
        }
        let residual = |slot: usize| {
            let volume = history.volumes[slot];
            if !volume.is_finite() {
                return f64::NAN;
            }
            forecasts.expected(slot, slot).map_or(f64::NAN, |expected| log_ratio(volume, expected, floor))
        };
        let residuals: Vec<f64> = (0..slots).map(residual).collect();
        let mut portrait = Self {
            gains: [f64::NAN; WINDOWS.len()],
            used: [0.0; WINDOWS.len()],
            expected: [0.0; WINDOWS.len()],
            noise: noise_before(&residuals, 2, peers.noise),
            wildest: wildest(history, &forecasts, floor),
            mean,
            residuals,
            run_expected: run_expected(history, &forecasts),
            row: Vec::with_capacity(WIDTH),
        };
        for (at, window) in WINDOWS.into_iter().enumerate() {
            if let Some((used, expected, ratio)) = gain(history, &forecasts, last, window, floor) {
                (portrait.used[at], portrait.expected[at], portrait.gains[at]) = (used, expected, ratio);
            }
        }
        portrait.row = row(history, peers, &forecasts, &portrait, season, floor);
        Some(portrait)
    }
}

impl Portrait {
    /// The least that was to be expected of a period since the use ended, by what lay before; 0 where it has not ended.
    #[must_use]
    pub fn expected_of_run(&self, history: &History) -> f64 {
        let run = zero_run(history);
        if run == 0 { 0.0 } else { self.run_expected / run as f64 }
    }
}

/// Known zero periods in a row up to the last.
#[must_use]
pub fn zero_run(history: &History) -> usize {
    let known = history.volumes.iter().rev().filter(|volume| volume.is_finite());
    known.take_while(|volume| **volume <= 0.0).count()
}

fn mean_before(history: &History, end: usize) -> f64 {
    let known: Vec<f64> = history.volumes.iter().take(end).copied().filter(|volume| volume.is_finite()).collect();
    if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 }
}

fn run_expected(history: &History, forecasts: &Forecasts) -> f64 {
    let slots = history.volumes.len();
    let start = history.volumes.iter().rposition(|volume| *volume > 0.0).map_or(slots, |slot| slot + 1);
    (start..slots)
        .filter(|slot| history.volumes[*slot].is_finite())
        .filter_map(|slot| forecasts.expected(slot, start))
        .sum()
}

/// The extremes of three-period gains that ended at least three periods ago.
fn wildest(history: &History, forecasts: &Forecasts, floor: f64) -> (f64, f64) {
    let mut extremes = (f64::NAN, f64::NAN);
    for last in 3..history.volumes.len().saturating_sub(3) {
        if let Some((_, _, ratio)) = gain(history, forecasts, last, 3, floor) {
            extremes = (extremes.0.min(ratio), extremes.1.max(ratio));
        }
    }
    extremes
}

/// The likeliest start of a lasting change: (periods ago, how much likelier than none, its gain, unevenness since).
fn change_point(history: &History, forecasts: &Forecasts, noise: f64, floor: f64) -> (f64, f64, f64, f64) {
    let slots = history.volumes.len();
    let mut best = (0.0, 0.0, 0.0, 0.0);
    for window in 1..=slots.min(12) {
        let start = slots - window;
        let ratio = |slot: usize| {
            let volume = history.volumes[slot];
            let expected = forecasts.expected(slot, start)?;
            volume.is_finite().then(|| log_ratio(volume, expected, floor))
        };
        let ratios: Vec<f64> = (start..slots).filter_map(ratio).collect();
        if ratios.is_empty() {
            continue;
        }
        let count = ratios.len() as f64;
        let middle = ratios.iter().sum::<f64>() / count;
        let spread = (ratios.iter().map(|r| (r - middle) * (r - middle)).sum::<f64>() / count).sqrt();
        // The mean of a window is off by its own noise and by the wander of the meter, which no window averages out.
        let wander = 0.15;
        let likelier = middle * middle / (noise * noise / count + wander * wander);
        if likelier > best.1 {
            best = (window as f64, likelier, middle, spread);
        }
    }
    best
}

fn lowest_and_highest(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.filter(|v| v.is_finite()).fold((f64::NAN, f64::NAN), |(low, high), value| (low.min(value), high.max(value)))
}

/// The sum of the last three known uses beside the least and the greatest sum of three before, in logs.
fn against_extremes(history: &History, levels: &[f64], floor: f64) -> (f64, f64) {
    let known = history.volumes.iter().zip(levels).filter(|(volume, _)| volume.is_finite());
    let scaled: Vec<f64> = known.map(|(volume, level)| volume / level.max(0.1)).collect();
    if scaled.len() < 8 {
        return (f64::NAN, f64::NAN);
    }
    let sums: Vec<f64> = scaled.windows(3).map(|three| three.iter().sum()).collect();
    let now = sums[sums.len() - 1];
    let (low, high) = lowest_and_highest(sums[..sums.len() - 4].iter().copied());
    (log_ratio(now, low, 3.0 * floor), log_ratio(now, high, 3.0 * floor))
}

fn row(
    history: &History,
    peers: &Peers,
    forecasts: &Forecasts,
    portrait: &Portrait,
    season: usize,
    floor: f64,
) -> Vec<f32> {
    let slots = history.volumes.len();
    let last = slots - 1;
    let mut row: Vec<f64> = Vec::with_capacity(WIDTH);
    row.extend(portrait.gains);
    let windows = WINDOWS.map(|window| window as f64);
    row.extend(portrait.gains.iter().zip(windows).take(5).map(|(gain, window)| {
        let quieter = (portrait.noise * portrait.noise / window + 0.0225).sqrt();
        gain / quieter
    }));
    row.extend([portrait.noise, peers.noise, portrait.wildest.0, portrait.wildest.1]);
    row.extend([portrait.gains[2] - portrait.wildest.0, portrait.gains[2] - portrait.wildest.1]);
    let (since, likelier, change, uneven) = change_point(history, forecasts, portrait.noise, floor);
    row.extend([since, likelier, change, uneven, uneven / portrait.noise]);
    // By what lay before the last four: were they even?
    let start = slots.saturating_sub(4);
    let ratio = |slot: usize| {
        let volume = history.volumes[slot];
        forecasts.expected(slot, start).filter(|_| volume.is_finite()).map_or(f64::NAN, |e| log_ratio(volume, e, floor))
    };
    let (low, high) = lowest_and_highest((start..slots).map(ratio));
    row.extend([low, high, high - low]);
    let before = last.checked_sub(1).map_or(f64::NAN, |slot| portrait.residuals[slot]);
    row.extend([before, portrait.residuals[last] - before]);
    row.push(run_of_one_sign(&portrait.residuals));
    let levels: Vec<f64> = (0..slots).map(|slot| forecasts.level(slot)).collect();
    let (over_least, over_most) = against_extremes(history, &levels, floor);
    row.extend([over_least, over_most]);
    row.extend([forecasts.level(last), (portrait.mean / history.step.max(1e-9)).ln(), history.known() as f64]);
    row.push(zero_run(history) as f64);
    row.push((portrait.run_expected / history.step.max(1e-9)).ln_1p());
    row.push(zeros(history, 0, slots.saturating_sub(6)));
    row.push(zeros(history, slots.saturating_sub(6), slots));
    row.push(history.notes.iter().rev().take(season).filter(|note| **note).count() as f64);
    row.push(f64::from(u8::from(history.notes.last().copied().unwrap_or(false))));
    row.resize(WIDTH, f64::NAN);
    row.into_iter().map(|value| value as f32).collect()
}

/// Zero uses from one slot to another.
fn zeros(history: &History, from: usize, to: usize) -> f64 {
    history.volumes[from..to].iter().filter(|volume| **volume <= 0.0).count() as f64
}

/// Periods in a row, up to the last, on the same side of the forecast; negative below it.
fn run_of_one_sign(residuals: &[f64]) -> f64 {
    let mut known = residuals.iter().rev().copied().filter(|r| r.is_finite());
    let Some(first) = known.next() else { return 0.0 };
    let run = 1 + known.take_while(|r| (*r < 0.0) == (first < 0.0)).count();
    if first < 0.0 { -(run as f64) } else { run as f64 }
}
