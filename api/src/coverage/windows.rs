//! The commercial window of a month, and exceptions from it with author and reason.
//!
//! Why separate: an exception changes who was on time, never who was seen.

use super::routes::period_of;
use super::store::{self, retouch};
use crate::App;
use crate::accounts::store::audit;
use crate::db::Isolation;
use crate::http::{Input, Problem, ProblemCode, Session, Time, from_ms};
use crate::readings::routes::check_reason;
use crate::settings::store::rulebook;
use actix_web::web::{Data, Json, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use meterbook::accounts::Operation;
use meterbook::calendar::Period;
use meterbook::coverage::ReadingWindow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The window of a month.
#[derive(Serialize, ToSchema)]
pub struct WindowEntry {
    /// The month.
    pub period: String,
    /// Its first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    /// Whether it is an exception from the settings.
    pub is_exception: bool,
    /// Who made the exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<i64>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_at: Option<Time>,
}

/// Sets the window of one month.
#[derive(Deserialize, ToSchema)]
pub struct WindowRequest {
    /// Its first day, in the month.
    pub from_day: NaiveDate,
    /// The first day after it, at the latest the first of the next month.
    pub until_day: NaiveDate,
    /// Why.
    pub reason: String,
}

fn month(text: &str) -> Result<Period, Problem> {
    match period_of(text) {
        Ok(month @ Period::Month { .. }) => Ok(month),
        _ => Err(Problem::new(ProblemCode::NotFound)),
    }
}

/// The commercial reading window of a month.
#[utoipa::path(operation_id = "get_window", tag = "coverage", params(("period" = String, Path, description = "`2026-10`")),
    responses((status = 200, description = "The window", body = WindowEntry)))]
#[get("/v1/periods/{period}/window")]
pub async fn get_window(app: Data<App>, session: Session, period: Path<String>) -> Result<Json<WindowEntry>, Problem> {
    session.may(Operation::GetWindow)?;
    let period = month(&period)?;
    Ok(Json(app.store.read("get_window", move |conn| window(conn, period)).await?))
}

/// Make an exception from the commercial window of a month that is not closed. The last one said holds; who is on time is
/// counted anew.
#[utoipa::path(operation_id = "set_window", tag = "coverage", request_body = WindowRequest,
    params(("period" = String, Path, description = "`2026-10`")),
    responses((status = 200, description = "The window", body = WindowEntry)))]
#[post("/v1/periods/{period}/window")]
pub async fn set_window(
    app: Data<App>,
    session: Session,
    period: Path<String>,
    input: Input<WindowRequest>,
) -> Result<Json<WindowEntry>, Problem> {
    let actor = session.may(Operation::SetWindow)?;
    let (period, now, reason) = (month(&period)?, app.clock.now(), check_reason(&input.0.reason)?);
    let wanted = ReadingWindow { from_day: input.0.from_day, until_day: input.0.until_day };
    if wanted.from_day < period.first_day()
        || wanted.until_day > period.end_day()
        || wanted.from_day >= wanted.until_day
    {
        let (zh, en) = ("窗口须在该月内，且先开始后结束", "expected days of that month, the first before the last");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/from_day", "not_in_period", zh, en));
    }
    let set = app.store.write("set_window", Isolation::Serializable, move |conn| {
        let declared = store::declared_periods(conn)?;
        match declared.iter().find(|(known, _)| *known == period) {
            None => return Ok(Err(Problem::new(ProblemCode::NotFound))),
            Some((_, true)) => {
                let (zh, en) = ("该期已关账", "the period is closed");
                return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
            }
            Some(_) => {}
        }
        store::insert_window(conn, period, wanted, (actor.account, &reason), now)?;
        let detail = format!("{} to {}: {reason}", wanted.from_day, wanted.until_day);
        audit(conn, now, Some(actor.account), "set_window", &format!("period/{period}"), &detail)?;
        window(conn, period).map(Ok)
    });
    let entry = set.await??;
    // Pushes from here on judge by it; those before are judged anew.
    let (zone, mut after) = (app.config.zone, 0);
    loop {
        let chunk = app.store.write("apply_window", Isolation::RowLocks, move |conn| {
            let points = store::commercial_after(conn, period, after, 500)?;
            retouch(conn, zone, &points, &[period])?;
            Ok(points.last().copied())
        });
        match chunk.await? {
            Some(last) => after = last,
            None => return Ok(Json(entry)),
        }
    }
}

fn window(conn: &mut crate::db::Conn, period: Period) -> diesel::QueryResult<WindowEntry> {
    let by_settings = ReadingWindow::of(period, &rulebook(conn)?.coverage(period));
    Ok(match store::find_window(conn, period)? {
        None => WindowEntry {
            period: period.to_string(),
            from_day: by_settings.from_day,
            until_day: by_settings.until_day,
            is_exception: false,
            set_by: None,
            reason: None,
            set_at: None,
        },
        Some((from_day, until_day, by, reason, at)) => WindowEntry {
            period: period.to_string(),
            from_day,
            until_day,
            is_exception: true,
            set_by: Some(by),
            reason: Some(reason),
            set_at: Some(Time(from_ms(at))),
        },
    })
}
