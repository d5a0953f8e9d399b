//! Rounds that are over for their phones: put away after a setting of days, and told so.

use super::feed::{FeedChange, announce, days_set};
use super::{RoundRow, find_round};
use crate::db::schema::rounds;
use crate::db::{Conn, Lockable, each};
use crate::http::{from_ms, to_ms};
use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, RoundId};
use meterbook::rounds::{Away, AwayFacts, RoundState, put_away};

/// A phone holds a round for a month after its last day.
const KEEP_DAYS: u64 = 31;
/// Rounds looked for at a time.
const AT_ONCE: i64 = 500;

/// How long a round stays on its phone: the dated setting `round_keep_days`, 31 unless a company says otherwise.
pub fn round_keep(conn: &mut Conn, today: NaiveDate) -> QueryResult<Days> {
    Ok(Days::new(days_set(conn, "round_keep_days", today)?.unwrap_or(KEEP_DAYS).clamp(1, 3_650)))
}

/// Rounds that may be put away by now, and how long rounds are kept.
pub fn rounds_to_put_away(conn: &mut Conn, now: Instant, zone: Zone) -> QueryResult<(Vec<RoundId>, Days)> {
    let today = zone.day(now);
    let keep = round_keep(conn, today)?;
    let Some(ended_by) = today.checked_sub_days(keep) else { return Ok((Vec::new(), keep)) };
    let held: Vec<&str> = RoundState::ALL.into_iter().filter(|state| state.is_held()).map(RoundState::code).collect();
    let rows: Vec<RoundRow> = each!(conn, c => rounds::table
        .filter(rounds::put_away_at.is_null())
        .filter(rounds::state.eq_any(held))
        .filter(rounds::until_day.le(ended_by))
        .order(rounds::id)
        .limit(AT_ONCE)
        .select(RoundRow::as_select())
        .load(c))?;
    let due = rows.into_iter().filter(|row| row.away(now, keep, zone).is_some()).map(|row| RoundId(row.id));
    Ok((due.collect(), keep))
}

/// Puts a round away and tells its reader's phones. `false`: it has moved meanwhile.
pub fn put_round_away(conn: &mut Conn, id: RoundId, keep: Days, zone: Zone, now: Instant) -> QueryResult<bool> {
    conn.lock(Lockable::Rounds, &[id.0])?;
    let Some(row) = find_round(conn, id)?.filter(|row| row.put_away_at.is_none()) else { return Ok(false) };
    let Some(why) = row.away(now, keep, zone) else { return Ok(false) };
    each!(conn, c => diesel::update(rounds::table.find(id.0)).set(rounds::put_away_at.eq(to_ms(now))).execute(c))?;
    if let Some(reader) = row.reader_id {
        announce(conn, AccountId(reader), &[FeedChange::round(id, "removed", why.code())], now)?;
    }
    Ok(true)
}

impl RoundRow {
    fn away(&self, now: Instant, keep: Days, zone: Zone) -> Option<Away> {
        let facts = AwayFacts { state: self.state(), until_day: self.until_day, changed_at: from_ms(self.changed_at) };
        put_away(facts, now, keep, zone)
    }
}
