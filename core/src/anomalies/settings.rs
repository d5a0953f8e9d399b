//! The dated settings of the checks, with DOMAIN's values as defaults.
//!
//! Apart because none of these numbers is a law of nature: each is configuration with a date and a source.

use crate::quantity::{BasisPoints, Volume};

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
        Self {
            ceiling: BasisPoints(12_000),
            tolerance: BasisPoints(100),
            rollover_factor: BasisPoints(50_000),
            rollover_slack: Volume::from_m3(50),
            misread_factor: BasisPoints(25_000),
            misread_slack: Volume::from_m3(3),
            zero_below: Volume::from_m3(1),
            zero_days: 25,
            stopped_expected: Volume::from_m3(6),
            used_periods: 3,
            vacant_periods: 2,
            vacant_window: 12,
            life_natural: 10,
            life_manufactured: 6,
        }
    }
}
