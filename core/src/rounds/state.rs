//! The life of a round: draft → assigned → in_progress → done, or cancelled.
//!
//! Why separate: each act of a dispatcher is one pure decision with its outcomes named, so that two dispatchers pressing at
//! once can be decided under a row lock without a rule living in SQL.

use super::Settings;
use crate::calendar::Instant;
use crate::id::AccountId;

/// Where a round stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RoundState {
    /// 草稿: planned, nobody holds it.
    Draft,
    /// 已派: a reader holds it.
    Assigned,
    /// 进行中: something was read or tried.
    InProgress,
    /// 已完成: no stop is open.
    Done,
    /// 已取消: taken back for good.
    Cancelled,
}

impl RoundState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Assigned, Self::InProgress, Self::Done, Self::Cancelled];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether a reader holds a round in this state; a done one too, for a second look at its stops.
    #[must_use]
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Assigned | Self::InProgress | Self::Done)
    }
}

/// What a decision on a round needs to know of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoundFacts {
    /// Its state.
    pub state: RoundState,
    /// Who holds it.
    pub reader: Option<AccountId>,
}

/// What comes of giving a round to a reader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Assigned {
    /// It had no reader; it has one now.
    Given {
        /// The state after.
        state: RoundState,
    },
    /// It moves from one reader to another. What has been read stays read.
    Moved {
        /// Who held it.
        former: AccountId,
        /// Until when the former reader's records are still taken.
        keep_until: Instant,
        /// The state after.
        state: RoundState,
    },
    /// The reader holds it already: nothing changes, nothing is told to the phone.
    Unchanged,
    /// A done or cancelled round cannot be given away.
    Refused,
}

/// Gives a round to a reader.
#[must_use]
pub fn decide_assign(round: RoundFacts, to: AccountId, now: Instant, settings: &Settings) -> Assigned {
    use RoundState::{Assigned as Given, Cancelled, Done, Draft, InProgress};
    let state = match round.state {
        Draft | Given => Given,
        InProgress => InProgress,
        Done | Cancelled => return Assigned::Refused,
    };
    match round.reader {
        None => Assigned::Given { state },
        Some(reader) if reader == to && round.state == state => Assigned::Unchanged,
        Some(reader) if reader == to => Assigned::Given { state },
        Some(former) => Assigned::Moved { former, keep_until: keep_until(now, settings), state },
    }
}

/// What comes of taking a round back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancelled {
    /// It is cancelled; if somebody held it, with the grace for what the phone still carries.
    Done {
        /// Who held it and until when those records are still taken.
        former: Option<(AccountId, Instant)>,
    },
    /// It was cancelled before: nothing changes, the grace does not begin anew.
    Unchanged,
    /// A done round has nothing left to take back.
    Refused,
}

/// Takes a round back.
#[must_use]
pub fn decide_cancel(round: RoundFacts, now: Instant, settings: &Settings) -> Cancelled {
    match round.state {
        RoundState::Draft | RoundState::Assigned | RoundState::InProgress => {
            Cancelled::Done { former: round.reader.map(|reader| (reader, keep_until(now, settings))) }
        }
        RoundState::Cancelled => Cancelled::Unchanged,
        RoundState::Done => Cancelled::Refused,
    }
}

/// How many stops of a round are in each state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StopCounts {
    /// Stops nobody has been at.
    pub open: u64,
    /// Stops read.
    pub read: u64,
    /// Stops tried in vain.
    pub no_access: u64,
}

/// Which kinds of stops a round has: all that moves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StopKinds {
    /// Some nobody has been at.
    pub open: bool,
    /// Some read, or tried in vain.
    pub dealt_with: bool,
}

/// The state of a round after a push changed its stops.
///
/// Done means no stop is open: a stop without access is dealt with, and may be tried again. A stop that opens again, because
/// its reading was withdrawn, takes a done round back to in progress. A draft or cancelled round never moves by a push: what
/// a former reader still brings in counts for coverage, not for the round.
#[must_use]
pub const fn progress(state: RoundState, stops: StopKinds) -> RoundState {
    match state {
        RoundState::Draft | RoundState::Cancelled => state,
        _ if stops.dealt_with && !stops.open => RoundState::Done,
        RoundState::Assigned if !stops.dealt_with => RoundState::Assigned,
        _ => RoundState::InProgress,
    }
}

fn keep_until(now: Instant, settings: &Settings) -> Instant {
    now.checked_add_signed(settings.grace).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use RoundState::{Assigned as Given, Done, Draft, InProgress};

    const LI: AccountId = AccountId(1);
    const WANG: AccountId = AccountId(2);

    fn now() -> Instant {
        "2024-05-20T10:00:00+08:00".parse().unwrap()
    }

    fn assign(state: RoundState, reader: Option<AccountId>, to: AccountId) -> Assigned {
        decide_assign(RoundFacts { state, reader }, to, now(), &Settings::default())
    }

    #[test]
    fn a_round_is_given_moved_or_refused() {
        let keep_until = "2024-05-27T10:00:00+08:00".parse().unwrap();
        assert_eq!(assign(Draft, None, LI), Assigned::Given { state: Given });
        assert_eq!(assign(Given, Some(LI), LI), Assigned::Unchanged);
        assert_eq!(assign(InProgress, Some(LI), LI), Assigned::Unchanged);
        assert_eq!(assign(Given, Some(LI), WANG), Assigned::Moved { former: LI, keep_until, state: Given });
        assert_eq!(assign(InProgress, Some(LI), WANG), Assigned::Moved { former: LI, keep_until, state: InProgress });
        assert_eq!(assign(Done, Some(LI), WANG), Assigned::Refused);
        assert_eq!(assign(RoundState::Cancelled, None, WANG), Assigned::Refused);
    }

    #[test]
    fn cancelling_twice_does_not_renew_the_grace() {
        let cancel = |state, reader| decide_cancel(RoundFacts { state, reader }, now(), &Settings::default());
        let until = "2024-05-27T10:00:00+08:00".parse().unwrap();
        assert_eq!(cancel(Draft, None), Cancelled::Done { former: None });
        assert_eq!(cancel(InProgress, Some(LI)), Cancelled::Done { former: Some((LI, until)) });
        assert_eq!(cancel(RoundState::Cancelled, Some(LI)), Cancelled::Unchanged);
        assert_eq!(cancel(Done, Some(LI)), Cancelled::Refused);
    }

    #[test]
    fn progress_follows_the_stops() {
        let stops = |open, dealt_with| StopKinds { open, dealt_with };
        assert_eq!(progress(Given, stops(true, false)), Given);
        assert_eq!(progress(Given, stops(true, true)), InProgress);
        assert_eq!(progress(Given, stops(false, true)), Done);
        assert_eq!(progress(Done, stops(true, true)), InProgress);
        assert_eq!(progress(InProgress, stops(true, false)), InProgress);
        assert_eq!(progress(Given, stops(false, false)), Given);
        assert_eq!(progress(RoundState::Cancelled, stops(false, true)), RoundState::Cancelled);
        assert_eq!(progress(Draft, stops(false, true)), Draft);
    }

    #[test]
    fn codes_lead_back() {
        for state in RoundState::ALL {
            assert_eq!(RoundState::from_code(state.code()), Some(state));
        }
    }
}
