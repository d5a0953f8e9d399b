//! Proving plan, counters and readers' days by computing them again from the records, and putting right what is not.

use super::facts::load_facts;
use super::judges::Judges;
use super::plan::{PlanRow, UNSEEN, from_day, load_plan, rows_under, to_day};
use crate::db::schema::reader_days;
use crate::db::{Conn, each};
use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use meterbook::calendar::{Period, Zone};
use meterbook::coverage::{Counted, Mark, Unseen};
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
    /// What is counted: a figure, or a day.
    #[diesel(sql_type = Integer)]
    counted: i32,
    #[diesel(sql_type = BigInt)]
    points: i64,
}

impl CounterRow {
    /// In which area and route, by which reader.
    fn cell(&self) -> String {
        let Self { class, area_id, route_id, reader_id, .. } = self;
        format!("{class} area {area_id} route {route_id} reader {reader_id}")
    }

    fn figure(&self) -> String {
        match i16::try_from(self.counted).ok().and_then(Counted::from_number) {
            Some(Counted::Bucket(bucket)) => bucket.code().to_owned(),
            _ => format!("figure {}", self.counted),
        }
    }

    fn since(&self) -> String {
        format!("unseen since {}", from_day(self.counted))
    }
}

/// The rows of a period that lie under a condition, counted by place and something more.
fn count(period: Period, counted: &str, rows: &str) -> String {
    format!(
        "SELECT class, area_id, route_id, reader_id, {counted} AS counted, COUNT(*) AS points \
         FROM coverage_plan WHERE period = {} AND {rows} GROUP BY 1, 2, 3, 4, 5",
        period.key()
    )
}

/// The counters of a period as its rows make them.
fn counted_by_plan(period: Period) -> String {
    let mark = |mark| count(period, &Counted::Mark(mark).number().to_string(), rows_under(mark));
    format!("{} UNION ALL {}", count(period, "bucket", "bucket > 0"), Mark::ALL.map(mark).join(" UNION ALL "))
}

/// The ages of a period as its rows make them.
fn aged_by_plan(period: Period) -> String {
    count(period, "unseen_since", UNSEEN)
}

/// How many points there are in each place.
type Points = BTreeMap<String, i64>;

fn points_by<'r>(rows: impl IntoIterator<Item = &'r CounterRow>, place: impl Fn(&CounterRow) -> String) -> Points {
    let mut points = Points::new();
    for row in rows {
        *points.entry(place(row)).or_default() += row.points;
    }
    points
}

/// Counters of a period that are not the sum of its rows.
pub fn verify_counters(conn: &mut Conn, period: Period) -> QueryResult<Vec<Difference>> {
    let mut load = |sql: &str| -> QueryResult<Vec<CounterRow>> { each!(conn, c => diesel::sql_query(sql).load(c)) };
    let mut kept = |table: &str, place: &str, counted: &str| {
        let key = period.key();
        load(&format!("SELECT class, {place}, {counted} AS counted, points FROM {table} WHERE period = {key}"))
    };
    let anywhere = "CAST(0 AS BIGINT) AS area_id, CAST(0 AS BIGINT) AS route_id";
    let counters = kept("coverage_counters", "area_id, route_id, reader_id", "figure")?;
    let totals = kept("coverage_totals", &format!("{anywhere}, reader_id"), "figure")?;
    let ages = kept("coverage_ages", "area_id, route_id, reader_id", "unseen_since")?;
    let long = kept("coverage_long_unseen", &format!("{anywhere}, CAST(0 AS BIGINT) AS reader_id"), "unseen_since")?;
    let (counted, aged) = (load(&counted_by_plan(period))?, load(&aged_by_plan(period))?);
    let turns_long = |row: &&CounterRow| from_day(row.counted) < Unseen::turns_long_before(period);

    let cell = |row: &CounterRow| format!("{period} {} {}", row.cell(), row.figure());
    let total = |row: &CounterRow| format!("{period} {} reader {} {}", row.class, row.reader_id, row.figure());
    let age = |row: &CounterRow| format!("{period} {} {}", row.cell(), row.since());
    let day = |row: &CounterRow| format!("{period} {} {}", row.class, row.since());
    let mut found = differences(&points_by(&counters, cell), &points_by(&counted, cell));
    found.extend(differences(&points_by(&totals, total), &points_by(&counted, total)));
    found.extend(differences(&points_by(&ages, age), &points_by(&aged, age)));
    found.extend(differences(&points_by(&long, day), &points_by(aged.iter().filter(turns_long), day)));
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

/// Makes the counters of a period the sum of its rows again.
pub fn rebuild_counters(conn: &mut Conn, period: Period) -> QueryResult<()> {
    let key = period.key();
    let turns_long = to_day(Unseen::turns_long_before(period));
    let place = "class, area_id, route_id, reader_id";
    conn.batch(&format!(
        "DELETE FROM coverage_counters WHERE period = {key}; \
         DELETE FROM coverage_totals WHERE period = {key}; \
         DELETE FROM coverage_ages WHERE period = {key}; \
         DELETE FROM coverage_long_unseen WHERE period = {key}; \
         INSERT INTO coverage_counters (period, {place}, figure, points) \
         SELECT {key}, {place}, counted, points FROM ({}) AS rows_counted; \
         INSERT INTO coverage_totals (period, class, figure, reader_id, points) \
         SELECT {key}, class, figure, reader_id, SUM(points) FROM coverage_counters WHERE period = {key} \
         GROUP BY class, figure, reader_id; \
         INSERT INTO coverage_ages (period, {place}, unseen_since, points) \
         SELECT {key}, {place}, counted, points FROM ({}) AS rows_counted; \
         INSERT INTO coverage_long_unseen (period, class, unseen_since, points) \
         SELECT {key}, class, unseen_since, SUM(points) FROM coverage_ages WHERE period = {key} AND unseen_since < {turns_long} \
         GROUP BY class, unseen_since",
        counted_by_plan(period),
        aged_by_plan(period),
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
