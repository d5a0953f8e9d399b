//! What cases look like on the wire.

use super::store::{CaseRow, FindingRow, MoveRow, PlacedCase};
use crate::http::{Time, from_ms};
use meterbook::anomalies::case_life::{CaseCause, CaseOutcome, CaseState};
use meterbook::anomalies::{Rule, reason};
use meterbook::calendar::Instant;
use meterbook::text::Language;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// One anomaly of one meter.
#[derive(Clone, Serialize, ToSchema)]
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
    /// The point's class.
    pub class: String,
    /// Its area, names from the root down.
    pub area_path: String,
    /// Its route's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_code: Option<String>,
    /// The rule's code, as in `GET /v1/rules`.
    pub rule: String,
    /// The list it is worked from: `failed`, `slow`, `fast`, `reading`, `register`, `purchase`, `use` or `zero`.
    pub kind: String,
    /// How far the rule reaches: `case` or `hard`.
    pub severity: String,
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
    /// Whose reading that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// When that reading was made.
    pub observed_at: Time,
    /// When the case was opened.
    pub opened_at: Time,
    /// To whom it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<i64>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Time>,
    /// Whether it is still to be worked and that has passed.
    pub is_overdue: bool,
    /// What came of it, see `GET /v1/case-outcomes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The error a bench found, in 1/100 %: 350 is 3.5 % fast.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_bp: Option<i32>,
    /// When it was dismissed or resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Time>,
    /// When anything was last done about it.
    pub changed_at: Time,
    /// The figures behind the reason.
    pub evidence: BTreeMap<String, String>,
}

/// A finding's reason in both languages, out of its stored evidence.
fn in_words(rule: &str, evidence: &BTreeMap<String, String>) -> (String, String) {
    let value = |name: &str| evidence.get(name).map(String::as_str);
    let said = |language| Rule::from_code(rule).map(|rule| reason(rule, value, language)).unwrap_or_default();
    (said(Language::Chinese), said(Language::English))
}

impl Case {
    /// A stored case at a moment.
    #[must_use]
    pub fn of((row, place): PlacedCase, now: Instant) -> Self {
        let evidence: BTreeMap<String, String> = serde_json::from_str(&row.evidence).unwrap_or_default();
        let (reason_zh, reason_en) = in_words(&row.rule, &evidence);
        let is_live = CaseState::from_code(&row.state).is_some_and(CaseState::is_live);
        let severity = Rule::from_code(&row.rule).map_or("case", |rule| rule.entry().severity.code());
        Self {
            id: row.id,
            meter_id: row.meter_id,
            meter_number: place.meter_number,
            service_point_id: row.point_id,
            service_point_number: place.point_number,
            class: place.class,
            area_path: place.area_path,
            route_code: place.route_code,
            severity: severity.to_owned(),
            reason_zh,
            reason_en,
            is_overdue: is_live && row.due_at.is_some_and(|due| from_ms(due) < now),
            rule: row.rule,
            kind: row.kind,
            state: row.state,
            stake: row.stake,
            record_id: row.record_id.0.to_string(),
            reader_id: row.reader_id,
            observed_at: Time(from_ms(row.observed_at)),
            opened_at: Time(from_ms(row.opened_at)),
            assignee_id: row.assignee_id,
            due_at: row.due_at.map(|due| Time(from_ms(due))),
            outcome: row.outcome,
            error_bp: row.error_bp,
            closed_at: row.closed_at.map(|at| Time(from_ms(at))),
            changed_at: Time(from_ms(row.changed_at)),
            evidence,
        }
    }
}

