//! Looking at the register.

use super::cells::fold;
use super::store;
use super::wire::*;
use crate::App;
use crate::coverage::points::BehindFilter;
use crate::http::{Problem, ProblemCode, Session, to_ms};
use crate::paging::{After, next_after};
use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;
use meterbook::accounts::Operation;
use meterbook::meters::{Class, PointState};
use std::sync::Arc;
use uuid::Uuid;

fn today(app: &App) -> NaiveDate {
    app.config.zone.day(app.clock.now())
}

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// The area tree, by path.
#[utoipa::path(operation_id = "list_areas", tag = "meters", responses((status = 200, description = "Areas", body = AreaList)))]
#[get("/v1/areas")]
pub async fn list_areas(app: Data<App>, session: Session) -> Result<Json<AreaList>, Problem> {
    session.may(Operation::ListAreas)?;
    Ok(Json(AreaList { items: app.store.read("list_areas", store::list_areas).await? }))
}

/// The routes, by code, with their number of points.
#[utoipa::path(operation_id = "list_routes", tag = "meters", responses((status = 200, description = "Routes", body = RouteList)))]
#[get("/v1/routes")]
pub async fn list_routes(app: Data<App>, session: Session) -> Result<Json<RouteList>, Problem> {
    session.may(Operation::ListRoutes)?;
    Ok(Json(RouteList { items: app.store.read("list_routes", store::list_routes).await? }))
}

/// The meter types, by code.
#[utoipa::path(operation_id = "list_meter_types", tag = "meters",
    responses((status = 200, description = "Meter types", body = MeterTypeList)))]
#[get("/v1/meter-types")]
pub async fn list_meter_types(app: Data<App>, session: Session) -> Result<Json<MeterTypeList>, Problem> {
    session.may(Operation::ListMeterTypes)?;
    Ok(Json(MeterTypeList { items: app.store.read("list_meter_types", store::list_meter_types).await? }))
}

/// Search service points; or, with `period`, the points behind a figure of its coverage.
#[utoipa::path(operation_id = "list_service_points", tag = "meters", params(PointFilter, BehindFilter, After),
    responses((status = 200, description = "Service points", body = PointPage)))]
#[get("/v1/service-points")]
pub async fn list_service_points(
    app: Data<App>,
    session: Session,
    filter: Query<PointFilter>,
    behind: Query<BehindFilter>,
    page: Query<After>,
) -> Result<Json<PointPage>, Problem> {
    session.may(Operation::ListServicePoints)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let mut filter = filter.into_inner();
    filter.search = searched(filter.search)?;
    check_word("class", filter.class.as_deref(), Class::ALL.map(Class::code))?;
    check_word("state", filter.state.as_deref(), PointState::ALL.map(PointState::code))?;
    let behind = behind.asked(filter.class.as_deref(), today(&app))?;
    if behind.is_some() {
        check_alone(&filter)?;
    }
    let keys = Arc::clone(&app.keys);
    let items = app.store.read("list_service_points", move |conn| match &behind {
        Some(behind) => store::list_points_behind(conn, &keys, behind, after, limit),
        None => store::list_points(conn, &keys, &filter, after, limit),
    });
    let items = items.await?;
    let next_after = next_after(&items, limit, |point| point.id);
    Ok(Json(PointPage { items, next_after }))
}

/// What is searched for, in the form in which it is stored; nothing where it is empty.
fn searched(search: Option<String>) -> Result<Option<String>, Problem> {
    let search = search.map(|text| fold(&text)).filter(|text| !text.is_empty());
    if search.as_ref().is_some_and(|text| text.chars().count() > 200) {
        let (zh, en) = ("最多 200 个字符", "at most 200 characters");
        return Err(Problem::new(ProblemCode::InvalidParameter).fault("search", "too_long", zh, en));
    }
    Ok(search)
}

/// Filters that look at the register as it is now are refused where a period is asked about.
fn check_alone(filter: &PointFilter) -> Result<(), Problem> {
    let now = [
        ("search", filter.search.is_some()),
        ("state", filter.state.is_some()),
        ("area", filter.area.is_some()),
        ("route", filter.route.is_some()),
    ];
    let Some((name, _)) = now.into_iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
    let (zh, en) = ("不能与 period 同用", "not together with period");
    Err(Problem::new(ProblemCode::InvalidParameter).fault(name, "not_with_period", zh, en))
}

