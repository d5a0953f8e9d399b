//! What a demonstration city must be.

use super::identities::{Interval, Triple};
use super::*;
use meterbook::calendar::Instant;
use meterbook::meters::Class;
use meterbook::meters::PointState;
use meterbook::readings::{Figures, ReadingKind};
use std::collections::{BTreeMap, BTreeSet};

const MONTH: Period = Period::Month { year: 2026, month: 3 };

fn texts(city: &City) -> [String; 5] {
    [export::register(city), export::purchases(city), export::history(city), export::plan(city), export::truth(city)]
}

fn triple(figures: &Figures) -> Triple {
    [figures.index.unwrap().litres(), figures.cumulative.unwrap().litres(), figures.balance.unwrap()]
}

fn faulty(city: &City) -> BTreeMap<&str, Fault> {
    city.truth.iter().map(|truth| (truth.meter_number.as_str(), truth.rule)).collect()
}

/// Each point's figures in time order: history, then the demonstration month.
fn trails(city: &City) -> Vec<Vec<(Instant, Figures)>> {
    let mut trails = vec![Vec::new(); city.points.len()];
    for reading in &city.history {
        trails[reading.point].push((reading.at, reading.figures));
    }
    for visit in &city.plan {
        if let Outcome::Reading { figures, .. } = &visit.what {
            trails[visit.point].push((visit.at, *figures));
        }
    }
    trails
}

fn bought(city: &City, point: usize, from: Instant, to: Instant) -> i64 {
    let between = city.purchases.iter().filter(|one| one.point == point && one.at >= from && one.at < to);
    between.map(|purchase| purchase.volume.litres()).sum()
}

#[test]
fn the_same_seed_makes_the_same_city() {
    let one = texts(&City::generate(7, MONTH, Scale::SMALL));
    assert_eq!(one, texts(&City::generate(7, MONTH, Scale::SMALL)));
    let other = texts(&City::generate(8, MONTH, Scale::SMALL));
    assert!(one.iter().zip(&other).all(|(one, other)| one != other));
}

#[test]
fn every_kind_of_fault_is_planted_twice_on_meters_of_its_own() {
    for (seed, scale) in [(1, Scale::SMALL), (2, Scale::SMALL), (3, Scale::SMALL), (2026, Scale::CITY)] {
        let city = City::generate(seed, MONTH, scale);
        for fault in Fault::ALL {
            let number = city.truth.iter().filter(|truth| truth.rule == fault).count();
            assert!(number >= 2, "seed {seed}: {number} of {}", fault.code());
        }
        assert_eq!(faulty(&city).len(), city.truth.len(), "a meter has one fault");
    }
}

#[test]
fn sound_meters_obey_physics() {
    let city = City::generate(2026, MONTH, Scale::CITY);
    let faulty = faulty(&city);
    for (number, trail) in trails(&city).iter().enumerate() {
        let point = &city.points[number];
        if faulty.get(point.meter.number.as_str()).is_some_and(|fault| *fault != Fault::OverAge) {
            continue;
        }
        for pair in trail.windows(2) {
            let [(before, last), (at, new)] = pair else { continue };
            let increment = (new.index.unwrap() - last.index.unwrap()).litres();
            let hours = (*at - *before).num_hours();
            assert!((1_000..=point.meter.kind.qmax * hours / 2).contains(&increment), "{}: {increment}", point.account);
            if point.class == Class::Commercial {
                let bought = bought(&city, number, *before, *at);
                let interval = Interval { last: triple(last), new: triple(new), bought };
                assert!(interval.holds(), "{} {interval:?}", point.account);
            }
        }
    }
}

#[test]
fn cards_are_never_overdrawn() {
    let city = City::generate(5, MONTH, Scale::CITY);
    let readings = city.history.iter().filter_map(|reading| reading.figures.balance);
    assert!(readings.into_iter().all(|balance| balance >= 0));
}

#[test]
fn classes_have_their_shares() {
    let city = City::generate(2026, MONTH, Scale::CITY);
    let share = |class| city.points.iter().filter(|point| point.class == class).count() * 100 / city.points.len();
    assert_eq!(city.points.len(), 3_000);
    assert!((7..=9).contains(&share(Class::Commercial)));
    assert!((33..=37).contains(&share(Class::ResidentialOutdoor)));
    assert!((54..=60).contains(&share(Class::ResidentialIndoor)));
    assert_eq!(city.readers.len(), 12);
    assert!(city.routes.iter().all(|route| (40..=80).contains(&route.stops.len())));
    let numbers: BTreeSet<_> = city.points.iter().map(|point| &point.meter.number).collect();
    assert_eq!(numbers.len(), 3_000);
}

#[test]
fn one_target_is_met_and_one_is_missed() {
    for seed in 0..5 {
        let city = City::generate(seed, MONTH, Scale::CITY);
        let quarter = Period::quarter_of(MONTH.first_day());
        let zone = meterbook::calendar::Zone::default();
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        for visit in city.plan.iter().filter(|visit| matches!(visit.what, Outcome::Reading { .. })) {
            seen.insert(visit.point);
        }
        for reading in city.history.iter().filter(|reading| {
            reading.kind == ReadingKind::Field
                && quarter.contains(reading.at, zone)
                && city.points[reading.point].class == Class::ResidentialIndoor
        }) {
            seen.insert(reading.point);
        }
        let rate = |class| {
            let due: Vec<usize> = (0..city.points.len())
                .filter(|&number| {
                    let point = &city.points[number];
                    point.class == class && point.state == PointState::Active && point.gas_on < MONTH.first_day()
                })
                .collect();
            due.iter().filter(|number| seen.contains(number)).count() * 10_000 / due.len()
        };
        assert!((9_850..10_000).contains(&rate(Class::Commercial)), "{}", rate(Class::Commercial));
        assert!((9_800..9_950).contains(&rate(Class::ResidentialOutdoor)), "{}", rate(Class::ResidentialOutdoor));
        let indoor = rate(Class::ResidentialIndoor);
        assert!((6_500..7_900).contains(&indoor), "{indoor}");
    }
}

#[test]
fn every_table_parses_with_its_columns() {
    let city = City::generate(3, MONTH, Scale::SMALL);
    for (text, columns) in texts(&city).iter().zip([20, 5, 7, 10, 3]) {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap().len(), columns);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(rows.len() >= 20 && rows.iter().all(|row| row.len() == columns));
    }
    let register = export::register(&city);
    let mut reader = csv::Reader::from_reader(register.as_bytes());
    assert!(reader.records().all(|row| row.unwrap()[8].starts_with('0')), "meter numbers keep their zeros");
}

#[test]
fn a_reader_is_in_one_place_at_a_time_and_commercial_visits_keep_their_days() {
    let city = City::generate(2026, MONTH, Scale::CITY);
    let zone = meterbook::calendar::Zone::default();
    for reader in 0..city.readers.len() {
        let visits: Vec<_> = city.visits_of(reader).collect();
        assert!(!visits.is_empty());
        for pair in visits.windows(2) {
            assert!(pair[0].at < pair[1].at, "{} {}", pair[0].at, pair[1].at);
        }
    }
    let commercial: Vec<_> =
        city.plan.iter().filter(|visit| city.points[visit.point].class == Class::Commercial).collect();
    let window = MONTH.first_day() + chrono::Days::new(21)..MONTH.first_day() + chrono::Days::new(23);
    let kept = commercial.iter().filter(|visit| window.contains(&zone.day(visit.at))).count();
    assert!(kept * 100 / commercial.len() >= 90);
    assert!(city.plan.iter().all(|visit| MONTH.contains(visit.at, zone)));
}
