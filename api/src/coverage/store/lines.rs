//! Lines of coverage, summed from counters: what a dashboard reads. Its cost never depends on how many readings there are.

use super::plan::{from_day, to_day};
use crate::coverage::Grouping;
use crate::db::schema::{accounts, areas, routes};
use crate::db::{Conn, Value, each, statement};
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use meterbook::calendar::Period;
use meterbook::coverage::{Companions, Counted, Tally, Unseen, classes_of, is_period_of};
use meterbook::meters::Class;
use std::collections::{BTreeMap, HashMap};

/// The figures of a class, or of an area, route or reader within it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    /// The buckets.
    pub tally: Tally,
    /// The companions.
    pub companions: Companions,
    /// How long the unseen have been unseen.
    pub unseen: Unseen,
}

/// Lines by class and group.
pub type Lines = BTreeMap<(Class, i64), Line>;

#[derive(QueryableByName)]
pub(in crate::coverage) struct FigureRow {
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    group_id: i64,
    #[diesel(sql_type = Integer)]
    figure: i32,
    #[diesel(sql_type = BigInt)]
    points: i64,
}

/// The lines of a period as its counters stand, with ages as of a day.
pub fn lines(conn: &mut Conn, period: Period, grouping: Grouping, as_of: NaiveDate) -> QueryResult<Lines> {
    let mut lines = summed(figures(conn, period, grouping)?, period);
    for (key, unseen) in ages(conn, period, grouping, as_of)? {
        if let Some(line) = lines.get_mut(&key) {
            line.unseen = unseen;
        }
    }
    Ok(lines)
}

fn figures(conn: &mut Conn, period: Period, grouping: Grouping) -> QueryResult<Vec<FigureRow>> {
    let (group, key) = (column(grouping), period.key());
    let (table, by) = match grouping {
        Grouping::Class => return class_figures(conn, period),
        Grouping::Reader => ("coverage_totals", "class, reader_id, figure"),
        Grouping::Area => ("coverage_counters", "class, area_id, figure"),
        Grouping::Route => ("coverage_counters", "class, route_id, figure"),
    };
    let sql = format!(
        "SELECT class, {group} AS group_id, figure, CAST(SUM(points) AS BIGINT) AS points FROM {table} WHERE period = {key} GROUP BY {by}"
    );
    each!(conn, c => diesel::sql_query(sql).load(c))
}

/// What every dashboard asks for, again and again: planning it takes PostgreSQL as long as reading it.
fn class_figures(conn: &mut Conn, period: Period) -> QueryResult<Vec<FigureRow>> {
    let figures = statement!(
        "SELECT class, CAST(0 AS BIGINT) AS group_id, figure, CAST(SUM(points) AS BIGINT) AS points \
         FROM coverage_totals WHERE period = ? GROUP BY class, figure",
        Value::Small(period.key()),
    );
    each!(conn, c => figures.load(c))
}

/// The buckets alone, without ages.
pub fn tallies(conn: &mut Conn, period: Period, grouping: Grouping) -> QueryResult<BTreeMap<(Class, i64), Tally>> {
    let lines = summed(figures(conn, period, grouping)?, period);
    Ok(lines.into_iter().map(|(key, line)| (key, line.tally)).collect())
}

/// The column lines are grouped by.
pub(in crate::coverage) const fn column(grouping: Grouping) -> &'static str {
    match grouping {
        Grouping::Class => "CAST(0 AS BIGINT)",
        Grouping::Area => "area_id",
        Grouping::Route => "route_id",
        Grouping::Reader => "reader_id",
    }
}

/// Lines of rows of figures; a line is there where a point is.
pub(in crate::coverage) fn summed(rows: Vec<FigureRow>, period: Period) -> Lines {
    let mut lines = Lines::new();
    for row in rows {
        let class = Class::from_code(&row.class).filter(|class| is_period_of(*class, period));
        let points = u64::try_from(row.points).ok().filter(|points| *points > 0);
        let (Some(class), Some(points)) = (class, points) else { continue };
        let line = lines.entry((class, row.group_id)).or_default();
        match i16::try_from(row.figure).ok().and_then(Counted::from_number) {
            Some(Counted::Bucket(bucket)) => line.tally.put(bucket, points),
            Some(Counted::Mark(mark)) => line.companions.put(mark, points),
            None => {}
        }
    }
    lines
}

