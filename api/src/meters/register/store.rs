//! The register's tables: what is stored of the things a file names, and applying what was decided, in bulk.

use super::decide::{Known, KnownMeter, KnownPoint, KnownType, Mounting, Plan, Sitting, state_of};
use super::{RegisterRow, col};
use crate::db::schema::{areas, installations, meter_types, meters, point_terms, routes, service_points};
use crate::db::{Conn, Lockable, each};
use crate::http::to_ms;
use crate::keys::Keys;
use crate::meters::columns::Layout;
use crate::meters::places::store::{ensure_areas, ensure_routes};
use crate::rounds::store::announce_points;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error;
use meterbook::calendar::{Instant, Zone};
use std::collections::HashMap;

/// Rows per statement: below both stores' limits on bound values.
const CHUNK: usize = 500;
/// When a point whose gas-on day nobody knows has begun: before any period that can be asked for.
const FAR_PAST: i64 = 0;

type Sealed = Option<Vec<u8>>;

#[derive(Queryable, Selectable)]
#[diesel(table_name = service_points)]
struct PointRow {
    id: i64,
    number: String,
    office_order: i32,
    class: String,
    state: String,
    gas_on: Option<NaiveDate>,
    lat_micro: Option<i64>,
    lng_micro: Option<i64>,
    datum: Option<String>,
    customer_name: Sealed,
    customer_phone: Sealed,
    address: Sealed,
    access_note: Sealed,
}

/// Loads what is stored of everything the rows name.
pub fn load(conn: &mut Conn, keys: &Keys, rows: &[RegisterRow]) -> QueryResult<Known> {
    let kinds: Vec<(String, i64, i32)> = each!(conn, c => meter_types::table
        .select((meter_types::code, meter_types::id, meter_types::digits_integer)).load(c))?;
    let types = kinds.into_iter().map(|(code, id, digits)| (code, KnownType { id, digits_integer: digits })).collect();
    let mut known = Known { types, ..Known::default() };
    for chunk in rows.chunks(CHUNK) {
        load_points(conn, keys, chunk, &mut known)?;
        load_meters(conn, chunk, &mut known)?;
    }
    Ok(known)
}

fn load_points(conn: &mut Conn, keys: &Keys, rows: &[RegisterRow], known: &mut Known) -> QueryResult<()> {
    let numbers: Vec<&str> = rows.iter().map(|row| row.number.as_str()).collect();
    let found: Vec<(PointRow, String, Option<String>)> = each!(conn, c => service_points::table
        .inner_join(areas::table)
        .left_join(routes::table)
        .filter(service_points::number.eq_any(numbers))
        .select((PointRow::as_select(), areas::path, routes::code.nullable()))
        .load(c))?;
    let ids: Vec<i64> = found.iter().map(|(point, ..)| point.id).collect();
    conn.lock(Lockable::ServicePoints, &ids)?;
    let mut sittings = load_sittings(conn, &ids)?;
    let open = |column, sealed: &Sealed| sealed.as_ref().and_then(|sealed| keys.open(column, sealed));
    for (point, area, route) in found {
        let stored = KnownPoint {
            id: point.id,
            area,
            route,
            order: point.office_order,
            class: point.class,
            state: point.state,
            gas_on: point.gas_on,
            position: point
                .lat_micro
                .zip(point.lng_micro)
                .zip(point.datum)
                .map(|((lat, lng), datum)| (lat, lng, datum)),
            name: open("customer_name", &point.customer_name),
            phone: open("customer_phone", &point.customer_phone),
            address: open("address", &point.address),
            note: open("access_note", &point.access_note),
            sitting: sittings.remove(&point.id),
        };
        known.points.insert(point.number, stored);
    }
    Ok(())
}

