//! Cases as a workbook, a CSV file or a page: the same filter and order as the list.
//!
//! Why separate: a file is written row by row from one snapshot, however many cases there are.

use super::Case;
use super::routes::CaseQuery;
use super::store;
use crate::App;
use crate::http::{Problem, ProblemCode, RequestLanguage, Session};
use crate::reports::book::{Book, BookFault, Masthead};
use crate::reports::press::{FileQuery, ReportFile, print, send};
use actix_web::web::{Data, Query};
use actix_web::{HttpResponse, get};
use meterbook::accounts::Operation;
use meterbook::anomalies::case_life::{CaseOutcome, CaseState};
use meterbook::calendar::{Instant, Zone};
use meterbook::quantity::Volume;
use meterbook::reports::{Cell, Column, Measure, Sheet};
use meterbook::text::{Language, Text};

/// Rows read at a time.
const AT_ONCE: i64 = 1_000;

const CASES: Sheet = Sheet {
    id: "cases",
    title: Text { zh: "异常清单", en: "Cases" },
    about: Text {
        zh: "涉及气量为规则给出的可疑气量，不是结论。",
        en: "The volume at stake is what the rule names; it is no finding.",
    },
    columns: &[
        Column::new("编号", "No.", Measure::Count, 8),
        Column::new("状态", "State", Measure::Text, 10),
        Column::new("类别", "Kind", Measure::Text, 10),
        Column::new("规则", "Rule", Measure::Text, 24),
        Column::new("户号", "Point", Measure::Text, 16),
        Column::new("表号", "Meter", Measure::Text, 18),
        Column::new("片区", "Area", Measure::Text, 24),
        Column::new("册号", "Route", Measure::Text, 10),
        Column::new("抄表时间", "Read at", Measure::Time, 18),
        Column::new("涉及气量", "At stake", Measure::Volume, 12),
        Column::new("原因", "Reason", Measure::Text, 60),
        Column::new("应办时间", "Due", Measure::Time, 18),
        Column::new("逾期", "Overdue", Measure::Text, 8),
        Column::new("结果", "Outcome", Measure::Text, 16),
        Column::new("示值误差", "Error", Measure::Points, 10),
        Column::new("办结时间", "Closed", Measure::Time, 18),
    ],
    chart: None,
};

/// Cases as a file, filtered and sorted as the list is.
#[utoipa::path(operation_id = "export_cases", tag = "anomalies", params(CaseQuery, FileQuery),
    responses((status = 200, description = "The file", content(
        (ReportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (ReportFile = "text/csv"),
        (ReportFile = "text/html"),
    ))))]
#[get("/v1/cases/export")]
pub async fn export_cases(
    app: Data<App>,
    session: Session,
    accepted: RequestLanguage,
    query: Query<CaseQuery>,
    file: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    session.may(Operation::ExportCases)?;
    let (now, zone) = (app.clock.now(), app.config.zone);
    let filter = query.into_inner().filter(now)?;
    let wish = file.wish(&[CASES], accepted)?;
    let (format, language) = (wish.format, wish.language);
    let made = print(&app, "export_cases", move |conn, folder| {
        let head = Masthead {
            title: CASES.title,
            subject: zone.local(now).format("%Y-%m-%d").to_string(),
            facts: Vec::new(),
            cut_off: zone.local(now).naive_local(),
        };
        let mut book = Book::begin(folder, &wish, &head)?;
        book.sheet(&CASES, |book| {
            let mut after = 0;
            loop {
                let rows = store::list_cases(conn, &filter, after, AT_ONCE)?;
                let is_last = i64::try_from(rows.len()).is_ok_and(|count| count < AT_ONCE);
                after = rows.last().map_or(after, |(row, _)| row.id);
                for row in rows {
                    book.row(&cells(Case::of(row, now), zone, language))?;
                }
                if is_last {
                    return Ok::<(), BookFault>(());
                }
            }
        })?;
        Ok(Some(book.finish()?))
    });
    let file = made.await?.ok_or_else(|| Problem::new(ProblemCode::Internal))?;
    send(file, format, &format!("cases-{}", zone.local(now).format("%Y%m%d")))
}

fn cells(case: Case, zone: Zone, language: Language) -> Vec<Cell> {
    let time = |at: Instant| Cell::Time(zone.local(at).naive_local());
    let text = |text: String| Cell::Text(text);
    let state = CaseState::from_code(&case.state).map_or(Cell::Empty, |state| Cell::Word(state.text()));
    let outcome = case.outcome.as_deref().and_then(CaseOutcome::from_code);
    let overdue = Text { zh: "逾期", en: "overdue" };
    let reason = if language == Language::Chinese { case.reason_zh } else { case.reason_en };
    vec![
        Cell::Count(case.id),
        state,
        text(case.kind),
        text(case.rule),
        text(case.service_point_number),
        text(case.meter_number),
        text(case.area_path),
        Cell::or_empty(case.route_code, Cell::Text),
        time(case.observed_at.0),
        Cell::or_empty(case.stake, |stake| Cell::Volume(Volume::from_litres(stake))),
        text(reason),
        Cell::or_empty(case.due_at, |due| time(due.0)),
        if case.is_overdue { Cell::Word(overdue) } else { Cell::Empty },
        Cell::or_empty(outcome, |outcome| Cell::Word(outcome.text())),
        Cell::or_empty(case.error_bp, |error| Cell::Points(i64::from(error))),
        Cell::or_empty(case.closed_at, |at| time(at.0)),
    ]
}
