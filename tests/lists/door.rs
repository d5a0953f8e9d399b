//! The band at the door on real series: how often a right figure is asked for again, and how many misread digits are.

use super::series::Series;
use super::street::{Recipe, build};
use meterbook::anomalies::lists::Dice;
use meterbook::anomalies::lists::replay::{Meter, Reading};
use meterbook::anomalies::{Band, Past, Visit, Width, band};
use meterbook::calendar::Instant;
use meterbook::meters::{Digits, FigureSet, MeterTraits};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;

/// Visits before the first that is asked about.
const KNOWN: usize = 7;

/// What a band did.
#[derive(Default)]
pub struct Asked {
    pub right: usize,
    pub right_again: usize,
    pub misread: usize,
    pub misread_again: usize,
}

/// Walks every meter with a band; `None` is the product's own, else that width for all.
pub fn walk(series: &[&Series], width: Option<Width>) -> Asked {
    let (meters, _) = build(series, Recipe::sound(1));
    let (mut asked, mut dice) = (Asked::default(), Dice::of(1, 0));
    meters.iter().for_each(|meter| walk_one(meter, width, &mut dice, &mut asked));
    asked
}

fn walk_one(meter: &Meter, width: Option<Width>, dice: &mut Dice, asked: &mut Asked) {
    let Some(digits) = meter.readings.first().and_then(|reading| reading.wrap).map(|wrap| wrap.ilog10() - 3) else {
        return;
    };
    let traits = MeterTraits {
        digits: Digits { integer: u8::try_from(digits).unwrap(), decimal: 0 },
        resolution: Volume::from_m3(1),
        pulse: Volume::from_m3(1),
        qmax_per_hour: Volume::from_m3(1_000),
        figures: FigureSet::Index,
    };
    let mut past = Past::default();
    for (at, reading) in meter.readings.iter().enumerate() {
        let visit = visit(reading);
        if at >= KNOWN
            && let Some(band) = band_of(&past, &traits, visit.at, width)
        {
            asked.right += 1;
            asked.right_again += usize::from(!is_inside(&band, reading.index));
            let misread = with_a_wrong_digit(reading.index, digits, dice);
            asked.misread += 1;
            asked.misread_again += usize::from(!is_inside(&band, misread));
        }
        past.remember(visit);
    }
}

fn visit(reading: &Reading) -> Visit {
    let day = chrono::NaiveDate::from_num_days_from_ce_opt(reading.day).unwrap();
    let at: Instant = day.and_hms_opt(9, 0, 0).unwrap().and_utc();
    Visit { at, figures: Figures { index: Some(Volume::from_litres(reading.index)), cumulative: None, balance: None } }
}

fn band_of(past: &Past, traits: &MeterTraits, at: Instant, width: Option<Width>) -> Option<Band> {
    let own = band(past, traits, at, at)?;
    let Some(width) = width else { return Some(own) };
    let last = past.visits().last()?;
    let (index, wrap) = (last.figures.index?, traits.digits.wrap());
    let expected = past.expected(wrap, last.at, at)?;
    let on_dial = |index: Volume| Volume::from_litres(index.litres().rem_euclid(wrap.litres()));
    Some(Band { low: on_dial(index + width.least(expected)), high: on_dial(index + width.most(expected)), ..own })
}

fn is_inside(band: &Band, index: i64) -> bool {
    let (low, high) = (band.low.litres(), band.high.litres());
    if low <= high { (low..=high).contains(&index) } else { index >= low || index <= high }
}

/// One digit of the dial read as another.
fn with_a_wrong_digit(index: i64, digits: u32, dice: &mut Dice) -> i64 {
    let unit = 1_000 * 10_i64.pow(u32::try_from(dice.below(usize::try_from(digits).unwrap())).unwrap());
    let digit = index / unit % 10;
    let other = (digit + 1 + i64::try_from(dice.below(9)).unwrap()) % 10;
    index + (other - digit) * unit
}
