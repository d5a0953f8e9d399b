//! Models of the month's lists: learning one, looking at them, switching one on from a day.

use super::routes::month_over;
use super::store;
use super::wire::*;
use crate::App;
use crate::audit::store::audit;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session};
use crate::jobs::Kind;
use crate::jobs::store::enqueue;
use crate::paging::{After, next_after};
use crate::settings::routes::source;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use meterbook::accounts::Operation;
use meterbook::calendar::Period;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// Learn a model from the company's own history, with faults put into it. A job does it; nothing is ranked by it until it is
/// switched on.
#[utoipa::path(operation_id = "train_anomaly_model", tag = "anomalies", request_body = TrainAnomalyModelRequest,
    params(IdempotencyKey),
    responses((status = 202, description = "It is being taught", body = AnomalyModel)))]
#[post("/v1/anomaly-models")]
pub async fn train_anomaly_model(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<TrainAnomalyModelRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::TrainAnomalyModel)?;
    let asked = input.0;
    let (now, zone) = (app.clock.now(), app.config.zone);
    let last = Period::month_of(zone.day(now)).previous();
    let until = asked.until_month.as_deref().map(|text| month_over(text, "/until_month", now, zone));
    let (until, seed) = (until.transpose()?.unwrap_or(last), asked.seed.unwrap_or(1));
    app.once(actor, key, "train_anomaly_model", &asked, 202, move |conn, now| {
        let row = store::insert_model(conn, until, seed, actor.account, now)?;
        enqueue(conn, Kind::TrainAnomalyModel, &row.id.to_string(), Some(actor.account), now)?;
        let (subject, detail) = (format!("anomaly_model/{}", row.id), format!("until {until}, seed {seed}"));
        audit(conn, now, Some(actor.account), "train_anomaly_model", &subject, &detail)?;
        Ok(Ok(AnomalyModel::of(row)))
    })
    .await
}

/// The models, and which one holds from when.
#[utoipa::path(operation_id = "list_anomaly_models", tag = "anomalies", params(After),
    responses((status = 200, description = "Models", body = AnomalyModelPage)))]
#[get("/v1/anomaly-models")]
pub async fn list_anomaly_models(
    app: Data<App>,
    session: Session,
    page: Query<After>,
) -> Result<Json<AnomalyModelPage>, Problem> {
    session.may(Operation::ListAnomalyModels)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let found = app.store.read("list_anomaly_models", move |conn| {
        Ok((store::list_models(conn, after, limit)?, store::list_terms(conn)?))
    });
    let (rows, terms) = found.await?;
    let next_after = next_after(&rows, limit, |row| row.id);
    let items = rows.into_iter().map(AnomalyModel::of).collect();
    Ok(Json(AnomalyModelPage { items, terms: terms.into_iter().map(AnomalyModelTerm::of).collect(), next_after }))
}

/// One model.
#[utoipa::path(operation_id = "get_anomaly_model", tag = "anomalies", params(("id" = i64, Path, description = "The model")),
    responses((status = 200, description = "The model", body = AnomalyModel)))]
#[get("/v1/anomaly-models/{id}")]
pub async fn get_anomaly_model(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<AnomalyModel>, Problem> {
    session.may(Operation::GetAnomalyModel)?;
    let id = *id;
    let found = app.store.read("get_anomaly_model", move |conn| store::find_model(conn, id)).await?;
    found.map(|row| Json(AnomalyModel::of(row))).ok_or_else(not_found)
}

/// Switch a model on from a coming day, or go back to the one that comes with the program.
#[utoipa::path(operation_id = "switch_anomaly_model", tag = "anomalies", request_body = SwitchAnomalyModelRequest,
    responses((status = 200, description = "Models", body = AnomalyModelPage)))]
#[post("/v1/anomaly-model-terms")]
pub async fn switch_anomaly_model(
    app: Data<App>,
    session: Session,
    input: Input<SwitchAnomalyModelRequest>,
) -> Result<Json<AnomalyModelPage>, Problem> {
    let actor = session.may(Operation::SwitchAnomalyModel)?;
    let SwitchAnomalyModelRequest { model_id, valid_from, source: text } = input.0;
    let (now, source) = (app.clock.now(), source(&text)?);
    if valid_from <= app.config.zone.day(now) {
        let (zh, en) = ("应为将来的日期", "expected a day that lies ahead");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/valid_from", "not_ahead", zh, en));
    }
    let most = app.config.limits.page_rows;
    let switched = app.store.write("switch_anomaly_model", Isolation::Serializable, move |conn| {
        if let Some(id) = model_id {
            let is_done = store::find_model(conn, id)?.is_some_and(|model| model.state == "done");
            if !is_done {
                let (zh, en) = ("没有这个已完成的模型", "there is no such finished model");
                return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/model_id", "unknown_model", zh, en)));
            }
        }
        store::insert_term(conn, (model_id, valid_from), &source, actor.account, now)?;
        let subject = format!("anomaly_model/{}", model_id.map_or_else(|| "shipped".to_owned(), |id| id.to_string()));
        let detail = format!("from {valid_from}: {source}");
        audit(conn, now, Some(actor.account), "switch_anomaly_model", &subject, &detail)?;
        Ok(Ok((store::list_models(conn, 0, most)?, store::list_terms(conn)?)))
    });
    let (rows, terms) = switched.await??;
    let next_after = next_after(&rows, most, |row| row.id);
    let items = rows.into_iter().map(AnomalyModel::of).collect();
    Ok(Json(AnomalyModelPage { items, terms: terms.into_iter().map(AnomalyModelTerm::of).collect(), next_after }))
}
