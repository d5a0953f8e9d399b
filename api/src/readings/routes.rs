//! Working on hazards and proposals, and looking at a point's records.

use super::store::{self, FoundRow, HazardFilter};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::db::{Isolation, Uuid16};
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session, to_ms};
use crate::meters::found::store::apply;
use crate::meters::found::{Applied, RegisterChange};
use crate::paging::{After, next_after};
use crate::rounds::store::announce_points;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use meterbook::accounts::Operation;
use meterbook::id::{MeterId, PointId};
use meterbook::meters::InletSide;
use meterbook::readings::{FoundKind, FoundState, HazardCode, HazardState};
use serde::Deserialize;
use uuid::Uuid;

const REASON_LIMIT: usize = 1_000;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// Why something was decided is always said.
pub fn check_reason(reason: &str) -> Result<String, Problem> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_LIMIT {
        let (zh, en) = ("请填写理由，最多 1000 字", "expected a reason of at most 1,000 characters");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/reason", "invalid_reason", zh, en));
    }
    Ok(reason.to_owned())
}

fn unknown_state(expected: &str) -> Problem {
    let (zh, en) = (format!("应为 {expected} 之一"), format!("expected one of {expected}"));
    Problem::new(ProblemCode::InvalidInput).fault("/state", "unknown_state", zh, en)
}

/// The codes a phone may send with hazards and found changes.
#[utoipa::path(operation_id = "list_report_codes", tag = "readings",
    responses((status = 200, description = "Codes with their meaning", body = ReportCodes)))]
#[get("/v1/report-codes")]
pub async fn list_report_codes(session: Session, language: RequestLanguage) -> Result<Json<ReportCodes>, Problem> {
    session.may(Operation::ListReportCodes)?;
    let entry = |code: &str, text: meterbook::text::Text| CodeEntry {
        code: code.to_owned(),
        text: text.in_language(language.0).to_owned(),
    };
    Ok(Json(ReportCodes {
        hazards: HazardCode::ALL.iter().map(|hazard| entry(hazard.code(), hazard.text())).collect(),
        found: FoundKind::ALL.iter().map(|kind| entry(kind.code(), kind.text())).collect(),
    }))
}

/// Which hazards.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HazardQuery {
    /// `open`, `in_work`, `resolved` or `dismissed`.
    state: Option<String>,
    /// What is dangerous, see `GET /v1/report-codes`.
    code: Option<String>,
    /// `minor`, `major` or `critical`.
    severity: Option<String>,
    /// Only at this point.
    service_point: Option<i64>,
}

/// Hidden hazards (隐患, R-43), by id.
#[utoipa::path(operation_id = "list_hazards", tag = "readings", params(HazardQuery, After),
    responses((status = 200, description = "Hazards", body = HazardPage)))]
#[get("/v1/hazards")]
pub async fn list_hazards(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<HazardQuery>,
    page: Query<After>,
) -> Result<Json<HazardPage>, Problem> {
    session.may(Operation::ListHazards)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let HazardQuery { state, code, severity, service_point } = query.into_inner();
    let filter = HazardFilter { state, code, severity, point: service_point };
    let rows = app.store.read("list_hazards", move |conn| store::list_hazards(conn, &filter, after, limit)).await?;
    let next_after = next_after(&rows, limit, |(row, _)| row.id);
    let items = rows.into_iter().map(|row| Hazard::of(row, Vec::new(), language.0)).collect();
    Ok(Json(HazardPage { items, next_after }))
}

/// One hazard with its steps.
#[utoipa::path(operation_id = "get_hazard", tag = "readings", params(("id" = i64, Path, description = "The hazard")),
    responses((status = 200, description = "The hazard", body = Hazard)))]
#[get("/v1/hazards/{id}")]
pub async fn get_hazard(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
) -> Result<Json<Hazard>, Problem> {
    session.may(Operation::GetHazard)?;
    let id = *id;
    let found =
        app.store.read("get_hazard", move |conn| Ok((store::find_hazard(conn, id)?, store::hazard_steps(conn, id)?)));
    let (row, steps) = found.await?;
    row.map(|row| Json(Hazard::of(row, steps, language.0))).ok_or_else(not_found)
}

