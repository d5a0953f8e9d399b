//! The fleet in order, some meters at a time: what is kept of each one's past, as use by period.
//!
//! Why separate: this is all that is read of a company's history, once a month over every meter. What is kept for the next
//! verdict is enough; only where it is not (a list made late, a past that was dropped) are the records read.

use super::super::packed::{Group, Member};
use crate::anomalies::digest;
use crate::anomalies::store::pasts_of;
use crate::db::schema::{installations, meter_pasts, meter_types, meters, records, service_points};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::{from_ms, to_ms};
use crate::meters::traits::{TRAITS, TraitsRow, traits};
use crate::sync::packed::{may_name, stored_body};
use diesel::prelude::*;
use meterbook::anomalies::Past;
use meterbook::anomalies::lists::window::{Accepted, Used, used_until};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::meters::{Class, MeterTraits, PointState};
use meterbook::quantity::Volume;
use std::collections::HashMap;

/// Meters of the fleet that were looked at.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Those with a past up to the month.
    pub members: Vec<Member>,
    /// Read in the month, with a past or without.
    pub read: usize,
    /// The last installation looked at; `None`: there was none after the one given.
    pub last: Option<i64>,
}

/// Installation, meter, point, since, first index.
type Place = (i64, i64, i64, i64, i64);
/// Class, type, area, state.
type Sort = (String, i64, i64, String);
type Row = (Place, Sort, TraitsRow, Option<Vec<u8>>);

/// Meters in place by installation.
macro_rules! in_place {
    () => {
        installations::table
            .inner_join(meters::table.inner_join(meter_types::table))
            .inner_join(service_points::table)
            .left_join(meter_pasts::table)
            .filter(installations::removed_at.is_null())
            .order(installations::id)
            .select((
                (
                    installations::id,
                    installations::meter_id,
                    installations::point_id,
                    installations::installed_at,
                    installations::first_index,
                ),
                (service_points::class, meters::type_id, service_points::area_id, service_points::state),
                TRAITS,
                meter_pasts::digest.nullable(),
            ))
    };
}

/// The next meters after an installation, as they are known for a month.
pub fn gather(conn: &mut Conn, after: i64, at_once: i64, of: (Period, Zone)) -> QueryResult<Gathered> {
    let rows: Vec<Row> = each!(conn, c => in_place!().filter(installations::id.gt(after)).limit(at_once).load(c))?;
    members_of(conn, rows, of)
}

/// Some meters by their installations, as they are known for a month.
pub fn gather_these(conn: &mut Conn, ids: &[i64], of: (Period, Zone)) -> QueryResult<Gathered> {
    let rows: Vec<Row> = each!(conn, c => in_place!().filter(among(installations::id, ids)).load(c))?;
    members_of(conn, rows, of)
}

/// All installations of meters in place.
pub fn installation_ids(conn: &mut Conn) -> QueryResult<Vec<i64>> {
    each!(conn, c => installations::table
        .filter(installations::removed_at.is_null())
        .order(installations::id)
        .select(installations::id)
        .load(c))
}

/// A meter in use with its past as far as it is kept.
struct Kept {
    place: Place,
    group: Group,
    traits: MeterTraits,
    /// `None`: the records must be asked.
    past: Option<Past>,
}

fn kept((place, sort, of_type, past): Row, (month, zone): (Period, Zone)) -> Option<Kept> {
    let (class, meter_type, area, state) = sort;
    // Where gas is shut off nothing is to be expected.
    let class = Class::from_code(&class).filter(|_| state == PointState::Active.code())?;
    let (group, traits) = (Group { class, meter_type, area }, traits(of_type));
    let since = zone.start_of(group.cadence().first_day(month));
    let past = past.and_then(|past| digest::read(&past, traits.digits.wrap()));
    let is_whole = |past: &Past| past.drift_before().is_none();
    let is_enough = |past: &Past| is_whole(past) || past.visits().first().is_some_and(|first| first.at < since);
    Some(Kept { place, group, traits, past: past.filter(is_enough) })
}

/// A meter that was read in the month.
struct Found {
    place: Place,
    group: Group,
    used: Used,
}

