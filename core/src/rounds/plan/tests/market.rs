//! A market of 24 shops and two readers: what the acceptance tests plan, in metres and seconds.

use super::{HOUR, plan};
use crate::id::{AccountId, PointId};
use crate::place::{Coordinates, Datum, Spot};
use crate::rounds::plan::{PlanInput, PlanReader, PlanStop, Span, Weights};

const SHOPS: i64 = 24;

/// Shops on a grid, six in a row, both readers at home in the middle of it, and nobody read there last month.
fn market() -> PlanInput {
    let corner = Coordinates { lat_micro: 39_900_000, lng_micro: 116_390_000, datum: Datum::Wgs84 };
    let place = |n: i64| {
        let lat_micro = corner.lat_micro + n / 6 * 4_000;
        let lng_micro = corner.lng_micro + n % 6 * 4_000;
        let spot = Coordinates { lat_micro, lng_micro, ..corner }.metres_from(corner);
        // Roads are longer than straight lines.
        Spot { east: spot.east * 130 / 100, north: spot.north * 130 / 100 }
    };
    let middle = |of: fn(Spot) -> i32| ((0..SHOPS).map(|n| i64::from(of(place(n)))).sum::<i64>() / SHOPS) as i32;
    let home = Spot { east: middle(|spot| spot.east), north: middle(|spot| spot.north) };
    let hours = |day: i32| Some(Span { from: (day * 24 + 8) * HOUR, until: (day * 48 + 35) * HOUR / 2 });
    let reader = |number: i64| PlanReader {
        reader: AccountId(number),
        home,
        has: vec![],
        hours: vec![hours(0), hours(1)],
        capacity: 120,
    };
    let stop = |n: i64| PlanStop { service: 480, ..PlanStop::simple(PointId(n + 1), place(n)) };
    PlanInput {
        days: 2,
        stops: (0..SHOPS).map(stop).collect(),
        readers: vec![reader(1), reader(2)],
        seconds_per_km: 240,
        now: 0,
        weights: Weights::default(),
    }
}

#[test]
fn a_few_shops_are_read_on_no_longer_a_way_than_nearest_neighbours() {
    for seed in 1..=9 {
        let report = plan(&market(), seed, 2_000).report;
        assert_eq!((report.planned, report.unassigned.len()), (24, 0));
        assert!(report.metres <= report.nearest_metres, "{} of {}", report.metres, report.nearest_metres);
    }
}
