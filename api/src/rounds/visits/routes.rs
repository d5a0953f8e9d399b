//! Saying what a visit takes, and promising times.

use super::store;
use super::wire::*;
use super::{changed_meanwhile, check_names};
use crate::App;
use crate::accounts::store::audit;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session};
use crate::paging::{After, next_after};
use crate::rounds::store::announce_points;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post, put};
use chrono::{NaiveDate, TimeDelta};
use meterbook::accounts::Operation;
use meterbook::id::PointId;
use serde::Deserialize;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// What a visit at a point takes.
#[utoipa::path(operation_id = "get_visit_terms", tag = "plans", params(("id" = i64, Path, description = "The service point")),
    responses((status = 200, description = "Its terms", body = VisitTerms)))]
#[get("/v1/service-points/{id}/visit-terms")]
pub async fn get_visit_terms(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<VisitTerms>, Problem> {
    session.may(Operation::GetVisitTerms)?;
    let point = PointId(*id);
    let found = app.store.read("get_visit_terms", move |conn| store::terms(conn, point)).await?;
    found.map(Json).ok_or_else(not_found)
}

/// Say what a visit at a point takes: minutes, opening hours, keys and skills.
#[utoipa::path(operation_id = "set_visit_terms", tag = "plans", request_body = SetVisitTermsRequest,
    params(("id" = i64, Path, description = "The service point")),
    responses((status = 200, description = "Its terms as they stand now", body = VisitTerms)))]
#[put("/v1/service-points/{id}/visit-terms")]
pub async fn set_visit_terms(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    input: Input<SetVisitTermsRequest>,
) -> Result<Json<VisitTerms>, Problem> {
    let actor = session.may(Operation::SetVisitTerms)?;
    let (point, now, mut wanted) = (PointId(*id), app.clock.now(), input.0);
    check_terms(&wanted)?;
    wanted.skills = check_names(&wanted.skills)?;
    let written = app.store.write("set_visit_terms", Isolation::Serializable, move |conn| {
        let Some(before) = store::terms(conn, point)? else { return Ok(Err(not_found())) };
        if !store::set_terms(conn, actor, point, &wanted, now)? {
            return Ok(Err(changed_meanwhile(before.version)));
        }
        let detail = format!("version={}", wanted.version + 1);
        audit(conn, now, Some(actor.account), "set_visit_terms", &format!("service_point/{point}"), &detail)?;
        Ok(store::terms(conn, point)?.ok_or_else(not_found))
    });
    written.await?.map(Json)
}

fn check_terms(wanted: &SetVisitTermsRequest) -> Result<(), Problem> {
    let invalid = Problem::new(ProblemCode::InvalidInput);
    if wanted.minutes.is_some_and(|minutes| !(1..=480).contains(&minutes)) {
        return Err(invalid.fault("/minutes", "out_of_range", "应为 1 至 480", "expected 1 to 480"));
    }
    if wanted.opening.len() > 50 {
        return Err(invalid.fault("/opening", "too_many", "最多 50 段", "expected at most 50 spans"));
    }
    let is_wrong = |hours: &OpeningHours| {
        let is_day = (1..=7).contains(&hours.weekday);
        !is_day || hours.from_minute < 0 || hours.from_minute >= hours.until_minute || hours.until_minute > 1_440
    };
    if let Some(index) = wanted.opening.iter().position(is_wrong) {
        let (zh, en) = (
            "星期应为 1 至 7，时间应为当日分钟且先后有序",
            "expected weekday 1 to 7, and minutes of the day with from_minute before until_minute",
        );
        return Err(invalid.fault(format!("/opening/{index}"), "out_of_range", zh, en));
    }
    Ok(())
}

/// Which appointments.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AppointmentQuery {
    /// Only those that last beyond the beginning of this day; today unless told.
    since: Option<NaiveDate>,
    /// Only at this service point.
    service_point: Option<i64>,
}

/// Times promised to customers, by id.
#[utoipa::path(operation_id = "list_appointments", tag = "plans", params(AppointmentQuery, After),
    responses((status = 200, description = "Appointments", body = AppointmentPage)))]
#[get("/v1/appointments")]
pub async fn list_appointments(
    app: Data<App>,
    session: Session,
    query: Query<AppointmentQuery>,
    page: Query<After>,
) -> Result<Json<AppointmentPage>, Problem> {
    session.may(Operation::ListAppointments)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let zone = app.config.zone;
    let since = zone.start_of(query.since.unwrap_or_else(|| zone.day(app.clock.now())));
    let point = query.service_point;
    let items = app
        .store
        .read("list_appointments", move |conn| store::list_appointments(conn, since, point, after, limit))
        .await?;
    let next_after = next_after(&items, limit, |appointment| appointment.id);
    Ok(Json(AppointmentPage { items, next_after }))
}

/// Promise a customer a time. The planner keeps it or says that it cannot; the phone of whoever holds the stop shows it.
#[utoipa::path(operation_id = "create_appointment", tag = "plans", request_body = CreateAppointmentRequest,
    params(IdempotencyKey), responses((status = 201, description = "The appointment", body = Appointment)))]
#[post("/v1/appointments")]
pub async fn create_appointment(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<CreateAppointmentRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreateAppointment)?;
    let wanted = input.0;
    let length = wanted.until_at.0 - wanted.from_at.0;
    if length <= TimeDelta::zero() || length > TimeDelta::days(1) {
        let (zh, en) = ("应晚于开始时间，且不超过一天", "expected a time after from_at, at most a day later");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/until_at", "out_of_range", zh, en));
    }
    let asked = wanted.clone();
    app.once(actor, key, "create_appointment", &asked, 201, move |conn, now| {
        let Some(number) = store::number_of(conn, PointId(wanted.service_point_id))? else {
            let (zh, en) = ("用气点不存在", "there is no such service point");
            let problem = Problem::new(ProblemCode::InvalidInput);
            return Ok(Err(problem.fault("/service_point_id", "unknown_service_point", zh, en)));
        };
        let made = store::insert_appointment(conn, actor, &wanted, number, now)?;
        let subject = format!("service_point/{}", made.service_point_id);
        audit(conn, now, Some(actor.account), "create_appointment", &subject, &format!("appointment/{}", made.id))?;
        announce_points(conn, &[made.service_point_id], "appointment", now)?;
        Ok(Ok(made))
    })
    .await
}

/// Take an appointment back.
#[utoipa::path(operation_id = "withdraw_appointment", tag = "plans",
    params(("id" = i64, Path, description = "The appointment")),
    responses((status = 200, description = "The appointment", body = Appointment)))]
#[post("/v1/appointments/{id}/withdraw")]
pub async fn withdraw_appointment(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
) -> Result<Json<Appointment>, Problem> {
    let actor = session.may(Operation::WithdrawAppointment)?;
    let (id, now) = (*id, app.clock.now());
    let withdrawn = app.store.write("withdraw_appointment", Isolation::Serializable, move |conn| {
        let found = store::withdraw_appointment(conn, actor, id, now)?;
        if let Some(appointment) = &found {
            audit(conn, now, Some(actor.account), "withdraw_appointment", &format!("appointment/{id}"), "")?;
            announce_points(conn, &[appointment.service_point_id], "appointment", now)?;
        }
        Ok(found)
    });
    withdrawn.await?.map(Json).ok_or_else(not_found)
}
