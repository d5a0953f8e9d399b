//! Everything the planner must know, in one reading: points, what their visits take, readers, who read what, what stands.

use crate::coverage::store::seen_points;
use crate::db::schema::{plan_rounds, plan_stops, records, rounds, service_points, stops};
use crate::db::{Conn, among, each};
use crate::http::{from_ms, to_ms};
use crate::rounds::plans::{CreatePlanRequest, Knock};
use crate::rounds::readers::store::{ProfileRow, absences_between, readers};
use crate::rounds::store::not_cancelled;
use crate::rounds::visits::store::{TermsRow, promises, terms_of};
use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::meters::Class;
use std::collections::{HashMap, HashSet};

/// More stops than this are planned in parts.
pub const MOST_STOPS: i64 = 20_000;
const MOST_READERS: i64 = 2_000;
/// How far back one looks for who read a point last: two months, or two quarters.
const LAST_DAYS: u64 = 186;
const CHUNK: usize = 1_000;

/// A point to be planned.
#[derive(Clone, Debug, Queryable)]
pub struct PointRow {
    /// Its id.
    pub id: i64,
    /// Its route.
    pub route_id: Option<i64>,
    /// Where it is.
    pub lat_micro: Option<i64>,
    /// The same, east.
    pub lng_micro: Option<i64>,
    /// In which datum.
    pub datum: Option<String>,
}

/// Where a stop stands in the plan that is changed, as far as its round still stands.
#[derive(Clone, Copy, Debug)]
pub struct BasisStop {
    /// Who holds its round.
    pub reader: i64,
    /// On which day.
    pub day: NaiveDate,
    /// In which order.
    pub position: i32,
    /// Whether a dispatcher locked it.
    pub locked: bool,
    /// Whether it has been read.
    pub is_read: bool,
}

/// What was gathered.
pub struct Gathered {
    /// The points.
    pub points: Vec<PointRow>,
    /// What visits take.
    pub terms: HashMap<i64, TermsRow>,
    /// What was promised.
    pub promises: HashMap<i64, Vec<(Instant, Instant)>>,
    /// The readers with their names.
    pub readers: Vec<(String, ProfileRow)>,
    /// Who is away.
    pub absences: Vec<(i64, NaiveDate, NaiveDate)>,
    /// Who read each point last before the window.
    pub last: HashMap<i64, i64>,
    /// What was read in the window: by whom and when.
    pub read: HashMap<i64, (i64, Instant)>,
    /// What counts as seen in the period of the window.
    pub seen: HashSet<i64>,
    /// What counted as seen in the period before.
    pub seen_before: HashSet<i64>,
    /// Tries at indoor doors.
    pub knocks: Vec<Knock>,
    /// The plan that is changed.
    pub basis: HashMap<i64, BasisStop>,
}

/// Reads it all; `only` some points where a hand moves a stop.
pub fn gather(conn: &mut Conn, asked: &CreatePlanRequest, zone: Zone, only: Option<&[i64]>) -> QueryResult<Gathered> {
    let (from, until) = (zone.start_of(asked.from_day), zone.start_of(asked.until_day));
    let points = points(conn, asked, only)?;
    let ids: Vec<i64> = points.iter().map(|point| point.id).collect();
    let named = (!asked.reader_ids.is_empty()).then_some(asked.reader_ids.as_slice());
    let (mut last, mut read) = (HashMap::new(), HashMap::new());
    let long_ago = asked.from_day.checked_sub_days(Days::new(LAST_DAYS)).unwrap_or(asked.from_day);
    for (point, reader, at) in readings(conn, zone.start_of(long_ago), until, &ids)? {
        if at < from {
            last.insert(point, reader);
        } else {
            read.insert(point, (reader, at));
        }
    }
    let is_indoor = asked.class == Class::ResidentialIndoor.code();
    Ok(Gathered {
        terms: terms_of(conn, &ids)?,
        promises: promises(conn, from, until)?,
        readers: readers(conn, named, 0, MOST_READERS)?,
        absences: absences_between(conn, asked.from_day, asked.until_day)?,
        last,
        read,
        seen: seen_points(conn, period_of(asked), &asked.class)?,
        seen_before: if is_indoor {
            seen_points(conn, period_of(asked).previous(), &asked.class)?
        } else {
            HashSet::new()
        },
        knocks: if is_indoor { knocks(conn, zone.start_of(long_ago), until, &ids)? } else { Vec::new() },
        basis: asked.basis_id.map(|basis| basis_stops(conn, basis)).transpose()?.unwrap_or_default(),
        points,
    })
}

/// The period the window counts in.
fn period_of(asked: &CreatePlanRequest) -> Period {
    match Class::from_code(&asked.class) {
        Some(Class::ResidentialIndoor) => Period::quarter_of(asked.from_day),
        _ => Period::month_of(asked.from_day),
    }
}

