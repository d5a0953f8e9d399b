//! Asking for a month's lists: by a person, or by itself once the month's grace is over.

use super::job::subject;
use super::list_rules;
use super::store::{self, ListRow};
use crate::App;
use crate::db::{Conn, Isolation, StoreError};
use crate::jobs::Kind;
use crate::jobs::store::enqueue;
use crate::settings::store::rulebook;
use diesel::QueryResult;
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::final_at;
use meterbook::id::AccountId;

/// Begins the next version of a month's lists. `None`: one is in the making.
///
/// # Errors
/// The database's.
pub fn ask_for(conn: &mut Conn, month: Period, by: Option<AccountId>, now: Instant) -> QueryResult<Option<ListRow>> {
    let before = store::find_list(conn, month, None)?;
    if before.as_ref().is_some_and(|before| before.state == "making") {
        return Ok(None);
    }
    let version = before.map_or(1, |before| before.version + 1);
    let rules = list_rules(&*rulebook(conn)?, month);
    let day = month.end_day().pred_opt().unwrap_or_else(|| month.first_day());
    let model = store::in_force(conn, day)?;
    let Some(list) = store::insert_list(conn, (month, version), by, (&rules, &model), now)? else { return Ok(None) };
    enqueue(conn, Kind::AnomalyLists, &subject(month, version), by, now)?;
    Ok(Some(list))
}

/// Asks for the lists of the last month whose grace is over, where it was read and has none. Several nodes may do it at once.
///
/// # Errors
/// The database's.
pub async fn ask_for_due(app: &App) -> Result<Option<Period>, StoreError> {
    let (now, zone) = (app.clock.now(), app.config.zone);
    let last = Period::month_of(zone.day(now)).previous();
    let due = app.store.read("due_anomaly_lists", move |conn| {
        let book = rulebook(conn)?;
        let is_over = |month: &Period| final_at(*month, zone, &book.coverage(*month)) <= now;
        let Some(month) = [last, last.previous()].into_iter().find(is_over) else { return Ok(None) };
        let days = (zone.start_of(month.first_day()), zone.start_of(month.end_day()));
        let is_due = store::find_list(conn, month, None)?.is_none() && store::has_readings(conn, days)?;
        Ok(is_due.then_some(month))
    });
    let Some(month) = due.await? else { return Ok(None) };
    let asked = app.store.write("ask_for_anomaly_lists", Isolation::RowLocks, move |conn| {
        // Asked for by another node since: there is a list, and this would begin the next version.
        if store::find_list(conn, month, None)?.is_some() {
            return Ok(None);
        }
        ask_for(conn, month, None, now)
    });
    Ok(asked.await?.map(|_| month))
}
