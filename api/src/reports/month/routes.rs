//! Asking for the month-end report, its lists and its files.

use super::lists::{AnomalyRow, CorrectionRow, NotReadRow, PurchaseChangeRow, ReconciliationRow};
use super::source::Live;
use super::store::{Scope, published};
use super::{MonthReport, PublishedReport, PublishedReportPage, SHEETS, Source};
use crate::App;
use crate::db::Conn;
use crate::http::{Problem, ProblemCode, RequestLanguage, Session, Time, from_ms};
use crate::paging::{After, next_after};
use crate::reports::book::{Book, hex};
use crate::reports::press::{self, FileQuery, ReportFile};
use actix_web::web::{Data, Json, Query};
use actix_web::{HttpResponse, get};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::Period;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which month, and which of its reports.
#[derive(Deserialize, utoipa::IntoParams, Clone)]
#[into_params(parameter_in = Query)]
pub struct MonthQuery {
    /// `YYYY-MM`; the running month unless told.
    month: Option<String>,
    /// `1` for the published report, `live` for the figures as they stand now; the published one unless told, where there is one.
    version: Option<String>,
}

/// Which report is meant.
#[derive(Clone, Copy)]
pub enum Wanted {
    /// The published one, or else the data as they stand.
    Any,
    /// The published one.
    Published,
    /// The data as they stand.
    Live,
}

impl MonthQuery {
    fn settle(&self, app: &App) -> Result<(Scope, Wanted), Problem> {
        let wrong = |name: &str, expected: &str| {
            let (zh, en) = (format!("应为 {expected}"), format!("expected {expected}"));
            Problem::new(ProblemCode::InvalidParameter).fault(name, "invalid", zh, en)
        };
        let (zone, now) = (app.config.zone, app.clock.now());
        let month = match self.month.as_deref() {
            None => Period::month_of(zone.day(now)),
            Some(text) => match Period::parse(text) {
                Some(month @ Period::Month { .. }) => month,
                _ => return Err(wrong("month", "YYYY-MM")),
            },
        };
        let wanted = match self.version.as_deref() {
            None => Wanted::Any,
            Some("1") => Wanted::Published,
            Some("live") => Wanted::Live,
            Some(_) => return Err(wrong("version", "1 / live")),
        };
        Ok((Scope { month, zone, cut_off: now }, wanted))
    }
}

fn not_published() -> Problem {
    Problem::new(ProblemCode::NotFound).detail("该月报尚未发布", "that month's report is not published")
}

/// The published report where it is wanted and there; `Err`: it is wanted and not there.
pub fn find(
    conn: &mut Conn,
    scope: &Scope,
    wanted: Wanted,
) -> QueryResult<Result<Option<published::VersionRow>, Problem>> {
    if matches!(wanted, Wanted::Live) {
        return Ok(Ok(None));
    }
    let found = published::find(conn, scope.month)?;
    Ok(if found.is_none() && matches!(wanted, Wanted::Published) { Err(not_published()) } else { Ok(found) })
}

/// The month-end report (抄表月报, R-9). Once its month is closed it is published as version 1 and answers the same bytes for
/// ever; `version=live` gives the figures as they stand now, with what differs.
#[utoipa::path(operation_id = "get_month_report", tag = "reports", params(MonthQuery),
    responses((status = 200, description = "The report", body = MonthReport)))]
#[get("/v1/reports/month-end")]
pub async fn get_month_report(
    app: Data<App>,
    session: Session,
    query: Query<MonthQuery>,
) -> Result<HttpResponse, Problem> {
    session.may(Operation::GetMonthReport)?;
    let (scope, wanted) = query.settle(&app)?;
    let made = app.store.read("get_month_report", move |conn| match find(conn, &scope, wanted)? {
        Err(problem) => Ok(Err(problem)),
        Ok(Some(row)) => Ok(Ok(row.body)),
        Ok(None) => {
            let report = super::load(conn, &scope)?;
            let body = serde_json::to_string(&report);
            body.map(Ok).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))
        }
    });
    Ok(HttpResponse::Ok().content_type("application/json").body(made.await??))
}

