//! One step of the search: take some strings of neighbouring stops out of their routes, and put them back better
//! (slack induction by string removals; Christiaens and Vanden Berghe, Transportation Science 54 (2), 2020).
//!
//! Why separate: what is taken out and in which order it returns is all the cleverness there is; whether a step is kept is
//! annealing, and that is `search.rs`.

use super::chance::Chance;
use super::near::Near;
use super::problem::{Problem, metres};
use super::tour::Tour;

/// Stops taken out in a step, on average.
const REMOVED: usize = 10;
/// The longest string taken out of one route.
const LONGEST: usize = 10;
/// Stops left out earlier that are tried again in a step: trying all of them would make a full day slow to plan.
const RETRIED: usize = 5;
/// How often, one in so many, the whole plan is searched for a stop that fits beside none of its neighbours.
const EVERYWHERE: usize = 16;

/// In which order stops return; how often each is drawn.
#[derive(Clone, Copy)]
enum Order {
    Random,
    Heavy,
    Far,
    Close,
    ShortWindow,
    EarlyWindow,
    LateWindow,
}

const ORDERS: [Order; 17] = {
    use Order::{Close, EarlyWindow, Far, Heavy, LateWindow, Random, ShortWindow};
    [
        Random,
        Random,
        Random,
        Random,
        Heavy,
        Heavy,
        Heavy,
        Heavy,
        Far,
        Far,
        Close,
        ShortWindow,
        ShortWindow,
        EarlyWindow,
        EarlyWindow,
        LateWindow,
        LateWindow,
    ]
};

/// What a stop is sorted by.
struct Key {
    load: i32,
    far: i32,
    length: i32,
    opens: i32,
    closes: i32,
}

/// The stops' keys and the lists a step needs.
pub(super) struct Stepper {
    near: Near,
    keys: Vec<Key>,
    todo: Vec<u32>,
}

impl Stepper {
    pub fn new(problem: &Problem) -> Self {
        let key = |stop: usize| {
            let windows = problem.windows(stop);
            let far = problem.classes.iter().filter_map(|class| class.first());
            let far = far.map(|number| metres(problem.shifts[*number as usize].home, problem.spots[stop])).min();
            Key {
                load: i32::try_from(problem.load[stop]).unwrap_or(i32::MAX),
                far: far.unwrap_or(0),
                length: windows.iter().map(|window| window.until - window.from).fold(0, i32::saturating_add),
                opens: windows.first().map_or(0, |window| window.from),
                closes: windows.last().map_or(0, |window| window.until),
            }
        };
        Self { near: Near::new(problem), keys: (0..problem.stops()).map(key).collect(), todo: Vec::new() }
    }

    /// Ruins and rebuilds; the tour remembers what it was.
    pub fn step(&mut self, problem: &Problem, tour: &mut Tour, chance: &mut Chance) {
        tour.begin_step();
        let before = tour.absent.len();
        self.ruin(problem, tour, chance);
        self.recreate(problem, tour, before, chance);
    }

    /// Lets two routes exchange their tails where that costs less than a limit, and says what it costs.
    pub fn swap_tails(&self, problem: &Problem, tour: &mut Tour, limit: i64, chance: &mut Chance) -> Option<i64> {
        let first = chance.below(problem.stops());
        let after = self.near.after(first);
        let (second, _) = after.get(chance.below(after.len()))?;
        let swap = tour.swap_of(problem, first, *second as usize, limit)?;
        tour.begin_step();
        tour.swap_tails(problem, swap);
        Some(swap.change)
    }

    /// Puts in what is left out, wherever it fits.
    pub fn fill(&mut self, problem: &Problem, tour: &mut Tour) {
        self.todo = std::mem::take(&mut tour.absent);
        self.todo.sort_by_key(|stop| (self.keys[*stop as usize].length, *stop));
        for stop in std::mem::take(&mut self.todo) {
            self.put(problem, tour, stop, None);
        }
    }

