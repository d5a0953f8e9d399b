//! Where a stop can be put, and what it would cost there.
//!
//! Why separate: this is the innermost loop of the planner, asked some thousand times in a step; it changes nothing.

use super::super::chance::Chance;
use super::super::near::Near;
use super::super::problem::{NONE, Problem, metres};
use super::{Place, Tour};

impl Tour {
    /// Notes the first empty route of each class.
    pub fn find_empties(&mut self, problem: &Problem) {
        self.empties.clear();
        for class in &problem.classes {
            self.empties.extend(class.iter().find(|number| self.routes[**number as usize].stops.is_empty()));
        }
    }

    /// The cheapest place beside a near neighbour or in an empty route; now and then one is overlooked.
    pub fn best_place(&self, problem: &Problem, near: &Near, stop: usize, chance: &mut Chance) -> Option<Place> {
        let mut best: Option<Place> = None;
        let mut blinks = chance.next();
        // One in 128, seven bits at a time.
        let mut is_overlooked = || {
            blinks = blinks.rotate_right(7);
            blinks & 127 == 0
        };
        for (other, way) in near.before(stop) {
            let neighbour = self.visits[*other as usize];
            if neighbour.route != NONE && !is_overlooked() {
                let at = (neighbour.at as usize, *other as usize, *way);
                self.try_after(problem, stop, neighbour.route as usize, at, &mut best);
            }
        }
        for (other, way) in near.after(stop) {
            let neighbour = self.visits[*other as usize];
            if neighbour.route != NONE && !is_overlooked() {
                let at = (neighbour.at as usize, *other as usize, *way);
                self.try_before(problem, stop, neighbour.route as usize, at, &mut best);
            }
        }
        for number in &self.empties {
            self.try_empty(problem, stop, *number as usize, &mut best);
        }
        best
    }

    /// The cheapest place anywhere.
    pub fn best_place_of_all(&self, problem: &Problem, stop: usize) -> Option<Place> {
        let mut best = None;
        for number in 0..self.routes.len() {
            if !self.has_room(problem, stop, number) {
                continue;
            }
            let stops = &self.routes[number].stops;
            for (at, other) in stops.iter().enumerate() {
                let other = *other as usize;
                let way = problem.between(stop, other);
                if at == 0 {
                    self.try_before(problem, stop, number, (at, other, way), &mut best);
                }
                self.try_after(problem, stop, number, (at, other, way), &mut best);
            }
            if stops.is_empty() {
                self.try_empty(problem, stop, number, &mut best);
            }
        }
        best
    }

    /// Whether a stop is one that a shift may carry, and has room for.
    pub(super) fn has_room(&self, problem: &Problem, stop: usize, number: usize) -> bool {
        let shift = &problem.shifts[number];
        let load = self.routes[number].load + u64::from(shift.done_load) + u64::from(problem.load[stop]);
        load <= u64::from(shift.capacity) && problem.fits(stop, number)
    }

    fn try_after(
        &self,
        problem: &Problem,
        stop: usize,
        number: usize,
        (at, other, way): (usize, usize, i32),
        best: &mut Option<Place>,
    ) {
        let free = self.visits[other].begin + problem.service[other];
        // Whoever is late at the stop itself need not know what comes after it.
        if free + problem.seconds(way) >= problem.closes(stop) {
            return;
        }
        let route = &self.routes[number];
        let (leg, onward, bound) = match route.stops.get(at + 1) {
            Some(next) => {
                let visit = self.visits[*next as usize];
                (visit.leg, problem.between(stop, *next as usize), visit.latest)
            }
            None => {
                let shift = &problem.shifts[number];
                (route.home_leg, metres(problem.spots[stop], shift.home), shift.until)
            }
        };
        let place = Place { route: number as u32, at: at as u32 + 1, legs: (way, onward), cost: 0 };
        self.consider(problem, stop, place, leg, free, bound, best);
    }

    fn try_before(
        &self,
        problem: &Problem,
        stop: usize,
        number: usize,
        (at, other, way): (usize, usize, i32),
        best: &mut Option<Place>,
    ) {
        let visit = self.visits[other];
        if problem.opens(stop) + problem.service[stop] + problem.seconds(way) > visit.latest {
            return;
        }
        let (inward, free) = match at.checked_sub(1).and_then(|before| self.routes[number].stops.get(before)) {
            Some(before) => {
                let before = *before as usize;
                (problem.between(before, stop), self.visits[before].begin + problem.service[before])
            }
            None => {
                let shift = &problem.shifts[number];
                (metres(shift.start, problem.spots[stop]), shift.from)
            }
        };
        let place = Place { route: number as u32, at: at as u32, legs: (inward, way), cost: 0 };
        self.consider(problem, stop, place, visit.leg, free, visit.latest, best);
    }

    fn try_empty(&self, problem: &Problem, stop: usize, number: usize, best: &mut Option<Place>) {
        if !self.routes[number].stops.is_empty() || !self.has_room(problem, stop, number) {
            return;
        }
        let shift = &problem.shifts[number];
        let spot = problem.spots[stop];
        let legs = (metres(shift.start, spot), metres(spot, shift.home));
        let place = Place { route: number as u32, at: 0, legs, cost: 0 };
        self.consider(problem, stop, place, self.routes[number].home_leg, shift.from, shift.until, best);
    }

    /// Takes a place between two others if it is the cheapest so far and everybody is in time.
    #[expect(
        clippy::too_many_arguments,
        reason = "the innermost step of the search: what both sides of the gap are like"
    )]
    fn consider(
        &self,
        problem: &Problem,
        stop: usize,
        place: Place,
        leg: i32,
        free: i32,
        bound: i32,
        best: &mut Option<Place>,
    ) {
        let number = place.route as usize;
        let more = i64::from(place.legs.0) + i64::from(place.legs.1) - i64::from(leg);
        let mut cost = more * i64::from(problem.weights.distance) + problem.preference(stop, number);
        let limit = best.map_or(i64::MAX, |best| best.cost);
        if cost >= limit {
            return;
        }
        if !self.has_room(problem, stop, number) {
            return;
        }
        let Some(begin) = problem.earliest(stop, free + problem.seconds(place.legs.0)) else { return };
        if begin + problem.service[stop] + problem.seconds(place.legs.1) > bound {
            return;
        }
        let route = &self.routes[number];
        let service = route.service + i64::from(problem.service[stop]);
        cost += problem.balance(number, service, route.metres + more)
            - problem.balance(number, route.service, route.metres);
        if cost < limit {
            *best = Some(Place { cost, ..place });
        }
    }
}
