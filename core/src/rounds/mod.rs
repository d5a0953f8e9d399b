//! Rounds: the stops given to one reader for a date window (DOMAIN 1, R-6, R-20).
//!
//! Why separate: who holds a round decides what a phone may pull and push (SECURITY 2), and a round may move while the phone
//! is offline. These rules say what is then still taken; coverage itself never asks who made a reading.

mod away;
mod standing;
mod state;
mod stop;
mod walk;
mod window;

pub use away::{Away, AwayFacts, put_away};
pub use standing::{Holding, Standing, standing};
pub use state::{Assigned, Cancelled, RoundFacts, RoundState, StopCounts, decide_assign, decide_cancel, progress};
pub use stop::{StopState, StopVisit};
pub use walk::{WalkedStop, learn_walk};
pub use window::{RoundWindow, WindowFault};

use chrono::TimeDelta;

/// The settings of rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How long after a round is taken back its former reader's records are still taken (7 days).
    pub grace: TimeDelta,
}

impl Default for Settings {
    fn default() -> Self {
        Self { grace: TimeDelta::days(7) }
    }
}
