//! What the service does by itself, whoever asks: the running periods are always laid out; old feed entries, rounds that are
//! over and unwanted photos go; the walks of done rounds are learned; the next verdict on a meter finds its past ready. And work
//! that several nodes share: [`work`].

pub mod routes;
pub mod store;
mod work;

pub use work::{Apply, Done, Job, Kind, work, work_once};

use crate::App;
use crate::anomalies::store::{keep_pasts, points_without};
use crate::coverage::{open_period, periods_at};
use crate::db::{Isolation, StoreError};
use crate::rounds::store::{
    entries_before, feed_keep, learn_walk_of, purge_feed, put_round_away, rounds_to_put_away, walks_to_learn,
};
use meterbook::id::AccountId;
use std::sync::Arc;
use std::time::Duration;

/// Starts all that a node does by itself, on the runtime of the caller.
pub fn spawn_all(app: &Arc<App>) {
    actix_web::rt::spawn(keep_periods_open(Arc::clone(app)));
    actix_web::rt::spawn(keep_feeds_short(Arc::clone(app)));
    actix_web::rt::spawn(keep_rounds_tidy(Arc::clone(app)));
    actix_web::rt::spawn(sweep_photos(Arc::clone(app)));
    actix_web::rt::spawn(work(Arc::clone(app)));
    actix_web::rt::spawn(publish_reports(Arc::clone(app)));
    actix_web::rt::spawn(keep_lists_made(Arc::clone(app)));
    actix_web::rt::spawn(deliver_webhooks(Arc::clone(app)));
    actix_web::rt::spawn(keep_pasts_ready(Arc::clone(app)));
}

/// How often the calendar is looked at; a period opened this late still counts every push, see [`open_period`].
const EVERY: Duration = Duration::from_secs(60);

/// Opens each month and quarter as it begins, until the task is dropped. Several nodes may run it.
pub async fn keep_periods_open(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    let mut opened = Vec::new();
    if let Err(fault) = lay_out_unfinished(&app).await {
        tracing::warn!(%fault, "older periods are not laid out yet");
    }
    loop {
        ticks.tick().await;
        for period in periods_at(&app, app.clock.now()) {
            if opened.contains(&period) {
                continue;
            }
            match open_period(&app, period).await {
                Ok(()) => opened.push(period),
                Err(fault) => tracing::warn!(%period, %fault, "the period is not laid out yet"),
            }
        }
    }
}

/// Lays out what was declared and not finished: a node was stopped, or a new version keeps more of each point.
///
/// # Errors
/// The database's.
pub async fn lay_out_unfinished(app: &App) -> Result<(), StoreError> {
    for period in app.store.read("unfinished_periods", crate::coverage::store::unfinished_periods).await? {
        open_period(app, period).await?;
    }
    Ok(())
}

/// How often old feed entries are looked for.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// Forgets old feed entries, until the task is dropped. Several nodes may run it.
pub async fn keep_feeds_short(app: Arc<App>) {
    let mut ticks = tokio::time::interval(PURGE_EVERY);
    loop {
        ticks.tick().await;
        match purge_feeds(&app).await {
            Ok(0) => {}
            Ok(entries) => tracing::info!(entries, "old feed entries are forgotten"),
            Err(fault) => tracing::warn!(%fault, "old feed entries are not forgotten yet"),
        }
    }
}

/// Forgets feed entries older than the setting, a feed at a time, so that no reader waits for another's. How many went.
///
/// # Errors
/// The database's; what was done till then stands.
pub async fn purge_feeds(app: &App) -> Result<usize, StoreError> {
    let (now, zone) = (app.clock.now(), app.config.zone);
    let found = app.store.read("find_old_entries", move |conn| {
        let before = now - feed_keep(conn, zone.day(now))?;
        Ok((before, entries_before(conn, before)?))
    });
    let (before, readers) = found.await?;
    let mut gone = 0;
    for reader in readers.into_iter().map(AccountId) {
        gone +=
            app.store.write("purge_feed", Isolation::RowLocks, move |conn| purge_feed(conn, reader, before)).await?;
    }
    Ok(gone)
}
/// Publishes the report of every closed month that has none, until the task is dropped. Several nodes may run it.
pub async fn publish_reports(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        match crate::reports::month::publish_closed(&app).await {
            Ok(0) => {}
            Ok(reports) => tracing::info!(reports, "published the reports of closed months"),
            Err(fault) => tracing::warn!(%fault, "reports of closed months are not published yet"),
        }
    }
}

/// How often it is looked whether a month's lists are due.
const LISTS_EVERY: Duration = Duration::from_secs(600);

