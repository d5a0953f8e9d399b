//! What plans look like on the wire.

use crate::http::Time;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the planner prefers: metres of extra way one is ready to go. Everything read and agreed times kept always go first.
#[derive(Serialize, Deserialize, ToSchema, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(default)]
pub struct PlanWeights {
    /// A metre of way.
    pub distance: u32,
    /// Per day of work: a full one against an empty one, growing with the sixth power.
    pub balance: u32,
    /// A stop that gets another reader than last month.
    pub continuity: u32,
    /// A stop that leaves the reader and day of the plan it changes.
    pub change: u32,
}

impl Default for PlanWeights {
    fn default() -> Self {
        let meterbook::rounds::plan::Weights { distance, balance, continuity, change } = Default::default();
        Self { distance, balance, continuity, change }
    }
}

/// What is to be planned.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct CreatePlanRequest {
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    pub class: String,
    /// The first day; for commercial points the 22nd.
    pub from_day: NaiveDate,
    /// The first day after it; for commercial points the 24th. At most 31 days.
    pub until_day: NaiveDate,
    /// Only points of these routes; all of the class unless told.
    #[serde(default)]
    pub route_ids: Vec<i64>,
    /// The readers there are; all unless told.
    #[serde(default)]
    pub reader_ids: Vec<i64>,
    /// What is preferred.
    #[serde(default)]
    pub weights: PlanWeights,
    /// Same data, seed and steps: same plan. 1 unless told.
    pub seed: Option<u64>,
    /// Steps of the search, up to 5,000,000; unless told as many as a minute takes.
    pub steps: Option<u64>,
    /// The published plan to change as little as may be: what is read or locked stays. Class and days are its own.
    pub basis_id: Option<i64>,
    /// Minutes at a point where nothing else is told: 1 to 120; unless told 8 commercial, 2 outdoor, 5 indoor.
    pub visit_minutes: Option<u32>,
    /// Seconds for a kilometre of road: 20 to 3,600; 240 (15 km/h) unless told.
    pub seconds_per_km: Option<u32>,
}

/// A plan, or one in the making.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct Plan {
    /// Its id.
    pub id: i64,
    /// Of which class.
    pub class: String,
    /// The first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    /// The published plan it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis_id: Option<i64>,
    /// `queued`, `running`, `done`, `cancelled`, `failed` or `published`.
    pub state: String,
    /// Goes up with each change of the plan as a whole; publishing asks for it.
    pub version: i64,
    /// Steps of the search done
    pub steps_done: i64,
    /// of so many.
    pub steps_total: i64,
    /// Stops nobody carries in the best plan so far.
    pub left_out: i64,
    /// Metres of way in the best plan so far.
    pub metres: i64,
    /// Why the plan is as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<PlanReportBody>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Who asked for it.
    pub created_by: i64,
    /// When.
    pub created_at: Time,
    /// When the search ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// Who made it real.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_by: Option<i64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Time>,
}

/// Plans, the newest first.
#[derive(Serialize, ToSchema)]
pub struct PlanPage {
    /// The rows.
    pub items: Vec<Plan>,
    /// Give as `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_before: Option<i64>,
}

/// Why a plan is as it is.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct PlanReportBody {
    /// Stops given.
    pub given: u32,
    /// Stops visited before the plan was made.
    pub visited: u32,
    /// Points left out because they were read in these days already, where nothing was changed but all planned.
    pub already_read: u32,
    /// Indoor points that wait for another window: their doors will less likely open in this one.
    pub later: u32,
    /// Stops whose place was guessed from their route.
    pub guessed_places: u32,
    /// Stops in somebody's day.
    pub planned: u32,
    /// Stops in nobody's, by reason.
    pub unassigned: Vec<UnassignedCount>,
    /// Metres of way in all.
    pub metres: i64,
    /// Metres of who always goes to the next stop.
    pub nearest_metres: i64,
    /// Minutes of visits and ways in all.
    pub work_minutes: i64,
    /// Those of the busiest day of a reader.
    pub busiest_minutes: i64,
    /// Those of the idlest.
    pub idlest_minutes: i64,
    /// Planned stops whose reader of last month is known.
    pub known_last: u32,
    /// Those that keep the reader.
    pub same_reader: u32,
    /// Stops that leave the reader and day of the plan it changes.
    pub moves: u32,
    /// What each reader carries.
    pub readers: Vec<PlanCarrier>,
}

/// How many stops nobody carries, and why.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct UnassignedCount {
    /// `no_place`, `no_reader`, `closed`, `too_far`, `locked` or `full`.
    pub reason: String,
    /// How many.
    pub stops: u32,
}

/// What one reader carries.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct PlanCarrier {
    /// Who.
    pub reader_id: i64,
    /// Stops planned.
    pub stops: u32,
    /// Stops visited before the plan was made.
    pub visited: u32,
    /// Metres of way.
    pub metres: i64,
    /// Minutes of visits and ways.
    pub work_minutes: i64,
    /// Of the stops, how many were this reader's last month.
    pub last_month: u32,
    /// Those of them that stay.
    pub kept: u32,
}

