//! Puts one point into one bucket of one period: the heart of the seen rate (R-5, DOMAIN 3).
//!
//! Why separate: this is the definition itself. It looks at one point alone and knows nothing of counting, so the counters,
//! the recomputation and the reports all stand on the same few lines.
//!
//! Two questions in order: does the point belong to the period at all, in D or beside it ([`membership`]); and if in D,
//! what is the best that was observed ([`best_observed`]).

use super::{Bucket, Settings, is_period_of};
use crate::calendar::{Instant, Period, Zone};
use crate::meters::{Class, PointState};
use crate::readings::ReadingKind;
use chrono::NaiveDate;

/// The class and state of a point from a moment on, until the next term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// The first moment it holds.
    pub valid_from: Instant,
    /// The class.
    pub class: Class,
    /// The state.
    pub state: PointState,
}

/// What was sighted: a reading, or an attempt without one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SightingKind {
    /// A reading of this kind.
    Reading(ReadingKind),
    /// `no_access`.
    Attempt {
        /// Whether there is proof of the visit: a photo or a place.
        proof: bool,
    },
}

/// One observation of a point, reduced to what coverage asks of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// The observed time (DOMAIN 2), never the upload time.
    pub at: Instant,
    /// What it was.
    pub what: SightingKind,
    /// Complete for its kind and the meter's type: commercial all three figures, or two with a display-fault code and photo
    /// an exchange both final and initial index; a customer's report figures and photo. Ignored for attempts.
    pub complete: bool,
    /// It has proof: a photo.
    pub evidence: bool,
    /// Withdrawn, or superseded by a correction: as if it had never been made.
    pub voided: bool,
    /// Refused by a person or rule: it does not count, but somebody brought it.
    pub rejected: bool,
    /// Its time decides the period and is not sure enough (DOMAIN 2); a person must decide first.
    pub time_review: bool,
}

/// What is known of one point.
#[derive(Clone, Copy, Debug)]
pub struct PointFacts<'f> {
    /// Its classes and states, oldest first.
    pub terms: &'f [Term],
    /// The local day gas was first let in. `None` means unknown, not "never": the point then counts from its first term on,
    /// because leaving out old points whose papers are lost would quietly shrink D.
    pub gas_on: Option<NaiveDate>,
    /// Every observation, in any order; those outside the period are ignored.
    pub sightings: &'f [Sighting],
}

/// Where a point stands in a period.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Placement {
    /// The class that counts.
    pub class: Class,
    /// The bucket.
    pub bucket: Bucket,
}

/// Places a point in `period`. `None`: it is not in the population of that period, neither in D nor beside it.
///
/// A point that changes class inside a quarter keeps to the class of each period's first instant (DOMAIN 1). So it may be
/// due in a month and in the quarter around it, or in none of the quarter's later months; but while in use it is due at
/// least once in every quarter.
#[must_use]
pub fn place(facts: &PointFacts<'_>, period: Period, zone: Zone, settings: &Settings) -> Option<Placement> {
    let Member { class, excluded, removed } = membership(facts, period, zone, settings)?;
    let bucket = match excluded {
        _ if removed && excluded.is_some() => Bucket::Removed,
        Some(bucket) => bucket,
        None => after_removal(best_observed(facts, period, zone, settings), removed),
    };
    Some(Placement { class, bucket })
}

/// The bucket of a point after one more sighting in the period, where the bucket it is in decides that; `None` where only
/// [`place`] with all the facts can tell.
///
/// Seen stays seen. A point of D that was never removed moves to the better of its bucket and what the sighting is worth. One
/// that may have been removed becomes seen by a reading that counts where nobody tried it before: removed and never looked at,
/// it would be in [`Bucket::Removed`]; tried in vain before its removal, it stays where it is.
#[must_use]
pub fn bucket_after(bucket: Bucket, sighting: &Sighting, settings: &Settings, was_removed: bool) -> Option<Bucket> {
    if bucket == Bucket::Seen {
        return Some(bucket);
    }
    if !bucket.in_denominator() {
        return None;
    }
    let worth = if sighting.voided { bucket } else { worth(sighting, settings) };
    if !was_removed {
        return Some(if rank(worth) < rank(bucket) { worth } else { bucket });
    }
    let is_untried = !matches!(bucket, Bucket::NoAccess | Bucket::TimeReview);
    (is_untried && worth == Bucket::Seen).then_some(worth)
}

