//! The feeds: what changed for each reader, numbered without gaps, for the reader's phones to follow.
//!
//! Why separate: every slice that changes what a phone holds comes here, and nobody else writes these tables.

use crate::db::schema::{feed_entries, feeds, settings};
use crate::db::{Conn, FeedMove, Statement, Value, each};
use crate::http::to_ms;
use crate::planted::{self, Bug};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, RoundId};

/// Rows per statement: below both stores' limits on bound values.
const CHUNK: usize = 500;
/// A phone that was away longer fetches its rounds anew.
const KEEP_DAYS: u64 = 60;
/// The reason of what a reader's own push changed.
pub(super) const VISITED: &str = "visited";

/// One entry for a reader's feed.
#[derive(Clone, Copy, Debug)]
pub struct FeedChange {
    kind: &'static str,
    subject: i64,
    change: &'static str,
    reason: &'static str,
    keep_until: Option<Instant>,
}

impl FeedChange {
    /// A round was `added`, `changed` or `removed`.
    #[must_use]
    pub const fn round(id: RoundId, change: &'static str, reason: &'static str) -> Self {
        Self { kind: "round", subject: id.0, change, reason, keep_until: None }
    }

    /// A stop was `added`, `changed` or `removed`.
    #[must_use]
    pub const fn stop(id: i64, change: &'static str, reason: &'static str) -> Self {
        Self { kind: "stop", subject: id, change, reason, keep_until: None }
    }

    /// Something was decided of a record.
    #[must_use]
    pub const fn verdict(id: i64) -> Self {
        Self { kind: "verdict", subject: id, change: "changed", reason: "decided", keep_until: None }
    }

    /// The same, with the end of the grace.
    #[must_use]
    pub const fn kept_until(self, at: Instant) -> Self {
        Self { keep_until: Some(at), ..self }
    }
}

#[derive(Insertable)]
#[diesel(table_name = feed_entries, treat_none_as_default_value = false)]
struct NewEntry {
    reader_id: i64,
    version: i64,
    kind: &'static str,
    subject: i64,
    change: &'static str,
    reason: &'static str,
    keep_until: Option<i64>,
    at: i64,
}

/// Appends to a reader's feed. The head is bumped under its row lock, held to the commit: a plain sequence would let a reader
/// of the feed step over an entry that commits later (PROTOCOL, "Pull"). Who writes to several feeds goes by reader, so that
/// two such writers never wait for each other.
pub fn announce(conn: &mut Conn, reader: AccountId, changes: &[FeedChange], now: Instant) -> QueryResult<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let added = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    let head = if planted::is(Bug::SequenceCursor) && !conn.is_sqlite() {
        draw_head(conn, reader, added)?
    } else {
        bump_head(conn, reader, added)?
    };
    let entry = |(change, version): (&FeedChange, i64)| NewEntry {
        reader_id: reader.0,
        version,
        kind: change.kind,
        subject: change.subject,
        change: change.change,
        reason: change.reason,
        keep_until: change.keep_until.map(to_ms),
        at: to_ms(now),
    };
    let entries: Vec<NewEntry> = changes.iter().zip(head - added + 1..).map(entry).collect();
    for chunk in entries.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(feed_entries::table).values(chunk).execute(c))?;
    }
    // Transactions that NOTIFY commit one after the other. A push must not: it moves its own reader's feed, and another phone
    // of the same reader on another node can wait the two seconds until that node looks around.
    let everywhere = changes.iter().any(|change| change.reason != VISITED);
    conn.note_feed_move(FeedMove { reader: reader.0, head }, everywhere)
}

fn bump_head(conn: &mut Conn, reader: AccountId, added: i64) -> QueryResult<i64> {
    let bump = Statement {
        sql: "INSERT INTO feeds (reader_id, head) VALUES (?, ?) ON CONFLICT (reader_id) DO UPDATE SET head = feeds.head + excluded.head",
        values: vec![Value::Int(reader.0), Value::Int(added)],
    };
    each!(conn, c => bump.execute(c))?;
    each!(conn, c => feeds::table.find(reader.0).select(feeds::head).first(c))
}

