//! The rounds while they are being searched: who goes where in which order, and what that costs.
//!
//! Why separate: one place keeps orders, times and costs in step; whoever ruins and rebuilds asks only for removals and
//! insertions. Times are kept in both directions (the earliest begin, the latest arrival that still lets the rest follow), so
//! that whether a stop fits between two others is one look at each.

mod places;
mod tails;

use super::problem::{NONE, Problem, metres};

/// A stop in a route.
#[derive(Clone, Copy)]
struct Visit {
    route: u32,
    at: u32,
    /// The earliest begin.
    begin: i32,
    /// The latest arrival after which the rest of the route is still in time.
    latest: i32,
    /// Metres from the stop before.
    leg: i32,
}

const NOWHERE: Visit = Visit { route: NONE, at: 0, begin: 0, latest: 0, leg: 0 };

/// One turn's stops.
#[derive(Clone, Default)]
pub(super) struct Route {
    pub stops: Vec<u32>,
    home_leg: i32,
    metres: i64,
    service: i64,
    load: u64,
    preference: i64,
}

/// Where a stop can be put, and what it costs more.
#[derive(Clone, Copy)]
pub(super) struct Place {
    route: u32,
    at: u32,
    /// Metres from the stop before and to the stop after.
    legs: (i32, i32),
    pub cost: i64,
}

impl Place {
    pub const fn number(&self) -> usize {
        self.route as usize
    }
}

/// A route before a step touched it.
struct Kept {
    number: u32,
    route: Route,
    visits: Vec<Visit>,
}

/// All routes.
pub(super) struct Tour {
    pub routes: Vec<Route>,
    visits: Vec<Visit>,
    /// Stops in no route.
    pub absent: Vec<u32>,
    kept: Vec<Kept>,
    kept_absent: Vec<u32>,
    spare: Vec<Kept>,
    touched: Vec<bool>,
    /// For each class of shifts, the first that is empty.
    empties: Vec<u32>,
}

impl Tour {
    pub fn new(problem: &Problem) -> Self {
        let mut tour = Self {
            routes: vec![Route::default(); problem.shifts.len()],
            visits: vec![NOWHERE; problem.stops()],
            absent: (0..problem.stops() as u32).collect(),
            kept: Vec::new(),
            kept_absent: Vec::new(),
            spare: Vec::new(),
            touched: vec![false; problem.shifts.len()],
            empties: Vec::new(),
        };
        for (route, shift) in tour.routes.iter_mut().zip(&problem.shifts) {
            // A day without a stop is spent at home, unless one is out already.
            route.home_leg = metres(shift.start, shift.home);
            route.metres = i64::from(route.home_leg);
        }
        tour.find_empties(problem);
        tour
    }

    /// The whole cost: the way, uneven days, unwanted changes, and what is left out at this price each.
    pub fn cost(&self, problem: &Problem, price: i64) -> i64 {
        let routes: i64 = (0..self.routes.len()).map(|number| self.route_cost(problem, number)).sum();
        routes + self.absence(problem, price)
    }

    pub fn absence(&self, problem: &Problem, price: i64) -> i64 {
        self.absent.iter().map(|stop| problem.left_out[*stop as usize] * price).sum()
    }

    fn route_cost(&self, problem: &Problem, number: usize) -> i64 {
        let route = &self.routes[number];
        route.metres * i64::from(problem.weights.distance)
            + problem.balance(number, route.service, route.metres)
            + route.preference
    }

    pub fn metres(&self) -> i64 {
        self.routes.iter().map(|route| route.metres).sum()
    }

    /// What was left out when the step began, at this price each.
    pub fn absence_before(&self, problem: &Problem, price: i64) -> i64 {
        self.kept_absent.iter().map(|stop| problem.left_out[*stop as usize] * price).sum()
    }

    pub fn is_touched(&self, number: usize) -> bool {
        self.touched[number]
    }

    pub fn route_of(&self, stop: usize) -> Option<usize> {
        let route = self.visits[stop].route;
        (route != NONE).then_some(route as usize)
    }

