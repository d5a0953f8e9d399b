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
mod events;
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
mod settle;
mod slips;
mod story;
#[cfg(test)]
mod tests;
mod things;
mod trail;

pub use events::{NoAccessCode, Outcome, PastReading, Purchase, Truth, Visit};
pub use fault::Fault;
pub use things::{Area, Building, Meter, Place, Point, Reader, Route};

use meterbook::calendar::Period;
use people::Seat;
use trail::Stop;

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

    fn sort(&mut self) {
        self.history.sort_by_key(|reading| (reading.at, reading.point));
        self.purchases.sort_by_key(|purchase| (purchase.at, purchase.point));
        self.plan.sort_by_key(|visit| (visit.at, visit.reader, visit.point));
        self.truth.sort_by(|one, other| one.meter_number.cmp(&other.meter_number));
    }
}