/// Move a hazard on: open → in work → resolved or dismissed. The decision is kept with its author and reason.
#[utoipa::path(operation_id = "decide_hazard", tag = "readings", request_body = DecideRequest,
    params(("id" = i64, Path, description = "The hazard")),
    responses((status = 200, description = "The hazard as it stands now", body = Hazard)))]
#[post("/v1/hazards/{id}/decide")]
pub async fn decide_hazard(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    input: Input<DecideRequest>,
) -> Result<Json<Hazard>, Problem> {
    let actor = session.may(Operation::DecideHazard)?;
    let next = HazardState::from_code(&input.0.state).filter(|state| *state != HazardState::Open);
    let next = next.ok_or_else(|| unknown_state("in_work / resolved / dismissed"))?;
    let (id, reason, now) = (*id, check_reason(&input.0.reason)?, app.clock.now());
    let moved = app.store.write("decide_hazard", Isolation::Serializable, move |conn| {
        let Some((row, _)) = store::find_hazard(conn, id)? else { return Ok(Err(not_found())) };
        let from = HazardState::from_code(&row.state).unwrap_or(HazardState::Open);
        if !from.may_become(next) {
            let (zh, en) = (format!("当前状态为 {}", from.code()), format!("it is {} now", from.code()));
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        store::move_hazard(conn, id, (from, next), actor.account, &reason, now)?;
        audit(conn, now, Some(actor.account), "decide_hazard", &format!("hazard/{id}"), next.code())?;
        Ok(Ok((store::find_hazard(conn, id)?, store::hazard_steps(conn, id)?)))
    });
    let (row, steps) = moved.await??;
    row.map(|row| Json(Hazard::of(row, steps, language.0))).ok_or_else(not_found)
}

/// Which proposals.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FoundQuery {
    /// `open`, `accepted` or `dismissed`.
    state: Option<String>,
    /// Only at this point.
    service_point: Option<i64>,
}

/// What readers found to differ from the register, by id.
#[utoipa::path(operation_id = "list_found_changes", tag = "readings", params(FoundQuery, After),
    responses((status = 200, description = "Proposals", body = FoundPage)))]
#[get("/v1/found-changes")]
pub async fn list_found_changes(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<FoundQuery>,
    page: Query<After>,
) -> Result<Json<FoundPage>, Problem> {
    session.may(Operation::ListFoundChanges)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let FoundQuery { state, service_point } = query.into_inner();
    let rows = app
        .store
        .read("list_found_changes", move |conn| store::list_found(conn, state.as_deref(), service_point, after, limit));
    let rows = rows.await?;
    let next_after = next_after(&rows, limit, |(row, _)| row.id);
    let items = rows.into_iter().map(|row| FoundChange::of(row, language.0)).collect();
    Ok(Json(FoundPage { items, next_after }))
}

/// Accept or dismiss a proposal, once. An accepted one changes the register in the same transaction.
#[utoipa::path(operation_id = "decide_found_change", tag = "readings", request_body = DecideRequest,
    params(("id" = i64, Path, description = "The proposal")),
    responses((status = 200, description = "The proposal as it stands now", body = FoundChange)))]
