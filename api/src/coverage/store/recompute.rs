//! Proving plan, counters and readers' days by computing them again from the records, and putting right what is not.

use super::facts::load_facts;
use super::judges::Judges;
use super::plan::{PlanRow, load_plan, rows_under};
use crate::db::schema::{coverage_counters, coverage_totals, reader_days};
use crate::db::{Conn, each};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use meterbook::calendar::{Period, Zone};
use meterbook::coverage::{Counted, Mark};
use std::collections::BTreeMap;

/// Something that is not as its facts say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `2026-03 point 17`, `2026-03 residential_outdoor area 1 …`, `reader 3 day …`.
    pub place: String,
    /// What is kept.
    pub kept: String,
    /// What the facts say.
    pub computed: String,
}

fn said(row: Option<&PlanRow>) -> String {
    row.map_or_else(|| "-".to_owned(), |row| format!("{row:?}"))
}

/// Rows of points that are not what their facts say.
pub fn verify_chunk(conn: &mut Conn, zone: Zone, points: &[i64], period: Period) -> QueryResult<Vec<Difference>> {
    let judges = Judges::load(conn, zone, &[period])?;
    let facts = load_facts(conn, points)?;
    let stored = load_plan(conn, points, &judges.periods())?;
    let mut found = Vec::new();
    for point in &facts {
        for judge in judges.iter() {
            let (kept, computed) = (stored.get(&(period.key(), point.id)), point.place(&judge));
            if kept != computed.as_ref() {
                let place = format!("{period} point {}", point.id);
                found.push(Difference { place, kept: said(kept), computed: said(computed.as_ref()) });
            }
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct CounterRow {
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    area_id: i64,
    #[diesel(sql_type = BigInt)]
    route_id: i64,
    #[diesel(sql_type = BigInt)]
    reader_id: i64,
    #[diesel(sql_type = Integer)]
    figure: i32,
    #[diesel(sql_type = BigInt)]
    points: i64,
}

/// The counters of a period as its rows make them.
fn counted_by_plan(period: Period) -> String {
    let count = |figure: &str, rows: &str| {
        format!(
            "SELECT class, area_id, route_id, reader_id, {figure} AS figure, COUNT(*) AS points \
             FROM coverage_plan WHERE period = {} AND {rows} GROUP BY class, area_id, route_id, reader_id",
            period.key()
        )
    };
    let marks = Mark::ALL.map(|mark| count(&Counted::Mark(mark).number().to_string(), rows_under(mark)));
    format!("{}, bucket UNION ALL {}", count("bucket", "bucket > 0"), marks.join(" UNION ALL "))
}

/// How many points there are in each place.
type Points = BTreeMap<String, i64>;

fn points_by(rows: &[CounterRow], place: impl Fn(&CounterRow) -> String) -> Points {
    let mut points = Points::new();
    for row in rows {
        let figure = match i16::try_from(row.figure).ok().and_then(Counted::from_number) {
            Some(Counted::Bucket(bucket)) => bucket.code().to_owned(),
            _ => format!("figure {}", row.figure),
        };
        *points.entry(format!("{} {figure}", place(row))).or_default() += row.points;
    }
    points
}

/// Counters and totals of a period that are not the sum of its rows.
pub fn verify_counters(conn: &mut Conn, period: Period) -> QueryResult<Vec<Difference>> {
    let key = period.key();
    let load = |conn: &mut Conn, sql: &str| -> QueryResult<Vec<CounterRow>> {
        each!(conn, c => diesel::sql_query(sql).load(c))
    };
    let columns = "class, area_id, route_id, reader_id, figure, points";
    let kept = load(conn, &format!("SELECT {columns} FROM coverage_counters WHERE period = {key}"))?;
    let all = "class, CAST(0 AS BIGINT) AS area_id, CAST(0 AS BIGINT) AS route_id, reader_id, figure, points";
    let totals = load(conn, &format!("SELECT {all} FROM coverage_totals WHERE period = {key}"))?;
    let computed = load(conn, &counted_by_plan(period))?;
    let cell = |row: &CounterRow| {
        let CounterRow { class, area_id, route_id, reader_id, .. } = row;
        format!("{period} {class} area {area_id} route {route_id} reader {reader_id}")
    };
    let total = |row: &CounterRow| format!("{period} {} reader {}", row.class, row.reader_id);
    let mut found = differences(&points_by(&kept, cell), &points_by(&computed, cell));
    found.extend(differences(&points_by(&totals, total), &points_by(&computed, total)));
    Ok(found)
}

fn differences(kept: &Points, computed: &Points) -> Vec<Difference> {
    let places: std::collections::BTreeSet<&String> = kept.keys().chain(computed.keys()).collect();
    let number = |of: &Points, place: &String| of.get(place).copied().unwrap_or(0);
    let differing = places.into_iter().filter(|place| number(kept, place) != number(computed, place));
    differing
        .map(|place| Difference {
            place: place.clone(),
            kept: number(kept, place).to_string(),
            computed: number(computed, place).to_string(),
        })
        .collect()
}

/// Makes the counters and totals of a period the sum of its rows again.
pub fn rebuild_counters(conn: &mut Conn, period: Period) -> QueryResult<()> {
    let key = period.key();
    each!(conn, c => diesel::delete(coverage_counters::table.filter(coverage_counters::period.eq(key))).execute(c))?;
    each!(conn, c => diesel::delete(coverage_totals::table.filter(coverage_totals::period.eq(key))).execute(c))?;
    conn.batch(&format!(
        "INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, figure, points) \
         SELECT {key}, class, area_id, route_id, reader_id, figure, points FROM ({}) counted",
        counted_by_plan(period)
    ))?;
    conn.batch(&format!(
        "INSERT INTO coverage_totals (period, class, figure, reader_id, points) \
         SELECT period, class, figure, reader_id, SUM(points) FROM coverage_counters WHERE period = {key} \
         GROUP BY period, class, figure, reader_id"
    ))
}

/// Reader and day, with readings and attempts.
type Days = BTreeMap<(i64, i32), (i64, i64)>;

fn days_kept(conn: &mut Conn) -> QueryResult<Days> {
    let rows: Vec<(i64, i32, i64, i64)> = each!(conn, c => reader_days::table
        .select((reader_days::reader_id, reader_days::day, reader_days::readings, reader_days::attempts)).load(c))?;
    Ok(rows.into_iter().map(|(reader, day, readings, attempts)| ((reader, day), (readings, attempts))).collect())
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = BigInt)]
    reader_id: i64,
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = BigInt)]
    readings: i64,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

