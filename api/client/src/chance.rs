//! Where randomness comes from: handed in, so that a test can replay it. A real phone hands in its system's.

use std::time::Duration;

/// A source of random numbers.
pub struct Chance(Box<dyn FnMut() -> u64 + Send>);

impl Chance {
    /// From a function that gives 64 random bits at each call.
    pub fn new(source: impl FnMut() -> u64 + Send + 'static) -> Self {
        Self(Box::new(source))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        (self.0)()
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of the remainder is far below anything a waiting time could show.
        self.bits().checked_rem(end).unwrap_or(0)
    }

    /// A span up to `most`.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(most.saturating_add(1)))
    }

    /// The random part of a UUIDv7.
    pub fn ten_bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.bits().to_le_bytes());
        bytes[8..].copy_from_slice(&self.bits().to_le_bytes()[..2]);
        bytes
    }
}
