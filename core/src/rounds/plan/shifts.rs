//! Readers' days as the search wants them: what is left of each, where it begins, and how fullness is weighed.
//!
//! Why separate: a day that has begun is the difficult case. Whoever is on the way goes on from the last visit, with what was
//! done counted in capacity and balance.

use super::input::{PlanInput, PlanReader, Span, Turn};
use super::problem::MOST_SECONDS;
use crate::place::Spot;
use std::collections::HashMap;

/// A shorter day is weighed like this one, four hours, so that powers of its fullness stay within 64 bits.
const SHORTEST_DAY: i64 = 14_400;
pub(super) const MOST_WEIGHT: u32 = 1_000_000;

/// One reader's day.
pub(super) struct Shift {
    pub turn: Turn,
    /// Where it begins: home, or where the last visit made ended.
    pub start: Spot,
    pub home: Spot,
    pub from: i32,
    pub until: i32,
    pub capacity: u32,
    /// Visits made already.
    pub done_load: u32,
    pub done_seconds: i64,
    /// `2^32 / length`: makes seconds a part of the day.
    pub slope: i64,
    /// Shifts that differ in nothing but the name have one class.
    pub class: u32,
}

/// What makes two shifts differ beside the name.
type Likeness = (Spot, Spot, i32, i32, u32, u32, i64);

/// All days with hours, by reader.
pub(super) fn shifts_of(input: &PlanInput) -> Vec<Shift> {
    let mut shifts = Vec::new();
    for reader in &input.readers {
        for (day, hours) in (0..input.days).zip(&reader.hours) {
            let Some(hours) = hours else { continue };
            shifts.extend(shift_of(input, reader, day, *hours));
        }
    }
    let mut classes: HashMap<Likeness, u32> = HashMap::new();
    for shift in &mut shifts {
        let likeness =
            (shift.start, shift.home, shift.from, shift.until, shift.capacity, shift.done_load, shift.done_seconds);
        let next = classes.len() as u32;
        shift.class = *classes.entry(likeness).or_insert(next);
    }
    shifts
}

/// What is left of a reader's day; `None` where it is over.
fn shift_of(input: &PlanInput, reader: &PlanReader, day: u16, hours: Span) -> Option<Shift> {
    let turn = Turn { reader: reader.reader, day };
    let made = || input.stops.iter().filter(move |stop| stop.visited.is_some_and(|visited| visited.turn == turn));
    let last = made().filter_map(|stop| Some((stop.visited?.end, stop.place?))).max();
    let (from, until) = (hours.from.clamp(0, MOST_SECONDS), hours.until.clamp(0, MOST_SECONDS));
    let length = i64::from(until - from);
    let from = from.max(input.now).max(last.map_or(0, |(end, _)| end.min(MOST_SECONDS)));
    let length = length.max(SHORTEST_DAY);
    let slope = (1_i64 << 32) / length;
    (from < until).then(|| Shift {
        turn,
        start: last.map_or(reader.home, |(_, place)| place),
        home: reader.home,
        from,
        until,
        capacity: reader.capacity,
        done_load: made().map(|stop| stop.load).fold(0, u32::saturating_add),
        done_seconds: made().map(|stop| i64::from(stop.service.clamp(0, MOST_SECONDS))).sum(),
        slope,
        class: 0,
    })
}

/// The shifts of each class.
pub(super) fn classes(shifts: &[Shift]) -> Vec<Vec<u32>> {
    let mut classes: Vec<Vec<u32>> = Vec::new();
    for (number, shift) in (0..).zip(shifts) {
        let class = shift.class as usize;
        classes.resize_with(classes.len().max(class + 1), Vec::new);
        classes[class].push(number);
    }
    classes
}
