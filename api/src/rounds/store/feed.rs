//! The feeds: what changed for each reader, numbered without gaps, for the reader's phones to follow.
//!
//! Why separate: every slice that changes what a phone holds comes here, and nobody else writes these tables.

use crate::db::schema::{feed_entries, feeds};
use crate::db::{Column, Conn, FeedMove, Statement, Value, columns, each, statement};
use crate::http::to_ms;
use crate::planted::{self, Bug};
use crate::settings::store::rulebook;
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, RoundId};
use std::collections::{BTreeMap, HashMap};

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

    fn is_said_like(&self, other: &Self) -> bool {
        let words = |of: &Self| (of.kind, of.change, of.reason, of.keep_until);
        words(self) == words(other)
    }

    /// The same, with the end of the grace.
    #[must_use]
    pub const fn kept_until(self, at: Instant) -> Self {
        Self { keep_until: Some(at), ..self }
    }
}

/// Appends to a reader's feed; see [`announce_all`].
pub fn announce(conn: &mut Conn, reader: AccountId, changes: &[FeedChange], now: Instant) -> QueryResult<()> {
    announce_all(conn, &BTreeMap::from([(reader.0, changes.to_vec())]), now)
}

/// Appends to readers' feeds. A head is bumped under its row lock, held to the commit: a plain sequence would let a reader of the
/// feed step over an entry that commits later (PROTOCOL, "Pull"). Heads are bumped by reader, so that two such writers never wait
/// for each other in a circle.
pub fn announce_all(conn: &mut Conn, feeds: &BTreeMap<i64, Vec<FeedChange>>, now: Instant) -> QueryResult<()> {
    let added: Vec<(i64, i64)> = feeds
        .iter()
        .filter(|(_, changes)| !changes.is_empty())
        .map(|(reader, changes)| (*reader, i64::try_from(changes.len()).unwrap_or(i64::MAX)))
        .collect();
    if added.is_empty() {
        return Ok(());
    }
    let heads = bump_heads(conn, &added)?;
    // A push tells of hundreds of stops in the same words: one statement for each wording.
    let mut alike: Vec<(FeedChange, Vec<Numbered>)> = Vec::new();
    for ((reader, added), head) in added.iter().zip(&heads) {
        for (version, change) in (head - added + 1..).zip(feeds.get(reader).into_iter().flatten()) {
            let entry = Numbered { reader: *reader, version, subject: change.subject };
            match alike.iter_mut().find(|(said, _)| said.is_said_like(change)) {
                Some((_, entries)) => entries.push(entry),
                None => alike.push((*change, vec![entry])),
            }
        }
    }
    alike.iter().try_for_each(|(said, entries)| insert_entries(conn, said, entries, now))?;
    for ((reader, _), head) in added.iter().zip(heads) {
        // Transactions that NOTIFY commit one after the other. A push must not: it moves its own reader's feed, and another phone
        // of the same reader on another node can wait the two seconds until that node looks around.
        let everywhere = feeds.get(reader).into_iter().flatten().any(|change| change.reason != VISITED);
        conn.note_feed_move(FeedMove { reader: *reader, head }, everywhere)?;
    }
    Ok(())
}

/// An entry with its place in its feed.
struct Numbered {
    reader: i64,
    version: i64,
    subject: i64,
}

fn insert_entries(conn: &mut Conn, said: &FeedChange, entries: &[Numbered], now: Instant) -> QueryResult<()> {
    let keep_until = said.keep_until.map(to_ms);
    if let Conn::Postgres(c) = conn {
        let ints = |of: fn(&Numbered) -> i64| Column::Ints(entries.iter().map(of).collect());
        let insert = columns!(
            "INSERT INTO feed_entries (kind, change, reason, keep_until, at, reader_id, version, subject) \
             SELECT ?, ?, ?, ?, ?, * FROM unnest(?, ?, ?)",
            Column::SameWord(said.kind),
            Column::SameWord(said.change),
            Column::SameWord(said.reason),
            Column::SameMaybe(keep_until),
            Column::Same(to_ms(now)),
            ints(|entry| entry.reader),
            ints(|entry| entry.version),
            ints(|entry| entry.subject),
        );
        return insert.execute(&mut **c).map(drop);
    }
    let runs = entries.chunk_by(|one, next| one.reader == next.reader && one.version + 1 == next.version);
    for run in runs {
        let Some(first) = run.first() else { continue };
        let subjects: Vec<i64> = run.iter().map(|entry| entry.subject).collect();
        let insert = Statement {
            sql: "INSERT INTO feed_entries (reader_id, version, kind, subject, change, reason, keep_until, at) \
                  SELECT ?, ? + place, ?, value, ?, ?, ?, ? FROM ?",
            values: vec![
                Value::Int(first.reader),
                Value::Int(first.version - 1),
                Value::Word(said.kind),
                Value::Word(said.change),
                Value::Word(said.reason),
                Value::Maybe(keep_until),
                Value::Int(to_ms(now)),
                Value::numbered(&subjects),
            ],
        };
        each!(conn, c => insert.execute(c))?;
    }
    Ok(())
}

