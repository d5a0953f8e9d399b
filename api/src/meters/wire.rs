//! What the register looks like on the wire.

use super::import::{ImportReport, RowChange};
use crate::http::Time;
use meterbook::text::Language;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An area; `path` holds the names from the root down.
#[derive(Serialize, ToSchema)]
pub struct Area {
    /// Its id.
    pub id: i64,
    /// The area it lies in; absent at the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<i64>,
    /// Its own name.
    pub name: String,
    /// `东城区/锦绣小区`.
    pub path: String,
}

/// The areas, by path.
#[derive(Serialize, ToSchema)]
pub struct AreaList {
    /// The rows.
    pub items: Vec<Area>,
}

/// A route (册).
#[derive(Serialize, ToSchema)]
pub struct Route {
    /// Its id.
    pub id: i64,
    /// 册号.
    pub code: String,
    /// The area it lies in.
    pub area_id: i64,
    /// That area's path.
    pub area_path: String,
    /// Points on it that are not removed.
    pub points: i64,
}

/// The routes, by code.
#[derive(Serialize, ToSchema)]
pub struct RouteList {
    /// The rows.
    pub items: Vec<Route>,
}

/// A meter type (表型). Volumes in 0.001 m³.
#[derive(Serialize, ToSchema)]
pub struct MeterType {
    /// Its id.
    pub id: i64,
    /// 表型.
    pub code: String,
    /// G1.6 to G100.
    pub size: String,
    /// Most gas in an hour (Qmax).
    pub qmax_per_hour: i64,
    /// Digits before the point.
    pub digits_integer: i32,
    /// Digits after the point.
    pub digits_decimal: i32,
    /// What a reader can tell apart.
    pub resolution: i64,
    /// What the counting module can tell apart; 0 without one.
    pub pulse: i64,
    /// Whether it shows index, cumulative and balance.
    pub three_figures: bool,
    /// Price where the balance is money; absent where it is a volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fen_per_m3: Option<i64>,
    /// Whether the balance may go below zero.
    pub overdraft: bool,
}

/// The meter types, by code.
#[derive(Serialize, ToSchema)]
pub struct MeterTypeList {
    /// The rows.
    pub items: Vec<MeterType>,
}

/// Which service points.
#[derive(Deserialize, IntoParams, Default, Clone)]
#[into_params(parameter_in = Query)]
pub struct PointFilter {
    /// An exact 户号, 表号, name, phone or address; where none is exact, the beginning of a 户号.
    pub search: Option<String>,
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    pub class: Option<String>,
    /// `active`, `suspended` or `removed`.
    pub state: Option<String>,
    /// An area's id, its sub-areas included.
    pub area: Option<i64>,
    /// A route's id.
    pub route: Option<i64>,
}

/// A service point in a list.
#[derive(Serialize, ToSchema)]
pub struct PointSummary {
    /// Its id.
    pub id: i64,
    /// 户号.
    pub number: String,
    /// Its class; with `period`, the one that counts in it.
    pub class: String,
    /// Its state.
    pub state: String,
    /// The path of its area.
    pub area_path: String,
    /// 册号.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub route_code: Option<String>,
    /// Its place on the route.
    pub office_order: i32,
    /// 户名.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer_name: Option<String>,
    /// 地址.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// The meter that hangs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub meter_id: Option<i64>,
    /// Its 表号.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub meter_number: Option<String>,
    /// With `period`: its bucket in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// With `period`: whose it is in it, if anybody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
}

/// Service points by id.
#[derive(Serialize, ToSchema)]
pub struct PointPage {
    /// The rows.
    pub items: Vec<PointSummary>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_after: Option<i64>,
}

/// A service point with its history.
#[derive(Serialize, ToSchema)]
pub struct ServicePoint {
    /// Its id.
    pub id: i64,
    /// 户号.
    pub number: String,
    /// Its class now.
    pub class: String,
    /// Its state now.
    pub state: String,
    /// Its area.
    pub area_id: i64,
    /// The path of its area.
    pub area_path: String,
    /// Its route.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub route_id: Option<i64>,
    /// 册号.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub route_code: Option<String>,
    /// Its place on the route, as the office says.
    pub office_order: i32,
    /// Its place as the reader walks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub learned_order: Option<i32>,
    /// 通气日期.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gas_on: Option<String>,
    /// Latitude in 1/1,000,000 degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lat_micro: Option<i64>,
    /// Longitude in 1/1,000,000 degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lng_micro: Option<i64>,
    /// `wgs84`, `gcj02` or `bd09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub datum: Option<String>,
    /// 户名.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer_name: Option<String>,
    /// 电话.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer_phone: Option<String>,
    /// 地址.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    /// 入户备注.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub access_note: Option<String>,
    /// The meter that hangs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub meter: Option<Meter>,
    /// Every meter that hung there, the latest first.
    pub installations: Vec<Installation>,
    /// Class and state from when, the latest first.
    pub terms: Vec<PointTerm>,
}

/// A meter's stay at a point.
#[derive(Serialize, ToSchema)]
pub struct Installation {
    /// Its id.
    pub id: i64,
    /// The meter.
    pub meter_id: i64,
    /// 表号.
    pub meter_number: String,
    /// From when.
    pub installed_at: Time,
    /// Until when; absent while it hangs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub removed_at: Option<Time>,
    /// Its index when it was put in, 0.001 m³.
    pub first_index: i64,
    /// Its index when it was taken out, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_index: Option<i64>,
}

/// Class and state of a point from a moment on.
#[derive(Serialize, ToSchema)]
pub struct PointTerm {
    /// From when; 1970 means: as long as anyone knows.
    pub valid_from: Time,
    /// The class.
    pub class: String,
    /// The state.
    pub state: String,
    /// Who said so: `import`.
    pub source: String,
}

