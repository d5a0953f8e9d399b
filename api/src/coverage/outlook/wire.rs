//! What the outlook looks like on the wire.

use crate::http::Time;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether the targets of a period can still be met.
#[derive(Serialize, ToSchema)]
pub struct PaceReport {
    /// As of when.
    pub counted_at: Time,
    /// A line per class and period, then one per reader and period.
    pub lines: Vec<PaceLine>,
}

/// The pace of a class or a reader.
#[derive(Serialize, ToSchema)]
pub struct PaceLine {
    /// The period.
    pub period: String,
    /// The class; absent for a reader's line, which takes all his classes together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The reader; absent for a class's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// The reader's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_name: Option<String>,
    /// Points that must still be seen to meet the target: ceil(target × D) − seen.
    pub need: u64,
    /// Points of D that are not seen.
    pub left: u64,
    /// Points that can be expected to be seen: workdays × points a day × access. A class has its readers' in proportion to
    /// what they have left in it.
    pub capacity: u64,
    /// Workdays left, today among them.
    pub workdays: u32,
    /// The reader's usual day: the median of his last working days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a_day: Option<u64>,
    /// The share of his visits that bring a reading, in 1/10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_bp: Option<u32>,
    /// `green`: need is at most 0.8 of capacity; `amber`: at most all of it; `red`: more; `lost`: out of reach.
    pub pace: String,
    /// That in words.
    pub pace_text: String,
}

/// Points to read next, the most valuable first.
#[derive(Serialize, ToSchema)]
pub struct NextPoints {
    /// The rows.
    pub items: Vec<NextPoint>,
    /// Points of D that are not seen and could be read, listed or not.
    pub left: u64,
}

/// A point to read next.
#[derive(Serialize, ToSchema)]
pub struct NextPoint {
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub number: String,
    /// Its class.
    pub class: String,
    /// The period it counts in.
    pub period: String,
    /// Its bucket.
    pub bucket: String,
    /// Its route; 0 for none.
    pub route_id: i64,
    /// Its place on the route.
    pub office_order: i32,
    /// Days since it was last seen.
    pub unseen_days: u32,
    /// Days on which it was tried in vain since.
    pub tries: u32,
    /// `window`, `repeat_unseen`, `short_of_target` or `unseen`.
    pub because: String,
    /// That in words.
    pub because_text: String,
    /// What to do: `visit`, `card`, `phone` …
    pub next_step: String,
    /// That in words.
    pub next_step_text: String,
}

/// The longest unseen points of a class, longest first.
#[derive(Serialize, ToSchema)]
pub struct UnseenPage {
    /// The rows.
    pub items: Vec<UnseenPoint>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<String>,
}

/// A point of D that is not seen.
#[derive(Serialize, ToSchema)]
pub struct UnseenPoint {
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub number: String,
    /// Its bucket.
    pub bucket: String,
    /// Its area.
    pub area_id: i64,
    /// Its route; 0 for none.
    pub route_id: i64,
    /// Its reader; 0 for none.
    pub reader_id: i64,
    /// The day it was last seen, or first there to be seen.
    pub unseen_since: NaiveDate,
    /// Days since.
    pub unseen_days: u32,
    /// Successive periods unseen before this one, at most 12.
    pub periods_missed: u32,
    /// Days on which it was tried in vain since.
    pub tries: u32,
    /// Why the last try was in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_try: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_tried_at: Option<Time>,
    /// What to do: `visit`, `card`, `phone`, `appointment`, `out_of_hours`, `written_notice` or `repair`.
    pub next_step: String,
    /// That in words.
    pub next_step_text: String,
}
