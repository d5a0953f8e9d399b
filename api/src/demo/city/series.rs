//! Consumption resampled from real series (see `assets/demo/README.md`). Separate because this is the only place where
//! real data enters the city.

use super::curve::Curve;
use super::dice::Dice;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::meters::Class;

const ACCOUNTS: &str = include_str!("../../../assets/demo/consumption.csv");
const DEGREE_DAYS: &str = include_str!("../../../assets/demo/degree_days.csv");
/// Litres of gas a month for one unit of the source, for homes and businesses.
const HOME_SCALE: i64 = 800;
const SHARED_HOME_SCALE: i64 = 350;

/// One real account: its eight uses, and how one unit of it becomes gas.
struct Account {
    uses: Vec<i64>,
    median: i64,
    scale: i64,
}

/// Everything that can be resampled.
pub struct Series {
    homes: Vec<Account>,
    businesses: Vec<Account>,
    /// Degree days × 100 of 48 months, January first.
    degree_days: Vec<i64>,
}

/// How one customer uses gas.
#[derive(Clone, Debug)]
pub struct Habit {
    /// Litres a month without heating, by cycle of two months.
    base: Vec<i64>,
    /// Litres per 100 degree days.
    heating: i64,
    offset: usize,
}

/// From when to when a customer uses gas.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// When the meter was put in.
    pub start: Instant,
    /// The first month of the series.
    pub first: Period,
    /// The last month.
    pub last: Period,
    /// The most that was used before the first month, in litres.
    pub most_before: i64,
}

/// A decimal number of at most two decimals, × 100.
fn hundredths(text: &str) -> i64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<2}").parse().unwrap_or(0)
}

impl Series {
    /// The series carried with the program.
    #[must_use]
    pub fn load() -> Self {
        let (mut homes, mut businesses) = (Vec::new(), Vec::new());
        for line in ACCOUNTS.lines().skip(1) {
            let (class, uses) = line.split_once(',').unwrap_or_default();
            let uses: Vec<i64> = uses.split(',').filter_map(|field| field.parse().ok()).collect();
            let mut sorted = uses.clone();
            sorted.sort_unstable();
            let median = sorted.get(sorted.len() / 2).copied().unwrap_or(1).max(1);
            match class {
                "c" => businesses.push(Account { uses, median, scale: 0 }),
                "rm" => homes.push(Account { uses, median, scale: SHARED_HOME_SCALE }),
                _ => homes.push(Account { uses, median, scale: HOME_SCALE }),
            }
        }
        let days =
            DEGREE_DAYS.lines().skip(1).filter_map(|line| line.split_once(',')).map(|(_, days)| hundredths(days));
        Self { homes, businesses, degree_days: days.collect() }
    }

    /// A customer who uses gas like one of the real accounts. A steady one doesn't heat.
    #[must_use]
    pub fn resample(&self, class: Class, steady: bool, dice: &mut Dice) -> Habit {
        let commercial = class == Class::Commercial;
        let accounts = if commercial { &self.businesses } else { &self.homes };
        let account = &accounts[dice.below(accounts.len())];
        let (level, swing) = if commercial {
            ((account.median * dice.between(12, 45) * 1_000).clamp(180_000, 20_000_000), 60)
        } else {
            let (least, most, swing) = if steady { (14_000, 32_000, 25) } else { (8_000, 45_000, 50) };
            ((account.median * account.scale).clamp(least, most), swing)
        };
        // Half of the swing of the source: cooking varies less than watering a garden.
        let part =
            |used: i64| level * (100 - swing) / 100 + (level * swing / 100 * used / account.median).min(level * 2);
        let heats = !steady && dice.chance(if commercial { 250 } else { 300 });
        let heating = match (heats, commercial) {
            (false, _) => 0,
            (true, true) => level * dice.between(5, 14) / 100,
            (true, false) => dice.between(12, 38) * 1_000,
        };
        Habit {
            base: account.uses.iter().copied().map(part).collect(),
            heating,
            offset: dice.below(account.uses.len()),
        }
    }

    /// Litres in a month, each a little different.
    fn month_use(&self, habit: &Habit, month: Period, dice: &mut Dice) -> i64 {
        let key = month.key();
        let number = (key / 100 * 12 + key % 100 - 1).unsigned_abs() as usize;
        let base = habit.base[(number / 2 + habit.offset) % habit.base.len()];
        let days = self.degree_days[number % self.degree_days.len()];
        base * dice.between(93, 107) / 100 + habit.heating * days / 10_000
    }

    /// The gas of a customer over a span. Before the first month it runs at the average, up to a limit: a sound meter
    /// must not pass its last digit by itself within the history.
    #[must_use]
    pub fn curve(&self, habit: &Habit, span: &Span, dice: &mut Dice) -> Curve {
        let zone = Zone::default();
        let months = std::iter::successors(Some(span.first), |month| Some(month.next()));
        let months: Vec<(Period, i64)> = months
            .take_while(|month| *month <= span.last)
            .map(|month| (month, self.month_use(habit, month, dice)))
            .collect();
        let mut curve = Curve::default();
        curve.push(span.start, 0);
        let mut reached = span.start;
        let begin = zone.start_of(span.first.first_day());
        if span.start < begin {
            let average = months.iter().map(|&(_, used)| used).sum::<i64>() / (months.len() as i64).max(1);
            curve.push(begin, (average * (begin - span.start).num_days() / 30).min(span.most_before));
            reached = begin;
        }
        for (month, used) in months {
            let (from, to) = (zone.start_of(month.first_day()), zone.start_of(month.end_day()));
            if to > reached {
                let share = i128::from((to - reached).num_seconds());
                curve.push(to, (i128::from(used) * share / i128::from((to - from).num_seconds())) as i64);
                reached = to;
            }
        }
        curve
    }

    /// The largest month of a habit, for sizing the meter.
    #[must_use]
    pub fn peak(&self, habit: &Habit) -> i64 {
        let coldest = self.degree_days.iter().copied().max().unwrap_or(0);
        habit.base.iter().copied().max().unwrap_or(0) + habit.heating * coldest / 10_000
    }
}

impl Habit {
    /// Whether gas heats the rooms.
    #[must_use]
    pub const fn heats(&self) -> bool {
        self.heating > 0
    }
}
