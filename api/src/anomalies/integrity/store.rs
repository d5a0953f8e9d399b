//! Entries of readers as they were made, and the lists drawn from them.

use crate::anomalies::store::SET_ASIDE;
use crate::db::schema::{
    accounts, corrected_records, meter_types, meters, record_photos, records, reread_items, reread_lists,
    service_points,
};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::{from_ms, to_ms};
use crate::sync::packed::stored_body;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::anomalies::integrity::{Entry, Place};
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, PointId, RecordId};
use meterbook::quantity::Volume;
use std::collections::HashMap;

/// A window of time.
pub type Window = (Instant, Instant);

/// A reader's entries in the order they were made.
#[derive(Clone, Debug)]
pub struct ReaderEntries {
    /// Who.
    pub reader: i64,
    /// His name.
    pub name: String,
    /// The entries.
    pub entries: Vec<Entry>,
}

#[derive(Queryable)]
struct Row {
    record: Uuid16,
    reader: Option<i64>,
    point: i64,
    meter: Option<i64>,
    at: i64,
    index: Option<i64>,
    flags: String,
    body: (String, Option<Vec<u8>>),
    stop: (Option<i64>, i32),
    place: (Option<i64>, Option<i64>, Option<String>),
    resolution: i64,
    head: Option<(Option<i64>, String)>,
}

/// What readers entered in a window, by reader.
pub fn entries(conn: &mut Conn, (from, until): Window, zone: Zone) -> QueryResult<Vec<ReaderEntries>> {
    let rows: Vec<Row> = each!(conn, c => records::table
        .inner_join(service_points::table.on(service_points::id.eq(records::point_id)))
        .inner_join(meters::table.on(records::meter_id.eq(meters::id.nullable())))
        .inner_join(meter_types::table.on(meter_types::id.eq(meters::type_id)))
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(records::kind.eq("reading"))
        .filter(records::code.eq("field").or(records::code.eq("reread")))
        .filter(records::device_id.is_not_null())
        .filter(records::observed_at.between(to_ms(from), to_ms(until) - 1))
        .order((records::reader_id, records::observed_at, records::id))
        .select((
            records::id,
            records::reader_id,
            records::point_id,
            records::meter_id,
            records::observed_at,
            records::figure_index,
            records::flags,
            (records::body, records::packed),
            (service_points::route_id, service_points::office_order),
            (service_points::lat_micro, service_points::lng_micro, service_points::datum),
            meter_types::resolution,
            (corrected_records::figure_index, corrected_records::flags).nullable(),
        ))
        .load(c))?;
    let ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.record.0).collect();
    let mut photos = photos_of(conn, &ids)?;
    let meters: Vec<i64> = rows.iter().filter_map(|row| row.meter).collect();
    let uses = uses_of(conn, &meters, until)?;
    let names: HashMap<i64, String> =
        each!(conn, c => accounts::table.select((accounts::id, accounts::name)).load::<(i64, String)>(c))?
            .into_iter()
            .collect();
    let mut readers: Vec<ReaderEntries> = Vec::new();
    for row in rows {
        let Some(reader) = row.reader else { continue };
        if readers.last().is_none_or(|last| last.reader != reader) {
            let name = names.get(&reader).cloned().unwrap_or_default();
            readers.push(ReaderEntries { reader, name, entries: Vec::new() });
        }
        let entry = entry_of(row, zone, &uses, &mut photos)?;
        if let Some(last) = readers.last_mut() {
            last.entries.push(entry);
        }
    }
    Ok(readers)
}

type Uses = HashMap<(i64, i64), (Volume, Volume)>;

fn entry_of(row: Row, zone: Zone, uses: &Uses, photos: &mut HashMap<uuid::Uuid, Vec<String>>) -> QueryResult<Entry> {
    let body = stored_body(row.record.0, row.body.0, row.body.1.as_deref())?;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    // Phones say the place as an object or as members of the item.
    let place = body.get("place").unwrap_or(&body);
    let number = |name: &str| place.get(name).and_then(serde_json::Value::as_i64);
    let fix = number("lat_micro").zip(number("lng_micro")).map(|(lat_micro, lng_micro)| Place { lat_micro, lng_micro });
    let datum = place.get("datum").and_then(serde_json::Value::as_str);
    let (lat, lng, registered_datum) = row.place;
    // Two data lie up to 560 m apart: places are compared only within one (DOMAIN 9).
    let same = fix.is_none() || datum == registered_datum.as_deref();
    let registered = lat.zip(lng).filter(|_| same).map(|(lat_micro, lng_micro)| Place { lat_micro, lng_micro });
    let index = row.head.as_ref().map_or(row.index, |(index, _)| *index);
    let is_set_aside = |flags: &str| flags.split(',').any(|flag| flag == SET_ASIDE);
    let doubted = row.head.as_ref().map_or_else(|| is_set_aside(&row.flags), |(_, flags)| is_set_aside(flags));
    let at = from_ms(row.at);
    Ok(Entry {
        record: RecordId(row.record.0),
        point: PointId(row.point),
        at,
        day: zone.day(at),
        stop: row.stop.0.map(|route| (route, row.stop.1)),
        fix,
        registered,
        index: index.map(|index| (Volume::from_litres(index), Volume::from_litres(row.resolution))),
        uses: row.meter.filter(|_| !doubted).and_then(|meter| uses.get(&(meter, row.at)).copied()),
        photos: photos.remove(&row.record.0).unwrap_or_default(),
    })
}

