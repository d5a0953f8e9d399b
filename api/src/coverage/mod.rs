//! Coverage (抄见率, R-5): one narrow plan row per period and point, counters kept by its change, read in no time.

pub mod closing;
pub mod routes;
pub mod store;
mod wire;

pub use wire::*;

use crate::App;
use crate::db::{Isolation, StoreError};
use meterbook::calendar::{Instant, Period};

/// How many points are placed in one transaction while a period is laid out.
const LAYOUT_CHUNK: i64 = 500;

/// The month and the quarter a moment lies in.
#[must_use]
pub fn periods_at(app: &App, at: Instant) -> [Period; 2] {
    let day = app.config.zone.day(at);
    [Period::month_of(day), Period::quarter_of(day)]
}

/// Lays a period out: every point of its population gets its row. Safe to run again, on several nodes, and beside pushes:
/// the period is declared open first, so a push that follows places its own points.
///
/// # Errors
/// The database's.
pub async fn open_period(app: &App, period: Period) -> Result<(), StoreError> {
    let now = app.clock.now();
    let declared = app
        .store
        .write("declare_period", Isolation::Serializable, move |conn| store::declare_period(conn, period, now));
    if declared.await? {
        return Ok(());
    }
    lay_out(app, period).await?;
    app.store
        .write("period_laid_out", Isolation::Serializable, move |conn| store::mark_laid_out(conn, period, now))
        .await
}

/// Places every point of a period anew from its facts.
///
/// # Errors
/// The database's.
pub async fn lay_out(app: &App, period: Period) -> Result<(), StoreError> {
    let zone = app.config.zone;
    let mut after = 0;
    loop {
        let chunk = app.store.write("lay_out_period", Isolation::RowLocks, move |conn| {
            let points = store::points_after(conn, after, LAYOUT_CHUNK)?;
            store::retouch(conn, zone, &points, &[period])?;
            Ok(points)
        });
        match chunk.await?.last() {
            Some(last) => after = *last,
            None => return Ok(()),
        }
    }
}
