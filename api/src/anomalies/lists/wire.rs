//! What the month's lists and their models look like on the wire.

use super::figures::EntryFigures;
use super::store::{ListRow, ModelRow, PlacedEntry, TermRow};
use crate::coverage::closing::prove::hex;
use crate::http::{Time, from_ms};
use chrono::NaiveDate;
use meterbook::anomalies::lists::ranking::List;
use meterbook::calendar::Period;
use meterbook::text::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

fn month_of(key: i32) -> String {
    Period::from_key(key).map_or_else(String::new, |month| month.to_string())
}

/// Make a month's lists.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeAnomalyListsRequest {
    /// The month, `2026-03`; it must be over.
    pub month: String,
}

/// The lists of suspect meters of a month: one version of them.
#[derive(Serialize, ToSchema)]
pub struct AnomalyListSet {
    /// The month.
    pub month: String,
    /// Made again they get the next version; what is made stays.
    pub version: i32,
    /// `making`, `done` or `failed`.
    pub state: String,
    /// Who asked; absent where they were made by themselves, after the month's grace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<i64>,
    /// When.
    pub asked_at: Time,
    /// The rules they are made by.
    pub rules_version: String,
    /// The model they are ranked by, where a meter's past is long enough; `shipped-…` comes with the program.
    pub model_version: String,
    /// Meters in use that were read in the month: places are a share of these.
    pub meters_read: i64,
    /// Of these ranked by the model.
    pub ranked_by_model: i64,
    /// Ranked by plain rules, because their past is too short for the model.
    pub ranked_by_rules: i64,
    /// SHA-256 over all they were made from, hexadecimal; the same inputs give the same entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs_hash: Option<String>,
    /// SHA-256 over all entries, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_hash: Option<String>,
    /// When they were done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Time>,
}

impl AnomalyListSet {
    /// As it is stored.
    #[must_use]
    pub fn of(row: ListRow) -> Self {
        Self {
            month: month_of(row.period),
            version: row.version,
            state: row.state,
            asked_by: row.asked_by,
            asked_at: Time(from_ms(row.asked_at)),
            rules_version: row.rules_version,
            model_version: row.model_version,
            meters_read: row.meters_read,
            ranked_by_model: row.by_model,
            ranked_by_rules: row.by_rules,
            inputs_hash: row.inputs_hash.as_deref().map(hex),
            entries_hash: row.entries_hash.as_deref().map(hex),
            made_at: row.made_at.map(|at| Time(from_ms(at))),
        }
    }
}

