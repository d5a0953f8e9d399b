//! Reading coverage.

use super::store;
use super::wire::{CoverageLine, CoverageReport};
use super::{Grouping, as_of};
use crate::App;
use crate::db::Conn;
use crate::http::{Problem, ProblemCode, Session, Time};
use crate::settings::store::rulebook;
use crate::sync::gaps::store::missing_by_reader;
use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;
use meterbook::accounts::Operation;
use meterbook::calendar::Period;
use meterbook::meters::Class;
use serde::Deserialize;

/// Which coverage, in what detail.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CoverageQuery {
    /// `2026-10` for the monthly classes, `2026-Q4` for indoor meters; the running month and quarter unless told.
    period: Option<String>,
    /// Only this class.
    class: Option<String>,
    /// `class` (default), `area`, `route` or `reader`.
    group: Option<String>,
}

/// A parameter that is none of what was expected.
pub(super) fn wrong(name: &str, expected: &str) -> Problem {
    Problem::new(ProblemCode::InvalidParameter).fault(
        name,
        "invalid",
        format!("应为 {expected}"),
        format!("expected {expected}"),
    )
}

/// The period of a parameter.
pub(super) fn period_of(text: &str) -> Result<Period, Problem> {
    Period::parse(text).ok_or_else(|| wrong("period", "YYYY-MM / YYYY-Qn"))
}

/// The class of a parameter.
pub(super) fn class_of(code: &str) -> Result<Class, Problem> {
    Class::from_code(code).ok_or_else(|| wrong("class", &Class::ALL.map(Class::code).join(" / ")))
}

/// The grouping of a parameter.
pub(super) fn grouping_of(name: Option<&str>) -> Result<Grouping, Problem> {
    Grouping::parse(name.unwrap_or("class")).ok_or_else(|| wrong("group", "class / area / route / reader"))
}

/// Coverage against the targets of R-5, from counters kept in the transactions of the pushes themselves.
#[utoipa::path(operation_id = "get_coverage", tag = "coverage", params(CoverageQuery),
    responses((status = 200, description = "Coverage", body = CoverageReport)))]
#[get("/v1/coverage")]
pub async fn get_coverage(
    app: Data<App>,
    session: Session,
    query: Query<CoverageQuery>,
) -> Result<Json<CoverageReport>, Problem> {
    session.may(Operation::GetCoverage)?;
    let now = app.clock.now();
    let periods = match query.period.as_deref() {
        None => super::periods_at(&app, now).to_vec(),
        Some(text) => vec![period_of(text)?],
    };
    let class = query.class.as_deref().map(class_of).transpose()?;
    let grouping = grouping_of(query.group.as_deref())?;
    let today = app.config.zone.day(now);
    let found = app.store.read("get_coverage", move |conn| {
        let mut lines = Vec::new();
        for period in &periods {
            lines.extend(coverage_lines(conn, *period, class, grouping, today)?);
        }
        let missing = missing_by_reader(conn)?;
        if grouping == Grouping::Reader {
            for line in &mut lines {
                line.missing_records = line.group_id.map(|reader| missing.get(&reader).copied().unwrap_or(0));
            }
        }
        Ok((lines, missing.values().sum()))
    });
    let (lines, missing_records) = found.await?;
    Ok(Json(CoverageReport { counted_at: Time(now), missing_records, lines }))
}

fn coverage_lines(
    conn: &mut Conn,
    period: Period,
    class: Option<Class>,
    grouping: Grouping,
    today: NaiveDate,
) -> diesel::QueryResult<Vec<CoverageLine>> {
    let lines = store::lines(conn, period, grouping, as_of(period, today))?;
    let names = store::group_names(conn, grouping)?;
    let settings = rulebook(conn)?.coverage(period);
    let wanted = lines.iter().filter(|((of, _), _)| class.is_none_or(|class| class == *of));
    let line = |((class, id), line): (&(Class, i64), &store::Line)| {
        let group = (grouping != Grouping::Class).then(|| (*id, names.get(id).cloned().unwrap_or_default()));
        CoverageLine::of(period.to_string(), *class, group, line, &settings)
    };
    Ok(wanted.map(line).collect())
}
