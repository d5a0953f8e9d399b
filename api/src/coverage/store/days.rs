//! How many visits readers made on their days, kept by each push, so that pace never counts readings.

use super::plan::to_day;
use crate::db::schema::reader_days;
use crate::db::{Conn, Statement, Value, each};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::coverage::ReaderDay;
use meterbook::id::AccountId;
use std::collections::BTreeMap;

/// Adds visits to a reader's day.
pub fn note_day(conn: &mut Conn, reader: AccountId, day: NaiveDate, more: ReaderDay) -> QueryResult<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let upsert = Statement {
        sql: "INSERT INTO reader_days (reader_id, day, readings, attempts) VALUES (?, ?, ?, ?) \
              ON CONFLICT (reader_id, day) DO UPDATE SET readings = reader_days.readings + excluded.readings, \
              attempts = reader_days.attempts + excluded.attempts",
        values: vec![
            Value::Int(reader.0),
            Value::Small(to_day(day)),
            Value::Int(number(more.readings)),
            Value::Int(number(more.attempts)),
        ],
    };
    each!(conn, c => upsert.execute(c)).map(drop)
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
