//! The figures of the coverage rules that a company may set, each with DOMAIN's value as its default.
//!
//! Why separate: a setting is dated configuration (value, valid from, source), never a constant inside a rule, so that an
//! old period is judged for ever by the figures that were in force when it began.

use super::catalogue as keys;
use crate::calendar::Period;
use crate::meters::Class;
use crate::quantity::BasisPoints;
use crate::settings::{Setting, narrow};
use crate::text::Text;
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
    /// How many days a week are workdays, from Monday on (5).
    pub pace_workdays: u32,
    /// How many days back a reader's daily median looks (60).
    pub pace_history_days: u32,
    /// Pace is green while need is at most this share of capacity (DOMAIN 3: 0.8).
    pub pace_green: BasisPoints,
    /// Which share of the visits of a reader without history is expected to succeed (80 %).
    pub pace_default_access: BasisPoints,
    /// What is expected of a reader without history, in points a day (60).
    pub pace_default_a_day: u32,
}

impl Default for Settings {
    /// The values of and DOMAIN 3.
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl Settings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let points = |setting| BasisPoints(narrow(value(setting), u32::MAX));
        let number = |setting| narrow(value(setting), u32::MAX);
        Self {
            target_commercial: points(&keys::TARGET_COMMERCIAL),
            target_outdoor: points(&keys::TARGET_OUTDOOR),
            target_indoor: points(&keys::TARGET_INDOOR),
            cut_in_commercial: CutIn { month: 1, day: number(&keys::CUT_IN_COMMERCIAL_DAY) },
            cut_in_outdoor: CutIn { month: 1, day: number(&keys::CUT_IN_OUTDOOR_DAY) },
            cut_in_indoor: CutIn { month: number(&keys::CUT_IN_INDOOR_MONTH), day: number(&keys::CUT_IN_INDOOR_DAY) },
            grace_days: number(&keys::GRACE_DAYS),
            exchange_counts: value(&keys::EXCHANGE_COUNTS) != 0,
            customer_photo_counts: value(&keys::CUSTOMER_PHOTO_COUNTS) != 0,
            window_from_day: number(&keys::WINDOW_FROM_DAY),
            window_until_day: number(&keys::WINDOW_UNTIL_DAY),
            suspended_warning: points(&keys::SUSPENDED_WARNING),
            pace_workdays: number(&keys::PACE_WORKDAYS),
            pace_history_days: number(&keys::PACE_HISTORY_DAYS),
            pace_green: points(&keys::PACE_GREEN),
            pace_default_access: points(&keys::PACE_DEFAULT_ACCESS),
            pace_default_a_day: number(&keys::PACE_DEFAULT_A_DAY),
        }
    }

    /// Why these values make no sense together, if they do not.
    #[must_use]
    pub const fn contradiction(&self) -> Option<Text> {
        if self.window_from_day >= self.window_until_day {
            return Some(Text {
                zh: "抄表窗口须先开始后结束", en: "the reading window must begin before it ends"
            });
        }
        None
    }

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
    fn the_defaults_are_those_of_the_regulation() {
        let settings = Settings::default();
        let targets = Class::ALL.map(|class| settings.target(class).0);
        assert_eq!(targets, [10_000, 9_800, 7_000]);
        assert_eq!((settings.window_from_day, settings.window_until_day, settings.grace_days), (22, 24, 3));
        assert!(settings.exchange_counts && !settings.customer_photo_counts);
        assert_eq!(settings.contradiction(), None);
    }
}
