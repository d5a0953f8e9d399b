//! A quarter of indoor visits in a made-up city, twice: going round, and going where a door will open.

use crate::city::Dice;
use meterbook::rounds::plan::{AccessModel, OpenDoors, Slot, Tried, choose_visits};
use std::collections::BTreeMap;

const BUILDINGS: i64 = 300;
const DOORS: usize = 40;
const WEEKS: usize = 13;
/// Visits of a week in each slot, per 1,000 doors: readers work by day, a little in the evening and at weekends.
const ROOM: [u32; 8] = [26, 14, 26, 12, 6, 3, 4, 2];

/// How readily a kind of building opens in each slot, in percent: at work by day, retired, families, offices and shops.
const KINDS: [[i32; 8]; 4] = [
    [18, 25, 20, 70, 60, 65, 62, 72],
    [68, 60, 64, 72, 62, 58, 60, 70],
    [35, 48, 40, 66, 58, 62, 56, 68],
    [60, 45, 62, 15, 12, 10, 10, 6],
];

/// What nobody knows: the chance of each door.
struct City {
    chances: Vec<[i32; 8]>,
    dice: Dice,
}

/// One door in this quarter.
#[derive(Clone, Copy, Default)]
struct Door {
    is_read: bool,
    shut: u32,
}

impl City {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut chances = Vec::new();
        for _ in 0..BUILDINGS {
            let kind = KINDS[[0, 0, 1, 1, 2, 2, 2, 3][dice.below(8) as usize]];
            let lean = dice.below(25) - 12;
            for _ in 0..DOORS {
                let own = lean + dice.below(31) - 15;
                let is_vacant = dice.percent(7);
                chances.push(kind.map(|chance| if is_vacant { 0 } else { (chance + own).clamp(2, 97) }));
            }
        }
        Self { chances, dice }
    }

    fn knock(&mut self, door: usize, slot: Slot) -> bool {
        let index = Slot::ALL.iter().position(|other| *other == slot).unwrap_or(0);
        self.dice.percent(self.chances[door][index])
    }
}

fn room_of_a_week() -> Vec<(Slot, u32)> {
    Slot::ALL
        .iter()
        .zip(ROOM)
        .map(|(slot, visits)| (*slot, visits * (BUILDINGS * DOORS as i64) as u32 / 1_000))
        .collect()
}

/// Door after door in the order of the register, whatever the hour; what stayed shut comes again in the next pass.
fn go_round(city: &mut City, model: &mut AccessModel) -> usize {
    let mut doors = vec![Door::default(); city.chances.len()];
    let mut at = 0;
    for _ in 0..WEEKS {
        // A week mixes the hours as they come: the order of slots repeats each day.
        for day in 0..7 {
            for (slot, visits) in room_of_a_week().into_iter().filter(|(slot, _)| slot.is_weekend() == (day >= 5)) {
                let days = if slot.is_weekend() { 2 } else { 5 };
                for _ in 0..visits / days {
                    let Some(door) =
                        (0..doors.len()).map(|step| (at + step) % doors.len()).find(|door| !doors[*door].is_read)
                    else {
                        break;
                    };
                    at = door + 1;
                    doors[door].is_read = city.knock(door, slot);
                    let opened = u32::from(doors[door].is_read);
                    model.note((door / DOORS) as i64, slot, Tried { visits: 1, opened });
                }
            }
        }
    }
    doors.iter().filter(|door| door.is_read).count()
}

/// Week by week where most doors will open, by what is known till then.
fn go_where_it_opens(city: &mut City, model: &mut AccessModel) -> usize {
    let mut doors = vec![Door::default(); city.chances.len()];
    for _ in 0..WEEKS {
        let mut groups: BTreeMap<(i64, u32), Vec<usize>> = BTreeMap::new();
        for (door, state) in doors.iter().enumerate().filter(|(_, state)| !state.is_read) {
            groups.entry(((door / DOORS) as i64, state.shut)).or_default().push(door);
        }
        let open: Vec<OpenDoors> = groups
            .iter()
            .map(|((building, shut), doors)| OpenDoors {
                building: *building,
                shut: *shut,
                is_owed: false,
                doors: doors.len() as u32,
            })
            .collect();
        // As many whole visits a day as going round has.
        let room: Vec<(Slot, u32)> = room_of_a_week()
            .into_iter()
            .map(|(slot, visits)| (slot, if slot.is_weekend() { visits / 2 * 2 } else { visits / 5 * 5 }))
            .collect();
        let mut members: Vec<Vec<usize>> = groups.into_values().collect();
        for visits in choose_visits(model, &open, &room) {
            for _ in 0..visits.doors {
                let Some(door) = members[visits.of].pop() else { break };
                let is_read = city.knock(door, visits.slot);
                doors[door].is_read = is_read;
                doors[door].shut += u32::from(!is_read);
                model.note(open[visits.of].building, visits.slot, Tried { visits: 1, opened: u32::from(is_read) });
            }
        }
    }
    doors.iter().filter(|door| door.is_read).count()
}

/// Percent read by going round, and by the chances, after one quarter of going round to learn from.
pub fn compare(seed: u64) -> (f64, f64) {
    let mut city = City::new(seed);
    let mut model = AccessModel::default();
    go_round(&mut city, &mut model);
    let all = city.chances.len() as f64 / 100.0;
    let round = go_round(&mut city, &mut model.clone()) as f64 / all;
    let chosen = go_where_it_opens(&mut city, &mut model) as f64 / all;
    (round, chosen)
}
