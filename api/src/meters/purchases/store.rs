//! The purchases table.

use super::{Known, Purchase};
use crate::db::schema::{installations, meters, purchases};
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;

const CHUNK: usize = 500;

/// Loads what is stored of everything the rows name.
pub fn load(conn: &mut Conn, rows: &[Purchase]) -> QueryResult<Known> {
    let mut known = Known::default();
    for chunk in rows.chunks(CHUNK) {
        let numbers: Vec<&str> = chunk.iter().map(|row| row.meter.as_str()).collect();
        let found: Vec<(String, i64)> = each!(conn, c => meters::table
            .filter(meters::number.eq_any(numbers)).select((meters::number, meters::id)).load(c))?;
        known.meters.extend(found);
        let references: Vec<&str> = chunk.iter().map(|row| row.reference.as_str()).collect();
        let columns =
            (purchases::reference, (purchases::meter_id, purchases::loaded_at, purchases::volume, purchases::paid_fen));
        let stored: Vec<(String, (i64, i64, i64, i64))> = each!(conn, c => purchases::table
            .filter(purchases::reference.eq_any(references)).select(columns).load(c))?;
        known.purchases.extend(stored);
    }
    Ok(known)
}

// Without the attribute Diesel writes row by row in a transaction of its own, and the store has one open already.
#[derive(Insertable)]
#[diesel(table_name = purchases, treat_none_as_default_value = false)]
struct NewPurchase<'a> {
    reference: &'a str,
    meter_id: i64,
    loaded_at: i64,
    volume: i64,
    paid_fen: i64,
}

/// Adds purchases to their meters.
pub fn insert(conn: &mut Conn, new: &[(&Purchase, i64)]) -> QueryResult<()> {
    for chunk in new.chunks(CHUNK) {
        let rows: Vec<NewPurchase<'_>> = chunk
            .iter()
            .map(|(row, meter_id)| NewPurchase {
                reference: &row.reference,
                meter_id: *meter_id,
                loaded_at: to_ms(row.loaded_at),
                volume: row.volume,
                paid_fen: row.paid_fen,
            })
            .collect();
        each!(conn, c => diesel::insert_into(purchases::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// The points these meters serve now, each once.
pub fn points_of(conn: &mut Conn, meters: &[i64]) -> QueryResult<Vec<i64>> {
    let mut points = Vec::new();
    for chunk in meters.chunks(CHUNK) {
        let found: Vec<i64> = each!(conn, c => installations::table
            .filter(installations::meter_id.eq_any(chunk))
            .filter(installations::removed_at.is_null())
            .select(installations::point_id)
            .load(c))?;
        points.extend(found);
    }
    points.sort_unstable();
    points.dedup();
    Ok(points)
}