/// The latest installation of each point.
fn load_sittings(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, Sitting>> {
    type Row = (i64, i64, String, Option<i64>, i64);
    let columns = (
        installations::point_id,
        installations::id,
        meters::number,
        installations::removed_at,
        installations::first_index,
    );
    let found: Vec<Row> = each!(conn, c => installations::table.inner_join(meters::table)
        .filter(installations::point_id.eq_any(points))
        .order((installations::installed_at, installations::id))
        .select(columns)
        .load(c))?;
    let mut latest: HashMap<i64, Sitting> = HashMap::new();
    for (point, installation, meter, removed_at, first_index) in found {
        let is_open = removed_at.is_none();
        if is_open || latest.get(&point).is_none_or(|sitting| !sitting.is_open) {
            latest.insert(point, Sitting { installation, meter, is_open, first_index });
        }
    }
    Ok(latest)
}

fn load_meters(conn: &mut Conn, rows: &[RegisterRow], known: &mut Known) -> QueryResult<()> {
    type Row = (i64, String, String, Option<String>, Option<NaiveDate>, Option<NaiveDate>);
    let numbers: Vec<&str> = rows.iter().map(|row| row.meter.as_str()).collect();
    let columns =
        (meters::id, meters::number, meter_types::code, meters::inlet_side, meters::made_on, meters::installed_on);
    let found: Vec<Row> = each!(conn, c => meters::table.inner_join(meter_types::table)
        .filter(meters::number.eq_any(numbers)).select(columns).load(c))?;
    let ids: Vec<i64> = found.iter().map(|(id, ..)| *id).collect();
    let hanging: Vec<(i64, i64, String)> = each!(conn, c => installations::table.inner_join(service_points::table)
        .filter(installations::meter_id.eq_any(&ids))
        .filter(installations::removed_at.is_null())
        .select((installations::meter_id, service_points::id, service_points::number))
        .load(c))?;
    let mut hanging: HashMap<i64, (i64, String)> =
        hanging.into_iter().map(|(meter, point, number)| (meter, (point, number))).collect();
    for (id, number, meter_type, inlet, made_on, installed_on) in found {
        let at_point = hanging.remove(&id);
        known.meters.insert(number, KnownMeter { id, meter_type, inlet, made_on, installed_on, at_point });
    }
    Ok(())
}

/// What applying needs beside the plans.
pub struct Applying<'a> {
    /// Which columns the file has.
    pub layout: &'a Layout,
    /// To seal with.
    pub keys: &'a Keys,
    /// The company's zone.
    pub zone: Zone,
    /// The time of the import.
    pub now: Instant,
}

/// Applies plans and answers which points they touched.
pub fn apply(conn: &mut Conn, with: &Applying<'_>, plans: &[Plan<'_>]) -> QueryResult<Vec<i64>> {
    let plans: Vec<&Plan<'_>> = plans.iter().filter(|plan| !plan.is_unchanged()).collect();
    let areas = ensure_areas(conn, plans.iter().map(|plan| plan.row.area.as_str()))?;
    let named = plans.iter().filter_map(|plan| plan.row.route.as_deref().zip(Some(plan.row.area.as_str())));
    let routes = ensure_routes(conn, named, &areas)?;
    let point_ids = write_points(conn, with, &plans, &areas, &routes)?;
    let meter_ids = write_meters(conn, with, &plans)?;
    write_terms(conn, with, &plans, &point_ids)?;
    mount(conn, with, &plans, &point_ids, &meter_ids)?;
    let touched: Vec<i64> = plans.iter().filter_map(|plan| point_ids.get(plan.row.number.as_str()).copied()).collect();
    announce_points(conn, &changed_points(&plans, &point_ids), "register", with.now)?;
    Ok(touched)
}

