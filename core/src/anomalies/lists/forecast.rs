//! What a meter was to be expected to use, by its own past and its peers'.
//!
//! Apart because it is made for every possible start of a fault: a window is forecast from what lay before it, never from
//! itself, so that a meter that has been slow for a year is not its own yardstick.

use super::history::{History, median};
use super::peers::Peers;

/// Known slots a forecast needs.
pub const LEAST_KNOWN: usize = 3;
/// Robust passes of the fit.
const PASSES: usize = 3;
/// How strongly the fit is held to "in proportion to the group", in known slots.
const HELD: f64 = 3.0;
/// How much of the forecast is the same period a year ago, where it is known.
const OF_LAST_YEAR: f64 = 0.5;

/// use = base + slope × group level, fitted on what lay before a slot.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Line {
    base: f64,
    slope: f64,
}

/// The forecasts of one meter from every slot on.
pub struct Forecasts<'a> {
    history: &'a History,
    peers: &'a Peers,
    season: usize,
    /// Slots of the group before the meter's first.
    offset: usize,
    /// By the first slot that is not looked at.
    lines: Vec<Option<Line>>,
}

impl<'a> Forecasts<'a> {
    /// Fits every start. `season` is the number of periods in a year.
    #[must_use]
    pub fn of(history: &'a History, peers: &'a Peers, season: usize) -> Self {
        let offset = peers.level.len().saturating_sub(history.volumes.len());
        let lines =
            (0..=history.volumes.len()).map(|start| fit(history, &peers.level[offset..], season, start)).collect();
        Self { history, peers, season, offset, lines }
    }

    /// The use to be expected in `slot` by what lay before `start` ≤ `slot`.
    #[must_use]
    pub fn expected(&self, slot: usize, start: usize) -> Option<f64> {
        let line = (*self.lines.get(start)?)?;
        let level = self.peers.level[self.offset + slot];
        let fitted = (line.base + line.slope * level).max(0.0);
        let last_year = slot.checked_sub(self.season).filter(|before| *before < start).and_then(|before| {
            let (volume, trend) = (self.history.volumes[before], self.peers.trend[self.offset + slot]);
            (volume.is_finite() && trend.is_finite()).then_some(volume * trend)
        });
        Some(last_year.map_or(fitted, |last| OF_LAST_YEAR * last + (1.0 - OF_LAST_YEAR) * fitted))
    }

    /// The group's level at a slot of this meter.
    #[must_use]
    pub fn level(&self, slot: usize) -> f64 {
        self.peers.level[self.offset + slot]
    }
}

fn fit(history: &History, level: &[f64], season: usize, start: usize) -> Option<Line> {
    let known = (0..start).filter(|slot| history.volumes[*slot].is_finite());
    let points: Vec<(f64, f64, f64)> = known
        .map(|slot| {
            let age = (start - 1 - slot) as f64;
            (level[slot], history.volumes[slot], (-std::f64::consts::LN_2 * age / season as f64).exp())
        })
        .collect();
    if points.len() < LEAST_KNOWN {
        return None;
    }
    let mut trust = vec![1.0; points.len()];
    let mut line = Line { base: 0.0, slope: 0.0 };
    for _ in 0..PASSES {
        line = fit_once(&points, &trust);
        let mut off: Vec<f64> = points.iter().map(|(x, y, _)| (y - line.base - line.slope * x).abs()).collect();
        let mean = points.iter().map(|(_, y, _)| y).sum::<f64>() / points.len() as f64;
        let scale = 1.5 * median(&mut off.clone())?.max(0.05 * mean);
        for (trust, off) in trust.iter_mut().zip(&mut off) {
            *trust = if *off > scale && scale > 0.0 { scale / *off } else { 1.0 };
        }
    }
    Some(line)
}

/// Weighted least squares, held to proportion, neither part negative.
fn fit_once(points: &[(f64, f64, f64)], trust: &[f64]) -> Line {
    let (mut w, mut wx, mut wy, mut wxx, mut wxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for ((x, y, weight), trust) in points.iter().zip(trust) {
        let weight = weight * trust;
        w += weight;
        wx += weight * x;
        wy += weight * y;
        wxx += weight * x * x;
        wxy += weight * x * y;
    }
    let proportion = if wx > 0.0 { wy / wx } else { 0.0 };
    let (a, d) = (w + HELD, wxx + HELD);
    let determinant = a * d - wx * wx;
    if determinant <= 0.0 {
        return Line { base: 0.0, slope: proportion };
    }
    let right = wxy + HELD * proportion;
    let (base, slope) = ((d * wy - wx * right) / determinant, (a * right - wx * wy) / determinant);
    if base < 0.0 {
        Line { base: 0.0, slope: proportion }
    } else if slope < 0.0 {
        Line { base: if w > 0.0 { wy / w } else { 0.0 }, slope: 0.0 }
    } else {
        Line { base, slope }
    }
}
