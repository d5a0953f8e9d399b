//! Indoor points: which doors are tried in this window, and at which hours (R-5: 70 % of a quarter).
//!
//! Why separate: other classes are planned whole. Of the indoor ones a window takes as many as its readers can try, those that
//! will most likely open, each in the part of the week in which it will; the rest waits for another window.

use super::store::Gathered;
use chrono::{Days, NaiveDate, Timelike};
use meterbook::calendar::{Instant, Zone};
use meterbook::rounds::plan::{AccessModel, OpenDoors, PlanReader, PlanStop, Slot, Span, Tried, choose_visits};
use std::collections::{BTreeMap, HashMap};

const DAY: i32 = 86_400;
const HOUR: i32 = 3_600;
/// From one door to the next of the same building.
const NEXT_DOOR: i32 = 60;

/// One try at a door.
#[derive(Clone, Copy, Debug)]
pub struct Knock {
    /// The point.
    pub point: i64,
    /// When.
    pub at: Instant,
    /// Whether the meter could be read.
    pub opened: bool,
}

/// The window the doors are chosen for.
pub struct Week {
    /// Its first day.
    pub from_day: NaiveDate,
    /// How many days.
    pub days: u16,
    /// The company's zone.
    pub zone: Zone,
    /// When the quarter began.
    pub quarter: Instant,
}

impl Week {
    fn slots_of(&self, day: u16) -> impl Iterator<Item = Slot> + use<> {
        let date = self.from_day.checked_add_days(Days::new(day.into())).unwrap_or(self.from_day);
        let is_weekend = Slot::of(date, 9).is_weekend();
        Slot::ALL.into_iter().filter(move |slot| slot.is_weekend() == is_weekend)
    }

    /// The hours of a slot on each of its days.
    fn spans(&self, slot: Slot) -> Vec<Span> {
        let (from, until) = slot.hours();
        let span = |day: u16| {
            let midnight = i32::from(day) * DAY;
            Span { from: midnight + from as i32 * HOUR, until: midnight + until as i32 * HOUR }
        };
        (0..self.days).filter(|day| self.slots_of(*day).any(|other| other == slot)).map(span).collect()
    }

    /// How many doors the readers can try in each slot.
    fn room(&self, readers: &[PlanReader], service: i32) -> Vec<(Slot, u32)> {
        let mut room: BTreeMap<Slot, u32> = BTreeMap::new();
        for day in 0..self.days {
            let midnight = i32::from(day) * DAY;
            let at_work = readers.iter().filter_map(|reader| Some((reader, (*reader.hours.get(usize::from(day))?)?)));
            for (reader, hours) in at_work {
                let mut left = reader.capacity;
                for slot in self.slots_of(day) {
                    let (from, until) = slot.hours();
                    let from = hours.from.max(midnight + from as i32 * HOUR);
                    let until = hours.until.min(midnight + until as i32 * HOUR);
                    let doors = ((until - from).max(0) / (service + NEXT_DOOR)).unsigned_abs().min(left);
                    left -= doors;
                    *room.entry(slot).or_default() += doors;
                }
            }
        }
        room.into_iter().collect()
    }
}

/// Keeps the stops to be tried in this window, each in its part of the week. How many wait for another.
pub fn choose(gathered: &Gathered, stops: &mut Vec<PlanStop>, readers: &[PlanReader], week: &Week) -> u32 {
    let buildings: HashMap<i64, i64> =
        gathered.points.iter().map(|point| (point.id, point.route_id.unwrap_or(-point.id))).collect();
    let (mut model, mut shut) = (AccessModel::default(), HashMap::<i64, u32>::new());
    for knock in &gathered.knocks {
        let Some(building) = buildings.get(&knock.point) else { continue };
        let local = week.zone.local(knock.at);
        let slot = Slot::of(local.date_naive(), local.hour());
        model.note(*building, slot, Tried { visits: 1, opened: u32::from(knock.opened) });
        if !knock.opened && knock.at >= week.quarter {
            *shut.entry(knock.point).or_default() += 1;
        }
    }
    // What was promised or is visited or stands in a plan goes first, whatever the chances.
    let is_fixed = |stop: &PlanStop| !stop.agreed.is_empty() || stop.visited.is_some() || stop.current.is_some();
    let mut groups: BTreeMap<(i64, u32, bool), Vec<usize>> = BTreeMap::new();
    for (index, stop) in stops.iter().enumerate().filter(|(_, stop)| !is_fixed(stop)) {
        let point = stop.point.0;
        let building = buildings.get(&point).copied().unwrap_or(point);
        let is_owed = !gathered.seen_before.contains(&point);
        groups.entry((building, shut.get(&point).copied().unwrap_or(0), is_owed)).or_default().push(index);
    }
    let open: Vec<OpenDoors> = groups
        .iter()
        .map(|((building, shut, is_owed), doors)| OpenDoors {
            building: *building,
            shut: *shut,
            is_owed: *is_owed,
            doors: doors.len() as u32,
        })
        .collect();
    let service = stops.first().map_or(300, |stop| stop.service);
    let mut members: Vec<std::vec::IntoIter<usize>> = groups.into_values().map(Vec::into_iter).collect();
    let mut tried: HashMap<usize, Vec<Span>> = HashMap::new();
    for visits in choose_visits(&model, &open, &week.room(readers, service)) {
        let doors = members[visits.of].by_ref().take(visits.doors as usize);
        tried.extend(doors.map(|index| (index, week.spans(visits.slot))));
    }
    let before = stops.len();
    let mut index = 0;
    stops.retain_mut(|stop| {
        let spans = tried.remove(&index);
        index += 1;
        let is_kept = spans.is_some() || is_fixed(stop);
        // Who has told when somebody is in knows better than the chances.
        if let Some(spans) = spans.filter(|_| stop.opening.is_empty()) {
            stop.opening = spans;
        }
        is_kept
    });
    (before - stops.len()) as u32
}