/// Known points of which a phone may hold something that changed: those of the rows, and where a changed meter hangs.
fn changed_points(plans: &[&Plan<'_>], points: &HashMap<&str, i64>) -> Vec<i64> {
    let known = plans.iter().filter(|plan| plan.point.is_some());
    let of_rows = known.filter_map(|plan| points.get(plan.row.number.as_str()).copied());
    let changed = plans.iter().filter(|plan| plan.meter_changes);
    let of_meters = changed.filter_map(|plan| plan.meter?.at_point.as_ref().map(|(id, _)| *id));
    let mut ids: Vec<i64> = of_rows.chain(of_meters).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// A point's row as the file gives it.
#[derive(Insertable)]
#[diesel(table_name = service_points, treat_none_as_default_value = false)]
struct NewPoint<'a> {
    number: &'a str,
    area_id: i64,
    route_id: Option<i64>,
    office_order: i32,
    class: &'static str,
    state: &'static str,
    gas_on: Option<NaiveDate>,
    lat_micro: Option<i64>,
    lng_micro: Option<i64>,
    datum: Option<&'a str>,
    customer_name: Sealed,
    customer_phone: Sealed,
    address: Sealed,
    access_note: Sealed,
    name_key: Sealed,
    phone_key: Sealed,
    address_key: Sealed,
    created_at: i64,
    changed_at: i64,
}

fn position_of<'a>(with: &Applying<'_>, plan: &'a Plan<'_>) -> Option<(i64, i64, &'a str)> {
    let stored = plan.point.and_then(|point| point.position.as_ref());
    if plan.point.is_none() || with.layout.has(col::LAT) {
        plan.row.position.as_ref().map(|at| (at.lat_micro, at.lng_micro, at.datum))
    } else {
        stored.map(|(lat, lng, datum)| (*lat, *lng, datum.as_str()))
    }
}

fn sealed(keys: &Keys, column: &'static str, plain: Option<&str>) -> QueryResult<Sealed> {
    plain.map(|plain| keys.seal(column, plain).ok_or(Error::RollbackTransaction)).transpose()
}

/// The values a point shall have: the file's where it has the column, else the stored ones.
fn point_row<'a>(
    with: &Applying<'_>,
    plan: &'a Plan<'_>,
    areas: &HashMap<String, i64>,
    routes: &HashMap<String, i64>,
) -> QueryResult<NewPoint<'a>> {
    let (row, stored) = (plan.row, plan.point);
    let has = |column: usize| stored.is_none() || with.layout.has(column);
    let keep =
        |column: usize, new: &'a Option<String>, old: fn(&'a super::decide::KnownPoint) -> &'a Option<String>| {
            if has(column) { new.as_deref() } else { stored.and_then(|point| old(point).as_deref()) }
        };
    let name = keep(col::NAME, &row.name, |point| &point.name);
    let phone = keep(col::PHONE, &row.phone, |point| &point.phone);
    let address = keep(col::ADDRESS, &row.address, |point| &point.address);
    let position = position_of(with, plan);
    let seal = |column, plain| sealed(with.keys, column, plain);
    let blind = |column, plain: Option<&str>| plain.map(|plain| with.keys.blind(column, plain));
    Ok(NewPoint {
        number: &row.number,
        area_id: areas.get(row.area.as_str()).copied().ok_or(Error::NotFound)?,
        route_id: keep(col::ROUTE, &row.route, |point| &point.route).and_then(|code| routes.get(code).copied()),
        office_order: if has(col::ORDER) { row.order } else { stored.map_or(0, |point| point.order) },
        class: row.class.code(),
        state: state_of(with.layout, row, stored).code(),
        gas_on: if has(col::GAS_ON) { row.gas_on } else { stored.and_then(|point| point.gas_on) },
        lat_micro: position.map(|(lat, ..)| lat),
        lng_micro: position.map(|(_, lng, _)| lng),
        datum: position.map(|(.., datum)| datum),
        customer_name: seal("customer_name", name)?,
        customer_phone: seal("customer_phone", phone)?,
        address: seal("address", address)?,
        access_note: seal("access_note", keep(col::NOTE, &row.note, |point| &point.note))?,
        name_key: blind("customer_name", name),
        phone_key: blind("customer_phone", phone),
        address_key: blind("address", address),
        created_at: to_ms(with.now),
        changed_at: to_ms(with.now),
    })
}

