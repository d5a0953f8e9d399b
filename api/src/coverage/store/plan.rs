//! The rows of the plan, and what is kept of a row that a closed period had.

use crate::db::schema::{coverage_plan, restated_points};
use crate::db::{Conn, Statement, Value, among, each};
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use meterbook::calendar::Period;
use meterbook::coverage::{Bucket, Mark, PlanEntry, Punctuality};
use meterbook::meters::Class;
use std::collections::{BTreeMap, HashMap};

/// Where a point stands in a period, and in whose figures it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanRow {
    /// The area.
    pub area_id: i64,
    /// The route; 0 for none.
    pub route_id: i64,
    /// The reader; 0 for none.
    pub reader_id: i64,
    /// The entry.
    pub entry: PlanEntry,
}

/// Rows by period and point.
pub type Plan = HashMap<(i32, i64), PlanRow>;

/// 1970-01-01, counted from the first day of the calendar.
const EPOCH: i32 = 719_163;

/// The numbers of an entry as they are stored.
#[derive(Clone, Debug, Queryable)]
pub struct Entry {
    class: String,
    bucket: i32,
    marks: i32,
    unseen_since: i32,
    missed: i32,
}

impl Entry {
    /// An entry as it will be read again: a day before 1970 counts as its first.
    #[must_use]
    pub fn stored(entry: PlanEntry) -> PlanEntry {
        PlanEntry { unseen_since: from_day(to_day(entry.unseen_since)), ..entry }
    }

    fn of(entry: &PlanEntry) -> Self {
        let punctuality = match entry.punctuality {
            None => 0,
            Some(Punctuality::Early) => 1,
            Some(Punctuality::OnTime) => 2,
            Some(Punctuality::Late) => 3,
        };
        Self {
            class: entry.class.code().to_owned(),
            bucket: i32::from(entry.bucket.number()),
            marks: i32::from(entry.proven) | i32::from(entry.evidence) << 1 | punctuality << 2,
            unseen_since: to_day(entry.unseen_since),
            missed: i32::from(entry.missed),
        }
    }

    fn entry(&self) -> Option<PlanEntry> {
        let punctuality = match self.marks >> 2 & 3 {
            1 => Some(Punctuality::Early),
            2 => Some(Punctuality::OnTime),
            3 => Some(Punctuality::Late),
            _ => None,
        };
        Some(PlanEntry {
            class: Class::from_code(&self.class)?,
            bucket: Bucket::from_number(i16::try_from(self.bucket).ok()?)?,
            proven: self.marks & 1 != 0,
            evidence: self.marks & 2 != 0,
            punctuality,
            unseen_since: from_day(self.unseen_since),
            missed: u8::try_from(self.missed).unwrap_or(u8::MAX),
        })
    }
}

/// Of D and not seen, as SQL tells it from a row of the plan: the words of the index, or SQLite would not use it.
pub const UNSEEN: &str = "bucket BETWEEN 2 AND 7";

/// What counts under a mark, as SQL tells it from a row of the plan: the bits are those of [`PlanRow`]'s entry as it is stored.
pub const fn rows_under(mark: Mark) -> &'static str {
    match mark {
        Mark::ProvenAttempt => "bucket = 2 AND (marks & 1) = 1",
        Mark::Evidence => "bucket = 1 AND (marks & 2) = 2",
        Mark::Early => "bucket = 1 AND (marks & 12) = 4",
        Mark::OnTime => "bucket = 1 AND (marks & 12) = 8",
        Mark::Late => "bucket = 1 AND (marks & 12) = 12",
        Mark::RepeatUnseen => "bucket BETWEEN 2 AND 7 AND missed > 0",
    }
}

/// A day as it is stored: days since 1970.
pub fn to_day(day: NaiveDate) -> i32 {
    (day.num_days_from_ce() - EPOCH).max(0)
}

/// The day of a stored number.
pub fn from_day(day: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(day.saturating_add(EPOCH)).unwrap_or(NaiveDate::MAX)
}

type Places = (i64, i64, i64);

