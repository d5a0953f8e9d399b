//! Loading the looks at meters.

use super::Looked;
use crate::anomalies::store::SET_ASIDE;
use crate::db::schema::{corrected_records, installations, meter_types, meters, records};
use crate::db::{Conn, among, each};
use crate::http::{from_ms, to_ms};
use crate::meters::traits::{TRAITS, TraitsRow, traits};
use chrono::TimeDelta;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::meters::MeterTraits;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use meterbook::reports::Standing;
use std::collections::{BTreeMap, HashMap};

/// Points whose looks are loaded at once.
pub const CHUNK: usize = 500;
/// So far back the look before a span is searched first: a quarter and some days hold almost every one.
const NEAR: TimeDelta = TimeDelta::days(100);

/// Index, cumulative, balance, flags.
type Content = (Option<i64>, Option<i64>, Option<i64>, String);
type LookRow = ((i64, Option<i64>, i64), Content, Option<Content>);
/// By meter: the point of the last look, and the looks.
type Looks = BTreeMap<i64, (i64, Vec<Standing>)>;

/// The meters of at most [`CHUNK`] points, with the trusted looks at them in `[from, until)` and the last one before.
pub fn load_looks(conn: &mut Conn, points: &[i64], from: Instant, until: Instant) -> QueryResult<Vec<Looked>> {
    let mut looks = Looks::new();
    collect(conn, points, (from - NEAR, until), &mut looks)?;
    let begins_within = |looks: &[Standing]| looks.first().is_none_or(|look| look.at >= from);
    let far: Vec<i64> = looks.values().filter(|(_, looks)| begins_within(looks)).map(|(point, _)| *point).collect();
    if !far.is_empty() {
        let mut earlier = Looks::new();
        collect(conn, &far, (Instant::UNIX_EPOCH, from - NEAR), &mut earlier)?;
        for (meter, (_, mut past)) in earlier {
            if let Some((_, known)) = looks.get_mut(&meter)
                && let Some(last) = past.pop()
            {
                known.insert(0, last);
            }
        }
    }
    let ids: Vec<i64> = looks.keys().copied().collect();
    let mut bases = load_bases(conn, &ids)?;
    let mut of_type = load_traits(conn, &ids)?;
    let looked = looks.into_iter().filter_map(|(meter, (point, mut looks))| {
        // The index it was put in with is the base of its first reading; its other figures are not known.
        if let Some(base) = bases.remove(&(meter, point))
            && looks.first().is_none_or(|first| first.at > base.at)
            && begins_within(&looks)
        {
            looks.insert(0, base);
        }
        let before = looks.partition_point(|look| look.at < from).saturating_sub(1);
        looks.drain(..before);
        Some(Looked { meter, point, traits: of_type.remove(&meter)?, looks })
    });
    Ok(looked.collect())
}

fn collect(conn: &mut Conn, points: &[i64], (from, until): (Instant, Instant), into: &mut Looks) -> QueryResult<()> {
    // Of a corrected reading the head of its chain counts, at the time the meter was looked at.
    let rows: Vec<LookRow> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, points))
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .filter(records::kind.eq("reading"))
        // Neither what a customer told nor what the office computed is a base.
        .filter(records::code.ne("customer").and(records::code.ne("estimate")))
        .order((records::point_id, records::observed_at, records::id))
        .select((
            (records::point_id, records::meter_id, records::observed_at),
            (records::figure_index, records::cumulative, records::balance, records::flags),
            (corrected_records::figure_index, corrected_records::cumulative, corrected_records::balance, corrected_records::flags)
                .nullable(),
        ))
        .load(c))?;
    for ((point, meter, at), recorded, corrected) in rows {
        let (index, cumulative, balance, flags) = corrected.unwrap_or(recorded);
        let Some(meter) = meter.filter(|_| !flags.split(',').any(|flag| flag == SET_ASIDE)) else { continue };
        let figures =
            Figures { index: index.map(Volume::from_litres), cumulative: cumulative.map(Volume::from_litres), balance };
        let (of, looks) = into.entry(meter).or_default();
        *of = point;
        looks.push(Standing { at: from_ms(at), figures });
    }
    // A meter that moved house has looks at two points: time orders them.
    into.values_mut().for_each(|(_, looks)| looks.sort_by_key(|look| look.at));
    Ok(())
}

fn load_bases(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<(i64, i64), Standing>> {
    let rows: Vec<(i64, i64, i64, i64)> = each!(conn, c => installations::table
        .filter(among(installations::meter_id, ids))
        .order(installations::installed_at)
        .select((installations::meter_id, installations::point_id, installations::installed_at, installations::first_index))
        .load(c))?;
    let base = |index: i64| Figures { index: Some(Volume::from_litres(index)), ..Figures::default() };
    let bases = rows
        .into_iter()
        .map(|(meter, point, at, index)| ((meter, point), Standing { at: from_ms(at), figures: base(index) }));
    Ok(bases.collect())
}

/// What the dials and counters of meters can show.
pub fn load_traits(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, MeterTraits>> {
    let rows: Vec<(i64, TraitsRow)> = each!(conn, c => meters::table
        .inner_join(meter_types::table)
        .filter(among(meters::id, ids))
        .select((meters::id, TRAITS))
        .load(c))?;
    Ok(rows.into_iter().map(|(meter, of_type)| (meter, traits(of_type))).collect())
}
