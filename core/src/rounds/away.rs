//! When a round is over for its phone: it is put away, so that a first pull does not grow with every month.
//!
//! Why separate: nothing but what is shown depends on it. Its reader holds a round that is put away as before: what a phone
//! brings home late is taken, and a correction finds its record (DOMAIN 7).

use super::RoundState;
use crate::calendar::{Instant, Zone};
use chrono::{Days, NaiveDate};

/// Why a round is put away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Away {
    /// Every stop was dealt with.
    Done,
    /// Its days are over, and some stops were never reached.
    Ended,
}

impl Away {
    /// The code used in the API and in feeds.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Ended => "ended",
        }
    }
}

/// What the decision needs to know of a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AwayFacts {
    /// Its state.
    pub state: RoundState,
    /// The first day after its window.
    pub until_day: NaiveDate,
    /// When its state last moved.
    pub changed_at: Instant,
}

/// Whether a round is to be put away by now: `keep` whole days after its window ended, and a done one also no sooner than
/// `keep` days after it was done, since its reader may want a second look at it.
#[must_use]
pub fn put_away(round: AwayFacts, now: Instant, keep: Days, zone: Zone) -> Option<Away> {
    let (since, why) = match round.state {
        RoundState::Draft | RoundState::Cancelled => return None,
        RoundState::Done => (round.until_day.max(zone.day(round.changed_at)), Away::Done),
        RoundState::Assigned | RoundState::InProgress => (round.until_day, Away::Ended),
    };
    let due = since.checked_add_days(keep)?;
    (zone.day(now) >= due).then_some(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away(state: RoundState, changed: &str, now: &str) -> Option<Away> {
        let until_day = NaiveDate::from_ymd_opt(2024, 5, 24).unwrap();
        let facts = AwayFacts { state, until_day, changed_at: changed.parse().unwrap() };
        put_away(facts, now.parse().unwrap(), Days::new(31), Zone::east_minutes(480).unwrap())
    }

    #[test]
    fn a_round_is_put_away_on_the_day_its_keep_ends() {
        use RoundState::{Assigned, Done, InProgress};
        let (early, last, due) =
            ("2024-05-22T10:00:00+08:00", "2024-06-23T23:59:59.999+08:00", "2024-06-24T00:00:00+08:00");
        assert_eq!(away(Done, early, last), None);
        assert_eq!(away(Done, early, due), Some(Away::Done));
        for open in [Assigned, InProgress] {
            assert_eq!((away(open, early, last), away(open, early, due)), (None, Some(Away::Ended)));
        }
    }

    #[test]
    fn one_that_was_done_late_stays_as_long_as_any() {
        let done = "2024-06-20T10:00:00+08:00";
        assert_eq!(away(RoundState::Done, done, "2024-07-20T23:00:00+08:00"), None);
        assert_eq!(away(RoundState::Done, done, "2024-07-21T00:00:00+08:00"), Some(Away::Done));
    }

    #[test]
    fn a_round_nobody_holds_is_on_no_phone() {
        for state in [RoundState::Draft, RoundState::Cancelled] {
            assert_eq!(away(state, "2024-05-01T00:00:00+08:00", "2030-01-01T00:00:00+08:00"), None);
        }
    }
}
