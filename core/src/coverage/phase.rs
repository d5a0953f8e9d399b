//! When a period's figure is provisional, when it is final, and what a late reading may still change (DOMAIN 3).
//!
//! Why separate: this is about when a reading was *received*, everything else in coverage about when it was *made*.

use super::Settings;
use crate::calendar::{Instant, Period, Zone};
use chrono::{Days, NaiveDate};

/// How firm a period's figure is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    /// 未开始: the period has not begun.
    Future,
    /// 进行中: the period runs.
    Running,
    /// 暂定: the period is over, readings may still arrive.
    Provisional,
    /// 定稿: the grace is over; the published figure stays.
    Final,
}

impl Phase {
    /// Every phase, in order of time.
    pub const ALL: [Self; 4] = [Self::Future, Self::Running, Self::Provisional, Self::Final];

    /// The code used in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Running => "running",
            Self::Provisional => "provisional",
            Self::Final => "final",
        }
    }

    /// The phase of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.code() == code)
    }
}

/// Which column of the report a reading of the period counts in, by its receipt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Counting {
    /// Received before the period ended.
    InTime,
    /// Received in the grace: counts, marked `late_upload`.
    LateUpload,
    /// Received after the figure became final: kept, used for consumption and cases, shown in the restated column only.
    Restated,
}

/// The moment a period becomes final: `grace_days` after its end, 24:00 (DOMAIN 3: the 3rd of the next month).
#[must_use]
pub fn final_at(period: Period, zone: Zone, settings: &Settings) -> Instant {
    let grace = Days::new(u64::from(settings.grace_days));
    zone.start_of(period.end_day().checked_add_days(grace).unwrap_or(NaiveDate::MAX))
}

/// How firm the figure of `period` is at `now`.
#[must_use]
pub fn phase(period: Period, now: Instant, zone: Zone, settings: &Settings) -> Phase {
    if now < zone.start_of(period.first_day()) {
        Phase::Future
    } else if now < zone.start_of(period.end_day()) {
        Phase::Running
    } else if now < final_at(period, zone, settings) {
        Phase::Provisional
    } else {
        Phase::Final
    }
}

/// How a reading made in `period` and received at `received_at` counts.
#[must_use]
pub fn counting(period: Period, received_at: Instant, zone: Zone, settings: &Settings) -> Counting {
    match phase(period, received_at, zone, settings) {
        Phase::Future | Phase::Running => Counting::InTime,
        Phase::Provisional => Counting::LateUpload,
        Phase::Final => Counting::Restated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_ends_on_the_third_at_midnight() {
        let (settings, zone) = (Settings::default(), Zone::default());
        let at = |text: &str| text.parse::<Instant>().unwrap();
        for (period, boundary) in [("2024-02", "2024-03-04T00:00:00+08:00"), ("2024-Q4", "2025-01-04T00:00:00+08:00")] {
            let period = Period::parse(period).unwrap();
            assert_eq!(final_at(period, zone, &settings), at(boundary));
        }
        let february = Period::parse("2024-02").unwrap();
        let counted = |text: &str| counting(february, at(text), zone, &settings);
        assert_eq!(counted("2024-02-29T23:59:59.999+08:00"), Counting::InTime);
        assert_eq!(counted("2024-03-01T00:00:00+08:00"), Counting::LateUpload);
        assert_eq!(counted("2024-03-03T23:59:59.999+08:00"), Counting::LateUpload);
        assert_eq!(counted("2024-03-04T00:00:00+08:00"), Counting::Restated);
    }
}
