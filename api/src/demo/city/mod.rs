//! A demonstration city: places, people, meters, 25 months of history, a month of visits, and the truth about every
//! fault in it. Pure: the seed and the month decide every byte. Separate from all that runs, so that a simulator, a test
//! and a document can speak of the same city.
//!
//! Sound meters follow from physics alone, so whatever is found on them is a false alarm; planted faults are searched
//! until only one explanation is left, so whatever isn't found of them was missed.

mod breakage;
mod curve;
mod dice;
mod entry;
pub mod export;
pub mod facts;
mod fault;
mod identities;
mod layout;
mod life;
mod lot;
mod names;
mod people;
mod routes;
mod series;
mod slips;
mod story;
#[cfg(test)]
mod tests;
mod things;
mod trail;

pub use fault::Fault;
pub use things::{
    Area, Building, Meter, NoAccessCode, Outcome, PastReading, Place, Point, Purchase, Reader, Route, Truth, Visit,
};

use dice::{Dice, Purpose};
use life::Life;
use meterbook::calendar::{Instant, Period};
use meterbook::meters::Class;
use meterbook::quantity::Volume;
use meterbook::readings::{Figures, ReadingKind};
use people::Seat;
use story::Story;
use trail::{Door, Stop};

/// How large a city is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// Service points; below about 120 not every kind of fault finds a place.
    pub points: usize,
}

impl Scale {
    /// The city that is shown.
    pub const CITY: Self = Self { points: 3_000 };
    /// The smallest with every kind of fault, for tests.
    pub const SMALL: Self = Self { points: 120 };
}

/// A demonstration city.
#[derive(Clone, Debug)]
pub struct City {
    /// The demonstration month.
    pub month: Period,
    /// Districts, then communities.
    pub areas: Vec<Area>,
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Routes (册).
    pub routes: Vec<Route>,
    /// Readers (抄表员).
    pub readers: Vec<Reader>,
    /// Service points; a point's number is its place in this list.
    pub points: Vec<Point>,
    /// Readings before the demonstration month, in time order.
    pub history: Vec<PastReading>,
    /// Purchases as the sales system has them, in time order, to the end of the demonstration month.
    pub purchases: Vec<Purchase>,
    /// The visits of the demonstration month, in time order.
    pub plan: Vec<Visit>,
    /// What was planted, by meter number.
    pub truth: Vec<Truth>,
}

impl City {
    /// The city of a seed. `month` is the demonstration month; of a quarter, its first month.
    #[must_use]
    pub fn generate(seed: u64, month: Period, scale: Scale) -> Self {
        let month = Period::month_of(month.first_day());
        let layout = layout::lay_out(seed, scale.points);
        let readers = routes::readers(scale.points);
        let routes = routes::cut(&layout, readers.len());
        let lots = lot::draw(seed, &layout);
        let series = series::Series::load();
        let mut city = Self {
            month,
            areas: layout.areas,
            buildings: layout.buildings,
            routes: Vec::new(),
            readers,
            points: Vec::with_capacity(layout.spots.len()),
            history: Vec::new(),
            purchases: Vec::new(),
            plan: Vec::new(),
            truth: Vec::new(),
        };
        for (number, route) in routes.iter().enumerate() {
            for (position, &point) in route.stops.iter().enumerate() {
                let lot = lots[point];
                let stop = Stop { seed, routes: &routes, route: number, position, point, lot, month };
                let seat = Seat { point, spot: &layout.spots[point], route: number, position, lot, month };
                let life = life::live(seed, &seat, trail::follow(&stop), &series);
                city.settle(seed, point, route.reader, life);
            }
        }
        city.routes = routes;
        city.read_neighbours();
        city.sort();
        city
    }

    /// The visits of one reader, in time order.
    pub fn visits_of(&self, reader: usize) -> impl Iterator<Item = &Visit> {
        self.plan.iter().filter(move |visit| visit.reader == reader)
    }

    /// `东城区/锦绣小区`.
    #[must_use]
    pub fn area_path(&self, area: usize) -> String {
        layout::path(&self.areas, area)
    }