    fn ruin(&self, problem: &Problem, tour: &mut Tour, chance: &mut Chance) {
        let used = tour.routes.iter().filter(|route| !route.stops.is_empty()).count().max(1);
        let placed = problem.stops() - tour.absent.len();
        let longest = LONGEST.min((placed / used).max(1));
        let strings = 1 + chance.below((4 * REMOVED / (1 + longest)).max(1));
        let seed = chance.below(problem.stops());
        let mut taken = 0;
        for stop in std::iter::once(seed).chain(self.near.many(seed).iter().map(|stop| *stop as usize)) {
            if taken == strings {
                break;
            }
            let Some(number) = tour.route_of(stop).filter(|number| !tour.is_touched(*number)) else { continue };
            take_string(problem, tour, number, tour.position_of(stop), longest, chance);
            taken += 1;
        }
    }

    fn recreate(&mut self, problem: &Problem, tour: &mut Tour, before: usize, chance: &mut Chance) {
        let again = before.min(RETRIED);
        for back in 1..=again {
            let end = before - back + 1;
            let drawn = chance.below(end);
            tour.absent.swap(drawn, end - 1);
        }
        self.todo.clear();
        self.todo.extend(tour.absent.drain(before - again..));
        self.sort(chance);
        tour.find_empties(problem);
        for index in 0..self.todo.len() {
            self.put(problem, tour, self.todo[index], Some(chance));
        }
    }

    fn put(&self, problem: &Problem, tour: &mut Tour, stop: u32, chance: Option<&mut Chance>) {
        let index = stop as usize;
        let place = match chance {
            None => tour.best_place_of_all(problem, index),
            Some(chance) => match tour.best_place(problem, &self.near, index, chance) {
                None if chance.below(EVERYWHERE) == 0 => tour.best_place_of_all(problem, index),
                place => place,
            },
        };
        let Some(place) = place else {
            tour.absent.push(stop);
            return;
        };
        let was_empty = tour.routes[place.number()].stops.is_empty();
        tour.insert(problem, index, place);
        if was_empty {
            tour.find_empties(problem);
        }
    }

    fn sort(&mut self, chance: &mut Chance) {
        for end in (2..=self.todo.len()).rev() {
            self.todo.swap(chance.below(end), end - 1);
        }
        let keys = &self.keys;
        let by = |todo: &mut Vec<u32>, value: fn(&Key) -> i32| todo.sort_by_key(|stop| value(&keys[*stop as usize]));
        match ORDERS[chance.below(ORDERS.len())] {
            Order::Random => {}
            Order::Heavy => by(&mut self.todo, |key| -key.load),
            Order::Far => by(&mut self.todo, |key| -key.far),
            Order::Close => by(&mut self.todo, |key| key.far),
            Order::ShortWindow => by(&mut self.todo, |key| key.length),
            Order::EarlyWindow => by(&mut self.todo, |key| key.opens),
            Order::LateWindow => by(&mut self.todo, |key| -key.closes),
        }
    }
}

/// Takes a string that holds the stop at a position; every other time with a piece in its middle left where it is.
fn take_string(problem: &Problem, tour: &mut Tour, number: usize, at: usize, longest: usize, chance: &mut Chance) {
    let length = tour.routes[number].stops.len();
    let taken = 1 + chance.below(longest.min(length));
    let mut spared = 0;
    if taken > 1 && taken < length && chance.below(2) == 0 {
        spared = 1;
        while taken + spared < length && chance.below(100) == 0 {
            spared += 1;
        }
    }
    let whole = taken + spared;
    let first = (at + 1).saturating_sub(whole);
    let last = at.min(length - whole);
    let from = first + chance.below(last - first + 1);
    let gap = from + 1 + chance.below(taken.saturating_sub(1).max(1));
    tour.remove(problem, number, from, from + whole, gap..gap + spared);
}