/// A reader's day in a plan, beside the same day of the plan it changes.
#[derive(Serialize, ToSchema)]
pub struct PlanRound {
    /// Who.
    pub reader_id: i64,
    /// The reader's name.
    pub reader_name: String,
    /// Which day.
    pub day: NaiveDate,
    /// Stops.
    pub stops: i64,
    /// Stops before.
    pub stops_before: i64,
    /// Stops that come from elsewhere.
    pub joined: i64,
    /// Stops that go elsewhere.
    pub left: i64,
    /// Stops a dispatcher locked.
    pub locked: i64,
    /// Stops with a warning.
    pub warned: i64,
    /// When the reader sets out; absent where nothing is left of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depart_at: Option<Time>,
    /// When the reader is home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_at: Option<Time>,
    /// Metres of way.
    pub metres: i64,
    /// Minutes of visits and ways.
    pub work_minutes: i64,
    /// The round it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_id: Option<i64>,
}

/// The days of all readers of a plan.
#[derive(Serialize, ToSchema)]
pub struct PlanRounds {
    /// By reader and day.
    pub items: Vec<PlanRound>,
}

/// A stop of a plan, as it was and as it would be.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
pub struct PlanStopEntry {
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// Millionths of a degree, in the datum it was given in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// The same, east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// `wgs84`, `gcj02` or `bd09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// Who carries it; absent: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// On which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<NaiveDate>,
    /// Its place in the order, from 1.
    pub position: i32,
    /// When the reader is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrive_at: Option<Time>,
    /// When the visit begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begin_at: Option<Time>,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Time>,
    /// Metres from the stop before.
    pub metres: i64,
    /// It stays with this reader and day when the plan is changed.
    pub locked: bool,
    /// It was visited before the plan was made.
    pub visited: bool,
    /// Why nobody carries it: `no_place`, `no_reader`, `closed`, `too_far`, `locked` or `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<String>,
    /// What a move by hand broke: `promise`, `closed`, `not_able`, `not_at_work`, `overtime`, `overloaded` …
    pub warnings: Vec<String>,
    /// Who read it last month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reader_id: Option<i64>,
    /// Who had it in the plan this one changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_reader_id: Option<i64>,
    /// On which day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_day: Option<NaiveDate>,
    /// Goes up with each change by hand: give it when changing.
    pub version: i64,
    /// Who changed it by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<i64>,
}

/// Stops of a plan by service point, or in the order of the day where one reader's day was asked for.
#[derive(Serialize, ToSchema)]
pub struct PlanStopPage {
    /// The rows.
    pub items: Vec<PlanStopEntry>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// A change of one stop by hand. What is left out stays as it is.
#[derive(Deserialize, ToSchema, Clone)]
pub struct ChangePlanStopRequest {
    /// The version of the row this changes.
    pub version: i64,
    /// Lock it to its reader and day, or let it go.
    pub locked: Option<bool>,
    /// Move it to this reader; with `day`.
    pub reader_id: Option<i64>,
    /// Move it to this day; with `reader_id`.
    pub day: Option<NaiveDate>,
    /// Its place in the order of the day it moves to, from 1; where it fits best unless told.
    pub position: Option<u32>,
    /// Take it out of everybody's day.
    #[serde(default)]
    pub take_out: bool,
}

/// The stop after a change, and the days it touched.
#[derive(Serialize, ToSchema)]
pub struct ChangedPlanStop {
    /// The stop.
    pub stop: PlanStopEntry,
    /// The stops of the days whose times moved, in order.
    pub touched: Vec<PlanStopEntry>,
}

/// Makes a plan real.
#[derive(Deserialize, Serialize, ToSchema, Clone)]
pub struct PublishPlanRequest {
    /// The version of the plan that was looked at.
    pub version: i64,
    /// Only say what would happen.
    #[serde(default)]
    pub dry_run: bool,
}

/// What publishing did, or would do. A stop with a conflict is left where it is; the rest is done.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct PublishOutcome {
    /// Whether it was done.
    pub published: bool,
    /// Rounds made.
    pub rounds_made: i64,
    /// Rounds changed.
    pub rounds_changed: i64,
    /// Stops put into rounds.
    pub stops_added: i64,
    /// Stops taken out of rounds.
    pub stops_removed: i64,
    /// Stops that stay where they are, with the reason.
    pub conflicts: Vec<PlanConflict>,
}

/// A stop that could not follow the plan.
#[derive(Serialize, Deserialize, ToSchema, Clone, PartialEq, Eq, Debug)]
pub struct PlanConflict {
    /// The service point.
    pub service_point_id: i64,
    /// `in_another_round`, `read_meanwhile`, `point_gone` or `reader_gone`.
    pub code: String,
    /// The same for a person, in Chinese
    pub zh: String,
    /// and in English.
    pub en: String,
    /// The round it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_id: Option<i64>,
}
