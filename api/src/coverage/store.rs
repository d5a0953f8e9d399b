//! What coverage keeps: the plan (period × point → bucket) and its counters, both changed only by [`retouch`] and its
//! short cut [`sighted`].

use crate::db::schema::{
    coverage_counters, coverage_periods, coverage_plan, point_terms, quarantine, quarantine_decisions, records, rounds,
    service_points, stops,
};
use crate::db::{Conn, Lockable, Statement, Value, among, each};
use crate::http::{from_ms, to_ms};
use crate::planted::Bug;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{
    Bucket, PointFacts, Settings, Sighting, SightingKind, Term, bucket_after, is_period_of, place,
};
use meterbook::meters::{Class, PointState};
use meterbook::readings::ReadingKind;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where a point stands in a period, and in whose figures it counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    class: String,
    area_id: i64,
    route_id: i64,
    reader_id: i64,
    bucket: i32,
}

/// Declares a period open. `true`: it was laid out before.
pub fn declare_period(conn: &mut Conn, period: Period, now: Instant) -> QueryResult<bool> {
    let row = (coverage_periods::period.eq(period.key()), coverage_periods::opened_at.eq(to_ms(now)));
    each!(conn, c => diesel::insert_into(coverage_periods::table).values(row).on_conflict_do_nothing().execute(c))?;
    let laid_out: Option<i64> = each!(conn, c => coverage_periods::table
        .find(period.key())
        .select(coverage_periods::laid_out_at)
        .first(c))?;
    Ok(laid_out.is_some())
}

/// Notes that every point has its place.
pub fn mark_laid_out(conn: &mut Conn, period: Period, now: Instant) -> QueryResult<()> {
    let change = coverage_periods::laid_out_at.eq(to_ms(now));
    each!(conn, c => diesel::update(coverage_periods::table.find(period.key())).set(change).execute(c)).map(drop)
}

/// Every period declared open.
pub fn open_periods(conn: &mut Conn) -> QueryResult<Vec<Period>> {
    let keys: Vec<i32> = each!(conn, c => coverage_periods::table
        .order(coverage_periods::period)
        .select(coverage_periods::period)
        .load(c))?;
    Ok(keys.into_iter().filter_map(Period::from_key).collect())
}