/// Writes new and changed points; answers the ids of all.
fn write_points<'a>(
    conn: &mut Conn,
    with: &Applying<'_>,
    plans: &[&'a Plan<'_>],
    areas: &HashMap<String, i64>,
    routes: &HashMap<String, i64>,
) -> QueryResult<HashMap<&'a str, i64>> {
    let mut ids = HashMap::with_capacity(plans.len());
    let new: Vec<&&Plan<'_>> = plans.iter().filter(|plan| plan.point.is_none()).collect();
    for chunk in new.chunks(CHUNK) {
        let rows = chunk.iter().map(|plan| point_row(with, plan, areas, routes)).collect::<QueryResult<Vec<_>>>()?;
        each!(conn, c => diesel::insert_into(service_points::table).values(&rows).execute(c))?;
        let numbers: Vec<&str> = chunk.iter().map(|plan| plan.row.number.as_str()).collect();
        let made: Vec<(String, i64)> = each!(conn, c => service_points::table
            .filter(service_points::number.eq_any(numbers)).select((service_points::number, service_points::id)).load(c))?;
        let made: HashMap<String, i64> = made.into_iter().collect();
        ids.extend(chunk.iter().filter_map(|plan| {
            let number = plan.row.number.as_str();
            made.get(number).map(|id| (number, *id))
        }));
    }
    for plan in plans {
        let Some(point) = plan.point else { continue };
        ids.insert(plan.row.number.as_str(), point.id);
        if plan.point_changes {
            update_point(conn, point.id, point_row(with, plan, areas, routes)?)?;
        } else {
            let touched = service_points::changed_at.eq(to_ms(with.now));
            each!(conn, c => diesel::update(service_points::table.find(point.id)).set(touched).execute(c))?;
        }
    }
    Ok(ids)
}

fn update_point(conn: &mut Conn, id: i64, row: NewPoint<'_>) -> QueryResult<()> {
    let whole = (
        (
            service_points::area_id.eq(row.area_id),
            service_points::route_id.eq(row.route_id),
            service_points::office_order.eq(row.office_order),
            service_points::class.eq(row.class),
            service_points::state.eq(row.state),
            service_points::gas_on.eq(row.gas_on),
            service_points::lat_micro.eq(row.lat_micro),
            service_points::lng_micro.eq(row.lng_micro),
            service_points::datum.eq(row.datum),
        ),
        (
            service_points::customer_name.eq(row.customer_name),
            service_points::customer_phone.eq(row.customer_phone),
            service_points::address.eq(row.address),
            service_points::access_note.eq(row.access_note),
            service_points::name_key.eq(row.name_key),
            service_points::phone_key.eq(row.phone_key),
            service_points::address_key.eq(row.address_key),
            service_points::changed_at.eq(row.changed_at),
        ),
    );
    each!(conn, c => diesel::update(service_points::table.find(id)).set(whole).execute(c)).map(drop)
}

#[derive(Insertable)]
#[diesel(table_name = point_terms, treat_none_as_default_value = false)]
struct NewTerm {
    point_id: i64,
    valid_from: i64,
    class: &'static str,
    state: &'static str,
    source: &'static str,
}

/// A dated row for each new point and each change of class or state.
fn write_terms(
    conn: &mut Conn,
    with: &Applying<'_>,
    plans: &[&Plan<'_>],
    points: &HashMap<&str, i64>,
) -> QueryResult<()> {
    let rows = plans.iter().filter(|plan| plan.point.is_none() || plan.terms_change).filter_map(|plan| {
        let begun = plan.row.gas_on.map_or(FAR_PAST, |day| to_ms(with.zone.start_of(day)));
        Some(NewTerm {
            point_id: *points.get(plan.row.number.as_str())?,
            valid_from: if plan.point.is_none() { begun } else { to_ms(with.now) },
            class: plan.row.class.code(),
            state: state_of(with.layout, plan.row, plan.point).code(),
            source: "import",
        })
    });
    for chunk in rows.collect::<Vec<_>>().chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(point_terms::table).values(chunk).execute(c))?;
    }
    Ok(())
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = meters, treat_none_as_default_value = false, treat_none_as_null = true)]
struct MeterRow<'a> {
    number: &'a str,
    type_id: i64,
    inlet_side: Option<&'a str>,
    made_on: Option<NaiveDate>,
    installed_on: Option<NaiveDate>,
    changed_at: i64,
}

fn meter_row<'a>(with: &Applying<'_>, plan: &'a Plan<'_>) -> MeterRow<'a> {
    let (row, stored) = (plan.row, plan.meter);
    let has = |column: usize| stored.is_none() || with.layout.has(column);
    let inlet = row.inlet.map(|side| side.code());
    MeterRow {
        number: &row.meter,
        type_id: plan.type_id,
        inlet_side: if has(col::INLET) { inlet } else { stored.and_then(|meter| meter.inlet.as_deref()) },
        made_on: if has(col::MADE) { row.made_on } else { stored.and_then(|meter| meter.made_on) },
        installed_on: if has(col::INSTALLED) { row.installed_on } else { stored.and_then(|meter| meter.installed_on) },
        changed_at: to_ms(with.now),
    }
}