    pub fn position_of(&self, stop: usize) -> usize {
        self.visits[stop].at as usize
    }

    /// Where a reader stands and from when, at the end of a route as it is.
    pub fn tail(&self, problem: &Problem, number: usize) -> (crate::place::Spot, i32) {
        let shift = &problem.shifts[number];
        match self.routes[number].stops.last() {
            None => (shift.start, shift.from),
            Some(last) => {
                let last = *last as usize;
                (problem.spots[last], self.visits[last].begin + problem.service[last])
            }
        }
    }

    /// Whether a stop can be appended to a route, and when it would begin.
    pub fn may_append(&self, problem: &Problem, stop: usize, number: usize) -> Option<i32> {
        let shift = &problem.shifts[number];
        let (spot, free) = self.tail(problem, number);
        if !self.has_room(problem, stop, number) {
            return None;
        }
        let begin = problem.earliest(stop, free + problem.seconds(metres(spot, problem.spots[stop])))?;
        let back = problem.seconds(metres(problem.spots[stop], shift.home));
        (begin + problem.service[stop] + back <= shift.until).then_some(begin)
    }

    /// Appends a stop that [`may_append`](Self::may_append); it must not be absent any more when the caller is done.
    pub fn append(&mut self, problem: &Problem, stop: usize, number: usize) {
        let shift = &problem.shifts[number];
        let (spot, _) = self.tail(problem, number);
        let legs = (metres(spot, problem.spots[stop]), metres(problem.spots[stop], shift.home));
        let at = self.routes[number].stops.len() as u32;
        self.insert(problem, stop, Place { route: number as u32, at, legs, cost: 0 });
    }

    // undo -------------------------------------------------------------------------------------------------------------

    /// Begins a step: from here on [`take_back`](Self::take_back) leads back.
    pub fn begin_step(&mut self) {
        for kept in self.kept.drain(..) {
            self.touched[kept.number as usize] = false;
            self.spare.push(kept);
        }
        self.kept_absent.clone_from(&self.absent);
    }

    /// What the touched routes cost before and cost now.
    pub fn change(&self, problem: &Problem) -> i64 {
        let before = |kept: &Kept| {
            kept.route.metres * i64::from(problem.weights.distance)
                + problem.balance(kept.number as usize, kept.route.service, kept.route.metres)
                + kept.route.preference
        };
        self.kept.iter().map(|kept| self.route_cost(problem, kept.number as usize) - before(kept)).sum()
    }

    /// Undoes the step.
    pub fn take_back(&mut self) {
        std::mem::swap(&mut self.absent, &mut self.kept_absent);
        for stop in &self.absent {
            self.visits[*stop as usize] = NOWHERE;
        }
        for kept in &mut self.kept {
            std::mem::swap(&mut self.routes[kept.number as usize], &mut kept.route);
            for (stop, visit) in self.routes[kept.number as usize].stops.iter().zip(&kept.visits) {
                self.visits[*stop as usize] = *visit;
            }
        }
    }

    fn keep(&mut self, number: usize) {
        if self.touched[number] {
            return;
        }
        self.touched[number] = true;
        let mut kept =
            self.spare.pop().unwrap_or_else(|| Kept { number: 0, route: Route::default(), visits: Vec::new() });
        kept.number = number as u32;
        kept.route.clone_from(&self.routes[number]);
        kept.visits.clear();
        kept.visits.extend(self.routes[number].stops.iter().map(|stop| self.visits[*stop as usize]));
        self.kept.push(kept);
    }

    // changes -----------------------------------------------------------------------------------------------------------

