//! What rounds look like on the wire.

use crate::http::Time;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new round.
#[derive(Deserialize, Serialize, ToSchema, Clone)]
pub struct CreateRoundRequest {
    /// The route whose active points become the stops, in office order.
    pub route_id: i64,
    /// The reader; without one the round is a draft.
    pub reader_id: Option<i64>,
    /// The first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    /// What people call it; the route's code unless told.
    pub name: Option<String>,
    /// Only points of this class; a round of the 22nd–23rd takes `commercial`.
    pub class: Option<String>,
    /// Also suspended points, to see that no gas is used there; they are outside coverage all the same.
    #[serde(default)]
    pub include_suspended: bool,
}

/// To whom the round goes.
#[derive(Deserialize, ToSchema)]
pub struct AssignRoundRequest {
    /// The reader's account.
    pub reader_id: i64,
}

/// A round.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct Round {
    /// Its id.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// The route it was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_id: Option<i64>,
    /// Who holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// The first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    /// `draft`, `assigned`, `in_progress`, `done` or `cancelled`.
    pub state: String,
    /// Stops nobody has been at.
    pub open_stops: i64,
    /// Stops read.
    pub read_stops: i64,
    /// Stops tried in vain.
    pub no_access_stops: i64,
    /// When it last changed.
    pub changed_at: Time,
    /// When it was put away from the reader's phone, its days being over; give it to the reader again to bring it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put_away_at: Option<Time>,
}

/// Rounds by id.
#[derive(Serialize, ToSchema)]
pub struct RoundPage {
    /// The rows.
    pub items: Vec<Round>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// One stop of a round, as the office sees it.
#[derive(Serialize, ToSchema)]
pub struct RoundStop {
    /// Its id.
    pub id: i64,
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// Its place in the office order.
    pub position: i32,
    /// `open`, `read` or `no_access`.
    pub state: String,
    /// Latitude in 1/1,000,000 degree; absent where nobody knows the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// Longitude in 1/1,000,000 degree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// `wgs84`, `gcj02` or `bd09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
}

/// A round with its stops.
#[derive(Serialize, ToSchema)]
pub struct RoundWithStops {
    /// The round.
    pub round: Round,
    /// Its stops in office order.
    pub stops: Vec<RoundStop>,
}
