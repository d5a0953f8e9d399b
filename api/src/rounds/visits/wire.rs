//! What visits look like on the wire.

use crate::http::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hours of a weekday at which somebody can get in.
#[derive(Serialize, Deserialize, ToSchema, Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpeningHours {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: u8,
    /// Minutes after midnight.
    pub from_minute: i32,
    /// Minutes after midnight; the visit ends by then.
    pub until_minute: i32,
}

/// What a visit at a point takes.
#[derive(Serialize, ToSchema)]
pub struct VisitTerms {
    /// The service point.
    pub service_point_id: i64,
    /// Minutes at the point; absent: as usual for its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i32>,
    /// When somebody can get in; empty: at any time.
    pub opening: Vec<OpeningHours>,
    /// Keys and skills the reader needs.
    pub skills: Vec<String>,
    /// Goes up with each change; 0 where nothing was told yet.
    pub version: i64,
}

/// What a visit at a point takes, whole: what is left out is taken away.
#[derive(Deserialize, ToSchema, Clone)]
pub struct SetVisitTermsRequest {
    /// The version this changes; 0 for the first.
    pub version: i64,
    /// Minutes at the point, 1 to 480.
    pub minutes: Option<i32>,
    /// When somebody can get in.
    #[serde(default)]
    pub opening: Vec<OpeningHours>,
    /// Keys and skills the reader needs.
    #[serde(default)]
    pub skills: Vec<String>,
}

/// A time promised to a customer. Several at one point are choices: one of them is kept.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct Appointment {
    /// Its id.
    pub id: i64,
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// The visit begins from here
    pub from_at: Time,
    /// up to here.
    pub until_at: Time,
    /// Who agreed it.
    pub created_by: i64,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Time>,
}

/// Appointments by id.
#[derive(Serialize, ToSchema)]
pub struct AppointmentPage {
    /// The rows.
    pub items: Vec<Appointment>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// A time to be promised.
#[derive(Deserialize, Serialize, ToSchema, Clone)]
pub struct CreateAppointmentRequest {
    /// The service point.
    pub service_point_id: i64,
    /// The visit begins from here
    pub from_at: Time,
    /// up to here; at most a day later.
    pub until_at: Time,
}
