//! The search: simulated annealing over ruin and recreate and exchanges of tails, a number of steps long, not a time.
//!
//! Why separate: how long it runs is the caller's. It asks for some steps, looks at the progress, shows it or stops; the same
//! input, seed and budget give the same plan on every machine, however it was cut into pieces.

use super::chance::Chance;
use super::input::PlanInput;
use super::output::{Planned, planned};
use super::problem::{NONE, Problem};
use super::start;
use super::step::Stepper;
use super::tour::Tour;

/// What a stop left out costs: more than any way to it.
const PRICE: i64 = 1 << 32;
/// How the temperature falls: from the first to the first / 2^this.
const HALVINGS: i64 = 7;

/// Exchanges of tails tried in a step.
const TAILS: usize = 48;

/// How far the search is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub budget: u64,
    /// Stops nobody carries yet, in the best plan so far.
    pub left_out: usize,
    /// Metres of way in the best plan so far.
    pub metres: i64,
}

/// A search under way.
pub struct Search {
    input: PlanInput,
    problem: Problem,
    stepper: Stepper,
    tour: Tour,
    cost: i64,
    best: Vec<Vec<u32>>,
    best_cost: i64,
    best_state: (usize, i64),
    chance: Chance,
    done: u64,
    budget: u64,
    hottest: i64,
    yardstick: i64,
}

/// What a change may cost at first, on average: a sixth of a reader's way. Legs are no measure: those within a market are short,
/// and taking the market from one reader to another crosses plans that cost far more.
fn hottest(problem: &Problem, tour: &Tour, is_warm: bool) -> i64 {
    let used = tour.routes.iter().filter(|route| !route.stops.is_empty()).count().max(1) as i64;
    let way = tour.metres() * i64::from(problem.weights.distance.max(1));
    let heat = if is_warm {
        // A plan in force is mended, not made anew: a quarter of a leg.
        way / (problem.stops() as i64 + used) / 4
    } else {
        // Where readers are to be kept, a change of hands must be within reach.
        way / used / 6 + i64::from(problem.weights.continuity).min(way / used / 6)
    };
    heat.max(1)
}

impl Search {
    /// Begins with the plan in force where there is one, and otherwise with the best of last month's rounds and nearest
    /// neighbours.
    #[must_use]
    pub fn new(input: PlanInput, seed: u64, budget: u64) -> Self {
        let problem = Problem::new(&input);
        let mut stepper = Stepper::new(&problem);
        let is_warm = problem.current.iter().any(|turn| *turn != NONE);
        let nearest = start::nearest(&problem);
        let yardstick = nearest.metres();
        let begins = if is_warm {
            vec![start::current(&problem)]
        } else {
            vec![nearest, start::even(&problem), start::last_month(&problem)]
        };
        let mut tour = Tour::new(&problem);
        let mut cost = i64::MAX;
        for mut begin in begins {
            stepper.fill(&problem, &mut begin);
            let its_cost = begin.cost(&problem, PRICE);
            if its_cost < cost {
                (tour, cost) = (begin, its_cost);
            }
        }
        let hottest = hottest(&problem, &tour, is_warm);
        let mut search = Self {
            input,
            problem,
            stepper,
            best: Vec::new(),
            best_cost: i64::MAX,
            best_state: (0, 0),
            tour,
            cost,
            chance: Chance::new(seed),
            done: 0,
            budget,
            hottest,
            yardstick,
        };
        search.keep_best();
        search
    }

    /// Does some steps, and says how far it is. At the end of the budget it does nothing more.
    pub fn run(&mut self, steps: u64) -> Progress {
        let until = self.done.saturating_add(steps).min(self.budget);
        if self.problem.stops() == 0 || self.problem.shifts.is_empty() {
            self.done = until;
        }
        while self.done < until {
            self.step();
            self.done += 1;
        }
        self.progress()
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        let (left_out, metres) = self.best_state;
        Progress { done: self.done, budget: self.budget, left_out, metres }
    }

    /// Whether the budget is used up.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.done >= self.budget
    }

    /// The best plan found so far, with its report.
    #[must_use]
    pub fn planned(&self) -> Planned {
        planned(&self.input, &self.problem, &self.best, self.yardstick)
    }

    fn step(&mut self) {
        for _ in 0..TAILS {
            let limit = self.heat();
            if let Some(change) = self.stepper.swap_tails(&self.problem, &mut self.tour, limit, &mut self.chance) {
                debug_assert_eq!(change, self.tour.change(&self.problem), "an exchange costs what was foretold");
                self.take(change);
            }
        }
        self.stepper.step(&self.problem, &mut self.tour, &mut self.chance);
        let absence = self.tour.absence(&self.problem, PRICE) - self.tour.absence_before(&self.problem, PRICE);
        let change = self.tour.change(&self.problem) + absence;
        if change < self.heat() {
            self.take(change);
        } else {
            self.tour.take_back();
        }
    }

    fn take(&mut self, change: i64) {
        self.cost += change;
        if self.cost < self.best_cost {
            self.keep_best();
        }
    }

    /// What a change may cost this time.
    fn heat(&mut self) -> i64 {
        ((self.temperature() * self.chance.exponential()) >> 16).max(1)
    }

    /// Falls by half over each seventh of the budget, in straight lines.
    fn temperature(&self) -> i64 {
        let way = (i128::from(self.done) * i128::from(HALVINGS) * 65_536 / i128::from(self.budget.max(1))) as i64;
        let (halvings, fraction) = (way >> 16, way & 0xFFFF);
        let heat = (self.hottest << 8) >> halvings;
        (heat - ((heat / 2 * fraction) >> 16)) >> 8
    }

    fn keep_best(&mut self) {
        self.best_cost = self.cost;
        self.best_state = (self.tour.absent.len(), self.tour.metres());
        self.best.resize_with(self.tour.routes.len(), Vec::new);
        for (kept, route) in self.best.iter_mut().zip(&self.tour.routes) {
            kept.clone_from(&route.stops);
        }
    }
}
