//! Subscribing to what happens to cases, and looking at what was delivered.

use super::deliver::SECRET_COLUMN;
use super::store;
use super::wire::*;
use crate::App;
use crate::audit::store::audit;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session};
use crate::keys::random;
use crate::paging::{After, next_after};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use meterbook::accounts::Operation;
use meterbook::webhooks::WebhookEvent;
use serde::Deserialize;

const NOTE_LIMIT: usize = 200;
const URL_LIMIT: usize = 2_000;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// The events asked for, each known and named once.
fn events(asked: &[String]) -> Result<Vec<WebhookEvent>, Problem> {
    let mut found: Vec<WebhookEvent> = Vec::new();
    for (at, code) in asked.iter().enumerate() {
        let event =
            WebhookEvent::from_code(code).filter(|event| *event != WebhookEvent::Test && !found.contains(event));
        let Some(event) = event else {
            let known: Vec<&str> =
                WebhookEvent::ALL.iter().map(|event| event.code()).filter(|code| *code != "test").collect();
            let list = known.join(", ");
            let (zh, en) =
                (format!("应为其中之一，且不重复：{list}"), format!("expected one of, and each once: {list}"));
            return Err(Problem::new(ProblemCode::InvalidInput).fault(
                format!("/events/{at}"),
                "unknown_value",
                zh,
                en,
            ));
        };
        found.push(event);
    }
    if found.is_empty() {
        let (zh, en) = ("请至少订阅一种事件", "expected at least one event");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/events", "empty", zh, en));
    }
    Ok(found)
}

/// Subscribe a system to what happens to cases. Messages are posted as JSON, signed as Standard Webhooks has it (`webhook-id`,
/// `webhook-timestamp`, `webhook-signature`), and tried again until they are taken: a receiver keeps the ids it has seen.
#[utoipa::path(operation_id = "create_webhook", tag = "webhooks", request_body = CreateWebhookRequest, params(IdempotencyKey),
    responses((status = 201, description = "The subscription", body = Webhook)))]
#[post("/v1/webhooks")]
pub async fn create_webhook(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<CreateWebhookRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreateWebhook)?;
    let asked = input.0;
    let events = events(&asked.events)?;
    let note = asked.note.clone().unwrap_or_default().trim().to_owned();
    if note.chars().count() > NOTE_LIMIT {
        let (zh, en) = ("最多 200 字", "expected at most 200 characters");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/note", "too_long", zh, en));
    }
    if asked.url.len() > URL_LIMIT || app.outbound.check(&asked.url).is_err() {
        let (zh, en) = (
            "该地址不在本节点的 webhook_allow 许可范围内，或指向内网地址",
            "the address is not allowed by this node's webhook_allow, or it is a private one",
        );
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/url", "not_allowed", zh, en));
    }
    let secret = random::<32>().map_err(|_| Problem::new(ProblemCode::Internal))?;
    let sealed = app.keys.seal(SECRET_COLUMN, &STANDARD.encode(secret));
    let sealed = sealed.ok_or_else(|| Problem::new(ProblemCode::Internal))?;
    let url = asked.url.clone();
    let made = app.once(actor, key, "create_webhook", &asked, 201, move |conn, now| {
        let row = store::insert_subscription(conn, (&url, &sealed), &events, &note, actor.account, now)?;
        audit(conn, now, Some(actor.account), "create_webhook", &format!("webhook/{}", row.id), &url)?;
        Ok(Ok(Webhook::of(row)))
    });
    made.await
}

/// The subscriptions.
#[utoipa::path(operation_id = "list_webhooks", tag = "webhooks",
    responses((status = 200, description = "Subscriptions", body = WebhookList)))]
#[get("/v1/webhooks")]
pub async fn list_webhooks(app: Data<App>, session: Session) -> Result<Json<WebhookList>, Problem> {
    session.may(Operation::ListWebhooks)?;
    let rows = app.store.read("list_webhooks", store::list_subscriptions).await?;
    Ok(Json(WebhookList { items: rows.into_iter().map(Webhook::of).collect() }))
}

/// What a subscription's messages are signed with. Every look at it is written down.
#[utoipa::path(operation_id = "get_webhook_secret", tag = "webhooks",
    params(("id" = i64, Path, description = "The subscription")),
    responses((status = 200, description = "The secret", body = WebhookSecret)))]
#[get("/v1/webhooks/{id}/secret")]
pub async fn get_webhook_secret(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
) -> Result<Json<WebhookSecret>, Problem> {
    let actor = session.may(Operation::GetWebhookSecret)?;
    let (id, now) = (*id, app.clock.now());
    let found = app.store.write("get_webhook_secret", Isolation::RowLocks, move |conn| {
        let Some(row) = store::find_subscription(conn, id)? else { return Ok(None) };
        audit(conn, now, Some(actor.account), "get_webhook_secret", &format!("webhook/{id}"), "")?;
        Ok(Some(row.secret))
    });
    let sealed = found.await?.ok_or_else(not_found)?;
    let secret = app.keys.open(SECRET_COLUMN, &sealed).ok_or_else(|| Problem::new(ProblemCode::Internal))?;
    Ok(Json(WebhookSecret { secret: format!("whsec_{secret}") }))
}

