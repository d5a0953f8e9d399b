//! What the service does by itself, whoever asks: the running periods are always laid out, unwanted photos go.

use crate::App;
use crate::coverage::{open_period, periods_at};
use std::sync::Arc;
use std::time::Duration;

/// How often the calendar is looked at; a period opened this late still counts every push, see [`open_period`].
const EVERY: Duration = Duration::from_secs(60);

/// Opens each month and quarter as it begins, until the task is dropped. Several nodes may run it.
pub async fn keep_periods_open(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EVERY);
    let mut opened = Vec::new();
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
