//! A stop: one service point in a round, and what a visit makes of it.
//!
//! Why separate: a stop says what a round has still to do. It is not coverage: a point can be seen through another round.

use crate::coverage::SightingKind;
use crate::readings::ReadingKind;

/// Where a stop stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StopState {
    /// 待抄: nobody has been there.
    Open,
    /// 已抄: read.
    Read,
    /// 到访未抄: tried in vain; may be tried again.
    NoAccess,
}

/// What a record means for a stop.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StopVisit {
    /// The meter was read.
    Read,
    /// Somebody was there and could not read it.
    NoAccess,
    /// Nobody visited on account of the round.
    None,
}

impl StopVisit {
    /// What a sighting means for a stop: a look at the meter reads it, an attempt tries it. What a customer tells, the office
    /// computes or a fitter writes down is no visit of the round, as it is none in coverage.
    #[must_use]
    pub const fn of(what: SightingKind) -> Self {
        match what {
            SightingKind::Attempt { .. } => Self::NoAccess,
            SightingKind::Reading(ReadingKind::Field | ReadingKind::Reread | ReadingKind::Exchange) => Self::Read,
            SightingKind::Reading(
                ReadingKind::Removal | ReadingKind::Initial | ReadingKind::Customer | ReadingKind::Estimate,
            ) => Self::None,
        }
    }
}

impl StopState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Read, Self::NoAccess];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::NoAccess => "no_access",
        }
    }

    /// The state of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The stop after a visit. Read is never undone by a later attempt: records may arrive in any order. After a reading was
    /// withdrawn the stop is worked out anew, from [`Open`](Self::Open) over the visits that are left.
    #[must_use]
    pub const fn after(self, visit: StopVisit) -> Self {
        match (self, visit) {
            (Self::Read, _) | (_, StopVisit::Read) => Self::Read,
            (_, StopVisit::NoAccess) => Self::NoAccess,
            (_, StopVisit::None) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_visits_does_not_matter() {
        let visits = [StopVisit::Read, StopVisit::NoAccess, StopVisit::None];
        for a in visits {
            for b in visits {
                assert_eq!(StopState::Open.after(a).after(b), StopState::Open.after(b).after(a));
            }
        }
        assert_eq!(StopState::Open.after(StopVisit::NoAccess).after(StopVisit::Read), StopState::Read);
    }

    #[test]
    fn only_a_look_at_the_meter_reads_a_stop() {
        let read = ReadingKind::ALL.map(|kind| StopVisit::of(SightingKind::Reading(kind)) == StopVisit::Read);
        assert_eq!(read, [true, true, true, false, false, false, false]);
        assert_eq!(StopVisit::of(SightingKind::Attempt { proof: false }), StopVisit::NoAccess);
    }

    #[test]
    fn codes_lead_back() {
        for state in StopState::ALL {
            assert_eq!(StopState::from_code(state.code()), Some(state));
        }
    }
}
