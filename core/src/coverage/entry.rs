//! All that is kept of one point in one period: its bucket, and what the companion figures ask of it.
//!
//! Why separate: [`place`](super::place) alone decides whether a point was seen. This adds what is printed beside it, from
//! the same facts, so that a stored row can always be proved by computing it again.

use super::place::{counts_as_seen, lit_on, proves_attempt, sightings_before, sightings_in};
use super::{Bucket, PointFacts, Punctuality, ReadingWindow, Settings, Sighting, bucket_after, place, proven_attempt};
use crate::calendar::{Period, Zone};
use crate::meters::Class;
use crate::settings::Rulebook;
use chrono::NaiveDate;

/// Successive periods unseen are counted up to here.
pub const MOST_MISSED: u8 = 12;

/// What is kept of a point in a period.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PlanEntry {
    /// The class that counts.
    pub class: Class,
    /// The bucket.
    pub bucket: Bucket,
    /// Tried in vain with proof; only in [`Bucket::NoAccess`].
    pub proven: bool,
    /// A reading that counts has a photo or place; only in [`Bucket::Seen`].
    pub evidence: bool,
    /// Where its readings lie against the window; only of commercial points in [`Bucket::Seen`].
    pub punctuality: Option<Punctuality>,
    /// The local day it was last seen, up to the period's end, or first there to be seen, whichever is later.
    pub unseen_since: NaiveDate,
    /// In how many successive periods just before it was of D and not seen; at most [`MOST_MISSED`].
    pub missed: u8,
}

impl PlanEntry {
    /// Of D, and not seen.
    #[must_use]
    pub const fn is_unseen(&self) -> bool {
        self.bucket.in_denominator() && !matches!(self.bucket, Bucket::Seen)
    }
}

/// By what a period is judged.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'j> {
    /// The period.
    pub period: Period,
    /// The company's zone.
    pub zone: Zone,
    /// What holds in the period.
    pub settings: &'j Settings,
    /// The commercial window of the period, an exception if one was made.
    pub window: ReadingWindow,
    /// What held in the periods before.
    pub rules: &'j Rulebook,
    /// The first day of the first period that was counted at all: what was not seen before that was not missed.
    pub counted_from: NaiveDate,
}

/// The entry of a point; `None`: it is not in the population.
#[must_use]
pub fn plan_entry(facts: &PointFacts<'_>, judge: &Judge<'_>) -> Option<PlanEntry> {
    let Judge { period, zone, settings, .. } = *judge;
    let placement = place(facts, period, zone, settings)?;
    let seen = placement.bucket == Bucket::Seen;
    let counting = || sightings_in(facts, period, zone).filter(|one| counts_as_seen(one, settings));
    let rank = |one: &Sighting| punctuality_rank(judge.window.punctuality(one.at, zone));
    let best = || counting().min_by_key(|one| rank(one)).map(|one| judge.window.punctuality(one.at, zone));
    Some(PlanEntry {
        class: placement.class,
        bucket: placement.bucket,
        proven: placement.bucket == Bucket::NoAccess && proven_attempt(facts, period, zone),
        evidence: seen && counting().any(|one| one.evidence),
        punctuality: if seen && placement.class == Class::Commercial { best() } else { None },
        unseen_since: unseen_since(facts, judge),
        missed: missed(facts, judge),
    })
}

/// The entry after one more sighting in the period, where the entry decides that and whether the point was ever removed; see
/// [`bucket_after`].
#[must_use]
pub fn entry_after(entry: &PlanEntry, sighting: &Sighting, judge: &Judge<'_>, was_removed: bool) -> Option<PlanEntry> {
    let bucket = bucket_after(entry.bucket, sighting, judge.settings, was_removed)?;
    if !counts_as_seen(sighting, judge.settings) {
        // Beside a reading that counts, one that does not changes nothing.
        let proven = bucket == Bucket::NoAccess && (entry.proven || proves_attempt(sighting));
        return Some(PlanEntry { bucket, proven, ..*entry });
    }
    let on = judge.window.punctuality(sighting.at, judge.zone);
    let better = |known: Punctuality| if punctuality_rank(on) < punctuality_rank(known) { on } else { known };
    let after = PlanEntry {
        bucket,
        proven: false,
        evidence: entry.evidence || sighting.evidence,
        punctuality: (entry.class == Class::Commercial).then(|| entry.punctuality.map_or(on, better)),
        unseen_since: entry.unseen_since.max(judge.zone.day(sighting.at)),
        ..*entry
    };
    // A point seen before may have been removed since, and then this sighting does not count: the facts must tell.
    (entry.bucket != Bucket::Seen || after == *entry || !was_removed).then_some(after)
}