/// The month-end report as a workbook, a CSV file of one sheet or a page to print.
#[utoipa::path(operation_id = "export_month_report", tag = "reports", params(MonthQuery, FileQuery),
    responses((status = 200, description = "The file", content(
        (ReportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (ReportFile = "text/csv"),
        (ReportFile = "text/html"),
    ))))]
#[get("/v1/reports/month-end/file")]
pub async fn export_month_report(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<MonthQuery>,
    file: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    session.may(Operation::ExportMonthReport)?;
    let (scope, wanted) = query.settle(&app)?;
    let wish = file.wish(&SHEETS, language)?;
    let format = wish.format;
    let made =
        press::print(&app, "export_month_report", move |conn, folder| print(conn, folder, &scope, wanted, &wish));
    let made = made.await?.ok_or_else(not_published)?;
    press::send(made, format, &format!("month-end-{}", scope.month))
}

/// Prints the report; `None` where it is not published.
///
/// # Errors
/// The disk's or the database's.
pub fn print(
    conn: &mut Conn,
    folder: &std::path::Path,
    scope: &Scope,
    wanted: Wanted,
    wish: &crate::reports::book::Wish,
) -> Result<Option<std::fs::File>, crate::reports::book::BookFault> {
    let Ok(found) = find(conn, scope, wanted)? else { return Ok(None) };
    let (report, source) = match found {
        Some(row) => {
            let report: MonthReport = serde_json::from_str(&row.body)
                .map_err(|fault| diesel::result::Error::DeserializationError(fault.into()))?;
            (report, Source::Published(row.id))
        }
        None => (super::load(conn, scope)?, Source::Live(*scope)),
    };
    let mut book = Book::begin(folder, wish, &report.masthead(scope.zone))?;
    report.print(conn, source, &mut book, (scope.zone, wish))?;
    book.finish().map(Some)
}

macro_rules! list_pages {
    ($($(#[$doc:meta])* $page:ident of $row:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Serialize, ToSchema)]
        pub struct $page {
            /// The rows.
            pub items: Vec<$row>,
            /// Give as `after` for the next page; absent on the last.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub next_after: Option<i64>,
        }

        impl From<(Vec<$row>, Option<i64>)> for $page {
            fn from((items, next_after): (Vec<$row>, Option<i64>)) -> Self {
                Self { items, next_after }
            }
        }
    )+};
}

list_pages! {
    /// Points not read, by id.
    NotReadPage of NotReadRow;
    /// Cases of the month, by id.
    MonthAnomalyPage of AnomalyRow;
    /// Commercial meters with their three figures, by id.
    ReconciliationPage of ReconciliationRow;
    /// Corrections of the month, by time.
    CorrectionPage of CorrectionRow;
    /// Customers whose purchases changed, by meter.
    PurchaseChangePage of PurchaseChangeRow;
}

async fn page<R: Live>(
    app: &App,
    query: &MonthQuery,
    page: &After,
    name: &'static str,
) -> Result<(Vec<R>, Option<i64>), Problem> {
    let (scope, wanted) = query.settle(app)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let found = app.store.read(name, move |conn| {
        let source = match find(conn, &scope, wanted)? {
            Err(problem) => return Ok(Err(problem)),
            Ok(Some(row)) => Source::Published(row.id),
            Ok(None) => Source::Live(scope),
        };
        source.page::<R>(conn, after, limit).map(Ok)
    });
    found.await?
}

/// Points that must be read and were not, with the reason, the last attempt and when they were last seen.
#[utoipa::path(operation_id = "list_not_read", tag = "reports", params(MonthQuery, After),
    responses((status = 200, description = "Points not read", body = NotReadPage)))]
#[get("/v1/reports/month-end/not-read")]
pub async fn list_not_read(
    app: Data<App>,
    session: Session,
    query: Query<MonthQuery>,
    after: Query<After>,
) -> Result<Json<NotReadPage>, Problem> {
    session.may(Operation::ListNotRead)?;
    Ok(Json(page::<NotReadRow>(&app, &query, &after, "list_not_read").await?.into()))
}

