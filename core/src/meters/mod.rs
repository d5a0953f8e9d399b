//! Meters, the points they serve and what a dial can show (DOMAIN 1, R-2).

use crate::quantity::Volume;
use chrono::NaiveDate;

/// The class of a service point. It decides how often it must be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// 工商业(含公福): IC-card, prepaid, three figures, every month.
    Commercial,
    /// 居民户外挂表: every month.
    ResidentialOutdoor,
    /// 居民户内挂表: every quarter.
    ResidentialIndoor,
}

impl Class {
    /// Every class, in the order of R-5.
    pub const ALL: [Self; 3] = [Self::Commercial, Self::ResidentialOutdoor, Self::ResidentialIndoor];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Commercial => "commercial",
            Self::ResidentialOutdoor => "residential_outdoor",
            Self::ResidentialIndoor => "residential_indoor",
        }
    }

    /// The class of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.code() == code)
    }
}

/// Whether gas flows at a point (DOMAIN 3: exclusions).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PointState {
    /// In use.
    Active,
    /// 报停: gas shut off, excluded from the denominator and printed beside the rate.
    Suspended,
    /// 拆除: the point no longer exists.
    Removed,
}

impl PointState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Removed];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }

    /// The state of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// Which side the gas comes in (进气方向, R-2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InletSide {
    /// 左进.
    Left,
    /// 右进.
    Right,
}

impl InletSide {
    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }

    /// The side of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Left, Self::Right].into_iter().find(|side| side.code() == code)
    }
}

/// How many digits a dial shows, before and after the decimal point.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Digits {
    /// Digits of whole m³, 1 to 9.
    pub integer: u8,
    /// Decimal digits, 0 to 3.
    pub decimal: u8,
}

impl Digits {
    /// Digits a dial can have; `None` outside 1–9 and 0–3.
    #[must_use]
    pub const fn new(integer: u8, decimal: u8) -> Option<Self> {
        if integer >= 1 && integer <= 9 && decimal <= 3 { Some(Self { integer, decimal }) } else { None }
    }

    /// W = 10^digits: where the index starts again from zero (DOMAIN 4).
    #[must_use]
    pub const fn wrap(self) -> Volume {
        Volume::from_m3(10_i64.pow(self.integer as u32))
    }

    /// One step of the last digit: 1 m³ with no decimals, 0.001 m³ with three.
    #[must_use]
    pub const fn step(self) -> Volume {
        Volume::from_litres(10_i64.pow(3 - self.decimal as u32))
    }
}

/// Which figures a meter shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FigureSet {
    /// The mechanical index alone.
    Index,
    /// Base-meter index 基表读数, cumulative gas used 累计用气量, balance left 表内存量.
    Three {
        /// What the balance is counted in.
        balance: BalanceUnit,
        /// Whether the type lets the balance go below zero (透支).
        overdraft: bool,
    },
}

/// What an IC-card meter's balance is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BalanceUnit {
    /// 0.001 m³.
    Volume,
    /// Fen, at this price per m³ (in fen): B1 = B0 + paid − price × dE.
    Money {
        /// Fen per m³.
        fen_per_m3: i64,
    },
}

/// What the checks need to know of a meter: its type, with the meter's own overrides applied (DOMAIN 1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MeterTraits {
    /// Digits of the mechanical index.
    pub digits: Digits,
    /// Reading resolution r: what a reader can tell apart on the dial and is asked to enter.
    pub resolution: Volume,
    /// Pulse equivalent p of the counting module; zero for a purely mechanical meter.
    pub pulse: Volume,
    /// Maximum flow per hour (Qmax).
    pub qmax_per_hour: Volume,
    /// The figures it shows.
    pub figures: FigureSet,
}

/// Years in service (使用年限) counts from installation, or from manufacture where that is all one knows.
#[must_use]
pub fn in_service_since(installed_on: Option<NaiveDate>, made_on: Option<NaiveDate>) -> Option<NaiveDate> {
    installed_on.or(made_on)
}
