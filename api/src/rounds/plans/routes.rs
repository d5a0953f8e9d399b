//! Asking for plans, looking at them, stopping and publishing them.

use super::store::{self, StopFilter};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, RequestLanguage, Session};
use crate::paging::{After, next_after};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use meterbook::accounts::Operation;
use meterbook::meters::Class;
use meterbook::rounds::RoundWindow;
use serde::Deserialize;

/// Days of a window at most.
const MOST_DAYS: i64 = 31;
const MOST_STEPS: u64 = 5_000_000;
/// What a minute takes on an ordinary machine.
const USUAL_STEPS: u64 = 700_000;
/// A plan that is changed is mended, which takes less.
const MENDING_STEPS: u64 = 150_000;

pub(super) fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

fn check(wanted: &CreatePlanRequest) -> Result<(), Problem> {
    let mut problem = Problem::new(ProblemCode::InvalidInput);
    let mut faults = 0;
    let mut fault = |pointer: &str, code: &'static str, zh: String, en: String| {
        problem = problem.clone().fault(pointer, code, zh, en);
        faults += 1;
    };
    if Class::from_code(&wanted.class).is_none() {
        let expected = Class::ALL.map(Class::code).join(", ");
        fault("/class", "unknown_class", format!("应为 {expected} 之一"), format!("expected one of {expected}"));
    }
    match RoundWindow::new(wanted.from_day, wanted.until_day) {
        Err(why) => fault("/until_day", why.code(), why.text().zh.into(), why.text().en.into()),
        Ok(_) if (wanted.until_day - wanted.from_day).num_days() > MOST_DAYS => {
            fault(
                "/until_day",
                "out_of_range",
                format!("最多 {MOST_DAYS} 天"),
                format!("expected at most {MOST_DAYS} days"),
            );
        }
        Ok(_) => {}
    }
    let mut range = |pointer: &str, value: Option<u64>, from: u64, until: u64| {
        if value.is_some_and(|value| !(from..=until).contains(&value)) {
            fault(pointer, "out_of_range", format!("应为 {from} 至 {until}"), format!("expected {from} to {until}"));
        }
    };
    range("/steps", wanted.steps, 1, MOST_STEPS);
    range("/visit_minutes", wanted.visit_minutes.map(u64::from), 1, 120);
    range("/seconds_per_km", wanted.seconds_per_km.map(u64::from), 20, 3_600);
    let PlanWeights { distance, balance, continuity, change } = wanted.weights;
    range("/weights/distance", Some(distance.into()), 0, 1_000);
    for (name, weight) in [("balance", balance), ("continuity", continuity), ("change", change)] {
        range(&format!("/weights/{name}"), Some(weight.into()), 0, 1_000_000);
    }
    range("/reader_ids", Some(wanted.reader_ids.len() as u64), 0, 2_000);
    range("/route_ids", Some(wanted.route_ids.len() as u64), 0, 2_000);
    if faults == 0 { Ok(()) } else { Err(problem) }
}

/// Ask for a plan: who reads what on which day in which order. It is a job; look at it until it is `done`.
#[utoipa::path(operation_id = "create_plan", tag = "plans", request_body = CreatePlanRequest, params(IdempotencyKey),
    responses((status = 201, description = "The plan, waiting for its turn", body = Plan)))]
#[post("/v1/plans")]
pub async fn create_plan(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<CreatePlanRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreatePlan)?;
    let wanted = input.0;
    check(&wanted)?;
    let asked = wanted.clone();
    let answer = app.once(actor, key, "create_plan", &asked, 201, move |conn, now| {
        if let Some(basis) = wanted.basis_id {
            let known = store::find_plan(conn, basis)?.filter(|plan| plan.state == "published");
            let is_same = known.is_some_and(|plan| {
                (plan.class.as_str(), plan.from_day, plan.until_day)
                    == (wanted.class.as_str(), wanted.from_day, wanted.until_day)
            });
            if !is_same {
                let (zh, en) = (
                    "应为同类别、同日期且已发布的方案",
                    "expected a published plan of the same class and the same days",
                );
                return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/basis_id", "not_a_basis", zh, en)));
            }
        }
        let usual = if wanted.basis_id.is_some() { MENDING_STEPS } else { USUAL_STEPS };
        let made = store::insert_plan(conn, actor, &wanted, wanted.steps.unwrap_or(usual), now)?;
        let Some(plan) = made else { return Ok(Err(not_found())) };
        let detail = format!("{} {}..{}", plan.class, plan.from_day, plan.until_day);
        audit(conn, now, Some(actor.account), "create_plan", &format!("plan/{}", plan.id), &detail)?;
        Ok(Ok(plan.wire()))
    });
    let answer = answer.await?;
    app.planner.wake();
    Ok(answer)
}

/// Which plans.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Only in this state.
    state: Option<String>,
    /// `next_before` of the page before.
    #[param(minimum = 1)]
    before: Option<i64>,
    /// Rows wanted, 1 to 500; 100 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// Plans, the newest first.
#[utoipa::path(operation_id = "list_plans", tag = "plans", params(PlanQuery),
    responses((status = 200, description = "Plans", body = PlanPage)))]