fn points(conn: &mut Conn, asked: &CreatePlanRequest, only: Option<&[i64]>) -> QueryResult<Vec<PointRow>> {
    use service_points as t;
    each!(conn, c => {
        let mut query = t::table.filter(t::class.eq(&asked.class)).filter(t::state.eq("active")).into_boxed();
        if !asked.route_ids.is_empty() {
            query = query.filter(t::route_id.eq_any(asked.route_ids.clone()));
        }
        if let Some(only) = only {
            query = query.filter(t::id.eq_any(only.to_vec()));
        }
        query
            .order(t::id)
            .limit(MOST_STOPS + 1)
            .select((t::id, t::route_id, t::lat_micro, t::lng_micro, t::datum))
            .load(c)
    })
}

/// Looks at meters in a span of time, the oldest first.
fn readings(conn: &mut Conn, from: Instant, until: Instant, points: &[i64]) -> QueryResult<Vec<(i64, i64, Instant)>> {
    let mut found = Vec::new();
    for chunk in points.chunks(CHUNK) {
        let rows: Vec<(i64, Option<i64>, i64)> = each!(conn, c => records::table
            .filter(among(records::point_id, chunk))
            .filter(records::kind.eq("reading"))
            .filter(records::code.eq_any(["field", "reread", "exchange"]))
            .filter(records::observed_at.ge(to_ms(from)))
            .filter(records::observed_at.lt(to_ms(until)))
            .filter(records::reader_id.is_not_null())
            .order((records::point_id, records::observed_at))
            .select((records::point_id, records::reader_id, records::observed_at))
            .load(c))?;
        found.extend(rows.into_iter().filter_map(|(point, reader, at)| Some((point, reader?, from_ms(at)))));
    }
    Ok(found)
}

/// Every try at the doors of points in a span of time: readings and attempts.
fn knocks(conn: &mut Conn, from: Instant, until: Instant, points: &[i64]) -> QueryResult<Vec<Knock>> {
    let mut found = Vec::new();
    for chunk in points.chunks(CHUNK) {
        let rows: Vec<(i64, i64, String)> = each!(conn, c => records::table
            .filter(among(records::point_id, chunk))
            .filter(records::kind.eq("attempt").or(records::kind.eq("reading").and(records::code.eq_any(["field", "reread"]))))
            .filter(records::observed_at.ge(to_ms(from)))
            .filter(records::observed_at.lt(to_ms(until)))
            .order((records::point_id, records::observed_at))
            .select((records::point_id, records::observed_at, records::kind))
            .load(c))?;
        found.extend(rows.into_iter().map(|(point, at, kind)| Knock {
            point,
            at: from_ms(at),
            opened: kind == "reading",
        }));
    }
    Ok(found)
}

/// The rounds a plan became: by reader and day.
pub(super) fn rounds_of(conn: &mut Conn, plan: i64) -> QueryResult<HashMap<(i64, NaiveDate), i64>> {
    use plan_rounds as t;
    let rows: Vec<(i64, NaiveDate, Option<i64>)> = each!(conn, c => plan_rounds::table
        .filter(t::plan_id.eq(plan))
        .select((t::reader_id, t::day, t::round_id))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(reader, day, round)| Some(((reader, day), round?))).collect())
}

/// Who holds rounds that still stand: round to reader.
pub(super) fn standing_rounds(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, i64>> {
    let rows: Vec<(i64, Option<i64>)> = each!(conn, c => rounds::table
        .filter(among(rounds::id, ids))
        .filter(not_cancelled())
        .select((rounds::id, rounds::reader_id))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(round, reader)| Some((round, reader?))).collect())
}

fn basis_stops(conn: &mut Conn, basis: i64) -> QueryResult<HashMap<i64, BasisStop>> {
    use plan_stops as t;
    let by_turn = rounds_of(conn, basis)?;
    let ids: Vec<i64> = by_turn.values().copied().collect();
    let holders = standing_rounds(conn, &ids)?;
    let days: HashMap<i64, NaiveDate> = by_turn.iter().map(|((_, day), round)| (*round, *day)).collect();
    let locked: Vec<i64> = each!(conn, c => plan_stops::table
        .filter(t::plan_id.eq(basis)).filter(t::locked.eq(true)).select(t::point_id).load(c))?;
    let locked: HashSet<i64> = locked.into_iter().collect();
    let standing: Vec<(i64, i64, i32, String)> = each!(conn, c => stops::table
        .filter(among(stops::round_id, &ids))
        .filter(stops::taken_out_at.is_null())
        .order((stops::round_id, stops::position))
        .select((stops::point_id, stops::round_id, stops::position, stops::state))
        .load(c))?;
    let mut found = HashMap::new();
    for (point, round, position, state) in standing {
        let (Some(reader), Some(day)) = (holders.get(&round), days.get(&round)) else { continue };
        // A stop tried in vain is planned anew, on any day.
        if state == "no_access" {
            continue;
        }
        let stop = BasisStop {
            reader: *reader,
            day: *day,
            position,
            locked: locked.contains(&point),
            is_read: state == "read",
        };
        found.insert(point, stop);
    }
    Ok(found)
}
