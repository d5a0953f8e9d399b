//! Areas and routes, of which an import makes those it names, and the order in which points are walked.

use crate::db::schema::{areas, routes};
use crate::db::{Conn, Statement, Value, each};
use diesel::prelude::*;
use diesel::result::Error;
use meterbook::id::PointId;
use std::collections::HashMap;

/// Areas by path; the missing ones are made from the root down.
pub fn ensure_areas<'a>(conn: &mut Conn, paths: impl Iterator<Item = &'a str>) -> QueryResult<HashMap<String, i64>> {
    let stored: Vec<(String, i64)> = each!(conn, c => areas::table.select((areas::path, areas::id)).load(c))?;
    let mut known: HashMap<String, i64> = stored.into_iter().collect();
    for path in paths {
        if known.contains_key(path) {
            continue;
        }
        let mut parent = None;
        for end in path.match_indices('/').map(|(at, _)| at).chain([path.len()]) {
            let part = path.get(..end).unwrap_or(path);
            let id = match known.get(part) {
                Some(id) => *id,
                None => {
                    let name = part.rsplit('/').next().unwrap_or(part);
                    let row = (areas::parent_id.eq(parent), areas::name.eq(name), areas::path.eq(part));
                    let id: i64 = each!(conn, c =>
                        diesel::insert_into(areas::table).values(row).returning(areas::id).get_result(c))?;
                    known.insert(part.to_owned(), id);
                    id
                }
            };
            parent = Some(id);
        }
    }
    Ok(known)
}

/// Routes by code; a missing one is made in the area of the first point that names it.
pub fn ensure_routes<'a>(
    conn: &mut Conn,
    named: impl Iterator<Item = (&'a str, &'a str)>,
    areas: &HashMap<String, i64>,
) -> QueryResult<HashMap<String, i64>> {
    let stored: Vec<(String, i64)> = each!(conn, c => routes::table.select((routes::code, routes::id)).load(c))?;
    let mut known: HashMap<String, i64> = stored.into_iter().collect();
    for (code, area) in named {
        if !known.contains_key(code) {
            let area = areas.get(area).copied().ok_or(Error::NotFound)?;
            let row = (routes::code.eq(code), routes::area_id.eq(area));
            let id: i64 = each!(conn, c =>
                diesel::insert_into(routes::table).values(row).returning(routes::id).get_result(c))?;
            known.insert(code.to_owned(), id);
        }
    }
    Ok(known)
}

/// Writes the places that points have in the walk of their reader.
pub fn set_learned_order(conn: &mut Conn, places: &[(PointId, i32)]) -> QueryResult<()> {
    places.iter().try_for_each(|(point, place)| {
        let update = Statement {
            sql: "UPDATE service_points SET learned_order = ? WHERE id = ?",
            values: vec![Value::Small(*place), Value::Int(point.0)],
        };
        each!(conn, c => update.execute(c)).map(drop)
    })
}
