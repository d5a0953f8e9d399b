//! What sync looks like on the wire: flat objects with optional members, so that generated clients stay usable.

use crate::http::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A batch of records, in any order, at most `limits.push_items`. The same records may be sent again: each is stored once.
#[derive(Deserialize, ToSchema)]
pub struct PushRequest {
    /// Names the batch in logs.
    pub batch_id: Option<String>,
    /// The phone's clock when it sends.
    pub sent_at: Time,
    /// The phone's monotonic clock when it sends, ms since boot.
    pub sent_elapsed_ms: Option<i64>,
    /// Names the boot the monotonic clock belongs to.
    pub boot_id: Option<String>,
    /// The records. Each is read by itself: one bad item never fails its batch.
    #[schema(value_type = Vec<PushItem>)]
    pub items: Vec<serde_json::Value>,
}

/// One record. Members beyond these are kept with it.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, Default)]
pub struct PushItem {
    /// UUIDv7, minted and stored on the phone before the first send.
    pub id: String,
    /// `reading` or `attempt`.
    pub kind: String,
    /// 1, 2, 3 … per device.
    pub device_seq: i64,
    /// The phone's clock at the meter, RFC 3339.
    pub read_at: String,
    /// The phone's monotonic clock at the meter, ms since boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_elapsed_ms: Option<i64>,
    /// The boot it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// Where `read_at` is from: `gps`, `network` or `device` (default).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_source: Option<String>,
    /// The service point visited.
    pub service_point_id: i64,
    /// Reading: `field` (default), `reread` or `customer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading_kind: Option<String>,
    /// Reading: mechanical index (基表读数), 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// Reading, commercial: cumulative gas used (累计用气量), 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative: Option<i64>,
    /// Reading, commercial: balance left (表内存量), 0.001 m³, or fen for types that show money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// Attempt: `locked`, `refused`, `nobody_home`, `unsafe`, `meter_not_found`, `display_dark` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt_code: Option<String>,
    /// The number or barcode seen on the meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_number: Option<String>,
    /// The premises are vacant; counts with evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vacancy: Option<bool>,
    /// Gas is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_in_use: Option<bool>,
    /// A display does not work; with evidence, two of three figures are complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_fault: Option<bool>,
    /// The figures were entered twice, blind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// SHA-256 of each photo, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<String>>,
    /// At most 1,000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What became of each item. Everything named here, other than `retry`, is on disk.
#[derive(Serialize, ToSchema)]
pub struct PushAnswer {
    /// In the order sent.
    pub items: Vec<ItemReceipt>,
    /// Every record of this phone up to this number has arrived.
    pub highest_contiguous_seq: i64,
    /// Numbers above it that have not, though later ones have; at most 1,000.
    pub missing_seqs: Vec<i64>,
    /// The server's time: compare it with the phone's.
    pub server_time: Time,
    /// Wait this long before the next push.
    pub backoff_s: i64,
}

/// What became of one item.
#[derive(Serialize, ToSchema, Clone)]
pub struct ItemReceipt {
    /// Its id, where it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `accepted`, `duplicate`, `conflict`, `rejected` or `retry`.
    pub outcome: String,
    /// Why it is in quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where it is wrong, as a JSON pointer into the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The reason for a person, by Accept-Language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What was noticed about an accepted record: verdict codes, `time_review`, `clock_ahead`, `after_reassignment` …
    pub flags: Vec<String>,
}

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
