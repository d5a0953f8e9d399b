//! What the outlook asks of plan, register, rounds and records.

use crate::coverage::store::{PlanRow, UNSEEN, load_rows, to_day};
use crate::db::schema::{coverage_plan, records, rounds, service_points, stops};
use crate::db::{Conn, Fixed, among, each};
use crate::http::from_ms;
use crate::rounds::store::not_cancelled;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period};
use meterbook::meters::Class;
use std::collections::HashMap;

/// A point with its row in a period.
pub struct UnseenRow {
    /// The point.
    pub point: i64,
    /// 户号.
    pub number: String,
    /// Its place on the route.
    pub office_order: i32,
    /// Its row.
    pub row: PlanRow,
}

/// Whose points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Those on a reader's rounds.
    Reader(i64),
    /// Those of a route.
    Route(i64),
}

/// The points of D a reader or a route has in a period that are not seen; those whose time a person must decide are left out.
pub fn unseen_of(conn: &mut Conn, period: Period, whose: Whose) -> QueryResult<Vec<UnseenRow>> {
    let points: Vec<i64> = match whose {
        Whose::Reader(reader) => each!(conn, c => stops::table
            .inner_join(rounds::table)
            .filter(rounds::reader_id.eq(reader))
            .filter(not_cancelled())
            .filter(rounds::from_day.lt(period.end_day()))
            .filter(rounds::until_day.gt(period.first_day()))
            .select(stops::point_id)
            .distinct()
            .order(stops::point_id)
            .load(c))?,
        Whose::Route(route) => each!(conn, c => service_points::table
            .filter(service_points::route_id.eq(route))
            .order(service_points::id)
            .select(service_points::id)
            .load(c))?,
    };
    let mut rows = load_rows(conn, &points, period)?;
    rows.retain(|_, row| {
        let is_mine = match whose {
            Whose::Reader(reader) => row.reader_id == reader,
            Whose::Route(_) => true,
        };
        is_mine && (2..=6).contains(&row.entry.bucket.number())
    });
    named(conn, rows)
}

fn named(conn: &mut Conn, mut rows: HashMap<i64, PlanRow>) -> QueryResult<Vec<UnseenRow>> {
    let points: Vec<i64> = rows.keys().copied().collect();
    let names: Vec<(i64, String, i32)> = each!(conn, c => service_points::table
        .filter(among(service_points::id, &points))
        .order(service_points::id)
        .select((service_points::id, service_points::number, service_points::office_order))
        .load(c))?;
    let row =
        |(point, number, office_order)| Some(UnseenRow { point, number, office_order, row: rows.remove(&point)? });
    Ok(names.into_iter().filter_map(row).collect())
}

/// Points of a class in a period that are of D and not seen, the longest unseen first, after a day and a point.
pub fn longest_unseen(
    conn: &mut Conn,
    (period, class): (Period, Class),
    (day, point): (NaiveDate, i64),
    limit: i64,
) -> QueryResult<Vec<UnseenRow>> {
    use coverage_plan as plan;
    let day = to_day(day);
    let points: Vec<(i32, i64)> = each!(conn, c => plan::table
        .filter(plan::period.eq(period.key()))
        .filter(plan::class.eq(class.code()))
        .filter(Fixed(UNSEEN))
        .filter(plan::unseen_since.ge(day))
        .filter(plan::unseen_since.gt(day).or(plan::point_id.gt(point)))
        .order((plan::unseen_since, plan::point_id))
        .limit(limit)
        .select((plan::unseen_since, plan::point_id))
        .load(c))?;
    let order: HashMap<i64, usize> = points.iter().enumerate().map(|(at, (_, point))| (*point, at)).collect();
    let ids: Vec<i64> = points.into_iter().map(|(_, point)| point).collect();
    let rows = load_rows(conn, &ids, period)?;
    let mut named = named(conn, rows)?;
    named.sort_by_key(|row| order.get(&row.point).copied());
    Ok(named)
}

/// Attempts in vain at points since each was last seen: when and why, oldest first.
pub fn tries_since(
    conn: &mut Conn,
    rows: &[UnseenRow],
    zone: meterbook::calendar::Zone,
) -> QueryResult<HashMap<i64, Vec<(Instant, String)>>> {
    let points: Vec<i64> = rows.iter().map(|row| row.point).collect();
    let found: Vec<(i64, i64, String)> = each!(conn, c => records::table
        .filter(among(records::point_id, &points))
        .filter(records::kind.eq("attempt"))
        .order((records::point_id, records::observed_at, records::id))
        .select((records::point_id, records::observed_at, records::code))
        .load(c))?;
    let since: HashMap<i64, NaiveDate> = rows.iter().map(|row| (row.point, row.row.entry.unseen_since)).collect();
    let mut tries: HashMap<i64, Vec<(Instant, String)>> = HashMap::new();
    for (point, at, code) in found {
        let at = from_ms(at);
        if since.get(&point).is_some_and(|since| zone.day(at) >= *since) {
            tries.entry(point).or_default().push((at, code));
        }
    }
    Ok(tries)
}
