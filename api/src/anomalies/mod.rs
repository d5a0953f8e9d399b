//! Verdicts at ingest and the cases they open (R-10, DOMAIN 4).

pub mod cases;
mod digest;
pub mod integrity;
pub mod lists;
pub mod neighbours;
pub mod routes;
pub mod store;
mod wire;

pub use wire::*;

use crate::db::{Access, Conn, DatabaseUrl};

/// Points at which something else is kept of the meter's past than the records say. There must never be any.
///
/// # Errors
/// Where the database can't be read.
pub fn wrong_pasts(url: &DatabaseUrl) -> Result<Vec<i64>, Box<dyn std::error::Error>> {
    let mut conn = Conn::open(url, Access::Read)?;
    conn.hold_still()?;
    let (mut found, mut after) = (Vec::new(), 0);
    while let Some((wrong, last)) = store::wrong_pasts(&mut conn, after)? {
        found.extend(wrong);
        after = last;
    }
    Ok(found)
}
