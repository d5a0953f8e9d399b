//! Readings: what was observed at a meter, when, and whether it is complete (DOMAIN 1–3, R-3, R-4).

pub mod correction;
pub mod form;
pub mod found;
pub mod hazard;
pub mod observed;

pub use correction::{Correction, CorrectionReason, Linking, Subject, Target, link};
pub use form::{Figure, FormFault, form_faults};
pub use found::{FoundKind, FoundState};
pub use hazard::{HazardCode, HazardSeverity, HazardState};

use crate::quantity::Volume;

/// What kind of observation a reading is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReadingKind {
    /// Read at the meter by a reader.
    Field,
    /// A second look at the meter.
    Reread,
    /// Final index of the old and initial index of the new meter.
    Exchange,
    /// The last index of a meter taken away.
    Removal,
    /// The first index of a meter put in.
    Initial,
    /// Told by the customer; never counts as seen.
    Customer,
    /// Computed by the office; can be imported, a reader can never make one.
    Estimate,
}

impl ReadingKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Field, Self::Reread, Self::Exchange, Self::Removal, Self::Initial, Self::Customer, Self::Estimate];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Reread => "reread",
            Self::Exchange => "exchange",
            Self::Removal => "removal",
            Self::Initial => "initial",
            Self::Customer => "customer",
            Self::Estimate => "estimate",
        }
    }

    /// The kind of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// The figures of one reading. Residential: the index alone. Commercial: all three.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// M: mechanical index, base-meter index (基表读数).
    pub index: Option<Volume>,
    /// E: electronic cumulative, cumulative gas used (累计用气量).
    pub cumulative: Option<Volume>,
    /// B: balance left in the meter (表内存量), in 0.001 m³ or in fen as the type says.
    pub balance: Option<i64>,
}
