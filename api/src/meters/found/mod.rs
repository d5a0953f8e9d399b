//! Applying to the register what a reader found and the office accepted.

pub mod store;

use meterbook::meters::InletSide;

/// One change of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterChange {
    /// The meter's number is another one.
    Number(String),
    /// Gas enters from this side.
    Inlet(InletSide),
    /// The meter hangs here: latitude and longitude in 0.000001°, datum.
    Place(i64, i64, String),
    /// Nothing the register knows.
    None,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Done; what stood there before, for the audit.
    Changed {
        /// What stood there before.
        before: String,
    },
    /// Another meter has that number.
    NumberTaken,
    /// The meter hangs at that point no more.
    MeterGone,
}
