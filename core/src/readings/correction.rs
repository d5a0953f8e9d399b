//! Corrections: a new record that names the one it replaces (DOMAIN 1, R-40). Nothing recorded is ever changed.
//!
//! Why separate: what a correction may name must be decided the same way whether it arrives before or after its target.
//! The corrections of one record make a chain, never a tree and never a ring, so there is always one head that counts.

use crate::id::{AccountId, PointId, RecordId};
use crate::sync::Rejection;
use crate::text::Text;

/// The code of a second correction of one record: kept aside for a person.
pub const ALREADY_CORRECTED: &str = "already_corrected";

/// What that means for a person.
pub const ALREADY_CORRECTED_TEXT: Text = Text {
    zh: "该记录已有另一条更正，已留待人工处理；请更正最新的一条",
    en: "another correction of this record exists; kept for a person to decide. Correct the latest one",
};

/// At most so many corrections make a chain: more is a fault of the phone, not of the reader.
pub const LONGEST_CHAIN: usize = 100;

/// Why a reader corrects a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CorrectionReason {
    /// 看错: the dial was misread.
    Misread,
    /// 输错: the figures were mistyped.
    Mistyped,
    /// 三数错位: the three figures were entered in each other's place.
    Swapped,
    /// 情况选错: the wrong reason was chosen for not reading.
    WrongCode,
    /// 其他: told in words.
    Other,
}

impl CorrectionReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::Misread, Self::Mistyped, Self::Swapped, Self::WrongCode, Self::Other];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Misread => "misread",
            Self::Mistyped => "mistyped",
            Self::Swapped => "swapped",
            Self::WrongCode => "wrong_code",
            Self::Other => "other",
        }
    }

    /// The reason of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// What a record is about, as far as corrections ask.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Subject {
    /// A reading.
    Reading,
    /// An attempt without one.
    Attempt,
    /// Something that is not corrected: said anew instead.
    Other,
}

/// A correction as it asks to be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Correction {
    /// Its id.
    pub id: RecordId,
    /// Whose phone sent it.
    pub reader: AccountId,
    /// The point it speaks of.
    pub point: PointId,
    /// What it says anew.
    pub subject: Subject,
    /// The record it names.
    pub target: RecordId,
}

/// The record a correction names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// Who made it; `None` for one from before Meterbook.
    pub reader: Option<AccountId>,
    /// Its point.
    pub point: PointId,
    /// What it is about; a correction is about what it corrects.
    pub subject: Subject,
}

/// What becomes of a correction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Linking {
    /// It supersedes its target.
    Linked,
    /// Its target has not arrived.
    Waiting,
    /// Another correction of the same record was first: a person decides.
    Conflict,
    /// It names what it may not.
    Refused(Rejection),
}

/// Decides a correction. `target` is the named record where it has arrived, `successor` the correction that names the same
/// record already, `trail` where the target itself leads: the record it corrects, the one that corrects, and so on; `heads`
/// says how many corrections of this one are waiting already.
#[must_use]
pub fn link(
    correction: &Correction,
    target: Option<&Target>,
    successor: Option<RecordId>,
    trail: &[RecordId],
    heads: usize,
) -> Linking {
    if correction.target == correction.id || trail.contains(&correction.id) {
        return Linking::Refused(Rejection::CorrectsItself);
    }
    if let Some(refused) = target.and_then(|target| refusal(correction, target)) {
        return Linking::Refused(refused);
    }
    if successor.is_some_and(|other| other != correction.id) {
        return Linking::Conflict;
    }
    if trail.len() + heads >= LONGEST_CHAIN {
        return Linking::Refused(Rejection::TooManyCorrections);
    }
    if target.is_some() { Linking::Linked } else { Linking::Waiting }
}