fn days_by_sql(zone: Zone) -> String {
    // A zone is an offset: how much earlier its days begin is the same on every day.
    let noon = chrono::DateTime::UNIX_EPOCH + TimeDelta::hours(12);
    let shift = i64::from(zone.local(noon).offset().local_minus_utc()) * 1_000;
    format!(
        "SELECT reader_id, (observed_at + {shift}) / 86400000 AS day, \
         CAST(SUM(CASE WHEN kind = 'reading' THEN 1 ELSE 0 END) AS BIGINT) AS readings, \
         CAST(SUM(CASE WHEN kind = 'attempt' THEN 1 ELSE 0 END) AS BIGINT) AS attempts FROM records \
         WHERE reader_id IS NOT NULL AND kind IN ('reading', 'attempt') AND observed_at + {shift} >= 0 GROUP BY 1, 2"
    )
}

/// Readers' days that are not what their records say.
pub fn verify_days(conn: &mut Conn, zone: Zone) -> QueryResult<Vec<Difference>> {
    let rows: Vec<DayRow> = each!(conn, c => diesel::sql_query(days_by_sql(zone)).load(c))?;
    let day = |day: i64| i32::try_from(day).unwrap_or(i32::MAX);
    let computed: Days =
        rows.into_iter().map(|row| ((row.reader_id, day(row.day)), (row.readings, row.attempts))).collect();
    let text = |days: &Days| {
        let lines = days.iter().flat_map(|((reader, day), (readings, attempts))| {
            let place = |what: &str| format!("reader {reader} day {day} {what}");
            [(place("readings"), *readings), (place("attempts"), *attempts)]
        });
        lines.filter(|(_, count)| *count != 0).collect()
    };
    Ok(differences(&text(&days_kept(conn)?), &text(&computed)))
}

/// Counts readers' days anew from the records.
pub fn rebuild_days(conn: &mut Conn, zone: Zone) -> QueryResult<()> {
    each!(conn, c => diesel::delete(reader_days::table).execute(c))?;
    conn.batch(&format!(
        "INSERT INTO reader_days (reader_id, day, readings, attempts) SELECT reader_id, day, readings, attempts FROM ({}) counted",
        days_by_sql(zone)
    ))
}
