//! Plans as they are kept: the request, who works on it, and how far it is. Their stops are in `store/rows.rs`.

mod gather;
mod publish;
mod rows;

use super::wire::{CreatePlanRequest, Plan, PlanReportBody};
use crate::db::schema::plans;
use crate::db::{Conn, each};
use crate::http::{Time, from_ms, to_ms};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use meterbook::accounts::Actor;
use meterbook::calendar::Instant;
use meterbook::rounds::plan::Progress;

pub use gather::{Gathered, MOST_STOPS, PointRow, gather};
pub use publish::publish;
pub use rows::{StopFilter, find_stop, keep_planned, list_rounds, list_stops, points_of_turn, set_stop, write_turn};

/// How long a node may be silent before another takes its plan over.
pub const LEASE: TimeDelta = TimeDelta::seconds(30);

/// A plan as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = plans)]
#[expect(missing_docs, reason = "the fields are the columns of plans")]
pub struct PlanRow {
    pub id: i64,
    pub class: String,
    pub from_day: NaiveDate,
    pub until_day: NaiveDate,
    pub basis_id: Option<i64>,
    pub state: String,
    pub request: String,
    pub version: i64,
    pub cancel_asked_at: Option<i64>,
    pub steps_done: i64,
    pub steps_total: i64,
    pub left_out: i64,
    pub metres: i64,
    pub report: Option<String>,
    pub failure: Option<String>,
    pub created_by: i64,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    pub published_by: Option<i64>,
    pub published_at: Option<i64>,
}

impl PlanRow {
    /// What was asked for.
    #[must_use]
    pub fn asked(&self) -> Option<CreatePlanRequest> {
        serde_json::from_str(&self.request).ok()
    }

    /// As it is shown.
    #[must_use]
    pub fn wire(self) -> Plan {
        let time = |at: Option<i64>| at.map(|at| Time(from_ms(at)));
        Plan {
            id: self.id,
            class: self.class,
            from_day: self.from_day,
            until_day: self.until_day,
            basis_id: self.basis_id,
            state: self.state,
            version: self.version,
            steps_done: self.steps_done,
            steps_total: self.steps_total,
            left_out: self.left_out,
            metres: self.metres,
            report: self.report.and_then(|report| serde_json::from_str(&report).ok()),
            failure: self.failure,
            created_by: self.created_by,
            created_at: Time(from_ms(self.created_at)),
            finished_at: time(self.finished_at),
            published_by: self.published_by,
            published_at: time(self.published_at),
        }
    }
}

/// A plan.
pub fn find_plan(conn: &mut Conn, id: i64) -> QueryResult<Option<PlanRow>> {
    each!(conn, c => plans::table.find(id).select(PlanRow::as_select()).first(c).optional())
}

/// Plans below an id, the newest first.
pub fn list_plans(conn: &mut Conn, state: Option<String>, before: i64, limit: i64) -> QueryResult<Vec<PlanRow>> {
    each!(conn, c => {
        let mut query = plans::table.filter(plans::id.lt(before)).into_boxed();
        if let Some(state) = &state {
            query = query.filter(plans::state.eq(state));
        }
        query.order(plans::id.desc()).limit(limit).select(PlanRow::as_select()).load(c)
    })
}

/// Puts a plan into the queue.
pub fn insert_plan(
    conn: &mut Conn,
    actor: Actor,
    asked: &CreatePlanRequest,
    steps: u64,
    now: Instant,
) -> QueryResult<Option<PlanRow>> {
    let request =
        serde_json::to_string(asked).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))?;
    let row = (
        plans::class.eq(&asked.class),
        plans::from_day.eq(asked.from_day),
        plans::until_day.eq(asked.until_day),
        plans::basis_id.eq(asked.basis_id),
        plans::state.eq("queued"),
        plans::request.eq(request),
        plans::version.eq(1_i64),
        plans::steps_done.eq(0_i64),
        plans::steps_total.eq(i64::try_from(steps).unwrap_or(i64::MAX)),
        plans::left_out.eq(0_i64),
        plans::metres.eq(0_i64),
        plans::created_by.eq(actor.account.0),
        plans::created_at.eq(to_ms(now)),
    );
    let id: i64 = each!(conn, c => diesel::insert_into(plans::table).values(row).returning(plans::id).get_result(c))?;
    find_plan(conn, id)
}