/// Moves heads on and says where they are then, in the order given.
fn bump_heads(conn: &mut Conn, added: &[(i64, i64)]) -> QueryResult<Vec<i64>> {
    match conn {
        Conn::Postgres(_) if planted::is(Bug::SequenceCursor) => {
            added.iter().map(|(reader, more)| draw_head(conn, *reader, *more)).collect()
        }
        Conn::Postgres(c) => {
            let (readers, more) = added.iter().copied().unzip();
            let bump = columns!(
                "INSERT INTO feeds (reader_id, head) SELECT * FROM unnest(?, ?) \
                 ON CONFLICT (reader_id) DO UPDATE SET head = feeds.head + excluded.head RETURNING reader_id, head",
                Column::Ints(readers),
                Column::Ints(more),
            );
            let heads: Vec<Head> = bump.load(&mut **c)?;
            let heads: HashMap<i64, i64> = heads.into_iter().map(|bumped| (bumped.reader_id, bumped.head)).collect();
            added.iter().map(|(reader, _)| heads.get(reader).copied().ok_or(diesel::NotFound)).collect()
        }
        Conn::Sqlite(c) => {
            let bump = |(reader, more): &(i64, i64)| {
                let bump = statement!(
                    "INSERT INTO feeds (reader_id, head) VALUES (?, ?) \
                     ON CONFLICT (reader_id) DO UPDATE SET head = feeds.head + excluded.head RETURNING reader_id, head",
                    Value::Int(*reader),
                    Value::Int(*more),
                );
                bump.get_result::<Head>(&mut **c).map(|bumped| bumped.head)
            };
            added.iter().map(bump).collect()
        }
    }
}

#[derive(QueryableByName)]
struct Head {
    #[diesel(sql_type = BigInt)]
    reader_id: i64,
    #[diesel(sql_type = BigInt)]
    head: i64,
}

/// The planted mistake: versions from a sequence, which hands them out in another order than they commit in.
fn draw_head(conn: &mut Conn, reader: i64, added: i64) -> QueryResult<i64> {
    let name = format!("planted_feed_{reader}");
    let started: i64 =
        each!(conn, c => feeds::table.find(reader).select(feeds::head).first(c).optional())?.unwrap_or(0);
    let make = format!("CREATE SEQUENCE IF NOT EXISTS {name} START {}", started + 1);
    each!(conn, c => diesel::sql_query(&make).execute(c))?;
    // A block at a time, as a sequence with an increment hands them out.
    let draw = format!("(SELECT max(nextval('{name}')) FROM generate_series(1, {added}))");
    let head: i64 = each!(conn, c => diesel::select(diesel::dsl::sql::<BigInt>(&draw)).get_result(c))?;
    planted::dawdle(Bug::SequenceCursor);
    let row = (feeds::reader_id.eq(reader), feeds::head.eq(head));
    let highest = diesel::dsl::sql::<BigInt>("GREATEST(feeds.head, excluded.head)");
    let Conn::Postgres(c) = conn else { return Ok(head) };
    let stored = diesel::insert_into(feeds::table).values(row).on_conflict(feeds::reader_id).do_update();
    stored.set(feeds::head.eq(highest)).execute(&mut **c)?;
    Ok(head)
}

/// How long entries are kept, by the setting in force.
pub fn feed_keep(conn: &mut Conn, today: NaiveDate) -> QueryResult<TimeDelta> {
    Ok(rulebook(conn)?.rounds(today).feed_keep)
}

/// Readers whose feeds hold entries from before a moment.
pub fn entries_before(conn: &mut Conn, before: Instant) -> QueryResult<Vec<i64>> {
    let readers: Vec<i64> = each!(conn, c => feeds::table.order(feeds::reader_id).select(feeds::reader_id).load(c))?;
    let mut found = Vec::new();
    for reader in readers {
        // The lowest version is the oldest: a feed is written by one transaction at a time.
        let oldest: Option<i64> = each!(conn, c => feed_entries::table
            .filter(feed_entries::reader_id.eq(reader))
            .order(feed_entries::version)
            .select(feed_entries::at)
            .first(c)
            .optional())?;
        found.extend(oldest.filter(|at| *at < to_ms(before)).map(|_| reader));
    }
    Ok(found)
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
