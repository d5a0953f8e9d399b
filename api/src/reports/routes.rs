//! Asking for reports.

use super::book::Book;
use super::daily::{self, Daily, DailyFigure, DailyRecordPage, DailyReport};
use super::press::{self, FileQuery, ReportFile};
use crate::App;
use crate::http::{Problem, ProblemCode, RequestLanguage, Session};
use crate::paging::{After, next_after};
use actix_web::web::{Data, Json, Query};
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use meterbook::accounts::{Actor, Operation, Role};
use serde::Deserialize;

/// Which day, and whose.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DayQuery {
    /// The local day, `YYYY-MM-DD`; today unless told.
    day: Option<NaiveDate>,
    /// Only this reader. A reader gets the report of none but himself.
    reader: Option<i64>,
}

impl DayQuery {
    /// A reader sees his own; another's does not exist for him (SECURITY 1).
    fn settle(&self, app: &App, actor: Actor) -> Result<(NaiveDate, Option<i64>), Problem> {
        let day = self.day.unwrap_or_else(|| app.config.zone.day(app.clock.now()));
        match (actor.role, self.reader) {
            (Role::Reader, asked) if asked.is_some_and(|reader| reader != actor.account.0) => {
                Err(Problem::new(ProblemCode::NotFound))
            }
            (Role::Reader, _) => Ok((day, Some(actor.account.0))),
            (_, reader) => Ok((day, reader)),
        }
    }
}

/// The daily reading report (抄表日报表, R-8): visits, attempts by reason, corrections, hazards, what is missing or owed, and
/// in the office's the gas sold that day.
#[utoipa::path(operation_id = "get_daily_report", tag = "reports", params(DayQuery),
    responses((status = 200, description = "The report", body = DailyReport)))]
#[get("/v1/reports/daily")]
pub async fn get_daily_report(
    app: Data<App>,
    session: Session,
    query: Query<DayQuery>,
) -> Result<Json<DailyReport>, Problem> {
    let actor = session.may(Operation::GetDailyReport)?;
    let (day, reader) = query.settle(&app, actor)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    let made = app.store.read("get_daily_report", move |conn| Ok(daily::load(conn, day, reader, zone, now)?.report));
    Ok(Json(made.await?))
}

/// Which of the day's records.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FigureQuery {
    /// Those that this figure of the report counts, by its name there: `visits`, `readings`, `rereads`, `customer_told`,
    /// `attempts`, `attempts_locked` …, `attempts_proven`, `early`, `on_time`, `late`, `set_aside`, `time_review`, `came_later`,
    /// `corrections`, `hazards` or `found_changes`; `visits` unless told.
    figure: Option<String>,
}

/// The records behind a figure of the daily report, by time.
#[utoipa::path(operation_id = "list_daily_records", tag = "reports", params(DayQuery, FigureQuery, After),
    responses((status = 200, description = "Records", body = DailyRecordPage)))]
#[get("/v1/reports/daily/records")]
pub async fn list_daily_records(
    app: Data<App>,
    session: Session,
    query: Query<DayQuery>,
    figure: Query<FigureQuery>,
    page: Query<After>,
) -> Result<Json<DailyRecordPage>, Problem> {
    let actor = session.may(Operation::ListDailyRecords)?;
    let (day, reader) = query.settle(&app, actor)?;
    let figure = DailyFigure::parse(figure.figure.as_deref().unwrap_or("visits")).ok_or_else(|| {
        let (zh, en) = ("应为日报中的一项计数", "expected a figure of the daily report that counts records");
        Problem::new(ProblemCode::InvalidParameter).fault("figure", "invalid_value", zh, en)
    })?;
    let (after, limit) = page.window(&app.config.limits)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    let made = app.store.read("list_daily_records", move |conn| {
        Ok(daily::load(conn, day, reader, zone, now)?.behind(figure, after, limit))
    });
    let items = made.await?;
    let next_after = next_after(&items, limit, |record| record.position);
    Ok(Json(DailyRecordPage { items, next_after }))
}

/// The daily report as a workbook, a CSV file or a page to print, with every visit.
#[utoipa::path(operation_id = "export_daily_report", tag = "reports", params(DayQuery, FileQuery),
    responses((status = 200, description = "The file", content(
        (ReportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (ReportFile = "text/csv"),
        (ReportFile = "text/html"),
    ))))]
#[get("/v1/reports/daily/file")]
pub async fn export_daily_report(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<DayQuery>,
    file: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::ExportDailyReport)?;
    let (day, reader) = query.settle(&app, actor)?;
    let wish = file.wish(&Daily::SHEETS, language)?;
    let (zone, now, format) = (app.config.zone, app.clock.now(), wish.format);
    let made = press::print(&app, "export_daily_report", move |conn, folder| {
        let daily = daily::load(conn, day, reader, zone, now)?;
        let mut book = Book::begin(folder, &wish, &daily.masthead())?;
        daily.print(&mut book)?;
        book.finish().map(Some)
    });
    let made = made.await?.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    press::send(made, format, &format!("daily-{day}"))
}
