//! Published reports: written once, read for ever (I11).

use crate::coverage::closing::store::closed_periods;
use crate::db::schema::{report_pieces, report_versions};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period};
use std::collections::HashSet;

/// The kind of a month-end report.
pub const MONTH_END: &str = "month_end";

/// A published report as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = report_versions)]
#[expect(missing_docs, reason = "the fields are the columns of report_versions")]
pub struct VersionRow {
    pub id: i64,
    pub kind: String,
    pub period: i32,
    pub version: i32,
    pub cut_off: i64,
    pub rules_version: String,
    pub population_hash: Vec<u8>,
    pub body_hash: Vec<u8>,
    pub body: String,
}

/// A report to be published.
pub struct NewVersion {
    /// The month.
    pub period: Period,
    /// As of when.
    pub cut_off: Instant,
    /// The rules it was made by.
    pub rules_version: String,
    /// Hash of the population.
    pub population_hash: Vec<u8>,
    /// Hash of the body.
    pub body_hash: Vec<u8>,
    /// The figures.
    pub body: String,
    /// The lists.
    pub pieces: Vec<Piece>,
}

/// A piece of a list.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Which list.
    pub list: &'static str,
    /// Its place, from 0.
    pub position: i32,
    /// The key of its last row.
    pub last_key: i64,
    /// How many rows.
    pub rows: i32,
    /// The rows.
    pub body: Vec<u8>,
}

/// Publishes a report as version 1; `false`: another node was first, and that one stands.
pub fn insert(conn: &mut Conn, new: &NewVersion) -> QueryResult<bool> {
    use report_versions as t;
    let row = (
        t::kind.eq(MONTH_END),
        t::period.eq(new.period.key()),
        t::version.eq(1),
        t::cut_off.eq(to_ms(new.cut_off)),
        t::rules_version.eq(&new.rules_version),
        t::population_hash.eq(&new.population_hash),
        t::body_hash.eq(&new.body_hash),
        t::body.eq(&new.body),
    );
    let added =
        each!(conn, c => diesel::insert_into(report_versions::table).values(row).on_conflict_do_nothing().execute(c))?;
    if added == 0 {
        return Ok(false);
    }
    let id: i64 = each!(conn, c => t::table
        .filter(t::kind.eq(MONTH_END))
        .filter(t::period.eq(new.period.key()))
        .filter(t::version.eq(1))
        .select(t::id)
        .first(c))?;
    for piece in &new.pieces {
        let row = (
            report_pieces::report_id.eq(id),
            report_pieces::list.eq(piece.list),
            report_pieces::position.eq(piece.position),
            report_pieces::last_key.eq(piece.last_key),
            report_pieces::rows.eq(piece.rows),
            report_pieces::body.eq(&piece.body),
        );
        each!(conn, c => diesel::insert_into(report_pieces::table).values(row).execute(c))?;
    }
    Ok(true)
}

/// The published report of a month.
pub fn find(conn: &mut Conn, month: Period) -> QueryResult<Option<VersionRow>> {
    use report_versions as t;
    each!(conn, c => t::table
        .filter(t::kind.eq(MONTH_END))
        .filter(t::period.eq(month.key()))
        .filter(t::version.eq(1))
        .select(VersionRow::as_select())
        .first(c)
        .optional())
}

/// Published reports after an id.
pub fn list(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<VersionRow>> {
    use report_versions as t;
    each!(conn, c => t::table
        .filter(t::id.gt(after))
        .order(t::id)
        .limit(limit)
        .select(VersionRow::as_select())
        .load(c))
}

/// The first piece of a list with rows after a key.
pub fn piece_after(conn: &mut Conn, report: i64, list: &str, after: i64) -> QueryResult<Option<Vec<u8>>> {
    use report_pieces as t;
    each!(conn, c => t::table
        .filter(t::report_id.eq(report))
        .filter(t::list.eq(list))
        .filter(t::last_key.gt(after))
        .order(t::position)
        .select(t::body)
        .first(c)
        .optional())
}

/// Closed months whose report was not published yet.
pub fn unpublished(conn: &mut Conn) -> QueryResult<Vec<Period>> {
    let known: Vec<i32> = each!(conn, c => report_versions::table
        .filter(report_versions::kind.eq(MONTH_END))
        .select(report_versions::period)
        .load(c))?;
    let known: HashSet<i32> = known.into_iter().collect();
    let mut closed: Vec<i32> = closed_periods(conn)?.into_iter().filter(|key| !known.contains(key)).collect();
    closed.sort_unstable();
    let months = closed.into_iter().filter_map(Period::from_key);
    Ok(months.filter(|period| matches!(period, Period::Month { .. })).collect())
}
