//! The writes of an accepted proposal.

use super::{Applied, RegisterChange};
use crate::db::schema::{installations, meters, service_points};
use crate::db::{Conn, Lockable, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{MeterId, PointId};

/// Applies one change, if the register still stands as the reader found it.
pub fn apply(
    conn: &mut Conn,
    point: PointId,
    meter: Option<MeterId>,
    change: &RegisterChange,
    now: Instant,
) -> QueryResult<Applied> {
    conn.lock(Lockable::ServicePoints, &[point.0])?;
    match (change, meter) {
        (RegisterChange::None, _) => Ok(Applied::Changed { before: String::new() }),
        (RegisterChange::Place(lat, lng, datum), _) => move_point(conn, point, (*lat, *lng, datum), now),
        (RegisterChange::Number(_) | RegisterChange::Inlet(_), None) => Ok(Applied::MeterGone),
        (change, Some(meter)) => change_meter(conn, point, meter, change, now),
    }
}

fn move_point(
    conn: &mut Conn,
    point: PointId,
    (lat, lng, datum): (i64, i64, &str),
    now: Instant,
) -> QueryResult<Applied> {
    let columns = (service_points::lat_micro, service_points::lng_micro, service_points::datum);
    let before: (Option<i64>, Option<i64>, Option<String>) =
        each!(conn, c => service_points::table.find(point.0).select(columns).first(c))?;
    let change = (
        service_points::lat_micro.eq(lat),
        service_points::lng_micro.eq(lng),
        service_points::datum.eq(datum),
        service_points::changed_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::update(service_points::table.find(point.0)).set(change).execute(c))?;
    let before = match before {
        (Some(lat), Some(lng), datum) => format!("{lat},{lng} {}", datum.unwrap_or_default()),
        _ => String::new(),
    };
    Ok(Applied::Changed { before })
}

fn change_meter(
    conn: &mut Conn,
    point: PointId,
    meter: MeterId,
    change: &RegisterChange,
    now: Instant,
) -> QueryResult<Applied> {
    let hanging: Option<(String, Option<String>)> = each!(conn, c => installations::table
        .inner_join(meters::table)
        .filter(installations::point_id.eq(point.0))
        .filter(installations::meter_id.eq(meter.0))
        .filter(installations::removed_at.is_null())
        .select((meters::number, meters::inlet_side))
        .first(c)
        .optional())?;
    let Some((number, inlet)) = hanging else { return Ok(Applied::MeterGone) };
    let at = meters::changed_at.eq(to_ms(now));
    match change {
        RegisterChange::Number(new) => {
            let other: Option<i64> = each!(conn, c => meters::table
                .filter(meters::number.eq(new))
                .filter(meters::id.ne(meter.0))
                .select(meters::id)
                .first(c)
                .optional())?;
            if other.is_some() {
                return Ok(Applied::NumberTaken);
            }
            let set = (meters::number.eq(new), at);
            each!(conn, c => diesel::update(meters::table.find(meter.0)).set(set).execute(c))?;
            Ok(Applied::Changed { before: number })
        }
        RegisterChange::Inlet(side) => {
            let set = (meters::inlet_side.eq(side.code()), at);
            each!(conn, c => diesel::update(meters::table.find(meter.0)).set(set).execute(c))?;
            Ok(Applied::Changed { before: inlet.unwrap_or_default() })
        }
        RegisterChange::Place(..) | RegisterChange::None => Ok(Applied::Changed { before: String::new() }),
    }
}
