//! Where a campaign's chance comes from: one seed, printed, that brings the same campaign again.

use meterbook_client::Chance;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// How large the campaigns are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// For every run of the tests.
    Short,
    /// The sizes asked of a release: `METERBOOK_CAMPAIGN_SCALE=full`.
    Full,
}

impl Scale {
    /// As the environment says.
    pub fn told() -> Self {
        match std::env::var("METERBOOK_CAMPAIGN_SCALE").as_deref() {
            Ok("full") => Self::Full,
            Ok("") | Err(_) => Self::Short,
            Ok(other) => panic!("METERBOOK_CAMPAIGN_SCALE is {other}, expected full or nothing"),
        }
    }

    /// One of two sizes.
    pub fn of<T>(self, short: T, full: T) -> T {
        if self == Self::Short { short } else { full }
    }
}

/// The seed of one campaign.
#[derive(Clone, Copy, Debug)]
pub struct Seed(u64);

impl Seed {
    /// `METERBOOK_CAMPAIGN_SEED`, or a new one. It is printed with the campaign's name.
    pub fn of(campaign: &str) -> Self {
        let told = std::env::var("METERBOOK_CAMPAIGN_SEED").ok().filter(|text| !text.is_empty());
        let told = told.map(|text| text.parse().expect("METERBOOK_CAMPAIGN_SEED is a whole number"));
        let seed = told.unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1 >> 2);
        println!("{campaign}: to see it again, METERBOOK_CAMPAIGN_SEED={seed}");
        Self(seed)
    }

    /// Dice of their own for each part of the campaign, so that one part's throws do not move another's.
    pub fn dice(self, part: u64) -> Dice {
        Dice(ChaCha8Rng::seed_from_u64(self.0 ^ part.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }
}

/// Dice by a seed.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    /// A number from `from` to below `end`.
    pub fn between(&mut self, from: u64, end: u64) -> u64 {
        from + self.below(end - from)
    }

    /// True `percent` times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Puts things in another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (2..=things.len()).rev() {
            let at = usize::try_from(self.below(end as u64)).unwrap();
            things.swap(at, end - 1);
        }
    }

    /// The same as what the kit draws from.
    pub fn into_chance(mut self) -> Chance {
        Chance::new(move || self.0.next_u64())
    }
}
