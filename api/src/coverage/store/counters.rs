//! The counters: how many points of a class, area, route and reader are in each bucket and under each mark, and of a class and
//! reader altogether.

use super::plan::PlanRow;
use crate::db::schema::{coverage_counters, coverage_plan};
use crate::db::{Column, Conn, PgConnection, Value, columns, each, statement};
use crate::planted::Bug;
use diesel::prelude::*;
use meterbook::calendar::Period;
use meterbook::coverage::{Bucket, Counted, is_period_of};
use meterbook::meters::Class;
use std::collections::BTreeMap;

/// Where a counter counts, and what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    period: i32,
    class: &'static str,
    area: i64,
    route: i64,
    reader: i64,
    figure: i16,
}

/// By how much counters move.
#[derive(Default)]
pub struct Deltas {
    cells: BTreeMap<Cell, i64>,
}

impl Deltas {
    /// A row takes the place of another.
    pub fn replace(&mut self, period: Period, before: Option<&PlanRow>, after: Option<&PlanRow>) {
        self.add(period, before, -1);
        self.add(period, after, 1);
    }

    fn add(&mut self, period: Period, row: Option<&PlanRow>, change: i64) {
        let Some(row) = row else { return };
        for counted in Counted::of(&row.entry) {
            let cell = Cell {
                period: period.key(),
                class: row.entry.class.code(),
                area: row.area_id,
                route: row.route_id,
                reader: row.reader_id,
                figure: counted.number(),
            };
            *self.cells.entry(cell).or_default() += change;
        }
    }

    /// The same by reader alone, in an order of their own.
    fn totals(&self) -> BTreeMap<Cell, i64> {
        let mut totals = BTreeMap::new();
        for (cell, change) in &self.cells {
            *totals.entry(Cell { area: 0, route: 0, ..*cell }).or_default() += change;
        }
        totals
    }
}

/// Moves the counters, in one order on every node, so that two pushes never wait for each other in a circle.
pub fn count_all(conn: &mut Conn, deltas: Deltas) -> QueryResult<()> {
    conn.split(Bug::CounterOutsideTransaction)?;
    let moved = |cells: BTreeMap<Cell, i64>| cells.into_iter().filter(|(_, change)| *change != 0).collect::<Vec<_>>();
    let (totals, cells) = (moved(deltas.totals()), moved(deltas.cells));
    if let Conn::Postgres(c) = conn {
        return count_as_columns(c, &cells, &totals);
    }
    cells.iter().try_for_each(|moved| count_cell(conn, moved))?;
    totals.iter().try_for_each(|moved| count_total(conn, moved))
}

fn count_cell(conn: &mut Conn, (cell, change): &(Cell, i64)) -> QueryResult<()> {
    let count = statement!(
        "INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, figure, points) VALUES (?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (period, class, area_id, route_id, reader_id, figure) DO UPDATE SET points = coverage_counters.points + excluded.points",
        Value::Small(cell.period),
        Value::Word(cell.class),
        Value::Int(cell.area),
        Value::Int(cell.route),
        Value::Int(cell.reader),
        Value::Small(cell.figure.into()),
        Value::Int(*change),
    );
    each!(conn, c => count.execute(c)).map(drop)
}

fn count_total(conn: &mut Conn, (cell, change): &(Cell, i64)) -> QueryResult<()> {
    let count = statement!(
        "INSERT INTO coverage_totals (period, class, figure, reader_id, points) VALUES (?, ?, ?, ?, ?) \
         ON CONFLICT (period, class, figure, reader_id) DO UPDATE SET points = coverage_totals.points + excluded.points",
        Value::Small(cell.period),
        Value::Word(cell.class),
        Value::Small(cell.figure.into()),
        Value::Int(cell.reader),
        Value::Int(*change),
    );
    each!(conn, c => count.execute(c)).map(drop)
}

/// All of them in two round trips.
fn count_as_columns(conn: &mut PgConnection, cells: &[(Cell, i64)], totals: &[(Cell, i64)]) -> QueryResult<()> {
    if cells.is_empty() {
        return Ok(());
    }
    let ints = |of: &[(Cell, i64)], value: fn(&(Cell, i64)) -> i64| Column::Ints(of.iter().map(value).collect());
    let classes = |of: &[(Cell, i64)]| Column::Words(of.iter().map(|(cell, _)| cell.class).collect());
    let count = columns!(
        "INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, figure, points) \
         SELECT period::int, class, area_id, route_id, reader_id, figure::int, points \
         FROM unnest(?, ?, ?, ?, ?, ?, ?) AS moved (period, class, area_id, route_id, reader_id, figure, points) \
         ON CONFLICT (period, class, area_id, route_id, reader_id, figure) DO UPDATE SET points = coverage_counters.points + excluded.points",
        ints(cells, |(cell, _)| cell.period.into()),
        classes(cells),
        ints(cells, |(cell, _)| cell.area),
        ints(cells, |(cell, _)| cell.route),
        ints(cells, |(cell, _)| cell.reader),
        ints(cells, |(cell, _)| cell.figure.into()),
        ints(cells, |(_, change)| *change),
    );
    count.execute(conn)?;
    let count = columns!(
        "INSERT INTO coverage_totals (period, class, figure, reader_id, points) \
         SELECT period::int, class, figure::int, reader_id, points \
         FROM unnest(?, ?, ?, ?, ?) AS moved (period, class, figure, reader_id, points) \
         ON CONFLICT (period, class, figure, reader_id) DO UPDATE SET points = coverage_totals.points + excluded.points",
        ints(totals, |(cell, _)| cell.period.into()),
        classes(totals),
        ints(totals, |(cell, _)| cell.figure.into()),
        ints(totals, |(cell, _)| cell.reader),
        ints(totals, |(_, change)| *change),
    );
    count.execute(conn).map(drop)
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

/// The counters of a period's buckets; empty if it was never opened.
pub fn load_counters(conn: &mut Conn, period: Period) -> QueryResult<Vec<Counter>> {
    use coverage_counters as t;
    let rows: Vec<CounterRow> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .order((t::class, t::area_id, t::route_id, t::reader_id, t::figure))
        .select((t::class, t::area_id, t::route_id, t::reader_id, t::figure, t::points))
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