fn photos_of(conn: &mut Conn, ids: &[uuid::Uuid]) -> QueryResult<HashMap<uuid::Uuid, Vec<String>>> {
    let rows: Vec<(Uuid16, Vec<u8>)> = each!(conn, c => record_photos::table
        .filter(among(record_photos::record_id, ids))
        .select((record_photos::record_id, record_photos::sha256))
        .load(c))?;
    let mut photos: HashMap<uuid::Uuid, Vec<String>> = HashMap::new();
    for (record, sha256) in rows {
        let hash = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        photos.entry(record.0).or_default().push(hash);
    }
    Ok(photos)
}

/// Accepted readings of some meters up to a moment: by meter and time, the use since the one before and the use before that.
fn uses_of(conn: &mut Conn, meters: &[i64], until: Instant) -> QueryResult<Uses> {
    let mut uses = Uses::new();
    for visits in accepted(conn, meters, until)?.chunk_by(|one, other| one.0 == other.0) {
        for three in visits.windows(3) {
            let used = |pair: &[(i64, i64, i64, Option<i64>)]| Volume::from_litres(pair[1].2 - pair[0].2);
            uses.insert((three[2].0, three[2].1), (used(&three[1..]), used(&three[..2])));
        }
    }
    Ok(uses)
}

/// Meter, when, index, by whom.
type Accepted = (i64, i64, i64, Option<i64>);

fn accepted(conn: &mut Conn, meters: &[i64], until: Instant) -> QueryResult<Vec<Accepted>> {
    type Row = (Option<i64>, i64, Option<i64>, Option<i64>, String, Option<(Option<i64>, String)>);
    let points: Vec<i64> = each!(conn, c => crate::db::schema::installations::table
        .filter(among(crate::db::schema::installations::meter_id, meters))
        .select(crate::db::schema::installations::point_id)
        .distinct()
        .load(c))?;
    let mut rows: Vec<Row> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, &points))
        .filter(records::kind.eq("reading"))
        .filter(records::observed_at.lt(to_ms(until)))
        .order((records::point_id, records::observed_at, records::id))
        .select((records::meter_id, records::observed_at, records::reader_id, records::figure_index, records::flags,
            (corrected_records::figure_index, corrected_records::flags).nullable()))
        .load(c))?;
    rows.sort_by_key(|row| (row.0, row.1));
    let counting = rows.into_iter().filter_map(|(meter, at, reader, index, flags, head)| {
        let (index, flags) = head.unwrap_or((index, flags));
        let is_base = !flags.split(',').any(|flag| flag == SET_ASIDE);
        Some((meter?, at, index.filter(|_| is_base)?, reader))
    });
    Ok(counting.collect())
}

/// After a change of reader: the use at the first reading by somebody else, and what the same days at the earlier pace would
/// have been, by the reader before.
pub fn handed_over(
    conn: &mut Conn,
    meters: &[i64],
    (from, until): Window,
) -> QueryResult<HashMap<i64, Vec<(Volume, Volume)>>> {
    let mut found: HashMap<i64, Vec<(Volume, Volume)>> = HashMap::new();
    for visits in accepted(conn, meters, until)?.chunk_by(|one, other| one.0 == other.0) {
        for three in visits.windows(3) {
            let [(_, first, start, _), (_, second, middle, before), (_, third, end, after)] =
                [three[0], three[1], three[2]];
            let is_change = before.is_some() && after.is_some() && before != after && third >= to_ms(from);
            if let Some(reader) = before.filter(|_| is_change && second > first) {
                let pace = Volume::from_litres(middle - start).scaled(third - second, second - first);
                found.entry(reader).or_default().push((Volume::from_litres(end - middle), pace));
            }
        }
    }
    Ok(found)
}

