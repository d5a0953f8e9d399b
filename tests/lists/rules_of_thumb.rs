//! What the lists are held against: the rules of thumb that billing systems and handhelds use, and chance.

use super::score::Check;
use super::street::PERIOD_DAYS;
use meterbook::anomalies::lists::Dice;
use meterbook::anomalies::lists::replay::Meter;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thumb {
    Random,
    /// The same period last year, beyond half as much or as little.
    LastYear,
    /// Daily use against the last three periods.
    HighLow,
    /// Distance from the own median in robust standard deviations.
    ThreeSigma,
}

impl Thumb {
    pub const ALL: [Self; 4] = [Self::Random, Self::LastYear, Self::HighLow, Self::ThreeSigma];
}

const SEASON: usize = 6;

/// The most suspicious meters of each period by one list; a checked meter rests a year, as on ours.
pub fn checks(thumb: Thumb, meters: &[Meter], share: usize, seed: u64) -> Vec<Check> {
    let mut dice = Dice::new(seed);
    let daily: Vec<Vec<(usize, f64)>> = meters.iter().map(daily_uses).collect();
    let last = daily.iter().flatten().map(|(period, _)| *period).max().unwrap_or(0);
    let mut rests: Vec<usize> = vec![0; meters.len()];
    let mut found = Vec::new();
    for period in 4..=last {
        let mut scored: Vec<(f64, usize)> = Vec::new();
        let mut read = 0;
        for (meter, uses) in daily.iter().enumerate() {
            let Some(at) = uses.iter().position(|(known, _)| *known == period) else { continue };
            read += 1;
            let score = score(thumb, &uses[..=at], &mut dice);
            if period >= rests[meter] && score > 0.0 {
                scored.push((score, meter));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, meter) in scored.into_iter().take((read * share).div_ceil(10_000)) {
            rests[meter] = period + SEASON;
            found.push(Check { meter, period });
        }
    }
    found
}

/// Use a day by period, a dial's wrap taken as it comes.
fn daily_uses(meter: &Meter) -> Vec<(usize, f64)> {
    let pair = |pair: &[meterbook::anomalies::lists::replay::Reading]| {
        let used = (pair[1].index - pair[0].index).rem_euclid(pair[1].wrap.unwrap_or(i64::MAX));
        (super::score::period_of(pair[1].day), used as f64 / 1000.0 / f64::from(pair[1].day - pair[0].day).max(1.0))
    };
    meter.readings.windows(2).map(pair).collect()
}

fn score(thumb: Thumb, uses: &[(usize, f64)], dice: &mut Dice) -> f64 {
    let (period, now) = uses[uses.len() - 1];
    let before = &uses[..uses.len() - 1];
    let one = 1.0 / PERIOD_DAYS;
    let off = |usual: f64| if usual >= 5.0 * one { (now / usual - 1.0).abs() } else { 0.0 };
    match thumb {
        Thumb::Random => dice.share(),
        Thumb::LastYear => {
            let then = before.iter().find(|(known, _)| known + SEASON == period);
            then.map(|(_, then)| off(*then)).filter(|off| *off > 0.5).unwrap_or(0.0)
        }
        Thumb::HighLow => {
            let last: Vec<f64> = before.iter().rev().take(3).map(|(_, used)| *used).collect();
            if last.is_empty() { 0.0 } else { off(last.iter().sum::<f64>() / last.len() as f64) }
        }
        Thumb::ThreeSigma => {
            let middle = median(before.iter().map(|(_, used)| *used).collect());
            let spread = 1.4826 * median(before.iter().map(|(_, used)| (used - middle).abs()).collect());
            if before.len() < 4 { 0.0 } else { (now - middle).abs() / spread.max(one) }
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
