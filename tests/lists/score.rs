//! What was found of what was put in: yield, and who was found within half a year and within a year.

use super::series::PERIODS;
use super::street::{FIRST_DAY, Fault, PERIOD_DAYS, Truth};
use meterbook::anomalies::lists::replay::{Alarm, Raised};

/// Alarms before this period are not judged: there is no year of history.
pub const FIRST_JUDGED: usize = 6;
const HALF_A_YEAR: usize = 3;
const YEAR: usize = 6;

/// A meter that was checked: in which period of the street.
pub struct Check {
    pub meter: usize,
    pub period: usize,
}

#[derive(Default)]
pub struct Score {
    pub checked: usize,
    pub right: usize,
    pub exceptions: usize,
    pub right_exceptions: usize,
    /// Fault, and after how many periods its meter was first checked.
    pub faults: Vec<(Fault, Option<usize>)>,
}

/// The period of a day: readings are taken at the end of one, give or take three days.
pub fn period_of(day: i32) -> usize {
    ((f64::from(day - FIRST_DAY) / PERIOD_DAYS).round() as usize).saturating_sub(1)
}

/// The places of the lists, as checks.
pub fn checks(raised: &[Raised]) -> Vec<Check> {
    let places = raised.iter().filter(|raised| matches!(raised.alarm, Alarm::Place { .. }));
    places.map(|raised| Check { meter: raised.meter, period: period_of(raised.day) }).collect()
}

impl Score {
    pub fn add(&mut self, checks: &[Check], truths: &[Option<Truth>]) {
        let mut first: Vec<Option<usize>> = vec![None; truths.len()];
        for check in checks.iter().filter(|check| check.period >= FIRST_JUDGED) {
            let is_right = truths[check.meter].as_ref().is_some_and(|truth| truth.periods.contains(&check.period));
            self.checked += 1;
            self.right += usize::from(is_right);
            if is_right {
                first[check.meter].get_or_insert(check.period);
            }
        }
        for (truth, first) in truths.iter().zip(first).filter_map(|(truth, first)| Some((truth.as_ref()?, first))) {
            let start = truth.periods.start;
            // A fault of the last periods had no year to be found in.
            if start + YEAR <= PERIODS {
                self.faults.push((truth.fault, first.map(|first| first - start)));
            }
        }
    }

    pub fn add_exceptions(&mut self, raised: &[Raised], truths: &[Option<Truth>]) {
        for raised in raised.iter().filter(|raised| matches!(raised.alarm, Alarm::Exception(_))) {
            let period = period_of(raised.day);
            if period >= FIRST_JUDGED {
                self.exceptions += 1;
                let truth = truths[raised.meter].as_ref();
                self.right_exceptions += usize::from(truth.is_some_and(|truth| truth.periods.contains(&period)));
            }
        }
    }

    pub fn r#yield(&self) -> f64 {
        self.right as f64 / self.checked.max(1) as f64
    }

    /// Of all visits, those to doubted readings among them.
    pub fn yield_of_visits(&self) -> f64 {
        (self.right + self.right_exceptions) as f64 / (self.checked + self.exceptions).max(1) as f64
    }

    pub fn precision_of_exceptions(&self) -> f64 {
        self.right_exceptions as f64 / self.exceptions.max(1) as f64
    }

    fn within(&self, faults: &[Fault], periods: usize) -> f64 {
        let of: Vec<_> = self.faults.iter().filter(|(fault, _)| faults.contains(fault)).collect();
        of.iter().filter(|(_, after)| after.is_some_and(|after| after < periods)).count() as f64
            / of.len().max(1) as f64
    }

    /// Found within half a year, within a year.
    pub fn recall(&self, faults: &[Fault]) -> (f64, f64) {
        (self.within(faults, HALF_A_YEAR), self.within(faults, YEAR))
    }
}
