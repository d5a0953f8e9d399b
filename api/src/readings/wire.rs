//! What hazards, proposals and a point's records look like on the wire.

use super::store::{FoundRow, HazardRow, LinkRow, MoveRow, RecordRow};
use crate::db::Uuid16;
use crate::http::{Time, from_ms};
use meterbook::readings::{FoundKind, HazardCode};
use meterbook::text::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A code with its meaning.
#[derive(Serialize, ToSchema)]
pub struct CodeEntry {
    /// Send this.
    pub code: String,
    /// Show this, by Accept-Language.
    pub text: String,
}

/// The codes of hazards and of what may be found.
#[derive(Serialize, ToSchema)]
pub struct ReportCodes {
    /// Of hazards (隐患).
    pub hazards: Vec<CodeEntry>,
    /// Of what differs from the register.
    pub found: Vec<CodeEntry>,
}

/// A hidden hazard (隐患, R-43).
#[derive(Serialize, ToSchema)]
pub struct Hazard {
    /// Its id.
    pub id: i64,
    /// The record it came with.
    pub record_id: String,
    /// The point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// The reader.
    pub reader_id: i64,
    /// What is dangerous.
    pub code: String,
    /// The same for a person, by Accept-Language.
    pub text: String,
    /// `minor`, `major` or `critical`.
    pub severity: String,
    /// In words.
    pub note: String,
    /// SHA-256 of each photo.
    pub evidence: Vec<String>,
    /// When it was seen.
    pub observed_at: Time,
    /// When it arrived.
    pub received_at: Time,
    /// `open`, `in_work`, `resolved` or `dismissed`.
    pub state: String,
    /// When it was moved last.
    pub changed_at: Time,
    /// Its steps; in lists always empty.
    pub steps: Vec<HazardStep>,
}

/// One step of a hazard.
#[derive(Serialize, ToSchema)]
pub struct HazardStep {
    /// From.
    pub from_state: String,
    /// To.
    pub to_state: String,
    /// Who.
    pub by: String,
    /// Why, or what was done.
    pub reason: String,
    /// When.
    pub at: Time,
}

