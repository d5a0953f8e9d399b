//! The planning job: one node takes a plan from the queue, searches on a thread of its own, and writes what it found.
//!
//! Why separate: planning takes a minute of a processor. It must never make a push wait, so the search holds no connection, no
//! lock and no async thread, and runs at a lower priority; it touches the database only to say how far it is. A node that dies
//! falls silent, and another begins the same plan anew: same data, seed and steps, same plan.

use super::facts::{Facts, report_of};
use super::store::{self, Beat, Ended, MOST_STOPS, PlanRow};
use crate::App;
use crate::db::{Isolation, StoreError};
use meterbook::rounds::plan::{Planned, Progress, Search, check_plan};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// How often a node looks for plans it was not told of: those of other nodes, and of nodes that died.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often a search says how far it is.
const BEAT_EVERY: Duration = Duration::from_millis(500);
/// Steps between two looks at whether to stop: some milliseconds.
const STRIDE: u64 = 500;

/// Wakes the job of this node.
#[derive(Default)]
pub struct Planner {
    wake: Notify,
}

impl Planner {
    /// There is something to plan.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Plans what is in the queue until the task is dropped.
pub async fn keep_planning(app: Arc<App>) {
    let holder = uuid::Uuid::now_v7().to_string();
    loop {
        match plan_next(&app, &holder).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(fault) => tracing::warn!(%fault, "planning goes on later"),
        }
        drop(tokio::time::timeout(LOOK_EVERY, app.planner.wake.notified()).await);
    }
}

/// Plans the oldest waiting plan. `false`: there is none.
///
/// # Errors
/// The database's; the plan stays with this node until it has been silent for a while.
pub async fn plan_next(app: &App, holder: &str) -> Result<bool, StoreError> {
    let (who, now) = (holder.to_owned(), app.clock.now());
    let claimed =
        app.store.write("claim_plan", Isolation::Serializable, move |conn| store::claim_plan(conn, &who, now));
    let Some(plan) = claimed.await? else { return Ok(false) };
    tracing::info!(plan = plan.id, steps = plan.steps_total, "planning begins");
    match work_on(app, holder, &plan).await? {
        None => tracing::warn!(plan = plan.id, "another node took the plan over"),
        Some(ended) => tracing::info!(plan = plan.id, ended, "planning ended"),
    }
    Ok(true)
}

async fn work_on(app: &App, holder: &str, plan: &PlanRow) -> Result<Option<&'static str>, StoreError> {
    let Some(asked) = plan.asked() else { return fail(app, holder, plan.id, "the request cannot be read").await };
    let (zone, wanted) = (app.config.zone, asked.clone());
    let gathered = app.store.read("gather_plan", move |conn| store::gather(conn, &wanted, zone, None)).await?;
    if i64::try_from(gathered.points.len()).is_ok_and(|points| points > MOST_STOPS) {
        let why =
            format!("超过 {MOST_STOPS} 个用气点，请按册分批规划 / more than {MOST_STOPS} stops: plan them by routes");
        return fail(app, holder, plan.id, &why).await;
    }
    let facts = Facts::of(&gathered, &asked, zone, app.clock.now());
    let steps = u64::try_from(plan.steps_total).unwrap_or(0);
    let mut running = start(facts, asked.seed.unwrap_or(1), steps);
    loop {
        let heard = tokio::time::timeout(BEAT_EVERY, running.ended.recv()).await;
        if let Ok(ended) = heard {
            return match ended {
                Some((facts, planned)) => finish(app, holder, plan.id, facts, planned).await,
                None => fail(app, holder, plan.id, "the search broke off").await,
            };
        }
        let progress = running.progress();
        let (id, who, now) = (plan.id, holder.to_owned(), app.clock.now());
        let said =
            app.store.write("plan_beat", Isolation::RowLocks, move |conn| store::beat(conn, id, &who, progress, now));
        match said.await? {
            Beat::Go => {}
            Beat::Lost => return Ok(None),
            Beat::Cancel => {
                drop(running);
                return end(app, holder, plan.id, None).await;
            }
        }
    }
}

/// A search on its thread. It stops when this value goes.
struct Running {
    progress: Arc<std::sync::Mutex<Progress>>,
    stop: Arc<AtomicBool>,
    ended: mpsc::Receiver<(Facts, Planned)>,
}

impl Running {
    fn progress(&self) -> Progress {
        self.progress.lock().map_or_else(|poisoned| *poisoned.into_inner(), |progress| *progress)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn start(facts: Facts, seed: u64, steps: u64) -> Running {
    let (sender, ended) = mpsc::channel(1);
    let progress = Arc::new(std::sync::Mutex::new(Progress { done: 0, budget: steps, left_out: 0, metres: 0 }));
    let stop = Arc::new(AtomicBool::new(false));
    let (shown, stopped) = (Arc::clone(&progress), Arc::clone(&stop));
    let search = move || {
        crate::rounds::plans::job::yield_to_others();
        let mut search = Search::new(facts.input.clone(), seed, steps);
        while !search.is_over() && !stopped.load(Ordering::Relaxed) {
            let now = search.run(STRIDE);
            if let Ok(mut shown) = shown.lock() {
                *shown = now;
            }
        }
        if search.is_over() {
            drop(sender.blocking_send((facts, search.planned())));
        }
    };
    if let Err(fault) = std::thread::Builder::new().name("planner".into()).spawn(search) {
        tracing::error!(%fault, "no thread for the planner");
    }
    Running { progress, stop, ended }
}

/// The other threads of this process go first.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    if let Err(fault) = rustix::process::nice(10) {
        tracing::warn!(%fault, "the planner runs at the priority of everything else");
    }
}

async fn finish(
    app: &App,
    holder: &str,
    id: i64,
    facts: Facts,
    planned: Planned,
) -> Result<Option<&'static str>, StoreError> {
    // A plan that breaks a rule is a fault of the program, and nobody's work.
    if let Some(violation) = check_plan(&facts.input, &planned).first() {
        tracing::error!(plan = id, ?violation, "the plan breaks a rule");
        let why = format!("方案自检未通过 / the plan did not pass its own check: {}", violation.code());
        return fail(app, holder, id, &why).await;
    }
    end(app, holder, id, Some((facts, planned))).await
}

async fn end(
    app: &App,
    holder: &str,
    id: i64,
    found: Option<(Facts, Planned)>,
) -> Result<Option<&'static str>, StoreError> {
    let (who, now) = (holder.to_owned(), app.clock.now());
    let written = app.store.write("end_plan", Isolation::Serializable, move |conn| {
        let Some((facts, planned)) = &found else {
            return Ok(store::end_plan(conn, id, &who, &Ended::Cancelled, now)?.then_some("cancelled"));
        };
        let report = report_of(&planned.report, facts);
        let is_mine = store::end_plan(conn, id, &who, &Ended::Done(&report), now)?;
        if is_mine {
            store::keep_planned(conn, id, facts, planned, now)?;
        }
        Ok(is_mine.then_some("done"))
    });
    written.await
}

async fn fail(app: &App, holder: &str, id: i64, why: &str) -> Result<Option<&'static str>, StoreError> {
    let (who, why, now) = (holder.to_owned(), why.to_owned(), app.clock.now());
    let written = app.store.write("fail_plan", Isolation::RowLocks, move |conn| {
        store::end_plan(conn, id, &who, &Ended::Failed(&why), now)
    });
    Ok(written.await?.then_some("failed"))
}