/// End a subscription. What it has not been told yet is given up.
#[utoipa::path(operation_id = "disable_webhook", tag = "webhooks",
    params(("id" = i64, Path, description = "The subscription")),
    responses((status = 200, description = "The subscription, ended", body = Webhook)))]
#[post("/v1/webhooks/{id}/disable")]
pub async fn disable_webhook(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Webhook>, Problem> {
    let actor = session.may(Operation::DisableWebhook)?;
    let (id, now) = (*id, app.clock.now());
    let ended = app.store.write("disable_webhook", Isolation::RowLocks, move |conn| {
        if store::find_subscription(conn, id)?.is_none() {
            return Ok(None);
        }
        store::disable_subscription(conn, id, now)?;
        audit(conn, now, Some(actor.account), "disable_webhook", &format!("webhook/{id}"), "")?;
        store::find_subscription(conn, id)
    });
    ended.await?.map(|row| Json(Webhook::of(row))).ok_or_else(not_found)
}

/// Send a message of the kind `test`, to try the way.
#[utoipa::path(operation_id = "test_webhook", tag = "webhooks",
    params(("id" = i64, Path, description = "The subscription")),
    responses((status = 202, description = "It is in the outbox", body = Webhook)))]
#[post("/v1/webhooks/{id}/test")]
pub async fn test_webhook(app: Data<App>, session: Session, id: Path<i64>) -> Result<HttpResponse, Problem> {
    session.may(Operation::TestWebhook)?;
    let (id, now) = (*id, app.clock.now());
    let written = app.store.write("test_webhook", Isolation::RowLocks, move |conn| {
        let row = store::find_subscription(conn, id)?.filter(|row| row.disabled_at.is_none());
        if row.is_some() {
            let data = serde_json::json!({"webhook_id": id});
            store::write_message(conn, id, WebhookEvent::Test, (id, &data), now)?;
        }
        Ok(row)
    });
    let row = written.await?.ok_or_else(not_found)?;
    Ok(HttpResponse::Accepted().json(Webhook::of(row)))
}

/// Which messages.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MessageQuery {
    /// `waiting`, `delivered` or `dead`.
    state: Option<String>,
}

/// What a subscription was told, by id, with what became of each message.
#[utoipa::path(operation_id = "list_webhook_messages", tag = "webhooks",
    params(("id" = i64, Path, description = "The subscription"), MessageQuery, After),
    responses((status = 200, description = "Messages", body = WebhookMessagePage)))]
#[get("/v1/webhooks/{id}/messages")]
pub async fn list_webhook_messages(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    query: Query<MessageQuery>,
    page: Query<After>,
) -> Result<Json<WebhookMessagePage>, Problem> {
    session.may(Operation::ListWebhookMessages)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let state = query.into_inner().state;
    if state.as_deref().is_some_and(|state| !["waiting", "delivered", "dead"].contains(&state)) {
        let (zh, en) = ("应为 waiting、delivered 或 dead", "expected waiting, delivered or dead");
        return Err(Problem::new(ProblemCode::InvalidParameter).fault("state", "unknown_value", zh, en));
    }
    let id = *id;
    let found = app.store.read("list_webhook_messages", move |conn| match store::find_subscription(conn, id)? {
        Some(_) => store::list_messages(conn, id, state.as_deref(), after, limit).map(Some),
        None => Ok(None),
    });
    let rows = found.await?.ok_or_else(not_found)?;
    let next_after = next_after(&rows, limit, |row| row.id);
    Ok(Json(WebhookMessagePage { items: rows.into_iter().map(WebhookMessage::of).collect(), next_after }))
}

/// Try a message that was given up again from the beginning.
#[utoipa::path(operation_id = "retry_webhook_message", tag = "webhooks",
    params(("id" = i64, Path, description = "The message's number here")),
    responses((status = 200, description = "The message, waiting", body = WebhookMessage)))]
#[post("/v1/webhook-messages/{id}/retry")]
pub async fn retry_webhook_message(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
) -> Result<Json<WebhookMessage>, Problem> {
    session.may(Operation::RetryWebhookMessage)?;
    let (id, now) = (*id, app.clock.now());
    let revived =
        app.store.write("retry_webhook_message", Isolation::RowLocks, move |conn| store::revive(conn, id, now)).await?;
    revived.map(|row| Json(WebhookMessage::of(row))).ok_or_else(not_found)
}
