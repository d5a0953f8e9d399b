//! Seeded chance. Separate so that every choice has its own stream: adding one choice does not reshuffle the others.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of chance is for.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Areas, buildings, addresses.
    Layout = 1,
    /// Customers, meters, notes.
    Point,
    /// Which point gets which fault, who is suspended, new or missed.
    Lot,
    /// On which day a route is walked.
    Route,
    /// Who opens the door.
    Access,
    /// How much gas is used.
    Consumption,
    /// When the customer buys, and how much.
    Purchase,
    /// The figures of a fault.
    Fault,
}

/// One stream of chance.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of a purpose and a thing's number.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, number: usize) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        chance.set_stream(((purpose as u64) << 48) | number as u64);
        Self(chance)
    }

    /// From 0 to `limit` − 1; 0 for a limit of 0. The bias of the remainder is below 2^-40 here.
    pub fn below(&mut self, limit: usize) -> usize {
        let drawn = self.0.next_u64();
        if limit == 0 { 0 } else { (drawn % limit as u64) as usize }
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = usize::try_from(high - low + 1).unwrap_or(1);
        low + self.below(width) as i64
    }

    /// True this many times in a thousand.
    pub fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }

    /// One of several.
    pub fn pick<T: Copy, const N: usize>(&mut self, choices: &[T; N]) -> T {
        choices[self.below(N)]
    }

    /// In another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}
