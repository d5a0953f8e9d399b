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
    /// The last number this phone has given to a record so far: a lost last record is seen by it.
    pub last_seq: Option<i64>,
    /// The records. Each is read by itself: one bad item never fails its batch.
    #[schema(value_type = Vec<PushItem>)]
    pub items: Vec<serde_json::Value>,
}

/// One record. Members beyond these are kept with it.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, Default)]
pub struct PushItem {
    /// UUIDv7, minted and stored on the phone before the first send.
    pub id: String,
    /// `reading`, `attempt`, `correction`, `hazard`, `found`, `notice` or `slip_signed`.
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
    /// Correction: the id of the own record it replaces; a reading's figures or an attempt's code say anew what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
    /// Correction: `misread`, `mistyped`, `swapped`, `wrong_code` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// Correction: why, in words; needed with `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Hazard: what is dangerous, see `GET /v1/report-codes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard_code: Option<String>,
    /// Hazard: `minor`, `major` or `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Found: `wrong_number` (with `seen_number`), `inlet_side`, `moved` (with a place), `obstructed` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_code: Option<String>,
    /// Found: `left` or `right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inlet_side: Option<String>,
    /// Latitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// Longitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// The datum of both: `WGS-84`, `GCJ-02` or `BD-09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// Notice: `payment`, `dunning`, `suspension`, `appointment`, `safety` or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_code: Option<String>,
    /// Slip signed: `signed`, `signed_by_other` or `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slip_code: Option<String>,
    /// Notice, slip signed: the id of what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about_id: Option<String>,
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
    /// SHA-256, in hex, of the canonical form of this phone's record before this one; of the first, 64 zeros.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_hash: Option<String>,
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
    /// Every record of this phone up to this number has arrived or was explained by the office.
    pub highest_contiguous_seq: i64,
    /// Numbers above it that have not, though later ones have or `last_seq` names them; at most 1,000.
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

/// Records a phone holds; at most `limits.offer_ids`.
#[derive(Deserialize, ToSchema)]
pub struct OfferRequest {
    /// Their ids.
    #[schema(value_type = Vec<String>)]
    pub ids: Vec<uuid::Uuid>,
}

/// Which of them the data lack.
#[derive(Serialize, ToSchema)]
pub struct OfferAnswer {
    /// Neither stored nor in this phone's quarantine, in the order offered: push these again.
    #[schema(value_type = Vec<String>)]
    pub missing: Vec<uuid::Uuid>,
}
