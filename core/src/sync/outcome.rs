//! What a push answers for each item (PROTOCOL, Push).
//!
//! Why separate: a protocol outcome is not an error. Each one tells the phone what to do with the record it still holds.

/// The outcome of one pushed item.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// On disk, perhaps with flags.
    Accepted,
    /// On disk before: same id, same canonical body.
    Duplicate,
    /// Same id, other body; or a second correction of one reading. In quarantine, for a person to decide.
    Conflict,
    /// Wrong in itself, with a code. In quarantine.
    Rejected,
    /// Not evaluated: still owed, send it again.
    Retry,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Duplicate, Self::Conflict, Self::Rejected, Self::Retry];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::Retry => "retry",
        }
    }

    /// The outcome of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// Whether the item is safe on disk, as a record or in quarantine, so that the phone may delete it once its photo has a
    /// receipt too (DOMAIN 7).
    #[must_use]
    pub const fn is_receipt(self) -> bool {
        !matches!(self, Self::Retry)
    }

    /// Whether the full body is kept aside with its reason (PROTOCOL, promise 2).
    #[must_use]
    pub const fn is_quarantined(self) -> bool {
        matches!(self, Self::Conflict | Self::Rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back_and_only_retry_is_still_owed() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
            assert_eq!(outcome.is_receipt(), outcome != Outcome::Retry);
            assert!(outcome.is_receipt() || !outcome.is_quarantined());
        }
    }
}
