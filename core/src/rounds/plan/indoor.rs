//! Indoor meters: who will open the door when? Toward 70 % of a quarter with the visits there are.
//!
//! Why separate: a meter behind a door is read if somebody is at home. Which doors are tried at which hour of which day decides
//! more than the way between them, so it is decided first; [`Search`](super::Search) then orders the chosen ones into rounds.
//!
//! What is known of a building is what its doors did before. Little is known of most buildings, so each is drawn towards what
//! the city does at that hour, and towards how readily the building opens at all. Integers throughout: chances in basis points.

use crate::quantity::BasisPoints;
use chrono::{Datelike, NaiveDate, Weekday};
use std::collections::BTreeMap;

/// A part of the week in which doors behave alike: four parts of the day, on workdays and at weekends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Slot(u8);

/// The first hour of each part of the day; the last ends at 21:00.
const PARTS: [u32; 4] = [8, 11, 14, 17];

impl Slot {
    /// Every slot.
    pub const ALL: [Self; 8] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6), Self(7)];

    /// The slot of an hour, 0 to 23, of a day; what lies before eight belongs to the morning, what lies after nine to the evening.
    #[must_use]
    pub fn of(day: NaiveDate, hour: u32) -> Self {
        let part = PARTS.iter().rposition(|first| hour >= *first).unwrap_or(0) as u8;
        let is_weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        Self(part + if is_weekend { 4 } else { 0 })
    }

    /// The hours it takes of a day: from the first up to but not including the second.
    #[must_use]
    pub const fn hours(self) -> (u32, u32) {
        let part = (self.0 % 4) as usize;
        (PARTS[part], if part == 3 { 21 } else { PARTS[part + 1] })
    }

    /// Whether it lies on Saturdays and Sundays.
    #[must_use]
    pub const fn is_weekend(self) -> bool {
        self.0 >= 4
    }

    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Doors tried, and doors opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tried {
    /// Visits.
    pub visits: u32,
    /// Visits at which the meter could be read.
    pub opened: u32,
}

impl Tried {
    const fn add(&mut self, other: Self) {
        self.visits = self.visits.saturating_add(other.visits);
        self.opened = self.opened.saturating_add(other.opened);
    }
}

/// How many visits' weight the expectation has against what a building did in a slot.
const WEIGHT: u64 = 8;
/// The same, for a building as a whole against the city.
const WHOLE_WEIGHT: u64 = 12;
/// A door that stayed shut `n` times opens 3 / (3 + n) as readily: what is shut once is likelier shut again.
const DOUBT: u64 = 3;
const ALL: u64 = 10_000;
/// No door is a certainty.
const MOST: u64 = 9_500;

/// What is known of the doors of a city. A building is any group whose doors behave alike, by a number the caller chooses.
#[derive(Clone, Debug, Default)]
pub struct AccessModel {
    city: [Tried; 8],
    buildings: BTreeMap<i64, [Tried; 8]>,
}

impl AccessModel {
    /// Notes visits.
    pub fn note(&mut self, building: i64, slot: Slot, tried: Tried) {
        self.city[slot.index()].add(tried);
        self.buildings.entry(building).or_default()[slot.index()].add(tried);
    }

    /// The chance that a door of a building opens in a slot, after it stayed shut so many times in this quarter.
    #[must_use]
    pub fn chance(&self, building: i64, slot: Slot, shut: u32) -> BasisPoints {
        let own = self.buildings.get(&building).copied().unwrap_or_default();
        let readiness = self.readiness(&own);
        let expected = (self.city_rate(slot) * readiness / ALL).min(MOST);
        let here = own[slot.index()];
        let chance = (u64::from(here.opened) * ALL + WEIGHT * expected) / (u64::from(here.visits) + WEIGHT);
        let chance = chance.min(MOST) * DOUBT / (DOUBT + u64::from(shut));
        BasisPoints(chance as u32)
    }

