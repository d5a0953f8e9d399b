//! A meter's accepted readings as use by period, up to the month that is judged.
//!
//! Apart from [`dial`](super::dial) because here everything a file lacks is known: which readings were accepted, whether the
//! dial rolled over, how often a class is read. A period is a month, or a quarter where the class is read by the quarter; of
//! several readings in one the last counts. As many periods are looked back upon as the service keeps of a meter's past, so
//! that a month's lists cost one pass over what is kept and come out the same whenever they are made.

use super::grid::MONTH;
use super::history::History;
use crate::calendar::{Instant, Period, Zone};
use crate::meters::Class;
use crate::quantity::Volume;
use chrono::{Datelike, NaiveDate};

/// How often meters of a class are read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cadence {
    /// Every month.
    Monthly,
    /// Every quarter.
    Quarterly,
}

impl Cadence {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Monthly, Self::Quarterly];

    /// That of a class.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Commercial | Class::ResidentialOutdoor => Self::Monthly,
            Class::ResidentialIndoor => Self::Quarterly,
        }
    }

    /// Months in a period.
    #[must_use]
    pub const fn months(self) -> i32 {
        match self {
            Self::Monthly => 1,
            Self::Quarterly => 3,
        }
    }

    /// Periods in a year.
    #[must_use]
    pub const fn season(self) -> usize {
        12 / self.months() as usize
    }

    /// Periods looked back upon, the judged one included.
    #[must_use]
    pub const fn slots(self) -> usize {
        match self {
            Self::Monthly => 16,
            Self::Quarterly => 10,
        }
    }

    fn slot(self, day: NaiveDate) -> i32 {
        (day.year() * 12 + day.month0() as i32).div_euclid(self.months())
    }

    /// The first day of the earliest reading that matters to a month's lists: that of the period before the first slot.
    #[must_use]
    pub fn first_day(self, month: Period) -> NaiveDate {
        let first = (self.slot(month.first_day()) - self.slots() as i32) * self.months();
        let day = NaiveDate::from_ymd_opt(first.div_euclid(12), first.rem_euclid(12) as u32 + 1, 1);
        day.unwrap_or(NaiveDate::MIN)
    }
}

/// Periods a difference is spread over at most.
const LONGEST_GAP: i32 = 6;

/// A reading that may be a base of the next.
pub type Accepted = (Instant, Volume);

/// A meter's use up to a month.
#[derive(Clone, PartialEq, Debug)]
pub struct Used {
    /// By period; its last slot is the judged one. Whole litres a period of mean length.
    pub history: History,
    /// When it was last read in the month.
    pub last: Instant,
}

impl Used {
    /// Notes that the place stood empty on a day.
    pub fn note(&mut self, day: NaiveDate, cadence: Cadence, month: Period) {
        let back = cadence.slot(month.first_day()) - cadence.slot(day);
        let place = usize::try_from(back).ok().and_then(|back| self.history.notes.len().checked_sub(back + 1));
        if let Some(note) = place.and_then(|place| self.history.notes.get_mut(place)) {
            *note = true;
        }
    }

    /// Whether a note could matter: a period of the last year is without use.
    #[must_use]
    pub fn has_zero(&self, cadence: Cadence) -> bool {
        self.history.volumes.iter().rev().take(cadence.season()).any(|volume| *volume <= 0.0)
    }
}

/// A meter's use by period up to `month`; `None` where it was not read in the month, or never before. `accepted` is oldest
/// first, what it was put in with among them; `wrap` is W of its dial, `step` the least it can show.
#[must_use]
pub fn used_until(
    accepted: &[Accepted],
    (wrap, step): (Volume, Volume),
    cadence: Cadence,
    (month, zone): (Period, Zone),
) -> Option<Used> {
    let end = zone.start_of(month.end_day());
    let known = &accepted[..accepted.partition_point(|(at, _)| *at < end)];
    let last = known.last().filter(|(at, _)| month.contains(*at, zone))?.0;
    let judged = cadence.slot(month.first_day());
    let first = judged + 1 - cadence.slots() as i32;
    // Of each slot the last reading; of those before the first slot the last.
    let mut kept: Vec<(i32, Accepted)> = Vec::with_capacity(cadence.slots() + 1);
    for reading in known {
        let slot = cadence.slot(zone.day(reading.0));
        match kept.last_mut() {
            Some(before) if before.0 == slot || slot < first => *before = (slot, *reading),
            _ => kept.push((slot, *reading)),
        }
    }
    let since = (kept.first()?.0 + 1).max(first);
    let mut volumes = vec![f64::NAN; usize::try_from(judged + 1 - since).ok().filter(|slots| *slots > 0)?];
    for pair in kept.windows(2) {
        let [(before, (at, start)), (slot, (until, index))] = pair else { continue };
        let volume = a_period((*index - *start, wrap), (*at, *until), cadence);
        // The mean of a longer time says nothing of its periods: it stands for the one it was found in.
        let from = if *slot - *before > LONGEST_GAP { *slot } else { *before + 1 };
        let places = (from - since)..=(*slot - since);
        places.filter_map(|place| usize::try_from(place).ok()).for_each(|place| volumes[place] = volume);
    }
    let shown = kept.iter().fold(1_000, |shown, (_, (_, index))| common(shown, index.litres().rem_euclid(1_000)));
    let notes = vec![false; volumes.len()];
    Some(Used { history: History { volumes, notes, step: step.litres().max(shown) as f64 }, last })
}

