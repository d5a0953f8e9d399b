//! The figures of the coverage rules that a company may set, each with DOMAIN's value as its default.
//!
//! Why separate: a setting is dated configuration (value, valid from, source), never a constant inside a rule, so that an
//! old period is judged for ever by the figures that were in force when it began.

use crate::calendar::Period;
use crate::meters::Class;
use crate::quantity::BasisPoints;
use chrono::{Datelike, Days, Months, NaiveDate};

/// The last day on which a point first put into gas still belongs to the period (DOMAIN 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CutIn {
    /// Which month of the period: 1, for a quarter 1 to 3.
    pub month: u32,
    /// The day of that month, 1 to 31; beyond the month's end it means its last day.
    pub day: u32,
}

impl CutIn {
    /// The cut-in day itself in `period`, never outside the period.
    #[must_use]
    pub fn day_in(self, period: Period) -> NaiveDate {
        let month = self.month.clamp(1, period.length_in_months());
        let first = period.first_day().checked_add_months(Months::new(month - 1)).unwrap_or(NaiveDate::MAX);
        let end = Period::month_of(first).end_day();
        let last = end.checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        first.with_day(self.day.clamp(1, 31)).unwrap_or(last)
    }
}

/// The settings of coverage (R-5, R-6, DOMAIN 3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Target of commercial points, in basis points (R-5: 100 %).
    pub target_commercial: BasisPoints,
    /// Target of outdoor points, in basis points (R-5: 98 %).
    pub target_outdoor: BasisPoints,
    /// Target of indoor points, in basis points (R-5: 70 %).
    pub target_indoor: BasisPoints,
    /// Cut-in day of commercial points (DOMAIN 3: the 20th).
    pub cut_in_commercial: CutIn,
    /// Cut-in day of outdoor points (DOMAIN 3: the 15th).
    pub cut_in_outdoor: CutIn,
    /// Cut-in day of indoor points (DOMAIN 3: last day of the quarter's second month).
    pub cut_in_indoor: CutIn,
    /// How many days after its end a period becomes final (DOMAIN 3: the 3rd of the next month, 24:00, so 3).
    pub grace_days: u32,
    /// Whether a complete meter exchange counts as seen (DOMAIN 3: yes).
    pub exchange_counts: bool,
    /// Whether a customer's reading with a photo counts as seen (DOMAIN 3: no).
    pub customer_photo_counts: bool,
    /// First day of the month of the commercial reading window (R-6: the 22nd).
    pub window_from_day: u32,
    /// First day of the month after the window (R-6: the 24th, 00:00).
    pub window_until_day: u32,
    /// Share of suspended points of a class above which the report warns, in basis points (DOMAIN 3: 2 %).
    pub suspended_warning: BasisPoints,
}

impl Default for Settings {
    /// The values of and DOMAIN 3.
    fn default() -> Self {
        Self {
            target_commercial: BasisPoints::WHOLE,
            target_outdoor: BasisPoints(9_800),
            target_indoor: BasisPoints(7_000),
            cut_in_commercial: CutIn { month: 1, day: 20 },
            cut_in_outdoor: CutIn { month: 1, day: 15 },
            cut_in_indoor: CutIn { month: 2, day: 31 },
            grace_days: 3,
            exchange_counts: true,
            customer_photo_counts: false,
            window_from_day: 22,
            window_until_day: 24,
            suspended_warning: BasisPoints(200),
        }
    }
}

impl Settings {
    /// The target of a class.
    #[must_use]
    pub const fn target(&self, class: Class) -> BasisPoints {
        match class {
            Class::Commercial => self.target_commercial,
            Class::ResidentialOutdoor => self.target_outdoor,
            Class::ResidentialIndoor => self.target_indoor,
        }
    }

    /// The cut-in day of a class in one of its periods (DOMAIN 3).
    #[must_use]
    pub fn cut_in(&self, class: Class, period: Period) -> NaiveDate {
        let cut_in = match class {
            Class::Commercial => self.cut_in_commercial,
            Class::ResidentialOutdoor => self.cut_in_outdoor,
            Class::ResidentialIndoor => self.cut_in_indoor,
        };
        cut_in.day_in(period)
    }
}

/// Settings with the day they begin to hold and where they come from (DOMAIN, preamble).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatedSettings {
    /// The first local day they hold on.
    pub valid_from: NaiveDate,
    /// The regulation, decision or person behind them.
    pub source: String,
    /// The values.
    pub settings: Settings,
}

/// The settings a period is judged by: the latest that hold on its first day. A change inside a period waits for the next,
/// as a class does (DOMAIN 1). The order of `history` does not matter; `None` if all begin later.
#[must_use]
pub fn in_force(history: &[DatedSettings], period: Period) -> Option<&Settings> {
    history
        .iter()
        .filter(|dated| dated.valid_from <= period.first_day())
        .max_by_key(|dated| dated.valid_from)
        .map(|dated| &dated.settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_in_days_are_those_of_the_domain() {
        let settings = Settings::default();
        let cut_in = |class, period: &str| settings.cut_in(class, Period::parse(period).unwrap()).to_string();
        assert_eq!(cut_in(Class::Commercial, "2024-02"), "2024-02-20");
        assert_eq!(cut_in(Class::ResidentialOutdoor, "2024-12"), "2024-12-15");
        assert_eq!(cut_in(Class::ResidentialIndoor, "2024-Q1"), "2024-02-29");
        assert_eq!(cut_in(Class::ResidentialIndoor, "2023-Q1"), "2023-02-28");
        assert_eq!(cut_in(Class::ResidentialIndoor, "2024-Q2"), "2024-05-31");
        assert_eq!(cut_in(Class::ResidentialIndoor, "2024-Q4"), "2024-11-30");
    }

    #[test]
    fn a_change_inside_a_period_waits_for_the_next() {
        let dated = |valid_from: &str, target| DatedSettings {
            valid_from: valid_from.parse().unwrap(),
            source: String::from("R-5"),
            settings: Settings { target_outdoor: BasisPoints(target), ..Settings::default() },
        };
        let history = [dated("2024-03-02", 9_900), dated("2023-01-01", 9_800)];
        let target = |period: &str| in_force(&history, Period::parse(period).unwrap()).map(|s| s.target_outdoor.0);
        assert_eq!(target("2024-03"), Some(9_800));
        assert_eq!(target("2024-04"), Some(9_900));
        assert_eq!(target("2022-12"), None);
    }
}
