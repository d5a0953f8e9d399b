//! The settings of appraisals. The regulation says *that* reading counts in a reader's appraisal and what is recorded
//! not how many marks anything costs: all of that is the company's to set, these are starting values.

use super::{DeductionKind, catalogue as keys};
use crate::calendar::Instant;
use crate::settings::{Setting, narrow};
use chrono::TimeDelta;

/// Everything a company may set. Marks are in tenths.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppraisalSettings {
    /// Marks of a month without deductions: 100.0.
    pub full_marks: i64,
    /// How many earlier periods of a route say what can be expected of it: 12.
    pub history_periods: usize,
    /// How many points' worth the peers' rate of the same period counts beside a route's history: 30.
    pub prior_points: u64,
    /// A correction made later than this after the reading is late: 24 h.
    pub correction_in_time: TimeDelta,
    /// For every whole per cent below the expectation of a class: 1.0.
    pub per_percent_short: i64,
    /// For each commercial point read outside the window only: 0.2.
    pub per_off_schedule: i64,
    /// For each attempt without a photo: 0.2.
    pub per_unproven: i64,
    /// For each entry error corrected: 0.5.
    pub per_misentry: i64,
    /// For each late correction, beside the error itself: 1.0.
    pub per_late_correction: i64,
    /// For each record missing: 2.0.
    pub per_missing_record: i64,
    /// At most so much for one kind: 40.0 for coverage, 20.0 for each other.
    pub most_for_coverage: i64,
    /// See [`AppraisalSettings::most_for_coverage`].
    pub most_for_others: i64,
    /// Local days after the day of publication on which the reader may object: 3.
    pub objection_days: u64,
    /// Local days after the day of the objection within which it is answered: 7.
    pub answer_days: u64,
}

impl Default for AppraisalSettings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl AppraisalSettings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let number = |setting| value(setting).unsigned_abs();
        Self {
            full_marks: value(&keys::FULL_MARKS),
            history_periods: narrow(value(&keys::HISTORY_PERIODS), usize::MAX),
            prior_points: number(&keys::PRIOR_POINTS),
            correction_in_time: TimeDelta::hours(value(&keys::CORRECTION_IN_TIME)),
            per_percent_short: value(&keys::PER_PERCENT_SHORT),
            per_off_schedule: value(&keys::PER_OFF_SCHEDULE),
            per_unproven: value(&keys::PER_UNPROVEN),
            per_misentry: value(&keys::PER_MISENTRY),
            per_late_correction: value(&keys::PER_LATE_CORRECTION),
            per_missing_record: value(&keys::PER_MISSING_RECORD),
            most_for_coverage: value(&keys::MOST_FOR_COVERAGE),
            most_for_others: value(&keys::MOST_FOR_OTHERS),
            objection_days: number(&keys::OBJECTION_DAYS),
            answer_days: number(&keys::ANSWER_DAYS),
        }
    }

    /// Whether a correction of a reading came late.
    #[must_use]
    pub fn is_late(&self, read_at: Instant, corrected_at: Instant) -> bool {
        corrected_at - read_at > self.correction_in_time
    }

    /// What one fact of a kind costs; of coverage, one whole per cent.
    #[must_use]
    pub const fn cost(&self, kind: DeductionKind) -> i64 {
        match kind {
            DeductionKind::Coverage => self.per_percent_short,
            DeductionKind::OffSchedule => self.per_off_schedule,
            DeductionKind::Unproven => self.per_unproven,
            DeductionKind::Misentry => self.per_misentry,
            DeductionKind::LateCorrection => self.per_late_correction,
            DeductionKind::MissingRecord => self.per_missing_record,
        }
    }

    /// What all facts of a kind cost at most.
    #[must_use]
    pub const fn most(&self, kind: DeductionKind) -> i64 {
        match kind {
            DeductionKind::Coverage => self.most_for_coverage,
            _ => self.most_for_others,
        }
    }
}