/// Use between two readings as that of a period of mean length, in whole litres.
fn a_period((used, wrap): (Volume, Volume), (from, until): (Instant, Instant), cadence: Cadence) -> f64 {
    let used = if used < Volume::ZERO { used + wrap } else { used };
    let days = ((until - from).num_minutes() as f64 / 1_440.0).max(1.0);
    (used.litres() as f64 / days * MONTH * f64::from(cadence.months())).round()
}

/// Whole cubic metres where only such were ever written down, whatever the dial could show.
const fn common(mut one: i64, mut other: i64) -> i64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRAP: Volume = Volume::from_m3(100_000);
    const STEP: Volume = Volume::from_m3(1);

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn used(readings: &[(&str, i64)], cadence: Cadence, month: &str) -> Option<Used> {
        let accepted: Vec<Accepted> =
            readings.iter().map(|(day, m3)| (at(&format!("{day}T04:00:00Z")), Volume::from_m3(*m3))).collect();
        let month = Period::parse(month).expect("a month");
        used_until(&accepted, (WRAP, STEP), cadence, (month, Zone::default()))
    }

    fn m3(used: &Used) -> Vec<i64> {
        used.history.volumes.iter().map(|v| if v.is_nan() { -1 } else { (v / 1_000.0).round() as i64 }).collect()
    }

    #[test]
    fn a_gap_is_spread_a_rollover_undone_and_later_readings_are_not_known() {
        let readings = [
            ("2025-12-20", 99_900),
            ("2026-01-19", 99_930),
            ("2026-03-20", 10),
            ("2026-03-21", 11),
            ("2026-04-20", 50),
        ];
        let march = used(&readings, Cadence::Monthly, "2026-03").expect("read in March");
        assert_eq!(m3(&march), [30, 40, 40]);
        assert_eq!(march.last, at("2026-03-21T04:00:00Z"));
        let mut noted = march.clone();
        noted.note("2026-02-03".parse().expect("a day"), Cadence::Monthly, Period::parse("2026-03").expect("a month"));
        assert_eq!(noted.history.notes, [false, true, false]);
        assert_eq!(march.history.step, 1_000.0);
        assert_eq!(used(&readings, Cadence::Monthly, "2026-02"), None, "not read in it");
        assert_eq!(used(&readings[4..], Cadence::Monthly, "2026-04"), None, "nothing before it");
    }

    #[test]
    fn the_mean_of_years_is_no_history() {
        let readings = [("2020-01-01", 0), ("2026-02-20", 2_200), ("2026-03-20", 2_230)];
        let march = used(&readings, Cadence::Monthly, "2026-03").expect("read in March");
        assert_eq!((march.history.known(), m3(&march).last()), (2, Some(&33)));
        // Nor is it where the window begins in the middle of them.
        let readings = [("2020-01-01", 0), ("2025-02-20", 2_200), ("2026-03-20", 2_500), ("2026-04-20", 2_530)];
        assert_eq!(used(&readings, Cadence::Monthly, "2026-04").expect("read in April").history.known(), 3);
    }

    #[test]
    fn what_lies_before_the_window_changes_nothing_but_its_last_reading() {
        let month = |n: i64| format!("{}-{:02}-15", 2020 + n / 12, n % 12 + 1);
        let days: Vec<String> = (0..40).map(month).collect();
        let readings: Vec<(&str, i64)> = days.iter().zip(0..).map(|(day, n)| (day.as_str(), n * 20)).collect();
        let whole = used(&readings, Cadence::Monthly, "2023-04").expect("read");
        assert_eq!(whole.history.volumes.len(), Cadence::Monthly.slots());
        let first = Cadence::Monthly.first_day(Period::parse("2023-04").expect("a month")).to_string();
        assert_eq!(first, "2021-12-01");
        let kept: Vec<(&str, i64)> = readings.iter().copied().filter(|(day, _)| *day >= first.as_str()).collect();
        assert_eq!(used(&kept, Cadence::Monthly, "2023-04"), Some(whole));
    }

    #[test]
    fn a_quarter_is_one_period_and_is_judged_in_the_month_it_was_read() {
        let readings = [("2025-07-10", 100), ("2025-11-10", 190), ("2026-02-10", 280)];
        assert_eq!(m3(&used(&readings, Cadence::Quarterly, "2026-02").expect("read")), [67, 89]);
        assert_eq!(used(&readings, Cadence::Quarterly, "2026-03"), None);
        assert_eq!(Cadence::Quarterly.first_day(Period::parse("2026-02").expect("a month")).to_string(), "2023-07-01");
    }
}
