//! What is known of a meter before a visit: its accepted visits, and what the checks take from them.
//!
//! Apart because a meter's past grows for ever while the checks look back a year and a half at most. [`Past::kept`] is that
//! much of it, with the rest summed up, so that a visit costs the same in a meter's twentieth year as in its second. For every
//! visit later than all it holds ([`Past::covers`]) it gives what the whole past gives; for an earlier one the whole is needed.

use super::Visit;
use super::band::Width;
use super::expectation::{LOOKS_BACK, expected};
use crate::calendar::Instant;
use crate::quantity::Volume;

/// Steps that [`Facts::recent`](super::Facts::recent) wants.
const RECENT_STEPS: usize = 12;

/// The accepted visits to one installation, oldest first: all of them, or the latest with the drift of those before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Past {
    visits: Vec<Visit>,
    drift_before: Volume,
    is_cut: bool,
}

/// What [`Past::before`] tells of the visits before a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// The last one.
    pub last: Option<Visit>,
    /// Σ(dM − dE), in 0.001 m³.
    pub drift: Volume,
    /// Use of the periods between them, newest first, 12 at most.
    pub recent: Vec<Volume>,
}

impl Past {
    /// All there is, in any order.
    #[must_use]
    pub fn whole(mut visits: Vec<Visit>) -> Self {
        visits.sort_by_key(Visit::order);
        Self { visits, drift_before: Volume::ZERO, is_cut: false }
    }

    /// As [`kept`](Self::kept) left it: the latest visits, and Σ(dM − dE) up to the first of them.
    #[must_use]
    pub const fn cut(visits: Vec<Visit>, drift_before: Volume) -> Self {
        Self { visits, drift_before, is_cut: true }
    }

    /// Visits, oldest first.
    #[must_use]
    pub fn visits(&self) -> &[Visit] {
        &self.visits
    }

    /// Σ(dM − dE) up to the first of [`visits`](Self::visits), where earlier ones were left out.
    #[must_use]
    pub fn drift_before(&self) -> Option<Volume> {
        self.is_cut.then_some(self.drift_before)
    }

    /// Whether a visit at this moment finds here all it is judged by.
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        !self.is_cut || self.visits.last().is_some_and(|last| last.at < at)
    }

    /// Adds a visit in its place.
    pub fn remember(&mut self, visit: Visit) {
        let place = self.visits.partition_point(|known| known.order() <= visit.order());
        self.visits.insert(place, visit);
    }

    /// Takes out the first visit that is meant. `false`: there is none.
    pub fn forget(&mut self, is_meant: impl Fn(&Visit) -> bool) -> bool {
        let place = self.visits.iter().position(is_meant);
        place.map(|place| self.visits.remove(place)).is_some()
    }

    /// What the visits before a moment say; `wrap` is W of the dial.
    #[must_use]
    pub fn before(&self, at: Instant, wrap: Volume) -> Known {
        let known = &self.visits[..self.visits.partition_point(|visit| visit.at < at)];
        let steps: Vec<Step> = steps(known, wrap).collect();
        Known {
            last: known.last().copied(),
            drift: self.drift_before + steps.iter().filter_map(Step::drift).sum(),
            recent: steps.iter().rev().take(RECENT_STEPS).map(|step| step.index).collect(),
        }
    }

    /// Use to be expected between two moments, by what was accepted up to the first; `wrap` is W of the dial.
    #[must_use]
    pub fn expected(&self, wrap: Volume, from: Instant, to: Instant) -> Option<Volume> {
        let history: Vec<(Instant, Volume)> =
            self.visits.iter().filter_map(|visit| Some((visit.at, visit.figures.index?))).collect();
        expected(&history, wrap, from, to)
    }

    /// How much use changes from period to period, for the [`band`](super::band()) at the door; `wrap` is W of the dial.
    #[must_use]
    pub fn width(&self, wrap: Volume) -> Width {
        let latest: Vec<Step> = steps(&self.visits, wrap).collect();
        let latest = &latest[latest.len().saturating_sub(RECENT_STEPS)..];
        let periods: Vec<&Step> = latest.iter().filter(|step| step.days > 0).collect();
        Width::of_changes(periods.windows(2).map(|pair| pair[0].change(pair[1])).collect())
    }

    /// As much of it as any later visit is judged by; `wrap` is W of the dial.
    #[must_use]
    pub fn kept(&self, wrap: Volume) -> Self {
        match self.first_needed() {
            0 => self.clone(),
            first => {
                let left_out = steps(&self.visits[..=first], wrap).filter_map(|step| step.drift()).sum();
                Self::cut(self.visits[first..].to_vec(), self.drift_before + left_out)
            }
        }
    }

    /// The expectation draws lines between readings: the one before the first moment it looks at is needed too, and of several
    /// at one moment the first is the one it takes.
    fn first_needed(&self) -> usize {
        let shown = |visit: &&Visit| visit.figures.index.is_some();
        let Some(newest) = self.visits.iter().rev().find(shown) else { return 0 };
        let Some(earliest) = newest.at.checked_sub_signed(LOOKS_BACK) else { return 0 };
        let Some(before) = self.visits.iter().rev().find(|visit| shown(visit) && visit.at <= earliest) else {
            return 0;
        };
        let place = self.visits.iter().position(|visit| shown(&visit) && visit.at == before.at).unwrap_or(0);
        let mut steps = 0;
        for (first, pair) in self.visits.windows(2).enumerate().rev() {
            steps += usize::from(pair.iter().all(|visit| shown(&visit)));
            if first <= place && steps >= RECENT_STEPS {
                return first;
            }
        }
        0
    }
}

