//! Meters' pasts: read whole from the records, or as they are kept for the next verdict.
//!
//! Why separate: what is kept must always be what the records say, so all that writes it is here. It is only ever added to by
//! a visit that came after all before; whatever else happens to a meter's past drops it, and the next push reads the records.

use super::super::digest;
use super::{Installed, MeterAtPoint, SET_ASIDE, Visit, load_installed};
use crate::db::schema::{corrected_records, installations, meter_pasts, records};
use crate::db::{Column, Conn, Lockable, Value, among, columns, each, statement};
use crate::http::from_ms;
use diesel::prelude::*;
use meterbook::anomalies::Past;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use std::collections::HashMap;

/// Rows a statement.
const CHUNK: usize = 1_000;
/// Points looked at in one transaction of those that go over all of them.
const POINTS_AT_ONCE: i64 = 500;

/// Reads the pasts of meters at these points from the records.
pub fn load(conn: &mut Conn, installed: &mut HashMap<i64, Installed>, points: &[i64]) -> QueryResult<()> {
    if points.is_empty() {
        return Ok(());
    }
    let mut visits = load_visits(conn, points)?;
    for point in points {
        let Some(installed) = installed.get_mut(point) else { continue };
        let mut past = visits.remove(&installed.meter.0).unwrap_or_default();
        past.retain(|visit| visit.at >= installed.base.at);
        installed.past = Past::whole(past);
    }
    Ok(())
}

/// Replaces what is kept of some points' pasts by the whole. Nothing may have been added to these yet.
pub fn load_whole(conn: &mut Conn, meters: &mut HashMap<i64, MeterAtPoint>, points: &[i64]) -> QueryResult<()> {
    let taken = points.iter().filter_map(|point| Some((*point, meters.get_mut(point)?.meter.take()?)));
    let mut installed: HashMap<i64, Installed> = taken.collect();
    load(conn, &mut installed, points)?;
    for (point, installed) in installed {
        meters.entry(point).and_modify(|at_point| at_point.meter = Some(installed));
    }
    Ok(())
}

/// The pasts of meters at these points, from the records.
pub fn pasts_of(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, Past>> {
    if points.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(load_visits(conn, points)?.into_iter().map(|(meter, visits)| (meter, Past::whole(visits))).collect())
}

fn load_visits(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, Vec<Visit>>> {
    /// Index, cumulative, balance, flags.
    type Content = (Option<i64>, Option<i64>, Option<i64>, String);
    type Row = (Option<i64>, i64, Content, Option<Content>);
    // Of a corrected reading the head of its chain counts, at the time the meter was looked at.
    let rows: Vec<Row> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, points))
        .filter(records::kind.eq("reading"))
        // Neither what a customer told nor what the office computed is a base; a removal ends a meter's time.
        .filter(records::code.ne("customer").and(records::code.ne("estimate")).and(records::code.ne("removal")))
        .order((records::point_id, records::observed_at))
        .select((
            records::meter_id,
            records::observed_at,
            (records::figure_index, records::cumulative, records::balance, records::flags),
            (corrected_records::figure_index, corrected_records::cumulative, corrected_records::balance, corrected_records::flags)
                .nullable(),
        ))
        .load(c))?;
    let mut visits: HashMap<i64, Vec<Visit>> = HashMap::new();
    for (meter, at, recorded, corrected) in rows {
        let (index, cumulative, balance, flags) = corrected.unwrap_or(recorded);
        let Some(meter) = meter.filter(|_| !flags.split(',').any(|flag| flag == SET_ASIDE)) else { continue };
        let figures =
            Figures { index: index.map(Volume::from_litres), cumulative: cumulative.map(Volume::from_litres), balance };
        visits.entry(meter).or_default().push(Visit { at: from_ms(at), figures });
    }
    Ok(visits)
}

impl Installed {
    /// A row of `meter_pasts`.
    fn digest(&self) -> (i64, Vec<u8>) {
        let wrap = self.traits.digits.wrap();
        (self.installation, digest::write(&self.past.kept(wrap), wrap))
    }
}

