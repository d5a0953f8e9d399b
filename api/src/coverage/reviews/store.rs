//! Time reviews and their decisions.

use crate::db::schema::{time_decisions, time_reviews};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, RecordId};

/// A review as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = time_reviews)]
#[expect(missing_docs, reason = "the fields are the columns of time_reviews")]
pub struct Review {
    pub id: i64,
    pub record_id: Uuid16,
    pub point_id: i64,
    pub reader_id: Option<i64>,
    pub observed_at: i64,
    pub received_at: i64,
    pub is_lost: bool,
}

/// A decision as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = time_decisions)]
#[expect(missing_docs, reason = "the fields are the columns of time_decisions")]
pub struct Decision {
    pub decision: String,
    pub observed_at: Option<i64>,
    pub account_id: i64,
    pub reason: String,
    pub decided_at: i64,
}

/// A review with its decision.
pub type ReviewRow = (Review, Option<Decision>);

/// A visit to be reviewed.
#[derive(Clone, Copy, Debug)]
pub struct NewReview {
    /// The record.
    pub record: RecordId,
    /// Its point.
    pub point: i64,
    /// When it seems to have been made.
    pub observed_at: Instant,
    /// Whether that is a stand-in.
    pub is_lost: bool,
}

/// Puts visits before a person.
pub fn insert_reviews(conn: &mut Conn, reader: AccountId, received_at: Instant, new: &[NewReview]) -> QueryResult<()> {
    for review in new {
        let row = (
            time_reviews::record_id.eq(Uuid16(review.record.0)),
            time_reviews::point_id.eq(review.point),
            time_reviews::reader_id.eq(reader.0),
            time_reviews::observed_at.eq(to_ms(review.observed_at)),
            time_reviews::received_at.eq(to_ms(received_at)),
            time_reviews::is_lost.eq(review.is_lost),
        );
        each!(conn, c => diesel::insert_into(time_reviews::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Reviews after an id. `state`: `open`, `accepted` or `refused`.
pub fn list(conn: &mut Conn, state: Option<&str>, after: i64, limit: i64) -> QueryResult<Vec<ReviewRow>> {
    each!(conn, c => {
        let mut query = time_reviews::table
            .left_join(time_decisions::table.on(time_decisions::record_id.eq(time_reviews::record_id)))
            .filter(time_reviews::id.gt(after))
            .order(time_reviews::id)
            .limit(limit)
            .select((Review::as_select(), Option::<Decision>::as_select()))
            .into_boxed();
        match state {
            Some("open") => query = query.filter(time_decisions::decision.is_null()),
            Some(state) => query = query.filter(time_decisions::decision.eq(state)),
            None => {}
        }
        query.load(c)
    })
}

/// One review.
pub fn find(conn: &mut Conn, id: i64) -> QueryResult<Option<ReviewRow>> {
    each!(conn, c => time_reviews::table
        .left_join(time_decisions::table.on(time_decisions::record_id.eq(time_reviews::record_id)))
        .filter(time_reviews::id.eq(id))
        .select((Review::as_select(), Option::<Decision>::as_select()))
        .first(c)
        .optional())
}

/// Keeps a decision, once and for ever. `at`: accepted as of then.
pub fn decide(
    conn: &mut Conn,
    record: Uuid16,
    at: Option<Instant>,
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<()> {
    let row = (
        time_decisions::record_id.eq(record),
        time_decisions::decision.eq(if at.is_some() { "accepted" } else { "refused" }),
        time_decisions::observed_at.eq(at.map(to_ms)),
        time_decisions::account_id.eq(by.0),
        time_decisions::reason.eq(reason),
        time_decisions::decided_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(time_decisions::table).values(row).execute(c)).map(drop)
}
