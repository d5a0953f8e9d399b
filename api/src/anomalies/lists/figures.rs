//! The numbers behind a place, as they are stored and shown.
//!
//! Apart from the sentence made of them: numbers are kept once, and said in either language when somebody asks.

use meterbook::anomalies::lists::Grounds;
use meterbook::anomalies::lists::ranking::List;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The figures behind a place on a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryFigures {
    /// Periods the claim is about: months, or quarters where the class is read by the quarter.
    pub periods: i64,
    /// Use in them, 0.001 m³.
    pub used: i64,
    /// Use to be expected in them by what lay before, 0.001 m³.
    pub expected: i64,
    /// How far the use is off the forecast, in hundredths of it, without sign.
    pub off_percent: i64,
    /// Whether every one of the periods was off to the same side.
    pub every_one: bool,
    /// What the meter is normally within, in hundredths: four of five of its periods.
    pub normal_percent: i64,
    /// The floor under the claim: what the meter's own wander allows to be said at all, in hundredths.
    pub floor_percent: i64,
    /// Earlier periods without use.
    pub zero_periods: i64,
    /// Earlier periods known.
    pub known_periods: i64,
    /// Whether a reader noted in these periods that the place stood empty.
    pub noted_empty: bool,
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl From<&Grounds> for EntryFigures {
    fn from(grounds: &Grounds) -> Self {
        Self {
            periods: number(grounds.periods),
            used: grounds.used,
            expected: grounds.expected,
            off_percent: grounds.off_percent,
            every_one: grounds.every_one,
            normal_percent: grounds.normal_percent,
            floor_percent: grounds.floor_percent,
            zero_periods: number(grounds.zeros.0),
            known_periods: number(grounds.zeros.1),
            noted_empty: grounds.noted,
        }
    }
}

impl EntryFigures {
    /// What the sentence is made from.
    #[must_use]
    pub fn grounds(&self, list: List) -> Grounds {
        let count = |number: i64| usize::try_from(number).unwrap_or(0);
        Grounds {
            list,
            periods: count(self.periods),
            used: self.used,
            expected: self.expected,
            off_percent: self.off_percent,
            every_one: self.every_one,
            normal_percent: self.normal_percent,
            floor_percent: self.floor_percent,
            zeros: (count(self.zero_periods), count(self.known_periods)),
            noted: self.noted_empty,
        }
    }
}
