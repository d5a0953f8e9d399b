//! The real series: two-month uses of water accounts, on a grid of 17 periods.

use std::collections::BTreeMap;
use std::io::Read as _;

/// January 2014 to October 2016.
pub const PERIODS: usize = 17;
const FILE: &[u8] = include_bytes!("../data/city_water_bimonthly.csv.gz");
/// Accounts with fewer known periods say too little.
const LEAST_KNOWN: usize = 9;

/// One account.
pub struct Series {
    pub class: usize,
    /// Use by period, whole units; `None` where the source has none.
    pub uses: Vec<Option<f64>>,
}

pub const CLASSES: [&str; 3] = ["rs", "rm", "c"];

/// Every account, in a fixed order.
pub fn load() -> Vec<Series> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(FILE).read_to_string(&mut text).unwrap();
    let mut found: BTreeMap<(&str, &str), Vec<Option<f64>>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [class, meter, month, used] = cells[..] else { panic!("{line}") };
        let (year, month) = month.split_once('-').unwrap();
        let period = ((year.parse::<usize>().unwrap() - 2014) * 12 + month.parse::<usize>().unwrap() - 1) / 2;
        let uses = found.entry((class, meter)).or_insert_with(|| vec![None; PERIODS]);
        // Two bills of one period are one use.
        *uses[period].get_or_insert(0.0) += used.parse::<f64>().unwrap();
    }
    let series = found.into_iter().map(|((class, _), uses)| Series {
        class: CLASSES.iter().position(|known| *known == class).unwrap(),
        uses: filled(uses),
    });
    series.filter(|series| series.uses.iter().flatten().count() >= LEAST_KNOWN).collect()
}

/// A bill the source lacks inside a series is taken as the mean of its neighbours: the reader was there, the row is lost.
fn filled(mut uses: Vec<Option<f64>>) -> Vec<Option<f64>> {
    if uses.iter().flatten().count() < LEAST_KNOWN {
        return uses;
    }
    for period in 0..uses.len() {
        if uses[period].is_none() {
            let before = uses[..period].iter().rev().flatten().next().copied();
            let after = uses[period..].iter().flatten().next().copied();
            uses[period] = match (before, after) {
                (Some(before), Some(after)) => Some(((before + after) / 2.0).round()),
                (Some(before), None) => Some(before),
                // Not yet a customer.
                (None, _) => None,
            };
        }
    }
    uses
}
