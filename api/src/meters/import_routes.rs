//! Importing files over HTTP: the body is the file itself.

use super::import::{ImportKind, ImportOptions, import};
use super::wire::{ImportAnswer, ImportFile, ImportQuery};
use crate::App;
use crate::http::{ImportBody, Problem, RequestLanguage, Session};
use actix_web::post;
use actix_web::web::{Data, Json, Query};
use meterbook::accounts::{Actor, Operation};

async fn answer(
    app: &App,
    kind: ImportKind,
    query: &ImportQuery,
    body: &ImportBody,
    language: RequestLanguage,
    actor: Actor,
) -> Result<Json<ImportAnswer>, Problem> {
    let options =
        ImportOptions { keep_good: query.keep_good.unwrap_or(false), dry_run: query.dry_run.unwrap_or(false) };
    let report = import(app, kind, &body.0, options, Some(actor)).await?;
    Ok(Json(ImportAnswer::of(report, language.0)))
}

/// Import the register from CSV or XLSX. The same file again changes nothing.
#[utoipa::path(operation_id = "import_register", tag = "meters", params(ImportQuery),
    request_body(content(
        (ImportFile = "text/csv"),
        (ImportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was or would be imported, and every bad row", body = ImportAnswer)))]
#[post("/v1/imports/register")]
pub async fn import_register(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<ImportQuery>,
    body: ImportBody,
) -> Result<Json<ImportAnswer>, Problem> {
    let actor = session.may(Operation::ImportRegister)?;
    answer(&app, ImportKind::Register, &query, &body, language, actor).await
}

/// Import prepaid purchases from CSV or XLSX. A stored purchase is never rewritten.
#[utoipa::path(operation_id = "import_purchases", tag = "meters", params(ImportQuery),
    request_body(content(
        (ImportFile = "text/csv"),
        (ImportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was or would be imported, and every bad row", body = ImportAnswer)))]
#[post("/v1/imports/purchases")]
pub async fn import_purchases(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<ImportQuery>,
    body: ImportBody,
) -> Result<Json<ImportAnswer>, Problem> {
    let actor = session.may(Operation::ImportPurchases)?;
    answer(&app, ImportKind::Purchases, &query, &body, language, actor).await
}

/// Import readings of another system from CSV or XLSX. A stored reading is never rewritten.
#[utoipa::path(operation_id = "import_readings", tag = "meters", params(ImportQuery),
    request_body(content(
        (ImportFile = "text/csv"),
        (ImportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What was or would be imported, and every bad row", body = ImportAnswer)))]
#[post("/v1/imports/readings")]
pub async fn import_readings(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<ImportQuery>,
    body: ImportBody,
) -> Result<Json<ImportAnswer>, Problem> {
    let actor = session.may(Operation::ImportReadings)?;
    answer(&app, ImportKind::Readings, &query, &body, language, actor).await
}
