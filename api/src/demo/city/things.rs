//! What a city is made of. Separate from how it is made, so that a simulator can read this file alone.

use super::facts::MeterType;
use chrono::NaiveDate;
use meterbook::meters::{Class, InletSide, PointState};
use meterbook::quantity::Volume;

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
