//! Coverage (抄见率, R-5): one narrow plan row per period and point, counters kept by its change, read in no time.

pub mod closing;
pub mod outlook;
pub mod points;
pub mod reviews;
pub mod routes;
pub mod store;
pub mod windows;
mod wire;

pub use wire::*;

use crate::App;
use crate::db::{Isolation, Store, StoreError};
use chrono::{Days, NaiveDate};
use meterbook::calendar::{Instant, Period, Zone};

/// How many points are placed in one transaction while a period is laid out.
const LAYOUT_CHUNK: i64 = 500;
/// The table that laying out fills.
const GROWING: &str = "coverage_plan";

/// What lines are grouped by, beside their class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grouping {
    /// The class alone.
    Class,
    /// By area.
    Area,
    /// By route.
    Route,
    /// By reader.
    Reader,
}

impl Grouping {
    /// The grouping of its name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "class" => Some(Self::Class),
            "area" => Some(Self::Area),
            "route" => Some(Self::Route),
            "reader" => Some(Self::Reader),
            _ => None,
        }
    }
}

/// The month and the quarter a moment lies in.
#[must_use]
pub fn periods_at(app: &App, at: Instant) -> [Period; 2] {
    let day = app.config.zone.day(at);
    [Period::month_of(day), Period::quarter_of(day)]
}

/// The day ages of a period are told as of: today, once it is over its last day.
#[must_use]
pub fn as_of(period: Period, today: NaiveDate) -> NaiveDate {
    today.min(period.end_day().checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MAX)).max(period.first_day())
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
    // What was missed before shows in the periods after it: where an older one is opened later, those are laid out again.
    let later = app.store.read("later_periods", move |conn| {
        let declared = store::declared_periods(conn)?.into_iter().map(|(known, _)| known);
        Ok(declared
            .filter(|known| known.length_in_months() == period.length_in_months() && *known >= period)
            .collect::<Vec<_>>())
    });
    for period in later.await? {
        lay_out(&app.store, app.config.zone, period).await?;
    }
    app.store
        .write("period_laid_out", Isolation::Serializable, move |conn| store::mark_laid_out(conn, period, now))
        .await
}

/// Places every point of a period anew from its facts.
///
/// # Errors
/// The database's.
pub async fn lay_out(store: &Store, zone: Zone, period: Period) -> Result<(), StoreError> {
    let mut after = 0;
    for chunk in 1_u64.. {
        let points = store.write("lay_out_period", Isolation::RowLocks, move |conn| {
            let points = self::store::points_after(conn, after, LAYOUT_CHUNK)?;
            self::store::retouch(conn, zone, &points, &[period])?;
            // Plans made while the table was a tenth of its size go through all of it.
            if chunk.is_power_of_two() {
                conn.note_growth(GROWING)?;
            }
            Ok(points)
        });
        match points.await?.last() {
            Some(last) => after = *last,
            None => break,
        }
    }
    Ok(())
}
