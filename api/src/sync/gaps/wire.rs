//! What gaps and chains look like on the wire.

use crate::http::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is missing of a phone's records.
#[derive(Serialize, ToSchema)]
pub struct DeviceGaps {
    /// The phone.
    pub device_id: i64,
    /// What people call it.
    pub label: String,
    /// Its reader.
    pub reader_id: i64,
    /// The reader's name.
    pub reader_name: String,
    /// Every record up to this number has arrived or was explained.
    pub highest_contiguous_seq: i64,
    /// The last number the phone is known to have given: it said so, or something arrived under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seq: Option<i64>,
    /// Missing numbers, ascending, at most 1,000.
    pub missing_seqs: Vec<i64>,
    /// How many more are missing.
    pub more_missing: u64,
    /// Since when the oldest gap is visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_since: Option<Time>,
    /// When the phone was heard of last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Time>,
    /// Records that name another hash for the one before them, at most 100.
    pub broken_seqs: Vec<i64>,
    /// Numbers that a person has explained, at most 100.
    pub explained: Vec<GapExplanation>,
}

/// Why a number is missing.
#[derive(Serialize, ToSchema)]
pub struct GapExplanation {
    /// The number.
    pub seq: i64,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Time,
}

/// Phones with gaps or broken chains, by id.
#[derive(Serialize, ToSchema)]
pub struct GapPage {
    /// The rows.
    pub items: Vec<DeviceGaps>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Declares missing numbers explained.
#[derive(Deserialize, ToSchema)]
pub struct ExplainGapsRequest {
    /// Numbers that are missing now, at most 1,000.
    pub seqs: Vec<i64>,
    /// Why they will never come; at most 1,000 characters.
    pub reason: String,
}

/// How far the chain of a phone's records is proven.
#[derive(Serialize, ToSchema)]
pub struct DeviceChain {
    /// The phone.
    pub device_id: i64,
    /// The first number whose record names the hash of the one before it; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chained_from: Option<i64>,
    /// Every link from there up to this number holds; 0 where nothing is proven.
    pub verified_to: i64,
    /// Every record up to this number has arrived or was explained.
    pub highest_contiguous_seq: i64,
    /// Links that do not hold, at most 1,000.
    pub broken: Vec<ChainBreak>,
}

/// A link that does not hold.
#[derive(Serialize, ToSchema)]
pub struct ChainBreak {
    /// The record that names a wrong hash.
    pub seq: i64,
    /// What it names, in hex; empty where that was no hash.
    pub named: String,
    /// What the record before has.
    pub expected: String,
    /// When that was noticed.
    pub noticed_at: Time,
}
