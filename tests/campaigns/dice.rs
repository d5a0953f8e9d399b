//! The chance of a campaign: one seed, printed, from which everything random in it comes.

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    /// The dice of a campaign: of `METERBOOK_CAMPAIGN_SEED` to replay one, else of a new seed.
    pub fn of(campaign: &str) -> Self {
        let told = std::env::var("METERBOOK_CAMPAIGN_SEED").ok().and_then(|text| text.parse().ok());
        let seed = told.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 16);
        println!("{campaign}: METERBOOK_CAMPAIGN_SEED={seed}");
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % end as u64).unwrap()
    }

    /// One of several.
    pub fn one_of<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// Dice for somebody who acts beside others: what he rolls does not depend on who comes first.
    pub fn split(&mut self) -> Self {
        Self(self.roll())
    }
}

/// Whether the campaign runs in its full size (`METERBOOK_CAMPAIGN_SCALE=full`).
pub fn is_full() -> bool {
    std::env::var("METERBOOK_CAMPAIGN_SCALE").is_ok_and(|scale| scale == "full")
}
