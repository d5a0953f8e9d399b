//! The dated settings of the checks, with DOMAIN's values as defaults.
//!
//! Apart because none of these numbers is a law of nature: each is configuration with a date and a source.

use super::settings_catalogue as keys;
use crate::quantity::{BasisPoints, Volume};
use crate::settings::{Setting, narrow};

/// Every figure of DOMAIN 4 that a company may set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Qr / Qmax: the flow above which a reading is impossible. 1.2 for class 1.5 (GB/T 6968).
    pub ceiling: BasisPoints,
    /// The proportional part of the tolerance T between mechanical and electronic volume: 1 %.
    pub tolerance: BasisPoints,
    /// A rollover explains up to this many times the expected use: 5.
    pub rollover_factor: BasisPoints,
    /// … or the expected use and this much more: 50 m³.
    pub rollover_slack: Volume,
    /// A misread is suspected where a slip explains up to this many times the expected use: 2.5.
    pub misread_factor: BasisPoints,
    /// … and this much more: 3 m³.
    pub misread_slack: Volume,
    /// Use below this is zero: 1 m³.
    pub zero_below: Volume,
    /// … over at least this many days: 25.
    pub zero_days: u16,
    /// A meter is only said to have stopped where at least this was expected: 6 m³.
    pub stopped_expected: Volume,
    /// After this many periods with use, the first zero is suspect: 3.
    pub used_periods: usize,
    /// This many earlier zero periods make a point known to stand empty at times: 2.
    pub vacant_periods: usize,
    /// … among this many last periods: 12.
    pub vacant_window: usize,
    /// Life of a meter on natural gas in years: 10 (JJG 577).
    pub life_natural: u16,
    /// Life of a meter on manufactured gas in years: 6 (JJG 577).
    pub life_manufactured: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self::in_force(|setting| setting.default)
    }
}

impl Settings {
    /// The settings by what holds of each row of the catalogue.
    #[must_use]
    pub fn in_force(value: impl Fn(&Setting) -> i64) -> Self {
        let points = |setting| BasisPoints(narrow(value(setting), u32::MAX));
        let volume = |setting| Volume::from_litres(value(setting));
        let count = |setting| narrow(value(setting), usize::MAX);
        let number = |setting| narrow(value(setting), u16::MAX);
        Self {
            ceiling: points(&keys::CEILING),
            tolerance: points(&keys::TOLERANCE),
            rollover_factor: points(&keys::ROLLOVER_FACTOR),
            rollover_slack: volume(&keys::ROLLOVER_SLACK),
            misread_factor: points(&keys::MISREAD_FACTOR),
            misread_slack: volume(&keys::MISREAD_SLACK),
            zero_below: volume(&keys::ZERO_BELOW),
            zero_days: number(&keys::ZERO_DAYS),
            stopped_expected: volume(&keys::STOPPED_EXPECTED),
            used_periods: count(&keys::USED_PERIODS),
            vacant_periods: count(&keys::VACANT_PERIODS),
            vacant_window: count(&keys::VACANT_WINDOW),
            life_natural: number(&keys::LIFE_NATURAL),
            life_manufactured: number(&keys::LIFE_MANUFACTURED),
        }
    }
}
