//! The audit log and its chain. Every audited deed goes through [`audit`].

use crate::db::schema::{audit_head, audit_links, audit_log};
use crate::db::{Conn, Lockable, each};
use crate::http::to_ms;
use crate::keys::Keys;
use diesel::prelude::*;
use diesel::result::Error;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;

/// Rows read at a time: bounded memory, whatever the log's length.
const PAGE: i64 = 1_000;

/// The only row of `audit_head`.
const HEAD: i32 = 1;

/// A row as the chain covers it: every column.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_log)]
pub struct AuditRow {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: i64,
    /// Who.
    pub account_id: Option<i64>,
    /// Did what.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How.
    pub detail: String,
}

/// A link of the chain, or its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// 1, 2, 3 …; 0 before the first.
    pub position: i64,
    /// The keyed hash over the link before and the row.
    pub hash: Vec<u8>,
}

impl Link {
    /// Where the chain begins.
    #[must_use]
    pub const fn origin() -> Self {
        Self { position: 0, hash: Vec::new() }
    }

    /// The link that binds a row to this one.
    #[must_use]
    pub fn next(&self, keys: &Keys, row: &AuditRow) -> Self {
        let position = self.position + 1;
        // An absent account is not account 0: its part is empty.
        let account = row.account_id.map(i64::to_be_bytes);
        let hash = keys.tag(&[
            b"audit",
            &self.hash,
            &position.to_be_bytes(),
            &row.id.to_be_bytes(),
            &row.at.to_be_bytes(),
            account.as_ref().map_or(&[][..], |account| account),
            row.action.as_bytes(),
            row.subject.as_bytes(),
            row.detail.as_bytes(),
        ]);
        Self { position, hash: hash.to_vec() }
    }
}

/// Writes down who did what, and chains it to what was written before.
pub fn audit(
    conn: &mut Conn,
    at: Instant,
    account: Option<AccountId>,
    action: &str,
    subject: &str,
    detail: &str,
) -> QueryResult<()> {
    let keys = conn.keys().ok_or_else(|| Error::QueryBuilderError("the audit chain needs the keys".into()))?;
    // Held to the commit: writers on several nodes make one chain, in the order of its rows' ids.
    conn.lock(Lockable::AuditHead, &[i64::from(HEAD)])?;
    let head = find_head(conn)?.ok_or_else(|| Error::QueryBuilderError("the audit chain has no head".into()))?;
    let row = (
        audit_log::at.eq(to_ms(at)),
        audit_log::account_id.eq(account.map(|account| account.0)),
        audit_log::action.eq(action),
        audit_log::subject.eq(subject),
        audit_log::detail.eq(detail),
    );
    let row: AuditRow = each!(conn, c => diesel::insert_into(audit_log::table)
        .values(row)
        .returning(AuditRow::as_returning())
        .get_result(c))?;
    let link = head.next(&keys, &row);
    insert_link(conn, row.id, &link)?;
    let change = (audit_head::position.eq(link.position), audit_head::hash.eq(&link.hash));
    each!(conn, c => diesel::update(audit_head::table.find(HEAD)).set(change).execute(c)).map(drop)
}

fn insert_link(conn: &mut Conn, audit_id: i64, link: &Link) -> QueryResult<()> {
    let row =
        (audit_links::position.eq(link.position), audit_links::audit_id.eq(audit_id), audit_links::hash.eq(&link.hash));
    each!(conn, c => diesel::insert_into(audit_links::table).values(row).execute(c)).map(drop)
}

/// The newest link, if the chain has been started.
pub fn find_head(conn: &mut Conn) -> QueryResult<Option<Link>> {
    let found: Option<(i64, Vec<u8>)> = each!(conn, c => audit_head::table
        .find(HEAD)
        .select((audit_head::position, audit_head::hash))
        .first(c)
        .optional())?;
    Ok(found.map(|(position, hash)| Link { position, hash }))
}

/// Links the rows there are already and makes the head. `None`: there is one. What a chain without a head has been through
/// nobody can tell, so it is not begun anew.
pub fn start_chain(conn: &mut Conn) -> QueryResult<Option<Link>> {
    let links: i64 = each!(conn, c => audit_links::table.count().get_result(c))?;
    if find_head(conn)?.is_some() || links > 0 {
        return Ok(None);
    }
    let keys = conn.keys().ok_or_else(|| Error::QueryBuilderError("the audit chain needs the keys".into()))?;
    let (mut head, mut after) = (Link::origin(), i64::MIN);
    loop {
        let rows = rows_after(conn, after)?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in &rows {
            head = head.next(&keys, row);
            insert_link(conn, row.id, &head)?;
        }
    }
    let row =
        (audit_head::id.eq(HEAD), audit_head::position.eq(head.position), audit_head::hash.eq(head.hash.as_slice()));
    each!(conn, c => diesel::insert_into(audit_head::table).values(row).execute(c))?;
    Ok(Some(head))
}

/// Rows of the log after an id, in order.
pub fn rows_after(conn: &mut Conn, id: i64) -> QueryResult<Vec<AuditRow>> {
    each!(conn, c => audit_log::table
        .filter(audit_log::id.gt(id))
        .order(audit_log::id)
        .limit(PAGE)
        .select(AuditRow::as_select())
        .load(c))
}

/// Links after a position, in order, each with the id of its row.
pub fn links_after(conn: &mut Conn, position: i64) -> QueryResult<Vec<(i64, Link)>> {
    let rows: Vec<(i64, i64, Vec<u8>)> = each!(conn, c => audit_links::table
        .filter(audit_links::position.gt(position))
        .order(audit_links::position)
        .limit(PAGE)
        .select((audit_links::audit_id, audit_links::position, audit_links::hash))
        .load(c))?;
    Ok(rows.into_iter().map(|(id, position, hash)| (id, Link { position, hash })).collect())
}
