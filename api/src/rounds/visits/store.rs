//! Visit terms and appointments.

use super::wire::{Appointment, CreateAppointmentRequest, OpeningHours, SetVisitTermsRequest, VisitTerms};
use crate::db::schema::{appointments, service_points, visit_terms};
use crate::db::{Conn, among, each};
use crate::http::{Time, from_ms, to_ms};
use diesel::prelude::*;
use meterbook::accounts::Actor;
use meterbook::calendar::Instant;
use meterbook::id::PointId;
use std::collections::HashMap;

/// Points per statement.
const CHUNK: usize = 1_000;

/// What is stored of a point's visits: minutes, opening hours, skills, version.
pub struct TermsRow {
    /// Minutes at the point.
    pub minutes: Option<i32>,
    /// When somebody can get in.
    pub opening: Vec<OpeningHours>,
    /// Keys and skills.
    pub skills: Vec<String>,
    version: i64,
}

type StoredTerms = (i64, Option<i32>, String, String, i64);

fn terms_row((point, minutes, opening, skills, version): StoredTerms) -> (i64, TermsRow) {
    let opening = serde_json::from_str(&opening).unwrap_or_default();
    let skills = serde_json::from_str(&skills).unwrap_or_default();
    (point, TermsRow { minutes, opening, skills, version })
}

/// The terms of points, where there are any.
pub fn terms_of(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, TermsRow>> {
    use visit_terms as t;
    let mut found = HashMap::new();
    for chunk in points.chunks(CHUNK) {
        let rows: Vec<StoredTerms> = each!(conn, c => visit_terms::table
            .filter(among(t::point_id, chunk))
            .select((t::point_id, t::minutes, t::opening, t::skills, t::version))
            .load(c))?;
        found.extend(rows.into_iter().map(terms_row));
    }
    Ok(found)
}

/// The terms of one point; `None`: there is no such point.
pub fn terms(conn: &mut Conn, point: PointId) -> QueryResult<Option<VisitTerms>> {
    if number_of(conn, point)?.is_none() {
        return Ok(None);
    }
    let row = terms_of(conn, &[point.0])?.remove(&point.0);
    let row = row.unwrap_or(TermsRow { minutes: None, opening: Vec::new(), skills: Vec::new(), version: 0 });
    let TermsRow { minutes, opening, skills, version } = row;
    Ok(Some(VisitTerms { service_point_id: point.0, minutes, opening, skills, version }))
}

/// The 户号 of a point.
pub fn number_of(conn: &mut Conn, point: PointId) -> QueryResult<Option<String>> {
    each!(conn, c => service_points::table.find(point.0).select(service_points::number).first(c).optional())
}

/// Writes terms over the version they were read at. `false`: somebody else was first.
pub fn set_terms(
    conn: &mut Conn,
    actor: Actor,
    point: PointId,
    wanted: &SetVisitTermsRequest,
    now: Instant,
) -> QueryResult<bool> {
    use visit_terms as t;
    let row = (
        t::minutes.eq(wanted.minutes),
        t::opening.eq(serde_json::to_string(&wanted.opening).unwrap_or_default()),
        t::skills.eq(serde_json::to_string(&wanted.skills).unwrap_or_default()),
        t::version.eq(wanted.version + 1),
        t::changed_by.eq(actor.account.0),
        t::changed_at.eq(to_ms(now)),
    );
    let touched = if wanted.version == 0 {
        let made = (t::point_id.eq(point.0), row);
        each!(conn, c => diesel::insert_into(visit_terms::table).values(made).on_conflict_do_nothing().execute(c))?
    } else {
        let mine = visit_terms::table.find(point.0).filter(t::version.eq(wanted.version));
        each!(conn, c => diesel::update(mine).set(row).execute(c))?
    };
    Ok(touched == 1)
}

type AppointmentRow = (i64, i64, String, i64, i64, i64, Option<i64>);

fn appointment((id, point, number, from_at, until_at, created_by, withdrawn): AppointmentRow) -> Appointment {
    Appointment {
        id,
        service_point_id: point,
        service_point_number: number,
        from_at: Time(from_ms(from_at)),
        until_at: Time(from_ms(until_at)),
        created_by,
        withdrawn_at: withdrawn.map(|at| Time(from_ms(at))),
    }
}

/// Appointments that end after a moment.
pub fn list_appointments(
    conn: &mut Conn,
    since: Instant,
    point: Option<i64>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Appointment>> {
    use appointments as t;
    let rows: Vec<AppointmentRow> = each!(conn, c => {
        let mut query = appointments::table
            .inner_join(service_points::table.on(service_points::id.eq(t::point_id)))
            .filter(t::until_at.gt(to_ms(since)))
            .filter(t::id.gt(after))
            .into_boxed();
        if let Some(point) = point {
            query = query.filter(t::point_id.eq(point));
        }
        query
            .order(t::id)
            .limit(limit)
            .select((t::id, t::point_id, service_points::number, t::from_at, t::until_at, t::created_by, t::withdrawn_at))
            .load(c)
    })?;
    Ok(rows.into_iter().map(appointment).collect())
}

/// What is promised in a span of time, by point.
pub fn promises(conn: &mut Conn, from: Instant, until: Instant) -> QueryResult<HashMap<i64, Vec<(Instant, Instant)>>> {
    use appointments as t;
    let rows: Vec<(i64, i64, i64)> = each!(conn, c => appointments::table
        .filter(t::until_at.gt(to_ms(from)))
        .filter(t::from_at.lt(to_ms(until)))
        .filter(t::withdrawn_at.is_null())
        .order(t::id)
        .select((t::point_id, t::from_at, t::until_at))
        .load(c))?;
    let mut found: HashMap<i64, Vec<(Instant, Instant)>> = HashMap::new();
    for (point, from_at, until_at) in rows {
        found.entry(point).or_default().push((from_ms(from_at), from_ms(until_at)));
    }
    Ok(found)
}

/// Writes an appointment down.
pub fn insert_appointment(
    conn: &mut Conn,
    actor: Actor,
    wanted: &CreateAppointmentRequest,
    number: String,
    now: Instant,
) -> QueryResult<Appointment> {
    use appointments as t;
    let (point, from_at, until_at) = (wanted.service_point_id, to_ms(wanted.from_at.0), to_ms(wanted.until_at.0));
    let row = (
        t::point_id.eq(point),
        t::from_at.eq(from_at),
        t::until_at.eq(until_at),
        t::created_by.eq(actor.account.0),
        t::created_at.eq(to_ms(now)),
    );
    let id: i64 =
        each!(conn, c => diesel::insert_into(appointments::table).values(row).returning(t::id).get_result(c))?;
    Ok(appointment((id, point, number, from_at, until_at, actor.account.0, None)))
}

/// Takes an appointment back; once it is, it stays so.
pub fn withdraw_appointment(conn: &mut Conn, actor: Actor, id: i64, now: Instant) -> QueryResult<Option<Appointment>> {
    use appointments as t;
    let open = appointments::table.find(id).filter(t::withdrawn_at.is_null());
    let change = (t::withdrawn_by.eq(actor.account.0), t::withdrawn_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(open).set(change).execute(c))?;
    let row: Option<AppointmentRow> = each!(conn, c => appointments::table
        .inner_join(service_points::table.on(service_points::id.eq(t::point_id)))
        .filter(t::id.eq(id))
        .select((t::id, t::point_id, service_points::number, t::from_at, t::until_at, t::created_by, t::withdrawn_at))
        .first(c)
        .optional())?;
    Ok(row.map(appointment))
}
