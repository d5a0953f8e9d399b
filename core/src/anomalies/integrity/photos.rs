//! Photos: one used for several points, and photos that are not there.
//!
//! Apart because a photo is told by its hash alone; nobody looks at a picture here.

use super::{Entry, Fleet, IntegritySettings, Sign, SignKind, percent, stands_out};
use std::collections::BTreeMap;

/// Readings without a photo, of how many.
pub(super) fn without(entries: &[Entry]) -> (usize, usize) {
    (entries.iter().filter(|entry| entry.photos.is_empty()).count(), entries.len())
}

/// One photo on records of several points.
pub(super) fn twice(entries: &[Entry]) -> Option<Sign> {
    let mut uses: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        for photo in &entry.photos {
            uses.entry(photo).or_default().push(entry);
        }
    }
    uses.retain(|_, entries| entries.iter().any(|entry| entry.point != entries[0].point));
    let records: Vec<_> = uses.values().flatten().map(|entry| entry.record).collect();
    (!uses.is_empty()).then(|| Sign::new(SignKind::PhotoTwice, uses.len(), records.len()).naming(records))
}

/// Photos are missing far more often than in the whole company.
pub(super) fn missing(entries: &[Entry], fleet: &Fleet, settings: &IntegritySettings) -> Option<Sign> {
    let own = without(entries);
    stands_out(own, fleet.without_photo, settings).then(|| {
        let sign = Sign::new(SignKind::PhotoMissing, own.0, own.1);
        let sign = sign.with("share", percent(own)).with("fleet", percent(fleet.without_photo));
        sign.naming(entries.iter().filter(|entry| entry.photos.is_empty()).map(|entry| entry.record))
    })
}
