//! The input as the search wants it: numbers in rows, what can be planned at all, and who may carry what.
//!
//! Why separate: the search asks these questions some hundred million times in a plan; each is answered from a flat row, without
//! looking anything up by an id. The checker (`check.rs`) asks the input itself and shares nothing with this.

use super::input::{Need, PlanInput, PlanStop, Span, Turn, Weights};
use super::reason::Reason;
use super::shifts::{MOST_WEIGHT, Shift, classes, shifts_of};
use crate::place::Spot;
use std::collections::{BTreeMap, HashMap};

/// No turn, no stop.
pub(super) const NONE: u32 = u32::MAX;
/// The longest time anything is reckoned in, so that sums of times never overflow: 400 days.
pub(super) const MOST_SECONDS: i32 = 400 * 86_400;

/// The most work of a day that is told apart, in seconds.
const MOST_WORK: i64 = 1 << 18;
/// Binary places of how full a day is.
const FULL: u32 = 20;

/// The flat form of an input.
pub(super) struct Problem {
    /// The index into the input of each stop planned here.
    pub given: Vec<u32>,
    /// Places of the stops.
    pub spots: Vec<Spot>,
    pub service: Vec<i32>,
    pub load: Vec<u32>,
    window_at: Vec<u32>,
    windows: Vec<Span>,
    pub shifts: Vec<Shift>,
    pub classes: Vec<Vec<u32>>,
    kind: Vec<u32>,
    fits: Vec<bool>,
    /// The number of last month's reader.
    last_reader: Vec<u32>,
    /// The number of each shift's reader.
    reader: Vec<u32>,
    /// The shift in the plan in force.
    pub current: Vec<u32>,
    pub position: Vec<u32>,
    /// What it costs to leave a stop out.
    pub left_out: Vec<i64>,
    pub pace: i64,
    pub weights: Weights,
    /// What cannot be planned at all, by index into the input.
    pub impossible: Vec<(u32, Reason)>,
}

impl Problem {
    pub fn new(input: &PlanInput) -> Self {
        let shifts = shifts_of(input);
        let mut problem = Self {
            given: Vec::new(),
            spots: Vec::new(),
            service: Vec::new(),
            load: Vec::new(),
            window_at: vec![0],
            windows: Vec::new(),
            classes: classes(&shifts),
            reader: Vec::new(),
            shifts,
            kind: Vec::new(),
            fits: Vec::new(),
            last_reader: Vec::new(),
            current: Vec::new(),
            position: Vec::new(),
            left_out: Vec::new(),
            pace: i64::from(input.seconds_per_km.clamp(1, 100_000)),
            weights: Weights {
                distance: input.weights.distance.min(1_000),
                balance: input.weights.balance.min(MOST_WEIGHT),
                continuity: input.weights.continuity.min(MOST_WEIGHT),
                change: input.weights.change.min(MOST_WEIGHT),
            },
            impossible: Vec::new(),
        };
        problem.take_stops(input);
        problem
    }

    fn take_stops(&mut self, input: &PlanInput) {
        let numbers: HashMap<_, u32> =
            (0..).zip(&input.readers).map(|(number, reader)| (reader.reader, number)).collect();
        self.reader =
            self.shifts.iter().map(|shift| numbers.get(&shift.turn.reader).copied().unwrap_or(NONE)).collect();
        let turns: HashMap<Turn, u32> = (0..).zip(&self.shifts).map(|(number, shift)| (shift.turn, number)).collect();
        let mut kinds: BTreeMap<(Vec<Need>, Option<Turn>), u32> = BTreeMap::new();
        for (index, stop) in (0..).zip(&input.stops) {
            if stop.visited.is_some() {
                continue;
            }
            let lock = stop.current.filter(|_| stop.locked).map(|current| current.turn);
            let next = kinds.len() as u32;
            let kind = *kinds.entry((stop.needs.clone(), lock)).or_insert(next);
            if kind == next {
                let fit = |shift: &Shift| lock.is_none_or(|turn| turn == shift.turn) && has_all(input, shift, stop);
                let row: Vec<bool> = self.shifts.iter().map(fit).collect();
                self.fits.extend(row);
            }
            let windows = begin_windows(stop, self.service_of(stop));
            match stop.place.ok_or(Reason::NoPlace).and_then(|place| self.verdict(kind, lock, stop, &windows, place)) {
                Err(reason) => self.impossible.push((index, reason)),
                Ok(()) => {
                    self.given.push(index);
                    self.push_stop(stop, kind, windows);
                    self.last_reader
                        .push(stop.last_reader.and_then(|last| numbers.get(&last).copied()).unwrap_or(NONE));
                    let current = stop.current.and_then(|current| turns.get(&current.turn).copied());
                    self.current.push(current.unwrap_or(NONE));
                    self.position.push(stop.current.map_or(0, |current| current.position));
                }
            }
        }
    }

