//! The month-end report (抄表月报, R-9): made from the data as they stand, published once when its month is closed.
//!
//! The figures of a published report are kept as the JSON they were, its lists as JSON lines, and every file is printed from
//! them: asked again in ten years, it gives the same bytes (I11).

mod comparison;
pub mod lists;
mod publish;
pub mod routes;
mod sheets;
mod source;
pub mod store;
mod wire;

pub use publish::{publish, publish_closed};
pub use sheets::SHEETS;
pub use source::Source;
pub use wire::*;

use crate::coverage::CoverageLine;
use crate::coverage::closing::store::find_period;
use crate::db::Conn;
use crate::http::Time;
use crate::settings::rules_version;
use crate::settings::store::rulebook;
use diesel::QueryResult;
use lists::{PurchaseChangeRow, ReconciliationRow};
use meterbook::coverage::{Bucket, Phase, phase};
use meterbook::reports::PurchaseChange;
use meterbook::reports::figures::Verdict;
use std::collections::BTreeMap;
use store::{Scope, published, rows, sums};

/// Makes the report from the data as they stand.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, scope: &Scope) -> QueryResult<MonthReport> {
    let mut coverage = sums::load_coverage(conn, scope, scope.month)?;
    coverage.extend(sums::load_coverage(conn, scope, scope.quarter())?);
    let before = published::find(conn, scope.month)?;
    let before: Option<MonthReport> = before.and_then(|row| serde_json::from_str(&row.body).ok());
    let differences = before.as_ref().map(|before| differences(&before.coverage, &coverage)).unwrap_or_default();
    let anomalies = sums::load_anomalies(conn, scope)?;
    let volumes = sums::load_volumes(conn, scope)?;
    let figures = comparison::figures(conn, scope, &coverage, &volumes, &anomalies)?;
    Ok(MonthReport {
        month: scope.month.to_string(),
        state: state(conn, scope)?.to_owned(),
        version: 0,
        cut_off: Time(scope.cut_off),
        rules_version: rules_version(&*rulebook(conn)?, scope.month.first_day()),
        population_hash: sums::population_hash(conn, &[scope.month, scope.quarter()])?,
        not_read: not_read(&coverage),
        coverage,
        anomalies,
        volumes,
        reconciliation: count_reconciliation(conn, scope)?,
        corrections: count_corrections(conn, scope)?,
        purchase_changes: count_purchase_changes(conn, scope)?,
        comparison: comparison::compare(conn, scope, &figures)?,
        differences,
    })
}

/// How firm the figures are.
fn state(conn: &mut Conn, scope: &Scope) -> QueryResult<&'static str> {
    if find_period(conn, scope.month)?.is_some_and(|(_, closing)| closing.is_some()) {
        return Ok("restated");
    }
    Ok(match phase(scope.month, scope.cut_off, scope.zone, &rulebook(conn)?.coverage(scope.month)) {
        Phase::Future | Phase::Running => "running",
        Phase::Provisional => "provisional",
        Phase::Final => "final",
    })
}

fn not_read(coverage: &[ReportCoverage]) -> Vec<NotReadLine> {
    let missed = Bucket::ALL.into_iter().filter(|bucket| bucket.in_denominator() && *bucket != Bucket::Seen);
    let missed: Vec<Bucket> = missed.collect();
    let of_class = coverage.iter().filter(|line| line.level == "class");
    let lines = of_class.flat_map(|line| {
        let line_of = |bucket: &Bucket| NotReadLine {
            class: line.figures.class.clone(),
            bucket: bucket.code().to_owned(),
            points: line.figures.count(*bucket),
        };
        missed.iter().map(line_of).filter(|line| line.points > 0).collect::<Vec<_>>()
    });
    lines.collect()
}

/// What is no longer as it was published, count by count.
fn differences(published: &[ReportCoverage], now: &[ReportCoverage]) -> Vec<DifferenceLine> {
    type Key<'a> = (&'a str, &'a str, Option<i64>);
    fn by_place(lines: &[ReportCoverage]) -> BTreeMap<Key<'_>, &CoverageLine> {
        let pairs = lines.iter().map(|ReportCoverage { level, figures }| {
            ((level.as_str(), figures.class.as_str(), figures.group_id), figures)
        });
        pairs.collect()
    }
    let (before, after) = (by_place(published), by_place(now));
    let mut keys: Vec<&Key<'_>> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut found = Vec::new();
    for key in keys {
        let (was, is) = (before.get(key), after.get(key));
        for bucket in Bucket::ALL {
            let count = |line: Option<&&CoverageLine>| line.map_or(0, |line| line.count(bucket));
            if count(was) != count(is) {
                let name = is.or(was).and_then(|line| line.group_name.clone()).unwrap_or_default();
                found.push(DifferenceLine {
                    level: key.0.to_owned(),
                    class: key.1.to_owned(),
                    group_id: key.2.unwrap_or(0),
                    group_name: name,
                    bucket: bucket.code().to_owned(),
                    published: count(was),
                    now: count(is),
                });
            }
        }
    }
    found
}

fn counted<C: Copy>(
    all: impl IntoIterator<Item = C>,
    code: impl Fn(C) -> &'static str,
    of: &BTreeMap<String, u64>,
) -> Vec<CountLine> {
    let line = |one: C| CountLine { code: code(one).to_owned(), count: of.get(code(one)).copied().unwrap_or(0) };
    all.into_iter().map(line).collect()
}

fn count_reconciliation(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<CountLine>> {
    let mut counts = BTreeMap::new();
    Source::Live(*scope).for_each(conn, |row: ReconciliationRow| {
        *counts.entry(row.verdict).or_default() += 1;
        Ok(())
    })?;
    Ok(counted(Verdict::ALL, Verdict::code, &counts))
}

fn count_purchase_changes(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<CountLine>> {
    let mut counts = BTreeMap::new();
    Source::Live(*scope).for_each(conn, |row: PurchaseChangeRow| {
        *counts.entry(row.change).or_default() += 1;
        Ok(())
    })?;
    Ok(counted(PurchaseChange::ALL, PurchaseChange::code, &counts))
}

fn count_corrections(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<ReportCorrections>> {
    let mut lines: BTreeMap<(i64, String), ReportCorrections> = BTreeMap::new();
    let (found, _) = rows::corrections(conn, scope, 0, i64::MAX)?;
    for row in found.into_iter().filter(|row| row.state == "linked") {
        let line = lines.entry((row.reader_id, row.reason.clone())).or_insert(ReportCorrections {
            reader_id: row.reader_id,
            reader_name: row.reader,
            reason: row.reason,
            corrections: 0,
            late: 0,
        });
        line.corrections += 1;
        line.late += u64::from(row.late);
    }
    Ok(lines.into_values().collect())
}
