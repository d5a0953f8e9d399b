//! Readings as a reader would have brought them: real uses, faults put into them, dials, dates that jitter, misses.

use super::series::{PERIODS, Series};
use meterbook::anomalies::lists::Dice;
use meterbook::anomalies::lists::replay::{Meter, Reading};
use std::ops::Range;

/// Days of a two-month period.
pub const PERIOD_DAYS: f64 = 365.25 / 6.0;
/// 2014-01-01 as days of the common era: where the grid begins.
pub const FIRST_DAY: i32 = 735_234;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Slow50,
    Slow70,
    Slow90,
    Fast110,
    Fast120,
    Fast150,
    Drift,
    Stuck,
    Intermittent,
    Bypass,
    WrongDigit,
    SwappedDigits,
    DroppedDigit,
    Exchange,
}

pub const FAULTS: [Fault; 14] = [
    Fault::Slow50,
    Fault::Slow70,
    Fault::Slow90,
    Fault::Fast110,
    Fault::Fast120,
    Fault::Fast150,
    Fault::Drift,
    Fault::Stuck,
    Fault::Intermittent,
    Fault::Bypass,
    Fault::WrongDigit,
    Fault::SwappedDigits,
    Fault::DroppedDigit,
    Fault::Exchange,
];

/// What is wrong with a meter, and when.
#[derive(Clone, Debug)]
pub struct Truth {
    pub fault: Fault,
    /// In which an alarm about it is right: a misread also shows in the reading after it.
    pub periods: Range<usize>,
}

/// How a city is made.
#[derive(Clone, Copy)]
pub struct Recipe {
    pub seed: u64,
    /// Share of meters with a fault.
    pub faulty: f64,
    /// Periods in which faults may begin.
    pub starts: (usize, usize),
}

impl Recipe {
    /// The fault model of the data's README.
    pub fn of(seed: u64) -> Self {
        Self { seed, faulty: 0.08, starts: (6, 16) }
    }

    /// The series as they are: what a model is taught on.
    pub fn sound(seed: u64) -> Self {
        Self { seed, faulty: 0.0, starts: (PERIODS, PERIODS + 1) }
    }
}

/// A meter each, and what is wrong with it.
pub fn build(series: &[&Series], recipe: Recipe) -> (Vec<Meter>, Vec<Option<Truth>>) {
    series.iter().enumerate().map(|(at, series)| meter(series, recipe, at as u64)).unzip()
}

fn meter(series: &Series, recipe: Recipe, part: u64) -> (Meter, Option<Truth>) {
    let mut dice = Dice::of(recipe.seed, part);
    let mut uses = series.uses.clone();
    let mut notes = [false; PERIODS];
    let start = recipe.starts.0 + dice.below(recipe.starts.1 - recipe.starts.0);
    let fault = dice.chance(recipe.faulty).then(|| dice.pick(FAULTS));
    match fault {
        Some(fault) => break_it(fault, &mut uses, start, &mut dice),
        None if start < PERIODS && dice.chance(0.06) => live(&mut uses, &mut notes, start, &mut dice),
        None => {}
    }
    let truth = fault.map(|fault| {
        let end = match fault {
            Fault::WrongDigit | Fault::SwappedDigits | Fault::DroppedDigit => start + 2,
            Fault::Exchange => start + 1,
            _ => PERIODS,
        };
        Truth { fault, periods: start..end }
    });
    (Meter { group: series.class, readings: readings(&uses, notes, truth.as_ref(), &mut dice) }, truth)
}

fn break_it(fault: Fault, uses: &mut [Option<f64>], start: usize, dice: &mut Dice) {
    let unmetered = dice.between(0.3, 0.9);
    for (age, used) in uses.iter_mut().skip(start).enumerate() {
        let share = match fault {
            Fault::Slow50 => 0.5,
            Fault::Slow70 => 0.7,
            Fault::Slow90 => 0.9,
            Fault::Fast110 => 1.1,
            Fault::Fast120 => 1.2,
            Fault::Fast150 => 1.5,
            Fault::Drift => 0.97_f64.powi(2 * (age as i32 + 1)),
            Fault::Stuck => 0.0,
            Fault::Intermittent => f64::from(u8::from(dice.chance(0.5))),
            Fault::Bypass if dice.chance(0.5) => 1.0 - unmetered,
            _ => 1.0,
        };
        *used = used.map(|used| used * share);
    }
}