fn row((area_id, route_id, reader_id): Places, entry: &Entry) -> Option<PlanRow> {
    Some(PlanRow { area_id, route_id, reader_id, entry: entry.entry()? })
}

macro_rules! columns {
    ($table:ident) => {
        (
            ($table::area_id, $table::route_id, $table::reader_id),
            ($table::class, $table::bucket, $table::marks, $table::unseen_since, $table::missed),
        )
    };
}

/// The rows of points in periods.
pub fn load_plan(conn: &mut Conn, ids: &[i64], periods: &[Period]) -> QueryResult<Plan> {
    use coverage_plan as plan;
    let keys: Vec<i64> = periods.iter().map(|period| period.key().into()).collect();
    let rows: Vec<(i32, i64, (Places, Entry))> = each!(conn, c => plan::table
        .filter(among(plan::point_id, ids))
        .filter(among(plan::period, &keys))
        .select((plan::period, plan::point_id, columns!(plan)))
        .load(c))?;
    let placed =
        rows.into_iter().filter_map(|(period, point, (places, entry))| Some(((period, point), row(places, &entry)?)));
    Ok(placed.collect())
}

/// Stores a row, or takes it away.
pub fn store_row(conn: &mut Conn, period: Period, point: i64, row: Option<&PlanRow>) -> QueryResult<()> {
    let Some(row) = row else {
        let gone = coverage_plan::table.find((period.key(), point));
        return each!(conn, c => diesel::delete(gone).execute(c)).map(drop);
    };
    let entry = Entry::of(&row.entry);
    let upsert = Statement {
        sql: "INSERT INTO coverage_plan (period, point_id, class, area_id, route_id, reader_id, bucket, marks, unseen_since, missed) \
              VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (period, point_id) DO UPDATE SET class = excluded.class, \
              area_id = excluded.area_id, route_id = excluded.route_id, reader_id = excluded.reader_id, bucket = excluded.bucket, \
              marks = excluded.marks, unseen_since = excluded.unseen_since, missed = excluded.missed",
        values: vec![
            Value::Small(period.key()),
            Value::Int(point),
            Value::Text(entry.class),
            Value::Int(row.area_id),
            Value::Int(row.route_id),
            Value::Int(row.reader_id),
            Value::Small(entry.bucket),
            Value::Small(entry.marks),
            Value::Small(entry.unseen_since),
            Value::Small(entry.missed),
        ],
    };
    each!(conn, c => upsert.execute(c)).map(drop)
}

/// Gives rows of a period the bucket and marks of an entry, and the day they were last seen.
pub fn move_rows(conn: &mut Conn, period: i32, entry: &PlanEntry, points: &[i64]) -> QueryResult<()> {
    let entry = Entry::of(entry);
    let update = Statement {
        sql: "UPDATE coverage_plan SET bucket = ?, marks = ?, unseen_since = ? WHERE period = ? AND point_id ?",
        values: vec![
            Value::Small(entry.bucket),
            Value::Small(entry.marks),
            Value::Small(entry.unseen_since),
            Value::Small(period),
            Value::among(points),
        ],
    };
    each!(conn, c => update.execute(c)).map(drop)
}

/// Keeps the row a closed period had of a point, before its first change. `None`: it had none.
pub fn keep_closed(conn: &mut Conn, period: Period, point: i64, known: Option<&PlanRow>) -> QueryResult<()> {
    use restated_points as t;
    let (places, entry) = match known {
        Some(row) => ((row.area_id, row.route_id, row.reader_id), Entry::of(&row.entry)),
        None => ((0, 0, 0), Entry { class: String::new(), bucket: 0, marks: 0, unseen_since: 0, missed: 0 }),
    };
    let kept = (
        t::period.eq(period.key()),
        t::point_id.eq(point),
        (t::area_id.eq(places.0), t::route_id.eq(places.1), t::reader_id.eq(places.2)),
        (
            t::class.eq(entry.class),
            t::bucket.eq(entry.bucket),
            t::marks.eq(entry.marks),
            t::unseen_since.eq(entry.unseen_since),
            t::missed.eq(entry.missed),
        ),
    );
    each!(conn, c => diesel::insert_into(restated_points::table).values(kept).on_conflict_do_nothing().execute(c))
        .map(drop)
}