/// Asks for the lists of the month whose grace is over, until the task is dropped. Several nodes may run it.
pub async fn keep_lists_made(app: Arc<App>) {
    let mut ticks = tokio::time::interval(LISTS_EVERY);
    loop {
        ticks.tick().await;
        match crate::anomalies::lists::due::ask_for_due(&app).await {
            Ok(None) => {}
            Ok(Some(month)) => tracing::info!(%month, "the month's lists are being made"),
            Err(fault) => tracing::warn!(%fault, "the month's lists are made later"),
        }
    }
}

/// How often rounds are looked after.
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// Puts rounds away that are over and learns the walks of those that are done, until the task is dropped. Several nodes may
/// run it.
pub async fn keep_rounds_tidy(app: Arc<App>) {
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    loop {
        ticks.tick().await;
        match put_rounds_away(&app).await {
            Ok(0) => {}
            Ok(rounds) => tracing::info!(rounds, "rounds that are over are put away"),
            Err(fault) => tracing::warn!(%fault, "rounds that are over are not put away yet"),
        }
        match learn_walks(&app).await {
            Ok(0) => {}
            Ok(stops) => tracing::info!(stops, "stops have another place by the walk of their reader"),
            Err(fault) => tracing::warn!(%fault, "walks are not learned yet"),
        }
    }
}

/// Puts away the rounds that are over, one at a time, so that no phone waits for another's. How many.
///
/// # Errors
/// The database's; what was done till then stands.
pub async fn put_rounds_away(app: &App) -> Result<usize, StoreError> {
    let (now, zone) = (app.clock.now(), app.config.zone);
    let (due, keep) =
        app.store.read("find_rounds_that_are_over", move |conn| rounds_to_put_away(conn, now, zone)).await?;
    let mut away = 0;
    for id in due {
        let put = move |conn: &mut _| put_round_away(conn, id, keep, zone, now);
        away += usize::from(app.store.write("put_round_away", Isolation::RowLocks, put).await?);
    }
    Ok(away)
}

/// Learns the walks of done rounds, one at a time. How many stops have another place by them.
///
/// # Errors
/// The database's; what was done till then stands.
pub async fn learn_walks(app: &App) -> Result<usize, StoreError> {
    let (now, zone) = (app.clock.now(), app.config.zone);
    let mut moved = 0;
    for id in app.store.read("find_walks", walks_to_learn).await? {
        let learn = move |conn: &mut _| learn_walk_of(conn, id, zone, now);
        moved += app.store.write("learn_walk", Isolation::RowLocks, learn).await?;
    }
    Ok(moved)
}

/// How often unwanted photos and unfinished uploads are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Takes away what nobody wants of the photos, until the task is dropped. Several nodes may run it.
pub async fn sweep_photos(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        match crate::photos::sweep(&app).await {
            Ok(0) => {}
            Ok(photos) => tracing::info!(photos, "took away photos that no record names"),
            Err(fault) => tracing::warn!(%fault, "the sweep of the photos goes on later"),
        }
    }
}

/// How often the outbox is looked at.
const DELIVER_EVERY: Duration = Duration::from_secs(1);

/// Delivers webhooks, until the task is dropped. Several nodes may run it: a message is leased to one of them at a time.
pub async fn deliver_webhooks(app: Arc<App>) {
    let mut ticks = tokio::time::interval(DELIVER_EVERY);
    loop {
        ticks.tick().await;
        loop {
            match crate::webhooks::deliver_due(&app).await {
                Ok(0) => break,
                Ok(messages) => tracing::debug!(messages, "tried to deliver webhooks"),
                Err(fault) => {
                    tracing::warn!(%fault, "webhooks are delivered later");
                    break;
                }
            }
        }
    }
}

/// How often meters without a kept past are looked for, the first time so long after the start.
const KEEP_EVERY: Duration = Duration::from_secs(600);
const KEEP_FIRST: Duration = Duration::from_secs(5);

/// Keeps the pasts of meters that have none kept, until the task is dropped. Several nodes may run it.
pub async fn keep_pasts_ready(app: Arc<App>) {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + KEEP_FIRST, KEEP_EVERY);
    loop {
        ticks.tick().await;
        if let Err(fault) = make_pasts_ready(&app).await {
            tracing::warn!(%fault, "the pasts of some meters are not kept yet");
        }
    }
}

/// Keeps what is missing, some points at a time, so that no push waits long.
async fn make_pasts_ready(app: &App) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let points = app.store.read("find_points_without_past", move |conn| points_without(conn, after)).await?;
        let Some(last) = points.last() else { return Ok(()) };
        after = *last;
        app.store.write("keep_pasts", Isolation::RowLocks, move |conn| keep_pasts(conn, &points)).await?;
    }
}
