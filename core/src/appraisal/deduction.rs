//! From facts to marks: every mark deducted belongs to one fact, so that each can be shown and objected to by itself.

use super::AppraisalSettings;
use crate::coded::coded;

coded! {
    /// What marks are deducted for.
    DeductionKind {
        /// Below what could be expected on the same routes.
        Coverage = "coverage": "抄见率低于预期", "seen rate below expectation";
        /// A commercial point read outside the 22nd–23rd only.
        OffSchedule = "off_schedule": "工商业表未按时抄", "commercial meter read off schedule";
        /// An attempt without a photo.
        Unproven = "unproven": "到访未抄无照片", "attempt without a photo";
        /// An entry error that was corrected.
        Misentry = "misentry": "录入差错", "entry error";
        /// Corrected late.
        LateCorrection = "late_correction": "迟更正", "late correction";
        /// A number missing of the phone's records.
        MissingRecord = "missing_record": "缺号", "missing record";
    }
}

/// One fact as far as marks ask: its kind, and how often it counts (whole per cents of coverage; 1 otherwise).
pub type Counted = (DeductionKind, u64);

/// What each fact costs, in tenths, in the order given. Beyond the most a kind may cost, further facts cost nothing; they stay
/// on the list all the same.
#[must_use]
pub fn deduct(facts: &[Counted], settings: &AppraisalSettings) -> Vec<i64> {
    let mut spent = [0_i64; DeductionKind::ALL.len()];
    let cost = |(kind, times): &Counted| {
        let spent = &mut spent[*kind as usize];
        let asked = settings.cost(*kind).saturating_mul(i64::try_from(*times).unwrap_or(i64::MAX));
        let cost = asked.min(settings.most(*kind) - *spent).max(0);
        *spent += cost;
        cost
    };
    facts.iter().map(cost).collect()
}

/// The marks that are left, never below zero.
#[must_use]
pub fn marks_left(facts: &[Counted], settings: &AppraisalSettings) -> i64 {
    let deducted = deduct(facts, settings).into_iter().fold(0, i64::saturating_add);
    (settings.full_marks - deducted).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_fact_has_its_price_and_a_kind_has_its_limit() {
        let settings = AppraisalSettings::default();
        let facts = [(DeductionKind::Coverage, 3), (DeductionKind::Misentry, 1), (DeductionKind::MissingRecord, 1)];
        assert_eq!(deduct(&facts, &settings), [30, 5, 20]);
        assert_eq!(marks_left(&facts, &settings), 945);
        let many = vec![(DeductionKind::Misentry, 1); 50];
        assert_eq!(deduct(&many, &settings).iter().sum::<i64>(), settings.most_for_others);
        assert_eq!(deduct(&many, &settings)[49], 0);
        assert_eq!(deduct(&[(DeductionKind::Coverage, 99)], &settings), [400]);
    }

    #[test]
    fn a_month_without_facts_is_a_full_one() {
        assert_eq!(marks_left(&[], &AppraisalSettings::default()), 1_000);
    }

    proptest! {
        /// Taking a fact back never costs marks, and no month has less than none or more than all.
        #[test]
        fn taking_back_never_hurts(facts in prop::collection::vec((0..6_usize, 0..60_u64), 0..40), gone in 0..40_usize) {
            let settings = AppraisalSettings::default();
            let facts: Vec<Counted> = facts.into_iter().map(|(kind, times)| (DeductionKind::ALL[kind], times)).collect();
            let left = marks_left(&facts, &settings);
            prop_assert!((0..=settings.full_marks).contains(&left));
            let mut fewer = facts.clone();
            if gone < fewer.len() {
                fewer.remove(gone);
            }
            prop_assert!(marks_left(&fewer, &settings) >= left);
        }
    }
}
