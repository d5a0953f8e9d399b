//! A plan's days and stops: written when the search ends, changed by hands, read by page.

use crate::db::schema::{accounts, plan_rounds, plan_stops, service_points};
use crate::db::{Conn, each};
use crate::http::{Time, from_ms, to_ms};
use crate::rounds::plans::{Facts, PlanRound, PlanStopEntry};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::accounts::Actor;
use meterbook::calendar::Instant;
use meterbook::id::PointId;
use meterbook::rounds::plan::{Planned, PlannedStop, PlannedTurn, Reason, Turn, Violation};
use meterbook::text::Language;
use std::collections::{BTreeMap, HashMap};

const CHUNK: usize = 500;

#[derive(Insertable)]
#[diesel(table_name = plan_stops, treat_none_as_default_value = false)]
struct NewStop {
    plan_id: i64,
    point_id: i64,
    reader_id: Option<i64>,
    day: Option<NaiveDate>,
    position: i32,
    arrive_at: Option<i64>,
    begin_at: Option<i64>,
    end_at: Option<i64>,
    metres: i64,
    locked: bool,
    visited: bool,
    reason: Option<&'static str>,
    warnings: &'static str,
    last_reader_id: Option<i64>,
    before_reader_id: Option<i64>,
    before_day: Option<NaiveDate>,
    before_position: Option<i32>,
    version: i64,
    changed_at: i64,
}

#[derive(Insertable)]
#[diesel(table_name = plan_rounds, treat_none_as_default_value = false)]
struct NewRound {
    plan_id: i64,
    reader_id: i64,
    day: NaiveDate,
    depart_at: i64,
    back_at: i64,
    metres: i64,
    work_s: i64,
}

fn new_round(plan: i64, facts: &Facts, turn: &PlannedTurn) -> NewRound {
    NewRound {
        plan_id: plan,
        reader_id: turn.turn.reader.0,
        day: facts.day(turn.turn),
        depart_at: to_ms(facts.at(turn.depart)),
        back_at: to_ms(facts.at(turn.back)),
        metres: turn.metres,
        work_s: turn.work,
    }
}

