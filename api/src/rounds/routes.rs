//! Making, giving and taking back rounds.

use super::store;
use super::wire::*;
use crate::App;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session};
use crate::paging::{After, next_after};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use meterbook::accounts::Operation;
use meterbook::id::{AccountId, RoundId};
use meterbook::meters::Class;
use meterbook::rounds::{RoundState, RoundWindow};
use serde::Deserialize;

/// Make a round of a route's active points, as a draft or for a reader.
#[utoipa::path(operation_id = "create_round", tag = "rounds", params(IdempotencyKey), request_body = CreateRoundRequest,
    responses((status = 201, description = "The new round", body = Round)))]
#[post("/v1/rounds")]
pub async fn create_round(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<CreateRoundRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreateRound)?;
    let wanted = input.0;
    let invalid = Problem::new(ProblemCode::InvalidInput);
    let window = RoundWindow::new(wanted.from_day, wanted.until_day).map_err(|fault| {
        let text = fault.text();
        invalid.clone().fault("/until_day", fault.code(), text.zh, text.en)
    })?;
    if wanted.class.as_deref().is_some_and(|code| Class::from_code(code).is_none()) {
        let expected = Class::ALL.map(Class::code).join(", ");
        return Err(invalid.fault(
            "/class",
            "unknown_class",
            format!("应为 {expected} 之一"),
            format!("expected one of {expected}"),
        ));
    }
    let (zone, input) = (app.config.zone, wanted.clone());
    app.once(actor, key, "create_round", &input, 201, move |conn, now| {
        store::create_round(conn, actor, &wanted, window, zone, now)
    })
    .await
}

/// Which rounds.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoundFilter {
    /// Only this reader's.
    reader: Option<i64>,
    /// Only in this state.
    state: Option<String>,
}

/// Rounds, by id.
#[utoipa::path(operation_id = "list_rounds", tag = "rounds", params(RoundFilter, After),
    responses((status = 200, description = "Rounds", body = RoundPage)))]
#[get("/v1/rounds")]
pub async fn list_rounds(
    app: Data<App>,
    session: Session,
    filter: Query<RoundFilter>,
    page: Query<After>,
) -> Result<Json<RoundPage>, Problem> {
    session.may(Operation::ListRounds)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let state = match filter.state.as_deref() {
        None => None,
        Some(code) => Some(RoundState::from_code(code).ok_or_else(|| {
            let expected = RoundState::ALL.map(RoundState::code).join(", ");
            let (zh, en) = (format!("应为 {expected} 之一"), format!("expected one of {expected}"));
            Problem::new(ProblemCode::InvalidParameter).fault("state", "unknown_state", zh, en)
        })?),
    };
    let reader = filter.reader;
    let items =
        app.store.read("list_rounds", move |conn| store::list_rounds(conn, reader, state, after, limit)).await?;
    let next_after = next_after(&items, limit, |round| round.id);
    Ok(Json(RoundPage { items, next_after }))
}

/// One round with its stops.
#[utoipa::path(operation_id = "get_round", tag = "rounds", params(("id" = i64, Path, description = "The round")),
    responses((status = 200, description = "The round", body = RoundWithStops)))]
#[get("/v1/rounds/{id}")]
pub async fn get_round(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<RoundWithStops>, Problem> {
    session.may(Operation::GetRound)?;
    let id = RoundId(*id);
    let found = app.store.read("get_round", move |conn| {
        let Some(round) = store::round(conn, id)? else { return Ok(None) };
        Ok(Some(RoundWithStops { round, stops: store::list_stops(conn, id)? }))
    });
    found.await?.map(Json).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Give a round to a reader. Another reader's phone that still holds it may push what it carries for a week.
#[utoipa::path(operation_id = "assign_round", tag = "rounds", params(("id" = i64, Path, description = "The round")),
    request_body = AssignRoundRequest, responses((status = 200, description = "The round", body = Round)))]
#[post("/v1/rounds/{id}/assign")]
pub async fn assign_round(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    input: Input<AssignRoundRequest>,
) -> Result<Json<Round>, Problem> {
    let actor = session.may(Operation::AssignRound)?;
    let (id, reader, zone, now) = (RoundId(*id), AccountId(input.0.reader_id), app.config.zone, app.clock.now());
    let assigned = app.store.write("assign_round", Isolation::RowLocks, move |conn| {
        store::assign_round(conn, actor, id, reader, zone, now)
    });
    assigned.await?.map(Json)
}

/// Take a round back.
#[utoipa::path(operation_id = "cancel_round", tag = "rounds", params(("id" = i64, Path, description = "The round")),
    responses((status = 200, description = "The round", body = Round)))]
#[post("/v1/rounds/{id}/cancel")]
pub async fn cancel_round(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Round>, Problem> {
    let actor = session.may(Operation::CancelRound)?;
    let (id, zone, now) = (RoundId(*id), app.config.zone, app.clock.now());
    app.store
        .write("cancel_round", Isolation::RowLocks, move |conn| store::cancel_round(conn, actor, id, zone, now))
        .await?
        .map(Json)
}