/// From one accepted visit to the next: dM with a wrap undone, dE, and whole days between them.
struct Step {
    index: Volume,
    cumulative: Option<Volume>,
    days: i64,
}

impl Step {
    fn drift(&self) -> Option<Volume> {
        Some(self.index - self.cumulative?)
    }

    /// The larger use a day of two over the smaller, in hundredths. A period of 1 m³ more or less is no change.
    fn change(&self, next: &Self) -> i64 {
        let rate =
            |step: &Self, other: &Self| i128::from((step.index + Volume::from_m3(1)).litres()) * i128::from(other.days);
        let (one, two) = (rate(self, next), rate(next, self));
        i64::try_from(one.max(two) * 100 / one.min(two).max(1)).unwrap_or(i64::MAX)
    }
}

fn steps(visits: &[Visit], wrap: Volume) -> impl Iterator<Item = Step> {
    visits.windows(2).filter_map(move |pair| {
        let (days, [before, after]) = (
            pair.last()?.at.signed_duration_since(pair.first()?.at).num_days(),
            [pair.first()?.figures, pair.last()?.figures],
        );
        let used = after.index? - before.index?;
        let index = if used < Volume::ZERO { used + wrap } else { used };
        Some(Step {
            index,
            days,
            cumulative: after.cumulative.zip(before.cumulative).map(|(after, before)| after - before),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readings::Figures;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    const WRAP: Volume = Volume::from_m3(100_000);

    fn visit(at: Instant, (index, cumulative): (Option<i64>, Option<i64>)) -> Visit {
        let volume = |litres: Option<i64>| litres.map(Volume::from_litres);
        Visit { at, figures: Figures { index: volume(index), cumulative: volume(cumulative), balance: None } }
    }

    /// Years of visits some days or no time at all apart, a few without an index.
    fn histories() -> impl Strategy<Value = Vec<Visit>> {
        let figures = (prop::option::weighted(0.9, 0_i64..100_000_000), prop::option::of(0_i64..1_000_000_000));
        let gap = prop_oneof![1 => Just(0_i64), 8 => 0_i64..50 * 86_400_000, 1 => 0_i64..500 * 86_400_000];
        prop::collection::vec((gap, figures), 0..60).prop_map(|steps| {
            let mut at: Instant = "2020-01-01T00:00:00Z".parse().expect("an instant");
            let mut next = |(gap, figures)| {
                at += TimeDelta::milliseconds(gap);
                visit(at, figures)
            };
            steps.into_iter().map(&mut next).collect()
        })
    }

    proptest! {
        /// What is kept says of every later moment what the whole says.
        #[test]
        fn what_is_kept_judges_a_later_visit_as_the_whole_does(visits in histories(), later in 1_i64..900 * 86_400_000) {
            let whole = Past::whole(visits);
            let kept = whole.kept(WRAP);
            prop_assume!(!whole.visits().is_empty());
            let last = whole.visits[whole.visits.len() - 1].at;
            let at = last + TimeDelta::milliseconds(later);
            prop_assert!(kept.covers(at));
            prop_assert!(kept.drift_before().is_none() || !kept.covers(last));
            prop_assert_eq!(kept.before(at, WRAP), whole.before(at, WRAP));
            prop_assert_eq!(kept.expected(WRAP, last, at), whole.expected(WRAP, last, at));
            prop_assert_eq!(kept.width(WRAP), whole.width(WRAP));
        }

        /// Keeping after every visit comes to the same as keeping once, from the whole.
        #[test]
        fn keeping_as_one_goes_is_keeping_at_the_end(visits in histories()) {
            let (whole, mut going) = (Past::whole(visits), Past::default());
            for visit in whole.visits() {
                going.remember(*visit);
                going = going.kept(WRAP);
            }
            prop_assert_eq!(going, whole.kept(WRAP));
        }

        /// Two looks within one millisecond have no order but their figures: whichever arrives first, the past is the same.
        #[test]
        fn a_past_does_not_depend_on_the_order_of_arrival((visits, arrived) in histories().prop_flat_map(|visits| (Just(visits.clone()), Just(visits).prop_shuffle()))) {
            let mut remembered = Past::default();
            arrived.iter().for_each(|visit| remembered.remember(*visit));
            prop_assert_eq!(&remembered, &Past::whole(visits));
            prop_assert_eq!(&remembered, &Past::whole(arrived));
        }
    }

    #[test]
    fn ten_years_of_months_are_kept_as_a_year_and_a_half() {
        let start: Instant = "2015-01-01T00:00:00Z".parse().expect("an instant");
        let month = |n: i64| visit(start + TimeDelta::days(30 * n), (Some(n * 20_000), Some(n * 19_999)));
        let whole = Past::whole((0..120).map(month).collect());
        let kept = whole.kept(WRAP);
        assert_eq!((kept.visits().len(), kept.drift_before()), (20, Some(Volume::from_litres(100))));
        assert!(!kept.covers(whole.visits()[119].at) && whole.covers(start));
    }

    #[test]
    fn a_forgotten_visit_is_gone_and_an_unknown_one_is_not_missed() {
        let start: Instant = "2015-01-01T00:00:00Z".parse().expect("an instant");
        let mut past = Past::default();
        past.remember(visit(start, (Some(1), None)));
        assert!(!past.forget(|visit| visit.figures.index.is_none()) && past.forget(|visit| visit.at == start));
        assert_eq!(past, Past::default());
    }
}
