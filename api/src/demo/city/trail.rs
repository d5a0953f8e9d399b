//! When each point was looked at: 25 months of history and the demonstration month. Separate because access is a matter
//! of doors, not of gas.

use super::dice::{Dice, Purpose};
use super::events::NoAccessCode;
use super::fault::Fault;
use super::lot::Lot;
use super::routes;
use super::things::Route;
use meterbook::calendar::{Instant, Period};
use meterbook::meters::Class;
use meterbook::readings::ReadingKind;

/// Months of history before the demonstration month.
pub const HISTORY: u32 = 25;

/// What a door does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// It opens, and the meter is read.
    Open,
    /// It doesn't.
    Shut(NoAccessCode, bool),
}

/// Every look at one point.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// Before the demonstration month.
    pub past: Vec<(Instant, ReadingKind)>,
    /// In the demonstration month.
    pub visits: Vec<(Instant, Door)>,
}

/// Where a point stands in its route, and what is special about it.
pub struct Stop<'r> {
    /// The seed of the city.
    pub seed: u64,
    /// All routes.
    pub routes: &'r [Route],
    /// Its own.
    pub route: usize,
    /// From 0.
    pub position: usize,
    /// The point.
    pub point: usize,
    /// Its lot.
    pub lot: Lot,
    /// The demonstration month.
    pub month: Period,
}

/// The month `back` months before.
#[must_use]
pub fn months_before(month: Period, back: u32) -> Period {
    (0..back).fold(month, |month, _| month.previous())
}

/// A whole point's trail.
#[must_use]
pub fn follow(stop: &Stop<'_>) -> Trail {
    let class = stop.routes[stop.route].class;
    let mut dice = Dice::new(stop.seed, Purpose::Access, stop.point);
    let hard = dice.chance(40);
    let mut trail = Trail::default();
    let mut seen_this_quarter = false;
    for back in (0..=HISTORY).rev() {
        let month = months_before(stop.month, back);
        if (month.key() % 100 - 1) % 3 == 0 {
            seen_this_quarter = false;
        }
        if !stop.is_served(back) {
            continue;
        }
        let looks = match class {
            Class::ResidentialIndoor => indoor_looks(stop, month, seen_this_quarter, hard, &mut dice),
            _ => monthly_looks(stop, class, month, back, &mut dice),
        };
        seen_this_quarter |= looks.iter().any(|&(_, door)| door == Door::Open);
        if back == 0 {
            trail.visits = looks;
        } else if let Some(&(at, _)) = looks.iter().find(|&&(_, door)| door == Door::Open) {
            trail.past.push((at, ReadingKind::Field));
        } else {
            trail.past.extend(stand_in(stop, class, month, back, seen_this_quarter, &mut dice));
        }
    }
    trail
}

impl Stop<'_> {
    /// Whether a reader has reason to come, `back` months before the demonstration month.
    fn is_served(&self, back: u32) -> bool {
        match self.lot {
            Lot::NewOn(day) => back == 0 && day < 20,
            Lot::Recent(months) => back <= months,
            Lot::Suspended => back >= 3,
            Lot::Removed => back >= 5,
            Lot::Unattempted => back > 0,
            Lot::Faulty(Fault::UseWhileSuspended) => back == 0 || back >= 4,
            _ => true,
        }
    }

    fn regular(&self, month: Period) -> Instant {
        match self.lot {
            // The route may be walked before the gas is on.
            Lot::NewOn(day) => routes::at(month, i64::from(day) + 14, 10 * 60 + 20),
            _ => routes::visit_time(self.seed, self.routes, self.route, self.position, month),
        }
    }
}

fn shut(dice: &mut Dice) -> Door {
    let code = match dice.below(100) {
        0..55 => NoAccessCode::NobodyHome,
        55..88 => NoAccessCode::Locked,
        88..94 => NoAccessCode::Refused,
        94..97 => NoAccessCode::Unsafe,
        _ => NoAccessCode::Other,
    };
    Door::Shut(code, dice.chance(860))
}

fn monthly_looks(stop: &Stop<'_>, class: Class, month: Period, back: u32, dice: &mut Dice) -> Vec<(Instant, Door)> {
    let regular = stop.regular(month);
    if stop.lot == Lot::NoAccess && back == 0 {
        return vec![(regular, shut(dice)), (routes::second_try(stop.route, stop.position, month), shut(dice))];
    }
    let ordinary = stop.lot == Lot::Ordinary;
    let commercial = class == Class::Commercial;
    if back > 0 && ordinary && dice.chance(if commercial { 4 } else { 20 }) {
        return vec![];
    }
    if back == 0 && ordinary && dice.chance(25) {
        return vec![(regular, shut(dice)), (routes::second_try(stop.route, stop.position, month), Door::Open)];
    }
    if commercial && ordinary && dice.chance(25) {
        // Off schedule, still seen.
        let minutes = 15 * 60 + stop.position as i64 * 2;
        return vec![(routes::at(month, [20, 21, 24, 25][dice.below(4)], minutes), Door::Open)];
    }
    vec![(regular, Door::Open)]
}

fn indoor_looks(stop: &Stop<'_>, month: Period, seen: bool, hard: bool, dice: &mut Dice) -> Vec<(Instant, Door)> {
    let [first, again] = if hard { [80, 40] } else { [650, 250] };
    let second = routes::second_try(stop.route, stop.position, month);
    let due = routes::is_due(stop.route, Class::ResidentialIndoor, month);
    let turn = (month.key() % 100 - 1) % 3;
    if stop.lot != Lot::Ordinary && due {
        return vec![(stop.regular(month), Door::Open)];
    }
    if due {
        if dice.chance(first) {
            return vec![(stop.regular(month), Door::Open)];
        }
        let mut looks = vec![(stop.regular(month), shut(dice))];
        if dice.chance(350) {
            looks.push((second, if dice.chance(again) { Door::Open } else { shut(dice) }));
        }
        return looks;
    }
    // Due earlier in the quarter and not seen yet.
    if (stop.route % 3) as i32 >= turn || seen || !dice.chance(400) {
        return vec![];
    }
    vec![(second, if dice.chance(again) { Door::Open } else { shut(dice) })]
}

/// What stands in for a reading nobody made: a customer's word, or an old estimate.
fn stand_in(
    stop: &Stop<'_>,
    class: Class,
    month: Period,
    back: u32,
    seen: bool,
    dice: &mut Dice,
) -> Option<(Instant, ReadingKind)> {
    let last_of_quarter = month.key() % 100 % 3 == 0;
    match class {
        Class::ResidentialIndoor if last_of_quarter && !seen && dice.chance(150) => {
            Some((routes::at(month, 28, 19 * 60 + stop.position as i64), ReadingKind::Customer))
        }
        Class::ResidentialOutdoor if back > 12 && stop.lot == Lot::Ordinary && dice.chance(400) => {
            Some((routes::at(month, 27, 17 * 60), ReadingKind::Estimate))
        }
        _ => None,
    }
}
