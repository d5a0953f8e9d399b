//! Training: the company's own history, faults put into it, trees that tell the two apart.
//!
//! Apart from scoring because it is a job: it runs when asked, takes seconds to minutes, and leaves a small model that is
//! kept with its version, its seed and the hash of what it was made from.

use super::booster::{Growth, Lessons, learn};
use super::dice::Dice;
use super::faults::Fault;
use super::features::{Portrait, WIDTH};
use super::history::History;
use super::model::Model;
use super::peers::Peers;
use super::ranking::List;

/// Lessons for each list, gathered meter by meter.
#[derive(Clone, Debug)]
pub struct School {
    seed: u64,
    months: f64,
    season: usize,
    lessons: [Lessons; 4],
}

/// Faulty copies of each history that are tried for each list.
const COPIES: usize = 2;
/// Benign copies.
const BENIGN: usize = 2;
/// A start of a fault has at least this many slots before it.
const BEFORE: usize = 5;
/// … and is at most this many back.
const LONGEST: usize = 9;

impl School {
    /// Nothing learnt yet. `season` periods make a year.
    #[must_use]
    pub fn new(seed: u64, season: usize) -> Self {
        let lessons = std::array::from_fn(|_| Lessons::of_width(WIDTH));
        Self { seed, months: 12.0 / season.max(1) as f64, season, lessons }
    }

    /// From here on, `season` periods make a year.
    pub fn of_season(&mut self, season: usize) {
        self.season = season;
        self.months = 12.0 / season.max(1) as f64;
    }

    /// How many rows have been gathered.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lessons.iter().map(|lessons| lessons.faulty.len()).sum()
    }

    /// Learns from one meter at one period; `part` names the pair, so that order does not matter to chance.
    pub fn take(&mut self, history: &History, peers: &Peers, part: u64) {
        let mut dice = Dice::of(self.seed, part);
        let slots = history.volumes.len();
        if slots <= BEFORE || history.known() < BEFORE {
            return;
        }
        if let Some(portrait) = Portrait::of(history, peers, self.season) {
            for list in List::ALL {
                if list.may_hold(history, &portrait) {
                    self.lessons[list as usize].push(&portrait.row, false, 1.0);
                }
            }
        }
        for _ in 0..BENIGN {
            let fault = benign(&mut dice);
            self.try_copy(history, peers, fault, List::ALL.as_slice(), 0.03, &mut dice);
        }
        for list in List::ALL {
            for _ in 0..COPIES {
                let fault = fault_for(list, &mut dice);
                self.try_copy(history, peers, fault, &[list], 0.04, &mut dice);
            }
        }
    }

    fn try_copy(
        &mut self,
        history: &History,
        peers: &Peers,
        fault: Fault,
        lists: &[List],
        weight: f32,
        dice: &mut Dice,
    ) {
        let slots = history.volumes.len();
        let longest = LONGEST.min(slots - BEFORE);
        let start = slots - 1 - dice.below(longest);
        let copy = fault.put_into(history, start, self.months, dice);
        if let Some(portrait) = Portrait::of(&copy, peers, self.season) {
            for list in lists {
                if list.may_hold(&copy, &portrait) {
                    self.lessons[*list as usize].push(&portrait.row, fault.is_fault(), weight);
                }
            }
        }
    }

    /// Learns.
    #[must_use]
    pub fn learn(&self, growth: Growth) -> Model {
        Model { boosters: std::array::from_fn(|at| learn(&self.lessons[at], growth)) }
    }
}

fn benign(dice: &mut Dice) -> Fault {
    match dice.below(4) {
        0 | 1 => {
            let rest = if dice.chance(0.7) { 0.0 } else { dice.between(0.0, 0.15) };
            Fault::Empty { rest, noted: dice.chance(0.6) }
        }
        2 => Fault::AnotherUse(dice.between(1.2, 2.2)),
        _ => Fault::AnotherUse(dice.between(-1.0, 1.0).exp()),
    }
}

fn fault_for(list: List, dice: &mut Dice) -> Fault {
    match list {
        List::Failed => dice.pick([Fault::Stuck, Fault::Stuck, Fault::Intermittent]),
        List::Slow => dice.pick([
            Fault::Gain(0.5),
            Fault::Gain(0.5),
            Fault::Gain(0.7),
            Fault::Drift(0.03),
            Fault::Bypass,
            Fault::Intermittent,
        ]),
        List::Fast => dice.pick([Fault::Gain(1.2), Fault::Gain(1.5), Fault::Gain(1.5)]),
        List::Jump => {
            Fault::Slip(if dice.chance(0.8) { (dice.between(-0.7, 5.0)).exp() } else { -dice.between(0.2, 1.0) })
        }
    }
}
