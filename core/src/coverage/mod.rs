//! Seen rates (抄见率): who must be read, who was, and whether the target is met (R-5, R-6, DOMAIN 3).
//!
//! Why separate: coverage measures *looking*, not plausibility. It never asks what a reading says, only that it was made,
//! when and how, so a change to the anomaly rules can never move a seen rate.
//!
//! The way through: [`period_of`] says which period a day belongs to, [`place`] puts one point into one [`Bucket`] of that
//! period, [`Tally`] counts the buckets and compares with the target. [`plan_entry`] adds what [`Companions`] count beside it;
//! [`pace`] and [`next_step`] say what is still to be done.

mod bucket;
pub mod catalogue;
mod closing;
mod companions;
mod counted;
mod entry;
mod ladder;
mod pace;
mod phase;
mod place;
mod settings;
mod tally;
mod window;

#[cfg(test)]
mod definitions;
#[cfg(test)]
mod properties;

pub use bucket::Bucket;
pub use closing::{gap_may_touch, may_close, review_may_touch};
pub use companions::{Companions, Mark, Unseen};
pub use counted::Counted;
pub use entry::{Judge, MOST_MISSED, PlanEntry, entry_after, plan_entry};
pub use ladder::{Because, Candidate, NextStep, Obstacle, next_step};
pub use pace::{Habit, Pace, ReaderDay, pace, workdays};
pub use phase::{Counting, Phase, counting, final_at, phase};
pub use place::{Placement, PointFacts, Sighting, SightingKind, Term, bucket_after, place, proven_attempt};
pub use settings::{CutIn, Settings};
pub use tally::Tally;
pub use window::{Punctuality, ReadingWindow};

use crate::calendar::Period;
use crate::meters::Class;
use chrono::NaiveDate;

/// The coverage period of `class` that a local day lies in: a natural month, for indoor meters a natural quarter.
#[must_use]
pub fn period_of(class: Class, day: NaiveDate) -> Period {
    match class {
        Class::Commercial | Class::ResidentialOutdoor => Period::month_of(day),
        Class::ResidentialIndoor => Period::quarter_of(day),
    }
}

/// The classes whose periods are of this kind.
pub fn classes_of(period: Period) -> impl Iterator<Item = Class> {
    Class::ALL.into_iter().filter(move |class| is_period_of(*class, period))
}

/// Whether periods of this kind are those of `class`: months for commercial and outdoor, quarters for indoor.
#[must_use]
pub const fn is_period_of(class: Class, period: Period) -> bool {
    match class {
        Class::Commercial | Class::ResidentialOutdoor => matches!(period, Period::Month { .. }),
        Class::ResidentialIndoor => matches!(period, Period::Quarter { .. }),
    }
}
