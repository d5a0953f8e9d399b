//! What a city is made of. Separate from how it is made, so that a simulator can read this file alone.

use super::facts::MeterType;
use chrono::NaiveDate;
use meterbook::calendar::Instant;
use meterbook::meters::{Class, InletSide, PointState};
use meterbook::quantity::Volume;
use meterbook::readings::{Figures, ReadingKind};

/// An area (片区): a district, or a community within one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Area {
    /// Its own name.
    pub name: String,
    /// The area it lies in.
    pub parent: Option<usize>,
}

/// A building (楼栋), or a house on a street with shops.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Building {
    /// `3号楼`, or the street and number.
    pub name: String,
    /// Its community.
    pub area: usize,
    /// Where it stands.
    pub place: Place,
}

/// A place in WGS-84, in 0.000001 degrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// East.
    pub longitude: i64,
    /// North.
    pub latitude: i64,
}

/// A route (册): stops in walking order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// 册号.
    pub code: String,
    /// All its points have one class.
    pub class: Class,
    /// Its community.
    pub area: usize,
    /// Who walks it.
    pub reader: usize,
    /// Its points.
    pub stops: Vec<usize>,
}

/// A meter reader (抄表员).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// A name of nobody.
    pub name: &'static str,
    /// The login name.
    pub login: &'static str,
}

/// A service point (用气点) with its customer and its meter.
#[derive(Clone, Debug)]
pub struct Point {
    /// 户号.
    pub account: String,
    /// Its class.
    pub class: Class,
    /// Its building.
    pub building: usize,
    /// Its route.
    pub route: usize,
    /// Where in the route it comes, from 1.
    pub position: usize,
    /// Who lives or trades there.
    pub customer: String,
    /// A number that cannot be dialled.
    pub phone: String,
    /// The full address.
    pub address: String,
    /// Where the meter hangs.
    pub place: Place,
    /// How to get at the meter.
    pub access_note: Option<&'static str>,
    /// First put into gas.
    pub gas_on: NaiveDate,
    /// Whether gas flows.
    pub state: PointState,
    /// Its meter.
    pub meter: Meter,
}

/// A gas meter (燃气表).
#[derive(Clone, Debug)]
pub struct Meter {
    /// 表号, with its leading zeros.
    pub number: String,
    /// 表型.
    pub kind: &'static MeterType,
    /// 进气方向.
    pub inlet: InletSide,
    /// 制造日期.
    pub made_on: NaiveDate,
    /// 安装日期.
    pub installed_on: NaiveDate,
    /// What the index showed when it was put in (初始读数).
    pub initial: Volume,
}

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
