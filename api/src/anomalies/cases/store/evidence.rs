//! What a person looks at before deciding a case: the meter's readings, its peers', photos, and what happened around it.
//!
//! Why separate: reads only, and of many tables; nothing here decides.

use super::{FindingRow, MoveRow, PlacedCase, find_case, findings, moves, names};
use crate::anomalies::cases::authors;
use crate::anomalies::store::SET_ASIDE;
use crate::db::schema::{
    cases, corrected_records, installations, meter_types, meters, purchases, record_links, record_photos, records,
    service_points,
};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::from_ms;
use crate::meters::traits::{TRAITS, TraitsRow, traits};
use diesel::prelude::*;
use meterbook::anomalies::Visit;
use meterbook::calendar::Instant;
use meterbook::meters::{Class, MeterTraits};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use std::collections::HashMap;
use uuid::Uuid;

/// Peers whose use is compared at most.
const MOST_PEERS: i64 = 200;

/// A case with its findings, its moves and the names of their authors.
pub type LoadedFile = (PlacedCase, Vec<FindingRow>, Vec<MoveRow>, HashMap<i64, String>);

/// One case with all that was found and done.
pub fn load_file(conn: &mut Conn, id: i64) -> QueryResult<Option<LoadedFile>> {
    let Some(case) = find_case(conn, id)? else { return Ok(None) };
    let (findings, moves) = (findings(conn, id)?, moves(conn, id)?);
    let names = names(conn, &authors(&moves))?;
    Ok(Some((case, findings, moves, names)))
}

/// A meter as it stood at a point.
#[derive(Clone, Debug)]
pub struct MeterThere {
    /// 表号.
    pub number: String,
    /// Its type, with its own overrides.
    pub traits: MeterTraits,
    /// The type.
    pub type_id: i64,
    /// The point's class.
    pub class: Class,
    /// What it was put in with.
    pub base: Visit,
}

/// The meter of a case, in its latest installation at the point.
pub fn meter_there(conn: &mut Conn, meter: i64, point: i64) -> QueryResult<Option<MeterThere>> {
    type Row = (String, i64, String, i64, i64, TraitsRow);
    let found: Option<Row> = each!(conn, c => installations::table
        .inner_join(meters::table.inner_join(meter_types::table))
        .inner_join(service_points::table)
        .filter(installations::meter_id.eq(meter))
        .filter(installations::point_id.eq(point))
        .order(installations::installed_at.desc())
        .select((meters::number, meters::type_id, service_points::class, installations::installed_at,
            installations::first_index, TRAITS))
        .first(c)
        .optional())?;
    Ok(found.and_then(|(number, type_id, class, since, first, of_type)| {
        let figures = Figures { index: Some(Volume::from_litres(first)), ..Figures::default() };
        let base = Visit { at: from_ms(since), figures };
        Some(MeterThere { number, traits: traits(of_type), type_id, class: Class::from_code(&class)?, base })
    }))
}

/// A reading as it counts now.
#[derive(Clone, Debug)]
pub struct CountingReading {
    /// The record.
    pub record: Uuid,
    /// Its kind.
    pub code: String,
    /// When it was observed.
    pub at: Instant,
    /// The figures of the head of its chain.
    pub figures: Figures,
    /// What is noted about it.
    pub flags: Vec<String>,
    /// Whether a correction counts in its place.
    pub is_corrected: bool,
    /// Who made it.
    pub reader: Option<i64>,
}

impl CountingReading {
    /// Whether it may be a base of the next.
    #[must_use]
    pub fn is_base(&self) -> bool {
        let told = matches!(self.code.as_str(), "customer" | "estimate" | "removal");
        !told && !self.flags.iter().any(|flag| flag == SET_ASIDE)
    }
}

/// A meter's readings, oldest first, and never more than asked.
pub fn readings_of(conn: &mut Conn, meter: i64, limit: i64) -> QueryResult<Vec<CountingReading>> {
    type Content = (Option<i64>, Option<i64>, Option<i64>, String);
    type Row = (Uuid16, String, i64, Option<i64>, i64, Content, Option<Content>);
    let points: Vec<i64> = each!(conn, c => installations::table
        .filter(installations::meter_id.eq(meter))
        .select(installations::point_id)
        .distinct()
        .load(c))?;
    let mut rows: Vec<Row> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, &points))
        .filter(records::meter_id.eq(meter))
        .filter(records::kind.eq("reading"))
        .order((records::observed_at.desc(), records::id.desc()))
        .limit(limit)
        .select((
            records::id,
            records::code,
            records::observed_at,
            records::reader_id,
            records::received_at,
            (records::figure_index, records::cumulative, records::balance, records::flags),
            (corrected_records::figure_index, corrected_records::cumulative, corrected_records::balance,
                corrected_records::flags).nullable(),
        ))
        .load(c))?;
    rows.reverse();
    let reading = |(record, code, at, reader, _, recorded, corrected): Row| {
        let is_corrected = corrected.is_some();
        let (index, cumulative, balance, flags) = corrected.unwrap_or(recorded);
        CountingReading {
            record: record.0,
            code,
            at: from_ms(at),
            figures: Figures {
                index: index.map(Volume::from_litres),
                cumulative: cumulative.map(Volume::from_litres),
                balance,
            },
            flags: flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
            is_corrected,
            reader,
        }
    };
    Ok(rows.into_iter().map(reading).collect())
}

