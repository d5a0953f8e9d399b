//! The points to read next, and the longest unseen.

use super::pace::{Outlook, periods};
use super::store::{self, UnseenRow, Whose};
use super::wire::*;
use crate::App;
use crate::coverage::as_of;
use crate::coverage::routes::{class_of, period_of, wrong};
use crate::coverage::store::Judges;
use crate::db::Conn;
use crate::http::{Problem, RequestLanguage, Session, Time};
use crate::paging::After;
use actix_web::get;
use actix_web::web::{Data, Json, Query};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{Candidate, NextStep, Obstacle, Pace, classes_of, is_period_of, next_step};
use meterbook::meters::Class;
use meterbook::text::Language;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Whose points, and how many.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NextQuery {
    /// Those on this reader's rounds; either this or `route`.
    reader: Option<i64>,
    /// Those of this route.
    route: Option<i64>,
    /// `2026-10` or `2026-Q4`; the running month and quarter unless told.
    period: Option<String>,
    /// How many; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// The points to read next, the most valuable for the targets first.
#[utoipa::path(operation_id = "list_next_points", tag = "coverage", params(NextQuery),
    responses((status = 200, description = "Points", body = NextPoints)))]
#[get("/v1/coverage/next")]
pub async fn list_next_points(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<NextQuery>,
) -> Result<Json<NextPoints>, Problem> {
    session.may(Operation::ListNextPoints)?;
    let (_, limit) = After::first(query.limit.or(Some(50))).window(&app.config.limits)?;
    let whose = match (query.reader, query.route) {
        (Some(reader), None) => Whose::Reader(reader),
        (None, Some(route)) => Whose::Route(route),
        _ => return Err(wrong("reader", "reader / route")),
    };
    let now = app.clock.now();
    let (periods, zone) = (periods(&app, now, query.period.as_deref())?, app.config.zone);
    let found = app.store.read("list_next_points", move |conn| {
        let mut found = Vec::new();
        for period in &periods {
            found.extend(candidates(conn, *period, whose, (zone, now), language.0)?);
        }
        Ok(found)
    });
    let mut found = found.await?;
    found.sort_by(|(one, point), (other, another)| {
        let place = |point: &NextPoint| (point.route_id, point.office_order, point.service_point_id);
        one.rank().cmp(&other.rank()).then_with(|| place(point).cmp(&place(another)))
    });
    let (left, limit) = (found.len() as u64, usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Json(NextPoints { items: found.into_iter().take(limit).map(|(_, point)| point).collect(), left }))
}

fn candidates(
    conn: &mut Conn,
    period: Period,
    whose: Whose,
    (zone, now): (Zone, Instant),
    language: Language,
) -> QueryResult<Vec<(Candidate, NextPoint)>> {
    let today = zone.day(now);
    let outlook = Outlook::load(conn, period, today)?;
    let judges = Judges::load(conn, zone, &[period])?;
    let window = judges.iter().next().map(|judge| judge.judge().window);
    let in_window = window.is_some_and(|window| window.from_day <= today && today < window.until_day);
    let paces: BTreeMap<Class, (u64, Pace)> =
        classes_of(period).map(|class| (class, outlook.class_pace(class))).collect();
    let rows = store::unseen_of(conn, period, whose)?;
    let tries = store::tries_since(conn, &rows, zone)?;
    let candidate = |row: UnseenRow| {
        let entry = row.row.entry;
        let (need, pace) = paces.get(&entry.class).copied().unwrap_or((0, Pace::Green));
        let (days, step, _) = ladder(tries.get(&row.point), zone);
        let candidate = Candidate {
            class: entry.class,
            bucket: entry.bucket,
            pace,
            is_short: need > 0,
            tries: days,
            missed: entry.missed,
            unseen_days: days_between(entry.unseen_since, as_of(period, today)),
            in_window,
        };
        let because = candidate.because();
        let point = NextPoint {
            service_point_id: row.point,
            number: row.number,
            class: entry.class.code().to_owned(),
            period: period.to_string(),
            bucket: entry.bucket.code().to_owned(),
            route_id: row.row.route_id,
            office_order: row.office_order,
            unseen_days: candidate.unseen_days,
            tries: days,
            because: because.code().to_owned(),
            because_text: because.text().in_language(language).to_owned(),
            next_step: step.code().to_owned(),
            next_step_text: step.text().in_language(language).to_owned(),
        };
        (candidate, point)
    };
    Ok(rows.into_iter().map(candidate).collect())
}

