//! Time between entries: against honest pairs at one landing, and against the way between two points.
//!
//! Apart because it is the strongest evidence: bulk entry at a desk shows here at once.

use super::{Entry, Fleet, IntegritySettings, Sign, SignKind};

/// The share of honest pairs that are faster than the threshold: 1 in 20.
const FASTER: usize = 20;

fn gap_ms(pair: &[Entry]) -> i64 {
    pair[1].at.signed_duration_since(pair[0].at).num_milliseconds()
}

/// Whether two stops are neighbours in the office order of one route: two meters on one landing.
fn share_a_landing(pair: &[Entry]) -> bool {
    let neighbours = pair[0]
        .stop
        .zip(pair[1].stop)
        .is_some_and(|((route, order), (other, next))| route == other && order.abs_diff(next) <= 1);
    let apart = pair[0].registered.zip(pair[1].registered).is_some_and(|(one, other)| one.metres_to(other) > 15);
    pair[0].point == pair[1].point || (neighbours && !apart)
}

/// How fast honest entries are: of each reader the 5 % quantile of the gaps between two meters on one landing, and of these
/// the median reader's. Two meters side by side are read in seconds by anybody, so they set the threshold, not a number from
/// a desk; and one who enters everything in bulk moves only his own quantile.
pub(super) fn honest_ms(readers: &[&[Entry]], settings: &IntegritySettings) -> i64 {
    let mut quantiles: Vec<i64> = readers.iter().filter_map(|entries| own_quantile(entries, settings)).collect();
    quantiles.sort_unstable();
    quantiles.get(quantiles.len() / 2).map_or(settings.fast_ms, |honest| (*honest).min(settings.fast_ms))
}

fn own_quantile(entries: &[Entry], settings: &IntegritySettings) -> Option<i64> {
    let mut gaps: Vec<i64> = entries
        .windows(2)
        .filter(|pair| pair[0].point != pair[1].point && share_a_landing(pair))
        .map(gap_ms)
        .filter(|gap| (0..=600_000).contains(gap))
        .collect();
    gaps.sort_unstable();
    (gaps.len() >= settings.honest_pairs).then(|| gaps[gaps.len() / FASTER])
}

/// Entries at different places, faster than honest ones at one landing.
pub(super) fn fast(entries: &[Entry], fleet: &Fleet, settings: &IntegritySettings) -> Option<Sign> {
    let pairs: Vec<_> = entries.windows(2).filter(|pair| !share_a_landing(pair) && gap_ms(pair) >= 0).collect();
    let found: Vec<_> = pairs.iter().filter(|pair| gap_ms(pair) < fleet.fast_ms).collect();
    let is_much = found.len() >= settings.least_count && found.len() * 20 >= pairs.len();
    is_much.then(|| {
        let sign = Sign::new(SignKind::FastEntries, found.len(), pairs.len());
        let seconds = format!("{}.{}", fleet.fast_ms / 1000, fleet.fast_ms % 1000 / 100);
        sign.with("seconds", seconds).naming(found.iter().map(|pair| pair[1].record))
    })
}

/// Entries with less time between them than the way takes, by where the points are registered.
pub(super) fn too_far(entries: &[Entry], settings: &IntegritySettings) -> Option<Sign> {
    let mut pairs = 0;
    let mut found = Vec::new();
    for pair in entries.windows(2) {
        let Some((from, to)) = pair[0].registered.zip(pair[1].registered) else { continue };
        let (metres, gap) = (from.metres_to(to), gap_ms(pair));
        // Nearer than this, a place is not known better.
        if metres <= 30 || gap < 0 {
            continue;
        }
        pairs += 1;
        let speed = if metres >= settings.ride_from_m { settings.ride_mm_s } else { settings.walk_mm_s };
        if gap < metres.saturating_mul(1_000_000) / speed.max(1) {
            found.push((metres, gap, pair[1].record));
        }
    }
    let (metres, gap, _) = *found.iter().max_by_key(|(metres, gap, record)| (*metres, -gap, *record))?;
    let is_much = found.len() >= settings.least_count && found.len() * 20 >= pairs;
    is_much.then(|| {
        let sign = Sign::new(SignKind::TooFarTooSoon, found.len(), pairs);
        let sign = sign.with("metres", metres).with("seconds", gap / 1000);
        sign.naming(found.iter().map(|(.., record)| *record))
    })
}
