//! What judging a reading costs: every check of DOMAIN 4 with the meter's past behind it, beside the bare insert of a record;
//! and how long the rule lab needs for a million readings.

use crate::dice::Dice;
use crate::node::cpu_ms;
use crate::plain;
use crate::sqlite::{Ground, database};
use crate::table::Table;
use chrono::{TimeDelta, Utc};
use meterbook::anomalies::lab::{Difference, MeterHistory, StoredReading, replay};
use meterbook::anomalies::{Observation, Settings, Visit};
use meterbook::calendar::Instant;
use meterbook::id::RecordId;
use meterbook::meters::{BalanceUnit, Class, Digits, FigureSet, MeterTraits};
use meterbook::quantity::{BasisPoints, Volume};
use meterbook::readings::Figures;
use uuid::Uuid;

/// Readings of a meter: two years of months.
const MONTHS: i64 = 24;

fn traits(three: bool) -> MeterTraits {
    let balance = BalanceUnit::Volume;
    MeterTraits {
        digits: Digits { integer: 5, decimal: 3 },
        resolution: Volume::from_m3(1),
        pulse: Volume::from_litres(if three { 100 } else { 0 }),
        qmax_per_hour: Volume::from_m3(6),
        figures: if three { FigureSet::Three { balance, overdraft: false } } else { FigureSet::Index },
    }
}

/// A meter's two years; one reading in a hundred is misread, so that the slip test has its share.
fn readings(meter: i64, three: bool, start: Instant, dice: &mut Dice) -> Vec<StoredReading<'static>> {
    let mut index = 1_000 + meter % 90_000;
    let reading = |month: i64| {
        index += 10 + dice.below(20);
        let slip = if dice.below(100) == 0 { 1_000 } else { 0 };
        let figures = Figures {
            index: Some(Volume::from_m3((index - slip).rem_euclid(100_000))),
            cumulative: three.then(|| Volume::from_m3(index)),
            balance: three.then_some(300_000),
        };
        let seen = Observation {
            at: start + TimeDelta::days(30 * (month + 1)),
            figures,
            seen_number: None,
            vacancy: false,
            gas_in_use: false,
            confirmed: false,
        };
        StoredReading { record: RecordId(Uuid::from_u128((meter * MONTHS + month) as u128)), seen }
    };
    (0..MONTHS).map(reading).collect()
}

/// Judges, inserts, replays.
pub fn measure(table: &mut Table, ground: &Ground, quick: bool) {
    let meters: i64 = if quick { 4_000 } else { 41_667 };
    let start: Instant = "2024-01-22T02:00:00Z".parse().unwrap();
    let mut dice = Dice::new(5);
    let pasts: Vec<(bool, Vec<StoredReading<'static>>)> =
        (0..meters).map(|meter| (meter % 20 == 0, readings(meter, meter % 20 == 0, start, &mut dice))).collect();
    let history = |three: bool, readings| MeterHistory {
        number: "G4-0012345",
        traits: traits(three),
        class: if three { Class::Commercial } else { Class::ResidentialOutdoor },
        suspended: false,
        base: Visit { at: start, figures: Figures { index: Some(Volume::from_m3(1_000)), ..Figures::default() } },
        readings,
        purchases: &[],
        repairs: &[],
    };
    let count = (meters * MONTHS) as f64;

    let (now, mut found) = (Settings::default(), 0_u64);
    let before = cpu_ms(std::process::id());
    for (three, readings) in &pasts {
        replay(&history(*three, readings), &now, |_, _| found += 1);
    }
    let judging = (cpu_ms(std::process::id()) - before) * 1_000.0 / count;
    assert!(found > 0, "the slips must be found");
    table.note("readings judged, findings", format!("{count:.0}, {found}"));
    table.at_most("all checks: CPU per record, µs", judging, 20.0);

    let copy = ground.copy();
    let inserted = 20_000;
    let before = cpu_ms(std::process::id());
    plain::insert(&database(&copy.folder), inserted, Utc::now());
    let inserting = (cpu_ms(std::process::id()) - before) * 1_000.0 / inserted as f64;
    drop(copy);
    table.note("all checks: CPU / that of a plain insert", format!("{:.2}", judging / inserting));

    let changed = Settings { ceiling: BasisPoints(11_000), ..now };
    let began = std::time::Instant::now();
    let mut difference = Difference::default();
    for (three, readings) in &pasts {
        difference.add(&history(*three, readings), (&now, &changed), |_, _| None);
    }
    let took = began.elapsed().as_secs_f64();
    table.note(
        format!("rule lab, {} readings under two settings, one core: s", difference.readings),
        format!("{took:.1}"),
    );
}
