//! What quarantine looks like on the wire.

use crate::http::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An item that could not be taken as it was, whole.
#[derive(Serialize, ToSchema)]
pub struct QuarantinedItem {
    /// Its id in quarantine.
    pub id: i64,
    /// The phone.
    pub device_id: i64,
    /// The reader.
    pub reader_id: i64,
    /// The record's id, where it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
    /// Its number on the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_seq: Option<i64>,
    /// `conflict` or `rejected`.
    pub outcome: String,
    /// Why.
    pub code: String,
    /// Where it is wrong.
    pub pointer: String,
    /// The reason for a person.
    pub detail: String,
    /// The item as it was sent, canonical JSON.
    pub body: String,
    /// When it arrived.
    pub received_at: Time,
    /// `open`, `released` or `rejected` for good.
    pub state: String,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<i64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Time>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_reason: Option<String>,
    /// The record it was released as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_as: Option<String>,
}

/// Quarantined items by id.
#[derive(Serialize, ToSchema)]
pub struct QuarantinePage {
    /// The rows.
    pub items: Vec<QuarantinedItem>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Takes an item out of quarantine as a record.
#[derive(Deserialize, ToSchema)]
pub struct ReleaseRequest {
    /// Why; at most 1,000 characters.
    pub reason: String,
    /// Members to put right; the rest stays as it was sent. The time is taken as it was, unless it is what was wrong.
    #[schema(value_type = Option<ReplacedMembers>)]
    pub members: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Members of an item in the place of those that were sent. Any other member of a pushed item may be given too.
#[derive(ToSchema)]
pub struct ReplacedMembers {
    /// The service point.
    pub service_point_id: Option<i64>,
    /// `field`, `reread` or `customer`.
    pub reading_kind: Option<String>,
    /// Mechanical index, 0.001 m³.
    pub index: Option<i64>,
    /// Cumulative, 0.001 m³.
    pub cumulative: Option<i64>,
    /// Balance, 0.001 m³ or fen.
    pub balance: Option<i64>,
    /// Why the meter could not be read.
    pub attempt_code: Option<String>,
    /// The number seen on the meter.
    pub seen_number: Option<String>,
    /// The figures were entered twice.
    pub confirmed: Option<bool>,
    /// A note.
    pub note: Option<String>,
}

/// Rejects an item for good.
#[derive(Deserialize, ToSchema)]
pub struct RejectRequest {
    /// Why; shown to the reader. At most 1,000 characters.
    pub reason: String,
}
