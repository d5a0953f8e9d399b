//! Reading coverage.

use super::store::{self, Counter};
use super::wire::{CoverageLine, CoverageReport};
use crate::App;
use crate::db::Conn;
use crate::http::{Problem, ProblemCode, Session, Time};
use actix_web::get;
use actix_web::web::{Data, Json, Query};
use meterbook::accounts::Operation;
use meterbook::calendar::Period;
use meterbook::coverage::{Settings, Tally};
use meterbook::meters::Class;
use serde::Deserialize;
use std::collections::BTreeMap;

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

/// What lines are grouped by.
#[derive(Clone, Copy)]
pub enum Grouping {
    /// The class alone.
    Class,
    /// By area.
    Area,
    /// By route.
    Route,
    /// By reader.
    Reader,
}

impl Grouping {
    const fn key(self, counter: &Counter) -> i64 {
        match self {
            Self::Class => 0,
            Self::Area => counter.area_id,
            Self::Route => counter.route_id,
            Self::Reader => counter.reader_id,
        }
    }
}

fn wrong(name: &str, expected: &str) -> Problem {
    Problem::new(ProblemCode::InvalidParameter).fault(
        name,
        "invalid",
        format!("应为 {expected}"),
        format!("expected {expected}"),
    )
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
        Some(text) => vec![Period::parse(text).ok_or_else(|| wrong("period", "YYYY-MM / YYYY-Qn"))?],
    };
    let class = match query.class.as_deref() {
        None => None,
        Some(code) => {
            Some(Class::from_code(code).ok_or_else(|| wrong("class", &Class::ALL.map(Class::code).join(" / ")))?)
        }
    };
    let grouping = match query.group.as_deref() {
        None | Some("class") => Grouping::Class,
        Some("area") => Grouping::Area,
        Some("route") => Grouping::Route,
        Some("reader") => Grouping::Reader,
        Some(_) => return Err(wrong("group", "class / area / route / reader")),
    };
    let lines = app.store.read("get_coverage", move |conn| {
        let mut lines = Vec::new();
        for period in &periods {
            lines.extend(coverage_lines(conn, *period, class, grouping)?);
        }
        Ok(lines)
    });
    Ok(Json(CoverageReport { counted_at: Time(now), lines: lines.await? }))
}

fn coverage_lines(
    conn: &mut Conn,
    period: Period,
    class: Option<Class>,
    grouping: Grouping,
) -> diesel::QueryResult<Vec<CoverageLine>> {
    let mut tallies: BTreeMap<(Class, i64), Tally> = BTreeMap::new();
    for counter in store::load_counters(conn, period)? {
        if class.is_none_or(|class| class == counter.class) {
            tallies.entry((counter.class, grouping.key(&counter))).or_default().put(counter.bucket, counter.points);
        }
    }
    let names = store::group_names(conn, grouping)?;
    let settings = Settings::default();
    let line = |((class, id), tally): (&(Class, i64), &Tally)| {
        let group = (!matches!(grouping, Grouping::Class)).then(|| (*id, names.get(id).cloned().unwrap_or_default()));
        CoverageLine::of(period.to_string(), *class, group, tally, &settings)
    };
    Ok(tallies.iter().map(line).collect())
}
