//! What periods look like on the wire.

use crate::coverage::CoverageLine;
use crate::http::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A period.
#[derive(Serialize, ToSchema)]
pub struct PeriodEntry {
    /// `2026-10` or `2026-Q4`.
    pub period: String,
    /// `open` or `closed`.
    pub state: String,
    /// `future`, `running`, `provisional` or `final`.
    pub phase: String,
    /// When its figure is final.
    pub final_at: Time,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Time>,
    /// Who closed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<i64>,
    /// How many visits had no decided time then.
    pub reviews: i64,
    /// The rules it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules_version: Option<String>,
    /// 1 once the frozen figures are proved: counted again from every point of the population.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    /// Points of the population, all classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub points: Option<i64>,
    /// SHA-256 over every point and where it counted, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population_hash: Option<String>,
    /// Who took it upon himself that records are missing or times undecided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gaps_accepted_by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The records that were missing then.
    pub gaps: Vec<PeriodGap>,
    /// The figures at closing, a line per class: they never change. `GET /v1/coverage` goes on.
    pub lines: Vec<CoverageLine>,
}

/// Missing records of one phone.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct PeriodGap {
    /// The phone.
    pub device_id: i64,
    /// Its reader.
    pub reader_id: i64,
    /// The missing numbers that may belong to the period, as `3, 5–7`.
    pub missing: String,
}

/// Periods by key.
#[derive(Serialize, ToSchema)]
pub struct PeriodPage {
    /// The rows.
    pub items: Vec<PeriodEntry>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Closes a period. Both members are needed while records are missing or times undecided that may belong to it.
#[derive(Deserialize, ToSchema)]
pub struct ClosePeriodRequest {
    /// The person who takes it upon himself.
    pub gaps_accepted_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// What has changed since a period was closed: the published figure stays, the restated one goes on.
#[derive(Serialize, ToSchema)]
pub struct RestatedReport {
    /// The period.
    pub period: String,
    /// Points whose row is not as it was published.
    pub points: u64,
    /// Lines with a difference.
    pub lines: Vec<RestatedLine>,
}

/// A line with a difference.
#[derive(Serialize, ToSchema)]
pub struct RestatedLine {
    /// The class.
    pub class: String,
    /// The id of the area, route or reader; 0 for none; absent when grouped by class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<i64>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Points that had to be read, as published.
    pub published_denominator: u64,
    /// Read, as published.
    pub published_seen: u64,
    /// The rate, as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_bp: Option<u32>,
    /// Whether the target was met, as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_met: Option<bool>,
    /// Points that had to be read, as known now.
    pub restated_denominator: u64,
    /// Read, as known now.
    pub restated_seen: u64,
    /// The rate, as known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restated_bp: Option<u32>,
    /// Whether the target was met, as known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restated_met: Option<bool>,
}

/// A point whose row is not as it was published.
#[derive(Serialize, ToSchema)]
pub struct RestatedPoint {
    /// The service point.
    pub service_point_id: i64,
    /// Its class, as published; absent where it was not in the population.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_class: Option<String>,
    /// Its bucket, as published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_bucket: Option<String>,
    /// Its class, as known now; absent where it is not in the population.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restated_class: Option<String>,
    /// Its bucket, as known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restated_bucket: Option<String>,
    /// Its area has changed.
    pub area_changed: bool,
    /// Its route or its reader has changed.
    pub route_or_reader_changed: bool,
}

/// Restated points by id.
#[derive(Serialize, ToSchema)]
pub struct RestatedPointPage {
    /// The rows.
    pub items: Vec<RestatedPoint>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}
