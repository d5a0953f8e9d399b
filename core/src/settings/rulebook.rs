//! Every dated change of a setting, and with it what holds on any day.
//!
//! Why separate: an old period is judged for ever by the figures that were in force when it began, so what holds is a question
//! with a day in it, never a variable.

use super::{Setting, all, find};
use crate::anomalies::integrity::IntegritySettings;
use crate::anomalies::lists::settings::ListSettings;
use crate::appraisal::AppraisalSettings;
use crate::calendar::Period;
use crate::readings::observed::TimeSettings;
use crate::{anomalies, coverage, reports, rounds};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One value of one setting from a day on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Later numbers were said later: of two for the same day the later one holds.
    pub serial: i64,
    /// The first local day it holds on.
    pub valid_from: NaiveDate,
    /// The value, within the setting's range.
    pub value: i64,
}

/// All changes known. Without any, every setting has its default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rulebook {
    /// By key; by day and number.
    changes: BTreeMap<&'static str, Vec<Change>>,
}

impl Rulebook {
    /// Reads stored changes, in any order. A key this version does not know is left alone, and a value out of range (no input
    /// lets one through) counts as the nearest that is in it.
    pub fn new(stored: impl IntoIterator<Item = (String, Change)>) -> Self {
        let mut changes: BTreeMap<&'static str, Vec<Change>> = BTreeMap::new();
        for (key, change) in stored {
            if let Some(setting) = find(&key) {
                let value = change.value.clamp(setting.least, setting.most);
                changes.entry(setting.key).or_default().push(Change { value, ..change });
            }
        }
        changes.values_mut().for_each(|list| list.sort_by_key(|change| (change.valid_from, change.serial)));
        Self { changes }
    }

    /// The same with one more change.
    #[must_use]
    pub fn with(&self, setting: &'static Setting, change: Change) -> Self {
        let mut wider = self.clone();
        let list = wider.changes.entry(setting.key).or_default();
        list.push(change);
        list.sort_by_key(|change| (change.valid_from, change.serial));
        wider
    }

    /// The changes of a setting, oldest first.
    #[must_use]
    pub fn changes(&self, setting: &Setting) -> &[Change] {
        self.changes.get(setting.key).map_or(&[], Vec::as_slice)
    }

    /// The change that holds on a day; `None`: the default does.
    #[must_use]
    pub fn in_force(&self, setting: &Setting, day: NaiveDate) -> Option<&Change> {
        let list = self.changes(setting);
        list[..list.partition_point(|change| change.valid_from <= day)].last()
    }

    /// The value that holds on a day.
    #[must_use]
    pub fn value(&self, setting: &Setting, day: NaiveDate) -> i64 {
        self.in_force(setting, day).map_or(setting.default, |change| change.value)
    }

    /// What a period is judged by: what holds on its first day. A change inside it waits for the next, as a class does.
    #[must_use]
    pub fn coverage(&self, period: Period) -> coverage::Settings {
        let day = period.first_day();
        coverage::Settings::in_force(|setting| self.value(setting, day))
    }

    /// What a reading of this day is judged by.
    #[must_use]
    pub fn anomalies(&self, day: NaiveDate) -> anomalies::Settings {
        anomalies::Settings::in_force(|setting| self.value(setting, day))
    }

    /// What the lists of a month are made by: what holds on its last day, since they are made after it.
    #[must_use]
    pub fn lists(&self, month: Period) -> ListSettings {
        let day = month.end_day().pred_opt().unwrap_or(NaiveDate::MAX);
        ListSettings::in_force(|setting| self.value(setting, day))
    }

    /// When cases opened on this day are due.
    #[must_use]
    pub fn cases(&self, day: NaiveDate) -> anomalies::CaseSettings {
        anomalies::CaseSettings::in_force(|setting| self.value(setting, day))
    }

    /// How the time of what is received on this day is found.
    #[must_use]
    pub fn time(&self, day: NaiveDate) -> TimeSettings {
        TimeSettings::in_force(|setting| self.value(setting, day))
    }

    /// How rounds given on this day are treated.
    #[must_use]
    pub fn rounds(&self, day: NaiveDate) -> rounds::Settings {
        rounds::Settings::in_force(|setting| self.value(setting, day))
    }

    /// From where on something about a reader's entries of a window that ends on this day is worth saying.
    #[must_use]
    pub fn integrity(&self, day: NaiveDate) -> IntegritySettings {
        IntegritySettings::in_force(|setting| self.value(setting, day))
    }