/// Rows of a period after a point, in order: at most so many.
pub fn entries_after(conn: &mut Conn, period: Period, after: i64, limit: i64) -> QueryResult<Vec<(i64, PlanRow)>> {
    use coverage_plan as plan;
    let rows: Vec<(i64, (Places, Entry))> = each!(conn, c => plan::table
        .filter(plan::period.eq(period.key()))
        .filter(plan::point_id.gt(after))
        .order(plan::point_id)
        .limit(limit)
        .select((plan::point_id, columns!(plan)))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(point, (places, entry))| Some((point, row(places, &entry)?))).collect())
}

/// What a closed period had of points that were changed since: `(after, until]`, at most so many. `None`: no row.
pub fn restated_after(
    conn: &mut Conn,
    period: Period,
    (after, until): (i64, i64),
    limit: i64,
) -> QueryResult<Vec<(i64, Option<PlanRow>)>> {
    use restated_points as t;
    let rows: Vec<(i64, (Places, Entry))> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .filter(t::point_id.gt(after))
        .filter(t::point_id.le(until))
        .order(t::point_id)
        .limit(limit)
        .select((t::point_id, columns!(t)))
        .load(c))?;
    Ok(rows.into_iter().map(|(point, (places, entry))| (point, row(places, &entry))).collect())
}

/// Rows by point, and the last point looked at; `None` at the end.
type Chunk = (Vec<(i64, PlanRow)>, Option<i64>);

/// The rows of a closed period as they were at its closing, after a point and in order. The last point looked at is beside
/// them; `None`: there is nothing more.
pub fn frozen_after(conn: &mut Conn, period: Period, after: i64, limit: i64) -> QueryResult<Chunk> {
    let now = entries_after(conn, period, after, limit)?;
    let is_full = i64::try_from(now.len()).is_ok_and(|count| count == limit);
    let last = now.last().map(|(point, _)| *point).filter(|_| is_full);
    let mut frozen: BTreeMap<i64, PlanRow> = now.into_iter().collect();
    for (point, then) in restated_after(conn, period, (after, last.unwrap_or(i64::MAX)), i64::MAX)? {
        match then {
            Some(row) => drop(frozen.insert(point, row)),
            None => drop(frozen.remove(&point)),
        }
    }
    Ok((frozen.into_iter().collect(), last))
}

/// Commercial points of a period after an id, in order.
pub fn commercial_after(conn: &mut Conn, period: Period, after: i64, limit: i64) -> QueryResult<Vec<i64>> {
    use coverage_plan as plan;
    each!(conn, c => plan::table
        .filter(plan::period.eq(period.key()))
        .filter(plan::class.eq(Class::Commercial.code()))
        .filter(plan::point_id.gt(after))
        .order(plan::point_id)
        .limit(limit)
        .select(plan::point_id)
        .load(c))
}

/// The rows of points in one period, by point.
pub fn load_rows(conn: &mut Conn, ids: &[i64], period: Period) -> QueryResult<HashMap<i64, PlanRow>> {
    Ok(load_plan(conn, ids, &[period])?.into_iter().map(|((_, point), row)| (point, row)).collect())
}

/// How many points of a closed period have another row now than they had. Rows changed and changed back do not count.
pub fn restated_points(conn: &mut Conn, period: Period) -> QueryResult<u64> {
    let (mut count, mut after) = (0, 0);
    loop {
        let then = restated_after(conn, period, (after, i64::MAX), 2_000)?;
        let Some((last, _)) = then.last() else { return Ok(count) };
        after = *last;
        let points: Vec<i64> = then.iter().map(|(point, _)| *point).collect();
        let now = load_rows(conn, &points, period)?;
        count += then.iter().filter(|(point, row)| row.as_ref() != now.get(point)).count() as u64;
    }
}
