//! How many visits readers made on their days, kept by each push, so that pace never counts readings.

use super::plan::to_day;
use crate::db::schema::reader_days;
use crate::db::{Column, Conn, Value, columns, each, statement};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::coverage::ReaderDay;
use std::collections::BTreeMap;

/// Adds visits to readers' days.
pub fn note_days(conn: &mut Conn, more: &BTreeMap<(i64, NaiveDate), ReaderDay>) -> QueryResult<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let rows: Vec<(i64, i32, i64, i64)> = more
        .iter()
        .map(|((reader, day), more)| (*reader, to_day(*day), number(more.readings), number(more.attempts)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Postgres(c) => {
            let ints = |of: fn(&(i64, i32, i64, i64)) -> i64| Column::Ints(rows.iter().map(of).collect());
            let upsert = columns!(
                "INSERT INTO reader_days (reader_id, day, readings, attempts) \
                 SELECT reader_id, day::int, readings, attempts FROM unnest(?, ?, ?, ?) AS more (reader_id, day, readings, attempts) \
                 ON CONFLICT (reader_id, day) DO UPDATE SET readings = reader_days.readings + excluded.readings, \
                 attempts = reader_days.attempts + excluded.attempts",
                ints(|row| row.0),
                ints(|row| row.1.into()),
                ints(|row| row.2),
                ints(|row| row.3),
            );
            upsert.execute(&mut **c).map(drop)
        }
        Conn::Sqlite(c) => rows.iter().try_for_each(|(reader, day, readings, attempts)| {
            let upsert = statement!(
                "INSERT INTO reader_days (reader_id, day, readings, attempts) VALUES (?, ?, ?, ?) \
                 ON CONFLICT (reader_id, day) DO UPDATE SET readings = reader_days.readings + excluded.readings, \
                 attempts = reader_days.attempts + excluded.attempts",
                Value::Int(*reader),
                Value::Small(*day),
                Value::Int(*readings),
                Value::Int(*attempts),
            );
            upsert.execute(&mut **c).map(drop)
        }),
    }
}

/// The days of every reader from a day to before another.
pub fn reader_days(conn: &mut Conn, since: NaiveDate, until: NaiveDate) -> QueryResult<BTreeMap<i64, Vec<ReaderDay>>> {
    use reader_days as t;
    let rows: Vec<(i64, i64, i64)> = each!(conn, c => t::table
        .filter(t::day.ge(to_day(since)))
        .filter(t::day.lt(to_day(until)))
        .order((t::reader_id, t::day))
        .select((t::reader_id, t::readings, t::attempts))
        .load(c))?;
    let mut days: BTreeMap<i64, Vec<ReaderDay>> = BTreeMap::new();
    let number = |count: i64| u64::try_from(count).unwrap_or(0);
    for (reader, readings, attempts) in rows {
        days.entry(reader).or_default().push(ReaderDay { readings: number(readings), attempts: number(attempts) });
    }
    Ok(days)
}
