//! The company's calendar: instants are UTC, days and periods are in the company's zone (DOMAIN, preamble).

use chrono::{DateTime, Datelike, Days, FixedOffset, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use std::fmt;

/// A moment, always UTC.
pub type Instant = DateTime<Utc>;

/// The company's zone. China has one zone without daylight saving, so an offset says all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Zone(FixedOffset);

impl Zone {
    /// A zone this many minutes east of UTC; `None` beyond ±18 h.
    #[must_use]
    pub fn east_minutes(minutes: i32) -> Option<Self> {
        if minutes.abs() > 18 * 60 {
            return None;
        }
        FixedOffset::east_opt(minutes * 60).map(Self)
    }

    /// The local day of a moment.
    #[must_use]
    pub fn day(self, at: Instant) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// The first moment of a local day.
    #[must_use]
    pub fn start_of(self, day: NaiveDate) -> Instant {
        let shift = TimeDelta::seconds(i64::from(self.0.local_minus_utc()));
        day.and_time(NaiveTime::MIN).and_utc() - shift
    }

    /// The moment as local time with its offset, for answers.
    #[must_use]
    pub fn local(self, at: Instant) -> DateTime<FixedOffset> {
        at.with_timezone(&self.0)
    }
}

impl Default for Zone {
    /// Asia/Shanghai.
    fn default() -> Self {
        Self::east_minutes(8 * 60).unwrap_or(Self(chrono::Offset::fix(&Utc)))
    }
}

/// A coverage period: a natural month, or a natural quarter for indoor residential meters (R-5, DOMAIN 3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Period {
    /// A natural month.
    Month {
        /// The calendar year.
        year: i32,
        /// 1 to 12.
        month: u32,
    },
    /// A natural quarter.
    Quarter {
        /// The calendar year.
        year: i32,
        /// 1 to 4.
        quarter: u32,
    },
}

impl Period {
    /// The month a day lies in.
    #[must_use]
    pub fn month_of(day: NaiveDate) -> Self {
        Self::Month { year: day.year(), month: day.month() }
    }

    /// The quarter a day lies in.
    #[must_use]
    pub fn quarter_of(day: NaiveDate) -> Self {
        Self::Quarter { year: day.year(), quarter: day.month0() / 3 + 1 }
    }

    /// The first local day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        let (year, month) = match self {
            Self::Month { year, month } => (year, month),
            Self::Quarter { year, quarter } => (year, quarter * 3 - 2),
        };
        NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(NaiveDate::MAX)
    }

    /// The first local day after the period.
    #[must_use]
    pub fn end_day(self) -> NaiveDate {
        self.first_day().checked_add_months(Months::new(self.length_in_months())).unwrap_or(NaiveDate::MAX)
    }

    /// How many months it spans.
    #[must_use]
    pub const fn length_in_months(self) -> u32 {
        match self {
            Self::Month { .. } => 1,
            Self::Quarter { .. } => 3,
        }
    }

    /// The period of the same kind just before.
    #[must_use]
    pub fn previous(self) -> Self {
        let day = self.first_day().checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
        match self {
            Self::Month { .. } => Self::month_of(day),
            Self::Quarter { .. } => Self::quarter_of(day),
        }
    }

    /// The period of the same kind just after.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Month { .. } => Self::month_of(self.end_day()),
            Self::Quarter { .. } => Self::quarter_of(self.end_day()),
        }
    }

    /// Whether a moment, seen in the company's zone, lies in the period.
    #[must_use]
    pub fn contains(self, at: Instant, zone: Zone) -> bool {
        (zone.start_of(self.first_day())..zone.start_of(self.end_day())).contains(&at)
    }

    /// As one number that orders periods of a kind: `202403` for a month, `20241` for a quarter.
    #[must_use]
    pub fn key(self) -> i32 {
        match self {
            Self::Month { year, month } => year * 100 + month as i32,
            Self::Quarter { year, quarter } => year * 10 + quarter as i32,
        }
    }

    /// The period of a [`key`](Self::key).
    #[must_use]
    pub fn from_key(key: i32) -> Option<Self> {
        match key {
            100_001..=999_912 if (1..=12).contains(&(key % 100)) => {
                Some(Self::Month { year: key / 100, month: key.rem_euclid(100).unsigned_abs() })
            }
            10_001..=99_994 if (1..=4).contains(&(key % 10)) => {
                Some(Self::Quarter { year: key / 10, quarter: key.rem_euclid(10).unsigned_abs() })
            }
            _ => None,
        }
    }

    /// Reads `2024-03` or `2024-Q1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = text.split_once('-')?;
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) {
            return None;
        }
        let year: i32 = year.parse().ok()?;
        match rest.strip_prefix('Q') {
            Some(quarter) if digits(quarter, 1) => Self::from_key(year * 10 + quarter.parse::<i32>().ok()?),
            None if digits(rest, 2) => Self::from_key(year * 100 + rest.parse::<i32>().ok()?),
            _ => None,
        }
    }
}

/// `2024-03` or `2024-Q1`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::Quarter { year, quarter } => write!(f, "{year:04}-Q{quarter}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_at_local_midnight() {
        let zone = Zone::default();
        let march = Period::parse("2024-03").unwrap();
        let first: Instant = "2024-02-29T16:00:00Z".parse().unwrap();
        assert!(march.contains(first, zone));
        assert!(!march.contains(first - TimeDelta::milliseconds(1), zone));
        assert_eq!(zone.start_of(march.first_day()), first);
    }

    #[test]
    fn periods_round_trip_through_text_and_key() {
        for text in ["2024-02", "2024-12", "2024-Q1", "2025-Q4"] {
            let period = Period::parse(text).unwrap();
            assert_eq!(period.to_string(), text);
            assert_eq!(Period::from_key(period.key()), Some(period));
            assert_eq!(period.next().previous(), period);
        }
        for wrong in ["2024-13", "2024-Q5", "2024-3", "24-03", "2024-Q", "2024", "2024-00"] {
            assert_eq!(Period::parse(wrong), None, "{wrong}");
        }
    }
}
