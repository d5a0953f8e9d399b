//! The four lists and their places.
//!
//! Apart because what is fixed is the number of places, not a threshold: a crew can check so many meters a month, and one
//! ranking for everything would be full of zeros (ANOMALY 1).

use super::features::Portrait;
use super::history::History;

/// A list a checked meter comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum List {
    /// 失灵: it shows no use where use was to be expected.
    Failed,
    /// 慢: lastingly below its forecast.
    Slow,
    /// 快: lastingly above it.
    Fast,
    /// 突变: this one period is out of line; most likely the reading.
    Jump,
}

/// A zero is only worth a look where at least this many steps of the dial were to be expected.
pub const LEAST_EXPECTED_STEPS: f64 = 1.0;

impl List {
    /// Every list, in the order places are given.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Slow, Self::Fast, Self::Jump];

    /// The code used in files, in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Slow => "slow",
            Self::Fast => "fast",
            Self::Jump => "jump",
        }
    }

    /// The one of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.code() == code)
    }

    /// Its part of the places, in hundredths.
    #[must_use]
    pub const fn share(self) -> usize {
        match self {
            Self::Failed => 30,
            Self::Slow => 40,
            Self::Fast | Self::Jump => 15,
        }
    }

    /// Whether a meter can stand on it at all: a zero only on the first, a use only on the others.
    #[must_use]
    pub fn may_hold(self, history: &History, portrait: &Portrait) -> bool {
        let used = history.volumes.last().is_some_and(|volume| *volume > 0.0);
        match self {
            Self::Failed => !used && portrait.expected_of_run(history) >= LEAST_EXPECTED_STEPS * history.step,
            Self::Slow => used && portrait.gains.iter().take(4).any(|gain| *gain < -0.1),
            Self::Fast => used && portrait.gains.iter().take(4).any(|gain| *gain > 0.1),
            Self::Jump => used && portrait.gains[0].abs() > 0.2,
        }
    }
}

/// Places of each list where `places` meters can be checked: its share, and what is left over to the largest remainders.
#[must_use]
pub fn places(places: usize) -> [usize; 4] {
    let mut given = List::ALL.map(|list| places * list.share() / 100);
    let mut left = places - given.iter().sum::<usize>();
    let mut order = List::ALL;
    order.sort_by_key(|list| std::cmp::Reverse(places * list.share() % 100));
    for list in order {
        if left > 0 {
            given[list as usize] += 1;
            left -= 1;
        }
    }
    given
}