/// Writes what a search found.
pub fn keep_planned(conn: &mut Conn, plan: i64, facts: &Facts, planned: &Planned, now: Instant) -> QueryResult<()> {
    let rounds: Vec<NewRound> = planned.plan.turns.iter().map(|turn| new_round(plan, facts, turn)).collect();
    for chunk in rounds.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(plan_rounds::table).values(chunk).execute(c))?;
    }
    let visits =
        planned.plan.turns.iter().flat_map(|turn| (1..).zip(&turn.stops).map(move |(at, stop)| (turn.turn, at, stop)));
    let placed: HashMap<PointId, (Turn, i32, &PlannedStop)> =
        visits.map(|(turn, at, stop)| (stop.point, (turn, at, stop))).collect();
    let reasons: HashMap<PointId, Reason> =
        planned.report.unassigned.iter().map(|left| (left.point, left.reason)).collect();
    let row = |stop: &meterbook::rounds::plan::PlanStop| {
        let place = placed.get(&stop.point);
        let visit = place.map(|(_, _, visit)| visit);
        let before = stop.current.map(|current| current.turn);
        let turn = place.map(|(turn, ..)| *turn).or_else(|| stop.visited.map(|visited| visited.turn));
        NewStop {
            plan_id: plan,
            point_id: stop.point.0,
            reader_id: turn.map(|turn| turn.reader.0),
            day: turn.map(|turn| facts.day(turn)),
            position: place.map_or(0, |(_, at, _)| *at),
            arrive_at: visit.map(|visit| to_ms(facts.at(visit.arrive))),
            begin_at: visit.map(|visit| to_ms(facts.at(visit.begin))),
            end_at: visit.map(|visit| to_ms(facts.at(visit.end))),
            metres: visit.map_or(0, |visit| visit.metres.into()),
            locked: stop.locked && place.is_some(),
            visited: stop.visited.is_some(),
            reason: reasons.get(&stop.point).map(|reason| reason.code()),
            warnings: "",
            last_reader_id: stop.last_reader.map(|reader| reader.0),
            before_reader_id: before.map(|turn| turn.reader.0),
            before_day: before.map(|turn| facts.day(turn)),
            before_position: stop.current.map(|current| i32::try_from(current.position).unwrap_or(i32::MAX)),
            version: 1,
            changed_at: to_ms(now),
        }
    };
    let stops: Vec<NewStop> = facts.input.stops.iter().map(row).collect();
    for chunk in stops.chunks(CHUNK) {
        each!(conn, c => diesel::insert_into(plan_stops::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// A stop as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = plan_stops)]
pub struct StopRow {
    pub point_id: i64,
    pub reader_id: Option<i64>,
    pub day: Option<NaiveDate>,
    pub position: i32,
    pub arrive_at: Option<i64>,
    pub begin_at: Option<i64>,
    pub end_at: Option<i64>,
    pub metres: i64,
    pub locked: bool,
    pub visited: bool,
    pub reason: Option<String>,
    pub warnings: String,
    pub last_reader_id: Option<i64>,
    pub before_reader_id: Option<i64>,
    pub before_day: Option<NaiveDate>,
    pub version: i64,
    pub changed_by: Option<i64>,
}

type PointColumns = (String, Option<i64>, Option<i64>, Option<String>);

fn entry((row, (number, lat_micro, lng_micro, datum)): (StopRow, PointColumns), language: Language) -> PlanStopEntry {
    let time = |at: Option<i64>| at.map(|at| Time(from_ms(at)));
    let reason_text = row.reason.as_deref().and_then(Reason::from_code).map(|reason| reason.text());
    PlanStopEntry {
        service_point_id: row.point_id,
        service_point_number: number,
        lat_micro,
        lng_micro,
        datum,
        reader_id: row.reader_id,
        day: row.day,
        position: row.position,
        arrive_at: time(row.arrive_at),
        begin_at: time(row.begin_at),
        end_at: time(row.end_at),
        metres: row.metres,
        locked: row.locked,
        visited: row.visited,
        reason: row.reason,
        reason_text: reason_text.map(|text| text.in_language(language).to_owned()),
        warnings: row.warnings.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect(),
        last_reader_id: row.last_reader_id,
        before_reader_id: row.before_reader_id,
        before_day: row.before_day,
        version: row.version,
        changed_by: row.changed_by,
    }
}

/// Which stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct StopFilter {
    /// Only this reader's.
    pub reader: Option<i64>,
    /// Only of this day.
    pub day: Option<NaiveDate>,
    /// Only those nobody carries.
    pub unassigned: bool,
    /// Only those that stand elsewhere than before.
    pub moved: bool,
}

/// Stops of a plan: in the order of the day where a reader's day is asked for, else by point.
pub fn list_stops(
    conn: &mut Conn,
    plan: i64,
    filter: StopFilter,
    after: i64,
    limit: i64,
    language: Language,
) -> QueryResult<Vec<PlanStopEntry>> {
    use plan_stops as t;
    let is_day = filter.reader.is_some() && filter.day.is_some();
    let rows: Vec<(StopRow, PointColumns)> = each!(conn, c => {
        let mut query = plan_stops::table.inner_join(service_points::table).filter(t::plan_id.eq(plan)).into_boxed();
        if let Some(reader) = filter.reader {
            query = query.filter(t::reader_id.eq(reader));
        }
        if let Some(day) = filter.day {
            query = query.filter(t::day.eq(day));
        }
        if filter.unassigned {
            query = query.filter(t::reader_id.is_null());
        }
        if filter.moved {
            query = query.filter(t::before_reader_id.is_not_null()).filter(
                t::reader_id.is_null().or(t::reader_id.ne(t::before_reader_id)).or(t::day.ne(t::before_day)));
        }
        // A day is short: it comes as one page, so that its order is the order of the walk.
        query = if is_day {
            query.order((t::position, t::point_id))
        } else {
            query.filter(t::point_id.gt(after)).order(t::point_id).limit(limit)
        };
        query
            .select((StopRow::as_select(),
                (service_points::number, service_points::lat_micro, service_points::lng_micro, service_points::datum)))
            .load(c)
    })?;
    Ok(rows.into_iter().map(|row| entry(row, language)).collect())
}

/// One stop.
pub fn find_stop(conn: &mut Conn, plan: i64, point: i64, language: Language) -> QueryResult<Option<PlanStopEntry>> {
    let row: Option<(StopRow, PointColumns)> = each!(conn, c => plan_stops::table
        .inner_join(service_points::table)
        .filter(plan_stops::plan_id.eq(plan))
        .filter(plan_stops::point_id.eq(point))
        .select((StopRow::as_select(),
            (service_points::number, service_points::lat_micro, service_points::lng_micro, service_points::datum)))
        .first(c)
        .optional())?;
    Ok(row.map(|row| entry(row, language)))
}

/// The open stops of a reader's day, in order.
pub fn points_of_turn(conn: &mut Conn, plan: i64, reader: i64, day: NaiveDate) -> QueryResult<Vec<i64>> {
    use plan_stops as t;
    each!(conn, c => plan_stops::table
        .filter(t::plan_id.eq(plan))
        .filter(t::reader_id.eq(reader))
        .filter(t::day.eq(day))
        .filter(t::visited.eq(false))
        .order((t::position, t::point_id))
        .select(t::point_id)
        .load(c))
}

/// Moves or locks a stop over the version that was looked at. `false`: somebody else was first.
pub fn set_stop(
    conn: &mut Conn,
    actor: Actor,
    plan: i64,
    (point, version): (i64, i64),
    turn: Option<(i64, NaiveDate)>,
    locked: bool,
    now: Instant,
) -> QueryResult<bool> {
    use plan_stops as t;
    let mine = plan_stops::table.find((plan, point)).filter(t::version.eq(version));
    let row = (
        t::reader_id.eq(turn.map(|(reader, _)| reader)),
        t::day.eq(turn.map(|(_, day)| day)),
        t::locked.eq(locked),
        t::version.eq(t::version + 1),
        t::changed_by.eq(actor.account.0),
        t::changed_at.eq(to_ms(now)),
    );
    let touched = each!(conn, c => diesel::update(mine).set(row).execute(c))?;
    if touched == 1 && turn.is_none() {
        let nothing = (
            t::position.eq(0),
            t::arrive_at.eq(None::<i64>),
            t::begin_at.eq(None::<i64>),
            t::end_at.eq(None::<i64>),
            t::metres.eq(0_i64),
            t::warnings.eq(""),
        );
        each!(conn, c => diesel::update(plan_stops::table.find((plan, point))).set(nothing).execute(c))?;
    }
    Ok(touched == 1)
}

/// Writes the times of a reader's day that was laid out anew, and what it breaks.
pub fn write_turn(
    conn: &mut Conn,
    plan: i64,
    facts: &Facts,
    turn: &PlannedTurn,
    broken: &[Violation],
) -> QueryResult<()> {
    use plan_stops as t;
    let of_day: Vec<&str> = broken.iter().filter(|one| one.point().is_none()).map(|one| one.code()).collect();
    for (position, visit) in (1_i32..).zip(&turn.stops) {
        let own = broken.iter().filter(|one| one.point() == Some(visit.point)).map(|one| one.code());
        // What the day as a whole breaks is said where it ends.
        let is_last = turn.stops.last().is_some_and(|last| last.point == visit.point);
        let whole = of_day.iter().copied().filter(|_| is_last);
        let mut codes: Vec<&str> = own.chain(whole).collect();
        codes.dedup();
        let row = (
            t::position.eq(position),
            t::arrive_at.eq(to_ms(facts.at(visit.arrive))),
            t::begin_at.eq(to_ms(facts.at(visit.begin))),
            t::end_at.eq(to_ms(facts.at(visit.end))),
            t::metres.eq(i64::from(visit.metres)),
            t::reason.eq(None::<String>),
            t::warnings.eq(codes.join(",")),
        );
        let stop = plan_stops::table.find((plan, visit.point.0));
        each!(conn, c => diesel::update(stop).set(row).execute(c))?;
    }
    let row = new_round(plan, facts, turn);
    let change = (
        plan_rounds::depart_at.eq(row.depart_at),
        plan_rounds::back_at.eq(row.back_at),
        plan_rounds::metres.eq(row.metres),
        plan_rounds::work_s.eq(row.work_s),
    );
    let known = plan_rounds::table.find((plan, row.reader_id, row.day));
    if each!(conn, c => diesel::update(known).set(change).execute(c))? == 0 {
        each!(conn, c => diesel::insert_into(plan_rounds::table).values(row).execute(c))?;
    }
    Ok(())
}

type TurnRow = (i64, NaiveDate, i64, i64, i64, i64, Option<i64>);

/// The days of a plan, each beside what it was.
pub fn list_rounds(conn: &mut Conn, plan: i64) -> QueryResult<Vec<PlanRound>> {
    use plan_stops as t;
    type Standing = (Option<i64>, Option<NaiveDate>, Option<i64>, Option<NaiveDate>, bool, bool, String);
    let names: Vec<(i64, String)> = each!(conn, c => accounts::table
        .filter(accounts::role.eq("reader")).select((accounts::id, accounts::name)).load(c))?;
    let names: HashMap<i64, String> = names.into_iter().collect();
    let stops: Vec<Standing> = each!(conn, c => plan_stops::table
        .filter(t::plan_id.eq(plan))
        .select((t::reader_id, t::day, t::before_reader_id, t::before_day, t::locked, t::visited, t::warnings))
        .load(c))?;
    let rounds: Vec<TurnRow> = each!(conn, c => plan_rounds::table
        .filter(plan_rounds::plan_id.eq(plan))
        .select((plan_rounds::reader_id, plan_rounds::day, plan_rounds::depart_at, plan_rounds::back_at,
            plan_rounds::metres, plan_rounds::work_s, plan_rounds::round_id))
        .load(c))?;
    let mut days: BTreeMap<(i64, NaiveDate), PlanRound> = BTreeMap::new();
    let mut of = |(reader, day): (i64, NaiveDate), change: &dyn Fn(&mut PlanRound)| {
        let name = || names.get(&reader).cloned().unwrap_or_default();
        change(days.entry((reader, day)).or_insert_with(|| empty_day(reader, name(), day)));
    };
    for (reader, day, before_reader, before_day, locked, visited, warnings) in stops {
        let (now, before) = (reader.zip(day), before_reader.zip(before_day));
        if let Some(now) = now.filter(|_| !visited) {
            of(now, &|round| {
                round.stops += 1;
                round.joined += i64::from(before.is_some_and(|before| before != now));
                round.locked += i64::from(locked);
                round.warned += i64::from(!warnings.is_empty());
            });
        }
        if let Some(before) = before.filter(|_| !visited) {
            of(before, &|round| {
                round.stops_before += 1;
                round.left += i64::from(now != Some(before));
            });
        }
    }
    for (reader, day, depart, back, metres, work, round_id) in rounds {
        of((reader, day), &|round| {
            round.round_id = round_id;
            if round.stops > 0 {
                (round.depart_at, round.back_at) = (Some(Time(from_ms(depart))), Some(Time(from_ms(back))));
                (round.metres, round.work_minutes) = (metres, work / 60);
            }
        });
    }
    Ok(days.into_values().collect())
}

const fn empty_day(reader_id: i64, reader_name: String, day: NaiveDate) -> PlanRound {
    PlanRound {
        reader_id,
        reader_name,
        day,
        stops: 0,
        stops_before: 0,
        joined: 0,
        left: 0,
        locked: 0,
        warned: 0,
        depart_at: None,
        back_at: None,
        metres: 0,
        work_minutes: 0,
        round_id: None,
    }
}
