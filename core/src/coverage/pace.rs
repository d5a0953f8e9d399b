//! Pace for dispatchers: whether the target can still be met with the people there are (DOMAIN 3).
//!
//! Why separate: coverage says how things stand; this is a forecast, and nothing is ever published or judged by it.

use super::Settings;
use crate::quantity::BasisPoints;
use chrono::{Datelike, NaiveDate};

crate::coded::coded! {
    /// How it looks.
    Pace {
        /// Need is at most 0.8 of capacity, or nothing is needed any more.
        Green = "green": "正常", "on course";
        /// Need is within capacity.
        Amber = "amber": "偏紧", "tight";
        /// Need is above capacity.
        Red = "red": "告急", "short";
        /// The target can't be met any more.
        Lost = "lost": "已无法达标", "out of reach";
    }
}

/// A reader's day: how many points were visited, and how many of those visits brought a reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReaderDay {
    /// Readings.
    pub readings: u64,
    /// Attempts without one.
    pub attempts: u64,
}

/// Fewer working days than this say nothing about a reader.
const ENOUGH_DAYS: usize = 5;
/// Fewer visits than this say nothing about access.
const ENOUGH_VISITS: u64 = 20;

/// What a reader does, by the last working days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Habit {
    /// Points visited on a usual working day: the median, which a single wild day cannot move.
    pub a_day: u64,
    /// The share of visits that brought a reading.
    pub access: BasisPoints,
}

impl Habit {
    /// The habit behind these days; days without a visit are no working days. With too little to go by, the settings' defaults.
    #[must_use]
    pub fn of(days: &[ReaderDay], settings: &Settings) -> Self {
        let mut visits: Vec<u64> =
            days.iter().map(|day| day.readings.saturating_add(day.attempts)).filter(|visits| *visits > 0).collect();
        visits.sort_unstable();
        let a_day = match visits.get(visits.len().saturating_sub(1) / 2) {
            Some(median) if visits.len() >= ENOUGH_DAYS => *median,
            _ => u64::from(settings.pace_default_a_day),
        };
        let readings: u64 = days.iter().map(|day| day.readings).fold(0, u64::saturating_add);
        let all: u64 = visits.iter().copied().fold(0, u64::saturating_add);
        let access = match super::tally::share(readings, all) {
            Some(share) if all >= ENOUGH_VISITS => share,
            _ => settings.pace_default_access,
        };
        Self { a_day, access }
    }

    /// How many points can be expected to be seen in so many workdays: workdays × points a day × access, rounded down.
    #[must_use]
    pub fn capacity(&self, workdays: u32) -> u64 {
        let exact = u128::from(workdays) * u128::from(self.a_day) * u128::from(self.access.0)
            / u128::from(BasisPoints::WHOLE.0);
        u64::try_from(exact).unwrap_or(u64::MAX)
    }
}

/// The workdays from a day (which counts) to before another: so many a week, from Monday on. Holidays are not known.
#[must_use]
pub fn workdays(from: NaiveDate, until: NaiveDate, settings: &Settings) -> u32 {
    let days = from.iter_days().take_while(|day| *day < until);
    let works = |day: &NaiveDate| day.weekday().num_days_from_monday() < settings.pace_workdays;
    u32::try_from(days.take(366).filter(works).count()).unwrap_or(u32::MAX)
}

/// The pace: `need` more points must be seen, `left` are still unseen, `capacity` can be.
#[must_use]
pub fn pace(need: u64, left: u64, capacity: u64, settings: &Settings) -> Pace {
    let (needed, can) = (u128::from(need) * u128::from(BasisPoints::WHOLE.0), u128::from(capacity));
    if need == 0 || (need <= left && capacity > 0 && needed <= u128::from(settings.pace_green.0) * can) {
        Pace::Green
    } else if need > left || capacity == 0 {
        Pace::Lost
    } else if need <= capacity {
        Pace::Amber
    } else {
        Pace::Red
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(visits: &[(u64, u64)]) -> Vec<ReaderDay> {
        visits.iter().map(|(readings, attempts)| ReaderDay { readings: *readings, attempts: *attempts }).collect()
    }

    #[test]
    fn pace_turns_at_four_fifths_at_all_and_beyond() {
        let settings = Settings::default();
        let at = |need| pace(need, 1_000, 100, &settings);
        assert_eq!([0, 80, 81, 100, 101].map(at), [Pace::Green, Pace::Green, Pace::Amber, Pace::Amber, Pace::Red]);
        assert_eq!(pace(1, 1_000, 0, &settings), Pace::Lost);
        assert_eq!(pace(11, 10, 100, &settings), Pace::Lost);
        assert_eq!(pace(0, 0, 0, &settings), Pace::Green);
        assert_eq!(pace(u64::MAX, u64::MAX, u64::MAX, &settings), Pace::Amber);
    }

    #[test]
    fn one_wild_day_does_not_make_a_habit() {
        let settings = Settings::default();
        let habit = Habit::of(&days(&[(40, 10), (45, 5), (0, 0), (44, 6), (900, 0), (30, 18), (41, 9)]), &settings);
        assert_eq!((habit.a_day, habit.access), (50, BasisPoints(9_581)));
        assert_eq!(habit.capacity(4), 191);
        let new = Habit::of(&days(&[(900, 0)]), &settings);
        assert_eq!((new.a_day, new.access), (60, BasisPoints::WHOLE));
        assert_eq!(Habit::of(&[], &settings), Habit { a_day: 60, access: BasisPoints(8_000) });
        assert_eq!(Habit::of(&[], &settings).capacity(5), 240);
    }

    #[test]
    fn workdays_are_counted_from_today_to_the_end() {
        let settings = Settings::default();
        let count = |from, until| workdays(day(from), day(until), &settings);
        // 2026-03-27 is a Friday.
        assert_eq!(count("2026-03-27", "2026-04-01"), 3);
        assert_eq!(count("2026-03-28", "2026-03-30"), 0);
        assert_eq!(count("2026-04-01", "2026-04-01"), 0);
        let six = Settings { pace_workdays: 6, ..Settings::default() };
        assert_eq!(workdays(day("2026-03-27"), day("2026-04-01"), &six), 4);
    }
}
