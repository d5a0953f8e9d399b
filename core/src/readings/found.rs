//! Found on site: what a reader saw that the register has wrong. A proposal; the office decides.
//!
//! Why separate: the register is never changed by a phone. What may be proposed, and what an acceptance changes, is here.

use crate::coded::coded;

coded! {
    /// What differs from the register.
    FoundKind {
        /// The meter shows another number than the register.
        WrongNumber = "wrong_number": "表号与档案不符", "the meter shows another number";
        /// Gas enters from the other side.
        InletSide = "inlet_side": "进气方向与档案不符", "gas enters from the other side";
        /// The meter hangs in another place.
        Moved = "moved": "表具位置已变动", "the meter hangs in another place";
        /// The meter can't be reached or seen.
        Obstructed = "obstructed": "表具被遮挡，无法抄读", "the meter is obstructed";
        /// Told in words.
        Other = "other": "其他", "other";
    }
}

/// Where a proposal stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FoundState {
    /// 待核实.
    Open,
    /// 已采纳: the register was changed.
    Accepted,
    /// 不采纳.
    Dismissed,
}

impl FoundState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Accepted, Self::Dismissed];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Dismissed => "dismissed",
        }
    }

    /// The state of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether the office may decide so: once.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!((self, next), (Self::Open, Self::Accepted | Self::Dismissed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_and_a_proposal_is_decided_once() {
        for kind in FoundKind::ALL {
            assert_eq!(FoundKind::from_code(kind.code()), Some(*kind));
            assert!(!kind.text().zh.is_ascii() && kind.text().en.is_ascii());
        }
        for from in FoundState::ALL {
            assert_eq!(FoundState::from_code(from.code()), Some(from));
            assert!(!from.may_become(FoundState::Open));
            assert_eq!(from.may_become(FoundState::Accepted), from == FoundState::Open);
        }
    }
}