    fn settle(&mut self, seed: u64, number: usize, reader: usize, life: Life) {
        let Life { point, story, planted } = life;
        self.remember(number, &story, planted.as_ref().and_then(|(_, entry)| entry.last_index));
        let bought = story.loads.iter().filter(|load| load.in_ledger);
        self.purchases.extend(bought.map(|load| Purchase {
            point: number,
            at: load.at,
            volume: Volume::from_litres(load.litres),
            fen: load.fen(),
        }));
        let mut dice = Dice::new(seed, Purpose::Fault, number + 1_000_000);
        let fault = planted.as_ref().map(|(fault, _)| *fault);
        for &(at, door) in &story.trail.visits {
            let what = match door {
                Door::Shut(code, proof) => Outcome::NoAccess { code, proof },
                Door::Open => {
                    let entered = planted.as_ref().map(|(_, entry)| entry.figures);
                    self.outcome(&point, fault, entered.unwrap_or_else(|| story.figures(at)), &story, at, &mut dice)
                }
            };
            self.plan.push(Visit { reader, point: number, at, what });
        }
        if let Some((rule, entry)) = planted {
            self.truth.push(Truth { meter_number: point.meter.number.clone(), rule, note: entry.note });
        }
        self.points.push(point);
    }

    fn remember(&mut self, point: usize, story: &Story, last_index: Option<Volume>) {
        let past = &story.trail.past;
        for (number, &(at, kind)) in past.iter().enumerate() {
            // An estimate stays behind the truth, so that the next true reading never goes back.
            let known = if kind == ReadingKind::Estimate { at - chrono::TimeDelta::days(1) } else { at };
            let mut figures = story.figures(known);
            if number + 1 == past.len() {
                figures.index = last_index.or(figures.index);
            }
            let note = match kind {
                ReadingKind::Customer => "客户微信报数",
                ReadingKind::Estimate => "到户未遇估抄",
                _ => "",
            };
            self.history.push(PastReading { point, at, kind, figures, note });
        }
    }

    fn outcome(
        &self,
        point: &Point,
        fault: Option<Fault>,
        figures: Figures,
        story: &Story,
        at: Instant,
        dice: &mut Dice,
    ) -> Outcome {
        let scanned = dice.chance(300);
        let seen_number = match fault {
            Some(Fault::ExchangeUnreported) => Some(format!("0099{}", 9_000_000 + self.points.len())),
            _ => scanned.then(|| point.meter.number.clone()),
        };
        let idle = story.last_look().is_some_and(|last| story.index(last) == story.index(at));
        let usual = dice.chance(if point.class == Class::Commercial { 600 } else { 200 });
        // Who has been away for months needs no code; who left now does.
        let left_now =
            story.trail.past.iter().rev().nth(1).is_some_and(|&(before, _)| {
                story.last_look().is_some_and(|last| story.index(before) != story.index(last))
            });
        Outcome::Reading {
            figures,
            seen_number,
            vacancy: fault == Some(Fault::Vacant) && left_now,
            gas_in_use: fault == Some(Fault::Stopped) || (usual && !idle),
        }
    }

    /// Who reads the wrong meter reads the next one of the route, number and all.
    fn read_neighbours(&mut self) {
        let wrong: Vec<String> =
            self.truth.iter().filter(|truth| truth.rule == Fault::WrongMeter).map(|t| t.meter_number.clone()).collect();
        for number in 0..self.points.len() {
            if !wrong.contains(&self.points[number].meter.number) {
                continue;
            }
            let stops = &self.routes[self.points[number].route].stops;
            let own = self.points[number].position - 1;
            let Some(&next) = stops.get(own + 1).or_else(|| stops.get(own.saturating_sub(1))) else { continue };
            let theirs = self.plan.iter().find_map(|visit| match &visit.what {
                Outcome::Reading { figures, .. } if visit.point == next => Some(*figures),
                _ => None,
            });
            let seen = self.points[next].meter.number.clone();
            for visit in self.plan.iter_mut().filter(|visit| visit.point == number) {
                if let Outcome::Reading { figures, seen_number, .. } = &mut visit.what {
                    *figures = theirs.unwrap_or(*figures);
                    *seen_number = Some(seen.clone());
                }
            }
        }
    }

    fn sort(&mut self) {
        self.history.sort_by_key(|reading| (reading.at, reading.point));
        self.purchases.sort_by_key(|purchase| (purchase.at, purchase.point));
        self.plan.sort_by_key(|visit| (visit.at, visit.reader, visit.point));
        self.truth.sort_by(|one, other| one.meter_number.cmp(&other.meter_number));
    }
}