/// The meters somebody read in a window.
pub fn meters_read(conn: &mut Conn, (from, until): Window) -> QueryResult<Vec<i64>> {
    let rows: Vec<Option<i64>> = each!(conn, c => records::table
        .filter(records::kind.eq("reading"))
        .filter(records::device_id.is_not_null())
        .filter(records::observed_at.between(to_ms(from), to_ms(until) - 1))
        .select(records::meter_id)
        .distinct()
        .load(c))?;
    Ok(rows.into_iter().flatten().collect())
}

/// A list as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = reread_lists)]
pub struct ListRow {
    pub id: i64,
    pub reader_id: i64,
    pub from_day: NaiveDate,
    pub until_day: NaiveDate,
    pub population: i64,
    pub assumed_faulty: i64,
    pub detection_bp: i32,
    pub seed: i64,
    pub reason: String,
    pub made_by: i64,
    pub made_at: i64,
}

/// What a new list says.
#[derive(Clone, Debug)]
pub struct NewList {
    /// Whose entries.
    pub reader: AccountId,
    /// Their days.
    pub days: (NaiveDate, NaiveDate),
    /// How many there are.
    pub population: i64,
    /// How many wrong ones are assumed.
    pub assumed_faulty: i64,
    /// The chance to meet one of them.
    pub detection_bp: i32,
    /// What the draw was made with.
    pub seed: i64,
    /// Why.
    pub reason: String,
}

/// Keeps a list with what was drawn, in order.
pub fn insert_list(
    conn: &mut Conn,
    list: &NewList,
    drawn: &[(RecordId, PointId)],
    by: AccountId,
    now: Instant,
) -> QueryResult<i64> {
    let row = (
        reread_lists::reader_id.eq(list.reader.0),
        reread_lists::from_day.eq(list.days.0),
        reread_lists::until_day.eq(list.days.1),
        reread_lists::population.eq(list.population),
        reread_lists::assumed_faulty.eq(list.assumed_faulty),
        reread_lists::detection_bp.eq(list.detection_bp),
        reread_lists::seed.eq(list.seed),
        (reread_lists::reason.eq(&list.reason), reread_lists::made_by.eq(by.0), reread_lists::made_at.eq(to_ms(now))),
    );
    let id: i64 = each!(conn, c => diesel::insert_into(reread_lists::table)
        .values(row)
        .returning(reread_lists::id)
        .get_result(c))?;
    for (position, (record, point)) in (1_i32..).zip(drawn) {
        let row = (
            reread_items::list_id.eq(id),
            reread_items::position.eq(position),
            reread_items::record_id.eq(Uuid16(record.0)),
            reread_items::point_id.eq(point.0),
        );
        each!(conn, c => diesel::insert_into(reread_items::table).values(row).execute(c))?;
    }
    Ok(id)
}

/// Lists after an id.
pub fn list_lists(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<ListRow>> {
    each!(conn, c => reread_lists::table
        .filter(reread_lists::id.gt(after))
        .order(reread_lists::id)
        .limit(limit)
        .select(ListRow::as_select())
        .load(c))
}

/// One list.
pub fn find_list(conn: &mut Conn, id: i64) -> QueryResult<Option<ListRow>> {
    each!(conn, c => reread_lists::table.find(id).select(ListRow::as_select()).first(c).optional())
}

/// Position, record, point, 户号; and whether the point was re-read since the list was made.
pub type ItemRow = (i32, Uuid16, i64, String, bool);

/// What was drawn, in order.
pub fn items_of(conn: &mut Conn, list: &ListRow) -> QueryResult<Vec<ItemRow>> {
    let rows: Vec<(i32, Uuid16, i64, String)> = each!(conn, c => reread_items::table
        .inner_join(service_points::table)
        .filter(reread_items::list_id.eq(list.id))
        .order(reread_items::position)
        .select((reread_items::position, reread_items::record_id, reread_items::point_id, service_points::number))
        .load(c))?;
    let points: Vec<i64> = rows.iter().map(|row| row.2).collect();
    let reread: Vec<i64> = each!(conn, c => records::table
        .filter(among(records::point_id, &points))
        .filter(records::kind.eq("reading"))
        .filter(records::code.eq("reread"))
        .filter(records::observed_at.ge(list.made_at))
        .select(records::point_id)
        .distinct()
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(position, record, point, number)| (position, record, point, number, reread.contains(&point)))
        .collect())
}