/// Which meters.
#[derive(Deserialize, IntoParams, Default, Clone)]
#[into_params(parameter_in = Query)]
pub struct MeterFilter {
    /// The beginning of a 表号.
    pub search: Option<String>,
    /// A 表型.
    pub r#type: Option<String>,
}

/// A meter, with the facts of its type and its own overrides of them. Volumes in 0.001 m³.
#[derive(Serialize, ToSchema)]
pub struct Meter {
    /// Its id.
    pub id: i64,
    /// 表号.
    pub number: String,
    /// 表型.
    pub r#type: String,
    /// G1.6 to G100.
    pub size: String,
    /// Digits before the point.
    pub digits_integer: i32,
    /// Digits after the point.
    pub digits_decimal: i32,
    /// Most gas in an hour (Qmax).
    pub qmax_per_hour: i64,
    /// What a reader can tell apart.
    pub resolution: i64,
    /// What the counting module can tell apart; 0 without one.
    pub pulse: i64,
    /// Whether it shows index, cumulative and balance.
    pub three_figures: bool,
    /// Price where the balance is money; absent where it is a volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fen_per_m3: Option<i64>,
    /// Whether the balance may go below zero.
    pub overdraft: bool,
    /// `left` or `right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub inlet_side: Option<String>,
    /// 制造日期.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub made_on: Option<String>,
    /// 安装日期.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub installed_on: Option<String>,
    /// Whole years in service as of today (使用年限); absent where neither date is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub years_in_service: Option<u32>,
    /// The point it hangs at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub point_id: Option<i64>,
    /// That point's 户号.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub point_number: Option<String>,
}

/// Meters by id.
#[derive(Serialize, ToSchema)]
pub struct MeterPage {
    /// The rows.
    pub items: Vec<Meter>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_after: Option<i64>,
}

/// Which readings of a meter.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReadingWindow {
    /// `next_before` of the page before.
    pub before: Option<String>,
    /// Rows wanted, 1 to 500; 100 unless told.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// A reading of a meter. Volumes in 0.001 m³.
#[derive(Serialize, ToSchema)]
pub struct MeterReading {
    /// The record's id.
    pub id: String,
    /// `reading`.
    pub kind: String,
    /// `field`, `reread`, `customer`, `estimate` and so on.
    pub code: String,
    /// When it was observed.
    pub observed_at: Time,
    /// When the server got it.
    pub received_at: Time,
    /// How sure the time is: A, B or C.
    pub grade: String,
    /// 表读数.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub index: Option<i64>,
    /// 累计用气量.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub cumulative: Option<i64>,
    /// 表内余量, in fen where the type counts money.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub balance: Option<i64>,
    /// What was noted when it came in.
    pub flags: Vec<String>,
    /// The correction whose figures count: those shown are its.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub corrected_by: Option<String>,
}

/// Readings, the newest first.
#[derive(Serialize, ToSchema)]
pub struct MeterReadingPage {
    /// The rows.
    pub items: Vec<MeterReading>,
    /// Give as `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_before: Option<String>,
}

/// The file itself, as bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct ImportFile(pub Vec<u8>);

/// How an import treats bad rows, and whether it writes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// Import the good rows although there are bad ones; otherwise it is all or nothing.
    pub keep_good: Option<bool>,
    /// Only say what would happen.
    pub dry_run: Option<bool>,
}

/// One row that changes what is stored.
#[derive(Serialize, ToSchema)]
pub struct ImportChange {
    /// The row in the sheet.
    pub row: u32,
    /// 户号.
    pub key: String,
    /// Codes of the fields that differ.
    pub fields: Vec<String>,
}

/// One value that was refused.
#[derive(Serialize, ToSchema)]
pub struct ImportFault {
    /// The row in the sheet.
    pub row: u32,
    /// The column's heading.
    pub column: String,
    /// Stable code.
    pub code: String,
    /// What was expected, by Accept-Language.
    pub detail: String,
}

/// How an import went.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportReport)]
pub struct ImportAnswer {
    /// Rows below the header.
    pub rows: usize,
    /// Rows with something new.
    pub added: usize,
    /// Rows that change what is stored.
    pub changed: usize,
    /// Rows that say what is stored.
    pub unchanged: usize,
    /// Rows with faults.
    pub rejected: usize,
    /// Whether it was written. Without `keep_good`, one bad row keeps everything out.
    pub applied: bool,
    /// Headings that mean nothing here.
    pub unknown_columns: Vec<String>,
    /// The first 100 changes.
    pub changes: Vec<ImportChange>,
    /// The first 1,000 faults, by row.
    pub faults: Vec<ImportFault>,
    /// Further faults.
    pub more_faults: usize,
}

impl ImportAnswer {
    /// A report in one language.
    #[must_use]
    pub fn of(report: ImportReport, language: Language) -> Self {
        let change = |change: RowChange| ImportChange {
            row: change.row,
            key: change.key,
            fields: change.fields.into_iter().map(str::to_owned).collect(),
        };
        let faults = report.faults.into_iter().map(|fault| ImportFault {
            row: fault.row,
            column: fault.column.to_owned(),
            code: fault.reason.code.to_owned(),
            detail: if language == Language::Chinese { fault.reason.zh } else { fault.reason.en },
        });
        Self {
            rows: report.rows,
            added: report.added,
            changed: report.changed,
            unchanged: report.unchanged,
            rejected: report.rejected,
            applied: report.applied,
            unknown_columns: report.unknown_columns,
            changes: report.changes.into_iter().map(change).collect(),
            faults: faults.collect(),
            more_faults: report.more_faults,
        }
    }
}
