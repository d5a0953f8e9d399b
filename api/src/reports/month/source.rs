//! Where the rows of a long list come from: the data as they stand, or the report as it was published.

use super::lists::{AnomalyRow, CorrectionRow, ListRow, NotReadRow, PurchaseChangeRow, ReconciliationRow};
use super::store::rows::Page;
use super::store::{Scope, published, rows};
use crate::db::Conn;
use crate::reports::book::BookFault;
use diesel::QueryResult;
use std::io::{BufRead as _, Read as _};

/// Rows loaded at once while a whole list is gone through.
pub const AT_ONCE: i64 = 500;
/// No piece is as large; a damaged one must not fill the memory.
const MOST_PIECE: u64 = 64 << 20;

/// Where rows come from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The data as they stand.
    Live(Scope),
    /// The published report with this id.
    Published(i64),
}

/// Rows that can be loaded from the data as they stand.
pub trait Live: ListRow + Sized {
    /// A page of them.
    ///
    /// # Errors
    /// The database's.
    fn load(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> QueryResult<Page<Self>>;
}

macro_rules! live {
    ($($row:ty: $load:path;)+) => {$(
        impl Live for $row {
            fn load(conn: &mut Conn, scope: &Scope, after: i64, limit: i64) -> QueryResult<Page<Self>> {
                $load(conn, scope, after, limit)
            }
        }
    )+};
}

live! {
    NotReadRow: rows::not_read;
    AnomalyRow: rows::anomalies;
    ReconciliationRow: rows::reconciliation;
    CorrectionRow: rows::corrections;
    PurchaseChangeRow: rows::purchase_changes;
}

impl Source {
    /// Rows after a key, at least one where there are more; the key to go on after, `None` at the end.
    ///
    /// # Errors
    /// The database's.
    pub fn page<R: Live>(&self, conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Page<R>> {
        let (mut found, mut after) = (Vec::new(), after);
        loop {
            let wanted = limit - i64::try_from(found.len()).unwrap_or(i64::MAX);
            let (rows, next) = self.load(conn, after, wanted)?;
            found.extend(rows);
            match next {
                Some(next) if i64::try_from(found.len()).is_ok_and(|count| count < limit) => after = next,
                next => return Ok((found, next)),
            }
        }
    }

    fn load<R: Live>(&self, conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Page<R>> {
        let report = match self {
            Self::Live(scope) => return R::load(conn, scope, after, limit),
            Self::Published(report) => *report,
        };
        let Some(piece) = published::piece_after(conn, report, R::SHEET.id, after)? else {
            return Ok((Vec::new(), None));
        };
        let mut rows: Vec<R> = unpack(&piece)?;
        rows.retain(|row| row.key() > after);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = rows.last().map(ListRow::key);
        Ok((rows, last))
    }

    /// Goes through a whole list.
    ///
    /// # Errors
    /// The database's, or what `each` met.
    pub fn for_each<R: Live>(
        &self,
        conn: &mut Conn,
        mut each: impl FnMut(R) -> Result<(), BookFault>,
    ) -> QueryResult<()> {
        let mut after = 0;
        loop {
            let (rows, next) = self.load::<R>(conn, after, AT_ONCE)?;
            rows.into_iter().try_for_each(&mut each).map_err(BookFault::into_query)?;
            match next {
                Some(next) => after = next,
                None => return Ok(()),
            }
        }
    }
}

/// Rows as they are kept: JSON lines under zstd.
///
/// # Errors
/// Where they can't be written as JSON.
pub fn pack<R: ListRow>(rows: &[R]) -> QueryResult<Vec<u8>> {
    let broken = |fault: Box<dyn std::error::Error + Send + Sync>| diesel::result::Error::SerializationError(fault);
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, row).map_err(|fault| broken(fault.into()))?;
        lines.push(b'\n');
    }
    zstd::encode_all(lines.as_slice(), 3).map_err(|fault| broken(fault.into()))
}

fn unpack<R: ListRow>(piece: &[u8]) -> QueryResult<Vec<R>> {
    let broken = |fault: Box<dyn std::error::Error + Send + Sync>| diesel::result::Error::DeserializationError(fault);
    let inflated = zstd::Decoder::new(piece).map_err(|fault| broken(fault.into()))?.take(MOST_PIECE);
    let lines = std::io::BufReader::new(inflated).lines();
    let row = |line: std::io::Result<String>| {
        serde_json::from_str(&line.map_err(|fault| broken(fault.into()))?).map_err(|fault| broken(fault.into()))
    };
    lines.map(row).collect()
}
