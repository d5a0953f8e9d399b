//! A list in the making: chunks of the fleet, what is usual in each group, and the end of it.

use super::super::packed::{Member, Placed, read_peers, read_suspects};
use super::entries::NewEntry;
use crate::db::schema::{anomaly_entries, anomaly_list_chunks, anomaly_list_peers, anomaly_lists};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use diesel::result::Error;
use meterbook::anomalies::lists::month_end::{Counts, Method};
use meterbook::anomalies::lists::peers::Peers;
use meterbook::calendar::Instant;
use std::collections::HashMap;

fn damaged(what: &str, list: i64) -> Error {
    Error::DeserializationError(format!("{what} of anomaly list {list} cannot be read").into())
}

/// Keeps some meters of the fleet.
pub fn insert_chunk(conn: &mut Conn, list: i64, position: i32, members: i64, body: &[u8]) -> QueryResult<()> {
    let row = (
        anomaly_list_chunks::list_id.eq(list),
        anomaly_list_chunks::position.eq(position),
        anomaly_list_chunks::meters.eq(members),
        anomaly_list_chunks::body.eq(body),
    );
    each!(conn, c => diesel::insert_into(anomaly_list_chunks::table).values(row).execute(c)).map(drop)
}

/// Some of a list's chunks from a position on.
pub fn chunks_from(conn: &mut Conn, list: i64, from: i32, most: i64) -> QueryResult<Vec<(i32, Vec<Member>)>> {
    let rows: Vec<(i32, Vec<u8>)> = each!(conn, c => anomaly_list_chunks::table
        .filter(anomaly_list_chunks::list_id.eq(list))
        .filter(anomaly_list_chunks::position.ge(from))
        .order(anomaly_list_chunks::position)
        .limit(most)
        .select((anomaly_list_chunks::position, anomaly_list_chunks::body))
        .load(c))?;
    let read = |(position, body): (i32, Vec<u8>)| {
        Member::read_all(&body).map(|members| (position, members)).ok_or_else(|| damaged("a chunk", list))
    };
    rows.into_iter().map(read).collect()
}

/// Keeps what a chunk's meters are suspected of.
pub fn set_suspects(conn: &mut Conn, list: i64, position: i32, suspects: &[u8]) -> QueryResult<()> {
    let chunk = anomaly_list_chunks::table.find((list, position));
    let change = anomaly_list_chunks::suspects.eq(suspects);
    each!(conn, c => diesel::update(chunk).set(change).execute(c)).map(drop)
}

/// All suspects, chunk by chunk.
pub fn all_suspects(conn: &mut Conn, list: i64) -> QueryResult<Vec<(i32, Vec<Placed>)>> {
    let rows: Vec<(i32, Option<Vec<u8>>)> = each!(conn, c => anomaly_list_chunks::table
        .filter(anomaly_list_chunks::list_id.eq(list))
        .order(anomaly_list_chunks::position)
        .select((anomaly_list_chunks::position, anomaly_list_chunks::suspects))
        .load(c))?;
    let read = |(position, suspects): (i32, Option<Vec<u8>>)| {
        let read = suspects.and_then(|bytes| read_suspects(&bytes)).map(|suspects| (position, suspects));
        read.ok_or_else(|| damaged("a chunk's suspects", list))
    };
    rows.into_iter().map(read).collect()
}

/// Keeps what is usual in a group.
pub fn insert_peers(conn: &mut Conn, list: i64, group: &str, members: i64, body: &[u8]) -> QueryResult<()> {
    let row = (
        anomaly_list_peers::list_id.eq(list),
        anomaly_list_peers::group_key.eq(group),
        anomaly_list_peers::members.eq(members),
        anomaly_list_peers::body.eq(body),
    );
    each!(conn, c => diesel::insert_into(anomaly_list_peers::table).values(row).execute(c)).map(drop)
}

/// What was usual in each group.
pub fn peers_of(conn: &mut Conn, list: i64) -> QueryResult<HashMap<String, Peers>> {
    let rows: Vec<(String, Vec<u8>)> = each!(conn, c => anomaly_list_peers::table
        .filter(anomaly_list_peers::list_id.eq(list))
        .select((anomaly_list_peers::group_key, anomaly_list_peers::body))
        .load(c))?;
    let read = |(group, body): (String, Vec<u8>)| {
        read_peers(&body).map(|peers| (group, peers)).ok_or_else(|| damaged("a group's peers", list))
    };
    rows.into_iter().map(read).collect()
}

/// What a list came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Meters read in the month.
    pub read: usize,
    /// By which method how many were ranked.
    pub ranked: Counts,
    /// Over everything it was made from.
    pub inputs_hash: Vec<u8>,
    /// Over every entry.
    pub entries_hash: Vec<u8>,
    /// The places given.
    pub entries: Vec<NewEntry>,
}

/// Keeps the entries, ends the list and takes its chunks away.
pub fn finish_list(conn: &mut Conn, list: i64, outcome: &Outcome, now: Instant) -> QueryResult<()> {
    for entry in &outcome.entries {
        insert_entry(conn, list, entry)?;
    }
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let ranked = |method| number(outcome.ranked.get(&method).copied().unwrap_or(0));
    let change = (
        anomaly_lists::state.eq("done"),
        anomaly_lists::meters_read.eq(number(outcome.read)),
        anomaly_lists::by_model.eq(ranked(Method::Model)),
        anomaly_lists::by_rules.eq(ranked(Method::Rules)),
        anomaly_lists::inputs_hash.eq(&outcome.inputs_hash),
        anomaly_lists::entries_hash.eq(&outcome.entries_hash),
        anomaly_lists::made_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::update(anomaly_lists::table.find(list)).set(change).execute(c))?;
    let chunks = anomaly_list_chunks::table.filter(anomaly_list_chunks::list_id.eq(list));
    each!(conn, c => diesel::delete(chunks).execute(c)).map(drop)
}

fn insert_entry(conn: &mut Conn, list: i64, entry: &NewEntry) -> QueryResult<()> {
    use anomaly_entries as t;
    let row = (
        t::list_id.eq(list),
        t::list.eq(entry.list.code()),
        t::rank.eq(entry.rank),
        t::meter_id.eq(entry.meter),
        t::point_id.eq(entry.point),
        t::observed_at.eq(entry.observed_at),
        t::method.eq(entry.method.code()),
        t::score_micro.eq(entry.score_micro),
        (
            t::rule.eq(entry.rule),
            t::figures.eq(&entry.figures),
            t::stake.eq(entry.stake),
            t::floor_percent.eq(entry.floor_percent),
            t::is_above_floor.eq(entry.is_above_floor),
            t::group_key.eq(&entry.group_key),
            t::member.eq(&entry.member),
        ),
    );
    each!(conn, c => diesel::insert_into(t::table).values(row).execute(c)).map(drop)
}
