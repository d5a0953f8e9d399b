//! Which period a reading belongs to, where nobody says: found from the dates themselves.
//!
//! Apart because a file of readings has dates, not periods: they jitter by days, a tour begins in the middle of a month, and
//! months differ in length. A period is a month or a few; its bounds lie where the fewest meters are read.

/// The mean month in days.
pub const MONTH: f64 = 365.25 / 12.0;
/// Parts of a period that are looked at for the quietest.
const PARTS: usize = 60;

/// A grid of periods of equal length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Grid {
    /// Months in a period: 1, 2, 3, 4, 6 or 12.
    pub months: u32,
    /// First day of period 0, in days from any fixed day.
    pub first: f64,
}

impl Grid {
    /// The grid that fits the days on which each meter was read (rising, meter by meter); `None` where no meter was read
    /// twice.
    #[must_use]
    pub fn of(days_by_meter: &[Vec<i32>]) -> Option<Self> {
        let pairs = days_by_meter.iter().flat_map(|days| days.windows(2).map(|pair| f64::from(pair[1] - pair[0])));
        let mut gaps: Vec<f64> = pairs.filter(|gap| *gap > 14.0).collect();
        let usual = super::history::median(&mut gaps)? / MONTH;
        let distance = |months: &u32| (usual / f64::from(*months)).ln().abs();
        let months = [1, 2, 3, 4, 6, 12].into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let length = f64::from(months) * MONTH;
        let earliest = f64::from(*days_by_meter.iter().filter_map(|days| days.first()).min()?);
        let mut read = [0_u32; PARTS];
        for day in days_by_meter.iter().flatten() {
            let part = ((f64::from(*day) - earliest) / length).fract() * PARTS as f64;
            read[(part as usize).min(PARTS - 1)] += 1;
        }
        // Within the longest quiet stretch its middle; quiet is what a fifth of an even spread would be.
        let quiet = read.iter().sum::<u32>() / (5 * PARTS as u32);
        let start = quietest_middle(&read, quiet);
        let offset = start as f64 / PARTS as f64 * length;
        let first = if offset > 0.0 { earliest + offset - length } else { earliest };
        Some(Self { months, first })
    }

    /// Days in a period.
    #[must_use]
    pub fn length(&self) -> f64 {
        f64::from(self.months) * MONTH
    }

    /// Periods in a year.
    #[must_use]
    pub const fn season(&self) -> usize {
        (12 / self.months) as usize
    }

    /// The period of a day; 0 for the first.
    #[must_use]
    pub fn period(&self, day: i32) -> usize {
        ((f64::from(day) - self.first) / self.length()).max(0.0) as usize
    }
}

/// The middle of the longest run of parts with at most `quiet` readings, around the circle; the emptiest part where none is
/// quiet.
fn quietest_middle(read: &[u32; PARTS], quiet: u32) -> usize {
    let run_from = |start: usize| (0..PARTS).take_while(|ahead| read[(start + ahead) % PARTS] <= quiet).count();
    let longest =
        (0..PARTS).map(|start| (run_from(start), start)).max_by_key(|(run, start)| (*run, std::cmp::Reverse(*start)));
    match longest {
        Some((run, start)) if run > 0 => (start + run / 2) % PARTS,
        _ => (0..PARTS).min_by_key(|part| read[*part]).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meters read every `months` from `phase`, each visit up to three days off.
    fn days(months: f64, phase: f64) -> Vec<Vec<i32>> {
        let meter = |meter: usize| {
            let visit = |visit: usize| {
                let off = ((meter * 7 + visit * 5) % 7) as f64 - 3.0;
                (phase + visit as f64 * months * MONTH + off).round() as i32
            };
            (0..12).map(visit).collect()
        };
        (0..50).map(meter).collect()
    }

    #[test]
    fn every_visit_has_a_period_of_its_own_whatever_day_the_tour_begins() {
        for months in [1.0, 2.0, 3.0] {
            for phase in [0.0, 1.0, 14.0, 29.0, 16_000.0] {
                let days = days(months, phase);
                let grid = Grid::of(&days).expect("a grid");
                assert_eq!(grid.months, months as u32);
                for days in &days {
                    let periods: Vec<usize> = days.iter().map(|day| grid.period(*day)).collect();
                    let first = periods[0];
                    let expected: Vec<usize> = (first..first + days.len()).collect();
                    assert_eq!(periods, expected, "months {months}, phase {phase}");
                    assert!(first <= 1);
                }
            }
        }
    }

    #[test]
    fn without_a_second_reading_there_is_no_grid() {
        assert_eq!(Grid::of(&[vec![5], vec![], vec![7]]), None);
    }
}
