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

/// What changed for a reader since his cursor.
#[derive(Serialize, ToSchema)]
pub struct PullAnswer {
    /// The epoch of the data.
    pub epoch: String,
    /// Keep it with the changes, in one transaction; send it next time.
    pub cursor: String,
    /// Ask again at once: there is more.
    pub more: bool,
    /// Forget all rounds first: this answer is complete by itself (first sync, another epoch).
    pub reset: bool,
    /// Only with `reset`, and only where the data were restored from a backup: offer every record sent since then, by
    /// `POST /v1/sync/offer`, and push again what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reoffer_since: Option<Time>,
    /// Rounds new to this phone, or whose content changed, whole.
    pub rounds: Vec<PulledRound>,
    /// Rounds to put away.
    pub removed: Vec<RemovedRound>,
    /// Version of the rules behind the bands.
    pub rules_version: String,
}

/// A round as a phone needs it.
#[derive(Serialize, ToSchema)]
pub struct PulledRound {
    /// Its id.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// The first day, `YYYY-MM-DD`.
    pub from_day: String,
    /// The first day after it, `YYYY-MM-DD`.
    pub until_day: String,
    /// `assigned`, `in_progress` or `done`.
    pub state: String,
    /// In office order.
    pub stops: Vec<PulledStop>,
}

/// A stop as a phone needs it. Entry is blind: no last index, only the band.
#[derive(Serialize, ToSchema)]
pub struct PulledStop {
    /// Its id.
    pub id: i64,
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    pub class: String,
    /// Office order.
    pub position: i32,
    /// The order the reader learned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_position: Option<i32>,
    /// `open`, `read` or `no_access`.
    pub state: String,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The customer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// Keys, doors, dogs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_note: Option<String>,
    /// Latitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// Longitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// The datum of both: `WGS-84`, `GCJ-02` or `BD-09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// The meter; absent where none is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<PulledMeter>,
}

/// A meter as a phone needs it.
#[derive(Serialize, ToSchema, Clone)]
pub struct PulledMeter {
    /// Its id.
    pub id: i64,
    /// 表号.
    pub number: String,
    /// 表型.
    pub type_code: String,
    /// Digits of whole m³.
    pub digits_integer: i64,
    /// Decimal digits.
    pub digits_decimal: i64,
    /// What to enter: the smallest step in 0.001 m³.
    pub resolution: i64,
    /// Maximum flow per hour, 0.001 m³.
    pub qmax_per_hour: i64,
    /// Whether three figures are read.
    pub three_figures: bool,
    /// `left` or `right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inlet_side: Option<String>,
    /// Whole years in service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years_in_service: Option<i64>,
    /// An index from here …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_low: Option<i64>,
    /// … up to here needs no second entry; below `band_low` when the dial wraps. 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_high: Option<i64>,
}

/// A round this phone no longer holds.
#[derive(Serialize, ToSchema)]
pub struct RemovedRound {
    /// Its id.
    pub round_id: i64,
    /// `reassigned` or `cancelled`.
    pub reason: String,
    /// What was read in it is taken until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_until: Option<Time>,
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