/// Whether a reader's visit in the period is proven, for the attempted rate: (seen + no_access with proof) / D (DOMAIN 3).
/// An attempt whose own time is under review proves nothing yet, and a refused one proves nothing at all.
#[must_use]
pub fn proven_attempt(facts: &PointFacts<'_>, period: Period, zone: Zone) -> bool {
    sightings_in(facts, period, zone).any(proves_attempt)
}

/// Whether one sighting alone proves it.
pub(super) const fn proves_attempt(sighting: &Sighting) -> bool {
    matches!(sighting.what, SightingKind::Attempt { proof: true })
        && !(sighting.time_review || sighting.rejected || sighting.voided)
}

/// A point that belongs to a period's population.
struct Member {
    class: Class,
    /// The bucket beside D, if it is kept out of D.
    excluded: Option<Bucket>,
    /// Whether it is gone by the period's end.
    removed: bool,
}

/// Whether and how a point belongs to a period (DOMAIN 3, denominator).
///
/// - The term that counts is the one valid at the period's first instant; for a point first known later, its first term.
/// - A point whose gas came in the period is new. Registered beforehand as suspended or removed (built, not yet lit), its
///   first active term counts: nobody has suspended what was never in use. Lit after the cut-in day it is due next period.
/// - Not lit before the period's end, removed before its start, or first known after its end: not in the population.
/// - Suspended at the first instant excludes for the whole period; suspended later excludes nothing until the next, so a
///   hard point cannot be suspended out of D on the last day.
fn membership(facts: &PointFacts<'_>, period: Period, zone: Zone, settings: &Settings) -> Option<Member> {
    let (first_day, end_day) = (period.first_day(), period.end_day());
    let (start, end) = (zone.start_of(first_day), zone.start_of(end_day));
    let known = &facts.terms[..facts.terms.partition_point(|term| term.valid_from < end)];
    let first = known.first()?;
    let lit = facts.gas_on.unwrap_or_else(|| zone.day(first.valid_from));
    if lit >= end_day {
        return None;
    }
    let is_new = lit >= first_day;
    let at_start = known.iter().rev().find(|term| term.valid_from <= start).unwrap_or(first);
    let counts = match at_start.state {
        PointState::Active => at_start,
        _ if is_new => known.iter().find(|term| term.state == PointState::Active).unwrap_or(at_start),
        _ => at_start,
    };
    if counts.state == PointState::Removed || !is_period_of(counts.class, period) {
        return None;
    }
    let late = is_new && lit > settings.cut_in(counts.class, period);
    let suspended = counts.state == PointState::Suspended;
    Some(Member {
        class: counts.class,
        excluded: if suspended { Some(Bucket::Suspended) } else { late.then_some(Bucket::NewNextPeriod) },
        removed: removed_at(facts.terms, end).is_some(),
    })
}

/// Since when the point is removed, if it still is at `end`. A point put back before then was not removed at all.
fn removed_at(terms: &[Term], end: Instant) -> Option<Instant> {
    let known = &terms[..terms.partition_point(|term| term.valid_from < end)];
    let gone = known.iter().rev().take_while(|term| term.state == PointState::Removed).last()?;
    Some(gone.valid_from)
}

/// The bucket of a point of D that may have been removed in the period. What was seen stays seen; a visit without access
/// stays in D, always; a reading whose time is undecided stays until a person decides, since it may turn out seen. All else
/// was never looked at and now cannot be: removed.
const fn after_removal(bucket: Bucket, removed: bool) -> Bucket {
    match bucket {
        Bucket::Seen | Bucket::NoAccess | Bucket::TimeReview => bucket,
        _ if removed => Bucket::Removed,
        _ => bucket,
    }
}

