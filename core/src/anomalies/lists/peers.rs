//! What the neighbours did: the season and the trend of a peer group (type × class × area).
//!
//! Apart because it is the only thing that is known of many meters at once; scoring a meter needs its own history and this.
//! The fleet's own trend was measured to be as good a guide as the weather, and needs no feed.

use super::forecast::Forecasts;
use super::history::{History, median};

/// Members with use that a group needs before it says anything; below, the next larger one speaks.
pub const LEAST_MEMBERS: usize = 8;

/// What is usual in a group, slot by slot.
#[derive(Clone, PartialEq, Debug)]
pub struct Peers {
    /// Use of a period in shares of a member's own mean: about 1 over the year.
    pub level: Vec<f64>,
    /// Use against the same period a year ago; NaN in the first year.
    pub trend: Vec<f64>,
    /// How far a member is usually off its forecast, in logs.
    pub noise: f64,
}

impl Peers {
    /// A group that says nothing: level 1, no trend.
    #[must_use]
    pub fn silent(slots: usize) -> Self {
        Self { level: vec![1.0; slots], trend: vec![1.0; slots], noise: 0.3 }
    }

    /// What is usual among these; where fewer than [`LEAST_MEMBERS`] say something, `larger` is believed. Histories end at
    /// the same period; shorter ones began later.
    #[must_use]
    pub fn of<'a>(members: impl Iterator<Item = &'a History> + Clone, season: usize, larger: &Self) -> Self {
        let slots = larger.level.len();
        let mut level = larger.level.clone();
        // Twice: a member that began in winter has its mean corrected by what winter turned out to be.
        for _ in 0..2 {
            let mut shares: Vec<Vec<f64>> = vec![Vec::new(); slots];
            for member in members.clone() {
                let own = own_mean(member, &level);
                if own > 0.0 {
                    for (slot, volume) in known(member, slots) {
                        shares[slot].push(volume / own);
                    }
                }
            }
            for (slot, shares) in shares.iter_mut().enumerate() {
                level[slot] = median_of_many(shares).filter(|share| *share > 0.0).unwrap_or(larger.level[slot]);
            }
        }
        let trend = trend(members.clone(), &level, season, larger);
        Self { level, trend, noise: larger.noise }
    }
}

impl Peers {
    /// With the noise of these: the middle of what every fourth is usually off.
    #[must_use]
    pub fn with_noise<'a>(self, members: impl Iterator<Item = &'a History>, season: usize) -> Self {
        let mut off: Vec<f64> =
            members.step_by(4).take(400).flat_map(|member| residuals(member, &self, season)).collect();
        let noise = if off.len() < 30 { self.noise } else { median(&mut off).map_or(self.noise, |off| 1.4826 * off) };
        Self { noise: noise.max(0.05), ..self }
    }
}

/// How far a member was off its forecast, in logs, without sign.
fn residuals(member: &History, peers: &Peers, season: usize) -> Vec<f64> {
    let forecasts = Forecasts::of(member, peers, season);
    let floor = 0.1 * member.mean() + 0.5 * member.step;
    let off = |slot: usize| {
        let expected = forecasts.expected(slot, slot)?;
        let volume = member.volumes[slot];
        (volume.is_finite() && floor > 0.0).then(|| ((volume + floor) / (expected + floor)).ln().abs())
    };
    (0..member.volumes.len()).filter_map(off).collect()
}

fn known(member: &History, slots: usize) -> impl Iterator<Item = (usize, f64)> {
    let first = slots - member.volumes.len().min(slots);
    let volumes = member.volumes.iter().copied().enumerate().map(move |(at, volume)| (first + at, volume));
    volumes.filter(|(_, volume)| volume.is_finite())
}

/// Mean use, as if every slot had been known.
fn own_mean(member: &History, level: &[f64]) -> f64 {
    let (used, usual) = known(member, level.len())
        .fold((0.0, 0.0), |(used, usual), (slot, volume)| (used + volume, usual + level[slot]));
    if usual > 0.0 { used / usual } else { 0.0 }
}

fn median_of_many(values: &mut [f64]) -> Option<f64> {
    if values.len() < LEAST_MEMBERS { None } else { median(values) }
}

fn trend<'a>(members: impl Iterator<Item = &'a History>, level: &[f64], season: usize, larger: &Peers) -> Vec<f64> {
    let slots = level.len();
    let mut ratios: Vec<Vec<f64>> = vec![Vec::new(); slots];
    for member in members {
        let floor = 0.2 * own_mean(member, level);
        let first = slots - member.volumes.len().min(slots);
        for (at, volume) in member.volumes.iter().enumerate().skip(season) {
            let before = member.volumes[at - season];
            if volume.is_finite() && before.is_finite() && before > floor {
                ratios[first + at].push(volume / before);
            }
        }
    }
    let of_slot = |(slot, ratios): (usize, &mut Vec<f64>)| match median_of_many(ratios) {
        Some(ratio) if ratio > 0.0 => ratio,
        _ if slot >= season && level[slot - season] > 0.0 => level[slot] / level[slot - season],
        _ => larger.trend[slot],
    };
    ratios.iter_mut().enumerate().map(of_slot).collect()
}
