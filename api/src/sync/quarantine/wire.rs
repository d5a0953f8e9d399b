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
    #[schema(value_type = Option<Object>)]
    pub members: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Rejects an item for good.
#[derive(Deserialize, ToSchema)]
pub struct RejectRequest {
    /// Why; shown to the reader. At most 1,000 characters.
    pub reason: String,
}
