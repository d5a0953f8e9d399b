//! How much gas lies between readings: the sum every volume in a report is made of.
//!
//! Why separate: a volume that counts one reading twice, or takes a wrapped dial for a refund, is a wrong bill in the making.
//! The steps of a meter telescope: their sum is the last index less the first, whatever was read in between.

use crate::calendar::Instant;
use crate::quantity::Volume;

/// A reading that may be a base: made at the meter, not set aside, corrected where it was corrected. What a customer told or
/// the office computed is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dial {
    /// When.
    pub at: Instant,
    /// What the index said.
    pub index: Volume,
}

/// The gas that one reading accounts for: what went through since the reading before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// When the reading was made; the whole step belongs to that day.
    pub at: Instant,
    /// How much, 0.001 m³.
    pub volume: Volume,
}

/// The steps between the readings of one meter, in order of time; the first reading has no step. A trusted index below the
/// one before it is a dial that wrapped once at `wrap` (DOMAIN 4: anything else was set aside).
#[must_use]
pub fn steps(dials: &[Dial], wrap: Volume) -> Vec<Step> {
    let step = |pair: &[Dial]| {
        let moved = pair[1].index - pair[0].index;
        let volume = if moved < Volume::ZERO { moved + wrap } else { moved };
        // A fall of more than a whole dial is no wrap: nothing is invented for it.
        Step { at: pair[1].at, volume: volume.max(Volume::ZERO) }
    };
    dials.windows(2).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dial(day: i64, m3: i64) -> Dial {
        let at = Instant::from_timestamp_millis(day * 86_400_000).unwrap();
        Dial { at, index: Volume::from_m3(m3) }
    }

    #[test]
    fn a_wrapped_dial_goes_on() {
        let steps = steps(&[dial(1, 99_980), dial(31, 15), dial(61, 40)], Volume::from_m3(100_000));
        assert_eq!(steps.iter().map(|step| step.volume).collect::<Vec<_>>(), [35, 25].map(Volume::from_m3));
    }

    #[test]
    fn one_reading_accounts_for_nothing() {
        assert_eq!(steps(&[dial(1, 5)], Volume::from_m3(100_000)), []);
    }

    proptest! {
        #[test]
        fn steps_telescope(mut indexes in prop::collection::vec(0..99_999_i64, 2..30)) {
            indexes.sort_unstable();
            let dials: Vec<Dial> = indexes.iter().zip(0..).map(|(m3, day)| dial(day, *m3)).collect();
            let sum: Volume = steps(&dials, Volume::from_m3(100_000)).iter().map(|step| step.volume).sum();
            prop_assert_eq!(sum, Volume::from_m3(indexes[indexes.len() - 1] - indexes[0]));
        }
    }
}
