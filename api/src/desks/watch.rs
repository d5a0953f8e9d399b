//! Once a second: passing on what changed, and ending those whose session is over.

use super::Desks;
use crate::accounts::store::standing_sessions;
use crate::clock::Clock;
use crate::db::{DatabaseUrl, Isolation, Store};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often desks are told, at most.
const PACE: Duration = Duration::from_secs(1);

/// Tells desks what changed, and looks every so often whether their sessions still stand, until it is dropped. Where nobody follows and
/// nothing changes it asks the database nothing.
pub async fn watch(desks: Arc<Desks>, store: Store, clock: Clock, every: Duration) {
    let has_others = matches!(store.url(), DatabaseUrl::Postgres(_));
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked = Instant::now();
    loop {
        ticks.tick().await;
        let said = desks.pass_on();
        if let Some(said) = said.filter(|_| has_others) {
            announce(&store, said).await;
        }
        if desks.count() > 0 {
            desks.end_sessions(clock.now(), |_, _| true);
            if looked.elapsed() >= every {
                looked = Instant::now();
                look_around(&desks, &store, &clock).await;
            }
        }
    }
}

/// Away from the transactions it tells of: a NOTIFY at each commit would let them wait for each other.
async fn announce(store: &Store, said: String) {
    let told = store.write("announce_changes", Isolation::RowLocks, move |conn| conn.announce_changes(&said));
    if let Err(fault) = told.await {
        tracing::warn!(%fault, "other nodes were not told what changed");
    }
}

async fn look_around(desks: &Desks, store: &Store, clock: &Clock) {
    let asked: HashSet<(i64, i32)> = desks.sessions().into_iter().collect();
    let ids: Vec<i64> = asked.iter().map(|(session, _)| *session).collect();
    let found = store.read("look_around_desks", move |conn| standing_sessions(conn, &ids)).await;
    match found {
        Ok(standing) => {
            let standing: HashSet<(i64, i32)> = standing.iter().map(|session| (session.id, session.version)).collect();
            // Who began meanwhile was not asked about.
            desks.end_sessions(clock.now(), |session, version| {
                !asked.contains(&(session, version)) || standing.contains(&(session, version))
            });
        }
        Err(fault) => tracing::warn!(%fault, "could not look whether desks are still signed in"),
    }
}