    fn push_stop(&mut self, stop: &PlanStop, kind: u32, windows: Vec<Span>) {
        self.spots.push(stop.place.unwrap_or(Spot { east: 0, north: 0 }));
        self.service.push(self.service_of(stop));
        self.load.push(stop.load);
        self.windows.extend(windows);
        self.window_at.push(self.windows.len() as u32);
        self.kind.push(kind);
        // An agreed time that falls through is a promise broken: it is left out last.
        self.left_out.push(if stop.agreed.is_empty() { 1 } else { 2 });
    }

    /// Whether some reader could do this stop alone in a day.
    fn verdict(
        &self,
        kind: u32,
        lock: Option<Turn>,
        stop: &PlanStop,
        windows: &[Span],
        place: Spot,
    ) -> Result<(), Reason> {
        let service = self.service_of(stop);
        let mut best = if lock.is_some() { Reason::Locked } else { Reason::NoReader };
        for (number, shift) in self.shifts.iter().enumerate() {
            if !self.fits[kind as usize * self.shifts.len() + number] {
                continue;
            }
            let overlaps = |window: &&Span| window.until > shift.from && window.from < shift.until;
            if !windows.iter().any(|window| overlaps(&window)) {
                best = best.max(if lock.is_some() { Reason::Locked } else { Reason::Closed });
                continue;
            }
            let arrival = shift.from + self.seconds(metres(shift.start, place));
            let back = self.seconds(metres(place, shift.home));
            let begin = earliest(windows, arrival);
            let is_late = begin.is_none_or(|begin| begin + service + back > shift.until);
            if is_late {
                best = best.max(if lock.is_some() { Reason::Locked } else { Reason::TooFar });
            } else if stop.load.saturating_add(shift.done_load) <= shift.capacity {
                return Ok(());
            } else {
                best = best.max(if lock.is_some() { Reason::Locked } else { Reason::Full });
            }
        }
        Err(best)
    }

    /// How long a visit takes; at least what rounding may add to a way when a stop is taken out of it, so that who stays is
    /// still in time.
    fn service_of(&self, stop: &PlanStop) -> i32 {
        let least = i32::try_from((self.pace + 999) / 1_000).unwrap_or(1);
        stop.service.clamp(least, MOST_SECONDS)
    }

    pub fn stops(&self) -> usize {
        self.given.len()
    }

    pub fn fits(&self, stop: usize, shift: usize) -> bool {
        self.fits[self.kind[stop] as usize * self.shifts.len() + shift]
    }

    pub fn windows(&self, stop: usize) -> &[Span] {
        &self.windows[self.window_at[stop] as usize..self.window_at[stop + 1] as usize]
    }

    /// The first moment of all when a visit may begin; what can never be visited is not in the problem.
    pub fn opens(&self, stop: usize) -> i32 {
        self.windows[self.window_at[stop] as usize].from
    }

    /// The moment from which on no visit may begin.
    pub fn closes(&self, stop: usize) -> i32 {
        self.windows[self.window_at[stop + 1] as usize - 1].until
    }

    /// The first moment from `time` on when a visit may begin.
    pub fn earliest(&self, stop: usize, time: i32) -> Option<i32> {
        earliest(self.windows(stop), time)
    }

    /// The last moment up to `time` when a visit may begin.
    pub fn latest(&self, stop: usize, time: i32) -> i32 {
        let before = self.windows(stop).iter().rev().find(|window| window.from <= time);
        before.map_or(i32::MIN / 2, |window| time.min(window.until - 1))
    }