    /// What counts as a change of a customer's purchases in a month.
    #[must_use]
    pub fn purchases(&self, month: Period) -> reports::WatchSettings {
        let day = month.first_day();
        reports::WatchSettings::in_force(|setting| self.value(setting, day))
    }

    /// What the appraisals of a month are made by.
    #[must_use]
    pub fn appraisal(&self, month: Period) -> AppraisalSettings {
        let day = month.first_day();
        AppraisalSettings::in_force(|setting| self.value(setting, day))
    }

    /// Every day on which some setting takes another value.
    pub(super) fn days(&self) -> impl Iterator<Item = NaiveDate> {
        self.changes.values().flatten().map(|change| change.valid_from)
    }

    /// All that holds on a day as one text, the same wherever the same holds: its hash is the version of the rules in force.
    #[must_use]
    pub fn canonical(&self, day: NaiveDate) -> String {
        let mut text = String::new();
        for setting in all() {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{}={}", setting.key, self.value(setting, day));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::catalogue::{GRACE_DAYS, TARGET_OUTDOOR};
    use crate::quantity::BasisPoints;

    fn change(serial: i64, valid_from: &str, value: i64) -> Change {
        Change { serial, valid_from: valid_from.parse().unwrap(), value }
    }

    fn book(changes: &[(&str, Change)]) -> Rulebook {
        Rulebook::new(changes.iter().map(|(key, change)| ((*key).to_owned(), change.clone())))
    }

    #[test]
    fn without_changes_every_default_holds() {
        let (book, period) = (Rulebook::default(), Period::parse("2024-03").unwrap());
        assert_eq!(book.coverage(period), coverage::Settings::default());
        assert_eq!(book.anomalies(period.first_day()), anomalies::Settings::default());
        assert_eq!(book.time(period.first_day()), TimeSettings::default());
        assert_eq!(book.rounds(period.first_day()), rounds::Settings::default());
    }

    #[test]
    fn a_change_inside_a_period_waits_for_the_next() {
        let history = book(&[
            (TARGET_OUTDOOR.key, change(2, "2024-03-02", 9_900)),
            (TARGET_OUTDOOR.key, change(1, "2023-01-01", 9_700)),
        ]);
        let target = |period: &str| history.coverage(Period::parse(period).unwrap()).target_outdoor;
        assert_eq!(target("2024-03"), BasisPoints(9_700));
        assert_eq!(target("2024-04"), BasisPoints(9_900));
        assert_eq!(target("2022-12"), BasisPoints(9_800));
    }

    #[test]
    fn of_two_changes_for_a_day_the_later_one_holds() {
        let day = "2024-05-01".parse().unwrap();
        let history = book(&[
            (GRACE_DAYS.key, change(7, "2024-05-01", 5)),
            (GRACE_DAYS.key, change(6, "2024-05-01", 4)),
            ("unknown_key", change(8, "2024-05-01", 4)),
            (GRACE_DAYS.key, change(9, "2024-05-02", 4_000)),
        ]);
        assert_eq!(history.value(&GRACE_DAYS, day), 5);
        assert_eq!(history.value(&GRACE_DAYS, day.succ_opt().unwrap()), GRACE_DAYS.most);
        assert_ne!(history.canonical(day), Rulebook::default().canonical(day));
        assert_eq!(history.canonical(day.pred_opt().unwrap()), Rulebook::default().canonical(day));
    }

    /// A row that is in the list but in no `Settings` would be shown, set and ignored.
    #[test]
    fn every_setting_changes_what_some_rule_is_given() {
        let period = Period::parse("2024-03").unwrap();
        let day = period.first_day();
        for setting in all() {
            let other = if setting.default == setting.least { setting.most } else { setting.least };
            let changed = Rulebook::default().with(setting, Change { serial: 1, valid_from: day, value: other });
            let same = changed.coverage(period) == coverage::Settings::default()
                && changed.anomalies(day) == anomalies::Settings::default()
                && changed.lists(period) == ListSettings::default()
                && changed.cases(day) == anomalies::CaseSettings::default()
                && changed.time(day) == TimeSettings::default()
                && changed.rounds(day) == rounds::Settings::default()
                && changed.integrity(day) == IntegritySettings::default()
                && changed.purchases(period) == reports::WatchSettings::default()
                && changed.appraisal(period) == AppraisalSettings::default();
            assert!(!same, "{} changes nothing", setting.key);
        }
    }
}
