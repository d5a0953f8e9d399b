//! This month against others. What was published stays the measure; only a month that never was is computed anew.

use super::store::{Scope, published, sums};
use super::{AnomalyLine, ComparisonLine, MonthReport, ReportCoverage, VolumeLine};
use crate::coverage::closing::store::find_period;
use crate::db::Conn;
use diesel::QueryResult;
use meterbook::calendar::Period;
use meterbook::meters::Class;

/// One figure of one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    name: &'static str,
    class: String,
    unit: &'static str,
    value: Option<i64>,
}

impl Figure {
    fn is(&self, line: &ComparisonLine) -> bool {
        self.name == line.figure && self.class == line.class
    }

    fn alone(self) -> ComparisonLine {
        ComparisonLine {
            figure: self.name.to_owned(),
            class: self.class,
            unit: self.unit.to_owned(),
            this: self.value,
            last_month: None,
            last_year: None,
        }
    }
}

fn coverage_figures(coverage: &[ReportCoverage]) -> Vec<Figure> {
    let count = |count: u64| i64::try_from(count).ok();
    let mut figures = Vec::new();
    for line in coverage.iter().filter(|line| line.level == "class") {
        let mut add = |name, unit, value| figures.push(Figure { name, class: line.figures.class.clone(), unit, value });
        add("seen", "count", count(line.figures.seen));
        add("denominator", "count", count(line.figures.denominator));
        add("rate", "bp", line.figures.rate_bp.map(i64::from));
    }
    figures
}

/// The figures of a month out of what is known of it.
pub fn figures(
    conn: &mut Conn,
    scope: &Scope,
    coverage: &[ReportCoverage],
    volumes: &[VolumeLine],
    anomalies: &[AnomalyLine],
) -> QueryResult<Vec<Figure>> {
    let mut figures = coverage_figures(coverage);
    let (attempts, corrections) = sums::count_records(conn, scope)?;
    let mut add = |name, unit, value| figures.push(Figure { name, class: String::new(), unit, value: Some(value) });
    add("volume_read", "litres", volumes.iter().map(|line| line.volume_read).sum());
    add("volume_sold", "litres", volumes.iter().map(|line| line.volume_sold).sum());
    add("paid", "fen", volumes.iter().map(|line| line.paid_fen).sum());
    add("cases", "count", anomalies.iter().map(|line| i64::try_from(line.cases).unwrap_or(i64::MAX)).sum());
    add("attempts", "count", attempts);
    add("corrections", "count", corrections);
    Ok(figures)
}

/// The figures of this month beside those of the last and of the same one last year.
pub fn compare(conn: &mut Conn, scope: &Scope, this: &[Figure]) -> QueryResult<Vec<ComparisonLine>> {
    let (quarter, last_year) = (scope.quarter(), scope.of(scope.last_year()));
    let last_month = lines_of(conn, &scope.of(scope.month.previous()), quarter.previous())?;
    let last_year = lines_of(conn, &last_year, last_year.quarter())?;
    let line = |figure: &Figure| {
        let of = |lines: &[ComparisonLine]| lines.iter().find(|line| figure.is(line)).and_then(|line| line.this);
        ComparisonLine {
            figure: figure.name.to_owned(),
            class: figure.class.clone(),
            unit: figure.unit.to_owned(),
            this: figure.value,
            last_month: of(&last_month),
            last_year: of(&last_year),
        }
    };
    Ok(this.iter().map(line).collect())
}

/// The figures of an earlier month as lines, those of indoor points of a quarter: the one before, not the same one again. Empty
/// where the service knows nothing.
fn lines_of(conn: &mut Conn, scope: &Scope, quarter: Period) -> QueryResult<Vec<ComparisonLine>> {
    let ends_quarter = scope.of(last_month_of(quarter));
    let mut lines = match published_lines(conn, scope.month)? {
        Some(lines) => lines,
        None => computed_lines(conn, scope)?,
    };
    lines.retain(|line| line.class != Class::ResidentialIndoor.code());
    let of_quarter = match published_lines(conn, ends_quarter.month)? {
        Some(lines) => lines,
        None => coverage_lines(&sums::load_coverage(conn, scope, quarter)?),
    };
    lines.extend(of_quarter.into_iter().filter(|line| line.class == Class::ResidentialIndoor.code()));
    Ok(lines)
}

fn last_month_of(quarter: Period) -> Period {
    Period::month_of(quarter.end_day()).previous()
}

fn published_lines(conn: &mut Conn, month: Period) -> QueryResult<Option<Vec<ComparisonLine>>> {
    let Some(row) = published::find(conn, month)? else { return Ok(None) };
    let report: MonthReport =
        serde_json::from_str(&row.body).map_err(|fault| diesel::result::Error::DeserializationError(fault.into()))?;
    Ok(Some(report.comparison))
}

fn computed_lines(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<ComparisonLine>> {
    let volumes = sums::load_volumes(conn, scope)?;
    if volumes.is_empty() && find_period(conn, scope.month)?.is_none() {
        return Ok(Vec::new());
    }
    let coverage = sums::load_coverage(conn, scope, scope.month)?;
    let anomalies = sums::load_anomalies(conn, scope)?;
    Ok(figures(conn, scope, &coverage, &volumes, &anomalies)?.into_iter().map(Figure::alone).collect())
}

fn coverage_lines(coverage: &[ReportCoverage]) -> Vec<ComparisonLine> {
    coverage_figures(coverage).into_iter().map(Figure::alone).collect()
}
