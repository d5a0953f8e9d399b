//! Sums of a month: what fits on the front page.

use super::Scope;
use crate::coverage::store::{group_names, lines};
use crate::coverage::{CoverageLine, Grouping, as_of};
use crate::db::schema::{accounts, cases, coverage_plan, record_links, records, service_points};
use crate::db::{Conn, among, each};
use crate::http::to_ms;
use crate::reports::book::hex;
use crate::reports::daily::store::load_sold;
use crate::reports::looks::store::{CHUNK, load_looks};
use crate::reports::month::{AnomalyLine, ReportCoverage, VolumeLine};
use crate::settings::store::rulebook;
use aws_lc_rs::digest::{Context, SHA256};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use meterbook::calendar::Period;
use meterbook::quantity::Volume;
use std::collections::{BTreeMap, HashMap};

/// Coverage of a period by class, area, route and reader, with ages as of the report's day.
pub fn load_coverage(conn: &mut Conn, scope: &Scope, period: Period) -> QueryResult<Vec<ReportCoverage>> {
    const LEVELS: [(&str, Grouping); 4] = [
        ("class", Grouping::Class),
        ("area", Grouping::Area),
        ("route", Grouping::Route),
        ("reader", Grouping::Reader),
    ];
    let settings = rulebook(conn)?.coverage(period);
    let day = as_of(period, scope.zone.day(scope.cut_off));
    let mut coverage = Vec::new();
    for (level, grouping) in LEVELS {
        let names = group_names(conn, grouping)?;
        for ((class, group), line) in lines(conn, period, grouping, day)? {
            let group = (grouping != Grouping::Class).then(|| (group, names.get(&group).cloned().unwrap_or_default()));
            let figures = CoverageLine::of(period.to_string(), class, group, &line, &settings);
            coverage.push(ReportCoverage { level: level.to_owned(), figures });
        }
    }
    Ok(coverage)
}

/// SHA-256 over the population of the given periods: a line `period,point,class,area,route` for each point, in order. The same
/// points in the same places give the same hash, whatever was read of them.
pub fn population_hash(conn: &mut Conn, periods: &[Period]) -> QueryResult<String> {
    use coverage_plan as plan;
    const AT_ONCE: i64 = 5_000;
    let mut hash = Context::new(&SHA256);
    for period in periods {
        let mut after = 0;
        loop {
            let rows: Vec<(i64, String, i64, i64)> = each!(conn, c => plan::table
                .filter(plan::period.eq(period.key()))
                .filter(plan::point_id.gt(after))
                .order(plan::point_id)
                .limit(AT_ONCE)
                .select((plan::point_id, plan::class, plan::area_id, plan::route_id))
                .load(c))?;
            let Some(last) = rows.last() else { break };
            after = last.0;
            for (point, class, area, route) in &rows {
                hash.update(format!("{period},{point},{class},{area},{route}\n").as_bytes());
            }
        }
    }
    Ok(hex(hash.finish().as_ref()))
}

