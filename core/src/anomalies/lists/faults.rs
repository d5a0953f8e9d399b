//! The faults training knows: what each does to the use a sound meter showed.
//!
//! Apart because nobody has labels: a company's own history with these put into it is what the trees learn from. Benign
//! events are put in too, and count as sound: an empty home must not be taken for a slow meter.

use super::dice::Dice;
use super::history::History;

/// What is put into a history.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fault {
    /// Counts this share of what passes: below 1 slow, above 1 fast.
    Gain(f64),
    /// Counts less by this share every month, on top of what it lost before.
    Drift(f64),
    /// The register stands still.
    Stuck,
    /// The register stands still in half of the periods.
    Intermittent,
    /// In half of the periods a part of the use passes beside the meter.
    Bypass,
    /// The last index was read wrong: this many times the mean use too much.
    Slip(f64),
    /// Sound: nobody lives there; seldom noted by the reader.
    Empty {
        /// Share of the use that goes on (a pilot light, a caretaker).
        rest: f64,
        /// Whether the reader notes it.
        noted: bool,
    },
    /// Sound: more or fewer people, another trade, a new boiler.
    AnotherUse(f64),
}

impl Fault {
    /// Whether the meter, or its reading, is at fault.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Empty { .. } | Self::AnotherUse(_))
    }

    /// Puts it in from `start` on; `months` is how long a period is.
    #[must_use]
    pub fn put_into(self, sound: &History, start: usize, months: f64, dice: &mut Dice) -> History {
        let mut history = sound.clone();
        let (mean, slots) = (sound.mean(), sound.volumes.len());
        for slot in start..slots {
            let age = months * (slot - start + 1) as f64;
            let share = match self {
                Self::Gain(gain) | Self::AnotherUse(gain) => gain,
                Self::Drift(a_month) => (1.0 - a_month).powf(age),
                Self::Stuck => 0.0,
                Self::Intermittent => f64::from(u8::from(dice.chance(0.5))),
                Self::Bypass => {
                    if dice.chance(0.5) {
                        dice.between(0.2, 0.7)
                    } else {
                        1.0
                    }
                }
                Self::Slip(_) => 1.0,
                Self::Empty { rest, noted } => {
                    history.notes[slot] |= noted;
                    rest
                }
            };
            // A change seldom waits for a meter reader: the first period may be half old, half new.
            let share = if slot == start && dice.chance(0.3) { share + (1.0 - share) * dice.share() } else { share };
            history.volumes[slot] = seen(sound.volumes[slot] * share, sound.step);
        }
        if let (Self::Slip(times), Some(last)) = (self, history.volumes.last_mut()) {
            *last = (*last + seen(times * mean, sound.step)).max(0.0);
        }
        history
    }
}

/// What the dial shows of a use.
fn seen(volume: f64, step: f64) -> f64 {
    if step > 0.0 { (volume / step).round() * step } else { volume }
}
