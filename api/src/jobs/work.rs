//! Work that is done once, by whichever node has a hand free, in steps that survive the node.
//!
//! Why separate: a month close of a million points takes longer than any one transaction should. Each step does its part and
//! notes how far the job is in one transaction, under a lease; a node that dies loses its lease, and another goes on from there.

use super::store;
use crate::App;
use crate::coverage::closing::prove;
use crate::db::{Conn, Isolation, StoreError};
use chrono::TimeDelta;
use diesel::QueryResult;
use std::sync::Arc;
use std::time::Duration;

/// How long a node may take for a step before another takes the job over.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often open jobs are looked for.
const EVERY: Duration = Duration::from_secs(2);

/// What there is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Prove the figures of a closed period and give them their version.
    ClosePeriod,
}

impl Kind {
    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClosePeriod => "close_period",
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::ClosePeriod].into_iter().find(|kind| kind.code() == code)
    }
}

/// A job under way.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: i64,
    /// What is to be done.
    pub kind: Kind,
    /// With what.
    pub subject: String,
    /// How far it is; empty at first.
    pub progress: String,
}

/// What a step has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// There is more: how far it is now.
    Step(String),
    /// It is finished.
    All,
    /// It can't be finished, and why: a person must look at it.
    Failed(String),
}

/// Does what there is to do, until the task is dropped. Every node runs it.
pub async fn work(app: Arc<App>) {
    let node = uuid::Uuid::now_v7().to_string();
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        if let Err(fault) = work_once(&app, &node, usize::MAX).await {
            tracing::warn!(%fault, "the jobs go on later");
        }
    }
}

/// Takes the steps that are to be taken, at most so many. How many were.
///
/// # Errors
/// The database's; what was done till then stands.
pub async fn work_once(app: &App, node: &str, most: usize) -> Result<usize, StoreError> {
    let mut steps = 0;
    while steps < most {
        let (now, name) = (app.clock.now(), node.to_owned());
        let until = now + LEASE;
        let claimed =
            app.store.write("claim_job", Isolation::RowLocks, move |conn| store::claim(conn, &name, now, until));
        let Some(id) = claimed.await? else { break };
        while steps < most {
            let (now, name) = (app.clock.now(), node.to_owned());
            let until = now + LEASE;
            let taken = app.store.write("job_step", Isolation::RowLocks, move |conn| {
                let Some(job) = store::hold(conn, id, &name, until)? else { return Ok(false) };
                let done = step(conn, &job, now)?;
                store::note(conn, id, &done, now)?;
                Ok(matches!(done, Done::Step(_)))
            });
            steps += 1;
            if !taken.await? {
                break;
            }
        }
    }
    Ok(steps)
}

fn step(conn: &mut Conn, job: &Job, now: meterbook::calendar::Instant) -> QueryResult<Done> {
    match job.kind {
        Kind::ClosePeriod => prove::step(conn, job, now),
    }
}
