//! Looking around for all who wait: what moved on other nodes, and whose session has ended.

use super::Pokes;
use crate::accounts::store::standing_sessions;
use crate::clock::Clock;
use crate::db::{DatabaseUrl, FeedMove, Heard, Store, listen};
use crate::desks::Desks;
use crate::sync::pull::feed_heads;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How long it waits before it listens anew.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Wakes and ends waits until it is dropped. Where nobody waits it asks the database nothing.
pub async fn watch(pokes: Arc<Pokes>, desks: Arc<Desks>, store: Store, clock: Clock, every: Duration) {
    let looks = async {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            look_around(&pokes, &store, &clock).await;
        }
    };
    match store.url().clone() {
        // One process has the file: what moves moves here.
        DatabaseUrl::Sqlite(_) => looks.await,
        DatabaseUrl::Postgres(url) => {
            tokio::join!(looks, keep_listening(&pokes, &desks, &store, &clock, &url));
        }
    }
}

async fn keep_listening(pokes: &Pokes, desks: &Desks, store: &Store, clock: &Clock, url: &str) {
    let heard = |heard: Heard| match heard {
        Heard::Feed(moved) => pokes.moved(moved),
        Heard::Desks(said) => desks.heard(&said),
    };
    loop {
        let opened = async || {
            desks.heard_nothing();
            look_around(pokes, store, clock).await;
        };
        if let Err(fault) = listen(url, opened, heard).await {
            desks.heard_nothing();
            tracing::warn!(fault, "feeds of other nodes are looked at, not heard, until the listener is back");
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// One query for all feeds that are waited for, and one for all sessions that wait.
async fn look_around(pokes: &Pokes, store: &Store, clock: &Clock) {
    if pokes.count() == 0 {
        return;
    }
    let (readers, sessions) = (pokes.readers(), pokes.sessions());
    let asked: HashSet<(i64, i32)> = sessions.iter().copied().collect();
    let ids: Vec<i64> = asked.iter().map(|(session, _)| *session).collect();
    let found =
        store.read("look_around", move |conn| Ok((feed_heads(conn, &readers)?, standing_sessions(conn, &ids)?)));
    match found.await {
        Ok((heads, standing)) => {
            heads.into_iter().for_each(|(reader, head)| pokes.moved(FeedMove { reader, head }));
            let standing: HashSet<(i64, i32)> = standing.iter().map(|session| (session.id, session.version)).collect();
            // Who began to wait meanwhile was not asked about.
            pokes.end_sessions(clock.now(), |session, version| {
                !asked.contains(&(session, version)) || standing.contains(&(session, version))
            });
        }
        Err(fault) => tracing::warn!(%fault, "could not look around for those who wait"),
    }
}