/// Lists as they were asked for.
#[derive(Serialize, ToSchema)]
pub struct AnomalyListPage {
    /// The rows.
    pub items: Vec<AnomalyListSet>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// A place on a list: a proposal to visit or to test. Only what is found there is a verdict.
#[derive(Serialize, ToSchema)]
pub struct AnomalyEntry {
    /// Its id.
    pub id: i64,
    /// The month.
    pub month: String,
    /// `failed`, `slow`, `fast` or `jump`.
    pub list: String,
    /// 1 for the first to be looked at.
    pub rank: i32,
    /// The meter.
    pub meter_id: i64,
    /// 表号.
    pub meter_number: String,
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// The point's class.
    pub class: String,
    /// Its area, names from the root down.
    pub area_path: String,
    /// Its route's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_code: Option<String>,
    /// When the meter was last read in the month.
    pub observed_at: Time,
    /// By what it was ranked: `model`, or `rules` where its past is too short.
    pub method: String,
    /// Its score in millionths; comparable within list and method alone.
    pub score_micro: i64,
    /// The rule's code, as in `GET /v1/rules`.
    pub rule: String,
    /// Why, in one sentence, in Chinese.
    pub reason_zh: String,
    /// Why, in one sentence, in English.
    pub reason_en: String,
    /// The figures behind the reason.
    pub figures: EntryFigures,
    /// Volume at stake, 0.001 m³: counted too little or too much, if the claim holds.
    pub stake: i64,
    /// Whether the claim is beyond what the meter's own wander explains. One that is not is a place to look, no more.
    pub is_above_floor: bool,
    /// The case that was opened from it, or that took it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_id: Option<i64>,
}

impl AnomalyEntry {
    /// As it is stored.
    ///
    /// # Errors
    /// Where its figures cannot be read.
    pub fn of((row, place): PlacedEntry) -> Result<Self, serde_json::Error> {
        let figures: EntryFigures = serde_json::from_str(&row.figures)?;
        let finding = List::from_code(&row.list).map(|list| figures.grounds(list).finding());
        let said = |language| finding.as_ref().map(|finding| finding.reason(language)).unwrap_or_default();
        let (period, meter_number, point_number, class, area_path, route_code, case_id) = place;
        Ok(Self {
            id: row.id,
            month: month_of(period),
            rank: row.rank,
            meter_id: row.meter_id,
            meter_number,
            service_point_id: row.point_id,
            service_point_number: point_number,
            class,
            area_path,
            route_code,
            observed_at: Time(from_ms(row.observed_at)),
            method: row.method,
            score_micro: row.score_micro,
            rule: row.rule,
            reason_zh: said(Language::Chinese),
            reason_en: said(Language::English),
            list: row.list,
            figures,
            stake: row.stake,
            is_above_floor: row.is_above_floor,
            case_id,
        })
    }
}

/// Entries, list by list, in order of rank.
#[derive(Serialize, ToSchema)]
pub struct AnomalyEntryPage {
    /// The lists they belong to.
    pub lists: AnomalyListSet,
    /// The rows.
    pub items: Vec<AnomalyEntry>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// The case an entry has become.
#[derive(Serialize, ToSchema)]
pub struct EntryCase {
    /// The case.
    pub case_id: i64,
    /// Whether there was a live one of this meter and kind, which took the entry in.
    pub joined: bool,
}

/// Learn a model from the company's own history.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainAnomalyModelRequest {
    /// The last month it is taught on, `2026-03`; the last one that is over unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_month: Option<String>,
    /// What chance follows from: the same history and seed give the same model. 1 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
}

/// A model learnt from the company's own history.
#[derive(Serialize, ToSchema)]
pub struct AnomalyModel {
    /// Its id.
    pub id: i64,
    /// `training`, `done` or `failed`.
    pub state: String,
    /// Why it failed: `too_little_history`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What chance follows from.
    pub seed: i64,
    /// The last month it was taught on.
    pub until_month: String,
    /// Who asked.
    pub asked_by: i64,
    /// When.
    pub asked_at: Time,
    /// Meters that taught it.
    pub meters: i64,
    /// Histories it was shown, those with faults put into them included.
    pub lessons: i64,
    /// Its version, as lists name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 over all it was made from, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs_hash: Option<String>,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made_at: Option<Time>,
}

impl AnomalyModel {
    /// As it is stored.
    #[must_use]
    pub fn of(row: ModelRow) -> Self {
        Self {
            id: row.id,
            state: row.state,
            fault: row.fault,
            seed: row.seed,
            until_month: month_of(row.until_month),
            asked_by: row.asked_by,
            asked_at: Time(from_ms(row.asked_at)),
            meters: row.meters,
            lessons: row.lessons,
            version: row.version,
            inputs_hash: row.inputs_hash.as_deref().map(hex),
            made_at: row.made_at.map(|at| Time(from_ms(at))),
        }
    }
}

/// Models by id, and which one holds from when.
#[derive(Serialize, ToSchema)]
pub struct AnomalyModelPage {
    /// The rows.
    pub items: Vec<AnomalyModel>,
    /// Which holds from which day, in the order it was said; the shipped one holds before all of them.
    pub terms: Vec<AnomalyModelTerm>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Switch a model on from a day.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchAnomalyModelRequest {
    /// The model; the one that comes with the program where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<i64>,
    /// The first day; it must lie ahead. Lists of a month are ranked by what holds on its last day.
    pub valid_from: NaiveDate,
    /// Who or what decided it, at most 500 characters.
    pub source: String,
}

/// From when a model holds.
#[derive(Serialize, ToSchema)]
pub struct AnomalyModelTerm {
    /// The model; absent for the one that comes with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_id: Option<i64>,
    /// The first day.
    pub valid_from: NaiveDate,
    /// Who or what decided it.
    pub source: String,
    /// Who switched it on.
    pub account_id: i64,
    /// When.
    pub created_at: Time,
}

impl AnomalyModelTerm {
    /// As it is stored.
    #[must_use]
    pub fn of(row: TermRow) -> Self {
        Self {
            model_id: row.model_id,
            valid_from: row.valid_from,
            source: row.source,
            account_id: row.account_id,
            created_at: Time(from_ms(row.created_at)),
        }
    }
}
