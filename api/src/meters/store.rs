//! Looking at the register: areas, routes, types, points, meters and their readings.

mod behind;

pub use behind::list_points_behind;

use super::wire::*;
use crate::db::schema::{
    areas, corrected_records, installations, meter_types, meters, point_terms, records, routes, service_points,
};
use crate::db::{Conn, Uuid16, each};
use crate::http::{Time, from_ms};
use crate::keys::Keys;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::meters::in_service_since;
use std::collections::HashMap;
use uuid::Uuid;

/// Every area, by path.
pub fn list_areas(conn: &mut Conn) -> QueryResult<Vec<Area>> {
    type Row = (i64, Option<i64>, String, String);
    let columns = (areas::id, areas::parent_id, areas::name, areas::path);
    let rows: Vec<Row> = each!(conn, c => areas::table.order(areas::path).select(columns).load(c))?;
    Ok(rows.into_iter().map(|(id, parent_id, name, path)| Area { id, parent_id, name, path }).collect())
}

/// Every route, by code.
pub fn list_routes(conn: &mut Conn) -> QueryResult<Vec<Route>> {
    let counted: Vec<(Option<i64>, i64)> = each!(conn, c => service_points::table
        .filter(service_points::route_id.is_not_null())
        .filter(service_points::state.ne("removed"))
        .group_by(service_points::route_id)
        .select((service_points::route_id, diesel::dsl::count_star()))
        .load(c))?;
    let counted: HashMap<Option<i64>, i64> = counted.into_iter().collect();
    let rows: Vec<(i64, String, i64, String)> = each!(conn, c => routes::table
        .inner_join(areas::table.on(areas::id.eq(routes::area_id)))
        .order(routes::code)
        .select((routes::id, routes::code, routes::area_id, areas::path))
        .load(c))?;
    let route = |(id, code, area_id, area_path)| {
        let points = counted.get(&Some(id)).copied().unwrap_or(0);
        Route { id, code, area_id, area_path, points }
    };
    Ok(rows.into_iter().map(route).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = meter_types)]
struct TypeRow {
    id: i64,
    code: String,
    size: String,
    qmax_per_hour: i64,
    digits_integer: i32,
    digits_decimal: i32,
    resolution: i64,
    pulse: i64,
    three_figures: bool,
    fen_per_m3: Option<i64>,
    overdraft: bool,
}

/// Every meter type, by code.
pub fn list_meter_types(conn: &mut Conn) -> QueryResult<Vec<MeterType>> {
    let rows: Vec<TypeRow> =
        each!(conn, c => meter_types::table.order(meter_types::code).select(TypeRow::as_select()).load(c))?;
    let wire = |row: TypeRow| MeterType {
        id: row.id,
        code: row.code,
        size: row.size,
        qmax_per_hour: row.qmax_per_hour,
        digits_integer: row.digits_integer,
        digits_decimal: row.digits_decimal,
        resolution: row.resolution,
        pulse: row.pulse,
        three_figures: row.three_figures,
        fen_per_m3: row.fen_per_m3,
        overdraft: row.overdraft,
    };
    Ok(rows.into_iter().map(wire).collect())
}

/// An area and all that lie in it.
fn areas_within(conn: &mut Conn, area: i64) -> QueryResult<Vec<i64>> {
    let all: Vec<(i64, Option<i64>)> = each!(conn, c => areas::table.select((areas::id, areas::parent_id)).load(c))?;
    let mut children: HashMap<i64, Vec<i64>> = HashMap::new();
    for (id, parent) in all {
        children.entry(parent.unwrap_or_default()).or_default().push(id);
    }
    let (mut within, mut next) = (Vec::new(), vec![area]);
    while let Some(id) = next.pop() {
        within.push(id);
        next.extend(children.remove(&id).unwrap_or_default());
    }
    Ok(within)
}

/// Points that are exactly what was searched for: by 户号, 表号 or, without the clear text, name, phone or address.
fn points_exactly(conn: &mut Conn, keys: &Keys, search: &str) -> QueryResult<Vec<i64>> {
    let keys = ["customer_name", "customer_phone", "address"].map(|column| keys.blind(column, search));
    let [name, phone, address] = keys;
    let mut ids: Vec<i64> = each!(conn, c => service_points::table
        .filter(service_points::number.eq(search)
            .or(service_points::name_key.eq(Some(name)).assume_not_null())
            .or(service_points::phone_key.eq(Some(phone)).assume_not_null())
            .or(service_points::address_key.eq(Some(address)).assume_not_null()))
        .select(service_points::id)
        .limit(10_000)
        .load(c))?;
    let by_meter: Vec<i64> = each!(conn, c => installations::table.inner_join(meters::table)
        .filter(meters::number.eq(search))
        .filter(installations::removed_at.is_null())
        .select(installations::point_id)
        .load(c))?;
    ids.extend(by_meter);
    Ok(ids)
}