/// Writes new and changed meters; answers the ids of all.
fn write_meters<'a>(
    conn: &mut Conn,
    with: &Applying<'_>,
    plans: &[&'a Plan<'_>],
) -> QueryResult<HashMap<&'a str, i64>> {
    let mut ids = HashMap::with_capacity(plans.len());
    let new: Vec<&&Plan<'_>> = plans.iter().filter(|plan| plan.meter.is_none()).collect();
    for chunk in new.chunks(CHUNK) {
        let rows: Vec<MeterRow<'_>> = chunk.iter().map(|plan| meter_row(with, plan)).collect();
        each!(conn, c => diesel::insert_into(meters::table).values(&rows).execute(c))?;
        let numbers: Vec<&str> = chunk.iter().map(|plan| plan.row.meter.as_str()).collect();
        let made: Vec<(String, i64)> = each!(conn, c => meters::table
            .filter(meters::number.eq_any(numbers)).select((meters::number, meters::id)).load(c))?;
        let made: HashMap<String, i64> = made.into_iter().collect();
        ids.extend(chunk.iter().filter_map(|plan| {
            let number = plan.row.meter.as_str();
            made.get(number).map(|id| (number, *id))
        }));
    }
    for plan in plans {
        let Some(meter) = plan.meter else { continue };
        ids.insert(plan.row.meter.as_str(), meter.id);
        if plan.meter_changes {
            let row = meter_row(with, plan);
            each!(conn, c => diesel::update(meters::table.find(meter.id)).set(row).execute(c))?;
        }
    }
    Ok(ids)
}

#[derive(Insertable)]
#[diesel(table_name = installations, treat_none_as_default_value = false)]
struct NewInstallation {
    meter_id: i64,
    point_id: i64,
    installed_at: i64,
    removed_at: Option<i64>,
    first_index: i64,
}

/// Takes meters out and puts meters in. All are taken out first, so that one can move within a file.
fn mount(
    conn: &mut Conn,
    with: &Applying<'_>,
    plans: &[&Plan<'_>],
    points: &HashMap<&str, i64>,
    meters: &HashMap<&str, i64>,
) -> QueryResult<()> {
    let now = to_ms(with.now);
    let mut put_in = Vec::new();
    for plan in plans {
        let sitting = plan.point.and_then(|point| point.sitting.as_ref());
        let hanging = sitting.filter(|sitting| sitting.is_open).map(|sitting| sitting.installation);
        match (plan.mounting, hanging) {
            (Mounting::TakeOut | Mounting::PutIn, Some(id)) => {
                each!(conn, c => diesel::update(installations::table.find(id)).set(installations::removed_at.eq(now)).execute(c))?;
            }
            (Mounting::FirstIndex, Some(id)) => {
                let index = installations::first_index.eq(plan.row.first_index.unwrap_or(0));
                each!(conn, c => diesel::update(installations::table.find(id)).set(index).execute(c))?;
            }
            _ => {}
        }
        let ids = points.get(plan.row.number.as_str()).zip(meters.get(plan.row.meter.as_str()));
        if let (Mounting::PutIn, Some((point_id, meter_id))) = (plan.mounting, ids) {
            put_in.push(installation(with, plan, *point_id, *meter_id));
        }
    }
    for chunk in put_in.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(installations::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// A new point's meter hangs since the file's dates; any later change is of now.
fn installation(with: &Applying<'_>, plan: &Plan<'_>, point_id: i64, meter_id: i64) -> NewInstallation {
    let row = plan.row;
    let begun = row.installed_on.or(row.gas_on).map_or(FAR_PAST, |day| to_ms(with.zone.start_of(day)));
    NewInstallation {
        meter_id,
        point_id,
        installed_at: if plan.point.is_none() && plan.meter.is_none() { begun } else { to_ms(with.now) },
        removed_at: None,
        first_index: row.first_index.unwrap_or(0),
    }
}
