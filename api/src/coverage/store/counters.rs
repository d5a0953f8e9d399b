//! The counters: how many points of a class, area, route and reader are in each bucket and under each mark.

use super::plan::PlanRow;
use crate::db::schema::{coverage_counters, coverage_plan};
use crate::db::{Conn, Statement, Value, each};
use crate::planted::Bug;
use diesel::prelude::*;
use meterbook::calendar::Period;
use meterbook::coverage::{Bucket, Mark, is_period_of};
use meterbook::meters::Class;
use std::collections::BTreeMap;

/// Period, class, area, route, reader.
type Cell = (i32, &'static str, i64, i64, i64);

/// By how much counters move.
#[derive(Default)]
pub struct Deltas {
    buckets: BTreeMap<(Cell, i16), i64>,
    marks: BTreeMap<(Cell, i16), i64>,
}

impl Deltas {
    /// A row takes the place of another.
    pub fn replace(&mut self, period: Period, before: Option<&PlanRow>, after: Option<&PlanRow>) {
        self.add(period, before, -1);
        self.add(period, after, 1);
    }

    fn add(&mut self, period: Period, row: Option<&PlanRow>, change: i64) {
        let Some(row) = row else { return };
        let cell = (period.key(), row.entry.class.code(), row.area_id, row.route_id, row.reader_id);
        *self.buckets.entry((cell, row.entry.bucket.number())).or_default() += change;
        for mark in Mark::ALL.into_iter().filter(|mark| mark.is_of(&row.entry)) {
            *self.marks.entry((cell, mark.number())).or_default() += change;
        }
    }
}

const BUCKET: &str = "INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, bucket, points) VALUES (?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (period, class, area_id, route_id, reader_id, bucket) DO UPDATE SET points = coverage_counters.points + excluded.points";
const MARK: &str = "INSERT INTO coverage_marks (period, class, area_id, route_id, reader_id, mark, points) VALUES (?, ?, ?, ?, ?, ?, ?) \
     ON CONFLICT (period, class, area_id, route_id, reader_id, mark) DO UPDATE SET points = coverage_marks.points + excluded.points";

/// Moves the counters, in one order on every node, so that two pushes never wait for each other in a circle.
pub fn count_all(conn: &mut Conn, deltas: Deltas) -> QueryResult<()> {
    conn.split(Bug::CounterOutsideTransaction)?;
    for (sql, moves) in [(BUCKET, deltas.buckets), (MARK, deltas.marks)] {
        for ((cell, figure), change) in moves.into_iter().filter(|(_, change)| *change != 0) {
            count(conn, sql, cell, figure, change)?;
        }
    }
    Ok(())
}

fn count(conn: &mut Conn, sql: &'static str, cell: Cell, figure: i16, change: i64) -> QueryResult<()> {
    let (period, class, area, route, reader) = cell;
    let upsert = Statement {
        sql,
        values: vec![
            Value::Small(period),
            Value::Text(class.to_owned()),
            Value::Int(area),
            Value::Int(route),
            Value::Int(reader),
            Value::Small(figure.into()),
            Value::Int(change),
        ],
    };
    each!(conn, c => upsert.execute(c)).map(drop)
}

/// One counter: where, which bucket, how many points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// The class.
    pub class: Class,
    /// The area.
    pub area_id: i64,
    /// The route; 0 for none.
    pub route_id: i64,
    /// The reader; 0 for none.
    pub reader_id: i64,
    /// The bucket.
    pub bucket: Bucket,
    /// How many points.
    pub points: u64,
}

type CounterRow = (String, i64, i64, i64, i32, i64);

fn counter((class, area_id, route_id, reader_id, bucket, points): CounterRow) -> Option<Counter> {
    let bucket = i16::try_from(bucket).ok().and_then(Bucket::from_number)?;
    let points = u64::try_from(points).ok().filter(|points| *points > 0)?;
    Some(Counter { class: Class::from_code(&class)?, area_id, route_id, reader_id, bucket, points })
}

/// The counters of a period; empty if it was never opened.
pub fn load_counters(conn: &mut Conn, period: Period) -> QueryResult<Vec<Counter>> {
    use coverage_counters as t;
    let rows: Vec<CounterRow> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .order((t::class, t::area_id, t::route_id, t::reader_id, t::bucket))
        .select((t::class, t::area_id, t::route_id, t::reader_id, t::bucket, t::points))
        .load(c))?;
    Ok(rows.into_iter().filter_map(counter).filter(|row| is_period_of(row.class, period)).collect())
}

/// The same counted from the plan rows, point by point: what the counters must equal (I5).
pub fn recount(conn: &mut Conn, period: Period) -> QueryResult<Vec<Counter>> {
    use coverage_plan as t;
    let key = (t::class, t::area_id, t::route_id, t::reader_id, t::bucket);
    let rows: Vec<CounterRow> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .group_by(key)
        .order(key)
        .select((t::class, t::area_id, t::route_id, t::reader_id, t::bucket, diesel::dsl::count_star()))
        .load(c))?;
    Ok(rows.into_iter().filter_map(counter).collect())
}