/// What `LIKE` takes for the beginning of a text.
fn beginning(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{escaped}%")
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_points)]
struct PointRow {
    id: i64,
    number: String,
    area_id: i64,
    route_id: Option<i64>,
    office_order: i32,
    learned_order: Option<i32>,
    class: String,
    state: String,
    gas_on: Option<NaiveDate>,
    lat_micro: Option<i64>,
    lng_micro: Option<i64>,
    datum: Option<String>,
    customer_name: Option<Vec<u8>>,
    customer_phone: Option<Vec<u8>>,
    address: Option<Vec<u8>>,
    access_note: Option<Vec<u8>>,
}

fn unsealed(keys: &Keys, column: &'static str, sealed: Option<&Vec<u8>>) -> Option<String> {
    sealed.and_then(|sealed| keys.open(column, sealed))
}

/// Points after an id, in order.
pub fn list_points(
    conn: &mut Conn,
    keys: &Keys,
    filter: &PointFilter,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<PointSummary>> {
    let within = filter.area.map(|area| areas_within(conn, area)).transpose()?;
    let exact = filter.search.as_deref().map(|search| points_exactly(conn, keys, search)).transpose()?;
    let rows = load_points(conn, filter, (exact.as_deref(), within.as_deref()), after, limit)?;
    summaries(conn, keys, rows)
}

fn summaries(
    conn: &mut Conn,
    keys: &Keys,
    rows: Vec<(PointRow, String, Option<String>)>,
) -> QueryResult<Vec<PointSummary>> {
    let ids: Vec<i64> = rows.iter().map(|(point, ..)| point.id).collect();
    let mut hanging = hanging_at(conn, &ids)?;
    let wire = |(point, area_path, route_code): (PointRow, String, Option<String>)| {
        let meter = hanging.remove(&point.id);
        summary(keys, point, area_path, route_code, meter)
    };
    Ok(rows.into_iter().map(wire).collect())
}

/// The rows of a list: those of `exact`, if any, and within areas, if given.
fn load_points(
    conn: &mut Conn,
    filter: &PointFilter,
    (exact, within): (Option<&[i64]>, Option<&[i64]>),
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(PointRow, String, Option<String>)>> {
    each!(conn, c => {
        let mut query = service_points::table
            .inner_join(areas::table)
            .left_join(routes::table)
            .filter(service_points::id.gt(after))
            .order(service_points::id)
            .limit(limit)
            .select((PointRow::as_select(), areas::path, routes::code.nullable()))
            .into_boxed();
        match (exact, &filter.search) {
            (Some(ids), _) if !ids.is_empty() => query = query.filter(service_points::id.eq_any(ids)),
            (_, Some(search)) => query = query.filter(service_points::number.like(beginning(search)).escape('\\')),
            _ => {}
        }
        if let Some(class) = &filter.class {
            query = query.filter(service_points::class.eq(class));
        }
        if let Some(state) = &filter.state {
            query = query.filter(service_points::state.eq(state));
        }
        if let Some(route) = filter.route {
            query = query.filter(service_points::route_id.eq(route));
        }
        if let Some(within) = within {
            query = query.filter(service_points::area_id.eq_any(within));
        }
        query.load(c)
    })
}

/// The meters that hang at points.
fn hanging_at(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, (i64, String)>> {
    let rows: Vec<(i64, i64, String)> = each!(conn, c => installations::table.inner_join(meters::table)
        .filter(installations::point_id.eq_any(points))
        .filter(installations::removed_at.is_null())
        .select((installations::point_id, meters::id, meters::number))
        .load(c))?;
    Ok(rows.into_iter().map(|(point, id, number)| (point, (id, number))).collect())
}

fn summary(
    keys: &Keys,
    point: PointRow,
    area_path: String,
    route_code: Option<String>,
    meter: Option<(i64, String)>,
) -> PointSummary {
    let (meter_id, meter_number) = meter.unzip();
    PointSummary {
        id: point.id,
        number: point.number,
        class: point.class,
        state: point.state,
        area_path,
        route_code,
        office_order: point.office_order,
        customer_name: unsealed(keys, "customer_name", point.customer_name.as_ref()),
        address: unsealed(keys, "address", point.address.as_ref()),
        meter_id,
        meter_number,
        bucket: None,
        reader_id: None,
    }
}

/// A point with its meter and history.
pub fn find_point(conn: &mut Conn, keys: &Keys, id: i64, today: NaiveDate) -> QueryResult<Option<ServicePoint>> {
    let found: Option<(PointRow, String, Option<String>)> = each!(conn, c => service_points::table.find(id)
        .inner_join(areas::table)
        .left_join(routes::table)
        .select((PointRow::as_select(), areas::path, routes::code.nullable()))
        .first(c)
        .optional())?;
    let Some((point, area_path, route_code)) = found else { return Ok(None) };
    let installations = list_installations(conn, id)?;
    let hanging = installations.iter().find(|stay| stay.removed_at.is_none()).map(|stay| stay.meter_id);
    let meter = match hanging {
        Some(meter) => find_meter(conn, meter, today)?,
        None => None,
    };
    Ok(Some(ServicePoint {
        id,
        customer_name: unsealed(keys, "customer_name", point.customer_name.as_ref()),
        customer_phone: unsealed(keys, "customer_phone", point.customer_phone.as_ref()),
        address: unsealed(keys, "address", point.address.as_ref()),
        access_note: unsealed(keys, "access_note", point.access_note.as_ref()),
        number: point.number,
        class: point.class,
        state: point.state,
        area_id: point.area_id,
        area_path,
        route_id: point.route_id,
        route_code,
        office_order: point.office_order,
        learned_order: point.learned_order,
        gas_on: point.gas_on.map(|day| day.to_string()),
        lat_micro: point.lat_micro,
        lng_micro: point.lng_micro,
        datum: point.datum,
        meter,
        installations,
        terms: list_terms(conn, id)?,
    }))
}

fn list_installations(conn: &mut Conn, point: i64) -> QueryResult<Vec<Installation>> {
    type Row = (i64, i64, String, i64, Option<i64>, i64, Option<i64>);
    let columns = (
        installations::id,
        installations::meter_id,
        meters::number,
        installations::installed_at,
        installations::removed_at,
        installations::first_index,
        installations::last_index,
    );
    let rows: Vec<Row> = each!(conn, c => installations::table.inner_join(meters::table)
        .filter(installations::point_id.eq(point))
        .order((installations::installed_at.desc(), installations::id.desc()))
        .select(columns)
        .load(c))?;
    let wire = |(id, meter_id, meter_number, installed_at, removed_at, first_index, last_index): Row| Installation {
        id,
        meter_id,
        meter_number,
        installed_at: Time(from_ms(installed_at)),
        removed_at: removed_at.map(|at| Time(from_ms(at))),
        first_index,
        last_index,
    };
    Ok(rows.into_iter().map(wire).collect())
}

fn list_terms(conn: &mut Conn, point: i64) -> QueryResult<Vec<PointTerm>> {
    let columns = (point_terms::valid_from, point_terms::class, point_terms::state, point_terms::source);
    let rows: Vec<(i64, String, String, String)> = each!(conn, c => point_terms::table
        .filter(point_terms::point_id.eq(point))
        .order((point_terms::valid_from.desc(), point_terms::id.desc()))
        .select(columns)
        .load(c))?;
    let wire = |(from, class, state, source)| PointTerm { valid_from: Time(from_ms(from)), class, state, source };
    Ok(rows.into_iter().map(wire).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = meters)]
struct MeterRow {
    id: i64,
    number: String,
    inlet_side: Option<String>,
    made_on: Option<NaiveDate>,
    installed_on: Option<NaiveDate>,
    digits_integer: Option<i32>,
    digits_decimal: Option<i32>,
    qmax_per_hour: Option<i64>,
}

/// Meters after an id, in order.
pub fn list_meters(
    conn: &mut Conn,
    filter: &MeterFilter,
    after: i64,
    limit: i64,
    today: NaiveDate,
) -> QueryResult<Vec<Meter>> {
    let rows: Vec<(MeterRow, TypeRow)> = each!(conn, c => {
        let mut query = meters::table
            .inner_join(meter_types::table)
            .filter(meters::id.gt(after))
            .order(meters::id)
            .limit(limit)
            .select((MeterRow::as_select(), TypeRow::as_select()))
            .into_boxed();
        if let Some(search) = &filter.search {
            query = query.filter(meters::number.like(beginning(search)).escape('\\'));
        }
        if let Some(kind) = &filter.r#type {
            query = query.filter(meter_types::code.eq(kind));
        }
        query.load(c)
    })?;
    wire_meters(conn, rows, today)
}

/// One meter.
pub fn find_meter(conn: &mut Conn, id: i64, today: NaiveDate) -> QueryResult<Option<Meter>> {
    let rows: Vec<(MeterRow, TypeRow)> = each!(conn, c => meters::table.find(id)
        .inner_join(meter_types::table).select((MeterRow::as_select(), TypeRow::as_select())).load(c))?;
    Ok(wire_meters(conn, rows, today)?.pop())
}

fn wire_meters(conn: &mut Conn, rows: Vec<(MeterRow, TypeRow)>, today: NaiveDate) -> QueryResult<Vec<Meter>> {
    let ids: Vec<i64> = rows.iter().map(|(meter, _)| meter.id).collect();
    let hanging: Vec<(i64, i64, String)> = each!(conn, c => installations::table.inner_join(service_points::table)
        .filter(installations::meter_id.eq_any(&ids))
        .filter(installations::removed_at.is_null())
        .select((installations::meter_id, service_points::id, service_points::number))
        .load(c))?;
    let mut hanging: HashMap<i64, (i64, String)> =
        hanging.into_iter().map(|(meter, id, number)| (meter, (id, number))).collect();
    let wire = |(meter, kind): (MeterRow, TypeRow)| {
        let (point_id, point_number) = hanging.remove(&meter.id).unzip();
        let since = in_service_since(meter.installed_on, meter.made_on);
        Meter {
            id: meter.id,
            number: meter.number,
            r#type: kind.code,
            size: kind.size,
            digits_integer: meter.digits_integer.unwrap_or(kind.digits_integer),
            digits_decimal: meter.digits_decimal.unwrap_or(kind.digits_decimal),
            qmax_per_hour: meter.qmax_per_hour.unwrap_or(kind.qmax_per_hour),
            resolution: kind.resolution,
            pulse: kind.pulse,
            three_figures: kind.three_figures,
            fen_per_m3: kind.fen_per_m3,
            overdraft: kind.overdraft,
            inlet_side: meter.inlet_side,
            made_on: meter.made_on.map(|day| day.to_string()),
            installed_on: meter.installed_on.map(|day| day.to_string()),
            years_in_service: since.and_then(|since| today.years_since(since)),
            point_id,
            point_number,
        }
    };
    Ok(rows.into_iter().map(wire).collect())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = records)]
struct ReadingRow {
    id: Uuid16,
    kind: String,
    code: String,
    observed_at: i64,
    received_at: i64,
    grade: String,
    figure_index: Option<i64>,
    cumulative: Option<i64>,
    balance: Option<i64>,
    flags: String,
}

/// The head of a corrected reading with its figures.
type Counting = (Uuid16, Option<i64>, Option<i64>, Option<i64>);

/// A meter's readings before a place in time, the newest first.
pub fn list_readings(
    conn: &mut Conn,
    meter: i64,
    before: Option<(i64, Uuid)>,
    limit: i64,
) -> QueryResult<Vec<MeterReading>> {
    // By the points it hung at: records are found by point.
    let points: Vec<i64> = each!(conn, c => installations::table
        .filter(installations::meter_id.eq(meter)).select(installations::point_id).distinct().load(c))?;
    let rows: Vec<(ReadingRow, Option<Counting>)> = each!(conn, c => {
        let mut query = records::table
            .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
            .filter(records::point_id.eq_any(&points))
            .filter(records::meter_id.eq(meter))
            .filter(records::kind.eq("reading"))
            .order((records::observed_at.desc(), records::id.desc()))
            .limit(limit)
            .select((
                ReadingRow::as_select(),
                (
                    corrected_records::head_id,
                    corrected_records::figure_index,
                    corrected_records::cumulative,
                    corrected_records::balance,
                )
                    .nullable(),
            ))
            .into_boxed();
        if let Some((at, id)) = before {
            let same = records::observed_at.eq(at).and(records::id.lt(Uuid16(id)));
            query = query.filter(records::observed_at.lt(at).or(same));
        }
        query.load(c)
    })?;
    let wire = |(row, counting): (ReadingRow, Option<Counting>)| MeterReading {
        corrected_by: counting.map(|(head, ..)| head.0.to_string()),
        id: row.id.0.to_string(),
        kind: row.kind,
        code: row.code,
        observed_at: Time(from_ms(row.observed_at)),
        received_at: Time(from_ms(row.received_at)),
        grade: row.grade,
        index: counting.map_or(row.figure_index, |(_, index, ..)| index),
        cumulative: counting.map_or(row.cumulative, |(_, _, cumulative, _)| cumulative),
        balance: counting.map_or(row.balance, |(.., balance)| balance),
        flags: row.flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
    };
    Ok(rows.into_iter().map(wire).collect())
}