/// Keeps the pasts that a batch has added to, and drops those it has added to out of order. Call it with the points locked.
pub fn store_pasts<'m>(conn: &mut Conn, meters: impl Iterator<Item = &'m MeterAtPoint>) -> QueryResult<()> {
    let changed = meters.filter_map(|at_point| at_point.meter.as_ref()).filter(|installed| installed.is_changed);
    let (kept, dropped): (Vec<&Installed>, Vec<&Installed>) = changed.partition(|installed| installed.is_in_order);
    drop_installations(conn, &dropped.iter().map(|installed| installed.installation).collect::<Vec<_>>())?;
    let mut rows: Vec<(i64, Vec<u8>)> = kept.into_iter().map(Installed::digest).collect();
    rows.sort_unstable();
    keep(conn, rows)
}

fn keep(conn: &mut Conn, rows: Vec<(i64, Vec<u8>)>) -> QueryResult<()> {
    if let Conn::Postgres(c) = conn {
        if rows.is_empty() {
            return Ok(());
        }
        let (installations, digests) = rows.into_iter().unzip();
        let upsert = columns!(
            "INSERT INTO meter_pasts (installation_id, digest) SELECT * FROM unnest(?, ?) \
             ON CONFLICT (installation_id) DO UPDATE SET digest = excluded.digest",
            Column::Ints(installations),
            Column::Bytes(digests),
        );
        return upsert.execute(&mut **c).map(drop);
    }
    rows.into_iter().try_for_each(|(installation, digest)| {
        let upsert = statement!(
            "INSERT INTO meter_pasts (installation_id, digest) VALUES (?, ?) ON CONFLICT (installation_id) DO UPDATE SET digest = excluded.digest",
            Value::Int(installation),
            Value::Bytes(digest),
        );
        each!(conn, c => upsert.execute(c)).map(drop)
    })
}

/// Drops what is kept of the pasts of the meters at these points. Whoever changes what counts in a meter's past other than by a
/// push calls it in the same transaction; it locks the points, so that no push meanwhile keeps what is out of date.
pub fn drop_pasts(conn: &mut Conn, points: &[i64]) -> QueryResult<()> {
    conn.lock(Lockable::ServicePoints, points)?;
    for points in points.chunks(CHUNK) {
        let at_points = installations::table.filter(installations::point_id.eq_any(points)).select(installations::id);
        let ids: Vec<i64> = each!(conn, c => at_points.load(c))?;
        drop_installations(conn, &ids)?;
    }
    Ok(())
}

fn drop_installations(conn: &mut Conn, ids: &[i64]) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let kept = meter_pasts::table.filter(meter_pasts::installation_id.eq_any(ids));
    each!(conn, c => diesel::delete(kept).execute(c)).map(drop)
}

/// Points after one whose meters have nothing kept of their past: after an upgrade, or since it was dropped.
pub fn points_without(conn: &mut Conn, after: i64) -> QueryResult<Vec<i64>> {
    each!(conn, c => installations::table
        .left_join(meter_pasts::table)
        .filter(installations::point_id.gt(after))
        .filter(installations::removed_at.is_null())
        .filter(meter_pasts::installation_id.nullable().is_null())
        .order(installations::point_id)
        .limit(POINTS_AT_ONCE)
        .select(installations::point_id)
        .load(c))
}

/// Keeps the pasts of the meters at these points that have none kept.
pub fn keep_pasts(conn: &mut Conn, points: &[i64]) -> QueryResult<()> {
    conn.lock(Lockable::ServicePoints, points)?;
    let installed = load_installed(conn, points)?;
    let mut rows: Vec<(i64, Vec<u8>)> = installed.values().map(Installed::digest).collect();
    rows.sort_unstable();
    keep(conn, rows)
}

/// Those of the points after one at which something else is kept of the meter's past than the records say, and the last point
/// looked at; `None` at the end. There must never be any.
pub fn wrong_pasts(conn: &mut Conn, after: i64) -> QueryResult<Option<(Vec<i64>, i64)>> {
    let points: Vec<i64> = each!(conn, c => installations::table
        .filter(installations::point_id.gt(after))
        .filter(installations::removed_at.is_null())
        .order(installations::point_id)
        .limit(POINTS_AT_ONCE)
        .select(installations::point_id)
        .load(c))?;
    let Some(last) = points.last().copied() else { return Ok(None) };
    let kept = load_installed(conn, &points)?;
    let mut whole = kept.clone();
    load(conn, &mut whole, &points)?;
    let is_wrong = |point: &&i64| {
        let (Some(kept), Some(whole)) = (kept.get(*point), whole.get(*point)) else { return true };
        let wrap = kept.traits.digits.wrap();
        kept.past.kept(wrap) != whole.past.kept(wrap)
    };
    Ok(Some((points.iter().filter(is_wrong).copied().collect(), last)))
}
