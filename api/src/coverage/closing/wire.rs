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
    /// Who took it upon himself that records are missing.
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

/// Closes a period. Both members are needed while records are missing that may belong to it.
#[derive(Deserialize, ToSchema)]
pub struct ClosePeriodRequest {
    /// The person who takes it upon himself.
    pub gaps_accepted_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
