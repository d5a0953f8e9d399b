//! What a client asks before anything else: is the server there, what time is it, what may be sent.

mod map;

pub use map::*;

use crate::App;
use crate::contract;
use crate::http::{Problem, ProblemCode, Time};
use actix_web::web::{Data, Json};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// Facts about the server (PROTOCOL, "Meta").
#[derive(Serialize, ToSchema)]
pub struct Meta {
    /// The server's time: compare it with the phone's.
    pub server_time: Time,
    /// Minted when the database is made or restored; another epoch means: offer your records again.
    pub epoch: String,
    /// Versions of the API this server speaks.
    pub api_versions: Vec<String>,
    /// The oldest client that may pull. Push is taken from every client ever released.
    pub oldest_client_for_pull: String,
    /// Version of the rules that verdicts are made by.
    pub rules_version: String,
    /// The company's zone, `+08:00`: days, months and hours are counted in it.
    pub zone: String,
    /// Limits on requests.
    pub limits: MetaLimits,
}

/// Limits on requests.
#[derive(Serialize, ToSchema)]
pub struct MetaLimits {
    /// Bytes of a body as sent.
    pub body_bytes: u64,
    /// Bytes of a body after inflation.
    pub inflated_bytes: u64,
    /// Bytes of an imported file, as sent and after inflation.
    pub import_bytes: u64,
    /// Items in one push.
    pub push_items: u64,
    /// Ids in one offer.
    pub offer_ids: u64,
    /// Rows on one page.
    pub page_rows: u64,
    /// Bytes of a photo.
    pub photo_bytes: u64,
    /// Pixels of a photo that can be shown; a larger one is kept and not shown.
    pub photo_pixels: u64,
    /// Send a photo of more bytes by `/v1/photos/uploads`, so that a cut costs only what was under way.
    pub photo_resumable_bytes: u64,
}

/// Server time, epoch, versions and limits.
#[utoipa::path(operation_id = "get_meta", tag = "meta", responses((status = 200, description = "Facts about the server", body = Meta)))]
#[get("/v1/meta")]
pub async fn get_meta(app: Data<App>) -> Result<Json<Meta>, Problem> {
    let (limits, now) = (&app.config.limits, app.clock.now());
    Ok(Json(Meta {
        server_time: Time(now),
        epoch: app.epoch().await?.to_string(),
        api_versions: vec!["v1".into()],
        oldest_client_for_pull: "0.1.0".into(),
        rules_version: crate::RULES_VERSION.into(),
        zone: app.config.zone.local(now).offset().to_string(),
        limits: MetaLimits {
            body_bytes: limits.body_bytes as u64,
            inflated_bytes: limits.inflated_bytes as u64,
            import_bytes: limits.import_bytes as u64,
            push_items: limits.push_items as u64,
            offer_ids: limits.offer_ids as u64,
            page_rows: limits.page_rows.unsigned_abs(),
            photo_bytes: limits.photo_bytes,
            photo_pixels: crate::photos::SHOWN_PIXELS,
            photo_resumable_bytes: crate::photos::RESUMABLE_BYTES,
        },
    }))
}

/// Whether the server works.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`.
    pub status: String,
}

/// Whether the process and its database answer.
#[utoipa::path(operation_id = "get_health", tag = "meta", responses((status = 200, description = "Both answer", body = Health)))]
#[get("/v1/health")]
pub async fn get_health(app: Data<App>) -> Result<Json<Health>, Problem> {
    let answered = app.store.read("get_health", crate::db::Conn::ping).await;
    answered.map_err(|_| Problem::new(ProblemCode::Unavailable).retry_after(5))?;
    Ok(Json(Health { status: "ok".into() }))
}

/// The contract itself.
#[utoipa::path(operation_id = "get_openapi", tag = "meta",
    responses((status = 200, description = "The OpenAPI document", body = String, content_type = "application/yaml")))]
#[get("/v1/openapi.yaml")]
pub async fn get_openapi() -> Result<HttpResponse, Problem> {
    static DOCUMENT: LazyLock<Option<String>> = LazyLock::new(|| contract::openapi_yaml().ok());
    let document = DOCUMENT.as_deref().ok_or_else(|| Problem::new(ProblemCode::Internal))?;
    Ok(HttpResponse::Ok().content_type("application/yaml").body(document))
}
