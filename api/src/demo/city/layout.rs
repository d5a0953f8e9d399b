//! Where everything is: districts, communities, buildings and the points in walking order. Separate because it knows
//! nothing of gas.

use super::dice::{Dice, Purpose};
use super::names;
use super::things::{Area, Building, Place};
use meterbook::meters::Class;

/// The middle of the city: steppe, so that no real address is near (WGS-84, 0.000001 degrees).
const CENTRE: Place = Place { longitude: 112_400_000, latitude: 43_300_000 };
/// Points of a community before the next is begun.
const COMMUNITY_SIZE: usize = 130;

/// Where a point is, before it has a meter.
pub struct Spot {
    /// Its class.
    pub class: Class,
    /// Its community.
    pub area: usize,
    /// Its building.
    pub building: usize,
    /// Where the meter hangs.
    pub place: Place,
    /// The full address.
    pub address: String,
}

/// The places of a city.
#[derive(Default)]
pub struct Layout {
    /// Districts and communities.
    pub areas: Vec<Area>,
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Points in walking order.
    pub spots: Vec<Spot>,
}

/// How many points of each class a city of this size has: about 8 %, 35 % and the rest, and always businesses enough
/// for one of each of their faults.
#[must_use]
pub fn class_sizes(points: usize) -> [(Class, usize); 3] {
    let commercial = (points * 8 / 100).max(30).min(points);
    let outdoor = (points * 35 / 100).max(44).min(points - commercial);
    [
        (Class::Commercial, commercial),
        (Class::ResidentialOutdoor, outdoor),
        (Class::ResidentialIndoor, points - commercial - outdoor),
    ]
}

/// Lays out a city of this many points.
#[must_use]
pub fn lay_out(seed: u64, points: usize) -> Layout {
    let mut dice = Dice::new(seed, Purpose::Layout, 0);
    let mut layout = Layout::default();
    for name in names::DISTRICTS {
        layout.areas.push(Area { name: name.to_owned(), parent: None });
    }
    let mut community = 0;
    for (class, size) in class_sizes(points) {
        // Equal parts near the size of a community.
        let parts = ((size + COMMUNITY_SIZE / 2) / COMMUNITY_SIZE).max(1);
        for part in 0..parts {
            let members = size * (part + 1) / parts - size * part / parts;
            layout.add_community(class, community, part, members, &mut dice);
            community += 1;
        }
    }
    layout
}

impl Layout {
    fn add_community(&mut self, class: Class, number: usize, part: usize, members: usize, dice: &mut Dice) {
        let district = number % names::DISTRICTS.len();
        let commercial = class == Class::Commercial;
        let name = if commercial {
            format!("{}商圈", names::STREETS[part % names::STREETS.len()])
        } else {
            names::COMMUNITIES.get(number % names::COMMUNITIES.len()).map_or_else(String::new, |name| {
                let round = number / names::COMMUNITIES.len();
                if round == 0 { (*name).to_owned() } else { format!("{name}{}期", round + 1) }
            })
        };
        let area = self.areas.len();
        self.areas.push(Area { name, parent: Some(district) });
        // Communities 600 m apart, five to a row.
        let corner = Place {
            longitude: CENTRE.longitude + (number % 5) as i64 * 7_400,
            latitude: CENTRE.latitude + (number / 5) as i64 * 5_400,
        };
        let mut left = members;
        let mut building = 0;
        while left > 0 {
            let size = if commercial { 1 } else { [24, 30, 36, 48][dice.below(4)].min(left) };
            self.add_building(class, area, corner, building, size);
            building += 1;
            left -= size;
        }
    }

    fn add_building(&mut self, class: Class, area: usize, corner: Place, number: usize, size: usize) {
        let path = self.area_path(area).replace('/', "");
        let (name, apart) = match class {
            Class::Commercial => (format!("{}号", number * 2 + 1), 8),
            _ => (format!("{}号楼", number + 1), 3),
        };
        // Rows walked to and fro, like a plough.
        let (row, column) = ((number / apart) as i64, (number % apart) as i64);
        let column = if row % 2 == 0 { column } else { apart as i64 - 1 - column };
        let step = if class == Class::Commercial { 300 } else { 900 };
        let place = Place { longitude: corner.longitude + column * step, latitude: corner.latitude + row * 500 };
        let building = self.buildings.len();
        for flat in 0..size {
            let (unit, floor, door) = (flat / 12 + 1, flat % 12 / 2 + 1, flat % 2 + 1);
            let address = match class {
                Class::Commercial => format!("{path}{name}"),
                _ => format!("{path}{name}{unit}单元{floor}0{door}室"),
            };
            let place = Place { longitude: place.longitude + unit as i64 * 120, latitude: place.latitude };
            self.spots.push(Spot { class, area, building, place, address });
        }
        self.buildings.push(Building { name, area, place });
    }

    /// `东城区/锦绣小区`.
    #[must_use]
    pub fn area_path(&self, area: usize) -> String {
        path(&self.areas, area)
    }
}

/// The names from the district down, with slashes.
#[must_use]
pub fn path(areas: &[Area], area: usize) -> String {
    let Some(own) = areas.get(area) else { return String::new() };
    own.parent.map_or_else(|| own.name.clone(), |parent| format!("{}/{}", path(areas, parent), own.name))
}
