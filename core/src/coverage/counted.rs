//! What a counter counts.

use super::{Bucket, Mark, PlanEntry};

/// The points in a bucket, or those under a mark.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Counted {
    /// The points in a bucket.
    Bucket(Bucket),
    /// The points under a mark, whatever their bucket.
    Mark(Mark),
}

impl Counted {
    /// What is added to a mark's number.
    const MARKS_FROM: i16 = 100;

    /// The number stored in the database, its *figure*: a bucket's own, or 100 and a mark's. Never renumber: counters and closed
    /// reports hold it.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Bucket(bucket) => bucket.number(),
            Self::Mark(mark) => Self::MARKS_FROM + mark.number(),
        }
    }

    /// What is counted under a [`number`](Self::number).
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        let mark = || number.checked_sub(Self::MARKS_FROM).and_then(Mark::from_number);
        Bucket::from_number(number).map(Self::Bucket).or_else(|| mark().map(Self::Mark))
    }

    /// Where a point of this entry counts: in its bucket, and under every mark it has.
    pub fn of(entry: &PlanEntry) -> impl Iterator<Item = Self> {
        let marks = Mark::ALL.into_iter().filter(|mark| mark.is_of(entry));
        std::iter::once(Self::Bucket(entry.bucket)).chain(marks.map(Self::Mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_number_of_its_own() {
        let buckets = (1..=10).map(|number| Counted::Bucket(Bucket::from_number(number).unwrap()));
        let all: Vec<Counted> = buckets.chain(Mark::ALL.map(Counted::Mark)).collect();
        for counted in &all {
            assert_eq!(Counted::from_number(counted.number()), Some(*counted));
        }
        assert_eq!((Counted::Bucket(Bucket::Seen).number(), Counted::Mark(Mark::Evidence).number()), (1, 102));
        assert_eq!([0, 11, 100, 107, -1, i16::MIN].map(Counted::from_number), [None; 6]);
    }
}