/// The planted mistake: versions from a sequence, which hands them out in another order than they commit in.
fn draw_head(conn: &mut Conn, reader: AccountId, added: i64) -> QueryResult<i64> {
    use diesel::sql_types::BigInt;
    let name = format!("planted_feed_{reader}");
    let started: i64 =
        each!(conn, c => feeds::table.find(reader.0).select(feeds::head).first(c).optional())?.unwrap_or(0);
    let make = format!("CREATE SEQUENCE IF NOT EXISTS {name} START {}", started + 1);
    each!(conn, c => diesel::sql_query(&make).execute(c))?;
    // A block at a time, as a sequence with an increment hands them out.
    let draw = format!("(SELECT max(nextval('{name}')) FROM generate_series(1, {added}))");
    let head: i64 = each!(conn, c => diesel::select(diesel::dsl::sql::<BigInt>(&draw)).get_result(c))?;
    planted::dawdle(Bug::SequenceCursor);
    let row = (feeds::reader_id.eq(reader.0), feeds::head.eq(head));
    let highest = diesel::dsl::sql::<BigInt>("GREATEST(feeds.head, excluded.head)");
    let Conn::Postgres(c) = conn else { return Ok(head) };
    let stored = diesel::insert_into(feeds::table).values(row).on_conflict(feeds::reader_id).do_update();
    stored.set(feeds::head.eq(highest)).execute(&mut **c)?;
    Ok(head)
}

/// How long entries are kept: the dated setting `feed_keep_days`, 60 unless a company says otherwise, never below 7.
pub fn feed_keep(conn: &mut Conn, today: NaiveDate) -> QueryResult<TimeDelta> {
    let days = days_set(conn, "feed_keep_days", today)?.unwrap_or(KEEP_DAYS).clamp(7, 3_650);
    Ok(TimeDelta::days(i64::try_from(days).unwrap_or(i64::MAX)))
}

/// A number of days from the dated settings, as in force today.
pub(super) fn days_set(conn: &mut Conn, key: &str, today: NaiveDate) -> QueryResult<Option<u64>> {
    let set: Option<String> = each!(conn, c => settings::table
        .filter(settings::key.eq(key))
        .filter(settings::valid_from.le(today))
        .order((settings::valid_from.desc(), settings::id.desc()))
        .select(settings::value)
        .first(c)
        .optional())?;
    Ok(set.and_then(|days| days.trim().parse().ok()))
}

/// Readers whose feeds hold entries from before a moment.
pub fn entries_before(conn: &mut Conn, before: Instant) -> QueryResult<Vec<i64>> {
    each!(conn, c => feed_entries::table
        .filter(feed_entries::at.lt(to_ms(before)))
        .select(feed_entries::reader_id)
        .distinct()
        .order(feed_entries::reader_id)
        .load(c))
}

/// Forgets a feed's entries from before a moment and raises its floor over them. How many went.
pub fn purge_feed(conn: &mut Conn, reader: AccountId, before: Instant) -> QueryResult<usize> {
    // The lock first: an entry written meanwhile must not be counted as the head that is older than all of them.
    let head: i64 = each!(conn, c => diesel::update(feeds::table.find(reader.0))
        .set(feeds::floor.eq(feeds::floor))
        .returning(feeds::head)
        .get_result(c))?;
    let of_reader = feed_entries::table.filter(feed_entries::reader_id.eq(reader.0));
    let kept: Option<i64> = each!(conn, c => of_reader
        .filter(feed_entries::at.ge(to_ms(before)))
        .select(diesel::dsl::min(feed_entries::version))
        .first(c))?;
    let floor = kept.map_or(head, |kept| kept - 1);
    each!(conn, c => diesel::update(feeds::table.find(reader.0)).set(feeds::floor.eq(floor)).execute(c))?;
    let old = feed_entries::table.filter(feed_entries::reader_id.eq(reader.0)).filter(feed_entries::version.le(floor));
    each!(conn, c => diesel::delete(old).execute(c))
}
