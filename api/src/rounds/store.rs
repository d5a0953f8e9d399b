//! What rounds keep: rounds, their stops, who held them, and the feeds their readers' phones follow (`store/feed.rs`).

mod away;
mod feed;
mod held;
mod planned;
mod points;
mod visits;
mod walk;

use super::wire::{CreateRoundRequest, Round, RoundStop};
use crate::accounts::store::{audit, find_account};
use crate::coverage::store::retouch_everywhere;
use crate::db::schema::{round_holders, rounds, routes, service_points, stops};
use crate::db::{Conn, Fixed, Lockable, among, each};
use crate::http::{Problem, ProblemCode, Time, from_ms, to_ms};
use crate::settings::store::rulebook;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::accounts::{Actor, Role};
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, RoundId};
use meterbook::rounds::{
    Assigned, Cancelled, RoundFacts, RoundState, RoundWindow, StopCounts, StopState, decide_assign, decide_cancel,
};
use std::collections::HashMap;

pub use away::{put_round_away, rounds_to_put_away};
pub use feed::{FeedChange, announce, entries_before, feed_keep, purge_feed};
pub use held::holdings;
pub use planned::{PlannedDay, change_planned, make_planned, read_stops, stands_for, stops_elsewhere};
pub use points::announce_points;
pub use visits::{PointVisit, visit_stops};
pub use walk::{learn_walk_of, walks_to_learn};

/// Of rounds those that were not cancelled. Written out, not bound: PostgreSQL plans a prepared statement once for every value, and
/// where all rounds are in one state takes `state <> $1` to leave none. It then went through every round for a handful of points.
pub const fn not_cancelled() -> Fixed {
    Fixed("rounds.state <> 'cancelled'")
}

/// A round as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = rounds)]
pub struct RoundRow {
    /// Its id.
    pub id: i64,
    name: String,
    route_id: Option<i64>,
    /// Who holds it.
    pub reader_id: Option<i64>,
    /// The first day.
    pub from_day: NaiveDate,
    /// The first day after it.
    pub until_day: NaiveDate,
    state: String,
    created_at: i64,
    changed_at: i64,
    put_away_at: Option<i64>,
}

impl RoundRow {
    fn facts(&self) -> RoundFacts {
        RoundFacts { state: self.state(), reader: self.reader_id.map(AccountId) }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> RoundState {
        RoundState::from_code(&self.state).unwrap_or(RoundState::Cancelled)
    }

    fn wire(self, counts: StopCounts) -> Round {
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Round {
            id: self.id,
            name: self.name,
            route_id: self.route_id,
            reader_id: self.reader_id,
            from_day: self.from_day,
            until_day: self.until_day,
            state: self.state,
            open_stops: count(counts.open),
            read_stops: count(counts.read),
            no_access_stops: count(counts.no_access),
            changed_at: Time(from_ms(self.changed_at)),
            put_away_at: self.put_away_at.map(|at| Time(from_ms(at))),
        }
    }
}

/// A round.
pub fn find_round(conn: &mut Conn, id: RoundId) -> QueryResult<Option<RoundRow>> {
    each!(conn, c => rounds::table.find(id.0).select(RoundRow::as_select()).first(c).optional())
}

fn counts(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, StopCounts>> {
    let rows: Vec<(i64, String, i64)> = each!(conn, c => stops::table
        .filter(among(stops::round_id, ids))
        .filter(stops::taken_out_at.is_null())
        .group_by((stops::round_id, stops::state))
        .select((stops::round_id, stops::state, diesel::dsl::count_star()))
        .load(c))?;
    let mut counted: HashMap<i64, StopCounts> = HashMap::new();
    for (round, state, points) in rows {
        let points = points.unsigned_abs();
        let counts = counted.entry(round).or_default();
        match StopState::from_code(&state) {
            Some(StopState::Read) => counts.read += points,
            Some(StopState::NoAccess) => counts.no_access += points,
            Some(StopState::Open) | None => counts.open += points,
        }
    }
    Ok(counted)
}

fn with_counts(conn: &mut Conn, rows: Vec<RoundRow>) -> QueryResult<Vec<Round>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let counted = counts(conn, &ids)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let counts = counted.get(&row.id).copied().unwrap_or_default();
            row.wire(counts)
        })
        .collect())
}