/// Points after an id, in order.
pub fn points_after(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<i64>> {
    each!(conn, c => service_points::table
        .filter(service_points::id.gt(after))
        .order(service_points::id)
        .limit(limit)
        .select(service_points::id)
        .load(c))
}

/// Places points anew in every open period: after their register or their rounds changed.
pub fn retouch_everywhere(conn: &mut Conn, zone: Zone, points: &[i64]) -> QueryResult<()> {
    let periods = open_periods(conn)?;
    points.chunks(500).try_for_each(|chunk| retouch(conn, zone, chunk, &periods))
}

/// Places points anew in those of the periods that are open, from the facts as they stand in this transaction, and moves the
/// counters by the difference. Whatever happened to a point, this is all there is to do.
pub fn retouch(conn: &mut Conn, zone: Zone, points: &[i64], periods: &[Period]) -> QueryResult<()> {
    if points.is_empty() {
        return Ok(());
    }
    conn.lock(Lockable::ServicePoints, points)?;
    // Read after the lock: a period declared meanwhile must be seen, see `open_period`.
    let open = open_periods(conn)?;
    let periods: Vec<Period> = periods.iter().copied().filter(|period| open.contains(period)).collect();
    let (Some(first), Some(last)) =
        (periods.iter().map(|period| period.first_day()).min(), periods.iter().map(|period| period.end_day()).max())
    else {
        return Ok(());
    };
    let facts = load_facts(conn, points, zone.start_of(first), zone.start_of(last))?;
    let stored = load_plan(conn, points, &periods)?;
    let mut deltas: BTreeMap<(i32, Place), i64> = BTreeMap::new();
    for point in &facts {
        for period in &periods {
            let wanted = point.place(*period, zone);
            let known = stored.get(&(period.key(), point.id));
            if wanted.as_ref() == known {
                continue;
            }
            if let Some(known) = known {
                *deltas.entry((period.key(), known.clone())).or_default() -= 1;
            }
            if let Some(wanted) = &wanted {
                *deltas.entry((period.key(), wanted.clone())).or_default() += 1;
            }
            store_place(conn, period.key(), point.id, wanted.as_ref())?;
        }
    }
    count_all(conn, deltas)
}

/// Places points anew after these sightings, which are stored and of points the caller has locked. Most are settled by the bucket
/// their point is in (see [`bucket_after`]); for the rest, and for the points in `unsure`, everything is read again.
pub fn sighted(
    conn: &mut Conn,
    zone: Zone,
    sightings: &[(i64, Sighting)],
    unsure: &BTreeSet<i64>,
    periods: &[Period],
) -> QueryResult<()> {
    let mut points: Vec<i64> = sightings.iter().map(|(point, _)| *point).collect();
    points.sort_unstable();
    points.dedup();
    let open = open_periods(conn)?;
    let periods: Vec<Period> = periods.iter().copied().filter(|period| open.contains(period)).collect();
    if points.is_empty() || periods.is_empty() {
        return retouch(conn, zone, &unsure.iter().copied().collect::<Vec<_>>(), &periods);
    }
    let mut unsure = unsure.clone();
    // A point without a row is in none of the period's figures, whatever is seen of it, or is being laid out after this.
    let mut placed = load_plan(conn, &points, &periods)?;
    placed.retain(|(_, point), _| !unsure.contains(point));
    let mut moved: BTreeMap<(i32, i64), i32> = BTreeMap::new();
    for (point, sighting) in sightings {
        for period in periods.iter().filter(|period| period.contains(sighting.at, zone)) {
            let key = (period.key(), *point);
            let Some(place) = placed.get(&key) else { continue };
            let bucket = moved.get(&key).copied().unwrap_or(place.bucket);
            let known = i16::try_from(bucket).ok().and_then(Bucket::from_number);
            match known.and_then(|known| bucket_after(known, sighting, &Settings::default())) {
                Some(after) if i32::from(after.number()) == bucket => {}
                Some(after) => drop(moved.insert(key, i32::from(after.number()))),
                None => drop(unsure.insert(*point)),
            }
        }
    }
    moved.retain(|(_, point), _| !unsure.contains(point));
    move_places(conn, &placed, &moved)?;
    retouch(conn, zone, &unsure.into_iter().collect::<Vec<_>>(), &periods)
}

/// Moves plan rows to other buckets, and the counters with them.
fn move_places(
    conn: &mut Conn,
    placed: &HashMap<(i32, i64), Place>,
    moved: &BTreeMap<(i32, i64), i32>,
) -> QueryResult<()> {
    let mut together: BTreeMap<(i32, i32), Vec<i64>> = BTreeMap::new();
    let mut deltas: BTreeMap<(i32, Place), i64> = BTreeMap::new();
    for ((period, point), bucket) in moved {
        let Some(before) = placed.get(&(*period, *point)) else { continue };
        together.entry((*period, *bucket)).or_default().push(*point);
        *deltas.entry((*period, before.clone())).or_default() -= 1;
        *deltas.entry((*period, Place { bucket: *bucket, ..before.clone() })).or_default() += 1;
    }
    for ((period, bucket), points) in together {
        let update = Statement {
            sql: "UPDATE coverage_plan SET bucket = ? WHERE period = ? AND point_id ?",
            values: vec![Value::Small(bucket), Value::Small(period), Value::among(&points)],
        };
        each!(conn, c => update.execute(c))?;
    }
    count_all(conn, deltas)
}

/// Moves the counters, in one order on every node, so that two pushes never wait for each other in a circle.
fn count_all(conn: &mut Conn, deltas: BTreeMap<(i32, Place), i64>) -> QueryResult<()> {
    conn.split(Bug::CounterOutsideTransaction)?;
    deltas
        .into_iter()
        .filter(|(_, change)| *change != 0)
        .try_for_each(|((period, place), change)| count(conn, period, &place, change))
}

struct Point {
    id: i64,
    area_id: i64,
    route_id: i64,
    gas_on: Option<chrono::NaiveDate>,
    terms: Vec<Term>,
    sightings: Vec<Sighting>,
    /// Reader and window of the rounds it is in, newest round first.
    rounds: Vec<(i64, chrono::NaiveDate, chrono::NaiveDate)>,
}

impl Point {
    fn place(&self, period: Period, zone: Zone) -> Option<Place> {
        let facts = PointFacts { terms: &self.terms, gas_on: self.gas_on, sightings: &self.sightings };
        let placement = place(&facts, period, zone, &Settings::default())?;
        let overlaps =
            |from: chrono::NaiveDate, until: chrono::NaiveDate| from < period.end_day() && until > period.first_day();
        let reader =
            self.rounds.iter().find(|(_, from, until)| overlaps(*from, *until)).map_or(0, |(reader, ..)| *reader);
        Some(Place {
            class: placement.class.code().to_owned(),
            area_id: self.area_id,
            route_id: self.route_id,
            reader_id: reader,
            bucket: i32::from(placement.bucket.number()),
        })
    }
}

fn load_facts(conn: &mut Conn, ids: &[i64], start: Instant, end: Instant) -> QueryResult<Vec<Point>> {
    type PointRow = (i64, i64, Option<i64>, Option<chrono::NaiveDate>);
    let columns = (service_points::id, service_points::area_id, service_points::route_id, service_points::gas_on);
    let rows: Vec<PointRow> = each!(conn, c => service_points::table
        .filter(among(service_points::id, ids)).order(service_points::id).select(columns).load(c))?;
    let mut terms = load_terms(conn, ids)?;
    let mut sightings = load_sightings(conn, ids, start, end)?;
    let mut readers = load_readers(conn, ids)?;
    let points = rows.into_iter().map(|(id, area_id, route_id, gas_on)| Point {
        id,
        area_id,
        route_id: route_id.unwrap_or(0),
        gas_on,
        terms: terms.remove(&id).unwrap_or_default(),
        sightings: sightings.remove(&id).unwrap_or_default(),
        rounds: readers.remove(&id).unwrap_or_default(),
    });
    Ok(points.collect())
}

fn load_terms(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, Vec<Term>>> {
    let rows: Vec<(i64, i64, String, String)> = each!(conn, c => point_terms::table
        .filter(among(point_terms::point_id, ids))
        .order((point_terms::point_id, point_terms::valid_from, point_terms::id))
        .select((point_terms::point_id, point_terms::valid_from, point_terms::class, point_terms::state))
        .load(c))?;
    let mut terms: HashMap<i64, Vec<Term>> = HashMap::new();
    for (point, valid_from, class, state) in rows {
        if let (Some(class), Some(state)) = (Class::from_code(&class), PointState::from_code(&state)) {
            terms.entry(point).or_default().push(Term { valid_from: from_ms(valid_from), class, state });
        }
    }
    Ok(terms)
}

fn load_sightings(
    conn: &mut Conn,
    ids: &[i64],
    start: Instant,
    end: Instant,
) -> QueryResult<HashMap<i64, Vec<Sighting>>> {
    let (start, end) = (to_ms(start), to_ms(end));
    let rows: Vec<(i64, i64, String, String, String)> = each!(conn, c => records::table
        .filter(among(records::point_id, ids))
        .filter(records::observed_at.ge(start))
        .filter(records::observed_at.lt(end))
        .select((records::point_id, records::observed_at, records::kind, records::code, records::flags))
        .load(c))?;
    let mut sightings: HashMap<i64, Vec<Sighting>> = HashMap::new();
    for (point, at, kind, code, flags) in rows {
        let has = |flag: &str| flags.split(',').any(|known| known == flag);
        let what = match (kind.as_str(), ReadingKind::from_code(&code)) {
            ("reading", Some(kind)) => SightingKind::Reading(kind),
            ("attempt", _) => SightingKind::Attempt { proof: has("proof") },
            _ => continue,
        };
        let (at, time_review) = (from_ms(at), has("time_review"));
        let sighting = Sighting { at, what, complete: true, voided: false, rejected: false, time_review };
        sightings.entry(point).or_default().push(sighting);
    }
    // What was released is a record now, perhaps of another point.
    let rejected: Vec<(Option<i64>, Option<i64>)> = each!(conn, c => quarantine::table
        .left_join(quarantine_decisions::table)
        .filter(quarantine_decisions::decision.is_null().or(quarantine_decisions::decision.ne("released")))
        .filter(quarantine::point_id.eq_any(ids))
        .filter(quarantine::observed_at.ge(start))
        .filter(quarantine::observed_at.lt(end))
        .filter(quarantine::outcome.eq("rejected"))
        .select((quarantine::point_id, quarantine::observed_at))
        .load(c))?;
    for (point, at) in rejected {
        if let (Some(point), Some(at)) = (point, at) {
            let what = SightingKind::Reading(ReadingKind::Field);
            let sighting =
                Sighting { at: from_ms(at), what, complete: false, voided: false, rejected: true, time_review: false };
            sightings.entry(point).or_default().push(sighting);
        }
    }
    Ok(sightings)
}

type Readers = HashMap<i64, Vec<(i64, chrono::NaiveDate, chrono::NaiveDate)>>;

fn load_readers(conn: &mut Conn, ids: &[i64]) -> QueryResult<Readers> {
    type Row = (i64, Option<i64>, chrono::NaiveDate, chrono::NaiveDate);
    let rows: Vec<Row> = each!(conn, c => stops::table
        .inner_join(rounds::table)
        .filter(among(stops::point_id, ids))
        .filter(rounds::reader_id.is_not_null())
        .filter(rounds::state.ne("cancelled"))
        .order((stops::point_id, rounds::id.desc()))
        .select((stops::point_id, rounds::reader_id, rounds::from_day, rounds::until_day))
        .load(c))?;
    let mut readers = Readers::new();
    for (point, reader, from, until) in rows {
        readers.entry(point).or_default().extend(reader.map(|reader| (reader, from, until)));
    }
    Ok(readers)
}

fn load_plan(conn: &mut Conn, ids: &[i64], periods: &[Period]) -> QueryResult<HashMap<(i32, i64), Place>> {
    use coverage_plan as plan;
    let keys: Vec<i64> = periods.iter().map(|period| period.key().into()).collect();
    let rows: Vec<(i32, i64, String, i64, i64, i64, i32)> = each!(conn, c => plan::table
        .filter(among(plan::point_id, ids))
        .filter(among(plan::period, &keys))
        .select((plan::period, plan::point_id, plan::class, plan::area_id, plan::route_id, plan::reader_id, plan::bucket))
        .load(c))?;
    let placed = rows.into_iter().map(|(period, point, class, area_id, route_id, reader_id, bucket)| {
        ((period, point), Place { class, area_id, route_id, reader_id, bucket })
    });
    Ok(placed.collect())
}

fn store_place(conn: &mut Conn, period: i32, point: i64, place: Option<&Place>) -> QueryResult<()> {
    use coverage_plan as plan;
    let Some(place) = place else {
        return each!(conn, c => diesel::delete(plan::table.find((period, point))).execute(c)).map(drop);
    };
    let values = (
        plan::class.eq(&place.class),
        plan::area_id.eq(place.area_id),
        plan::route_id.eq(place.route_id),
        plan::reader_id.eq(place.reader_id),
        plan::bucket.eq(place.bucket),
    );
    let row = (plan::period.eq(period), plan::point_id.eq(point), values);
    each!(conn, c => diesel::insert_into(plan::table)
        .values(row)
        .on_conflict((plan::period, plan::point_id))
        .do_update()
        .set(values)
        .execute(c))
    .map(drop)
}

fn count(conn: &mut Conn, period: i32, place: &Place, change: i64) -> QueryResult<()> {
    let upsert = Statement {
        sql: "INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, bucket, points) VALUES (?, ?, ?, ?, ?, ?, ?) \
              ON CONFLICT (period, class, area_id, route_id, reader_id, bucket) DO UPDATE SET points = coverage_counters.points + excluded.points",
        values: vec![
            Value::Small(period),
            Value::Text(place.class.clone()),
            Value::Int(place.area_id),
            Value::Int(place.route_id),
            Value::Int(place.reader_id),
            Value::Small(place.bucket),
            Value::Int(change),
        ],
    };
    each!(conn, c => upsert.execute(c)).map(drop)
}

/// One counter: where, which bucket, how many points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// The class.
    pub class: Class,
    /// The area.
    pub area_id: i64,
    /// The route; 0 for none.
    pub route_id: i64,
    /// The reader; 0 for none.
    pub reader_id: i64,
    /// The bucket.
    pub bucket: Bucket,
    /// How many points.
    pub points: u64,
}

type CounterRow = (String, i64, i64, i64, i32, i64);

fn counter((class, area_id, route_id, reader_id, bucket, points): CounterRow) -> Option<Counter> {
    let bucket = i16::try_from(bucket).ok().and_then(Bucket::from_number)?;
    let points = u64::try_from(points).ok().filter(|points| *points > 0)?;
    Some(Counter { class: Class::from_code(&class)?, area_id, route_id, reader_id, bucket, points })
}

/// The counters of a period; empty if it was never opened.
pub fn load_counters(conn: &mut Conn, period: Period) -> QueryResult<Vec<Counter>> {
    use coverage_counters as t;
    let rows: Vec<CounterRow> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .order((t::class, t::area_id, t::route_id, t::reader_id, t::bucket))
        .select((t::class, t::area_id, t::route_id, t::reader_id, t::bucket, t::points))
        .load(c))?;
    Ok(rows.into_iter().filter_map(counter).filter(|row| is_period_of(row.class, period)).collect())
}