/// Sound, but not as before: an empty home, a new boiler, another use.
fn live(uses: &mut [Option<f64>], notes: &mut [bool], start: usize, dice: &mut Dice) {
    let (share, periods, noted) = match dice.below(3) {
        0 => (0.0, 2 + dice.below(5), dice.chance(0.6)),
        1 => (dice.between(1.2, 1.8), PERIODS, false),
        _ => (dice.between(-0.7, 0.7).exp(), PERIODS, false),
    };
    for period in start..(start + periods).min(PERIODS) {
        uses[period] = uses[period].map(|used| used * share);
        notes[period] = noted;
    }
}

/// The dial from an arbitrary figure on, read at the end of each period give or take three days; one reading in fifty is
/// missed. A rollover comes by itself.
fn readings(uses: &[Option<f64>], notes: [bool; PERIODS], truth: Option<&Truth>, dice: &mut Dice) -> Vec<Reading> {
    let known: Vec<f64> = uses.iter().flatten().copied().collect();
    let in_all = known.iter().sum::<f64>().max(1.0);
    let digits = (in_all.log10().ceil() as u32).max(5);
    let wrap = 10_i64.pow(digits);
    let mut total = dice.below(wrap as usize) as f64;
    let first = uses.iter().position(Option::is_some).unwrap_or(0);
    let reading = |day: i32, index: i64, noted| Reading { day, index: index * 1000, wrap: Some(wrap * 1000), noted };
    let mut found = vec![reading(end_of(first) - PERIOD_DAYS as i32, total as i64, false)];
    let mut exchanged = 0.0;
    for (period, used) in uses.iter().enumerate().skip(first) {
        let Some(used) = used else { continue };
        total += used;
        let here = truth.filter(|truth| truth.periods.start == period).map(|truth| truth.fault);
        if here == Some(Fault::Exchange) {
            exchanged = dice.between(0.0, used.max(1.0)) - total;
        }
        let index = misread((total + exchanged) as i64 % wrap, here, digits, dice);
        let day = end_of(period) + dice.below(7) as i32 - 3;
        if !dice.chance(0.02) {
            found.push(reading(day, index, notes[period]));
        }
    }
    found
}

fn end_of(period: usize) -> i32 {
    FIRST_DAY + ((period + 1) as f64 * PERIOD_DAYS) as i32
}

/// What was written down.
fn misread(index: i64, fault: Option<Fault>, digits: u32, dice: &mut Dice) -> i64 {
    let place = 10_i64.pow(dice.below(digits as usize) as u32);
    let upper = if place * 10 < 10_i64.pow(digits) { place * 10 } else { place };
    let (digit, next) = (index / place % 10, index / upper % 10);
    match fault {
        Some(Fault::WrongDigit) => index + ((digit + 1 + dice.below(9) as i64) % 10 - digit) * place,
        Some(Fault::SwappedDigits) => index + (next - digit) * place + (digit - next) * upper,
        Some(Fault::DroppedDigit) => index / (place * 10) * place + index % place,
        _ => index,
    }
}

/// The readings as a file for `meterbook anomalies evaluate`.
pub fn write_readings(meters: &[Meter], classes: &[&str]) -> String {
    let mut text = String::from("meter,class,read_date,index,digits,vacancy_note\n");
    for (at, meter) in meters.iter().enumerate() {
        for reading in &meter.readings {
            let day = chrono::NaiveDate::from_num_days_from_ce_opt(reading.day).unwrap();
            let digits = reading.wrap.unwrap().ilog10() - 3;
            let note = if reading.noted { "vacant" } else { "" };
            let class = classes[meter.group];
            text.push_str(&format!("m{at},{class},{day},{},{digits},{note}\n", reading.index / 1000));
        }
    }
    text
}