    pub fn between(&self, one: usize, other: usize) -> i32 {
        metres(self.spots[one], self.spots[other])
    }

    /// Seconds on the way, rounded up.
    pub fn seconds(&self, metres: i32) -> i32 {
        let seconds = (i64::from(metres) * self.pace + 999) / 1_000;
        i32::try_from(seconds).unwrap_or(MOST_SECONDS).min(MOST_SECONDS)
    }

    /// What it costs that a shift has so much work. It grows with the sixth power: full days are evened out, while a few stops
    /// are not shared among readers who would all have to set out for them.
    pub fn balance(&self, shift: usize, service: i64, metres: i64) -> i64 {
        let shift = &self.shifts[shift];
        let work = (service + shift.done_seconds + metres * self.pace / 1_000).clamp(0, MOST_WORK);
        let full = ((work * shift.slope) >> (32 - FULL)).min(2 << FULL);
        let square = (full * full) >> FULL;
        let fourth = (square * square) >> FULL;
        let sixth = (fourth * square) >> FULL;
        (i64::from(self.weights.balance) * sixth) >> FULL
    }

    /// Whether nothing counts but the way.
    pub const fn is_way_all(&self) -> bool {
        self.weights.balance == 0 && self.weights.continuity == 0 && self.weights.change == 0
    }

    /// Whether a stop was this shift's reader's last month.
    pub fn was_with(&self, stop: usize, shift: usize) -> bool {
        self.last_reader[stop] == self.reader[shift]
    }

    pub fn is_same_reader(&self, shift: usize, other: usize) -> bool {
        self.reader[shift] == self.reader[other]
    }

    /// What it costs, beside the way, that a stop is on a shift.
    pub fn preference(&self, stop: usize, shift: usize) -> i64 {
        let last = self.last_reader[stop];
        let current = self.current[stop];
        let is_other = last != NONE && last != self.reader[shift];
        let is_moved = current != NONE && current != shift as u32;
        i64::from(is_other) * i64::from(self.weights.continuity) + i64::from(is_moved) * i64::from(self.weights.change)
    }
}

/// The way between two places in metres, rounded down. The root of a whole number below 2^52 is exact when rounded down.
pub(super) fn metres(one: Spot, other: Spot) -> i32 {
    let (east, north) = (i64::from(one.east) - i64::from(other.east), i64::from(one.north) - i64::from(other.north));
    let square = east.saturating_mul(east).saturating_add(north.saturating_mul(north));
    (square as f64).sqrt().min(1e9) as i32
}

fn earliest(windows: &[Span], time: i32) -> Option<i32> {
    windows.iter().find(|window| window.until > time).map(|window| window.from.max(time))
}

/// When a visit may begin: within the agreed times, and early enough to end before the doors close.
fn begin_windows(stop: &PlanStop, service: i32) -> Vec<Span> {
    let always = [Span { from: 0, until: MOST_SECONDS }];
    let opening = if stop.opening.is_empty() { always.to_vec() } else { merged(stop.opening.clone()) };
    let agreed: &[Span] = if stop.agreed.is_empty() { &always } else { &stop.agreed };
    let shrink = if stop.opening.is_empty() { 0 } else { service };
    let mut both = Vec::with_capacity(opening.len());
    for open in &opening {
        for promise in agreed {
            let until = open.until.clamp(0, MOST_SECONDS) - shrink + i32::from(shrink > 0);
            let span = Span {
                from: open.from.max(promise.from).clamp(0, MOST_SECONDS),
                until: until.min(promise.until.clamp(0, MOST_SECONDS)),
            };
            if span.from < span.until {
                both.push(span);
            }
        }
    }
    merged(both)
}

/// Spans in order without overlaps.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut apart: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match apart.last_mut().filter(|last| last.until >= span.from) {
            Some(last) => last.until = last.until.max(span.until),
            None => apart.push(span),
        }
    }
    apart
}

fn has_all(input: &PlanInput, shift: &Shift, stop: &PlanStop) -> bool {
    let reader = input.readers.iter().find(|reader| reader.reader == shift.turn.reader);
    reader.is_some_and(|reader| stop.needs.iter().all(|need| reader.has.contains(need)))
}
