//! What a pull looks like on the wire.
//!
//! Why separate: the phone's apply step is written against this page. Everything in an answer is a statement; nothing is to be
//! concluded from what it does not name.

use crate::http::Time;
use serde::Serialize;
use utoipa::ToSchema;

/// What changed for a reader since his cursor. Apply in this order: `reset`, `removed`, `rounds`, `changed_rounds`,
/// `removed_stops`, `stops`, `verdicts`, `catalogue`, `refetch`, and keep the cursor in the same transaction.
#[derive(Serialize, ToSchema)]
pub struct PullAnswer {
    /// The epoch of the data.
    pub epoch: String,
    /// Keep it with the changes, in one transaction; send it next time.
    pub cursor: String,
    /// Ask again at once: there is more.
    pub more: bool,
    /// Forget all rounds first: this answer is complete by itself (first sync, another epoch, another phone's cursor).
    pub reset: bool,
    /// Only with `reset`, and only where the data were restored from a backup: offer every record sent since then, by
    /// `POST /v1/sync/offer`, and push again what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reoffer_since: Option<Time>,
    /// Rounds to put away.
    pub removed: Vec<RemovedRound>,
    /// Rounds new to this phone, whole: replace what it holds of them.
    pub rounds: Vec<PulledRound>,
    /// Rounds the phone holds whose own members changed. The stops stay as they are.
    pub changed_rounds: Vec<ChangedRound>,
    /// Stops taken out of a round the phone holds.
    pub removed_stops: Vec<RemovedStop>,
    /// Stops added or changed in a round the phone holds, whole; of a round it does not hold: ignore.
    pub stops: Vec<ChangedStop>,
    /// What was decided of this phone's own records after their receipts.
    pub verdicts: Vec<PulledVerdict>,
    /// The code lists and rules, where the phone has others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<Catalogue>,
    /// The phone was away so long that the single changes are forgotten: fetch these rounds by `GET /v1/sync/rounds/{id}`, each
    /// after its time and not while a pull is under way, and replace what it holds of them. Until then they stay usable.
    pub refetch: Vec<RefetchRound>,
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
    /// Times promised to the customer within the round's days, the earliest first; several are choices. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointments: Option<Vec<PulledAppointment>>,
    /// Latitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// Longitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// The datum of both: `wgs84`, `gcj02` or `bd09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// The meter; absent where none is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<PulledMeter>,
}

/// A time promised to a customer.
#[derive(Serialize, ToSchema, Clone, Copy)]
pub struct PulledAppointment {
    /// The visit begins from here
    pub from_at: Time,
    /// up to here.
    pub until_at: Time,
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
    /// So far beyond `band_high` an index is more than expected and possible; one further on is more gas than the meter can pass, and
    /// needs a second entry and a photo. 0.001 m³, in whole 5,000 m³; absent where the dial may have gone round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_above: Option<i64>,
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
    /// Three figures: the balance shows `volume` (0.001 m³) or `money` (fen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_unit: Option<String>,
    /// Three figures: what 1 m³ takes off the balance, in its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance_per_m3: Option<i64>,
    /// Three figures: the balance may be below zero; absent where it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overdraft: Option<bool>,
    /// Three figures: index less cumulative should be this …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_ahead: Option<i64>,
    /// … give or take this; 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_ahead_tolerance: Option<i64>,
    /// Three figures: 1,000 × balance + `balance_per_m3` × cumulative should be this, with all purchases known to the server …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_sum: Option<i64>,
    /// … give or take this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_tolerance: Option<i64>,
    /// Whether purchases are known; where they are not, the sum may be above `account_sum`, but not below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchases_known: Option<bool>,
}

/// A round's own members.
#[derive(Serialize, ToSchema)]
pub struct ChangedRound {
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
    /// Why: `visited`, `register` …
    pub reason: String,
}

/// A round this phone no longer holds.
#[derive(Serialize, ToSchema)]
pub struct RemovedRound {
    /// Its id.
    pub round_id: i64,
    /// `reassigned` or `cancelled`; `done` or `ended` when its days are long over and it was put away.
    pub reason: String,
    /// What was read in it is taken until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_until: Option<Time>,
}

/// A stop that is new or changed.
#[derive(Serialize, ToSchema)]
pub struct ChangedStop {
    /// Its round.
    pub round_id: i64,
    /// `added` or `changed`.
    pub change: String,
    /// Why: `visited`, `register`, `readings`, `appointment` …
    pub reason: String,
    /// The stop, whole.
    pub stop: PulledStop,
}

/// A stop that is no longer in its round.
#[derive(Serialize, ToSchema)]
pub struct RemovedStop {
    /// Its round.
    pub round_id: i64,
    /// The stop.
    pub stop_id: i64,
    /// Why: `register`: the point is gone.
    pub reason: String,
}

/// The latest later word on a record of this phone.
#[derive(Serialize, ToSchema)]
pub struct PulledVerdict {
    /// The record, or the item that lies in quarantine.
    pub record_id: String,
    /// Where it stands: `accepted`, `released`, `rejected`, `confirmed`, `dismissed` …
    pub state: String,
    /// What is noticed about it now; replaces the receipt's.
    pub flags: Vec<String>,
    /// Rules of the cases it stands in.
    pub cases: Vec<String>,
    /// When.
    pub decided_at: Time,
    /// The phone may forget it then.
    pub keep_until: Time,
}

/// A round to fetch anew.
#[derive(Serialize, ToSchema)]
pub struct RefetchRound {
    /// Its id.
    pub round_id: i64,
    /// Wait so many seconds first: all phones of a company come back in one morning.
    pub after_s: i64,
}

/// The code lists and the rules, as a phone shows them.
#[derive(Serialize, ToSchema, Clone)]
pub struct Catalogue {
    /// A hash of all that follows.
    pub version: String,
    /// The lists.
    pub lists: Vec<CatalogueList>,
    /// The rules, in the order the checks run.
    pub rules: Vec<CatalogueRule>,
    /// What must be seen in a period.
    pub targets: Vec<CatalogueTarget>,
}

/// The target of a class.
#[derive(Serialize, ToSchema, Clone)]
pub struct CatalogueTarget {
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    pub class: String,
    /// Share of its points to be seen, in 1/10,000.
    pub target_bp: u32,
    /// `month` or `quarter`.
    pub period: String,
}

/// A code list.
#[derive(Serialize, ToSchema, Clone)]
pub struct CatalogueList {
    /// `attempt`, `vacancy`, `found` or `hazard`.
    pub name: String,
    /// Its codes, in the order to show them.
    pub codes: Vec<CatalogueCode>,
}

/// A code with its meaning.
#[derive(Serialize, ToSchema, Clone)]
pub struct CatalogueCode {
    /// The code a record carries.
    pub code: String,
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A rule, as far as its reader is told: what to do, without the evidence.
#[derive(Serialize, ToSchema, Clone)]
pub struct CatalogueRule {
    /// The code that flags name.
    pub code: String,
    /// The list it is worked from.
    pub kind: String,
    /// `note`, `case` or `hard`.
    pub severity: String,
    /// The sentence, with `{placeholders}`.
    pub reason_zh: String,
    /// The same.
    pub reason_en: String,
    /// What to do.
    pub help_zh: String,
    /// The same.
    pub help_en: String,
}