/// On time beats early beats late: one reading in the window makes the point on time, and replaces an early one (DOMAIN 3).
const fn punctuality_rank(punctuality: Punctuality) -> u8 {
    match punctuality {
        Punctuality::OnTime => 0,
        Punctuality::Early => 1,
        Punctuality::Late => 2,
    }
}

fn unseen_since(facts: &PointFacts<'_>, judge: &Judge<'_>) -> NaiveDate {
    let before = sightings_before(facts, judge.period, judge.zone);
    let last = before.filter(|one| counts_as_seen(one, judge.settings)).map(|one| one.at).max();
    let lit = lit_on(facts, judge.zone);
    last.map_or(lit, |at| judge.zone.day(at).max(lit))
}

fn missed(facts: &PointFacts<'_>, judge: &Judge<'_>) -> u8 {
    let mut before = judge.period;
    let mut missed = 0;
    while missed < MOST_MISSED {
        before = before.previous();
        if before.first_day() < judge.counted_from {
            break;
        }
        match place(facts, before, judge.zone, &judge.rules.coverage(before)) {
            Some(placement) if placement.bucket.in_denominator() && placement.bucket != Bucket::Seen => missed += 1,
            _ => break,
        }
    }
    missed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Instant;
    use crate::coverage::{SightingKind, Term};
    use crate::meters::PointState;
    use crate::readings::ReadingKind;

    fn at(text: &str) -> Instant {
        format!("{text}+08:00").parse().unwrap()
    }

    fn reading(on: &str, evidence: bool) -> Sighting {
        let what = SightingKind::Reading(ReadingKind::Field);
        Sighting { at: at(on), what, complete: true, evidence, voided: false, rejected: false, time_review: false }
    }

    fn attempt(on: &str, proof: bool) -> Sighting {
        Sighting { what: SightingKind::Attempt { proof }, ..reading(on, proof) }
    }

    fn entry(class: Class, sightings: &[Sighting], period: &str) -> PlanEntry {
        let terms = [Term { valid_from: at("2020-01-01T00:00:00"), class, state: PointState::Active }];
        let facts = PointFacts { terms: &terms, gas_on: None, sightings };
        let (period, rules) = (Period::parse(period).unwrap(), Rulebook::default());
        let settings = rules.coverage(period);
        let window = ReadingWindow::of(period, &settings);
        let counted_from = "2024-01-01".parse().unwrap();
        plan_entry(
            &facts,
            &Judge { period, zone: Zone::default(), settings: &settings, window, rules: &rules, counted_from },
        )
        .unwrap()
    }

    #[test]
    fn companions_are_found_beside_the_bucket() {
        let shop = [
            reading("2024-05-03T10:00:00", false),
            reading("2024-05-23T23:59:59", true),
            reading("2024-05-28T10:00:00", false),
        ];
        let seen = entry(Class::Commercial, &shop, "2024-05");
        assert_eq!((seen.bucket, seen.punctuality, seen.evidence), (Bucket::Seen, Some(Punctuality::OnTime), true));
        assert_eq!(seen.unseen_since.to_string(), "2024-05-28");
        let home = entry(Class::ResidentialOutdoor, &shop[..1], "2024-05");
        assert_eq!((home.punctuality, home.evidence, home.proven), (None, false, false));
        let tried = entry(Class::ResidentialOutdoor, &[attempt("2024-05-03T10:00:00", true)], "2024-05");
        assert_eq!(
            (tried.bucket, tried.proven, tried.unseen_since.to_string().as_str()),
            (Bucket::NoAccess, true, "2020-01-01")
        );
    }

    #[test]
    fn what_is_seen_later_does_not_shorten_an_earlier_periods_wait() {
        let readings = [reading("2024-02-10T10:00:00", false), reading("2024-06-10T10:00:00", false)];
        assert_eq!(entry(Class::ResidentialOutdoor, &readings, "2024-05").unseen_since.to_string(), "2024-02-10");
        assert_eq!(entry(Class::ResidentialOutdoor, &readings, "2024-06").unseen_since.to_string(), "2024-06-10");
    }

    #[test]
    fn periods_missed_are_counted_back_to_the_last_seen_or_the_first_counted() {
        let missed = |readings: &[Sighting], period| entry(Class::ResidentialIndoor, readings, period).missed;
        assert_eq!(missed(&[], "2024-Q1"), 0);
        assert_eq!(missed(&[], "2024-Q3"), 2);
        assert_eq!(missed(&[reading("2024-05-10T10:00:00", false)], "2024-Q4"), 1);
        assert_eq!(missed(&[attempt("2024-05-10T10:00:00", true)], "2024-Q4"), 3);
        assert_eq!(missed(&[], "2030-Q1"), MOST_MISSED);
    }
}