/// Cases in the order asked for.
#[derive(Serialize, ToSchema)]
pub struct CasePage {
    /// The rows.
    pub items: Vec<Case>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// One case with all that was found and done.
#[derive(Serialize, ToSchema)]
pub struct CaseFile {
    /// The case.
    pub case: Case,
    /// Every time a rule spoke, in order.
    pub findings: Vec<CaseFinding>,
    /// Every move, in order.
    pub moves: Vec<CaseMoveEntry>,
}

/// One time a rule spoke.
#[derive(Serialize, ToSchema)]
pub struct CaseFinding {
    /// The rule.
    pub rule: String,
    /// The reading.
    pub record_id: String,
    /// When that was made.
    pub observed_at: Time,
    /// When it was found.
    pub found_at: Time,
    /// Volume at stake, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stake: Option<i64>,
    /// Why, in Chinese.
    pub reason_zh: String,
    /// Why, in English.
    pub reason_en: String,
    /// The figures behind the reason.
    pub evidence: BTreeMap<String, String>,
}

/// One move of a case: a decision, an assignment, a note, or what a rule did.
#[derive(Serialize, ToSchema)]
pub struct CaseMoveEntry {
    /// The state before.
    pub from: String,
    /// The state after; the same for an assignment or a note.
    pub to: String,
    /// What came of the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The error a bench found, in 1/100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_bp: Option<i32>,
    /// To whom it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<i64>,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Time>,
    /// Who did it; absent where a rule did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<i64>,
    /// His name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
    /// Why a rule did it: `later_reading`, `reading_corrected` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The record that answered, where a rule did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
    /// Why, as the person wrote it, or the cause in the language asked for.
    pub reason: String,
    /// When.
    pub at: Time,
}

impl CaseFile {
    /// A case with its journal.
    #[must_use]
    pub fn of(
        case: Case,
        findings: Vec<FindingRow>,
        moves: Vec<MoveRow>,
        names: &HashMap<i64, String>,
        language: Language,
    ) -> Self {
        let findings = findings.into_iter().map(CaseFinding::of).collect();
        let moves = moves.into_iter().map(|row| CaseMoveEntry::of(row, names, language)).collect();
        Self { case, findings, moves }
    }
}

impl CaseFinding {
    fn of(row: FindingRow) -> Self {
        let evidence: BTreeMap<String, String> = serde_json::from_str(&row.evidence).unwrap_or_default();
        let (reason_zh, reason_en) = in_words(&row.rule, &evidence);
        Self {
            rule: row.rule,
            record_id: row.record_id.0.to_string(),
            observed_at: Time(from_ms(row.observed_at)),
            found_at: Time(from_ms(row.found_at)),
            stake: row.stake,
            reason_zh,
            reason_en,
            evidence,
        }
    }
}

impl CaseMoveEntry {
    fn of(row: MoveRow, names: &HashMap<i64, String>, language: Language) -> Self {
        let cause = row.cause.as_deref().and_then(CaseCause::from_code);
        let (reason, record_id) = match cause {
            Some(cause) => (cause.text().in_language(language).to_owned(), Some(row.reason)),
            None => (row.reason, None),
        };
        Self {
            from: row.from_state,
            to: row.to_state,
            outcome: row.outcome,
            error_bp: row.error_bp,
            assignee_id: row.assignee_id,
            due_at: row.due_at.map(|due| Time(from_ms(due))),
            by: row.account_id,
            by_name: row.account_id.and_then(|account| names.get(&account).cloned()),
            cause: row.cause,
            record_id,
            reason,
            at: Time(from_ms(row.moved_at)),
        }
    }
}

/// Accounts a journal names.
#[must_use]
pub fn authors(moves: &[MoveRow]) -> Vec<i64> {
    moves.iter().filter_map(|row| row.account_id).collect()
}

/// A row as it stands, for messages to other systems.
#[must_use]
pub fn plain(row: CaseRow, place: super::store::CasePlace, now: Instant) -> serde_json::Value {
    serde_json::to_value(Case::of((row, place), now)).unwrap_or_default()
}

/// Move a case on.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideCaseRequest {
    /// `confirmed`, `dismissed`, `in_work` or `resolved`.
    pub state: String,
    /// What came of it; for `resolved`, see `GET /v1/case-outcomes`.
    pub outcome: Option<String>,
    /// The error a bench found, in 1/100 %; with a bench test's outcome.
    pub error_bp: Option<i32>,
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// Give a case to somebody, or set when it is due.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignCaseRequest {
    /// To whom; 0: to nobody. Absent: as it was.
    pub assignee_id: Option<i64>,
    /// When it is due. Absent: as it was.
    pub due_at: Option<Time>,
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// The same for many cases: either `decide` or `assign`.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkCaseRequest {
    /// The cases, 1 to 500.
    pub ids: Vec<i64>,
    /// How they move.
    pub decide: Option<DecideCaseRequest>,
    /// How they are given out.
    pub assign: Option<AssignCaseRequest>,
}

/// What became of each.
#[derive(Serialize, ToSchema)]
pub struct BulkCaseResult {
    /// One per id, in the order asked.
    pub items: Vec<BulkCaseItem>,
    /// How many were done.
    pub done: usize,
}

/// What became of one case.
#[derive(Serialize, ToSchema)]
pub struct BulkCaseItem {
    /// The case.
    pub id: i64,
    /// `done` or `refused`.
    pub outcome: String,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What can come of a case.
#[derive(Serialize, ToSchema)]
pub struct CaseOutcomeList {
    /// The outcomes.
    pub items: Vec<CaseOutcomeEntry>,
}

/// One outcome.
#[derive(Serialize, ToSchema)]
pub struct CaseOutcomeEntry {
    /// Its code.
    pub code: String,
    /// What it means, in the language asked for.
    pub text: String,
    /// Whether it needs the error a bench found.
    pub has_error: bool,
    /// Whether a person may name it.
    pub is_by_person: bool,
}

impl CaseOutcomeList {
    /// Every outcome.
    #[must_use]
    pub fn in_language(language: Language) -> Self {
        let entry = |outcome: &CaseOutcome| CaseOutcomeEntry {
            code: outcome.code().to_owned(),
            text: outcome.text().in_language(language).to_owned(),
            has_error: outcome.has_error(),
            is_by_person: outcome.is_by_person(),
        };
        Self { items: CaseOutcome::ALL.iter().map(entry).collect() }
    }
}