/// Cases of readings made in the month, by list and rule.
pub fn load_anomalies(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<AnomalyLine>> {
    let (from, until) = scope.span();
    let stake = diesel::dsl::sql::<BigInt>("CAST(COALESCE(SUM(stake), 0) AS BIGINT)");
    let rows: Vec<(String, String, String, i64, i64)> = each!(conn, c => cases::table
        .filter(cases::observed_at.ge(to_ms(from)))
        .filter(cases::observed_at.lt(to_ms(until)))
        .group_by((cases::kind, cases::rule, cases::state))
        .order((cases::kind, cases::rule, cases::state))
        .select((cases::kind, cases::rule, cases::state, diesel::dsl::count_star(), stake))
        .load(c))?;
    let mut lines: BTreeMap<(String, String), AnomalyLine> = BTreeMap::new();
    for (kind, rule, state, count, stake) in rows {
        let count = u64::try_from(count).unwrap_or(0);
        let line = lines.entry((kind.clone(), rule.clone())).or_insert(AnomalyLine {
            kind,
            rule,
            cases: 0,
            open: 0,
            confirmed: 0,
            dismissed: 0,
            stake: 0,
        });
        line.cases += count;
        match state.as_str() {
            "dismissed" => line.dismissed += count,
            "open" => line.open += count,
            _ => line.confirmed += count,
        }
        line.stake = line.stake.saturating_add(if state == "dismissed" { 0 } else { stake });
    }
    Ok(lines.into_values().collect())
}

/// Gas read and sold, by area and class.
pub fn load_volumes(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<VolumeLine>> {
    let (from, until) = scope.span();
    let mut read: BTreeMap<(i64, String), (u64, Volume)> = BTreeMap::new();
    for chunk in read_points(conn, scope)?.chunks(CHUNK) {
        let places: Vec<(i64, i64, String)> = each!(conn, c => service_points::table
            .filter(among(service_points::id, chunk))
            .select((service_points::id, service_points::area_id, service_points::class))
            .load(c))?;
        let places: HashMap<i64, (i64, String)> =
            places.into_iter().map(|(id, area, class)| (id, (area, class))).collect();
        for looked in load_looks(conn, chunk, from, until)? {
            let volumes = looked.steps();
            let Some(place) = places.get(&looked.point).filter(|_| !volumes.is_empty()) else { continue };
            let (points, volume) = read.entry(place.clone()).or_default();
            *points += 1;
            *volume = *volume + volumes.iter().map(|step| step.volume).sum();
        }
    }
    let mut lines: BTreeMap<(i64, String), VolumeLine> = load_sold(conn, (from, until))?
        .iter()
        .map(|sold| ((sold.area_id, sold.class.clone()), VolumeLine::of_sold(sold)))
        .collect();
    let areas = group_names(conn, Grouping::Area)?;
    for ((area, class), (points, volume)) in read {
        let line = lines.entry((area, class.clone())).or_insert_with(|| VolumeLine {
            area_id: area,
            area: areas.get(&area).cloned().unwrap_or_default(),
            class,
            points: 0,
            volume_read: 0,
            purchases: 0,
            volume_sold: 0,
            paid_fen: 0,
        });
        (line.points, line.volume_read) = (points, volume.litres());
    }
    let mut lines: Vec<VolumeLine> = lines.into_values().collect();
    lines.sort_by(|one, other| (&one.area, &one.class).cmp(&(&other.area, &other.class)));
    Ok(lines)
}

/// Points with a reading in the month, in order.
fn read_points(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<i64>> {
    let (from, until) = scope.span();
    each!(conn, c => records::table
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .filter(records::kind.eq("reading"))
        .select(records::point_id)
        .distinct()
        .order(records::point_id)
        .load(c))
}

/// Attempts and corrections made in the month.
pub fn count_records(conn: &mut Conn, scope: &Scope) -> QueryResult<(i64, i64)> {
    let (from, until) = scope.span();
    let rows: Vec<(String, i64)> = each!(conn, c => records::table
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .group_by(records::kind)
        .select((records::kind, diesel::dsl::count_star()))
        .load(c))?;
    let count = |kind: &str| rows.iter().find(|(known, _)| known == kind).map_or(0, |(_, count)| *count);
    Ok((count("attempt"), count("correction")))
}

/// A correction made in the month, as the list and the sums need it.
pub type CorrectionFacts = (
    (crate::db::Uuid16, String, Option<i64>, i64, Option<crate::db::Uuid16>, Option<i64>),
    (String, Option<String>, Option<String>),
);

/// Corrections made in the month, by time: their own columns; 户号, reader's name, state of the link.
pub fn load_corrections(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<CorrectionFacts>> {
    let (from, until) = scope.span();
    each!(conn, c => records::table
        .inner_join(service_points::table.on(service_points::id.eq(records::point_id)))
        .left_join(accounts::table.on(accounts::id.nullable().eq(records::reader_id)))
        .left_join(record_links::table.on(record_links::record_id.eq(records::id)))
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .filter(records::kind.eq("correction"))
        .order((records::observed_at, records::id))
        .select((
            (records::id, records::code, records::reader_id, records::observed_at, records::target_id, records::figure_index),
            (service_points::number, accounts::name.nullable(), record_links::state.nullable()),
        ))
        .load(c))
}