/// The same counted from the plan rows, point by point: what the counters must equal (I5).
pub fn recount(conn: &mut Conn, period: Period) -> QueryResult<Vec<Counter>> {
    use coverage_plan as t;
    let key = (t::class, t::area_id, t::route_id, t::reader_id, t::bucket);
    let rows: Vec<CounterRow> = each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .group_by(key)
        .order(key)
        .select((t::class, t::area_id, t::route_id, t::reader_id, t::bucket, diesel::dsl::count_star()))
        .load(c))?;
    Ok(rows.into_iter().filter_map(counter).collect())
}

/// The names of what lines are grouped by.
pub fn group_names(conn: &mut Conn, grouping: super::routes::Grouping) -> QueryResult<HashMap<i64, String>> {
    use super::routes::Grouping;
    use crate::db::schema::{accounts, areas, routes};
    let rows: Vec<(i64, String)> = match grouping {
        Grouping::Class => Vec::new(),
        Grouping::Area => each!(conn, c => areas::table.select((areas::id, areas::path)).load(c))?,
        Grouping::Route => each!(conn, c => routes::table.select((routes::id, routes::code)).load(c))?,
        Grouping::Reader => each!(conn, c => accounts::table.select((accounts::id, accounts::name)).load(c))?,
    };
    Ok(rows.into_iter().collect())
}