#[derive(QueryableByName)]
struct AgeRow {
    #[diesel(sql_type = Text)]
    class: String,
    #[diesel(sql_type = BigInt)]
    group_id: i64,
    #[diesel(sql_type = Nullable<Integer>)]
    oldest: Option<i32>,
    #[diesel(sql_type = Nullable<BigInt>)]
    over_180: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    over_365: Option<i64>,
}

/// Sums of `coverage_ages` by a column.
macro_rules! ages_by {
    ($column:literal, $long:expr, $year:expr, $period:expr) => {
        statement!(
            concat!(
                "SELECT class, ",
                $column,
                " AS group_id, MIN(unseen_since) AS oldest, \
                 CAST(SUM(CASE WHEN unseen_since < ? THEN points ELSE 0 END) AS BIGINT) AS over_180, \
                 CAST(SUM(CASE WHEN unseen_since < ? THEN points ELSE 0 END) AS BIGINT) AS over_365 \
                 FROM coverage_ages WHERE period = ? AND points > 0 GROUP BY class, ",
                $column
            ),
            $long,
            $year,
            $period,
        )
    };
}

fn ages(
    conn: &mut Conn,
    period: Period,
    grouping: Grouping,
    as_of: NaiveDate,
) -> QueryResult<BTreeMap<(Class, i64), Unseen>> {
    let before = |days| Value::Small(to_day(Unseen::last_seen_before(days, as_of)));
    let (long, year) = (before(Unseen::LONG), before(Unseen::YEAR));
    let key = Value::Small(period.key());
    let rows: Vec<AgeRow> = match grouping {
        Grouping::Class => {
            let rows = classes_of(period).map(|class| class_ages(conn, &key, class, (&long, &year)));
            rows.collect::<QueryResult<_>>()?
        }
        Grouping::Area => each!(conn, c => ages_by!("area_id", long, year, key).load(c))?,
        Grouping::Route => each!(conn, c => ages_by!("route_id", long, year, key).load(c))?,
        Grouping::Reader => each!(conn, c => ages_by!("reader_id", long, year, key).load(c))?,
    };
    let age = |row: AgeRow| {
        let oldest = from_day(row.oldest?);
        let days = u32::try_from((as_of - oldest).num_days()).unwrap_or(0);
        let number = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        let unseen = Unseen { oldest_days: days, over_180: number(row.over_180), over_365: number(row.over_365) };
        Some(((Class::from_code(&row.class)?, row.group_id), unseen))
    };
    Ok(rows.into_iter().filter_map(age).collect())
}

/// The oldest is the first of an index, and of the long unseen there is a counter for each day.
fn class_ages(conn: &mut Conn, key: &Value, class: Class, (long, year): (&Value, &Value)) -> QueryResult<AgeRow> {
    let code = Value::Word(class.code());
    let ages = statement!(
        "SELECT ? AS class, CAST(0 AS BIGINT) AS group_id, \
         (SELECT MIN(unseen_since) FROM coverage_plan WHERE period = ? AND class = ? AND bucket BETWEEN 2 AND 7) AS oldest, \
         CAST(SUM(CASE WHEN unseen_since < ? THEN points ELSE 0 END) AS BIGINT) AS over_180, \
         CAST(SUM(CASE WHEN unseen_since < ? THEN points ELSE 0 END) AS BIGINT) AS over_365 \
         FROM coverage_long_unseen WHERE period = ? AND class = ?",
        code.clone(),
        key.clone(),
        code.clone(),
        long.clone(),
        year.clone(),
        key.clone(),
        code,
    );
    each!(conn, c => ages.get_result(c))
}

/// The names of what lines are grouped by.
pub fn group_names(conn: &mut Conn, grouping: Grouping) -> QueryResult<HashMap<i64, String>> {
    let rows: Vec<(i64, String)> = match grouping {
        Grouping::Class => Vec::new(),
        Grouping::Area => each!(conn, c => areas::table.select((areas::id, areas::path)).load(c))?,
        Grouping::Route => each!(conn, c => routes::table.select((routes::id, routes::code)).load(c))?,
        Grouping::Reader => each!(conn, c => accounts::table.select((accounts::id, accounts::name)).load(c))?,
    };
    Ok(rows.into_iter().collect())
}
