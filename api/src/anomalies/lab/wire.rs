//! What the rule lab looks like on the wire.

use super::store::RunRow;
use crate::http::{Time, from_ms};
use chrono::NaiveDate;
use meterbook::anomalies::lab::{ByVerdict, Difference, RuleDifference};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Try other settings on the stored history.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabRunRequest {
    /// The settings of the checks that differ, by key, as in `GET /v1/settings`: `{"ceiling_bp": 11000}`.
    pub changes: BTreeMap<String, i64>,
}

/// Switch a run's settings on.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptLabRunRequest {
    /// The first day; it must lie ahead.
    pub valid_from: NaiveDate,
    /// Who or what decided it, at most 500 characters.
    pub source: String,
}

/// One run of the lab.
#[derive(Serialize, ToSchema)]
pub struct LabRun {
    /// Its id.
    pub id: i64,
    /// Who asked.
    pub asked_by: i64,
    /// When.
    pub asked_at: Time,
    /// The settings that differ.
    pub changes: BTreeMap<String, i64>,
    /// `running`, `done` or `failed`.
    pub state: String,
    /// Meters replayed.
    pub meters: i64,
    /// Readings replayed.
    pub readings: i64,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// From which day its settings were switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopted_from: Option<NaiveDate>,
    /// By rule what the change does; empty until it is done, and for rules that never spoke.
    pub rules: Vec<LabRule>,
}

/// What a change does to one rule. Findings, each by what people found out about its case.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct LabRule {
    /// The rule.
    pub rule: String,
    /// Found with either settings.
    pub kept: LabCounts,
    /// Found with the changed settings alone.
    pub won: LabCounts,
    /// Found with today's settings alone.
    pub lost: LabCounts,
    /// Some of the records won.
    pub won_records: Vec<String>,
    /// Some of the records lost.
    pub lost_records: Vec<String>,
}

/// How many, by what people found out.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct LabCounts {
    /// In all.
    pub total: u64,
    /// The rule was right.
    pub upheld: u64,
    /// It was not.
    pub refuted: u64,
}

impl LabCounts {
    const fn of(counts: ByVerdict) -> Self {
        Self { total: counts.total(), upheld: counts.upheld, refuted: counts.refuted }
    }
}

/// What a run came to, as it is kept.
#[derive(Serialize, Deserialize)]
pub struct LabResult {
    rules: Vec<LabRule>,
}

impl LabResult {
    /// As it is kept.
    #[must_use]
    pub fn of(difference: &Difference) -> Self {
        let rule = |(rule, own): (&meterbook::anomalies::Rule, &RuleDifference)| LabRule {
            rule: rule.code().to_owned(),
            kept: LabCounts::of(own.kept),
            won: LabCounts::of(own.won),
            lost: LabCounts::of(own.lost),
            won_records: own.won_examples.iter().map(ToString::to_string).collect(),
            lost_records: own.lost_examples.iter().map(ToString::to_string).collect(),
        };
        Self { rules: difference.rules.iter().map(rule).collect() }
    }
}

impl LabRun {
    /// A stored run. One that a stopped node left behind counts as failed.
    #[must_use]
    pub fn of(row: RunRow, is_lost: bool) -> Self {
        let result: Option<LabResult> = row.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            id: row.id,
            asked_by: row.asked_by,
            asked_at: Time(from_ms(row.asked_at)),
            changes: serde_json::from_str(&row.changes).unwrap_or_default(),
            state: if row.state == "running" && is_lost { "failed".to_owned() } else { row.state },
            meters: row.meters,
            readings: row.readings,
            finished_at: row.finished_at.map(|at| Time(from_ms(at))),
            adopted_from: row.adopted_from,
            rules: result.map(|result| result.rules).unwrap_or_default(),
        }
    }
}
