//! What time reviews look like on the wire.

use super::store::ReviewRow;
use crate::http::{Time, from_ms};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A visit whose time a person must decide, or has decided.
#[derive(Serialize, ToSchema)]
pub struct TimeReview {
    /// Its id.
    pub id: i64,
    /// The record.
    pub record_id: String,
    /// The service point.
    pub service_point_id: i64,
    /// Whose record it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// When it seems to have been made, by the phone's own clock.
    pub observed_at: Time,
    /// When it arrived: it was made before.
    pub received_at: Time,
    /// The clock was wrong by more than the uncertainty, so `observed_at` is a stand-in.
    pub is_lost: bool,
    /// `open`, `accepted` or `refused`.
    pub state: String,
    /// The time it counts as of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_time: Option<Time>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<i64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Time>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl TimeReview {
    /// A review with its decision.
    #[must_use]
    pub fn of(row: ReviewRow) -> Self {
        let (review, decision) = row;
        let decided = decision.as_ref();
        Self {
            id: review.id,
            record_id: review.record_id.0.to_string(),
            service_point_id: review.point_id,
            reader_id: review.reader_id,
            observed_at: Time(from_ms(review.observed_at)),
            received_at: Time(from_ms(review.received_at)),
            is_lost: review.is_lost,
            state: decided.map_or("open", |decided| decided.decision.as_str()).to_owned(),
            decided_time: decided.and_then(|decided| decided.observed_at).map(|at| Time(from_ms(at))),
            decided_by: decided.map(|decided| decided.account_id),
            decided_at: decided.map(|decided| Time(from_ms(decided.decided_at))),
            reason: decision.map(|decided| decided.reason),
        }
    }
}

/// Time reviews by id.
#[derive(Serialize, ToSchema)]
pub struct TimeReviewPage {
    /// The rows.
    pub items: Vec<TimeReview>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Decides when a visit was made.
#[derive(Deserialize, ToSchema)]
pub struct DecideTimeRequest {
    /// `accepted`: it counts, as of a time; `refused`: it does not count.
    pub decision: String,
    /// When it was made; needed where the clock was lost, else the phone's own time unless told.
    pub observed_at: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Why.
    pub reason: String,
}