fn days_between(since: NaiveDate, day: NaiveDate) -> u32 {
    u32::try_from((day - since).num_days()).unwrap_or(0)
}

/// Days tried in vain, the next step, and the last try.
fn ladder(tries: Option<&Vec<(Instant, String)>>, zone: Zone) -> (u32, NextStep, Option<&(Instant, String)>) {
    let tries = tries.map_or(&[][..], Vec::as_slice);
    let days: BTreeSet<NaiveDate> = tries.iter().map(|(at, _)| zone.day(*at)).collect();
    let (days, last) = (u32::try_from(days.len()).unwrap_or(u32::MAX), tries.last());
    (days, next_step(days, last.map(|(_, code)| Obstacle::of(code))), last)
}

/// Which points, from where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnseenQuery {
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    class: String,
    /// `2026-10` or `2026-Q4`; the running one of the class unless told.
    period: Option<String>,
    /// `next_after` of the page before.
    after: Option<String>,
    /// Rows wanted, 1 to 500; 100 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// The points of a class that are not seen, the longest unseen first, each with the next step: a card, a call, an appointment,
/// a visit out of hours, a written notice.
#[utoipa::path(operation_id = "list_unseen_points", tag = "coverage", params(UnseenQuery),
    responses((status = 200, description = "Points", body = UnseenPage)))]
#[get("/v1/coverage/unseen")]
pub async fn list_unseen_points(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<UnseenQuery>,
) -> Result<Json<UnseenPage>, Problem> {
    session.may(Operation::ListUnseenPoints)?;
    let (_, limit) = After::first(query.limit).window(&app.config.limits)?;
    let class = class_of(&query.class)?;
    let (now, zone) = (app.clock.now(), app.config.zone);
    let today = zone.day(now);
    let period = match query.period.as_deref() {
        None => meterbook::coverage::period_of(class, today),
        Some(text) => period_of(text)?,
    };
    if !is_period_of(class, period) {
        return Err(wrong("period", "YYYY-MM / YYYY-Qn"));
    }
    let after = query.after.as_deref().map_or(Ok((NaiveDate::MIN, 0)), cursor)?;
    let found = app.store.read("list_unseen_points", move |conn| {
        let rows = store::longest_unseen(conn, (period, class), after, limit)?;
        let tries = store::tries_since(conn, &rows, zone)?;
        Ok((rows, tries))
    });
    let (rows, tries) = found.await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    let last = rows.last().filter(|_| is_full);
    let next_after = last.map(|row| format!("{}.{}", row.row.entry.unseen_since, row.point));
    let item = |row: UnseenRow| {
        let (days, step, last) = ladder(tries.get(&row.point), zone);
        let entry = row.row.entry;
        UnseenPoint {
            service_point_id: row.point,
            number: row.number,
            bucket: entry.bucket.code().to_owned(),
            area_id: row.row.area_id,
            route_id: row.row.route_id,
            reader_id: row.row.reader_id,
            unseen_since: entry.unseen_since,
            unseen_days: days_between(entry.unseen_since, as_of(period, today)),
            periods_missed: entry.missed.into(),
            tries: days,
            last_try: last.map(|(_, code)| code.clone()),
            last_tried_at: last.map(|(at, _)| Time(*at)),
            next_step: step.code().to_owned(),
            next_step_text: step.text().in_language(language.0).to_owned(),
        }
    };
    Ok(Json(UnseenPage { items: rows.into_iter().map(item).collect(), next_after }))
}

fn cursor(text: &str) -> Result<(NaiveDate, i64), Problem> {
    let parts = text.split_once('.').and_then(|(day, point)| Some((day.parse().ok()?, point.parse().ok()?)));
    parts.ok_or_else(|| wrong("after", "next_after"))
}
