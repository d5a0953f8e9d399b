//! What may be set: known keys, in range, from a day that has not begun, and never a set of values that contradicts itself.
//!
//! Why separate: a figure that already judged something is never changed under it, so a change always lies ahead.

use super::{Change, Rulebook, Setting, find};
use crate::coverage;
use crate::text::Text;
use chrono::NaiveDate;

/// A value somebody wants to set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted<'w> {
    /// The key.
    pub key: &'w str,
    /// The value.
    pub value: i64,
}

/// Why a change is refused. `at` is its place among the wanted values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// There is no such setting.
    UnknownKey {
        /// Which.
        at: usize,
    },
    /// The same key twice.
    Twice {
        /// Which.
        at: usize,
    },
    /// The value is not in the setting's range.
    OutOfRange {
        /// Which.
        at: usize,
        /// The setting.
        setting: &'static Setting,
    },
    /// The first day has begun.
    NotAhead,
    /// Some day the values together would make no sense.
    Contradiction {
        /// From when.
        from: NaiveDate,
        /// Why.
        why: Text,
    },
}

/// Whether values may be set from a day on; the settings they are for, in order.
///
/// # Errors
/// Everything that is wrong.
pub fn check(
    wanted: &[Wanted<'_>],
    valid_from: NaiveDate,
    today: NaiveDate,
    book: &Rulebook,
) -> Result<Vec<&'static Setting>, Vec<Fault>> {
    let mut faults: Vec<Fault> = (valid_from <= today).then_some(Fault::NotAhead).into_iter().collect();
    let mut settings = Vec::with_capacity(wanted.len());
    let mut after = book.clone();
    for (at, one) in wanted.iter().enumerate() {
        let Some(setting) = find(one.key) else {
            faults.push(Fault::UnknownKey { at });
            continue;
        };
        if settings.contains(&setting) {
            faults.push(Fault::Twice { at });
        } else if !(setting.least..=setting.most).contains(&one.value) {
            faults.push(Fault::OutOfRange { at, setting });
        }
        settings.push(setting);
        after = after.with(setting, Change { serial: i64::MAX, valid_from, value: one.value });
    }
    if faults.is_empty() {
        faults.extend(contradiction(&after, valid_from));
    }
    if faults.is_empty() { Ok(settings) } else { Err(faults) }
}

/// The first day from `from` on whose values contradict each other.
fn contradiction(book: &Rulebook, from: NaiveDate) -> Option<Fault> {
    let mut days: Vec<NaiveDate> = book.days().filter(|day| *day >= from).collect();
    days.sort_unstable();
    let why = |day: &NaiveDate| {
        let settings = coverage::Settings::in_force(|setting| book.value(setting, *day));
        settings.contradiction().map(|why| Fault::Contradiction { from: *day, why })
    };
    days.iter().find_map(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::catalogue::{GRACE_DAYS, TARGET_OUTDOOR, WINDOW_FROM_DAY, WINDOW_UNTIL_DAY};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn checked(wanted: &[(&str, i64)], from: &str) -> Result<Vec<&'static Setting>, Vec<Fault>> {
        let wanted: Vec<Wanted<'_>> = wanted.iter().map(|(key, value)| Wanted { key, value: *value }).collect();
        check(&wanted, day(from), day("2026-03-02"), &Rulebook::default())
    }

    #[test]
    fn a_change_lies_ahead() {
        assert_eq!(checked(&[("grace_days", 5)], "2026-03-02"), Err(vec![Fault::NotAhead]));
        assert_eq!(checked(&[("grace_days", 5)], "2026-03-03"), Ok(vec![&GRACE_DAYS]));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_its_place() {
        let faults =
            checked(&[("grace", 5), ("target_outdoor_bp", 10_001), ("grace_days", 1), ("grace_days", 1)], "2026-04-01");
        let range = Fault::OutOfRange { at: 1, setting: &TARGET_OUTDOOR };
        assert_eq!(faults, Err(vec![Fault::UnknownKey { at: 0 }, range, Fault::Twice { at: 3 }]));
    }

    #[test]
    fn the_window_never_ends_before_it_begins() {
        let is_refused = |wanted: &[(&str, i64)]| matches!(checked(wanted, "2026-04-01"), Err(faults) if matches!(faults[..], [Fault::Contradiction { .. }]));
        assert!(is_refused(&[(WINDOW_FROM_DAY.key, 24)]));
        assert!(!is_refused(&[(WINDOW_FROM_DAY.key, 24), (WINDOW_UNTIL_DAY.key, 26)]));
        // A change said earlier for a later day counts too.
        let later = Rulebook::default()
            .with(&WINDOW_UNTIL_DAY, Change { serial: 1, valid_from: day("2026-04-01"), value: 28 })
            .with(&WINDOW_UNTIL_DAY, Change { serial: 2, valid_from: day("2026-07-01"), value: 24 });
        let wanted = [Wanted { key: WINDOW_FROM_DAY.key, value: 25 }];
        let faults = check(&wanted, day("2026-05-01"), day("2026-03-02"), &later).unwrap_err();
        assert!(matches!(faults[..], [Fault::Contradiction { from, .. }] if from == day("2026-07-01")));
    }
}
