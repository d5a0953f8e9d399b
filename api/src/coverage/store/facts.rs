//! The facts of points, as the core asks for them.
//!
//! Why separate: a whole history is read for each point, since how long a point is unseen goes back beyond any period.

use super::judges::JudgeOf;
use super::plan::{Entry, PlanRow};
use crate::db::schema::{
    point_terms, quarantine, quarantine_decisions, records, rounds, service_points, stops, time_decisions,
};
use crate::db::{Conn, Fixed, among, each};
use crate::http::from_ms;
use crate::rounds::store::not_cancelled;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::coverage::{PointFacts, Sighting, SightingKind, Term, plan_entry};
use meterbook::meters::{Class, PointState};
use meterbook::readings::ReadingKind;
use std::collections::{HashMap, HashSet};

/// A point with all that decides its entries.
pub struct Point {
    pub id: i64,
    area_id: i64,
    route_id: i64,
    gas_on: Option<NaiveDate>,
    terms: Vec<Term>,
    sightings: Vec<Sighting>,
    /// Reader and window of the rounds it is in, newest round first.
    rounds: Vec<(i64, NaiveDate, NaiveDate)>,
}

impl Point {
    /// Its row in a period.
    pub fn place(&self, judge: &JudgeOf<'_>) -> Option<PlanRow> {
        let facts = PointFacts { terms: &self.terms, gas_on: self.gas_on, sightings: &self.sightings };
        let entry = plan_entry(&facts, &judge.judge())?;
        let period = judge.period();
        let overlaps = |from: NaiveDate, until: NaiveDate| from < period.end_day() && until > period.first_day();
        let reader =
            self.rounds.iter().find(|(_, from, until)| overlaps(*from, *until)).map_or(0, |(reader, ..)| *reader);
        Some(PlanRow { area_id: self.area_id, route_id: self.route_id, reader_id: reader, entry: Entry::stored(entry) })
    }
}

/// The facts of points, in order of their ids.
pub fn load_facts(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<Point>> {
    type PointRow = (i64, i64, Option<i64>, Option<NaiveDate>);
    let columns = (service_points::id, service_points::area_id, service_points::route_id, service_points::gas_on);
    let rows: Vec<PointRow> = each!(conn, c => service_points::table
        .filter(among(service_points::id, ids)).order(service_points::id).select(columns).load(c))?;
    let mut terms = load_terms(conn, ids)?;
    let mut sightings = load_sightings(conn, ids)?;
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

/// Which of the points were ever removed.
pub fn removed_ever(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashSet<i64>> {
    let removed: Vec<i64> = each!(conn, c => point_terms::table
        .filter(among(point_terms::point_id, ids))
        // In these words, or the index of removed points would not be used.
        .filter(Fixed("state = 'removed'"))
        .select(point_terms::point_id)
        .load(c))?;
    Ok(removed.into_iter().collect())
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

fn load_sightings(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, Vec<Sighting>>> {
    type Row = (i64, i64, String, String, String, Option<String>, Option<i64>);
    let rows: Vec<Row> = each!(conn, c => records::table
        .left_join(time_decisions::table.on(time_decisions::record_id.eq(records::id)))
        .filter(among(records::point_id, ids))
        .select((records::point_id, records::observed_at, records::kind, records::code, records::flags,
            time_decisions::decision.nullable(), time_decisions::observed_at.nullable()))
        .load(c))?;
    let mut sightings: HashMap<i64, Vec<Sighting>> = HashMap::new();
    for (point, at, kind, code, flags, decision, decided) in rows {
        let has = |flag: &str| flags.split(',').any(|known| known == flag);
        let evidence = has("proof");
        let what = match (kind.as_str(), ReadingKind::from_code(&code)) {
            ("reading", Some(kind)) => SightingKind::Reading(kind),
            ("attempt", _) => SightingKind::Attempt { proof: evidence },
            _ => continue,
        };
        let sighting = Sighting {
            at: from_ms(decided.unwrap_or(at)),
            what,
            complete: true,
            evidence,
            voided: false,
            rejected: decision.as_deref() == Some("refused"),
            time_review: decision.is_none() && has("time_review"),
        };
        sightings.entry(point).or_default().push(sighting);
    }
    load_rejected(conn, ids, &mut sightings)?;
    Ok(sightings)
}

fn load_rejected(conn: &mut Conn, ids: &[i64], sightings: &mut HashMap<i64, Vec<Sighting>>) -> QueryResult<()> {
    let ids: Vec<Option<i64>> = ids.iter().copied().map(Some).collect();
    // What was released is a record now, perhaps of another point.
    let rejected: Vec<(Option<i64>, Option<i64>)> = each!(conn, c => quarantine::table
        .left_join(quarantine_decisions::table)
        .filter(quarantine_decisions::decision.is_null().or(quarantine_decisions::decision.ne("released")))
        .filter(quarantine::point_id.eq_any(ids))
        .filter(quarantine::outcome.eq("rejected"))
        .select((quarantine::point_id, quarantine::observed_at))
        .load(c))?;
    for (point, at) in rejected {
        if let (Some(point), Some(at)) = (point, at) {
            let sighting = Sighting {
                at: from_ms(at),
                what: SightingKind::Reading(ReadingKind::Field),
                complete: false,
                evidence: false,
                voided: false,
                rejected: true,
                time_review: false,
            };
            sightings.entry(point).or_default().push(sighting);
        }
    }
    Ok(())
}

type Readers = HashMap<i64, Vec<(i64, NaiveDate, NaiveDate)>>;

fn load_readers(conn: &mut Conn, ids: &[i64]) -> QueryResult<Readers> {
    type Row = (i64, Option<i64>, NaiveDate, NaiveDate);
    let rows: Vec<Row> = each!(conn, c => stops::table
        .inner_join(rounds::table)
        .filter(among(stops::point_id, ids))
        .filter(rounds::reader_id.is_not_null())
        .filter(not_cancelled())
        .order((stops::point_id, rounds::id.desc()))
        .select((stops::point_id, rounds::reader_id, rounds::from_day, rounds::until_day))
        .load(c))?;
    let mut readers = Readers::new();
    for (point, reader, from, until) in rows {
        readers.entry(point).or_default().extend(reader.map(|reader| (reader, from, until)));
    }
    Ok(readers)
}