/// Accepted indexes of the meters like this one: same area, class and type; by meter, in order. The first 200 by id.
pub fn peer_indexes(
    conn: &mut Conn,
    point: i64,
    type_id: i64,
    since: Instant,
) -> QueryResult<Vec<Vec<(Instant, Volume)>>> {
    let of: (i64, String) = each!(conn, c => service_points::table
        .find(point)
        .select((service_points::area_id, service_points::class))
        .first(c))?;
    let peers: Vec<i64> = each!(conn, c => service_points::table
        .inner_join(installations::table.inner_join(meters::table))
        .filter(service_points::area_id.eq(of.0))
        .filter(service_points::class.eq(&of.1))
        .filter(service_points::id.ne(point))
        .filter(installations::removed_at.is_null())
        .filter(meters::type_id.eq(type_id))
        .order(service_points::id)
        .limit(MOST_PEERS)
        .select(service_points::id)
        .load(c))?;
    type Row = (i64, i64, Option<i64>, String, Option<(Option<i64>, String)>);
    let rows: Vec<Row> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, &peers))
        .filter(records::kind.eq("reading"))
        .filter(records::observed_at.ge(crate::http::to_ms(since)))
        .order((records::point_id, records::observed_at, records::id))
        .select((records::point_id, records::observed_at, records::figure_index, records::flags,
            (corrected_records::figure_index, corrected_records::flags).nullable()))
        .load(c))?;
    let mut found: Vec<Vec<(Instant, Volume)>> = Vec::new();
    for of_point in rows.chunk_by(|one, other| one.0 == other.0) {
        let counting = of_point.iter().filter_map(|(_, at, index, flags, head)| {
            let (index, flags) = head.as_ref().map_or((*index, flags), |(index, flags)| (*index, flags));
            let is_base = !flags.split(',').any(|flag| flag == SET_ASIDE);
            Some((from_ms(*at), Volume::from_litres(index.filter(|_| is_base)?)))
        });
        found.push(counting.collect());
    }
    Ok(found)
}

/// A photo of one of some records: its hash, whether it is there.
pub type PhotoRow = (Uuid16, Vec<u8>, Option<i64>);

/// Photos that these records name.
pub fn photos_of(conn: &mut Conn, records: &[Uuid]) -> QueryResult<Vec<PhotoRow>> {
    each!(conn, c => record_photos::table
        .filter(among(record_photos::record_id, records))
        .order(record_photos::id)
        .select((record_photos::record_id, record_photos::sha256, record_photos::arrived_at))
        .load(c))
}

/// What a meter was loaded with: at, volume, fen, the sale's reference.
pub fn loads_of(conn: &mut Conn, meter: i64) -> QueryResult<Vec<(i64, i64, i64, String)>> {
    each!(conn, c => purchases::table
        .filter(purchases::meter_id.eq(meter))
        .order(purchases::loaded_at)
        .select((purchases::loaded_at, purchases::volume, purchases::paid_fen, purchases::reference))
        .load(c))
}

/// Something that happened at the point: when, what, which, and with what word.
pub type EventRow = (i64, &'static str, String, String);

/// Exchanges, corrections, earlier cases and failed attempts around a case.
pub fn events_of(conn: &mut Conn, case: i64, meter: i64, point: i64) -> QueryResult<Vec<EventRow>> {
    let mut events: Vec<EventRow> = Vec::new();
    let hung: Vec<(i64, Option<i64>, String)> = each!(conn, c => installations::table
        .inner_join(meters::table)
        .filter(installations::point_id.eq(point))
        .select((installations::installed_at, installations::removed_at, meters::number))
        .load(c))?;
    for (installed, removed, number) in hung {
        events.push((installed, "installed", number.clone(), String::new()));
        events.extend(removed.map(|at| (at, "removed", number, String::new())));
    }
    let attempts: Vec<(i64, Uuid16, String)> = each!(conn, c => records::table
        .filter(records::point_id.eq(point))
        .filter(records::kind.eq("attempt"))
        .select((records::observed_at, records::id, records::code))
        .load(c))?;
    events.extend(attempts.into_iter().map(|(at, id, code)| (at, "attempt", id.0.to_string(), code)));
    let corrections: Vec<(i64, Uuid16, Uuid16)> = each!(conn, c => record_links::table
        .inner_join(records::table.on(records::id.eq(record_links::record_id)))
        .filter(records::point_id.eq(point))
        .select((records::received_at, record_links::record_id, record_links::target_id))
        .load(c))?;
    events.extend(
        corrections.into_iter().map(|(at, id, target)| (at, "correction", id.0.to_string(), target.0.to_string())),
    );
    let others: Vec<(i64, i64, String, String)> = each!(conn, c => cases::table
        .filter(cases::meter_id.eq(meter))
        .filter(cases::id.ne(case))
        .select((cases::opened_at, cases::id, cases::rule, cases::state))
        .load(c))?;
    events.extend(
        others.into_iter().map(|(at, id, rule, state)| (at, "case", id.to_string(), format!("{rule} {state}"))),
    );
    Ok(events)
}