    /// Takes stops out of a route: those at `from..until`, except the `spared` ones after the first `before`.
    pub fn remove(
        &mut self,
        problem: &Problem,
        number: usize,
        from: usize,
        until: usize,
        spared: std::ops::Range<usize>,
    ) {
        self.keep(number);
        let Self { routes, visits, absent, .. } = self;
        let route = &mut routes[number];
        let reached = route.stops[from..].iter().take(until + 1 - from);
        let mut before: i64 = reached.map(|stop| i64::from(visits[*stop as usize].leg)).sum();
        if until == route.stops.len() {
            before += i64::from(route.home_leg);
        }
        let (mut stops, mut at) = (std::mem::take(&mut route.stops), 0);
        stops.retain(|stop| {
            let is_out = (from..until).contains(&at) && !spared.contains(&at);
            at += 1;
            if is_out {
                let index = *stop as usize;
                absent.push(*stop);
                visits[index] = NOWHERE;
                route.service -= i64::from(problem.service[index]);
                route.load -= u64::from(problem.load[index]);
                route.preference -= problem.preference(index, number);
            }
            !is_out
        });
        route.stops = stops;
        let until = from + spared.len();
        let after = self.measure(problem, number, from, until);
        self.routes[number].metres += after - before;
        self.time(problem, number, from, until);
    }

    /// Puts a stop in; taking it off the absent ones is the caller's.
    pub fn insert(&mut self, problem: &Problem, stop: usize, place: Place) {
        let number = place.route as usize;
        self.keep(number);
        let at = place.at as usize;
        let route = &mut self.routes[number];
        route.stops.insert(at, stop as u32);
        self.visits[stop].leg = place.legs.0;
        let onward = match route.stops.get(at + 1) {
            Some(next) => &mut self.visits[*next as usize].leg,
            None => &mut route.home_leg,
        };
        route.metres += i64::from(place.legs.0) + i64::from(place.legs.1) - i64::from(*onward);
        *onward = place.legs.1;
        route.service += i64::from(problem.service[stop]);
        route.load += u64::from(problem.load[stop]);
        route.preference += problem.preference(stop, number);
        self.time(problem, number, at, at + 1);
    }

    /// Measures the legs to the stops at `from..=until`, or home, and gives their sum.
    fn measure(&mut self, problem: &Problem, number: usize, from: usize, until: usize) -> i64 {
        let (shift, route) = (&problem.shifts[number], &mut self.routes[number]);
        let mut spot = match from.checked_sub(1).and_then(|at| route.stops.get(at)) {
            Some(stop) => problem.spots[*stop as usize],
            None => shift.start,
        };
        let mut sum = 0;
        for stop in route.stops[from..].iter().take(until + 1 - from) {
            let next = problem.spots[*stop as usize];
            let leg = metres(spot, next);
            self.visits[*stop as usize].leg = leg;
            sum += i64::from(leg);
            spot = next;
        }
        if until >= route.stops.len() {
            route.home_leg = metres(spot, shift.home);
            sum += i64::from(route.home_leg);
        }
        sum
    }

    /// Works out the times of a route anew: the earliest from a position on, the latest up to another.
    fn time(&mut self, problem: &Problem, number: usize, from: usize, until: usize) {
        let (shift, route) = (&problem.shifts[number], &self.routes[number]);
        let mut free = match from.checked_sub(1).map(|at| route.stops[at] as usize) {
            Some(before) => self.visits[before].begin + problem.service[before],
            None => shift.from,
        };
        for (at, stop) in (0..).zip(&route.stops).skip(from) {
            let stop = *stop as usize;
            let visit = &mut self.visits[stop];
            (visit.at, visit.route) = (at, number as u32);
            let arrival = free + problem.seconds(visit.leg);
            visit.begin = problem.earliest(stop, arrival).unwrap_or(arrival);
            free = visit.begin + problem.service[stop];
        }
        let mut bound = match route.stops.get(until) {
            Some(next) => self.visits[*next as usize].latest - problem.seconds(self.visits[*next as usize].leg),
            None => shift.until - problem.seconds(route.home_leg),
        };
        for (at, stop) in route.stops[..until].iter().enumerate().rev() {
            let stop = *stop as usize;
            let visit = &mut self.visits[stop];
            let latest = problem.latest(stop, bound - problem.service[stop]);
            // From here on to the front all is as it was.
            if at < from && latest == visit.latest {
                break;
            }
            visit.latest = latest;
            bound = latest - problem.seconds(visit.leg);
        }
    }
}
