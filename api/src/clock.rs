//! The one place that reads the wall clock. Everything else is told the time.

use chrono::Utc;
use meterbook::calendar::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const WALL: i64 = i64::MIN;

/// The service's clock: the machine's, or one that a test or the demonstration sets by hand.
#[derive(Clone, Debug)]
pub struct Clock {
    set_to_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn wall() -> Self {
        Self { set_to_ms: Arc::new(AtomicI64::new(WALL)) }
    }

    /// A clock that stands still until it is set anew.
    #[must_use]
    pub fn set_at(at: Instant) -> Self {
        Self { set_to_ms: Arc::new(AtomicI64::new(at.timestamp_millis())) }
    }

    /// Moves a clock, for all who share it.
    pub fn set(&self, at: Instant) {
        self.set_to_ms.store(at.timestamp_millis(), Ordering::SeqCst);
    }

    /// Follows the machine's clock from now on.
    pub fn follow_wall(&self) {
        self.set_to_ms.store(WALL, Ordering::SeqCst);
    }

    /// Now, in whole milliseconds.
    #[must_use]
    pub fn now(&self) -> Instant {
        let set = self.set_to_ms.load(Ordering::SeqCst);
        let ms = if set == WALL { Utc::now().timestamp_millis() } else { set };
        Instant::from_timestamp_millis(ms).unwrap_or_default()
    }
}
