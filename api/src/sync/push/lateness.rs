//! Whether a visit comes late for its period: in the grace, or after the period was closed (DOMAIN 3).
//!
//! Why separate: only visits of a past period ask, so the hot path never looks at closings.

use super::Sender;
use crate::coverage::closing::store::closed_periods;
use crate::db::{Conn, Lockable};
use diesel::QueryResult;
use meterbook::calendar::Instant;
use meterbook::coverage::{Counting, Phase, counting, period_of, phase};
use meterbook::meters::Class;
use meterbook::settings::Rulebook;
use std::collections::HashMap;

/// Received in the grace of its period.
const LATE_UPLOAD: &str = "late_upload";
/// Received after its period was closed: kept, shown as restated; the published figure stays.
const AFTER_CLOSE: &str = "after_close";

/// Which of the past periods of a batch are closed.
#[derive(Default)]
pub struct Lateness {
    closed: HashMap<i32, bool>,
}

impl Lateness {
    /// What to note about a visit made at `at`.
    pub fn flags(
        &mut self,
        conn: &mut Conn,
        sender: &Sender,
        class: Class,
        at: Instant,
        rules: &Rulebook,
    ) -> QueryResult<Vec<&'static str>> {
        let zone = sender.zone;
        let period = period_of(class, zone.day(at));
        let settings = rules.coverage(period);
        let now = sender.released_at.unwrap_or(sender.received_at);
        let is_late = counting(period, sender.received_at, zone, &settings) == Counting::LateUpload;
        let mut flags: Vec<&'static str> = is_late.then_some(LATE_UPLOAD).into_iter().collect();
        if phase(period, now, zone, &settings) == Phase::Final {
            // Held to the commit, so that a closing sees this record in its figures or this record the closing.
            conn.lock(Lockable::PeriodsShared, &[i64::from(period.key())])?;
            let is_closed = match self.closed.get(&period.key()) {
                Some(known) => *known,
                None => closed_periods(conn)?.contains(&period.key()),
            };
            self.closed.insert(period.key(), is_closed);
            flags.extend(is_closed.then_some(AFTER_CLOSE));
        }
        Ok(flags)
    }
}
