//! Members, peers and suspects of a list as bytes: small enough that a fleet of a million fits beside its readings.
//!
//! Apart from the job because these bytes are what a verdict rests on: they are hashed, kept with every entry, and read again
//! to reckon it anew.

use crate::db::varint::{put_integer, put_natural, take_byte, take_bytes, take_integer, take_natural};
use meterbook::anomalies::lists::history::History;
use meterbook::anomalies::lists::month_end::{Method, Suspect};
use meterbook::anomalies::lists::peers::Peers;
use meterbook::anomalies::lists::ranking::List;
use meterbook::anomalies::lists::window::Cadence;
use meterbook::meters::Class;

/// The first byte: how to read the rest.
const FORM: u8 = 1;

/// The peer group of a meter: its class, its type, its area.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Group {
    /// The class.
    pub class: Class,
    /// The meter type.
    pub meter_type: i64,
    /// The area.
    pub area: i64,
}

impl Group {
    /// As it is stored.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.class.code(), self.meter_type, self.area)
    }

    /// How often its meters are read.
    #[must_use]
    pub const fn cadence(&self) -> Cadence {
        Cadence::of(self.class)
    }
}

/// A meter that was read in the month, with its use by period.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// Its installation: numbers rise with the fleet's order and decide between equal scores.
    pub installation: i64,
    /// The meter.
    pub meter: i64,
    /// The point it serves.
    pub point: i64,
    /// When it was last read in the month, milliseconds.
    pub observed_at: i64,
    /// Whom it is compared with.
    pub group: Group,
    /// Its use.
    pub history: History,
}

impl Member {
    /// Appends its bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(FORM);
        [self.installation, self.meter, self.point, self.observed_at].into_iter().for_each(|id| put_integer(out, id));
        out.push(self.group.class as u8);
        put_integer(out, self.group.meter_type);
        put_integer(out, self.group.area);
        put_integer(out, self.history.step as i64);
        put_natural(out, self.history.volumes.len() as u64);
        for volume in &self.history.volumes {
            // 0 is "not known"; uses are whole litres.
            put_natural(out, if volume.is_finite() { volume.max(0.0) as u64 + 1 } else { 0 });
        }
        let notes = self.history.notes.iter().rev().fold(0, |bits, note| bits << 1 | u64::from(*note));
        put_natural(out, notes);
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(80);
        self.write(&mut out);
        out
    }

    /// The next one of the bytes; `None` where these are none.
    #[must_use]
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        if take_byte(bytes)? != FORM {
            return None;
        }
        let mut id = || take_integer(bytes);
        let (installation, meter, point, observed_at) = (id()?, id()?, id()?, id()?);
        let class = *Class::ALL.get(usize::from(take_byte(bytes)?))?;
        let group = Group { class, meter_type: take_integer(bytes)?, area: take_integer(bytes)? };
        let step = take_integer(bytes)? as f64;
        let slots = usize::try_from(take_natural(bytes)?).ok().filter(|slots| *slots <= 64)?;
        let mut volumes = Vec::with_capacity(slots);
        for _ in 0..slots {
            let volume = take_natural(bytes)?;
            volumes.push(volume.checked_sub(1).map_or(f64::NAN, |volume| volume as f64));
        }
        let bits = take_natural(bytes)?;
        let notes = (0..slots).map(|slot| bits >> slot & 1 == 1).collect();
        Some(Self { installation, meter, point, observed_at, group, history: History { volumes, notes, step } })
    }

    /// All of a chunk.
    #[must_use]
    pub fn read_all(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut members = Vec::new();
        while !bytes.is_empty() {
            members.push(Self::read(&mut bytes)?);
        }
        Some(members)
    }
}

/// What is usual in a group, to the bit.
#[must_use]
pub fn write_peers(peers: &Peers) -> Vec<u8> {
    let mut out = vec![FORM];
    put_natural(&mut out, peers.level.len() as u64);
    let numbers = peers.level.iter().chain(&peers.trend).chain([&peers.noise]);
    numbers.for_each(|number| out.extend(number.to_le_bytes()));
    out
}

/// What [`write_peers`] wrote.
#[must_use]
pub fn read_peers(mut bytes: &[u8]) -> Option<Peers> {
    let bytes = &mut bytes;
    if take_byte(bytes)? != FORM {
        return None;
    }
    let slots = usize::try_from(take_natural(bytes)?).ok().filter(|slots| *slots <= 64)?;
    let mut numbers = Vec::with_capacity(2 * slots + 1);
    for _ in 0..=2 * slots {
        numbers.push(f64::from_le_bytes(take_bytes(bytes, 8)?.try_into().ok()?));
    }
    let noise = numbers.pop()?;
    let trend = numbers.split_off(slots);
    Some(Peers { level: numbers, trend, noise })
}

/// A suspect by its place in the chunk.
pub type Placed = (usize, Suspect);

/// The suspects of a chunk.
#[must_use]
pub fn write_suspects(suspects: &[Placed]) -> Vec<u8> {
    let mut out = vec![FORM];
    for (place, suspect) in suspects {
        put_natural(&mut out, *place as u64);
        out.push(suspect.list as u8 | (suspect.method as u8) << 4);
        out.extend(suspect.score.to_le_bytes());
    }
    out
}

/// What [`write_suspects`] wrote.
#[must_use]
pub fn read_suspects(mut bytes: &[u8]) -> Option<Vec<Placed>> {
    let bytes = &mut bytes;
    if take_byte(bytes)? != FORM {
        return None;
    }
    let mut suspects = Vec::new();
    while !bytes.is_empty() {
        let place = usize::try_from(take_natural(bytes)?).ok()?;
        let kinds = take_byte(bytes)?;
        let list = *List::ALL.get(usize::from(kinds & 15))?;
        let method = *Method::ALL.get(usize::from(kinds >> 4))?;
        let score = f64::from_le_bytes(take_bytes(bytes, 8)?.try_into().ok()?);
        suspects.push((place, Suspect { list, method, score }));
    }
    Some(suspects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member() -> Member {
        Member {
            installation: 7,
            meter: 70_000,
            point: 3,
            observed_at: 1_770_000_000_123,
            group: Group { class: Class::ResidentialIndoor, meter_type: 2, area: 5 },
            history: History {
                volumes: vec![30_000.0, f64::NAN, 0.0, 12_345.0],
                notes: vec![false, true, false, true],
                step: 1_000.0,
            },
        }
    }

    #[test]
    fn what_is_written_comes_back_to_the_bit_and_nothing_else_is_taken_for_it() {
        let bytes = [member().to_bytes(), member().to_bytes()].concat();
        let read = Member::read_all(&bytes).unwrap();
        assert_eq!((read.len(), read[1].to_bytes()), (2, member().to_bytes()));
        assert_eq!((&read[0].history.notes, read[0].group), (&member().history.notes, member().group));
        assert!((1..member().to_bytes().len()).all(|end| Member::read_all(&member().to_bytes()[..end]).is_none()));
        let peers = Peers { level: vec![1.0 / 3.0, 0.7], trend: vec![f64::MIN_POSITIVE, 1.25], noise: 0.1 };
        assert_eq!(read_peers(&write_peers(&peers)), Some(peers));
        let suspects = vec![
            (3, Suspect { list: List::Jump, method: Method::Rules, score: -1.0 / 7.0 }),
            (300, Suspect { list: List::Failed, method: Method::Model, score: 2.5 }),
        ];
        assert_eq!(read_suspects(&write_suspects(&suspects)), Some(suspects));
        assert_eq!(read_suspects(&[]), None);
    }
}