#[get("/v1/plans")]
pub async fn list_plans(app: Data<App>, session: Session, query: Query<PlanQuery>) -> Result<Json<PlanPage>, Problem> {
    session.may(Operation::ListPlans)?;
    let PlanQuery { state, before, limit } = query.into_inner();
    let (_, limit) = After::first(limit).window(&app.config.limits)?;
    let before = before.unwrap_or(i64::MAX);
    let rows = app.store.read("list_plans", move |conn| store::list_plans(conn, state.clone(), before, limit)).await?;
    let next_before = next_after(&rows, limit, |plan| plan.id);
    Ok(Json(PlanPage { items: rows.into_iter().map(store::PlanRow::wire).collect(), next_before }))
}

/// One plan: how far it is, and why it is as it is.
#[utoipa::path(operation_id = "get_plan", tag = "plans", params(("id" = i64, Path, description = "The plan")),
    responses((status = 200, description = "The plan", body = Plan)))]
#[get("/v1/plans/{id}")]
pub async fn get_plan(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Plan>, Problem> {
    session.may(Operation::GetPlan)?;
    let id = *id;
    let found = app.store.read("get_plan", move |conn| store::find_plan(conn, id)).await?;
    found.map(|plan| Json(plan.wire())).ok_or_else(not_found)
}

/// Stop a plan in the making. Within a second it is `cancelled`.
#[utoipa::path(operation_id = "cancel_plan", tag = "plans", params(("id" = i64, Path, description = "The plan")),
    responses((status = 200, description = "The plan", body = Plan)))]
#[post("/v1/plans/{id}/cancel")]
pub async fn cancel_plan(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Plan>, Problem> {
    let actor = session.may(Operation::CancelPlan)?;
    let (id, now) = (*id, app.clock.now());
    let asked = app.store.write("cancel_plan", Isolation::Serializable, move |conn| {
        if store::ask_cancel(conn, id, now)? {
            audit(conn, now, Some(actor.account), "cancel_plan", &format!("plan/{id}"), "")?;
        }
        store::find_plan(conn, id)
    });
    let plan = asked.await?.ok_or_else(not_found)?;
    if matches!(plan.state.as_str(), "running" | "cancelled") {
        return Ok(Json(plan.wire()));
    }
    let (zh, en) = ("该方案已结束", "the plan has ended already");
    Err(Problem::new(ProblemCode::Conflict).detail(zh, en))
}

/// The days of a plan, each beside what it was.
#[utoipa::path(operation_id = "list_plan_rounds", tag = "plans", params(("id" = i64, Path, description = "The plan")),
    responses((status = 200, description = "Readers' days", body = PlanRounds)))]
#[get("/v1/plans/{id}/rounds")]
pub async fn list_plan_rounds(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<PlanRounds>, Problem> {
    session.may(Operation::ListPlanRounds)?;
    let id = *id;
    let found = app.store.read("list_plan_rounds", move |conn| {
        let Some(_) = store::find_plan(conn, id)? else { return Ok(None) };
        store::list_rounds(conn, id).map(Some)
    });
    found.await?.map(|items| Json(PlanRounds { items })).ok_or_else(not_found)
}

/// Which stops of a plan.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlanStopQuery {
    /// Only this reader's.
    reader: Option<i64>,
    /// Only of this day; with `reader` the whole day comes as one page, in order.
    day: Option<NaiveDate>,
    /// Only those nobody carries.
    unassigned: Option<bool>,
    /// Only those that stand elsewhere than in the plan this one changes.
    moved: Option<bool>,
}

/// The stops of a plan.
#[utoipa::path(operation_id = "list_plan_stops", tag = "plans",
    params(("id" = i64, Path, description = "The plan"), PlanStopQuery, After),
    responses((status = 200, description = "Stops", body = PlanStopPage)))]
#[get("/v1/plans/{id}/stops")]
pub async fn list_plan_stops(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    query: Query<PlanStopQuery>,
    page: Query<After>,
) -> Result<Json<PlanStopPage>, Problem> {
    session.may(Operation::ListPlanStops)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let (id, language) = (*id, language.0);
    let filter = StopFilter {
        reader: query.reader,
        day: query.day,
        unassigned: query.unassigned.unwrap_or(false),
        moved: query.moved.unwrap_or(false),
    };
    let found = app.store.read("list_plan_stops", move |conn| {
        let Some(_) = store::find_plan(conn, id)? else { return Ok(None) };
        store::list_stops(conn, id, filter, after, limit, language).map(Some)
    });
    let items = found.await?.ok_or_else(not_found)?;
    let is_day = filter.reader.is_some() && filter.day.is_some();
    let next_after = if is_day { None } else { next_after(&items, limit, |stop| stop.service_point_id) };
    Ok(Json(PlanStopPage { items, next_after }))
}

/// Make a plan real: its days become rounds, and phones learn of them. What happened since the plan was made is not undone:
/// such stops are left where they are and named. With `dry_run` it only says what would happen.
#[utoipa::path(operation_id = "publish_plan", tag = "plans", request_body = PublishPlanRequest,
    params(("id" = i64, Path, description = "The plan"), IdempotencyKey),
    responses((status = 200, description = "What was done, and what could not be", body = PublishOutcome)))]
#[post("/v1/plans/{id}/publish")]
pub async fn publish_plan(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    key: IdempotencyKey,
    input: Input<PublishPlanRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::PublishPlan)?;
    let (id, wanted, zone) = (*id, input.0, app.config.zone);
    let asked = (id, wanted.clone());
    app.once(actor, key, "publish_plan", &asked, 200, move |conn, now| {
        let Some(plan) = store::find_plan(conn, id)? else { return Ok(Err(not_found())) };
        store::publish(conn, actor, &plan, &wanted, zone, now)
    })
    .await
}
