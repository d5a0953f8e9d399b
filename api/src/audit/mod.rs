//! The audit log: who did what, each row chained to the one before by a hash that needs a key kept outside the database
//! (SECURITY 13, I12).
//!
//! Rows from before the chain are linked when the service first starts with it. What is cut off the end together with its
//! links and the head leaves no trace inside the database: note an [`Anchor`] elsewhere and verify against it.

pub mod store;

use crate::db::{Conn, Isolation, Store, StoreError};
use diesel::QueryResult;
use meterbook::calendar::Instant;
use meterbook::text::Text;
use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use store::{AuditRow, Link};

/// What is wrong first, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// The row is not what was written.
    Changed(i64),
    /// The row is in no chain: it was written past the service, or its link was taken away.
    Unchained(i64),
    /// The row is gone; its link is there.
    Removed(i64),
    /// Rows between these two are gone with their links.
    RemovedBetween(i64, i64),
    /// The newest rows, after this one, are gone with their links.
    EndRemoved(i64),
    /// The head is not the newest link, or is missing.
    Head(i64),
    /// The link noted elsewhere is not in the chain.
    Anchor(i64),
}

impl ChainFault {
    /// For a person.
    #[must_use]
    pub fn text(&self) -> (String, String) {
        match self {
            Self::Changed(id) => (format!("审计记录 {id} 被改动"), format!("audit row {id} was changed")),
            Self::Unchained(id) => {
                (format!("审计记录 {id} 不在链上，不是由本服务写入"), format!("audit row {id} is not in the chain"))
            }
            Self::Removed(id) => (format!("审计记录 {id} 被删除"), format!("audit row {id} was removed")),
            Self::RemovedBetween(after, before) => (
                format!("审计记录 {after} 与 {before} 之间有记录被删除"),
                format!("audit rows between {after} and {before} were removed"),
            ),
            Self::EndRemoved(after) => {
                (format!("审计记录 {after} 之后的记录被删除"), format!("audit rows after {after} were removed"))
            }
            Self::Head(after) => (
                format!("审计链的链头与最后一条记录 {after} 不符"),
                format!("the head of the chain does not follow audit row {after}"),
            ),
            Self::Anchor(position) => (
                format!("链上第 {position} 个节点与留存的锚点不符"),
                format!("link {position} is not the one that was noted"),
            ),
        }
    }
}

/// A link as a person notes it: `POSITION:HASH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor(pub Link);

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.0.position)?;
        self.0.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Anchor {
    type Err = Text;

    fn from_str(text: &str) -> Result<Self, Text> {
        let wrong = Text { zh: "应为 序号:哈希", en: "expected POSITION:HASH" };
        let (position, hash) = text.split_once(':').ok_or(wrong)?;
        let byte = |at: usize| hash.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let hash: Option<Vec<u8>> = (0..hash.len()).step_by(2).map(byte).collect();
        let position = position.parse().map_err(|_| wrong)?;
        Ok(Self(Link { position, hash: hash.filter(|hash| hash.len() == 32).ok_or(wrong)? }))
    }
}

/// Begins the chain in a database that has none.
///
/// # Errors
/// The database's.
pub async fn start_audit_chain(store: &Store, now: Instant) -> Result<(), StoreError> {
    if store.read("find_audit_head", store::find_head).await?.is_some() {
        return Ok(());
    }
    let started = store.write("start_audit_chain", Isolation::Serializable, move |conn| {
        let Some(head) = store::start_chain(conn)? else { return Ok(false) };
        // A second such row in a log is a question to its administrator.
        store::audit(conn, now, None, "start_audit_chain", &format!("rows/{}", head.position), "")?;
        Ok(true)
    });
    if !started.await? {
        tracing::warn!("the audit chain has links but no head: run `meterbook audit verify`");
    }
    Ok(())
}

/// Walks the whole log, in the caller's snapshot. The newest link where all is well.
pub fn verify_chain(conn: &mut Conn, anchor: Option<&Anchor>) -> QueryResult<Result<Link, ChainFault>> {
    let Some(keys) = conn.keys() else { return Err(diesel::result::Error::QueryBuilderError("no keys".into())) };
    let mut walk = Walk { rows: VecDeque::new(), links: VecDeque::new(), last_row: i64::MIN, last_link: 0 };
    let (mut at, mut last_id) = (Link::origin(), 0);
    let mut anchor_met = anchor.is_none();
    loop {
        let (row, link) = walk.next(conn)?;
        let (row, id, link) = match (row, link) {
            (None, None) => break,
            (Some(row), None) => return Ok(Err(ChainFault::Unchained(row.id))),
            (None, Some((id, _))) => return Ok(Err(ChainFault::Removed(id))),
            (Some(row), Some((id, _))) if row.id < id => return Ok(Err(ChainFault::Unchained(row.id))),
            (Some(row), Some((id, _))) if row.id > id => return Ok(Err(ChainFault::Removed(id))),
            (Some(row), Some((id, link))) => (row, id, link),
        };
        if link.position != at.position + 1 {
            return Ok(Err(ChainFault::RemovedBetween(last_id, id)));
        }
        if at.next(&keys, &row) != link {
            return Ok(Err(ChainFault::Changed(id)));
        }
        anchor_met |= anchor.is_some_and(|anchor| anchor.0 == link);
        (at, last_id) = (link, id);
    }
    Ok(match (store::find_head(conn)?, anchor) {
        (Some(head), _) if head.position > at.position => Err(ChainFault::EndRemoved(last_id)),
        (head, _) if head.as_ref() != Some(&at) => Err(ChainFault::Head(last_id)),
        (_, Some(anchor)) if !anchor_met => Err(ChainFault::Anchor(anchor.0.position)),
        _ => Ok(at),
    })
}

/// The log and the links side by side, a page of each at a time.
struct Walk {
    rows: VecDeque<AuditRow>,
    links: VecDeque<(i64, Link)>,
    last_row: i64,
    last_link: i64,
}

/// A row and a link at one place of the walk; either may have ended.
type Pair = (Option<AuditRow>, Option<(i64, Link)>);

impl Walk {
    fn next(&mut self, conn: &mut Conn) -> QueryResult<Pair> {
        if self.rows.is_empty() {
            self.rows = store::rows_after(conn, self.last_row)?.into();
        }
        if self.links.is_empty() {
            self.links = store::links_after(conn, self.last_link)?.into();
        }
        let (row, link) = (self.rows.pop_front(), self.links.pop_front());
        self.last_row = row.as_ref().map_or(self.last_row, |row| row.id);
        self.last_link = link.as_ref().map_or(self.last_link, |(_, link)| link.position);
        Ok((row, link))
    }
}
