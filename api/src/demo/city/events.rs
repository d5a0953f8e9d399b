//! What happens in a city: readings, purchases, visits, and the truth about faults. Separate from the things it happens to.

use meterbook::calendar::Instant;
use meterbook::quantity::Volume;
use meterbook::readings::{Figures, ReadingKind};

/// A reading from before the demonstration month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastReading {
    /// Whose.
    pub point: usize,
    /// When it was observed.
    pub at: Instant,
    /// How it came about.
    pub kind: ReadingKind,
    /// The balance is in 0.001 m³.
    pub figures: Figures,
    /// A remark.
    pub note: &'static str,
}

/// A purchase as the sales system has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purchase {
    /// Whose.
    pub point: usize,
    /// When the card was loaded.
    pub at: Instant,
    /// How much gas.
    pub volume: Volume,
    /// For how much money.
    pub fen: i64,
}

/// One visit of a reader at a point in the demonstration month.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visit {
    /// Who goes.
    pub reader: usize,
    /// Where to.
    pub point: usize,
    /// When the outcome is entered.
    pub at: Instant,
    /// What comes of it.
    pub what: Outcome,
}

/// What comes of a visit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The meter was read.
    Reading {
        /// The figures as the reader enters them; the balance is in 0.001 m³.
        figures: Figures,
        /// The number on the meter, where the reader scanned it.
        seen_number: Option<String>,
        /// The reader says, with a photo, that nobody lives there.
        vacancy: bool,
        /// The reader saw gas in use.
        gas_in_use: bool,
    },
    /// The reader came to the door and no further.
    NoAccess {
        /// Why.
        code: NoAccessCode,
        /// Whether there is a photo of it.
        proof: bool,
    },
}

/// Why a meter could not be read (DOMAIN 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAccessCode {
    /// 门锁.
    Locked,
    /// 家中无人.
    NobodyHome,
    /// 拒抄.
    Refused,
    /// 不安全.
    Unsafe,
    /// 找不到表.
    MeterNotFound,
    /// 黑屏.
    DisplayDark,
    /// 其他.
    Other,
}

impl NoAccessCode {
    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::NobodyHome => "nobody_home",
            Self::Refused => "refused",
            Self::Unsafe => "unsafe",
            Self::MeterNotFound => "meter_not_found",
            Self::DisplayDark => "display_dark",
            Self::Other => "other",
        }
    }
}

/// A fault that was planted, and what a right program finds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Truth {
    /// 表号.
    pub meter_number: String,
    /// The rule that must find it.
    pub rule: super::fault::Fault,
    /// What was done, in words.
    pub note: String,
}
