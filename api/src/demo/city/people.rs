//! Who lives where, with which meter. Separate from the layout, which is ground, and from the story, which is gas.

use super::dice::Dice;
use super::facts::{CARD_TYPES, HOME_TYPES, MeterType};
use super::fault::Fault;
use super::layout::Spot;
use super::lot::Lot;
use super::names;
use super::things::{Meter, Point};
use super::trail::months_before;
use chrono::{Datelike, Days, NaiveDate};
use meterbook::calendar::Period;
use meterbook::meters::{Class, InletSide, PointState};
use meterbook::quantity::Volume;

/// Where a point is found in the city.
pub struct Seat<'s> {
    /// Its number.
    pub point: usize,
    /// Its place.
    pub spot: &'s Spot,
    /// Its route.
    pub route: usize,
    /// In the route, from 0.
    pub position: usize,
    /// Its lot.
    pub lot: Lot,
    /// The demonstration month.
    pub month: Period,
}

/// A point with its customer and its meter.
#[must_use]
pub fn settle(seat: &Seat<'_>, peak_litres: i64, heats: bool, dice: &mut Dice) -> Point {
    let Seat { point, spot, lot, .. } = *seat;
    let commercial = spot.class == Class::Commercial;
    let meter = meter(seat, peak_litres, heats, dice);
    let earlier = !is_new(lot) && dice.chance(150);
    let gas_on =
        if earlier { meter.installed_on - Days::new(365 * 8 + dice.below(700) as u64) } else { meter.installed_on };
    let jitter = |dice: &mut Dice| dice.between(-25, 25);
    let mut place = spot.place;
    place.longitude += jitter(dice);
    place.latitude += jitter(dice);
    Point {
        account: format!("{}{:02}{:06}", spot.class as usize + 1, spot.area % 100, point + 1),
        class: spot.class,
        building: spot.building,
        route: seat.route,
        position: seat.position + 1,
        customer: if commercial { names::business(dice) } else { names::person(dice) },
        phone: names::phone(dice),
        address: spot.address.clone(),
        place,
        access_note: names::access_note(dice),
        gas_on,
        state: match lot {
            Lot::Suspended | Lot::Faulty(Fault::UseWhileSuspended) => PointState::Suspended,
            Lot::Removed => PointState::Removed,
            _ => PointState::Active,
        },
        meter,
    }
}

const fn is_new(lot: Lot) -> bool {
    matches!(lot, Lot::NewOn(_) | Lot::Recent(_))
}

fn meter(seat: &Seat<'_>, peak_litres: i64, heats: bool, dice: &mut Dice) -> Meter {
    let commercial = seat.spot.class == Class::Commercial;
    let kind = if commercial { card_for(peak_litres) } else { home_for(heats, dice) };
    let installed_on = installed_on(seat.lot, seat.month, dice);
    let made_on = installed_on - Days::new(dice.below(130) as u64 + 20);
    let year = made_on.year() % 100;
    // A prime modulus keeps the numbers apart and out of order.
    let serial = (seat.point * 7_919 + 104_729) % 1_000_003;
    let initial = match (commercial, is_new(seat.lot)) {
        (true, _) => dice.between(5, 60),
        (false, true) => dice.between(0, 3),
        (false, false) => dice.between(0, 9),
    };
    Meter {
        number: if commercial { format!("0{year:02}8{serial:07}") } else { format!("00{year:02}{serial:07}") },
        kind,
        inlet: if dice.chance(600) { InletSide::Left } else { InletSide::Right },
        made_on,
        installed_on,
        initial: Volume::from_m3(initial),
    }
}

/// The smallest meter whose Qmax, a fifth of the time, carries the largest month.
fn card_for(peak_litres: i64) -> &'static MeterType {
    let [.., largest] = &CARD_TYPES;
    CARD_TYPES.iter().find(|kind| kind.qmax * 720 / 5 >= peak_litres).unwrap_or(largest)
}

fn home_for(heats: bool, dice: &mut Dice) -> &'static MeterType {
    let [small, usual, large] = &HOME_TYPES;
    match dice.below(10) {
        0..2 if !heats => small,
        0..7 => usual,
        _ if heats => large,
        _ => usual,
    }
}

fn installed_on(lot: Lot, month: Period, dice: &mut Dice) -> NaiveDate {
    let first = month.first_day();
    match lot {
        Lot::NewOn(day) => first + Days::new(u64::from(day) - 1),
        Lot::Recent(months) => months_before(month, months).first_day() + Days::new(1),
        Lot::Faulty(Fault::OverAge) => first - Days::new(3_830 + dice.below(1_000) as u64),
        _ => first - Days::new(830 + dice.below(2_500) as u64),
    }
}
