//! Two looks at one meter and what may fairly be expected between them. Separate because homes and businesses are judged
//! by the same measure.

use crate::demo::city::story::Story;
use meterbook::calendar::Instant;

/// Two looks at one meter, in whole m³, with what may be expected.
pub struct Looks {
    /// The last index.
    pub last: i64,
    /// The new index.
    pub new: i64,
    /// Hours between.
    pub hours: i64,
    /// The lowest and the highest a fair method may expect.
    pub expected: (i64, i64),
    /// The index before the last.
    pub before_last: i64,
    /// Where the index starts again.
    pub wrap: i64,
    /// Digits of whole m³.
    pub digits: u8,
    /// Litres per hour.
    pub qmax: i64,
}

impl Looks {
    /// Looks at a meter twice.
    #[must_use]
    pub fn at(story: &Story, last: Instant, now: Instant) -> Self {
        let before = story.trail.past.iter().rev().nth(1).map_or(last, |&(at, _)| at);
        let span = (now - last).num_seconds().max(1);
        let fresh = (story.gas.at(now) - story.gas.at(last)) / 1_000;
        let before_span = (last - before).num_seconds().max(1);
        let usual = (story.gas.at(last) - story.gas.at(before)) / 1_000 * span / before_span;
        let year = chrono::TimeDelta::days(365);
        let a_year_ago = (story.gas.at(now - year) - story.gas.at(last - year)) / 1_000;
        let fresh_or_usual = if fresh == 0 { usual } else { fresh };
        Self {
            last: story.index(last) / 1_000,
            new: story.index(now) / 1_000,
            hours: span / 3_600,
            expected: (fresh_or_usual.min(usual).min(a_year_ago), fresh.max(usual).max(a_year_ago)),
            before_last: story.index(before) / 1_000,
            wrap: story.kind.wrap() / 1_000,
            digits: story.kind.integer,
            qmax: story.kind.qmax,
        }
    }

    /// Whether an increment would pass for a slip's right value, to a generous method.
    #[must_use]
    pub fn passes(&self, increment: i64) -> bool {
        (0..=self.expected.1 * 4 + 3).contains(&increment)
    }

    /// Whether it would to a strict one.
    #[must_use]
    pub fn surely_passes(&self, increment: i64) -> bool {
        (0..=self.expected.0 * 5 / 2 + 3).contains(&increment)
    }

    /// The most that a meter can pass, as a part of Qmax in percent.
    #[must_use]
    pub const fn at_percent(&self, percent: i64) -> i64 {
        self.qmax * self.hours * percent / 100_000
    }

    /// Whether a generous method would carry over the last digit.
    #[must_use]
    pub fn looks_like_rollover(&self, last: i64, new: i64) -> bool {
        self.wrap - last + new <= (self.expected.1 * 20).max(500)
    }
}
