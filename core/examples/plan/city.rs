//! A made-up city: streets and markets full of shops, readers who live among them, and last month's rounds.

use meterbook::id::{AccountId, PointId};
use meterbook::place::Spot;
use meterbook::rounds::plan::{Need, PlanInput, PlanReader, PlanStop, Span, Weights};

/// Throws from a seed (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    /// From 0 up to but not including `end`.
    pub fn below(&mut self, end: i32) -> i32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % u64::from(end.max(1).unsigned_abs())) as i32
    }

    /// So many times of a hundred.
    pub fn percent(&mut self, chance: i32) -> bool {
        self.below(100) < chance
    }

    /// Around 0, nearly normal.
    fn bell(&mut self, spread: i32) -> i32 {
        (0..6).map(|_| self.below(2 * spread) - spread).sum::<i32>() / 3
    }
}

/// How large a city.
#[derive(Clone, Copy)]
pub struct Size {
    pub stops: u32,
    pub readers: u32,
    pub days: u16,
}

const HOUR: i32 = 3_600;
const DAY: i32 = 24 * HOUR;

/// The city of a seed: 20 km across for 5,000 stops, as dense when smaller.
pub fn city(seed: u64, size: Size) -> PlanInput {
    let mut dice = Dice(seed);
    let edge = (20_000 * f64::from(size.stops).sqrt() as i32 / 71).max(1_000);
    let markets: Vec<Spot> = (0..size.stops / 60 + 1).map(|_| anywhere(&mut dice, edge)).collect();
    let mut stops: Vec<PlanStop> =
        (0..size.stops).map(|number| shop(&mut dice, number, edge, &markets, size)).collect();
    let readers: Vec<PlanReader> = (0..size.readers).map(|number| reader(&mut dice, number, edge, size)).collect();
    let all: Vec<usize> = (0..stops.len()).collect();
    let mut homes: Vec<(AccountId, Spot)> = readers.iter().map(|reader| (reader.reader, reader.home)).collect();
    give_districts(&mut stops, all, &mut homes, true);
    for stop in &mut stops {
        // Someone else helped out, or has left since.
        if dice.percent(8) {
            stop.last_reader = Some(AccountId(i64::from(dice.below(size.readers as i32 + 3)) + 1));
        }
    }
    PlanInput { days: size.days, stops, readers, seconds_per_km: 240, now: 0, weights: Weights::default() }
}

fn anywhere(dice: &mut Dice, edge: i32) -> Spot {
    Spot { east: dice.below(edge), north: dice.below(edge) }
}

fn shop(dice: &mut Dice, number: u32, edge: i32, markets: &[Spot], size: Size) -> PlanStop {
    let place = if dice.percent(70) {
        let market = markets[dice.below(markets.len() as i32) as usize];
        Spot { east: market.east + dice.bell(400), north: market.north + dice.bell(400) }
    } else {
        anywhere(dice, edge)
    };
    let hours: &[(i32, i32)] = match dice.below(10) {
        0..=4 => &[],
        5 | 6 => &[(9 * 60, 12 * 60), (14 * 60, 18 * 60)],
        7 | 8 => &[(10 * 60, 14 * 60), (16 * 60 + 30, 21 * 60)],
        _ => &[(8 * 60, 12 * 60)],
    };
    let of_day = |day: u16| {
        let midnight = i32::from(day) * DAY;
        hours.iter().map(move |(from, until)| Span { from: midnight + from * 60, until: midnight + until * 60 })
    };
    let mut stop = PlanStop::simple(PointId(i64::from(number) + 1), place);
    stop.service = 240 + 60 * dice.below(8);
    stop.opening = (0..size.days).flat_map(of_day).collect();
    if dice.percent(2) {
        let from = dice.below(i32::from(size.days)) * DAY + (10 + dice.below(6)) * HOUR;
        stop.opening = Vec::new();
        stop.agreed = vec![Span { from, until: from + HOUR }];
    }
    if dice.percent(3) {
        stop.needs = vec![Need(dice.below(3) as u32)];
    }
    stop
}

fn reader(dice: &mut Dice, number: u32, edge: i32, size: Size) -> PlanReader {
    let hours = |day: u16| {
        let midnight = i32::from(day) * DAY;
        let is_absent = number % 30 == 7 && day == 0;
        (!is_absent).then_some(Span { from: midnight + 8 * HOUR, until: midnight + 17 * HOUR + HOUR / 2 })
    };
    PlanReader {
        reader: AccountId(i64::from(number) + 1),
        home: anywhere(dice, edge),
        has: vec![Need(number % 3)],
        hours: (0..size.days).map(hours).collect(),
        capacity: 80,
    }
}

/// Last month's districts: the city cut in two again and again, each half with the readers who live nearest.
fn give_districts(stops: &mut [PlanStop], mut own: Vec<usize>, homes: &mut [(AccountId, Spot)], is_wide: bool) {
    if homes.len() <= 1 {
        for index in own {
            stops[index].last_reader = homes.first().map(|(reader, _)| *reader);
        }
        return;
    }
    let along = |spot: Spot| if is_wide { (spot.east, spot.north) } else { (spot.north, spot.east) };
    homes.sort_by_key(|(_, home)| along(*home));
    own.sort_by_key(|index| along(stops[*index].place.unwrap_or(Spot { east: 0, north: 0 })));
    let half = homes.len() / 2;
    let rest = own.split_off(own.len() * half / homes.len());
    let (here, there) = homes.split_at_mut(half);
    give_districts(stops, own, here, !is_wide);
    give_districts(stops, rest, there, !is_wide);
}
