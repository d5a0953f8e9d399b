//! Proving plan, counters and readers' days by computing them again from the records, and putting right what is not.

use super::counters::{load_counters, recount};
use super::facts::load_facts;
use super::judges::Judges;
use super::plan::{PlanRow, load_plan, rows_under};
use crate::db::schema::{coverage_counters, coverage_marks, reader_days};
use crate::db::{Conn, each};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use meterbook::calendar::{Period, Zone};
use meterbook::coverage::Mark;
use meterbook::meters::Class;
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

#[derive(QueryableByName, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct MarkRow {
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    area_id: i64,
    #[diesel(sql_type = BigInt)]
    route_id: i64,
    #[diesel(sql_type = BigInt)]
    reader_id: i64,
    #[diesel(sql_type = Integer)]
    mark: i32,
    #[diesel(sql_type = BigInt)]
    points: i64,
}

fn marks_by_plan(period: Period) -> String {
    let key = period.key();
    let one = |mark: Mark| {
        format!(
            "SELECT class, area_id, route_id, reader_id, {} AS mark, COUNT(*) AS points \
             FROM coverage_plan WHERE period = {key} AND {} GROUP BY class, area_id, route_id, reader_id",
            mark.number(),
            rows_under(mark)
        )
    };
    Mark::ALL.map(one).join(" UNION ALL ")
}

/// Counters of a period that are not the sum of its rows.
pub fn verify_counters(conn: &mut Conn, period: Period) -> QueryResult<Vec<Difference>> {
    let (kept, computed) = (load_counters(conn, period)?, recount(conn, period)?);
    let bucket = |counter: &super::Counter| {
        let (area, route, reader) = (counter.area_id, counter.route_id, counter.reader_id);
        let place = format!(
            "{period} {} area {area} route {route} reader {reader} {}",
            counter.class.code(),
            counter.bucket.code()
        );
        (place, i64::try_from(counter.points).unwrap_or(i64::MAX))
    };
    let kept_marks = format!(
        "SELECT class, area_id, route_id, reader_id, mark, points FROM coverage_marks WHERE period = {} AND points <> 0",
        period.key()
    );
    let marks = |conn: &mut Conn, sql: String| -> QueryResult<Vec<(String, i64)>> {
        let rows: Vec<MarkRow> = each!(conn, c => diesel::sql_query(sql).load(c))?;
        let known = rows.into_iter().filter(|row| Class::from_code(&row.class).is_some());
        Ok(known
            .map(|MarkRow { class, area_id, route_id, reader_id, mark, points }| {
                (format!("{period} {class} area {area_id} route {route_id} reader {reader_id} mark {mark}"), points)
            })
            .collect())
    };
    let mut kept: BTreeMap<String, i64> = kept.iter().map(bucket).collect();
    kept.extend(marks(conn, kept_marks)?);
    let mut computed: BTreeMap<String, i64> = computed.iter().map(bucket).collect();
    computed.extend(marks(conn, marks_by_plan(period))?);
    Ok(differences(&kept, &computed))
}

fn differences(kept: &BTreeMap<String, i64>, computed: &BTreeMap<String, i64>) -> Vec<Difference> {
    let places: std::collections::BTreeSet<&String> = kept.keys().chain(computed.keys()).collect();
    let number = |of: &BTreeMap<String, i64>, place: &String| of.get(place).copied().unwrap_or(0);
    let differing = places.into_iter().filter(|place| number(kept, place) != number(computed, place));
    differing
        .map(|place| Difference {
            place: place.clone(),
            kept: number(kept, place).to_string(),
            computed: number(computed, place).to_string(),
        })
        .collect()
}

/// Makes the counters of a period the sum of its rows again.
pub fn rebuild_counters(conn: &mut Conn, period: Period) -> QueryResult<()> {
    let key = period.key();
    each!(conn, c => diesel::delete(coverage_counters::table.filter(coverage_counters::period.eq(key))).execute(c))?;
    each!(conn, c => diesel::delete(coverage_marks::table.filter(coverage_marks::period.eq(key))).execute(c))?;
    conn.batch(&format!(
        "INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, bucket, points) \
         SELECT period, class, area_id, route_id, reader_id, bucket, COUNT(*) FROM coverage_plan WHERE period = {key} \
         GROUP BY period, class, area_id, route_id, reader_id, bucket"
    ))?;
    conn.batch(&format!(
        "INSERT INTO coverage_marks (period, class, area_id, route_id, reader_id, mark, points) \
         SELECT {key}, class, area_id, route_id, reader_id, mark, points FROM ({}) counted",
        marks_by_plan(period)
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
