//! Rounds: the stops given to one reader for a date window (DOMAIN 1, R-6, R-20).
//!
//! Why separate: who holds a round decides what a phone may pull and push (SECURITY 2), and a round may move while the phone
//! is offline. These rules say what is then still taken; coverage itself never asks who made a reading.

mod away;
pub mod catalogue;
pub mod plan;
mod standing;
mod state;
mod stop;
mod walk;
mod window;

pub use away::{Away, AwayFacts, put_away};
pub use standing::{Holding, Standing, standing};
pub use state::{
    Assigned, Cancelled, RoundFacts, RoundState, StopCounts, StopKinds, decide_assign, decide_cancel, progress,
};
pub use stop::{StopState, StopVisit};
pub use walk::{WalkedStop, learn_walk};
pub use window::{RoundWindow, WindowFault};

use crate::settings::Setting;
use chrono::{Days, TimeDelta};

/// The settings of rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How long after a round is taken back its former reader's records are still taken (7 days).
    pub grace: TimeDelta,
    /// How long feed entries are kept: a phone that was away longer fetches its rounds anew (60 days).
    pub feed_keep: TimeDelta,
    /// How long a round stays on its phone after it is over (31 days).
    pub keep: Days,
}

impl Default for Settings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl Settings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        Self {
            grace: TimeDelta::days(value(&catalogue::GRACE)),
            feed_keep: TimeDelta::days(value(&catalogue::FEED_KEEP)),
            keep: Days::new(value(&catalogue::KEEP).unsigned_abs()),
        }
    }
}