    /// How readily a building opens against what the city would have at the same hours; 10,000 is as readily.
    fn readiness(&self, own: &[Tried; 8]) -> u64 {
        let opened: u64 = own.iter().map(|tried| u64::from(tried.opened)).sum();
        let expected = Slot::ALL.iter().map(|slot| u64::from(own[slot.index()].visits) * self.city_rate(*slot));
        let expected = expected.sum::<u64>() + WHOLE_WEIGHT * ALL / 2;
        (opened * ALL + WHOLE_WEIGHT * ALL / 2) * ALL / expected.max(1)
    }

    /// What doors of the city do in a slot; half of them open where nothing is known.
    fn city_rate(&self, slot: Slot) -> u64 {
        let tried = self.city[slot.index()];
        (u64::from(tried.opened) * ALL + ALL) / (u64::from(tried.visits) + 2)
    }
}

/// Doors of one building that are still to be read, and alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenDoors {
    /// Their building.
    pub building: i64,
    /// How often they stayed shut in this quarter.
    pub shut: u32,
    /// Whether they were not read in the last quarter either: the 70 % must not be the same 70 % each time (DOMAIN 3).
    pub is_owed: bool,
    /// How many.
    pub doors: u32,
}

/// Visits to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visits {
    /// Which doors, by index into those given.
    pub of: usize,
    /// When.
    pub slot: Slot,
    /// How many.
    pub doors: u32,
}

/// What an owed door counts against another, in hundredths.
const OWED: u64 = 125;

/// Spends the visits there are in each slot where they will open most doors. Each door is tried at most once; plan anew when
/// the results are known, at least every week.
///
/// The best chances go first, but not at any price: a door that opens as readily at another hour leaves the scarce hour to
/// one that does not. The price of a slot rises while more want it than can have it.
#[must_use]
pub fn choose_visits(model: &AccessModel, open: &[OpenDoors], room: &[(Slot, u32)]) -> Vec<Visits> {
    let chances: Vec<[u64; 8]> = open.iter().map(|doors| worth(model, doors)).collect();
    let prices = prices(&chances, open, room);
    let mut wishes: Vec<(i64, usize, Slot)> = Vec::with_capacity(open.len() * room.len());
    for (index, chances) in chances.iter().enumerate() {
        wishes.extend(room.iter().map(|(slot, _)| (chances[slot.index()] as i64 - prices[slot.index()], index, *slot)));
    }
    wishes.sort_unstable_by_key(|(value, index, slot)| (-value, *index, *slot));
    let mut left: [u32; 8] = [0; 8];
    room.iter().for_each(|(slot, doors)| left[slot.index()] = left[slot.index()].saturating_add(*doors));
    let mut untried: Vec<u32> = open.iter().map(|doors| doors.doors).collect();
    let mut chosen = Vec::new();
    for (_, index, slot) in wishes {
        let doors = untried[index].min(left[slot.index()]);
        if doors > 0 {
            untried[index] -= doors;
            left[slot.index()] -= doors;
            chosen.push(Visits { of: index, slot, doors });
        }
    }
    chosen
}

fn worth(model: &AccessModel, doors: &OpenDoors) -> [u64; 8] {
    Slot::ALL.map(|slot| {
        let chance = u64::from(model.chance(doors.building, slot, doors.shut).0);
        if doors.is_owed { chance * OWED / 100 } else { chance }
    })
}

