//! What cases and rules look like on the wire.

use super::store::CaseRow;
use crate::http::{Time, from_ms};
use meterbook::anomalies::{Rule, reason};
use meterbook::text::Language;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One anomaly of one meter.
#[derive(Serialize, ToSchema)]
pub struct Case {
    /// Its id.
    pub id: i64,
    /// The meter.
    pub meter_id: i64,
    /// 表号.
    pub meter_number: String,
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// The rule's code, as in `GET /v1/rules`.
    pub rule: String,
    /// The list it is worked from: `failed`, `slow`, `fast`, `reading`, `register`, `purchase`, `use` or `zero`.
    pub kind: String,
    /// `open`, `confirmed`, `dismissed`, `in_work` or `resolved`.
    pub state: String,
    /// Why, in one sentence, in Chinese.
    pub reason_zh: String,
    /// Why, in one sentence, in English.
    pub reason_en: String,
    /// Volume at stake, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stake: Option<i64>,
    /// The reading that opened it.
    pub record_id: String,
    /// When that reading was made.
    pub observed_at: Time,
    /// When the case was opened.
    pub opened_at: Time,
    /// The figures behind the reason.
    pub evidence: BTreeMap<String, String>,
}

impl Case {
    /// A stored case with the numbers of its meter and point.
    #[must_use]
    pub fn of((row, meter_number, service_point_number): (CaseRow, String, String)) -> Self {
        let evidence: BTreeMap<String, String> = serde_json::from_str(&row.evidence).unwrap_or_default();
        let value = |name: &str| evidence.get(name).map(String::as_str);
        let in_words =
            |language| Rule::from_code(&row.rule).map(|rule| reason(rule, value, language)).unwrap_or_default();
        Self {
            id: row.id,
            meter_id: row.meter_id,
            meter_number,
            service_point_id: row.point_id,
            service_point_number,
            reason_zh: in_words(Language::Chinese),
            reason_en: in_words(Language::English),
            rule: row.rule,
            kind: row.kind,
            state: row.state,
            stake: row.stake,
            record_id: row.record_id.0.to_string(),
            observed_at: Time(from_ms(row.observed_at)),
            opened_at: Time(from_ms(row.opened_at)),
            evidence,
        }
    }
}

/// Cases by id.
#[derive(Serialize, ToSchema)]
pub struct CasePage {
    /// The rows.
    pub items: Vec<Case>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// A rule of the catalogue.
#[derive(Serialize, ToSchema)]
pub struct RuleEntry {
    /// Its code.
    pub code: String,
    /// The list its cases are worked from.
    pub kind: String,
    /// `note`, `case` or `hard`.
    pub severity: String,
    /// Where the rule comes from.
    pub source: String,
    /// The sentence its cases show, in the language asked for, with placeholders.
    pub reason: String,
    /// What to do about it, in the language asked for.
    pub help: String,
}

/// The rules.
#[derive(Serialize, ToSchema)]
pub struct RuleList {
    /// In the order of the catalogue.
    pub items: Vec<RuleEntry>,
}
