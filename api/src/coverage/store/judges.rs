//! By what each period is judged: the settings in force on its first day, its window, and whether its figures are frozen.

use super::declared_periods;
use crate::db::schema::window_exceptions;
use crate::db::{Conn, each};
use crate::http::to_ms;
use crate::settings::store::rulebook;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{Judge, ReadingWindow, Settings};
use meterbook::id::AccountId;
use meterbook::settings::Rulebook;
use std::collections::HashMap;
use std::sync::Arc;

/// The judges of some declared periods.
pub struct Judges {
    zone: Zone,
    rules: Arc<Rulebook>,
    declared: Vec<(Period, bool)>,
    chosen: Vec<Chosen>,
}

struct Chosen {
    period: Period,
    is_closed: bool,
    settings: Settings,
    window: ReadingWindow,
    counted_from: NaiveDate,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct JudgeOf<'j> {
    of: &'j Judges,
    chosen: &'j Chosen,
}

impl Judges {
    /// The judges of those of the periods that are declared.
    pub fn load(conn: &mut Conn, zone: Zone, periods: &[Period]) -> QueryResult<Self> {
        let declared = declared_periods(conn)?;
        let rules = rulebook(conn)?;
        let wanted: Vec<(Period, bool)> =
            declared.iter().filter(|(period, _)| periods.contains(period)).copied().collect();
        let exceptions = load_windows(conn, &wanted)?;
        let chosen = wanted.into_iter().map(|(period, is_closed)| {
            let settings = rules.coverage(period);
            let window = exceptions.get(&period.key()).copied().unwrap_or_else(|| ReadingWindow::of(period, &settings));
            let first = declared.iter().map(|(known, _)| *known).find(|known| is_same_kind(*known, period));
            Chosen { period, is_closed, settings, window, counted_from: first.unwrap_or(period).first_day() }
        });
        let chosen = chosen.collect();
        Ok(Self { zone, rules, declared, chosen })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = JudgeOf<'_>> {
        self.chosen.iter().map(|chosen| JudgeOf { of: self, chosen })
    }

    /// Their periods.
    #[must_use]
    pub fn periods(&self) -> Vec<Period> {
        self.chosen.iter().map(|chosen| chosen.period).collect()
    }

    /// The keys of those that another of their kind has followed.
    #[must_use]
    pub fn past(&self) -> Vec<i64> {
        let over = self.chosen.iter().filter(|chosen| {
            self.declared.iter().any(|(later, _)| is_same_kind(*later, chosen.period) && *later > chosen.period)
        });
        over.map(|chosen| i64::from(chosen.period.key())).collect()
    }

    /// Declared periods that begin after a day.
    pub fn declared_after(&self, day: NaiveDate) -> impl Iterator<Item = Period> + '_ {
        self.declared.iter().map(|(period, _)| *period).filter(move |period| period.first_day() > day)
    }
}

impl<'j> JudgeOf<'j> {
    /// The period.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.chosen.period
    }

    /// Whether its figures are frozen.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.chosen.is_closed
    }

    /// As the core asks for it.
    #[must_use]
    pub fn judge(&self) -> Judge<'j> {
        Judge {
            period: self.chosen.period,
            zone: self.of.zone,
            settings: &self.chosen.settings,
            window: self.chosen.window,
            rules: &self.of.rules,
            counted_from: self.chosen.counted_from,
        }
    }
}

const fn is_same_kind(one: Period, other: Period) -> bool {
    one.length_in_months() == other.length_in_months()
}

/// The exceptions from the window, by period: the last one said.
pub fn load_windows(conn: &mut Conn, periods: &[(Period, bool)]) -> QueryResult<HashMap<i32, ReadingWindow>> {
    let keys: Vec<i32> = periods.iter().map(|(period, _)| period.key()).collect();
    let rows: Vec<(i32, NaiveDate, NaiveDate)> = each!(conn, c => window_exceptions::table
        .filter(window_exceptions::period.eq_any(keys))
        .order(window_exceptions::id)
        .select((window_exceptions::period, window_exceptions::from_day, window_exceptions::until_day))
        .load(c))?;
    Ok(rows.into_iter().map(|(period, from_day, until_day)| (period, ReadingWindow { from_day, until_day })).collect())
}

/// Keeps an exception.
pub fn insert_window(
    conn: &mut Conn,
    period: Period,
    window: ReadingWindow,
    (by, reason): (AccountId, &str),
    now: Instant,
) -> QueryResult<()> {
    let row = (
        window_exceptions::period.eq(period.key()),
        window_exceptions::from_day.eq(window.from_day),
        window_exceptions::until_day.eq(window.until_day),
        window_exceptions::account_id.eq(by.0),
        window_exceptions::reason.eq(reason),
        window_exceptions::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(window_exceptions::table).values(row).execute(c)).map(drop)
}

/// From, until, who, why, when.
pub type WindowRow = (NaiveDate, NaiveDate, i64, String, i64);

/// The exception that holds in a period.
pub fn find_window(conn: &mut Conn, period: Period) -> QueryResult<Option<WindowRow>> {
    use window_exceptions as t;
    each!(conn, c => t::table
        .filter(t::period.eq(period.key()))
        .order(t::id.desc())
        .select((t::from_day, t::until_day, t::account_id, t::reason, t::created_at))
        .first(c)
        .optional())
}
