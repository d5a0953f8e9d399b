//! Who draws which lot: the faults, the suspended and removed, the new, the missed. Separate so that numbers per class
//! are exact whatever the scale, and targets are met or missed on purpose.

use super::dice::{Dice, Purpose};
use super::fault::Fault;
use super::layout::Layout;
use meterbook::meters::Class;

/// What is special about a point.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lot {
    /// Nothing.
    #[default]
    Ordinary,
    /// A planted fault.
    Faulty(Fault),
    /// Shut off some months ago, not visited since.
    Suspended,
    /// Taken away some months ago.
    Removed,
    /// First gas in the demonstration month, on this day.
    NewOn(u32),
    /// First gas this many months before.
    Recent(u32),
    /// The reader finds no way in, all month.
    NoAccess,
    /// No reader comes by, all month.
    Unattempted,
}

/// The lot of every point.
#[must_use]
pub fn draw(seed: u64, layout: &Layout) -> Vec<Lot> {
    let mut lots = vec![Lot::Ordinary; layout.spots.len()];
    for class in Class::ALL {
        let mut dice = Dice::new(seed, Purpose::Lot, class as usize);
        let mut members: Vec<usize> =
            layout.spots.iter().enumerate().filter(|(_, spot)| spot.class == class).map(|(index, _)| index).collect();
        dice.shuffle(&mut members);
        let tickets = tickets(class, members.len());
        for (member, lot) in members.into_iter().zip(tickets) {
            lots[member] = lot;
        }
    }
    lots
}

fn tickets(class: Class, size: usize) -> Vec<Lot> {
    let mut tickets: Vec<Lot> = Vec::new();
    for fault in Fault::ALL {
        tickets.extend(vec![Lot::Faulty(fault); fault.number(class, size)]);
    }
    let (no_access, unattempted) = match class {
        Class::Commercial => ((size / 150).max(1), 0),
        Class::ResidentialOutdoor => (size / 110, size / 300),
        Class::ResidentialIndoor => (0, 0),
    };
    tickets.extend(vec![Lot::NoAccess; no_access]);
    tickets.extend(vec![Lot::Unattempted; unattempted]);
    tickets.extend(vec![Lot::Suspended; (size / 130).max(1)]);
    tickets.extend(vec![Lot::Removed; (size / 300).max(1)]);
    tickets.extend([Lot::NewOn(8), Lot::NewOn(24)]);
    tickets.extend((0..size / 60).map(|number| Lot::Recent(4 + number as u32 % 19)));
    tickets.truncate(size);
    tickets
}

impl Lot {
    /// The fault, if that is the lot.
    #[must_use]
    pub const fn fault(self) -> Option<Fault> {
        match self {
            Self::Faulty(fault) => Some(fault),
            _ => None,
        }
    }
}
