//! Two routes exchange their tails: each goes on where the other went on.
//!
//! Why separate: taking stops out and putting them back seldom finds it, since every plan on the way there is worse. Whether it
//! is possible and what it costs is one walk over both tails, without changing anything.

use super::super::problem::{NONE, Problem, metres};
use super::Tour;

/// A route, and how many of its stops stay where they are.
type Cut = (usize, usize);

/// An exchange.
#[derive(Clone, Copy)]
pub(in super::super) struct Swap {
    cuts: [Cut; 2],
    /// What the whole costs more.
    pub change: i64,
}

/// What a tail adds to the sums of its route; the leg to its first stop is not in it.
struct Tail {
    metres: i64,
    service: i64,
    load: u64,
    /// What it adds to the preference of its own route, and would add to the other's.
    preference: i64,
    elsewhere: i64,
}

impl Tour {
    /// The exchange after which one stop follows another at once, if everybody is in time and it costs less than a limit.
    pub fn swap_of(&self, problem: &Problem, first: usize, second: usize, limit: i64) -> Option<Swap> {
        let (here, there) = (self.visits[first], self.visits[second]);
        if here.route == NONE || there.route == NONE || here.route == there.route {
            return None;
        }
        let one = (here.route as usize, here.at as usize + 1);
        let other = (there.route as usize, there.at as usize);
        let joints = (self.joint(problem, one, other), self.joint(problem, other, one));
        let way = (joints.0 + joints.1) * i64::from(problem.weights.distance);
        if problem.is_way_all() && way >= limit {
            return None;
        }
        let tails = (self.tail_of(problem, one, other.0)?, self.tail_of(problem, other, one.0)?);
        let change = way
            + self.grown(problem, one.0, joints.0, [&tails.0, &tails.1])?
            + self.grown(problem, other.0, joints.1, [&tails.1, &tails.0])?;
        let is_good = change < limit && self.is_in_time(problem, one, other) && self.is_in_time(problem, other, one);
        is_good.then_some(Swap { cuts: [one, other], change })
    }

    /// Carries an exchange out.
    pub fn swap_tails(&mut self, problem: &Problem, swap: Swap) {
        let [one, other] = swap.cuts;
        let tails = [self.cut_off(problem, one), self.cut_off(problem, other)];
        let [of_one, of_other] = tails;
        self.go_on(problem, one.0, &of_other);
        self.go_on(problem, other.0, &of_one);
    }

    /// Metres that a route grows by where it goes on at another's cut, with the difference of the ways home.
    fn joint(&self, problem: &Problem, (number, kept): Cut, (other, from): Cut) -> i64 {
        let (shift, route) = (&problem.shifts[number], &self.routes[number]);
        let spot = match kept.checked_sub(1).map(|last| route.stops[last] as usize) {
            Some(last) => problem.spots[last],
            None => shift.start,
        };
        let own_home = if kept < route.stops.len() { route.home_leg } else { 0 };
        let own = route.stops.get(kept).map_or(route.home_leg, |next| self.visits[*next as usize].leg);
        let theirs = &self.routes[other].stops;
        let new = match (theirs.get(from), theirs.last()) {
            (Some(next), Some(last)) => {
                metres(spot, problem.spots[*next as usize]) + metres(problem.spots[*last as usize], shift.home)
            }
            _ => metres(spot, shift.home),
        };
        i64::from(new) - i64::from(own) - i64::from(own_home)
    }

    /// The sums of a tail; `None` where the other shift may not carry all of it.
    fn tail_of(&self, problem: &Problem, (number, kept): Cut, other: usize) -> Option<Tail> {
        let mut tail = Tail { metres: 0, service: 0, load: 0, preference: 0, elsewhere: 0 };
        for (at, stop) in self.routes[number].stops[kept..].iter().enumerate() {
            let stop = *stop as usize;
            if !problem.fits(stop, other) {
                return None;
            }
            tail.metres += if at == 0 { 0 } else { i64::from(self.visits[stop].leg) };
            tail.service += i64::from(problem.service[stop]);
            tail.load += u64::from(problem.load[stop]);
            tail.preference += problem.preference(stop, number);
            tail.elsewhere += problem.preference(stop, other);
        }
        Some(tail)
    }

    /// What a route costs more, beside the way, that gives one tail and takes another; `None` where it has no room.
    fn grown(&self, problem: &Problem, number: usize, joint: i64, [gives, takes]: [&Tail; 2]) -> Option<i64> {
        let (shift, route) = (&problem.shifts[number], &self.routes[number]);
        if route.load + u64::from(shift.done_load) + takes.load > u64::from(shift.capacity) + gives.load {
            return None;
        }
        let service = route.service + takes.service - gives.service;
        let metres = route.metres + takes.metres - gives.metres + joint;
        let balance = problem.balance(number, service, metres) - problem.balance(number, route.service, route.metres);
        Some(balance + takes.elsewhere - gives.preference)
    }

    /// Whether everybody is in time who comes after another's cut.
    fn is_in_time(&self, problem: &Problem, (number, kept): Cut, (other, from): Cut) -> bool {
        let shift = &problem.shifts[number];
        let (mut spot, mut free) = match kept.checked_sub(1).map(|last| self.routes[number].stops[last] as usize) {
            Some(last) => (problem.spots[last], self.visits[last].begin + problem.service[last]),
            None => (shift.start, shift.from),
        };
        for (at, stop) in self.routes[other].stops[from..].iter().enumerate() {
            let stop = *stop as usize;
            let leg = if at == 0 { metres(spot, problem.spots[stop]) } else { self.visits[stop].leg };
            let Some(begin) = problem.earliest(stop, free + problem.seconds(leg)) else { return false };
            (spot, free) = (problem.spots[stop], begin + problem.service[stop]);
        }
        free + problem.seconds(metres(spot, shift.home)) <= shift.until
    }

    /// Takes a tail off for a while.
    fn cut_off(&mut self, problem: &Problem, (number, kept): Cut) -> Vec<u32> {
        self.keep(number);
        let tail = self.routes[number].stops.split_off(kept);
        for stop in tail.iter().map(|stop| *stop as usize) {
            let route = &mut self.routes[number];
            route.service -= i64::from(problem.service[stop]);
            route.load -= u64::from(problem.load[stop]);
            route.preference -= problem.preference(stop, number);
        }
        tail
    }

    /// Lets a route go on with these.
    fn go_on(&mut self, problem: &Problem, number: usize, tail: &[u32]) {
        let kept = self.routes[number].stops.len();
        for stop in tail.iter().map(|stop| *stop as usize) {
            let route = &mut self.routes[number];
            route.stops.push(stop as u32);
            route.service += i64::from(problem.service[stop]);
            route.load += u64::from(problem.load[stop]);
            route.preference += problem.preference(stop, number);
        }
        let until = self.routes[number].stops.len();
        let head = self.routes[number].stops[..kept].iter();
        let head: i64 = head.map(|stop| i64::from(self.visits[*stop as usize].leg)).sum();
        self.routes[number].metres = head + self.measure(problem, number, kept, until);
        self.time(problem, number, kept, until);
    }
}
