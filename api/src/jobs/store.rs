//! The jobs as they are stored.

use super::{Done, Job, Kind};
use crate::db::schema::jobs;
use crate::db::{Conn, each};
use crate::http::to_ms;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;

/// Asks for a job, for a person or by itself; one that was asked for before stays as it is.
pub fn enqueue(conn: &mut Conn, kind: Kind, subject: &str, by: Option<AccountId>, now: Instant) -> QueryResult<()> {
    let row = (
        jobs::kind.eq(kind.code()),
        jobs::subject.eq(subject),
        jobs::state.eq("open"),
        jobs::progress.eq(""),
        jobs::steps.eq(0_i64),
        jobs::lease_by.eq(""),
        jobs::lease_until.eq(0_i64),
        jobs::created_by.eq(by.map(|by| by.0)),
        jobs::created_at.eq(to_ms(now)),
        jobs::changed_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(jobs::table).values(row).on_conflict_do_nothing().execute(c)).map(drop)
}

/// Takes an open job that no node holds. The row's own lock lets one of two nodes have it.
pub fn claim(conn: &mut Conn, node: &str, now: Instant, until: Instant) -> QueryResult<Option<i64>> {
    let is_free = || jobs::state.eq("open").and(jobs::lease_until.lt(to_ms(now)).or(jobs::lease_by.eq(node)));
    let due: Vec<i64> = each!(conn, c => jobs::table.filter(is_free()).order(jobs::id).select(jobs::id).load(c))?;
    for id in due {
        let free = jobs::table.find(id).filter(is_free());
        let lease = (jobs::lease_by.eq(node), jobs::lease_until.eq(to_ms(until)));
        if each!(conn, c => diesel::update(free).set(lease).execute(c))? == 1 {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Renews a node's lease of a job and holds the job to the end of the transaction. `None`: another node has it, or it is done.
pub fn hold(conn: &mut Conn, id: i64, node: &str, until: Instant) -> QueryResult<Option<Job>> {
    let held = jobs::table.find(id).filter(jobs::state.eq("open")).filter(jobs::lease_by.eq(node));
    let lease = jobs::lease_until.eq(to_ms(until));
    if each!(conn, c => diesel::update(held).set(lease).execute(c))? == 0 {
        return Ok(None);
    }
    let (kind, subject, progress): (String, String, String) =
        each!(conn, c => jobs::table.find(id).select((jobs::kind, jobs::subject, jobs::progress)).first(c))?;
    Ok(Kind::from_code(&kind).map(|kind| Job { id, kind, subject, progress }))
}

/// Notes what a step has come to.
pub fn note(conn: &mut Conn, id: i64, done: &Done, now: Instant) -> QueryResult<()> {
    let (state, progress, fault) = match done {
        Done::Step(progress) => ("open", Some(progress.as_str()), None),
        Done::All => ("done", None, None),
        Done::Failed(why) => ("failed", None, Some(why.as_str())),
    };
    let job = jobs::table.find(id);
    let change = (
        jobs::state.eq(state),
        jobs::fault.eq(fault),
        jobs::steps.eq(jobs::steps + 1),
        jobs::changed_at.eq(to_ms(now)),
        progress.map(|progress| jobs::progress.eq(progress)),
    );
    each!(conn, c => diesel::update(job).set(change).execute(c)).map(drop)
}

/// A job as a person asks for it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
#[expect(missing_docs, reason = "the fields are the columns of jobs")]
pub struct JobRow {
    pub id: i64,
    pub kind: String,
    pub subject: String,
    pub state: String,
    pub steps: i64,
    pub created_by: Option<i64>,
    pub created_at: i64,
    pub changed_at: i64,
    pub fault: Option<String>,
}

/// Jobs after an id.
pub fn list(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<JobRow>> {
    each!(conn, c => jobs::table
        .filter(jobs::id.gt(after))
        .order(jobs::id)
        .limit(limit)
        .select(JobRow::as_select())
        .load(c))
}
