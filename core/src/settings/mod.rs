//! Dated settings (DOMAIN, preamble): every figure a company may set, with its name, unit and range, and which value holds when.
//!
//! Why separate: a rule takes its figures as an argument and never asks where they come from. Here is the one list of them
//! all, so that a page can show it, an input can be held against it, and two nodes can say whether they judge alike.
//!
//! A new setting is one row in the list of its capability (`coverage/catalogue.rs`, `anomalies/catalogue_settings.rs` …) and
//! one line in that capability's `Settings::in_force`; [`CATALOGUES`] names the lists.

mod change;
mod rulebook;

pub use change::{Fault, Wanted, check};
pub use rulebook::{Change, Rulebook};

use crate::text::Text;

crate::coded::coded! {
    /// What the whole number of a setting counts.
    Unit {
        /// 1/10,000.
        BasisPoints = "basis_points": "万分之一", "1/10,000";
        /// 0.001 m³.
        Litres = "litres": "0.001 立方米", "0.001 m³";
        /// Days.
        Days = "days": "天", "days";
        /// A day of the month.
        DayOfMonth = "day_of_month": "日", "day of the month";
        /// A month of the quarter.
        MonthOfQuarter = "month_of_quarter": "季内第几月", "month of the quarter";
        /// Days of a week.
        DaysOfWeek = "days_of_week": "每周天数", "days a week";
        /// Hours.
        Hours = "hours": "小时", "hours";
        /// Minutes.
        Minutes = "minutes": "分钟", "minutes";
        /// Seconds.
        Seconds = "seconds": "秒", "seconds";
        /// Years.
        Years = "years": "年", "years";
        /// A number of things.
        Count = "count": "个", "count";
        /// Metres.
        Metres = "metres": "米", "metres";
        /// Millimetres a second.
        MillimetresPerSecond = "millimetres_per_second": "毫米每秒", "mm/s";
        /// Tenths of a mark.
        TenthMarks = "tenth_marks": "0.1 分", "0.1 marks";
        /// 1: yes, 0: no.
        YesNo = "yes_no": "1 是，0 否", "1 yes, 0 no";
    }
}

/// A figure that a company may set. The value is always a whole number of its unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The key in the API and the database: a contract.
    pub key: &'static str,
    /// What it is.
    pub name: Text,
    /// What its number counts.
    pub unit: Unit,
    /// The least value taken.
    pub least: i64,
    /// The greatest value taken.
    pub most: i64,
    /// The value where nobody has set one.
    pub default: i64,
    /// Where the default comes from: `R-n`, DOMAIN or a standard.
    pub source: &'static str,
}

/// Makes the settings of a capability: a constant for each, and the list of them all.
macro_rules! settings {
    ($(#[$about:meta])* $list:ident { $($name:ident = $key:literal: $unit:ident $least:literal..=$most:literal, $default:literal, $source:literal, $zh:literal, $en:literal;)+ }) => {
        $(
            #[doc = $en]
            pub const $name: $crate::settings::Setting = $crate::settings::Setting {
                key: $key,
                name: $crate::text::Text { zh: $zh, en: $en },
                unit: $crate::settings::Unit::$unit,
                least: $least,
                most: $most,
                default: $default,
                source: $source,
            };
        )+
        $(#[$about])*
        pub const $list: &[$crate::settings::Setting] = &[$($name),+];
    };
}
pub(crate) use settings;

/// The lists, one per capability.
pub const CATALOGUES: &[&[Setting]] = &[
    crate::coverage::catalogue::SETTINGS,
    crate::anomalies::settings_catalogue::SETTINGS,
    crate::anomalies::lists::settings::SETTINGS,
    crate::readings::observed::catalogue::SETTINGS,
    crate::rounds::catalogue::SETTINGS,
    crate::anomalies::integrity::catalogue::SETTINGS,
    crate::reports::catalogue::SETTINGS,
    crate::appraisal::catalogue::SETTINGS,
];

/// Every setting, in the order of a page that shows them.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    CATALOGUES.iter().copied().flatten()
}

/// The setting of a key.
#[must_use]
pub fn find(key: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.key == key)
}

/// A stored value as the type a rule takes; saturated, though the range of every setting fits its type.
pub(crate) fn narrow<T: TryFrom<i64>>(value: i64, most: T) -> T {
    T::try_from(value).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_setting_is_said_in_both_languages_and_holds_its_own_default() {
        let mut keys = BTreeSet::new();
        for setting in all() {
            assert!(keys.insert(setting.key), "{} twice", setting.key);
            assert!(setting.key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit()));
            assert!((setting.least..=setting.most).contains(&setting.default), "{}", setting.key);
            assert!(!setting.name.zh.is_empty() && !setting.name.en.is_empty() && !setting.source.is_empty());
            assert_eq!(find(setting.key), Some(setting));
        }
        assert!(keys.len() >= 30);
    }
}
