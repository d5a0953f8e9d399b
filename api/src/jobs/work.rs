//! Work that is done once, by whichever node has a hand free, in steps that survive the node.
//!
//! Why separate: a month close of a million points takes longer than any one transaction should. Each step does its part and
//! notes how far the job is in one transaction, under a lease; a node that dies loses its lease, and another goes on from there.

use super::store;
use crate::App;
use crate::anomalies::lists;
use crate::coverage::closing::prove;
use crate::db::{Conn, Isolation, StoreError};
use chrono::TimeDelta;
use diesel::QueryResult;
use meterbook::calendar::Instant;
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
    /// Make the lists of suspect meters of a month.
    AnomalyLists,
    /// Learn a model for them from the company's own history.
    TrainAnomalyModel,
}

const KINDS: [Kind; 3] = [Kind::ClosePeriod, Kind::AnomalyLists, Kind::TrainAnomalyModel];

impl Kind {
    /// The code in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ClosePeriod => "close_period",
            Self::AnomalyLists => "anomaly_lists",
            Self::TrainAnomalyModel => "train_anomaly_model",
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.code() == code)
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
            steps += 1;
            if !take_step(app, id, node).await? {
                break;
            }
        }
    }
    Ok(steps)
}

/// Writes a step that was prepared, in the job's transaction. It may be run more than once.
pub type Apply = Box<dyn FnMut(&mut Conn, Instant) -> QueryResult<Done> + Send>;

/// Takes one step: it is prepared without any lock, and written only while the lease is this node's. `false`: there is none left
/// for this node.
async fn take_step(app: &App, id: i64, node: &str) -> Result<bool, StoreError> {
    let Some(job) = hold(app, id, node).await? else { return Ok(false) };
    let mut apply = prepare_under_lease(app, &job, node).await?;
    let (now, name, progress) = (app.clock.now(), node.to_owned(), job.progress);
    let until = now + LEASE;
    let taken = app.store.write("job_step", Isolation::RowLocks, move |conn| {
        let held = store::hold(conn, id, &name, until)?;
        if held.is_none_or(|held| held.progress != progress) {
            return Ok(false);
        }
        let done = apply(conn, now)?;
        store::note(conn, id, &done, now)?;
        Ok(matches!(done, Done::Step(_)))
    });
    taken.await
}

async fn hold(app: &App, id: i64, node: &str) -> Result<Option<Job>, StoreError> {
    let (until, name) = (app.clock.now() + LEASE, node.to_owned());
    app.store.write("hold_job", Isolation::RowLocks, move |conn| store::hold(conn, id, &name, until)).await
}

/// How often a node that is long about a step says that it lives.
const BEAT: Duration = Duration::from_secs(20);

async fn prepare_under_lease(app: &App, job: &Job, node: &str) -> Result<Apply, StoreError> {
    let mut prepared = std::pin::pin!(prepare(app, job));
    loop {
        match tokio::time::timeout(BEAT, &mut prepared).await {
            Ok(prepared) => return prepared,
            Err(_) => drop(hold(app, job.id, node).await?),
        }
    }
}

async fn prepare(app: &App, job: &Job) -> Result<Apply, StoreError> {
    match job.kind {
        Kind::ClosePeriod => {
            let job = job.clone();
            Ok(Box::new(move |conn, now| prove::step(conn, &job, now)))
        }
        Kind::AnomalyLists => lists::job::prepare(app, job).await,
        Kind::TrainAnomalyModel => lists::training::prepare(app, job).await,
    }
}
