//! The commercial reading window: early, on time or late (R-6, DOMAIN 3).
//!
//! Why separate: being *seen* and being *on time* are two verdicts. Any day of the month is seen; only the window is on time.

use super::Settings;
use crate::calendar::{Instant, Period, Zone};
use chrono::{Days, NaiveDate};
use std::cmp::Ordering;

/// Where a reading lies against the window of its month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Punctuality {
    /// 提前: before the window.
    Early,
    /// 按时: in the window.
    OnTime,
    /// 逾期: after the window.
    Late,
}

impl Punctuality {
    /// Every verdict, in order of time.
    pub const ALL: [Self; 3] = [Self::Early, Self::OnTime, Self::Late];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::OnTime => "on_time",
            Self::Late => "late",
        }
    }

    /// The verdict of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

/// The days of one month on which commercial meters are to be read: `from_day` ≤ d < `until_day`.
///
/// Usually from [`ReadingWindow::of`]; a month with an exception (author and reason are kept beside it) builds its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadingWindow {
    /// The first local day of the window, from 00:00.
    pub from_day: NaiveDate,
    /// The first local day after it.
    pub until_day: NaiveDate,
}

impl ReadingWindow {
    /// The window of the month that `period` begins with, by the settings: the 22nd and 23rd.
    #[must_use]
    pub fn of(period: Period, settings: &Settings) -> Self {
        let first = period.first_day();
        Self {
            from_day: day_of_month(first, settings.window_from_day),
            until_day: day_of_month(first, settings.window_until_day),
        }
    }

    /// The window of the month a moment lies in.
    #[must_use]
    pub fn around(at: Instant, zone: Zone, settings: &Settings) -> Self {
        Self::of(Period::month_of(zone.day(at)), settings)
    }

    /// Where a moment lies against the window.
    #[must_use]
    pub fn punctuality(self, at: Instant, zone: Zone) -> Punctuality {
        match (zone.start_of(self.from_day).cmp(&at), zone.start_of(self.until_day).cmp(&at)) {
            (Ordering::Greater, _) => Punctuality::Early,
            (_, Ordering::Greater) => Punctuality::OnTime,
            _ => Punctuality::Late,
        }
    }
}

/// A day of the month that begins on `first`; a day the month does not have means the first day of the next.
fn day_of_month(first: NaiveDate, day: u32) -> NaiveDate {
    let end = Period::month_of(first).end_day();
    let counted = first.checked_add_days(Days::new(u64::from(day.saturating_sub(1))));
    counted.map_or(end, |counted| counted.min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(at: &str) -> Punctuality {
        let (zone, at) = (Zone::default(), at.parse().unwrap());
        ReadingWindow::around(at, zone, &Settings::default()).punctuality(at, zone)
    }

    #[test]
    fn the_window_is_the_22nd_and_23rd_in_local_time() {
        assert_eq!(verdict("2024-02-21T23:59:59.999+08:00"), Punctuality::Early);
        assert_eq!(verdict("2024-02-22T00:00:00+08:00"), Punctuality::OnTime);
        assert_eq!(verdict("2024-02-23T23:59:59.999+08:00"), Punctuality::OnTime);
        assert_eq!(verdict("2024-02-24T00:00:00+08:00"), Punctuality::Late);
        assert_eq!(verdict("2024-02-29T23:59:59+08:00"), Punctuality::Late);
        assert_eq!(verdict("2024-03-01T00:00:00+08:00"), Punctuality::Early);
    }

    #[test]
    fn a_window_never_leaves_its_month() {
        let settings = Settings { window_from_day: 29, window_until_day: 40, ..Settings::default() };
        let window = ReadingWindow::of(Period::parse("2023-02").unwrap(), &settings);
        assert_eq!(window.from_day.to_string(), "2023-03-01");
        assert_eq!(window.until_day.to_string(), "2023-03-01");
    }

    #[test]
    fn codes_lead_back() {
        for verdict in Punctuality::ALL {
            assert_eq!(Punctuality::from_code(verdict.code()), Some(verdict));
        }
    }
}
