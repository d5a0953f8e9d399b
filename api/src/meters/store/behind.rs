//! The points behind a figure of coverage, as the register shows them.

use super::{load_points, summaries};
use crate::coverage::points::Behind;
use crate::coverage::store::{PlanRow, points_behind};
use crate::db::Conn;
use crate::keys::Keys;
use crate::meters::{PointFilter, PointSummary};
use diesel::prelude::*;
use std::collections::HashMap;

/// Points that are asked for, after an id, in order, each with the class it counts in and its bucket.
pub fn list_points_behind(
    conn: &mut Conn,
    keys: &Keys,
    asked: &Behind,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<PointSummary>> {
    let behind = points_behind(conn, asked, after, limit)?;
    let ids: Vec<i64> = behind.iter().map(|(point, _)| *point).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = load_points(conn, &PointFilter::default(), (Some(ids.as_slice()), None), after, limit)?;
    let rows_of: HashMap<i64, PlanRow> = behind.into_iter().collect();
    let mut found = summaries(conn, keys, rows)?;
    for point in &mut found {
        let Some(row) = rows_of.get(&point.id) else { continue };
        row.entry.class.code().clone_into(&mut point.class);
        point.bucket = Some(row.entry.bucket.code().to_owned());
        point.reader_id = Some(row.reader_id).filter(|reader| *reader != 0);
    }
    Ok(found)
}