fn check_word<const N: usize>(name: &str, given: Option<&str>, words: [&'static str; N]) -> Result<(), Problem> {
    if given.is_none_or(|given| words.contains(&given)) {
        return Ok(());
    }
    let words = words.join(", ");
    let (zh, en) = (format!("应为：{words}"), format!("expected one of: {words}"));
    Err(Problem::new(ProblemCode::InvalidParameter).fault(name, "not_one_of", zh, en))
}

/// One service point with its meter and history.
#[utoipa::path(operation_id = "get_service_point", tag = "meters", params(("id" = i64, Path, description = "The point")),
    responses((status = 200, description = "The service point", body = ServicePoint)))]
#[get("/v1/service-points/{id}")]
pub async fn get_service_point(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<ServicePoint>, Problem> {
    session.may(Operation::GetServicePoint)?;
    let (keys, id, today) = (Arc::clone(&app.keys), *id, today(&app));
    let found = app.store.read("get_service_point", move |conn| store::find_point(conn, &keys, id, today)).await?;
    found.map(Json).ok_or_else(not_found)
}

/// Search meters.
#[utoipa::path(operation_id = "list_meters", tag = "meters", params(MeterFilter, After),
    responses((status = 200, description = "Meters", body = MeterPage)))]
#[get("/v1/meters")]
pub async fn list_meters(
    app: Data<App>,
    session: Session,
    filter: Query<MeterFilter>,
    page: Query<After>,
) -> Result<Json<MeterPage>, Problem> {
    session.may(Operation::ListMeters)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let (mut filter, today) = (filter.into_inner(), today(&app));
    filter.search = searched(filter.search)?;
    let items =
        app.store.read("list_meters", move |conn| store::list_meters(conn, &filter, after, limit, today)).await?;
    let next_after = next_after(&items, limit, |meter| meter.id);
    Ok(Json(MeterPage { items, next_after }))
}

/// One meter.
#[utoipa::path(operation_id = "get_meter", tag = "meters", params(("id" = i64, Path, description = "The meter")),
    responses((status = 200, description = "The meter", body = Meter)))]
#[get("/v1/meters/{id}")]
pub async fn get_meter(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Meter>, Problem> {
    session.may(Operation::GetMeter)?;
    let (id, today) = (*id, today(&app));
    let found = app.store.read("get_meter", move |conn| store::find_meter(conn, id, today)).await?;
    found.map(Json).ok_or_else(not_found)
}

/// The readings of one meter, the newest first.
#[utoipa::path(operation_id = "list_meter_readings", tag = "meters",
    params(("id" = i64, Path, description = "The meter"), ReadingWindow),
    responses((status = 200, description = "Readings", body = MeterReadingPage)))]
#[get("/v1/meters/{id}/readings")]
pub async fn list_meter_readings(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    window: Query<ReadingWindow>,
) -> Result<Json<MeterReadingPage>, Problem> {
    session.may(Operation::ListMeterReadings)?;
    let window = window.into_inner();
    let (_, limit) = After::first(window.limit).window(&app.config.limits)?;
    let before = window.before.map(|text| place(&text).ok_or_else(not_a_place)).transpose()?;
    let (id, today) = (*id, today(&app));
    let found = app.store.read("list_meter_readings", move |conn| match store::find_meter(conn, id, today)? {
        Some(_) => store::list_readings(conn, id, before, limit).map(Some),
        None => Ok(None),
    });
    let items = found.await?.ok_or_else(not_found)?;
    let is_full = i64::try_from(items.len()).is_ok_and(|count| count == limit);
    let last = items.last().filter(|_| is_full);
    let next_before = last.map(|reading| format!("{}_{}", to_ms(reading.observed_at.0), reading.id));
    Ok(Json(MeterReadingPage { items, next_before }))
}

/// A place among readings: milliseconds and the record's id, or milliseconds alone.
fn place(text: &str) -> Option<(i64, Uuid)> {
    match text.split_once('_') {
        Some((at, id)) => Some((at.parse().ok()?, Uuid::try_parse(id).ok()?)),
        None => Some((text.parse().ok()?, Uuid::nil())),
    }
}

fn not_a_place() -> Problem {
    let (zh, en) = ("应为上一页的 next_before", "expected next_before of the page before");
    Problem::new(ProblemCode::InvalidParameter).fault("before", "invalid", zh, en)
}
