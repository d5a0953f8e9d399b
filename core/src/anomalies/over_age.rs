//! Is the meter past its life? (JJG 577, R-2)
//!
//! Apart because it judges the register, not a reading: it changes with the calendar alone.

use super::catalogue::Rule;
use super::{Finding, Settings};
use chrono::{Months, NaiveDate};

/// What flows through the meter. Manufactured gas ages a diaphragm sooner.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Gas {
    /// 天然气.
    Natural,
    /// 人工煤气.
    Manufactured,
}

/// `over_age` from the day after the meter has completed its years in service, counted from
/// [`in_service_since`](crate::meters::in_service_since).
#[must_use]
pub fn over_age(since: NaiveDate, gas: Gas, today: NaiveDate, settings: &Settings) -> Option<Finding> {
    let years = match gas {
        Gas::Natural => settings.life_natural,
        Gas::Manufactured => settings.life_manufactured,
    };
    let end = since.checked_add_months(Months::new(u32::from(years) * 12))?;
    (today > end).then(|| Finding::new(Rule::OverAge).with("since", since).with("years", years))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jjg577_ten_years_for_natural_gas_six_for_manufactured() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let judge = |gas, today| over_age(day("2014-02-28"), gas, day(today), &Settings::default()).is_some();
        assert!(!judge(Gas::Natural, "2024-02-28"));
        assert!(judge(Gas::Natural, "2024-02-29"));
        assert!(!judge(Gas::Manufactured, "2020-02-28"));
        assert!(judge(Gas::Manufactured, "2020-02-29"));
        assert_eq!(over_age(day("2016-02-29"), Gas::Natural, day("2026-02-28"), &Settings::default()), None);
    }
}
