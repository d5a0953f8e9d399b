//! Neighbours in the office order of a route, and their readings.

use crate::anomalies::store::SET_ASIDE;
use crate::db::schema::{corrected_records, records, service_points};
use crate::db::{Conn, among, each};
use crate::http::from_ms;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use uuid::Uuid;

/// How many stops before and after are taken for the same landing.
const BESIDE: i32 = 3;

/// The points beside one on its route.
pub fn near_points(conn: &mut Conn, point: i64) -> QueryResult<Vec<i64>> {
    let own: Option<(Option<i64>, i32)> = each!(conn, c => service_points::table
        .find(point)
        .select((service_points::route_id, service_points::office_order))
        .first(c)
        .optional())?;
    let Some((Some(route), order)) = own else { return Ok(Vec::new()) };
    each!(conn, c => service_points::table
        .filter(service_points::route_id.eq(route))
        .filter(service_points::office_order.between(order.saturating_sub(BESIDE), order.saturating_add(BESIDE)))
        .filter(service_points::id.ne(point))
        .order(service_points::id)
        .select(service_points::id)
        .load(c))
}

/// A stored reading of a neighbour.
#[derive(Clone, Debug)]
pub struct NearReading {
    /// The record.
    pub record: Uuid,
    /// Its point.
    pub point: i64,
    /// Its meter.
    pub meter: i64,
    /// When it was made.
    pub at: Instant,
    /// What was entered.
    pub figures: Figures,
}

/// Accepted readings of one reader at these points in a window of time that no correction has touched.
pub fn near_readings(
    conn: &mut Conn,
    points: &[i64],
    reader: AccountId,
    (from, until): (i64, i64),
) -> QueryResult<Vec<NearReading>> {
    type Row = (crate::db::Uuid16, i64, Option<i64>, i64, Option<i64>, Option<i64>, Option<i64>, String);
    let rows: Vec<Row> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, points))
        .filter(records::observed_at.between(from, until))
        .filter(records::kind.eq("reading"))
        .filter(records::code.eq("field"))
        .filter(records::reader_id.eq(reader.0))
        .filter(corrected_records::record_id.nullable().is_null())
        .order((records::observed_at, records::id))
        .select((records::id, records::point_id, records::meter_id, records::observed_at, records::figure_index,
            records::cumulative, records::balance, records::flags))
        .load(c))?;
    let reading = |(record, point, meter, at, index, cumulative, balance, flags): Row| {
        let is_base = !flags.split(',').any(|flag| flag == SET_ASIDE);
        let figures =
            Figures { index: index.map(Volume::from_litres), cumulative: cumulative.map(Volume::from_litres), balance };
        meter.filter(|_| is_base).map(|meter| NearReading { record: record.0, point, meter, at: from_ms(at), figures })
    };
    Ok(rows.into_iter().filter_map(reading).collect())
}
