//! What readers' days look like on the wire.

use crate::http::Time;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reader as the planner sees one. Who has no profile yet works from 8:00 to 17:30 every day, without keys, from the middle
/// of last month's stops.
#[derive(Serialize, ToSchema, Clone)]
pub struct ReaderProfile {
    /// The reader's account.
    pub reader_id: i64,
    /// The reader's name.
    pub name: String,
    /// Where the day begins and ends: millionths of a degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// The same, east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// `wgs84`, `gcj02` or `bd09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// When the day begins, in minutes after midnight.
    pub from_minute: i32,
    /// When it ends.
    pub until_minute: i32,
    /// The days of work: 1 is Monday, 7 is Sunday.
    pub workdays: Vec<u8>,
    /// Stops of a day at most.
    pub capacity: i32,
    /// Keys and skills.
    pub skills: Vec<String>,
    /// Goes up with each change; 0 where nothing was told yet.
    pub version: i64,
}

/// Readers by id.
#[derive(Serialize, ToSchema)]
pub struct ReaderProfilePage {
    /// The rows.
    pub items: Vec<ReaderProfile>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// A reader's profile, whole: what is left out is taken away.
#[derive(Deserialize, ToSchema, Clone)]
pub struct SetReaderProfileRequest {
    /// The version this changes; 0 for the first.
    pub version: i64,
    /// Where the day begins and ends: millionths of a degree.
    pub lat_micro: Option<i64>,
    /// The same, east.
    pub lng_micro: Option<i64>,
    /// `wgs84`, `gcj02` or `bd09`.
    pub datum: Option<String>,
    /// When the day begins, in minutes after midnight.
    pub from_minute: i32,
    /// When it ends.
    pub until_minute: i32,
    /// The days of work: 1 is Monday, 7 is Sunday.
    pub workdays: Vec<u8>,
    /// Stops of a day at most, 1 to 1,000.
    pub capacity: i32,
    /// Keys and skills.
    #[serde(default)]
    pub skills: Vec<String>,
}

/// Days a reader is away.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct Absence {
    /// Its id.
    pub id: i64,
    /// Who.
    pub reader_id: i64,
    /// The first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    /// Why.
    pub reason: String,
    /// Who wrote it down.
    pub created_by: i64,
    /// When it was taken back: the reader is there after all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Time>,
}

/// Absences by id.
#[derive(Serialize, ToSchema)]
pub struct AbsencePage {
    /// The rows.
    pub items: Vec<Absence>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Days a reader will be away.
#[derive(Deserialize, Serialize, ToSchema, Clone)]
pub struct CreateAbsenceRequest {
    /// The first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    /// Why.
    pub reason: String,
}