fn refusal(correction: &Correction, target: &Target) -> Option<Rejection> {
    if target.reader != Some(correction.reader) {
        Some(Rejection::NotYourRecord)
    } else if target.subject == Subject::Other || target.subject != correction.subject {
        Some(Rejection::CorrectionKindMismatch)
    } else if target.point != correction.point {
        Some(Rejection::CorrectionPointMismatch)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{HashMap, HashSet};
    use uuid::Uuid;

    fn id(number: u128) -> RecordId {
        RecordId(Uuid::from_u128(number))
    }

    fn correction(own: u128, target: u128) -> Correction {
        Correction {
            id: id(own),
            reader: AccountId(1),
            point: PointId(7),
            subject: Subject::Reading,
            target: id(target),
        }
    }

    const TARGET: Target = Target { reader: Some(AccountId(1)), point: PointId(7), subject: Subject::Reading };

    #[test]
    fn an_own_reading_is_corrected_once_and_by_the_same_kind() {
        let asked = correction(2, 1);
        assert_eq!(link(&asked, Some(&TARGET), None, &[], 0), Linking::Linked);
        assert_eq!(link(&asked, None, None, &[], 0), Linking::Waiting);
        assert_eq!(link(&asked, Some(&TARGET), Some(id(3)), &[], 0), Linking::Conflict);
        assert_eq!(link(&asked, None, Some(id(3)), &[], 0), Linking::Conflict);
        let refused = |target: Target| link(&asked, Some(&target), None, &[], 0);
        let strangers = [Some(AccountId(2)), None].map(|reader| refused(Target { reader, ..TARGET }));
        assert_eq!(strangers, [Linking::Refused(Rejection::NotYourRecord); 2]);
        for subject in [Subject::Attempt, Subject::Other] {
            assert_eq!(refused(Target { subject, ..TARGET }), Linking::Refused(Rejection::CorrectionKindMismatch));
        }
        let elsewhere = Target { point: PointId(8), ..TARGET };
        assert_eq!(refused(elsewhere), Linking::Refused(Rejection::CorrectionPointMismatch));
    }

    #[test]
    fn a_correction_never_leads_back_to_itself() {
        let ring = Linking::Refused(Rejection::CorrectsItself);
        assert_eq!(link(&correction(1, 1), None, None, &[], 0), ring);
        assert_eq!(link(&correction(3, 2), Some(&TARGET), None, &[id(1), id(3)], 0), ring);
    }

    #[test]
    fn a_chain_has_an_end() {
        let trail: Vec<RecordId> = (10..109).map(id).collect();
        assert_eq!(link(&correction(3, 2), Some(&TARGET), None, &trail, 0), Linking::Linked);
        let too_many = Linking::Refused(Rejection::TooManyCorrections);
        assert_eq!(link(&correction(3, 2), Some(&TARGET), None, &trail, 1), too_many);
    }

    #[test]
    fn reasons_lead_back() {
        for reason in CorrectionReason::ALL {
            assert_eq!(CorrectionReason::from_code(reason.code()), Some(reason));
        }
    }

    proptest! {
        /// I9: whatever arrives in whatever order, chains have no ring and every record at most one successor.
        #[test]
        fn chains_stay_linear_and_acyclic(asked in prop::collection::vec((0..8_u128, 0..8_u128), 0..40)) {
            let mut links: HashMap<RecordId, RecordId> = HashMap::new();
            for (own, target) in asked {
                let asked = correction(own, target);
                if links.contains_key(&asked.id) {
                    continue;
                }
                let mut trail = Vec::new();
                let mut at = asked.target;
                while let Some(next) = links.get(&at) {
                    trail.push(*next);
                    at = *next;
                }
                let successor = links.iter().find(|(_, named)| **named == asked.target).map(|(by, _)| *by);
                if matches!(link(&asked, None, successor, &trail, 0), Linking::Waiting) {
                    links.insert(asked.id, asked.target);
                }
            }
            let targets: HashSet<RecordId> = links.values().copied().collect();
            prop_assert_eq!(targets.len(), links.len());
            for start in links.keys() {
                let (mut at, mut steps) = (*start, 0);
                while let Some(next) = links.get(&at) {
                    at = *next;
                    steps += 1;
                    prop_assert!(steps <= links.len());
                }
            }
        }
    }
}
