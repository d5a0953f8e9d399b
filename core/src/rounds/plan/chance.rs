//! The planner's own dice: same seed, same throws, on every machine.
//!
//! Why separate: core has no randomness; these numbers follow from the seed alone, in integers, so that a plan can be made
//! again (SplitMix64 of Steele, Lea and Flood).

/// A stream of numbers from a seed.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 up to but not including `end`; 0 where `end` is 0.
    pub(super) const fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 32).wrapping_mul(end as u64) >> 32) as usize
    }

    /// An exponential variate of mean 1 in 1/65,536: −ln of a uniform one, to 1 %. Annealing asks no more of it.
    pub(super) const fn exponential(&mut self) -> i64 {
        let bits = self.next() | 1;
        let zeros = bits.leading_zeros();
        let fraction = ((bits << zeros) >> 47) as i64 & 0xFFFF;
        // log2(1 + f) ≈ f + 0.34 f (1 − f)
        let log2 = fraction + ((fraction * (65_536 - fraction)) >> 16) * 22_282 / 65_536;
        let negative_log2 = ((zeros as i64 + 1) << 16) - log2;
        // ln 2 = 45,426 / 65,536
        (negative_log2 * 45_426) >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_throws_are_fair() {
        let mut chance = Chance::new(1);
        let mut counts = [0; 10];
        (0..100_000).for_each(|_| counts[chance.below(10)] += 1);
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        assert_eq!(chance.below(0), 0);
        let mean = (0..100_000).map(|_| chance.exponential()).sum::<i64>() / 100_000;
        assert!((64_000..67_000).contains(&mean), "{mean}");
        assert!((0..100_000).all(|_| chance.exponential() >= 0));
    }
}
