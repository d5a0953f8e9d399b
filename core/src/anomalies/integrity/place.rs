//! Where entries were made, and how far that is from where the points are.
//!
//! Apart for its geometry: distances in whole metres by integers, good to half a percent below 100 km, which is far better
//! than any phone's fix.

use super::{Entry, IntegritySettings, Sign, SignKind};
use crate::id::RecordId;

/// A place in millionths of a degree; two places are compared only where they have one datum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Latitude.
    pub lat_micro: i64,
    /// Longitude.
    pub lng_micro: i64,
}

/// Entries this close to each other were made in one place.
const TOGETHER_M: i64 = 25;
/// Entries this far from where the point is registered were made elsewhere.
const AWAY_M: i64 = 100;

impl Place {
    /// How far another place is, in metres.
    #[must_use]
    pub fn metres_to(self, other: Self) -> i64 {
        // One degree of a meridian is 111,195 m.
        let north = (self.lat_micro - other.lat_micro).abs().saturating_mul(111_195) / 1_000_000;
        let middle = ((self.lat_micro + other.lat_micro) / 2).abs().min(90_000_000);
        let east = (self.lng_micro - other.lng_micro).abs().saturating_mul(111_195) / 1_000_000;
        let east = east.saturating_mul(cosine(middle)) / 10_000;
        let square = north.saturating_mul(north).saturating_add(east.saturating_mul(east));
        square.isqrt()
    }
}

/// cos of millionths of a degree, in 1/10,000 (Bhāskara's formula: within 0.2 %).
fn cosine(micro: i64) -> i64 {
    let angle = (90_000_000 - micro) / 1_000;
    let product = angle * (180_000 - angle) / 1_000_000;
    40_000 * product / (40_500 - product)
}

/// The most points of one day entered from one place that is none of theirs.
pub(super) fn one_place(entries: &[Entry], settings: &IntegritySettings) -> Option<Sign> {
    let away = |entry: &Entry| {
        let (fix, registered) = entry.fix.zip(entry.registered)?;
        let metres = fix.metres_to(registered);
        (metres > AWAY_M).then_some((entry.day, fix, metres, entry.record))
    };
    let away: Vec<_> = entries.iter().filter_map(away).collect();
    let mut largest: Option<(chrono::NaiveDate, i64, Vec<RecordId>)> = None;
    for day in away.chunk_by(|one, other| one.0 == other.0) {
        for (at, centre, ..) in day {
            let together: Vec<_> = day.iter().filter(|(_, fix, ..)| fix.metres_to(*centre) <= TOGETHER_M).collect();
            if largest.as_ref().is_none_or(|(_, _, records)| together.len() > records.len()) {
                let farthest = together.iter().map(|(_, _, metres, _)| *metres).max().unwrap_or(0);
                largest = Some((*at, farthest, together.iter().map(|(.., record)| *record).collect()));
            }
        }
    }
    let (day, metres, records) = largest?;
    (records.len() >= settings.least_count).then(|| {
        let sign = Sign::new(SignKind::OnePlace, records.len(), entries.len());
        sign.with("day", day).with("metres", metres).naming(records)
    })
}
