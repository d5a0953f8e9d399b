//! Looking at jobs.

use super::store;
use crate::App;
use crate::http::{Problem, Session, Time, from_ms};
use crate::paging::{After, next_after};
use actix_web::get;
use actix_web::web::{Data, Json, Query};
use meterbook::accounts::Operation;
use serde::Serialize;
use utoipa::ToSchema;

/// Work that the nodes share.
#[derive(Serialize, ToSchema)]
pub struct JobEntry {
    /// Its id.
    pub id: i64,
    /// What is done: `close_period`, `anomaly_lists` or `train_anomaly_model`.
    pub kind: String,
    /// With what.
    pub subject: String,
    /// `open`, `done` or `failed`.
    pub state: String,
    /// Steps taken.
    pub steps: i64,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Time,
    /// When its last step was taken.
    pub changed_at: Time,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Jobs by id.
#[derive(Serialize, ToSchema)]
pub struct JobPage {
    /// The rows.
    pub items: Vec<JobEntry>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// Work that the nodes share, done and under way.
#[utoipa::path(operation_id = "list_jobs", tag = "meta", params(After),
    responses((status = 200, description = "Jobs", body = JobPage)))]
#[get("/v1/jobs")]
pub async fn list_jobs(app: Data<App>, session: Session, page: Query<After>) -> Result<Json<JobPage>, Problem> {
    session.may(Operation::ListJobs)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let rows = app.store.read("list_jobs", move |conn| store::list(conn, after, limit)).await?;
    let next_after = next_after(&rows, limit, |row| row.id);
    let entry = |row: store::JobRow| JobEntry {
        id: row.id,
        kind: row.kind,
        subject: row.subject,
        state: row.state,
        steps: row.steps,
        created_by: row.created_by,
        created_at: Time(from_ms(row.created_at)),
        changed_at: Time(from_ms(row.changed_at)),
        fault: row.fault,
    };
    Ok(Json(JobPage { items: rows.into_iter().map(entry).collect(), next_after }))
}
