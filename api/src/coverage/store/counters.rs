//! The counters: how many points of a class, area, route and reader are in each bucket, under each mark and unseen since each day,
//! and of a class and reader altogether.

use super::cells::{Age, Long, Place, Total, add_up};
use super::plan::{PlanRow, to_day};
use crate::db::schema::{coverage_counters, coverage_plan};
use crate::db::{Conn, each};
use crate::planted::Bug;
use diesel::prelude::*;
use meterbook::calendar::Period;
use meterbook::coverage::{Bucket, Counted, Unseen, is_period_of};
use meterbook::meters::Class;
use std::collections::BTreeMap;

/// By how much counters move.
#[derive(Default)]
pub struct Deltas {
    places: BTreeMap<Place, i64>,
    ages: BTreeMap<Age, i64>,
    long: BTreeMap<Long, i64>,
}

impl Deltas {
    /// A row takes the place of another.
    pub fn replace(&mut self, period: Period, before: Option<&PlanRow>, after: Option<&PlanRow>) {
        self.add(period, before, -1);
        self.add(period, after, 1);
    }

    fn add(&mut self, of: Period, row: Option<&PlanRow>, change: i64) {
        let Some(&PlanRow { area_id, route_id, reader_id, entry }) = row else { return };
        let (period, class) = (of.key().into(), entry.class.code());
        for counted in Counted::of(&entry) {
            let figure = counted.number().into();
            *self.places.entry(Place { period, class, area_id, route_id, reader_id, figure }).or_default() += change;
        }
        if !entry.is_unseen() {
            return;
        }
        let unseen_since = to_day(entry.unseen_since).into();
        *self.ages.entry(Age { period, class, reader_id, unseen_since, area_id, route_id }).or_default() += change;
        if entry.unseen_since < Unseen::turns_long_before(of) {
            *self.long.entry(Long { period, class, unseen_since }).or_default() += change;
        }
    }

    /// The same by reader alone.
    fn totals(&self) -> BTreeMap<Total, i64> {
        let mut totals = BTreeMap::new();
        for (&Place { period, class, figure, reader_id, .. }, change) in &self.places {
            *totals.entry(Total { period, class, figure, reader_id }).or_default() += change;
        }
        totals
    }
}

/// Moves the counters, in one order on every node, so that two pushes never wait for each other in a circle.
pub fn count_all(conn: &mut Conn, deltas: Deltas) -> QueryResult<()> {
    conn.split(Bug::CounterOutsideTransaction)?;
    let totals = deltas.totals();
    add_up(conn, deltas.places)?;
    add_up(conn, totals)?;
    add_up(conn, deltas.ages)?;
    add_up(conn, deltas.long)
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
