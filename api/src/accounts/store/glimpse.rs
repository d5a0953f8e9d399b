//! What every request is let in by.

use super::Standing;
use crate::db::schema::{accounts, devices as phones, feeds, instance, sessions, settings};
use crate::db::{Conn, Uuid16, among, each};
use crate::settings::store::rulebook_at;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use meterbook::settings::Rulebook;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A session that may go on, and what a pull that brings nothing asks for beside it: most requests are such pulls, and one
/// statement is enough for them.
#[derive(Clone)]
pub struct Glimpse {
    /// The session.
    pub standing: Standing,
    /// The data's epoch.
    pub epoch: Uuid,
    /// The last version of its account's feed.
    pub head: i64,
    /// The settings in force.
    pub book: Arc<Rulebook>,
}

/// Glimpses of those of the sessions that may go on, by session.
pub fn glimpses(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, Glimpse>> {
    type Row = (Standing, Option<i64>, Uuid16, (Option<i64>, Option<i64>, Option<i64>));
    let rows: Vec<Row> = each!(conn, c => sessions::table
        .inner_join(accounts::table)
        .left_join(phones::table)
        .left_join(feeds::table.on(feeds::reader_id.eq(sessions::account_id)))
        .inner_join(instance::table.on(instance::id.eq(1)))
        .filter(among(sessions::id, ids))
        .filter(sessions::revoked_at.is_null())
        .filter(accounts::disabled_at.is_null())
        .filter(phones::revoked_at.is_null())
        .select((
            (sessions::id, sessions::account_id, accounts::session_version),
            feeds::head.nullable(),
            instance::epoch,
            (
                settings::table.select(count_star()).single_value(),
                settings::table.select(max(settings::id)).single_value(),
                settings::table.select(max(settings::created_at)).single_value(),
            ),
        ))
        .load(c))?;
    let glimpse = |(standing, head, epoch, (count, last, at)): Row| {
        let book = rulebook_at(conn, (count.unwrap_or(0), last.unwrap_or(0), at.unwrap_or(0)))?;
        Ok((standing.id, Glimpse { standing, epoch: epoch.0, head: head.unwrap_or(0), book }))
    };
    rows.into_iter().map(glimpse).collect()
}