#[post("/v1/found-changes/{id}/decide")]
pub async fn decide_found_change(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    input: Input<DecideRequest>,
) -> Result<Json<FoundChange>, Problem> {
    let actor = session.may(Operation::DecideFoundChange)?;
    let next = FoundState::from_code(&input.0.state).filter(|state| *state != FoundState::Open);
    let next = next.ok_or_else(|| unknown_state("accepted / dismissed"))?;
    let (id, reason, now) = (*id, check_reason(&input.0.reason)?, app.clock.now());
    let decided = app.store.write("decide_found_change", Isolation::Serializable, move |conn| {
        let Some((row, _)) = store::find_found(conn, id)? else { return Ok(Err(not_found())) };
        if !FoundState::from_code(&row.state).is_some_and(|state| state.may_become(next)) {
            let (zh, en) = (format!("当前状态为 {}", row.state), format!("it is {} now", row.state));
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let mut detail = next.code().to_owned();
        if next == FoundState::Accepted {
            let change = change_of(&row);
            match apply(conn, PointId(row.point_id), row.meter_id.map(MeterId), &change, now)? {
                Applied::Changed { before } => detail = format!("accepted {} before={before}", row.what),
                Applied::NumberTaken => return Ok(Err(number_taken())),
                Applied::MeterGone => return Ok(Err(meter_gone())),
            }
            announce_points(conn, &[row.point_id], "register", now)?;
        }
        store::decide_found(conn, id, next, actor.account, &reason, now)?;
        audit(conn, now, Some(actor.account), "decide_found_change", &format!("found_change/{id}"), &detail)?;
        Ok(Ok(store::find_found(conn, id)?))
    });
    decided.await??.map(|row| Json(FoundChange::of(row, language.0))).ok_or_else(not_found)
}

fn change_of(row: &FoundRow) -> RegisterChange {
    match FoundKind::from_code(&row.what) {
        Some(FoundKind::WrongNumber) => row.number.clone().map_or(RegisterChange::None, RegisterChange::Number),
        Some(FoundKind::InletSide) => {
            row.inlet_side.as_deref().and_then(InletSide::from_code).map_or(RegisterChange::None, RegisterChange::Inlet)
        }
        Some(FoundKind::Moved) => match (row.lat_micro, row.lng_micro, row.datum.clone()) {
            (Some(lat), Some(lng), Some(datum)) => RegisterChange::Place(lat, lng, datum),
            _ => RegisterChange::None,
        },
        Some(FoundKind::Obstructed | FoundKind::Other) | None => RegisterChange::None,
    }
}

fn number_taken() -> Problem {
    let (zh, en) = ("另一只表已使用该表号，请先核对档案", "another meter has that number: check the register first");
    Problem::new(ProblemCode::Conflict).fault("/state", "number_taken", zh, en)
}

fn meter_gone() -> Problem {
    let (zh, en) = ("该表已不在此用气点", "that meter hangs at this point no more");
    Problem::new(ProblemCode::Conflict).fault("/state", "meter_gone", zh, en)
}

/// Where a page of records begins.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordQuery {
    /// `next_before` of the page before.
    before: Option<String>,
    /// Rows wanted, 1 to 500; 100 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// Every record of a service point as it came, the newest first: readings, attempts, corrections, hazards, notices.
#[utoipa::path(operation_id = "list_point_records", tag = "readings",
    params(("id" = i64, Path, description = "The service point"), RecordQuery),
    responses((status = 200, description = "Records", body = PointRecordPage)))]
#[get("/v1/service-points/{id}/records")]
pub async fn list_point_records(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    query: Query<RecordQuery>,
) -> Result<Json<PointRecordPage>, Problem> {
    session.may(Operation::ListPointRecords)?;
    let RecordQuery { before, limit } = query.into_inner();
    let (_, limit) = After::first(limit).window(&app.config.limits)?;
    let invalid = || {
        let (zh, en) = ("应为上一页的 next_before", "expected next_before of the page before");
        Problem::new(ProblemCode::InvalidParameter).fault("before", "invalid", zh, en)
    };
    let before = before.map(|text| place(&text).ok_or_else(invalid)).transpose()?;
    let id = *id;
    let found = app.store.read("list_point_records", move |conn| {
        if !store::point_exists(conn, id)? {
            return Ok(None);
        }
        let rows = store::list_point_records(conn, id, before, limit)?;
        let ids: Vec<Uuid16> = rows.iter().map(|(row, _)| row.id).collect();
        let links = store::links_of(conn, &ids)?;
        Ok(Some((rows, links)))
    });
    let (rows, links) = found.await?.ok_or_else(not_found)?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let items: Vec<PointRecord> = rows.into_iter().map(|row| PointRecord::of(row, &links)).collect();
    let last = items.last().filter(|_| is_full);
    let next_before = last.map(|record| format!("{}_{}", to_ms(record.observed_at.0), record.id));
    Ok(Json(PointRecordPage { items, next_before }))
}

/// A place among records: milliseconds and an id.
fn place(text: &str) -> Option<(i64, Uuid)> {
    let (at, id) = text.split_once('_')?;
    Some((at.parse().ok()?, Uuid::try_parse(id).ok()?))
}
