//! From a seat to a life: habit, meter, curves, card, fault. Separate because the order matters: what is broken is
//! broken before the customer buys, and what is misread is misread after.

use super::breakage;
use super::dice::{Dice, Purpose};
use super::entry::{self, Entry};
use super::fault::Fault;
use super::lot::Lot;
use super::people::{self, Seat};
use super::series::{Series, Span};
use super::story::Story;
use super::things::Point;
use super::trail::{Door, HISTORY, Trail, months_before};
use chrono::TimeDelta;
use meterbook::calendar::{Instant, Zone};
use meterbook::quantity::Volume;

/// How often a fault is tried on a meter.
const ATTEMPTS: usize = 30;

/// A point, its meter's life, and its fault if one could be planted.
pub struct Life {
    /// The point.
    pub point: Point,
    /// Its meter's life.
    pub story: Story,
    /// The planted fault and what is entered because of it.
    pub planted: Option<(Fault, Entry)>,
}

/// The first reading of the demonstration month.
#[must_use]
pub fn first_open(trail: &Trail) -> Option<Instant> {
    trail.visits.iter().find(|&&(_, door)| door == Door::Open).map(|&(at, _)| at)
}

/// Lives one point's life.
#[must_use]
pub fn live(seed: u64, seat: &Seat<'_>, trail: Trail, series: &Series) -> Life {
    let class = seat.spot.class;
    let steady = !matches!(seat.lot, Lot::Ordinary | Lot::Faulty(Fault::OverAge));
    let mut dice = Dice::new(seed, Purpose::Consumption, seat.point);
    let habit = series.resample(class, steady, &mut dice);
    let mut settling = Dice::new(seed, Purpose::Point, seat.point);
    let mut point = people::settle(seat, series.peak(&habit), habit.heats(), &mut settling);
    let zone = Zone::default();
    let first = months_before(seat.month, HISTORY);
    let start = zone.start_of(point.meter.installed_on) + TimeDelta::hours(18);
    let most_before = point.meter.kind.wrap() * 2 / 5;
    let gas = series.curve(&habit, &Span { start, first, last: seat.month, most_before }, &mut dice);
    let since = start.max(zone.start_of(first.first_day()));
    let opening = if since > start { gas_ahead(&gas, since, dice.between(8, 45)) / 1_000 * 1_000 } else { 0 };
    let pulses = gas.clone();
    let initial = point.meter.initial.litres();
    let kind = point.meter.kind;
    let mut story = Story { kind, initial, gas, pulses, trail, loads: Vec::new(), opening, since };

    if let (Lot::Suspended | Lot::Removed, Some(last)) = (seat.lot, story.last_look()) {
        story.gas = story.gas.bent_after(last, 0);
        story.pulses = story.gas.clone();
    }
    let planted = plant(seed, seat, &mut story);
    if planted.is_none() {
        buy(seed, seat, &mut story);
    }
    point.meter.initial = Volume::from_litres(story.initial);
    Life { point, story, planted }
}

/// Breaks the meter in ways of its fault until one is unmistakable; a meter that resists stays sound.
fn plant(seed: u64, seat: &Seat<'_>, story: &mut Story) -> Option<(Fault, Entry)> {
    let fault = seat.lot.fault()?;
    let now = first_open(&story.trail)?;
    let mut dice = Dice::new(seed, Purpose::Fault, seat.point);
    (0..ATTEMPTS).find_map(|_| {
        let mut broken = story.clone();
        breakage::bend(&mut broken, fault, now, &mut dice);
        buy(seed, seat, &mut broken);
        breakage::astray(&mut broken, fault, now, &mut dice);
        let entry = entry::falsify(&mut broken, fault, now, &mut dice)?;
        *story = broken;
        Some((fault, entry))
    })
}

fn buy(seed: u64, seat: &Seat<'_>, story: &mut Story) {
    if story.kind.card {
        story.buy(seat.month, &mut Dice::new(seed, Purpose::Purchase, seat.point));
    }
}

fn gas_ahead(gas: &super::curve::Curve, from: Instant, days: i64) -> i64 {
    gas.at(from + TimeDelta::days(days)) - gas.at(from)
}