/// One round with its progress.
pub fn round(conn: &mut Conn, id: RoundId) -> QueryResult<Option<Round>> {
    let rows = find_round(conn, id)?.into_iter().collect();
    Ok(with_counts(conn, rows)?.pop())
}

/// Rounds after an id, of a reader or in a state.
pub fn list_rounds(
    conn: &mut Conn,
    reader: Option<i64>,
    state: Option<RoundState>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<Round>> {
    let state = state.map(RoundState::code);
    let rows: Vec<RoundRow> = each!(conn, c => {
        let mut query = rounds::table.filter(rounds::id.gt(after)).into_boxed();
        if let Some(reader) = reader {
            query = query.filter(rounds::reader_id.eq(reader));
        }
        if let Some(state) = state {
            query = query.filter(rounds::state.eq(state));
        }
        query.order(rounds::id).limit(limit).select(RoundRow::as_select()).load(c)
    })?;
    with_counts(conn, rows)
}

/// The stops of a round in office order.
pub fn list_stops(conn: &mut Conn, id: RoundId) -> QueryResult<Vec<RoundStop>> {
    type Row = (i64, i64, String, i32, String, (Option<i64>, Option<i64>, Option<String>));
    let place = (service_points::lat_micro, service_points::lng_micro, service_points::datum);
    let rows: Vec<Row> = each!(conn, c => stops::table
        .inner_join(service_points::table)
        .filter(stops::round_id.eq(id.0))
        .filter(stops::taken_out_at.is_null())
        .order((stops::position, stops::id))
        .select((stops::id, stops::point_id, service_points::number, stops::position, stops::state, place))
        .load(c))?;
    let stop = |(id, service_point_id, service_point_number, position, state, place): Row| {
        let (lat_micro, lng_micro, datum) = place;
        RoundStop { id, service_point_id, service_point_number, position, state, lat_micro, lng_micro, datum }
    };
    Ok(rows.into_iter().map(stop).collect())
}

/// Not somebody who can be given a round.
pub fn not_a_reader() -> Problem {
    let (zh, en) = ("应为在用的抄表员账号", "expected the account of an active reader");
    Problem::new(ProblemCode::InvalidInput).fault("/reader_id", "not_a_reader", zh, en)
}

fn is_reader(conn: &mut Conn, id: AccountId) -> QueryResult<bool> {
    Ok(find_account(conn, id)?.is_some_and(|row| row.role() == Role::Reader && row.disabled_at.is_none()))
}

/// Makes a round of a route's active points.
pub fn create_round(
    conn: &mut Conn,
    actor: Actor,
    wanted: &CreateRoundRequest,
    window: RoundWindow,
    zone: Zone,
    now: Instant,
) -> QueryResult<Result<Round, Problem>> {
    let code: Option<String> =
        each!(conn, c => routes::table.find(wanted.route_id).select(routes::code).first(c).optional())?;
    let Some(code) = code else {
        let (zh, en) = ("册不存在", "there is no such route");
        return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/route_id", "unknown_route", zh, en)));
    };
    if let Some(reader) = wanted.reader_id
        && !is_reader(conn, AccountId(reader))?
    {
        return Ok(Err(not_a_reader()));
    }
    let points = route_points(conn, wanted)?;
    if points.is_empty() {
        let (zh, en) = ("该册没有符合条件的在用用气点", "the route has no active point of that class");
        return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/route_id", "route_empty", zh, en)));
    }
    // A push at one of these points must see the new stops, or be seen by the phone that gets them.
    let mut ids: Vec<i64> = points.iter().map(|(point, _)| *point).collect();
    ids.sort_unstable();
    conn.lock(Lockable::ServicePoints, &ids)?;
    let row = (
        rounds::name.eq(wanted.name.as_deref().unwrap_or(&code)),
        rounds::route_id.eq(wanted.route_id),
        rounds::from_day.eq(window.from_day()),
        rounds::until_day.eq(window.until_day()),
        rounds::state.eq(RoundState::Draft.code()),
        rounds::created_by.eq(actor.account.0),
        rounds::created_at.eq(to_ms(now)),
        rounds::changed_at.eq(to_ms(now)),
    );
    let id: i64 = each!(conn, c => diesel::insert_into(rounds::table).values(row).returning(rounds::id).get_result(c))?;
    for (point, position) in &points {
        let stop = (
            stops::round_id.eq(id),
            stops::point_id.eq(point),
            stops::position.eq(position),
            stops::state.eq(StopState::Open.code()),
            stops::changed_at.eq(to_ms(now)),
        );
        each!(conn, c => diesel::insert_into(stops::table).values(stop).execute(c))?;
    }
    audit(conn, now, Some(actor.account), "create_round", &format!("round/{id}"), &code)?;
    if let Some(reader) = wanted.reader_id {
        return assign_round(conn, actor, RoundId(id), AccountId(reader), zone, now);
    }
    Ok(round(conn, RoundId(id))?.ok_or_else(|| Problem::new(ProblemCode::Internal)))
}

fn route_points(conn: &mut Conn, wanted: &CreateRoundRequest) -> QueryResult<Vec<(i64, i32)>> {
    let states: &[&str] = if wanted.include_suspended { &["active", "suspended"] } else { &["active"] };
    each!(conn, c => {
        let mut query = service_points::table
            .filter(service_points::route_id.eq(wanted.route_id))
            .filter(service_points::state.eq_any(states))
            .into_boxed();
        if let Some(class) = &wanted.class {
            query = query.filter(service_points::class.eq(class));
        }
        query
            .order((service_points::office_order, service_points::id))
            .select((service_points::id, service_points::office_order))
            .load(c)
    })
}

/// Gives a round to a reader; the former one's phone may push what it carries until the grace ends.
pub fn assign_round(
    conn: &mut Conn,
    actor: Actor,
    id: RoundId,
    reader: AccountId,
    zone: Zone,
    now: Instant,
) -> QueryResult<Result<Round, Problem>> {
    lock_round_and_points(conn, id)?;
    let Some(row) = find_round(conn, id)? else { return Ok(Err(Problem::new(ProblemCode::NotFound))) };
    if !is_reader(conn, reader)? {
        return Ok(Err(not_a_reader()));
    }
    let settings = rulebook(conn)?.rounds(zone.day(now));
    let state = match decide_assign(row.facts(), reader, now, &settings) {
        // Put away, it comes back to the phone it was on.
        Assigned::Unchanged if row.put_away_at.is_some() => {
            bring_back(conn, id, reader, now)?;
            audit(conn, now, Some(actor.account), "assign_round", &format!("round/{id}"), "brought back")?;
            return Ok(round(conn, id)?.ok_or_else(|| Problem::new(ProblemCode::NotFound)));
        }
        Assigned::Unchanged => return Ok(round(conn, id)?.ok_or_else(|| Problem::new(ProblemCode::NotFound))),
        Assigned::Refused => {
            let (zh, en) = ("任务已完成或已取消", "the round is done or cancelled");
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        Assigned::Given { state } => state,
        Assigned::Moved { former, keep_until, state } => {
            release(conn, id, former, keep_until, "reassigned", now)?;
            state
        }
    };
    let change = (rounds::reader_id.eq(reader.0), rounds::state.eq(state.code()), rounds::changed_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(rounds::table.find(id.0)).set(change).execute(c))?;
    let holder = (
        round_holders::round_id.eq(id.0),
        round_holders::reader_id.eq(reader.0),
        round_holders::held_from.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(round_holders::table).values(holder).execute(c))?;
    bring_back(conn, id, reader, now)?;
    audit(conn, now, Some(actor.account), "assign_round", &format!("round/{id}"), &format!("account/{reader}"))?;
    touch_coverage(conn, id, zone)?;
    Ok(round(conn, id)?.ok_or_else(|| Problem::new(ProblemCode::NotFound)))
}

/// A round is on its reader's phone from now on, whether it was put away before or not.
fn bring_back(conn: &mut Conn, id: RoundId, reader: AccountId, now: Instant) -> QueryResult<()> {
    let shown = rounds::put_away_at.eq(None::<i64>);
    each!(conn, c => diesel::update(rounds::table.find(id.0)).set(shown).execute(c))?;
    announce(conn, reader, &[FeedChange::round(id, "added", "assigned")], now)
}

/// Takes a round back.
pub fn cancel_round(
    conn: &mut Conn,
    actor: Actor,
    id: RoundId,
    zone: Zone,
    now: Instant,
) -> QueryResult<Result<Round, Problem>> {
    lock_round_and_points(conn, id)?;
    let Some(row) = find_round(conn, id)? else { return Ok(Err(Problem::new(ProblemCode::NotFound))) };
    let settings = rulebook(conn)?.rounds(zone.day(now));
    match decide_cancel(row.facts(), now, &settings) {
        Cancelled::Refused => {
            let (zh, en) = ("任务已完成", "the round is done");
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        Cancelled::Unchanged => {}
        Cancelled::Done { former } => {
            if let Some((former, keep_until)) = former {
                release(conn, id, former, keep_until, "cancelled", now)?;
            }
            let change = (rounds::state.eq(RoundState::Cancelled.code()), rounds::changed_at.eq(to_ms(now)));
            each!(conn, c => diesel::update(rounds::table.find(id.0)).set(change).execute(c))?;
            audit(conn, now, Some(actor.account), "cancel_round", &format!("round/{id}"), "")?;
            touch_coverage(conn, id, zone)?;
        }
    }
    Ok(round(conn, id)?.ok_or_else(|| Problem::new(ProblemCode::NotFound)))
}

fn release(
    conn: &mut Conn,
    id: RoundId,
    former: AccountId,
    keep_until: Instant,
    reason: &'static str,
    now: Instant,
) -> QueryResult<()> {
    let open = round_holders::table
        .filter(round_holders::round_id.eq(id.0))
        .filter(round_holders::reader_id.eq(former.0))
        .filter(round_holders::held_until.is_null());
    let change = (round_holders::held_until.eq(to_ms(now)), round_holders::keep_until.eq(to_ms(keep_until)));
    each!(conn, c => diesel::update(open).set(change).execute(c))?;
    announce(conn, former, &[FeedChange::round(id, "removed", reason).kept_until(keep_until)], now)
}

fn points_of(conn: &mut Conn, id: RoundId) -> QueryResult<Vec<i64>> {
    each!(conn, c => stops::table
        .filter(stops::round_id.eq(id.0)).order(stops::point_id).select(stops::point_id).load(c))
}

/// Points before rounds before feeds, as a push locks them: two that lock in one order never wait for each other in a circle.
fn lock_round_and_points(conn: &mut Conn, id: RoundId) -> QueryResult<()> {
    let points = points_of(conn, id)?;
    conn.lock(Lockable::ServicePoints, &points)?;
    conn.lock(Lockable::Rounds, &[id.0])
}

fn touch_coverage(conn: &mut Conn, id: RoundId, zone: Zone) -> QueryResult<()> {
    let points = points_of(conn, id)?;
    retouch_everywhere(conn, zone, &points)
}
