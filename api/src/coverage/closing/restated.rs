//! What is known now of a closed period against what was published: by class, area, route or reader, and point by point.
//!
//! Why separate: the published figure never changes; this only lists where the world has gone on.

use super::store;
use super::wire::*;
use crate::App;
use crate::coverage::routes::{grouping_of, period_of};
use crate::coverage::store::{Line, group_names, lines, load_rows, restated_after, restated_points};
use crate::coverage::{Grouping, as_of};
use crate::db::Conn;
use crate::http::{Problem, ProblemCode, Session};
use crate::paging::{After, next_after};
use crate::settings::store::rulebook;
use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::Period;
use meterbook::coverage::Bucket;
use meterbook::meters::Class;
use serde::Deserialize;
use std::collections::BTreeSet;

/// In what detail.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RestatedQuery {
    /// `class` (default), `area`, `route` or `reader`.
    group: Option<String>,
}

fn not_closed() -> Problem {
    Problem::new(ProblemCode::NotFound).detail("该期尚未关账", "the period is not closed")
}

/// Where the figures of a closed period would be other ones now. Late records, corrections and changes of the register are
/// kept and shown here; the published figure stays.
#[utoipa::path(operation_id = "get_restated", tag = "coverage", params(("period" = String, Path, description = "`2026-10` or `2026-Q4`"), RestatedQuery),
    responses((status = 200, description = "Differences", body = RestatedReport)))]
#[get("/v1/periods/{period}/restated")]
pub async fn get_restated(
    app: Data<App>,
    session: Session,
    period: Path<String>,
    query: Query<RestatedQuery>,
) -> Result<Json<RestatedReport>, Problem> {
    session.may(Operation::GetRestated)?;
    let period = period_of(&period).map_err(|_| Problem::new(ProblemCode::NotFound))?;
    let grouping = grouping_of(query.group.as_deref())?;
    let report = app.store.read("get_restated", move |conn| {
        let is_closed = store::find_period(conn, period)?.is_some_and(|(_, closing)| closing.is_some());
        if !is_closed {
            return Ok(None);
        }
        let lines = differing(conn, period, grouping)?;
        let points = restated_points(conn, period)?;
        Ok(Some(RestatedReport { period: period.to_string(), points, lines }))
    });
    report.await?.map(Json).ok_or_else(not_closed)
}

fn differing(conn: &mut Conn, period: Period, grouping: Grouping) -> QueryResult<Vec<RestatedLine>> {
    let published = store::frozen_lines(conn, period, grouping)?;
    let restated = lines(conn, period, grouping, as_of(period, NaiveDate::MAX))?;
    let targets = store::load_targets(conn, period)?;
    let names = group_names(conn, grouping)?;
    let keys: BTreeSet<(Class, i64)> = published.keys().chain(restated.keys()).copied().collect();
    let settings = rulebook(conn)?.coverage(period);
    let line = |key: (Class, i64)| {
        let none = Line::default();
        let (then, now) = (published.get(&key).unwrap_or(&none).tally, restated.get(&key).unwrap_or(&none).tally);
        let target = targets.get(&key.0).copied().unwrap_or_else(|| settings.target(key.0));
        let group = (grouping != Grouping::Class).then(|| (key.1, names.get(&key.1).cloned().unwrap_or_default()));
        let (group_id, group_name) = group.unzip();
        (then != now).then(|| RestatedLine {
            class: key.0.code().to_owned(),
            group_id,
            group_name,
            published_denominator: then.denominator(),
            published_seen: then.count(Bucket::Seen),
            published_bp: then.rate().map(|rate| rate.0),
            published_met: then.met(target),
            restated_denominator: now.denominator(),
            restated_seen: now.count(Bucket::Seen),
            restated_bp: now.rate().map(|rate| rate.0),
            restated_met: now.met(target),
        })
    };
    Ok(keys.into_iter().filter_map(line).collect())
}

/// The points whose row is not as it was published, by id.
#[utoipa::path(operation_id = "list_restated_points", tag = "coverage", params(("period" = String, Path, description = "`2026-10` or `2026-Q4`"), After),
    responses((status = 200, description = "Points", body = RestatedPointPage)))]
#[get("/v1/periods/{period}/restated-points")]
pub async fn list_restated_points(
    app: Data<App>,
    session: Session,
    period: Path<String>,
    page: Query<After>,
) -> Result<Json<RestatedPointPage>, Problem> {
    session.may(Operation::ListRestatedPoints)?;
    let period = period_of(&period).map_err(|_| Problem::new(ProblemCode::NotFound))?;
    let (after, limit) = page.window(&app.config.limits)?;
    let found = app.store.read("list_restated_points", move |conn| {
        let rows = restated_after(conn, period, (after, i64::MAX), limit)?;
        let next = next_after(&rows, limit, |(point, _)| *point);
        let points: Vec<i64> = rows.iter().map(|(point, _)| *point).collect();
        let now = load_rows(conn, &points, period)?;
        let items = rows.into_iter().filter_map(|(point, then)| {
            let now = now.get(&point);
            // Changed and changed back is no difference.
            (then.as_ref() != now).then(|| RestatedPoint {
                service_point_id: point,
                published_class: then.as_ref().map(|row| row.entry.class.code().to_owned()),
                published_bucket: then.as_ref().map(|row| row.entry.bucket.code().to_owned()),
                restated_class: now.map(|row| row.entry.class.code().to_owned()),
                restated_bucket: now.map(|row| row.entry.bucket.code().to_owned()),
                area_changed: then.as_ref().map(|row| row.area_id) != now.map(|row| row.area_id),
                route_or_reader_changed: then.as_ref().map(|row| (row.route_id, row.reader_id))
                    != now.map(|row| (row.route_id, row.reader_id)),
            })
        });
        Ok(RestatedPointPage { items: items.collect(), next_after: next })
    });
    Ok(Json(found.await?))
}