impl From<Found> for Member {
    fn from(found: Found) -> Self {
        let Found { place: (installation, meter, point, ..), group, used } = found;
        Self { installation, meter, point, observed_at: to_ms(used.last), group, history: used.history }
    }
}

fn members_of(conn: &mut Conn, rows: Vec<Row>, of: (Period, Zone)) -> QueryResult<Gathered> {
    let last = rows.last().map(|(place, ..)| place.0);
    let all: Vec<Kept> = rows.into_iter().filter_map(|row| kept(row, of)).collect();
    let without: Vec<i64> = all.iter().filter(|one| one.past.is_none()).map(|one| one.place.2).collect();
    let mut from_records = pasts_of(conn, &without)?;
    let (mut found, mut read) = (Vec::with_capacity(all.len()), 0);
    for Kept { place, group, traits, past } in all {
        let past = past.unwrap_or_else(|| from_records.remove(&place.1).unwrap_or_default());
        let accepted = accepted(&past, (from_ms(place.3), Volume::from_litres(place.4)));
        read += usize::from(accepted.iter().skip(1).any(|(at, _)| of.0.contains(*at, of.1)));
        let dial = (traits.digits.wrap(), traits.resolution);
        found.extend(used_until(&accepted, dial, group.cadence(), of).map(|used| Found { place, group, used }));
    }
    note_empty(conn, &mut found, of)?;
    Ok(Gathered { members: found.into_iter().map(Member::from).collect(), read, last })
}

/// What it was put in with, then every accepted index since.
fn accepted(past: &Past, base: Accepted) -> Vec<Accepted> {
    let since = past.visits().iter().filter(|visit| visit.at >= base.0);
    let shown = since.filter_map(|visit| Some((visit.at, visit.figures.index?)));
    std::iter::once(base).chain(shown).collect()
}

/// Readers' notes that a place stood empty, where a period without use gives them a meaning.
fn note_empty(conn: &mut Conn, found: &mut [Found], (month, zone): (Period, Zone)) -> QueryResult<()> {
    let mut zero: HashMap<(i64, i64), &mut Found> = found
        .iter_mut()
        .filter(|one| one.used.has_zero(one.group.cadence()))
        .map(|one| ((one.place.2, one.place.1), one))
        .collect();
    if zero.is_empty() {
        return Ok(());
    }
    let points: Vec<i64> = zero.keys().map(|(point, _)| *point).collect();
    let until = to_ms(zone.start_of(month.end_day()));
    type Noted = (Uuid16, i64, Option<i64>, i64, String, Option<Vec<u8>>);
    let rows: Vec<Noted> = each!(conn, c => records::table
        .filter(among(records::point_id, &points))
        .filter(records::kind.eq("reading"))
        .filter(records::observed_at.lt(until))
        .select((records::id, records::point_id, records::meter_id, records::observed_at, records::body, records::packed))
        .load(c))?;
    for (id, point, meter, at, body, packed) in rows {
        let Some(one) = meter.and_then(|meter| zero.get_mut(&(point, meter))) else { continue };
        if is_noted(id, body, packed)? {
            one.used.note(zone.day(from_ms(at)), one.group.cadence(), month);
        }
    }
    Ok(())
}

/// Most records say nothing of the kind, and need be neither unpacked nor parsed.
fn is_noted(id: Uuid16, body: String, packed: Option<Vec<u8>>) -> QueryResult<bool> {
    const NAME: &str = "vacancy";
    if !packed.as_deref().map_or_else(|| body.contains(NAME), |packed| may_name(packed, NAME)) {
        return Ok(false);
    }
    let body = stored_body(id.0, body, packed.as_deref())?;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    Ok(body.get(NAME).and_then(serde_json::Value::as_bool).unwrap_or(false))
}

/// Whether any meter was read in a month.
pub fn has_readings(conn: &mut Conn, (from, until): (Instant, Instant)) -> QueryResult<bool> {
    let read = records::table
        .filter(records::kind.eq("reading"))
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)));
    each!(conn, c => diesel::select(diesel::dsl::exists(read)).get_result(c))
}