/// Hazards by id.
#[derive(Serialize, ToSchema)]
pub struct HazardPage {
    /// The rows.
    pub items: Vec<Hazard>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Where to move a hazard or a proposal, and why.
#[derive(Deserialize, ToSchema)]
pub struct DecideRequest {
    /// Of a hazard `in_work`, `resolved` or `dismissed`; of a proposal `accepted` or `dismissed`.
    pub state: String,
    /// Why, or what was done; at most 1,000 characters.
    pub reason: String,
}

impl Hazard {
    /// From its row.
    #[must_use]
    pub fn of((row, number): (HazardRow, String), steps: Vec<MoveRow>, language: Language) -> Self {
        let text = HazardCode::from_code(&row.code).map_or("", |code| code.text().in_language(language));
        let step = |(from_state, to_state, by, reason, at): MoveRow| HazardStep {
            from_state,
            to_state,
            by,
            reason,
            at: Time(from_ms(at)),
        };
        Self {
            id: row.id,
            record_id: row.record_id.0.to_string(),
            service_point_id: row.point_id,
            service_point_number: number,
            reader_id: row.reader_id,
            text: text.to_owned(),
            code: row.code,
            severity: row.severity,
            note: row.note,
            evidence: listed(&row.evidence),
            observed_at: Time(from_ms(row.observed_at)),
            received_at: Time(from_ms(row.received_at)),
            state: row.state,
            changed_at: Time(from_ms(row.changed_at)),
            steps: steps.into_iter().map(step).collect(),
        }
    }
}

fn listed(text: &str) -> Vec<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What a reader found to differ from the register: a proposal.
#[derive(Serialize, ToSchema)]
pub struct FoundChange {
    /// Its id.
    pub id: i64,
    /// The record it came with.
    pub record_id: String,
    /// The point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// The meter the register had there then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter_id: Option<i64>,
    /// The reader.
    pub reader_id: i64,
    /// `wrong_number`, `inlet_side`, `moved`, `obstructed` or `other`.
    pub code: String,
    /// The same for a person, by Accept-Language.
    pub text: String,
    /// The number on the meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// `left` or `right`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inlet_side: Option<String>,
    /// Latitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat_micro: Option<i64>,
    /// Longitude in 0.000001°.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lng_micro: Option<i64>,
    /// `wgs84`, `gcj02` or `bd09`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datum: Option<String>,
    /// In words.
    pub note: String,
    /// SHA-256 of each photo.
    pub evidence: Vec<String>,
    /// When it was seen.
    pub observed_at: Time,
    /// When it arrived.
    pub received_at: Time,
    /// `open`, `accepted` or `dismissed`.
    pub state: String,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<i64>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Time>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Proposals by id.
#[derive(Serialize, ToSchema)]
pub struct FoundPage {
    /// The rows.
    pub items: Vec<FoundChange>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

impl FoundChange {
    /// From its row.
    #[must_use]
    pub fn of((row, number): (FoundRow, String), language: Language) -> Self {
        let text = FoundKind::from_code(&row.what).map_or("", |kind| kind.text().in_language(language));
        Self {
            id: row.id,
            record_id: row.record_id.0.to_string(),
            service_point_id: row.point_id,
            service_point_number: number,
            meter_id: row.meter_id,
            reader_id: row.reader_id,
            text: text.to_owned(),
            code: row.what,
            number: row.number,
            inlet_side: row.inlet_side,
            lat_micro: row.lat_micro,
            lng_micro: row.lng_micro,
            datum: row.datum,
            note: row.note,
            evidence: listed(&row.evidence),
            observed_at: Time(from_ms(row.observed_at)),
            received_at: Time(from_ms(row.received_at)),
            state: row.state,
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(|at| Time(from_ms(at))),
            reason: row.reason,
        }
    }
}

/// One record of a point, as it came.
#[derive(Serialize, ToSchema)]
pub struct PointRecord {
    /// Its id.
    pub id: String,
    /// `reading`, `attempt`, `correction`, `hazard`, `found`, `notice` or `slip_signed`.
    pub kind: String,
    /// The kind's own code.
    pub code: String,
    /// Its author: an entry error is recorded against the one who made it. Absent for one from before Meterbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// The phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<i64>,
    /// Its number on the phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_seq: Option<i64>,
    /// The meter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter_id: Option<i64>,
    /// When it was observed.
    pub observed_at: Time,
    /// When the server got it.
    pub received_at: Time,
    /// How sure the time is: `a`, `b` or `c`.
    pub grade: String,
    /// 基表读数 as this record has it, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// 累计用气量.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative: Option<i64>,
    /// 表内存量, in fen where the type counts money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// What its receipt said.
    pub flags: Vec<String>,
    /// What it names: the record a correction corrects, the thing a notice is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
    /// Of a correction: `waiting` for its target, `linked`, or `refused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_state: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_code: Option<String>,
    /// The correction that names this record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected_by: Option<String>,
    /// Of a record with corrections: the last of the chain, which is what counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_id: Option<String>,
    /// The item as it was sent, canonical JSON.
    pub body: String,
}

/// A point's records, the newest first.
#[derive(Serialize, ToSchema)]
pub struct PointRecordPage {
    /// The rows.
    pub items: Vec<PointRecord>,
    /// Give as `before` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_before: Option<String>,
}

impl PointRecord {
    /// From its row and the links around it.
    #[must_use]
    pub fn of((row, head): (RecordRow, Option<Uuid16>), links: &[LinkRow]) -> Self {
        let own = links.iter().find(|(record, ..)| *record == row.id);
        let by = links.iter().find(|(_, target, state, _)| *target == row.id && state == "linked");
        Self {
            id: row.id.0.to_string(),
            kind: row.kind,
            code: row.code,
            reader_id: row.reader_id,
            device_id: row.device_id,
            device_seq: row.device_seq,
            meter_id: row.meter_id,
            observed_at: Time(from_ms(row.observed_at)),
            received_at: Time(from_ms(row.received_at)),
            grade: row.grade,
            index: row.figure_index,
            cumulative: row.cumulative,
            balance: row.balance,
            flags: listed(&row.flags),
            target_id: row.target_id.map(|id| id.0.to_string()),
            link_state: own.map(|(_, _, state, _)| state.clone()),
            link_code: own.and_then(|(.., code)| code.clone()),
            corrected_by: by.map(|(record, ..)| record.0.to_string()),
            head_id: head.map(|id| id.0.to_string()),
            body: row.body,
        }
    }
}
