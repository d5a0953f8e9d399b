//! The companion figures: what is printed on the line beside the seen rate, so that a good rate can't hide a bad month (DOMAIN 3).
//!
//! Why separate: none of these decides whether the target is met. They say how the rate came about: who was tried, what is
//! proven, what came on time, and who has been left out for long.

use super::tally::share;
use super::{Bucket, PlanEntry, Punctuality, Tally};
use crate::calendar::Period;
use crate::meters::Class;
use crate::quantity::BasisPoints;
use chrono::{Days, NaiveDate};

/// A point counts under a mark beside its bucket; under none, one or several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mark {
    /// Tried in vain, and the visit is proven.
    ProvenAttempt,
    /// Seen, and at least one reading that counts has proof: a photo.
    Evidence,
    /// A commercial point seen before the window only.
    Early,
    /// A commercial point seen in the window.
    OnTime,
    /// A commercial point seen after the window only.
    Late,
    /// Of D and unseen, as it was in the period before: for indoor points, unseen in two successive quarters or more.
    RepeatUnseen,
}

impl Mark {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// Every mark, in the order of [`number`](Self::number).
    pub const ALL: [Self; Self::COUNT] =
        [Self::ProvenAttempt, Self::Evidence, Self::Early, Self::OnTime, Self::Late, Self::RepeatUnseen];

    /// The number stored in the database, 1 to 6. Never renumber: counters and closed reports hold it.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::ProvenAttempt => 1,
            Self::Evidence => 2,
            Self::Early => 3,
            Self::OnTime => 4,
            Self::Late => 5,
            Self::RepeatUnseen => 6,
        }
    }

    /// The mark of a [`number`](Self::number).
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.number() == number)
    }

    /// Whether a point counts under it.
    #[must_use]
    pub fn is_of(self, entry: &PlanEntry) -> bool {
        let seen = entry.bucket == Bucket::Seen;
        match self {
            Self::ProvenAttempt => entry.bucket == Bucket::NoAccess && entry.proven,
            Self::Evidence => seen && entry.evidence,
            Self::Early => seen && entry.punctuality == Some(Punctuality::Early),
            Self::OnTime => seen && entry.punctuality == Some(Punctuality::OnTime),
            Self::Late => seen && entry.punctuality == Some(Punctuality::Late),
            Self::RepeatUnseen => entry.is_unseen() && entry.missed > 0,
        }
    }
}

/// How many points count under each mark: of a class, an area, a route or a reader in one period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Companions {
    counts: [u64; Mark::COUNT],
}

impl Companions {
    /// The count of one mark.
    #[must_use]
    pub const fn count(&self, mark: Mark) -> u64 {
        self.counts[mark.number() as usize - 1]
    }

    /// Adds `points` to a mark.
    pub const fn put(&mut self, mark: Mark, points: u64) {
        let count = &mut self.counts[mark.number() as usize - 1];
        *count = count.saturating_add(points);
    }

    /// Attempted rate: (seen + no access with proof) / D, rounded down. `None` if D = 0.
    #[must_use]
    pub fn attempted(&self, tally: &Tally) -> Option<BasisPoints> {
        let tried = tally.count(Bucket::Seen).saturating_add(self.count(Mark::ProvenAttempt));
        share(tried, tally.denominator())
    }

    /// Evidence rate: seen with a photo / seen, rounded down. `None` if nothing was seen.
    #[must_use]
    pub fn evidence(&self, tally: &Tally) -> Option<BasisPoints> {
        share(self.count(Mark::Evidence), tally.count(Bucket::Seen))
    }

    /// On-time rate of commercial points: seen in the window / D, rounded down. `None` for other classes and if D = 0.
    #[must_use]
    pub fn on_time(&self, class: Class, tally: &Tally) -> Option<BasisPoints> {
        (class == Class::Commercial).then(|| share(self.count(Mark::OnTime), tally.denominator())).flatten()
    }
}

impl Extend<(Mark, u64)> for Companions {
    fn extend<I: IntoIterator<Item = (Mark, u64)>>(&mut self, counts: I) {
        for (mark, points) in counts {
            self.put(mark, points);
        }
    }
}

/// How long points of D that are not seen in the period have been unseen, as of a day (DOMAIN 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unseen {
    /// Days of the one longest unseen; 0 if none is.
    pub oldest_days: u32,
    /// Points unseen for more than 180 days.
    pub over_180: u64,
    /// Points unseen for more than 365 days.
    pub over_365: u64,
}

impl Unseen {
    /// More days than this make a point long unseen.
    pub const LONG: u32 = 180;
    /// More days than this make it a year.
    pub const YEAR: u32 = 365;

    /// What was last seen before this day has been unseen for more than so many days as of a day.
    #[must_use]
    pub fn last_seen_before(days: u32, as_of: NaiveDate) -> NaiveDate {
        as_of.checked_sub_days(Days::new(days.into())).unwrap_or(NaiveDate::MIN)
    }

    /// What was last seen before this day is long unseen before a period is over, if it stays so.
    #[must_use]
    pub fn turns_long_before(period: Period) -> NaiveDate {
        Self::last_seen_before(Self::LONG + 1, period.end_day())
    }

    /// Counts `points` that have been unseen for `days`.
    pub fn put(&mut self, days: u32, points: u64) {
        self.oldest_days = self.oldest_days.max(days);
        self.over_180 += if days > Self::LONG { points } else { 0 };
        self.over_365 += if days > Self::YEAR { points } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_numbers_are_frozen_and_lead_back() {
        for (index, mark) in Mark::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(mark.number()), Ok(index + 1));
            assert_eq!(Mark::from_number(mark.number()), Some(mark));
        }
        assert_eq!((Mark::OnTime.number(), Mark::from_number(0), Mark::from_number(7)), (4, None, None));
    }

    #[test]
    fn rates_are_rounded_down_and_never_divide_by_nothing() {
        let (mut tally, mut marks) = (Tally::default(), Companions::default());
        assert_eq!(
            (marks.attempted(&tally), marks.evidence(&tally), marks.on_time(Class::Commercial, &tally)),
            (None, None, None)
        );
        tally.extend([(Bucket::Seen, 2), (Bucket::NoAccess, 3), (Bucket::Unattempted, 2)]);
        marks.extend([(Mark::ProvenAttempt, 1), (Mark::Evidence, 1), (Mark::OnTime, 1), (Mark::Late, 1)]);
        assert_eq!(marks.attempted(&tally), Some(BasisPoints(4_285)));
        assert_eq!(marks.evidence(&tally), Some(BasisPoints(5_000)));
        assert_eq!(marks.on_time(Class::Commercial, &tally), Some(BasisPoints(1_428)));
        assert_eq!(marks.on_time(Class::ResidentialIndoor, &tally), None);
    }

    #[test]
    fn long_unseen_begins_after_the_day() {
        let mut unseen = Unseen::default();
        [180, 181, 365, 366].into_iter().for_each(|days| unseen.put(days, 1));
        assert_eq!(unseen, Unseen { oldest_days: 366, over_180: 3, over_365: 1 });
    }

    #[test]
    fn a_point_turns_long_unseen_on_the_last_day_at_the_latest() {
        let march = Period::month_of(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        let last = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        let since = |days| last.checked_sub_days(Days::new(days)).unwrap();
        assert!(since(181) < Unseen::turns_long_before(march));
        assert!(since(180) >= Unseen::turns_long_before(march));
        assert!(march.end_day() >= Unseen::turns_long_before(march));
    }
}
