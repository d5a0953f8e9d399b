//! What an appraisal looks like on the wire, and as it is kept once published.

use crate::http::{Time, from_ms};
use meterbook::appraisal::{
    AppraisalSettings, AppraisalState, Counted, DeductionKind, answer_until, marks_left, objection_until, standing,
};
use meterbook::calendar::{Instant, Period, Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The facts of a reader's month and what they cost: kept as JSON once published, so add, never change.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct AppraisalFacts {
    /// Coverage by class.
    pub coverage: Vec<AppraisalCoverage>,
    /// Attempts made.
    pub attempts: u64,
    /// With a photo.
    pub attempts_proven: u64,
    /// Commercial points read.
    pub commercial_read: u64,
    /// In the window.
    pub commercial_on_time: u64,
    /// Entry errors corrected.
    pub misentries: u64,
    /// Late corrections.
    pub late_corrections: u64,
    /// Missing numbers.
    pub missing_records: u64,
    /// What marks were deducted for.
    pub deductions: Vec<AppraisalDeduction>,
}

impl AppraisalFacts {
    /// The deductions as far as marks ask, without those taken back.
    #[must_use]
    pub fn counted(&self, withdrawn: &[u32]) -> Vec<Counted> {
        let stands = |deduction: &&AppraisalDeduction| !withdrawn.contains(&deduction.number);
        let counted = |deduction: &AppraisalDeduction| {
            DeductionKind::from_code(&deduction.kind).map(|kind| (kind, deduction.times))
        };
        self.deductions.iter().filter(stands).filter_map(counted).collect()
    }

    /// The marks left, in tenths.
    #[must_use]
    pub fn marks(&self, withdrawn: &[u32], settings: &AppraisalSettings) -> i64 {
        marks_left(&self.counted(withdrawn), settings)
    }
}

/// A reader's coverage of a class against what could be expected on the same routes.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct AppraisalCoverage {
    /// `2026-03` or `2026-Q1`.
    pub period: String,
    /// The class.
    pub class: String,
    /// Points he had to read.
    pub denominator: u64,
    /// Points he read.
    pub seen: u64,
    /// floor(seen × 10,000 / D).
    pub rate_bp: u32,
    /// What could be expected: the routes' own history read by others, and the peers of the class; never above the target.
    pub expected_bp: u32,
    /// How far below, rounded down; 0 where it was met.
    pub shortfall_bp: u32,
}

/// A fact that cost marks, with the evidence for it.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct AppraisalDeduction {
    /// Its number in this appraisal, from 1: what an objection names.
    pub number: u32,
    /// `coverage`, `off_schedule`, `unproven`, `misentry`, `late_correction` or `missing_record`.
    pub kind: String,
    /// How often it counts: whole per cents of coverage, 1 otherwise.
    pub times: u64,
    /// What it cost, tenths of a mark; 0 beyond the most its kind may cost.
    pub marks: i64,
    /// The record behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
    /// 户号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_point_number: Option<String>,
    /// When it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// What happened, in Chinese.
    pub detail_zh: String,
    /// What happened, in English.
    pub detail_en: String,
}

/// A reader's appraisal of a month, with his objection and its answer.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct Appraisal {
    /// `2026-03`.
    pub month: String,
    /// The reader.
    pub reader_id: i64,
    /// The reader's name.
    pub reader_name: String,
    /// `draft`, `published`, `objected`, `overdue`, `answered` or `settled`.
    pub state: String,
    /// Marks in tenths, as published.
    pub marks: i64,
    /// Marks in tenths that count now: after the answer to an objection.
    pub marks_now: i64,
    /// Version of the rules.
    pub rules_version: String,
    /// Coverage by class.
    pub coverage: Vec<AppraisalCoverage>,
    /// Attempts made.
    pub attempts: u64,
    /// With a photo.
    pub attempts_proven: u64,
    /// Commercial points read.
    pub commercial_read: u64,
    /// In the window.
    pub commercial_on_time: u64,
    /// Entry errors corrected.
    pub misentries: u64,
    /// Late corrections.
    pub late_corrections: u64,
    /// Missing numbers.
    pub missing_records: u64,
    /// What marks were deducted for, each with its evidence.
    pub deductions: Vec<AppraisalDeduction>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Time>,
    /// Until when the reader may object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objection_until: Option<Time>,
    /// When he objected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objected_at: Option<Time>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objection_reason: Option<String>,
    /// To which deductions; empty: to all, or none.
    pub objection_deductions: Vec<u32>,
    /// Until when it is to be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_until: Option<Time>,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
    /// Whether the answer came, or is still out, after its time.
    pub answer_overdue: bool,
    /// `upheld` or `changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_reason: Option<String>,
    /// The deductions taken back.
    pub withdrawn: Vec<u32>,
}