/// Prices at which no slot is wanted by more doors than it has room for, found by small steps: the last such, since the steps
/// go on to either side of where doors change their mind.
fn prices(chances: &[[u64; 8]], open: &[OpenDoors], room: &[(Slot, u32)]) -> [i64; 8] {
    let (mut prices, mut enough) = ([0_i64; 8], None);
    let all: u64 = room.iter().map(|(_, doors)| u64::from(*doors)).sum();
    let wanted: u64 = open.iter().map(|doors| u64::from(doors.doors)).sum();
    for round in 0..60 {
        let mut demand = [0_u64; 8];
        for (chances, doors) in chances.iter().zip(open) {
            let value = |slot: &Slot| chances[slot.index()] as i64 - prices[slot.index()];
            let best = room.iter().map(|(slot, _)| *slot).max_by_key(|slot| (value(slot), slot.index()));
            if let Some(slot) = best {
                demand[slot.index()] += u64::from(doors.doors);
            }
        }
        // Where there are more doors than visits, each slot is compared with its share of the demand.
        let fair = |doors: u32| u64::from(doors) * wanted.max(all) / all.max(1);
        let is_scarce = |(slot, doors): &(Slot, u32)| demand[slot.index()] > fair(*doors);
        if !room.iter().any(is_scarce) {
            enough = Some(prices);
        }
        let step = 400 / (1 + round / 6);
        for one in room {
            let price = &mut prices[one.0.index()];
            *price = (*price + if is_scarce(one) { step } else { -step }).max(0);
        }
    }
    enough.unwrap_or(prices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> AccessModel {
        let mut model = AccessModel::default();
        for building in 0..40 {
            for slot in Slot::ALL {
                model.note(building, slot, Tried { visits: 20, opened: if slot.0 == 3 { 14 } else { 8 } });
            }
        }
        model
    }

    #[test]
    fn a_slot_is_an_hour_of_a_kind_of_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (friday, saturday) = (day("2026-10-02"), day("2026-10-03"));
        let slots = [6, 8, 10, 11, 16, 17, 23].map(|hour| Slot::of(friday, hour).0);
        assert_eq!(slots, [0, 0, 0, 1, 2, 3, 3]);
        assert_eq!((Slot::of(saturday, 9), Slot::of(saturday, 9).is_weekend()), (Slot(4), true));
        assert_eq!(Slot(7).hours(), (17, 21));
    }

    #[test]
    fn little_knowledge_bends_little_and_much_bends_much() {
        let mut model = model();
        let evening = Slot(3);
        let stranger = model.chance(99, evening, 0).0;
        assert!((6_500..7_200).contains(&stranger), "{stranger}");
        model.note(99, evening, Tried { visits: 2, opened: 0 });
        let bent = model.chance(99, evening, 0).0;
        assert!(bent < stranger && bent > 4_000, "{bent}");
        model.note(99, evening, Tried { visits: 60, opened: 2 });
        assert!(model.chance(99, evening, 0).0 < 1_000);
        // A building that never opens in the evening is doubted in the morning too.
        assert!(model.chance(99, Slot(0), 0).0 < model.chance(98, Slot(0), 0).0);
        assert!(model.chance(98, evening, 2).0 < model.chance(98, evening, 0).0);
    }

    #[test]
    fn visits_never_exceed_the_room_or_the_doors_and_leave_none_idle() {
        let model = model();
        let open: Vec<OpenDoors> =
            (0..30).map(|building| OpenDoors { building, shut: 0, is_owed: building % 3 == 0, doors: 10 }).collect();
        for (evening, morning) in [(50, 100), (0, 500), (400, 0), (150, 150)] {
            let chosen = choose_visits(&model, &open, &[(Slot(3), evening), (Slot(0), morning)]);
            let of =
                |slot: u8| chosen.iter().filter(|visits| visits.slot.0 == slot).map(|visits| visits.doors).sum::<u32>();
            assert!(of(3) <= evening && of(0) <= morning);
            assert_eq!(of(3) + of(0), (evening + morning).min(300));
            for (index, doors) in open.iter().enumerate() {
                assert!(
                    chosen.iter().filter(|visits| visits.of == index).map(|visits| visits.doors).sum::<u32>()
                        <= doors.doors
                );
            }
        }
    }

    /// Both buildings open best in the evening, but only one of them has no other hour.
    #[test]
    fn the_scarce_evening_goes_to_who_has_no_other_hour() {
        let mut model = model();
        for _ in 0..10 {
            model.note(1, Slot(3), Tried { visits: 20, opened: 18 });
            model.note(1, Slot(0), Tried { visits: 20, opened: 17 });
            model.note(2, Slot(3), Tried { visits: 20, opened: 16 });
            model.note(2, Slot(0), Tried { visits: 20, opened: 1 });
        }
        let open = [1, 2].map(|building| OpenDoors { building, shut: 0, is_owed: false, doors: 10 });
        let chosen = choose_visits(&model, &open, &[(Slot(3), 10), (Slot(0), 10)]);
        let evening: Vec<usize> =
            chosen.iter().filter(|visits| visits.slot == Slot(3)).map(|visits| visits.of).collect();
        assert_eq!(evening, [1], "{chosen:?}");
    }
}
