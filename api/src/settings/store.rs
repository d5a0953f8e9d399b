//! The settings as they are stored, and the rulebook made of them.

use crate::db::schema::settings;
use crate::db::{Conn, RulebookVersion, each};
use crate::http::to_ms;
use chrono::NaiveDate;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use meterbook::settings::{Change, Rulebook, Setting};
use std::sync::Arc;

/// What was set, as this transaction sees it: read anew where another node has changed it, else as the connection knows it.
pub fn rulebook(conn: &mut Conn) -> QueryResult<Arc<Rulebook>> {
    if let Some(settled) = conn.settled_rulebook() {
        return Ok(settled);
    }
    let version = version(conn)?;
    let book = rulebook_at(conn, version)?;
    conn.settle_rulebook();
    Ok(book)
}

/// The rulebook of a version that the caller's own statement has seen.
pub fn rulebook_at(conn: &mut Conn, version: RulebookVersion) -> QueryResult<Arc<Rulebook>> {
    if let Some(known) = conn.known_rulebook(version) {
        return Ok(known);
    }
    let book = Arc::new(book_of(&load(conn)?));
    conn.keep_rulebook(version, &book);
    Ok(book)
}

/// The rulebook of stored rows.
pub fn book_of(rows: &[SettingRow]) -> Rulebook {
    let change = |row: &SettingRow| {
        let value = row.value.trim().parse().ok()?;
        Some((row.key.clone(), Change { serial: row.id, valid_from: row.valid_from, value }))
    };
    Rulebook::new(rows.iter().filter_map(change))
}

fn version(conn: &mut Conn) -> QueryResult<RulebookVersion> {
    let (rows, id, at): (i64, Option<i64>, Option<i64>) = each!(conn, c => settings::table
        .select((count_star(), max(settings::id), max(settings::created_at)))
        .first(c))?;
    Ok((rows, id.unwrap_or(0), at.unwrap_or(0)))
}

/// A stored setting.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = settings)]
#[expect(missing_docs, reason = "the fields are the columns of settings")]
pub struct SettingRow {
    pub id: i64,
    pub key: String,
    pub value: String,
    pub valid_from: NaiveDate,
    pub source: String,
    pub account_id: Option<i64>,
    pub created_at: i64,
}

/// All that was ever set.
pub fn load(conn: &mut Conn) -> QueryResult<Vec<SettingRow>> {
    each!(conn, c => settings::table.order(settings::id).select(SettingRow::as_select()).load(c))
}

/// Keeps one value.
pub fn insert(
    conn: &mut Conn,
    (setting, value): (&Setting, i64),
    valid_from: NaiveDate,
    source: &str,
    by: AccountId,
    now: Instant,
) -> QueryResult<()> {
    let row = (
        settings::key.eq(setting.key),
        settings::value.eq(value.to_string()),
        settings::valid_from.eq(valid_from),
        settings::source.eq(source),
        settings::account_id.eq(by.0),
        settings::created_at.eq(to_ms(now)),
    );
    conn.unsettle_rulebook();
    each!(conn, c => diesel::insert_into(settings::table).values(row).execute(c)).map(drop)
}
