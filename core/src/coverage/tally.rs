//! Counting buckets and comparing with the target, in integers only (R-5, DOMAIN 3).
//!
//! Why separate: these few lines decide whether the company met its duty; they are tested with every vector of DOMAIN 3.

use super::Bucket;
use crate::quantity::BasisPoints;
use std::ops::{Add, AddAssign};

/// 100 % in basis points, as wide as the products below.
const WHOLE: u128 = BasisPoints::WHOLE.0 as u128;

/// How many points are in each bucket: of a class, an area, a route or a reader in one period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    counts: [u64; Bucket::COUNT],
}

impl Tally {
    /// The count of one bucket.
    #[must_use]
    pub const fn count(&self, bucket: Bucket) -> u64 {
        self.counts[bucket.index()]
    }

    /// Adds `points` to a bucket.
    pub const fn put(&mut self, bucket: Bucket, points: u64) {
        let count = &mut self.counts[bucket.index()];
        *count = count.saturating_add(points);
    }

    /// D: the sum of the seven buckets that must be read (DOMAIN 3).
    #[must_use]
    pub fn denominator(&self) -> u64 {
        self.sum(Bucket::in_denominator)
    }

    /// Every point of the class in the period, the excluded ones too.
    #[must_use]
    pub fn population(&self) -> u64 {
        self.sum(|_| true)
    }

    /// Whether the target is met: seen × 10,000 ≥ target × D. `None` if there was nothing to read (D = 0 → n/a).
    #[must_use]
    pub fn met(&self, target: BasisPoints) -> Option<bool> {
        let denominator = u128::from(self.denominator());
        let seen = u128::from(self.count(Bucket::Seen));
        (denominator > 0).then(|| seen * WHOLE >= u128::from(target.0) * denominator)
    }

    /// The seen rate, rounded down, so that 99.995 % never prints as 100.00 %. `None` if D = 0.
    #[must_use]
    pub fn rate(&self) -> Option<BasisPoints> {
        share(self.count(Bucket::Seen), self.denominator())
    }

    /// How many points must be seen to meet the target: ceil(target × D). More than D only for a target above 100 %.
    #[must_use]
    pub fn needed(&self, target: BasisPoints) -> u64 {
        let product = u128::from(target.0) * u128::from(self.denominator());
        u64::try_from(product.div_ceil(WHOLE)).unwrap_or(u64::MAX)
    }

    /// How many more must be seen to meet the target; 0 once it is met.
    #[must_use]
    pub fn still_needed(&self, target: BasisPoints) -> u64 {
        self.needed(target).saturating_sub(self.count(Bucket::Seen))
    }

    /// The share of suspended points in the population, rounded down; printed beside the rate (DOMAIN 3).
    #[must_use]
    pub fn suspended_share(&self) -> Option<BasisPoints> {
        share(self.count(Bucket::Suspended), self.population())
    }

    /// Whether more than `limit` of the population is suspended, exactly, in integers (DOMAIN 3: 2 %).
    #[must_use]
    pub fn suspended_above(&self, limit: BasisPoints) -> bool {
        u128::from(self.count(Bucket::Suspended)) * WHOLE > u128::from(limit.0) * u128::from(self.population())
    }

    fn sum(&self, counts: impl Fn(Bucket) -> bool) -> u64 {
        let of = |bucket| if counts(bucket) { self.count(bucket) } else { 0 };
        Bucket::ALL.into_iter().map(of).fold(0, u64::saturating_add)
    }
}

/// floor(part × 10,000 / whole); `None` for an empty whole.
pub(super) fn share(part: u64, whole: u64) -> Option<BasisPoints> {
    let exact = (u128::from(part) * WHOLE).checked_div(u128::from(whole))?;
    Some(BasisPoints(u32::try_from(exact).unwrap_or(u32::MAX)))
}

impl Add for Tally {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        for bucket in Bucket::ALL {
            self.put(bucket, other.count(bucket));
        }
    }
}

impl FromIterator<Bucket> for Tally {
    fn from_iter<I: IntoIterator<Item = Bucket>>(buckets: I) -> Self {
        buckets.into_iter().fold(Self::default(), |mut tally, bucket| {
            tally.put(bucket, 1);
            tally
        })
    }
}

impl Extend<(Bucket, u64)> for Tally {
    fn extend<I: IntoIterator<Item = (Bucket, u64)>>(&mut self, counts: I) {
        for (bucket, points) in counts {
            self.put(bucket, points);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Settings;
    use crate::meters::Class;

    fn seen_of(seen: u64, denominator: u64) -> Tally {
        let mut tally = Tally::default();
        tally.extend([(Bucket::Seen, seen), (Bucket::Unattempted, denominator - seen)]);
        tally
    }

    fn verdict(class: Class, seen: u64, denominator: u64) -> (Option<bool>, Option<String>) {
        let tally = seen_of(seen, denominator);
        (tally.met(Settings::default().target(class)), tally.rate().map(|rate| rate.to_string()))
    }

    #[test]
    fn the_vectors_of_domain_3() {
        let text = |rate: &str| Some(String::from(rate));
        assert_eq!(verdict(Class::Commercial, 984, 985), (Some(false), text("99.89 %")));
        assert_eq!(verdict(Class::Commercial, 985, 985), (Some(true), text("100.00 %")));
        assert_eq!(verdict(Class::ResidentialOutdoor, 48_999, 50_000), (Some(false), text("97.99 %")));
        assert_eq!(verdict(Class::ResidentialOutdoor, 49_000, 50_000), (Some(true), text("98.00 %")));
        assert_eq!(verdict(Class::Commercial, 999_996, 1_000_000), (Some(false), text("99.99 %")));
    }

    #[test]
    fn seventy_percent_of_30_001_needs_21_001() {
        let indoor = Settings::default().target_indoor;
        assert_eq!(seen_of(0, 30_001).needed(indoor), 21_001);
        assert_eq!(seen_of(21_000, 30_001).met(indoor), Some(false));
        assert_eq!(seen_of(21_000, 30_001).still_needed(indoor), 1);
        assert_eq!(seen_of(21_001, 30_001).met(indoor), Some(true));
        assert_eq!(seen_of(30_001, 30_001).still_needed(indoor), 0);
    }

    #[test]
    fn nothing_to_read_is_neither_met_nor_missed() {
        let mut tally = Tally::default();
        tally.extend([(Bucket::Suspended, 4), (Bucket::Removed, 1), (Bucket::NewNextPeriod, 2)]);
        assert_eq!((tally.denominator(), tally.population()), (0, 7));
        assert_eq!((tally.rate(), tally.met(BasisPoints::WHOLE), tally.needed(BasisPoints::WHOLE)), (None, None, 0));
    }

    #[test]
    fn the_suspended_warning_begins_above_two_percent() {
        let mut tally = seen_of(98, 98);
        tally.put(Bucket::Suspended, 2);
        assert_eq!(tally.suspended_share(), Some(BasisPoints(200)));
        assert!(!tally.suspended_above(BasisPoints(200)));
        tally.put(Bucket::Suspended, 1);
        assert!(tally.suspended_above(BasisPoints(200)));
    }

    #[test]
    fn absurd_counts_neither_overflow_nor_wrap() {
        let tally = seen_of(u64::MAX, u64::MAX) + seen_of(5, 9);
        assert_eq!(tally.denominator(), u64::MAX);
        assert_eq!(tally.needed(BasisPoints(u32::MAX)), u64::MAX);
        assert_eq!(tally.met(BasisPoints::WHOLE), Some(true));
    }
}
