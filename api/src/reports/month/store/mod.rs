//! The facts of a month.

pub mod published;
pub mod rows;
pub mod sums;

use chrono::{Datelike as _, NaiveDate};
use meterbook::calendar::{Instant, Period, Zone};

/// The month that is reported on.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The month.
    pub month: Period,
    /// The company's zone.
    pub zone: Zone,
    /// Now: what came later is not known.
    pub cut_off: Instant,
}

impl Scope {
    /// Its span of time.
    #[must_use]
    pub fn span(&self) -> (Instant, Instant) {
        (self.zone.start_of(self.month.first_day()), self.zone.start_of(self.month.end_day()))
    }

    /// The quarter it lies in.
    #[must_use]
    pub fn quarter(&self) -> Period {
        Period::quarter_of(self.month.first_day())
    }

    /// Whether indoor points are settled with it: their quarter ends.
    #[must_use]
    pub fn ends_quarter(&self) -> bool {
        self.month.end_day() == self.quarter().end_day()
    }

    /// The same for another month.
    #[must_use]
    pub const fn of(&self, month: Period) -> Self {
        Self { month, ..*self }
    }

    /// The same month last year.
    #[must_use]
    pub fn last_year(&self) -> Period {
        let first = self.month.first_day();
        Period::month_of(NaiveDate::from_ymd_opt(first.year() - 1, first.month(), 1).unwrap_or(first))
    }
}
