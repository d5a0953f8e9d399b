//! The gap-free number: which of a phone's records are in, which are missing (DOMAIN 7, R-11).
//!
//! Why separate: "phone X: record 118 missing" is how a lost slip becomes visible. It must hold for any numbers a phone sends.

use std::borrow::Cow;

/// At most so many missing numbers are listed; the rest are counted.
pub const MISSING_LISTED: usize = 1_000;

/// The largest number a phone may give: 2^53 − 1, exact in every client language.
const LARGEST: i64 = (1 << 53) - 1;

/// How complete a phone's records are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sequence {
    /// The highest number up to which no record is missing; 0 for none.
    pub highest_contiguous: i64,
    /// The lowest missing numbers below the highest stored one, ascending, at most [`MISSING_LISTED`].
    pub missing: Vec<i64>,
    /// How many more are missing than listed.
    pub more: u64,
}

/// Works out the gap-free number and the gaps.
///
/// `contiguous` is the gap-free number known so far; `above` are the numbers stored above it, ascending. What is out of order,
/// twice, at or below `contiguous`, or not a number a phone may give, does no harm. Time and memory go with the numbers
/// stored and listed, never with the width of a gap.
#[must_use]
pub fn sequence(contiguous: i64, above: &[i64]) -> Sequence {
    let mut result = Sequence { highest_contiguous: contiguous.clamp(0, LARGEST), ..Sequence::default() };
    let mut last = result.highest_contiguous;
    for &number in ascending(above).iter().filter(|number| **number <= LARGEST) {
        if number <= last {
            continue;
        }
        if number == last + 1 && last == result.highest_contiguous {
            result.highest_contiguous = number;
        } else {
            note_gap(&mut result, last + 1, number);
        }
        last = number;
    }
    result
}

/// The same where the phone has said which number it gave last: a lost last record is missing too.
#[must_use]
pub fn sequence_through(contiguous: i64, above: &[i64], last: Option<i64>) -> Sequence {
    let mut result = sequence(contiguous, above);
    let known = above.iter().copied().filter(|number| *number <= LARGEST).max().unwrap_or(0);
    let top = known.max(result.highest_contiguous);
    if let Some(last) = last.map(|last| last.min(LARGEST)).filter(|last| *last > top) {
        note_gap(&mut result, top + 1, last + 1);
    }
    result
}

/// Lists or counts the numbers from `first` up to but not including `end`.
fn note_gap(result: &mut Sequence, first: i64, end: i64) {
    let room = MISSING_LISTED.saturating_sub(result.missing.len());
    let before = result.missing.len();
    result.missing.extend((first..end).take(room));
    let listed = (result.missing.len() - before) as u64;
    result.more = result.more.saturating_add(end.abs_diff(first) - listed);
}

fn ascending(numbers: &[i64]) -> Cow<'_, [i64]> {
    if numbers.is_sorted() {
        return Cow::Borrowed(numbers);
    }
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    Cow::Owned(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_gap_is_named_until_it_is_filled() {
        assert_eq!(sequence(0, &[]), Sequence::default());
        assert_eq!(sequence(0, &[1, 2, 3]).highest_contiguous, 3);
        let gap = sequence(117, &[119, 120, 123]);
        assert_eq!(gap, Sequence { highest_contiguous: 117, missing: vec![118, 121, 122], more: 0 });
        assert_eq!(sequence(117, &[118, 119, 120]).highest_contiguous, 120);
    }

    #[test]
    fn a_lost_last_record_is_missing() {
        assert_eq!(sequence_through(3, &[], None), sequence(3, &[]));
        assert_eq!(sequence_through(3, &[], Some(3)), sequence(3, &[]));
        assert_eq!(sequence_through(3, &[], Some(5)).missing, [4, 5]);
        let both = Sequence { highest_contiguous: 4, missing: vec![5, 7, 8], more: 0 };
        assert_eq!(sequence_through(3, &[4, 6], Some(8)), both);
        assert_eq!(sequence_through(3, &[4, 6], Some(2)).missing, [5]);
        let wide = sequence_through(0, &[], Some(i64::MAX));
        assert_eq!((wide.missing.len(), wide.more), (MISSING_LISTED, LARGEST as u64 - MISSING_LISTED as u64));
    }

    #[test]
    fn a_wide_gap_is_counted_not_walked() {
        let wide = sequence(0, &[LARGEST]);
        assert_eq!((wide.highest_contiguous, wide.missing.len()), (0, MISSING_LISTED));
        assert_eq!(wide.more, LARGEST as u64 - 1 - MISSING_LISTED as u64);
    }

    #[test]
    fn impossible_numbers_do_no_harm() {
        let odd = sequence(-7, &[i64::MAX, 2, 2, 1, 0, i64::MIN, LARGEST + 1]);
        assert_eq!(odd, Sequence { highest_contiguous: 2, missing: vec![], more: 0 });
        assert_eq!(sequence(i64::MAX, &[i64::MAX]).highest_contiguous, LARGEST);
    }

    proptest! {
        #[test]
        fn stored_and_missing_make_the_whole(stored in prop::collection::btree_set(1..3_000_i64, 0..200)) {
            let above: Vec<i64> = stored.iter().copied().collect();
            let result = sequence(0, &above);
            let highest = above.last().copied().unwrap_or(0);
            prop_assert_eq!(result.missing.len() as u64 + result.more + stored.len() as u64, highest as u64);
            let missing: BTreeSet<i64> = result.missing.iter().copied().collect();
            prop_assert!(missing.is_disjoint(&stored));
            prop_assert!((1..=result.highest_contiguous).all(|number| stored.contains(&number)));
            prop_assert!(!stored.contains(&(result.highest_contiguous + 1)));
        }

        #[test]
        fn advancing_in_steps_is_advancing_at_once(
            stored in prop::collection::btree_set(1..400_i64, 0..300), split in 0..400_i64,
        ) {
            let all: Vec<i64> = stored.iter().copied().collect();
            let early: Vec<i64> = stored.iter().copied().filter(|number| *number <= split).collect();
            let first = sequence(0, &early).highest_contiguous;
            let above: Vec<i64> = stored.iter().copied().filter(|number| *number > first).collect();
            prop_assert_eq!(sequence(first, &above), sequence(0, &all));
        }
    }
}