/// Takes the oldest plan nobody works on: one in the queue, or one whose node has been silent. One node gets it.
pub fn claim_plan(conn: &mut Conn, holder: &str, now: Instant) -> QueryResult<Option<PlanRow>> {
    let is_free = plans::state.eq("queued").or(plans::state.eq("running").and(plans::lease_until.lt(to_ms(now))));
    let oldest: Option<i64> =
        each!(conn, c => plans::table.filter(is_free).order(plans::id).select(plans::id).first(c).optional())?;
    let Some(id) = oldest else { return Ok(None) };
    let lease = (
        plans::state.eq("running"),
        plans::lease_holder.eq(holder),
        plans::lease_until.eq(to_ms(now + LEASE)),
        plans::steps_done.eq(0_i64),
    );
    each!(conn, c => diesel::update(plans::table.find(id)).set(lease).execute(c))?;
    find_plan(conn, id)
}

/// What a node hears when it says how far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beat {
    /// Go on.
    Go,
    /// Somebody asked to stop.
    Cancel,
    /// Another node has the plan.
    Lost,
}

/// Says how far a plan is, and keeps the lease.
pub fn beat(conn: &mut Conn, id: i64, holder: &str, progress: Progress, now: Instant) -> QueryResult<Beat> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let row = (
        plans::lease_until.eq(to_ms(now + LEASE)),
        plans::steps_done.eq(count(progress.done)),
        plans::left_out.eq(count(progress.left_out as u64)),
        plans::metres.eq(progress.metres),
    );
    let mine = plans::table.find(id).filter(plans::state.eq("running")).filter(plans::lease_holder.eq(holder));
    let touched = each!(conn, c => diesel::update(mine).set(row).execute(c))?;
    let asked: Option<Option<i64>> =
        each!(conn, c => plans::table.find(id).select(plans::cancel_asked_at).first(c).optional())?;
    Ok(match (touched, asked.flatten()) {
        (0, _) => Beat::Lost,
        (_, Some(_)) => Beat::Cancel,
        (_, None) => Beat::Go,
    })
}

/// How a search ended.
pub enum Ended<'a> {
    /// With a plan.
    Done(&'a PlanReportBody),
    /// It was stopped.
    Cancelled,
    /// It could not be made.
    Failed(&'a str),
}

/// Ends a plan. `false`: another node has it.
pub fn end_plan(conn: &mut Conn, id: i64, holder: &str, ended: &Ended<'_>, now: Instant) -> QueryResult<bool> {
    let (state, report, failure) = match ended {
        Ended::Done(report) => ("done", serde_json::to_string(report).ok(), None),
        Ended::Cancelled => ("cancelled", None, None),
        Ended::Failed(why) => ("failed", None, Some(*why)),
    };
    let row = (
        plans::state.eq(state),
        plans::report.eq(report),
        plans::failure.eq(failure),
        plans::finished_at.eq(to_ms(now)),
        plans::version.eq(plans::version + 1),
        plans::lease_holder.eq(None::<String>),
        plans::lease_until.eq(None::<i64>),
    );
    if let Ended::Done(_) = ended {
        let all = (plans::steps_done.eq(plans::steps_total),);
        each!(conn, c => diesel::update(plans::table.find(id).filter(plans::lease_holder.eq(holder))).set(all).execute(c))?;
    }
    let mine = plans::table.find(id).filter(plans::state.eq("running")).filter(plans::lease_holder.eq(holder));
    Ok(each!(conn, c => diesel::update(mine).set(row).execute(c))? == 1)
}

/// Asks for an end. One in the queue ends at once; `false`: there is nothing to stop.
pub fn ask_cancel(conn: &mut Conn, id: i64, now: Instant) -> QueryResult<bool> {
    let queued = plans::table.find(id).filter(plans::state.eq("queued"));
    let ended =
        (plans::state.eq("cancelled"), plans::finished_at.eq(to_ms(now)), plans::version.eq(plans::version + 1));
    let at_once = each!(conn, c => diesel::update(queued).set(ended).execute(c))?;
    let running = plans::table.find(id).filter(plans::state.eq("running"));
    let asked = each!(conn, c => diesel::update(running).set(plans::cancel_asked_at.eq(to_ms(now))).execute(c))?;
    Ok(at_once + asked > 0)
}

/// Marks a plan as published over the version that was looked at. `false`: it is another by now.
pub fn mark_published(conn: &mut Conn, actor: Actor, id: i64, version: i64, now: Instant) -> QueryResult<bool> {
    let looked_at = plans::table.find(id).filter(plans::state.eq("done")).filter(plans::version.eq(version));
    let row = (
        plans::state.eq("published"),
        plans::version.eq(plans::version + 1),
        plans::published_by.eq(actor.account.0),
        plans::published_at.eq(to_ms(now)),
    );
    Ok(each!(conn, c => diesel::update(looked_at).set(row).execute(c))? == 1)
}

/// The plan is another than before: somebody moved a stop.
pub fn bump_version(conn: &mut Conn, id: i64) -> QueryResult<()> {
    let change = plans::version.eq(plans::version + 1);
    each!(conn, c => diesel::update(plans::table.find(id)).set(change).execute(c)).map(drop)
}