/// The best that was observed of a point in the period.
fn best_observed(facts: &PointFacts<'_>, period: Period, zone: Zone, settings: &Settings) -> Bucket {
    sightings_in(facts, period, zone)
        .map(|sighting| worth(sighting, settings))
        .min_by_key(|bucket| rank(*bucket))
        .unwrap_or(Bucket::Unattempted)
}

/// Which bucket wins when a point has several sightings; the order of the sightings never matters.
///
/// Seen beats all. Then what the office can turn into seen by deciding (time review). Then a reader's visit. A customer's
/// figure beats a refused one ("rejected *only*"); a refused one beats the office's own estimate, which exists for every
/// unread meter and would hide that somebody was there.
const fn rank(bucket: Bucket) -> u8 {
    match bucket {
        Bucket::Seen => 0,
        Bucket::TimeReview => 1,
        Bucket::NoAccess => 2,
        Bucket::CustomerOnly => 3,
        Bucket::RejectedOnly => 4,
        Bucket::EstimateOnly => 5,
        _ => 6,
    }
}

/// Whether one sighting alone makes a point of D seen.
pub(super) const fn counts_as_seen(sighting: &Sighting, settings: &Settings) -> bool {
    !sighting.voided && matches!(worth(sighting, settings), Bucket::Seen)
}

/// The day the point was first there to be seen: its gas, or its first term where that is not known.
pub(super) fn lit_on(facts: &PointFacts<'_>, zone: Zone) -> NaiveDate {
    let first = || facts.terms.first().map(|term| zone.day(term.valid_from));
    facts.gas_on.or_else(first).unwrap_or(NaiveDate::MIN)
}

/// What one sighting is worth alone (DOMAIN 3, "Seen").
///
/// `removal` and `initial` are a fitter's figures, not a reader's look: worth nothing here. A refused estimate is nothing
/// either, nor is a refused attempt: its proof was no proof. An incomplete customer's report is still a customer's report.
const fn worth(sighting: &Sighting, settings: &Settings) -> Bucket {
    let kind = match sighting.what {
        SightingKind::Attempt { .. } if sighting.rejected => return Bucket::Unattempted,
        SightingKind::Attempt { .. } => return Bucket::NoAccess,
        SightingKind::Reading(kind) => kind,
    };
    let may_count = match kind {
        ReadingKind::Field | ReadingKind::Reread => true,
        ReadingKind::Exchange => settings.exchange_counts,
        ReadingKind::Customer => settings.customer_photo_counts,
        ReadingKind::Estimate | ReadingKind::Removal | ReadingKind::Initial => false,
    };
    match kind {
        ReadingKind::Estimate if !sighting.rejected => Bucket::EstimateOnly,
        ReadingKind::Estimate | ReadingKind::Removal | ReadingKind::Initial => Bucket::Unattempted,
        ReadingKind::Exchange if !may_count => Bucket::Unattempted,
        _ if sighting.rejected => Bucket::RejectedOnly,
        ReadingKind::Customer if !may_count || !sighting.complete => Bucket::CustomerOnly,
        _ if !sighting.complete => Bucket::RejectedOnly,
        _ if sighting.time_review => Bucket::TimeReview,
        _ => Bucket::Seen,
    }
}

/// The sightings of the period that were not withdrawn. What is told of a point after its removal is of another meter, or the
/// register is wrong; either way "removed after it was seen" (DOMAIN 3) does not hold.
pub(super) fn sightings_in<'f>(
    facts: &PointFacts<'f>,
    period: Period,
    zone: Zone,
) -> impl Iterator<Item = &'f Sighting> + use<'f> {
    let start = zone.start_of(period.first_day());
    sightings_before(facts, period, zone).filter(move |s| start <= s.at)
}

/// The same with all that came before the period.
pub(super) fn sightings_before<'f>(
    facts: &PointFacts<'f>,
    period: Period,
    zone: Zone,
) -> impl Iterator<Item = &'f Sighting> + use<'f> {
    let end = zone.start_of(period.end_day());
    let until = removed_at(facts.terms, end).map_or(end, |removed| removed.min(end));
    facts.sightings.iter().filter(move |s| !s.voided && s.at < until)
}