/// Cases of readings made in the month, as they stood at the report's cut-off.
#[utoipa::path(operation_id = "list_month_anomalies", tag = "reports", params(MonthQuery, After),
    responses((status = 200, description = "Cases", body = MonthAnomalyPage)))]
#[get("/v1/reports/month-end/anomalies")]
pub async fn list_month_anomalies(
    app: Data<App>,
    session: Session,
    query: Query<MonthQuery>,
    after: Query<After>,
) -> Result<Json<MonthAnomalyPage>, Problem> {
    session.may(Operation::ListMonthAnomalies)?;
    Ok(Json(page::<AnomalyRow>(&app, &query, &after, "list_month_anomalies").await?.into()))
}

/// The three figures of every commercial meter over the month, the sound ones too.
#[utoipa::path(operation_id = "list_reconciliation", tag = "reports", params(MonthQuery, After),
    responses((status = 200, description = "Meters", body = ReconciliationPage)))]
#[get("/v1/reports/month-end/reconciliation")]
pub async fn list_reconciliation(
    app: Data<App>,
    session: Session,
    query: Query<MonthQuery>,
    after: Query<After>,
) -> Result<Json<ReconciliationPage>, Problem> {
    session.may(Operation::ListReconciliation)?;
    Ok(Json(page::<ReconciliationRow>(&app, &query, &after, "list_reconciliation").await?.into()))
}

/// Corrections made in the month, with their author.
#[utoipa::path(operation_id = "list_corrections", tag = "reports", params(MonthQuery, After),
    responses((status = 200, description = "Corrections", body = CorrectionPage)))]
#[get("/v1/reports/month-end/corrections")]
pub async fn list_corrections(
    app: Data<App>,
    session: Session,
    query: Query<MonthQuery>,
    after: Query<After>,
) -> Result<Json<CorrectionPage>, Problem> {
    session.may(Operation::ListCorrections)?;
    Ok(Json(page::<CorrectionRow>(&app, &query, &after, "list_corrections").await?.into()))
}

/// Customers who stopped buying gas, or buy far less or far more than is usual for them.
#[utoipa::path(operation_id = "list_purchase_changes", tag = "reports", params(MonthQuery, After),
    responses((status = 200, description = "Customers", body = PurchaseChangePage)))]
#[get("/v1/reports/month-end/purchase-changes")]
pub async fn list_purchase_changes(
    app: Data<App>,
    session: Session,
    query: Query<MonthQuery>,
    after: Query<After>,
) -> Result<Json<PurchaseChangePage>, Problem> {
    session.may(Operation::ListPurchaseChanges)?;
    Ok(Json(page::<PurchaseChangeRow>(&app, &query, &after, "list_purchase_changes").await?.into()))
}

/// Reports that were published, by id, with the hashes that prove them unchanged.
#[utoipa::path(operation_id = "list_published_reports", tag = "reports", params(After),
    responses((status = 200, description = "Reports", body = PublishedReportPage)))]
#[get("/v1/reports")]
pub async fn list_published_reports(
    app: Data<App>,
    session: Session,
    page: Query<After>,
) -> Result<Json<PublishedReportPage>, Problem> {
    session.may(Operation::ListPublishedReports)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let rows = app.store.read("list_published_reports", move |conn| published::list(conn, after, limit)).await?;
    let next_after = next_after(&rows, limit, |row| row.id);
    let entry = |row: published::VersionRow| PublishedReport {
        id: row.id,
        kind: row.kind,
        period: Period::from_key(row.period).map(|period| period.to_string()).unwrap_or_default(),
        version: row.version,
        cut_off: Time(from_ms(row.cut_off)),
        rules_version: row.rules_version,
        population_hash: hex(&row.population_hash),
        body_hash: hex(&row.body_hash),
    };
    Ok(Json(PublishedReportPage { items: rows.into_iter().map(entry).collect(), next_after }))
}
