//! Looking at readers' days and changing them.

use super::store;
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session};
use crate::paging::{After, next_after};
use crate::rounds::store::not_a_reader;
use crate::rounds::visits::{changed_meanwhile, check_names, check_place};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post, put};
use chrono::NaiveDate;
use meterbook::accounts::Operation;
use meterbook::id::AccountId;
use meterbook::rounds::RoundWindow;
use serde::Deserialize;

/// Readers as the planner sees them, by id.
#[utoipa::path(operation_id = "list_reader_profiles", tag = "plans", params(After),
    responses((status = 200, description = "Readers", body = ReaderProfilePage)))]
#[get("/v1/readers")]
pub async fn list_reader_profiles(
    app: Data<App>,
    session: Session,
    page: Query<After>,
) -> Result<Json<ReaderProfilePage>, Problem> {
    session.may(Operation::ListReaderProfiles)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let items = app.store.read("list_reader_profiles", move |conn| store::list_profiles(conn, after, limit)).await?;
    let next_after = next_after(&items, limit, |reader| reader.reader_id);
    Ok(Json(ReaderProfilePage { items, next_after }))
}

/// Say where a reader's day begins, when, and what the reader can carry.
#[utoipa::path(operation_id = "set_reader_profile", tag = "plans", request_body = SetReaderProfileRequest,
    params(("id" = i64, Path, description = "The reader's account")),
    responses((status = 200, description = "The profile as it stands now", body = ReaderProfile)))]
#[put("/v1/readers/{id}/profile")]
pub async fn set_reader_profile(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    input: Input<SetReaderProfileRequest>,
) -> Result<Json<ReaderProfile>, Problem> {
    let actor = session.may(Operation::SetReaderProfile)?;
    let (reader, now, mut wanted) = (AccountId(*id), app.clock.now(), input.0);
    check_place(wanted.lat_micro, wanted.lng_micro, wanted.datum.as_deref())?;
    check_hours(&wanted)?;
    wanted.skills = check_names(&wanted.skills)?;
    let written = app.store.write("set_reader_profile", Isolation::Serializable, move |conn| {
        let Some(before) = store::profile(conn, reader)? else { return Ok(Err(Problem::new(ProblemCode::NotFound))) };
        if !store::set_profile(conn, actor, reader, &wanted, now)? {
            return Ok(Err(changed_meanwhile(before.version)));
        }
        let detail = format!("version={}", wanted.version + 1);
        audit(conn, now, Some(actor.account), "set_reader_profile", &format!("account/{reader}"), &detail)?;
        Ok(store::profile(conn, reader)?.ok_or_else(|| Problem::new(ProblemCode::NotFound)))
    });
    written.await?.map(Json)
}

fn check_hours(wanted: &SetReaderProfileRequest) -> Result<(), Problem> {
    let invalid = Problem::new(ProblemCode::InvalidInput);
    if !(0 <= wanted.from_minute && wanted.from_minute < wanted.until_minute && wanted.until_minute <= 1_440) {
        let (zh, en) = ("应晚于开始时间且不超过 1440 分钟", "expected minutes after from_minute, up to 1,440");
        return Err(invalid.fault("/until_minute", "out_of_range", zh, en));
    }
    if wanted.workdays.iter().any(|day| !(1..=7).contains(day)) {
        let (zh, en) = ("应为 1（周一）至 7（周日）", "expected days from 1 (Monday) to 7 (Sunday)");
        return Err(invalid.fault("/workdays", "out_of_range", zh, en));
    }
    if !(1..=1_000).contains(&wanted.capacity) {
        let (zh, en) = ("应为 1 至 1000", "expected 1 to 1,000");
        return Err(invalid.fault("/capacity", "out_of_range", zh, en));
    }
    Ok(())
}

/// Which absences.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AbsenceQuery {
    /// Only those that last beyond this day; today unless told.
    since: Option<NaiveDate>,
}

/// Days readers are away, by id.
#[utoipa::path(operation_id = "list_absences", tag = "plans", params(AbsenceQuery, After),
    responses((status = 200, description = "Absences", body = AbsencePage)))]
#[get("/v1/absences")]
pub async fn list_absences(
    app: Data<App>,
    session: Session,
    query: Query<AbsenceQuery>,
    page: Query<After>,
) -> Result<Json<AbsencePage>, Problem> {
    session.may(Operation::ListAbsences)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let since = query.since.unwrap_or_else(|| app.config.zone.day(app.clock.now()));
    let items = app.store.read("list_absences", move |conn| store::list_absences(conn, since, after, limit)).await?;
    let next_after = next_after(&items, limit, |absence| absence.id);
    Ok(Json(AbsencePage { items, next_after }))
}

/// Write down that a reader will be away. Rounds already given are not touched: plan anew.
#[utoipa::path(operation_id = "create_absence", tag = "plans", request_body = CreateAbsenceRequest,
    params(("id" = i64, Path, description = "The reader's account"), IdempotencyKey),
    responses((status = 201, description = "The absence", body = Absence)))]
#[post("/v1/readers/{id}/absences")]
pub async fn create_absence(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    key: IdempotencyKey,
    input: Input<CreateAbsenceRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreateAbsence)?;
    let (reader, wanted) = (AccountId(*id), input.0);
    crate::readings::routes::check_reason(&wanted.reason)?;
    RoundWindow::new(wanted.from_day, wanted.until_day).map_err(|fault| {
        let text = fault.text();
        Problem::new(ProblemCode::InvalidInput).fault("/until_day", fault.code(), text.zh, text.en)
    })?;
    let asked = (reader.0, wanted.clone());
    app.once(actor, key, "create_absence", &asked, 201, move |conn, now| {
        if store::profile(conn, reader)?.is_none() {
            return Ok(Err(not_a_reader()));
        }
        let absence = store::insert_absence(conn, actor, reader, &wanted, now)?;
        let detail = format!("{}..{}", wanted.from_day, wanted.until_day);
        audit(conn, now, Some(actor.account), "create_absence", &format!("account/{reader}"), &detail)?;
        Ok(Ok(absence))
    })
    .await
}

/// Take an absence back: the reader is there after all.
#[utoipa::path(operation_id = "withdraw_absence", tag = "plans", params(("id" = i64, Path, description = "The absence")),
    responses((status = 200, description = "The absence", body = Absence)))]
#[post("/v1/absences/{id}/withdraw")]
pub async fn withdraw_absence(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Absence>, Problem> {
    let actor = session.may(Operation::WithdrawAbsence)?;
    let (id, now) = (*id, app.clock.now());
    let withdrawn = app.store.write("withdraw_absence", Isolation::Serializable, move |conn| {
        let absence = store::withdraw_absence(conn, actor, id, now)?;
        if absence.is_some() {
            audit(conn, now, Some(actor.account), "withdraw_absence", &format!("absence/{id}"), "")?;
        }
        Ok(absence)
    });
    withdrawn.await?.map(Json).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}