/// Appraisals of a month by reader.
#[derive(Serialize, ToSchema)]
pub struct AppraisalPage {
    /// The rows.
    pub items: Vec<Appraisal>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// A reader's objection.
#[derive(Deserialize, ToSchema)]
pub struct ObjectRequest {
    /// Why, in at most 1,000 characters.
    pub reason: String,
    /// The numbers of the deductions objected to; absent or empty: the whole.
    pub deductions: Option<Vec<u32>>,
}

/// The answer to an objection.
#[derive(Deserialize, ToSchema)]
pub struct AnswerRequest {
    /// Why, in at most 1,000 characters.
    pub reason: String,
    /// The numbers of the deductions taken back; absent or empty: it stays as it was.
    pub withdrawn: Option<Vec<u32>>,
}

/// Whose appraisal of which month.
#[derive(Clone, Debug)]
pub struct Whose {
    /// The month.
    pub month: Period,
    /// The reader.
    pub reader: i64,
    /// The reader's name.
    pub name: String,
    /// Version of the rules.
    pub rules_version: String,
}

/// What was said to it.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// When it was published.
    pub published_at: Option<i64>,
    /// When, why, to what he objected.
    pub objection: Option<(i64, String, Vec<u32>)>,
    /// When, how, why it was answered, and what was taken back.
    pub answer: Option<(i64, String, String, Vec<u32>)>,
}

impl Appraisal {
    /// An appraisal as it stands at `now`.
    #[must_use]
    pub fn of(
        whose: Whose,
        facts: AppraisalFacts,
        said: Said,
        settings: &AppraisalSettings,
        now: Instant,
        zone: Zone,
    ) -> Self {
        let published = said.published_at.map(from_ms);
        let objected = said.objection.as_ref().map(|(at, ..)| from_ms(*at));
        let answered = said.answer.as_ref().map(|(at, ..)| from_ms(*at));
        let due = objected.map(|at| answer_until(at, zone, settings));
        let state = standing(published, objected, answered, now, zone, settings);
        let withdrawn = said.answer.as_ref().map(|(.., withdrawn)| withdrawn.clone()).unwrap_or_default();
        Self {
            month: whose.month.to_string(),
            reader_id: whose.reader,
            reader_name: whose.name,
            state: state.code().to_owned(),
            marks: facts.marks(&[], settings),
            marks_now: facts.marks(&withdrawn, settings),
            rules_version: whose.rules_version,
            coverage: facts.coverage,
            attempts: facts.attempts,
            attempts_proven: facts.attempts_proven,
            commercial_read: facts.commercial_read,
            commercial_on_time: facts.commercial_on_time,
            misentries: facts.misentries,
            late_corrections: facts.late_corrections,
            missing_records: facts.missing_records,
            deductions: facts.deductions,
            published_at: published.map(Time),
            objection_until: published.map(|at| Time(objection_until(at, zone, settings))),
            objected_at: objected.map(Time),
            objection_reason: said.objection.as_ref().map(|(_, reason, _)| reason.clone()),
            objection_deductions: said.objection.map(|(.., numbers)| numbers).unwrap_or_default(),
            answer_until: due.map(Time),
            answered_at: answered.map(Time),
            answer_overdue: due.is_some_and(|due| answered.unwrap_or(now) >= due),
            decision: said.answer.as_ref().map(|(_, decision, ..)| decision.clone()),
            answer_reason: said.answer.map(|(_, _, reason, _)| reason),
            withdrawn,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> AppraisalState {
        AppraisalState::from_code(&self.state).unwrap_or(AppraisalState::Draft)
    }
}
