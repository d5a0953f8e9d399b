//! Routes, who walks them, and on which day of a month. Separate because history and the demonstration month must
//! follow the same calendar.

use super::dice::{Dice, Purpose};
use super::layout::Layout;
use super::names;
use super::things::{Reader, Route};
use chrono::{Days, TimeDelta};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::meters::Class;

/// A route has 40 to 80 stops; this is what it aims at.
const STOPS: usize = 60;

/// The readers of a city of this size: one for 250 points, at least two.
#[must_use]
pub fn readers(points: usize) -> Vec<Reader> {
    let number = (points / 250).clamp(2, names::READERS.len());
    names::READERS.iter().take(number).map(|&(name, login)| Reader { name, login }).collect()
}

/// Cuts the walking order of each community into routes and deals them out.
#[must_use]
pub fn cut(layout: &Layout, readers: usize) -> Vec<Route> {
    let mut routes: Vec<Route> = Vec::new();
    let mut begin = 0;
    while let Some(first) = layout.spots.get(begin) {
        let size = layout.spots[begin..].iter().take_while(|spot| spot.area == first.area).count();
        let parts = ((size + STOPS / 2) / STOPS).max(1);
        for part in 0..parts {
            let number = routes.iter().filter(|route| route.class == first.class).count() + 1;
            let letter = match first.class {
                Class::Commercial => 1,
                Class::ResidentialOutdoor => 2,
                Class::ResidentialIndoor => 3,
            };
            routes.push(Route {
                code: format!("{letter}{number:03}"),
                class: first.class,
                area: first.area,
                reader: routes.len() % readers.max(1),
                stops: (begin + size * part / parts..begin + size * (part + 1) / parts).collect(),
            });
        }
        begin += size;
    }
    routes
}

/// Whether a route is walked in a month: indoor routes take turns within the quarter.
#[must_use]
pub fn is_due(route: usize, class: Class, month: Period) -> bool {
    class != Class::ResidentialIndoor || (month.key() % 100 - 1) % 3 == (route % 3) as i32
}

/// When a stop is reached: commercial on the 22nd and 23rd, the others on days of their own, never two on one
/// day of a reader, up to two days earlier or later than usual.
#[must_use]
pub fn visit_time(seed: u64, routes: &[Route], route: usize, position: usize, month: Period) -> Instant {
    let own = &routes[route];
    let mut dice = Dice::new(seed, Purpose::Route, (month.key() as usize) * 1_000 + route);
    let half = own.stops.len() / 2;
    let (day, order) = if own.class == Class::Commercial {
        if position < half { (22, position) } else { (23, position - half) }
    } else {
        let earlier =
            routes[..route].iter().filter(|other| other.reader == own.reader && other.class != Class::Commercial);
        let jitter = dice.between(0, 2);
        (3 + (earlier.count() as i64 % 6) * 3 + jitter, position)
    };
    let minutes = 8 * 60 + 30 + order as i64 * 5;
    at(month, day, minutes) + TimeDelta::seconds(dice.between(1, 55) + (order * 37 % 180) as i64)
}

/// A second try, in the last days of the month.
#[must_use]
pub fn second_try(route: usize, position: usize, month: Period) -> Instant {
    let minutes = 9 * 60 + (route % 7) as i64 * 65 + position as i64;
    at(month, 26, minutes) + TimeDelta::seconds(7 + (position * 13 % 50) as i64)
}

/// Local time: a day of the month and minutes after midnight.
#[must_use]
pub fn at(month: Period, day: i64, minutes: i64) -> Instant {
    let day = month.first_day() + Days::new(day.unsigned_abs().saturating_sub(1));
    Zone::default().start_of(day) + TimeDelta::minutes(minutes)
}
