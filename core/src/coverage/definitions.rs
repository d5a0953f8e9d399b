//! Each definition of DOMAIN 3 as an example: who is in D, who beside it, and what counts as seen.

use super::*;
use crate::calendar::{Instant, Zone};
use crate::meters::PointState::{self, Active, Removed, Suspended};
use crate::readings::ReadingKind::{self, Customer, Estimate, Exchange, Field, Initial, Removal, Reread};
use Bucket::{CustomerOnly, EstimateOnly, NewNextPeriod, NoAccess, RejectedOnly, Seen, TimeReview, Unattempted};
use Class::{Commercial, ResidentialIndoor as Indoor, ResidentialOutdoor as Outdoor};

fn at(text: &str) -> Instant {
    format!("{text}+08:00").parse().unwrap()
}

fn term(day: &str, class: Class, state: PointState) -> Term {
    Term { valid_from: at(&format!("{day}T00:00:00")), class, state }
}

fn reading(kind: ReadingKind) -> Sighting {
    let what = SightingKind::Reading(kind);
    Sighting {
        at: at("2024-05-10T09:00:00"),
        what,
        complete: true,
        evidence: false,
        voided: false,
        rejected: false,
        time_review: false,
    }
}

fn attempt(proof: bool) -> Sighting {
    Sighting { what: SightingKind::Attempt { proof }, complete: false, ..reading(Field) }
}

fn placed(terms: &[Term], gas_on: Option<&str>, sightings: &[Sighting], period: &str) -> Option<(Class, Bucket)> {
    let facts = PointFacts { terms, gas_on: gas_on.map(|day| day.parse().unwrap()), sightings };
    let placement = place(&facts, Period::parse(period).unwrap(), Zone::default(), &Settings::default());
    placement.map(|placement| (placement.class, placement.bucket))
}

/// The bucket in May 2024 of an old outdoor point.
fn in_may(sightings: &[Sighting]) -> Bucket {
    placed(&[term("2020-01-01", Outdoor, Active)], Some("2020-01-01"), sightings, "2024-05").unwrap().1
}

#[test]
fn seen_is_a_complete_look_that_stands() {
    assert_eq!(in_may(&[]), Unattempted);
    let alone = ReadingKind::ALL.map(|kind| in_may(&[reading(kind)]));
    // field, reread, exchange, removal, initial, customer, estimate
    assert_eq!(alone, [Seen, Seen, Seen, Unattempted, Unattempted, CustomerOnly, EstimateOnly]);
    assert_eq!(in_may(&[Sighting { complete: false, ..reading(Field) }]), RejectedOnly);
    assert_eq!(in_may(&[Sighting { rejected: true, ..reading(Reread) }]), RejectedOnly);
    assert_eq!(in_may(&[Sighting { voided: true, ..reading(Field) }]), Unattempted);
    assert_eq!(in_may(&[Sighting { time_review: true, ..reading(Field) }]), TimeReview);
    assert_eq!(in_may(&[Sighting { complete: false, ..reading(Exchange) }]), RejectedOnly);
    assert_eq!(in_may(&[Sighting { rejected: true, ..reading(Estimate) }]), Unattempted);
    assert_eq!(in_may(&[Sighting { rejected: true, ..reading(Customer) }]), RejectedOnly);
}

#[test]
fn the_best_sighting_counts() {
    let refused = Sighting { rejected: true, ..reading(Field) };
    let undecided = Sighting { time_review: true, ..reading(Field) };
    let ranked = [reading(Field), undecided, attempt(false), reading(Customer), refused, reading(Estimate)];
    let buckets = [Seen, TimeReview, NoAccess, CustomerOnly, RejectedOnly, EstimateOnly];
    for (index, bucket) in buckets.into_iter().enumerate() {
        assert_eq!(in_may(&ranked[index..]), bucket);
    }
}

#[test]
fn settings_may_leave_exchanges_out_and_let_customers_photos_in() {
    let settings = Settings { exchange_counts: false, customer_photo_counts: true, ..Settings::default() };
    let terms = [term("2020-01-01", Outdoor, Active)];
    let bucket = |sighting| {
        let facts = PointFacts { terms: &terms, gas_on: None, sightings: &[sighting] };
        place(&facts, Period::parse("2024-05").unwrap(), Zone::default(), &settings).map(|placement| placement.bucket)
    };
    assert_eq!(bucket(reading(Exchange)), Some(Unattempted));
    assert_eq!(bucket(reading(Customer)), Some(Seen));
    assert_eq!(bucket(Sighting { complete: false, ..reading(Customer) }), Some(CustomerOnly));
    assert_eq!(bucket(Sighting { time_review: true, ..reading(Customer) }), Some(TimeReview));
}

#[test]
fn the_observed_time_decides_the_period_to_the_millisecond() {
    let on = |text: &str| in_may(&[Sighting { at: at(text), ..reading(Field) }]);
    assert_eq!(on("2024-04-30T23:59:59.999"), Unattempted);
    assert_eq!(on("2024-05-01T00:00:00"), Seen);
    assert_eq!(on("2024-05-31T23:59:59.999"), Seen);
    assert_eq!(on("2024-06-01T00:00:00"), Unattempted);
}

#[test]
fn the_cut_in_day_itself_is_in() {
    let new = |class, day: &str, period: &str| placed(&[term(day, class, Active)], Some(day), &[], period);
    assert_eq!(new(Commercial, "2024-05-20", "2024-05"), Some((Commercial, Unattempted)));
    assert_eq!(new(Commercial, "2024-05-21", "2024-05"), Some((Commercial, NewNextPeriod)));
    assert_eq!(new(Commercial, "2024-05-21", "2024-06"), Some((Commercial, Unattempted)));
    assert_eq!(new(Outdoor, "2024-05-15", "2024-05"), Some((Outdoor, Unattempted)));
    assert_eq!(new(Outdoor, "2024-05-16", "2024-05"), Some((Outdoor, NewNextPeriod)));
    assert_eq!(new(Indoor, "2024-02-29", "2024-Q1"), Some((Indoor, Unattempted)));
    assert_eq!(new(Indoor, "2024-03-01", "2024-Q1"), Some((Indoor, NewNextPeriod)));
    assert_eq!(new(Indoor, "2024-04-01", "2024-Q1"), None);
    assert_eq!(new(Indoor, "2024-04-01", "2024-04"), None);
}

#[test]
fn a_new_point_lit_too_late_is_beside_d_even_if_seen() {
    let terms = [term("2024-05-01", Outdoor, Active)];
    assert_eq!(placed(&terms, Some("2024-05-16"), &[reading(Field)], "2024-05"), Some((Outdoor, NewNextPeriod)));
}

#[test]
fn a_point_built_before_it_was_lit_counts_from_its_gas_on() {
    let built = [term("2024-03-01", Outdoor, Suspended), term("2024-05-10", Outdoor, Active)];
    let in_period = |period| placed(&built, Some("2024-05-10"), &[], period);
    assert_eq!(in_period("2024-04"), None);
    assert_eq!(in_period("2024-05"), Some((Outdoor, Unattempted)));
    assert_eq!(placed(&built[..1], Some("2024-05-10"), &[], "2024-05"), Some((Outdoor, Bucket::Suspended)));
}

#[test]
fn what_begins_at_the_end_belongs_to_the_next_period() {
    let registered = [term("2024-03-01", Outdoor, Active)];
    assert_eq!(placed(&registered, Some("2024-06-01"), &[], "2024-05"), None);
    assert_eq!(placed(&registered, Some("2024-06-01"), &[], "2024-06"), Some((Outdoor, Unattempted)));
    assert_eq!(placed(&[term("2024-06-01", Outdoor, Active)], Some("2024-05-10"), &[], "2024-05"), None);
    let removed = [registered[0], term("2024-06-01", Outdoor, Removed)];
    assert_eq!(placed(&removed, None, &[], "2024-05"), Some((Outdoor, Unattempted)));
}

#[test]
fn lit_on_the_first_day_is_new() {
    let opened = Term { valid_from: at("2024-05-01T10:00:00"), class: Outdoor, state: Active };
    let built = [term("2024-03-01", Outdoor, Suspended), opened];
    assert_eq!(placed(&built, Some("2024-05-01"), &[], "2024-05"), Some((Outdoor, Unattempted)));
}

#[test]
fn a_point_with_lost_papers_counts_from_its_first_term() {
    assert_eq!(placed(&[term("2020-01-01", Outdoor, Active)], None, &[], "2024-05"), Some((Outdoor, Unattempted)));
    let late = [term("2024-05-16", Outdoor, Active)];
    assert_eq!(placed(&late, None, &[], "2024-05"), Some((Outdoor, NewNextPeriod)));
    assert_eq!(placed(&late, Some("2019-01-01"), &[], "2024-05"), Some((Outdoor, Unattempted)));
    assert_eq!(placed(&late, Some("2019-01-01"), &[], "2024-04"), None);
    assert_eq!(placed(&[], None, &[reading(Field)], "2024-05"), None);
}

#[test]
fn suspension_counts_from_the_next_period() {
    let suspended = [term("2020-01-01", Outdoor, Active), term("2024-05-02", Outdoor, Suspended)];
    assert_eq!(placed(&suspended, None, &[], "2024-05"), Some((Outdoor, Unattempted)));
    assert_eq!(placed(&suspended, None, &[reading(Field)], "2024-06"), Some((Outdoor, Bucket::Suspended)));
    let resumed = [term("2020-01-01", Outdoor, Suspended), term("2024-05-02", Outdoor, Active)];
    assert_eq!(placed(&resumed, None, &[reading(Field)], "2024-05"), Some((Outdoor, Bucket::Suspended)));
    assert_eq!(placed(&resumed, None, &[], "2024-06"), Some((Outdoor, Unattempted)));
    let at_midnight = [term("2020-01-01", Outdoor, Active), term("2024-05-01", Outdoor, Suspended)];
    assert_eq!(placed(&at_midnight, None, &[], "2024-05"), Some((Outdoor, Bucket::Suspended)));
}

#[test]
fn removal_excludes_only_what_was_never_looked_at() {
    let removed = [term("2020-01-01", Outdoor, Active), term("2024-05-20", Outdoor, Removed)];
    let bucket = |sightings: &[Sighting]| placed(&removed, None, sightings, "2024-05").unwrap().1;
    assert_eq!(bucket(&[]), Bucket::Removed);
    assert_eq!(bucket(&[reading(Removal)]), Bucket::Removed);
    assert_eq!(bucket(&[reading(Customer)]), Bucket::Removed);
    assert_eq!(bucket(&[reading(Field), reading(Removal)]), Seen);
    assert_eq!(bucket(&[attempt(false)]), NoAccess);
    assert_eq!(bucket(&[Sighting { time_review: true, ..reading(Field) }]), TimeReview);
    assert_eq!(placed(&removed, None, &[], "2024-04"), Some((Outdoor, Unattempted)));
    assert_eq!(placed(&removed, None, &[reading(Field)], "2024-06"), None);
    let undone = [removed[0], removed[1], term("2024-05-25", Outdoor, Active)];
    assert_eq!(placed(&undone, None, &[], "2024-05"), Some((Outdoor, Unattempted)));
    let idle = [term("2020-01-01", Outdoor, Suspended), removed[1]];
    assert_eq!(placed(&idle, None, &[], "2024-05"), Some((Outdoor, Bucket::Removed)));
}

#[test]
fn an_exchange_keeps_the_point_in_d() {
    let figures = [reading(Removal), reading(Initial)];
    assert_eq!(in_may(&figures), Unattempted);
    assert_eq!(in_may(&[figures[0], figures[1], reading(Exchange)]), Seen);
}

#[test]
fn the_class_of_the_first_instant_counts() {
    let moved = [term("2020-01-01", Outdoor, Active), term("2024-05-10", Indoor, Active)];
    let due = |period| placed(&moved, None, &[], period).map(|(class, _)| class);
    assert_eq!(["2024-04", "2024-05", "2024-06"].map(due), [Some(Outdoor), Some(Outdoor), None]);
    assert_eq!(["2024-Q2", "2024-Q3"].map(due), [None, Some(Indoor)]);
}

#[test]
fn only_a_proven_visit_whose_time_is_sure_counts_as_attempted() {
    let proven = |sighting| {
        let facts = PointFacts { terms: &[], gas_on: None, sightings: &[sighting] };
        proven_attempt(&facts, Period::parse("2024-05").unwrap(), Zone::default())
    };
    assert!(proven(attempt(true)));
    assert!(!proven(attempt(false)));
    assert!(!proven(reading(Field)));
    assert!(!proven(Sighting { time_review: true, ..attempt(true) }));
    assert!(!proven(Sighting { voided: true, ..attempt(true) }));
}

#[test]
fn a_look_after_the_removal_does_not_count() {
    let gone = |day| [term("2020-01-01", Outdoor, Active), term(day, Outdoor, Removed)];
    let bucket = |terms: &[Term], seen| placed(terms, Some("2020-01-01"), &[seen], "2024-05").unwrap().1;
    for seen in [reading(Field), attempt(true), Sighting { time_review: true, ..reading(Field) }] {
        assert_eq!(bucket(&gone("2024-05-10"), seen), Bucket::Removed);
    }
    assert_eq!(bucket(&gone("2024-05-11"), reading(Field)), Seen);
    let [old, removed] = gone("2024-05-10");
    let back = term("2024-05-20", Outdoor, Active);
    assert_eq!(bucket(&[old, removed, back], reading(Field)), Seen);
}

#[test]
fn a_refused_attempt_proves_nothing() {
    let refused = Sighting { rejected: true, ..attempt(true) };
    assert_eq!(in_may(&[refused]), Unattempted);
    let terms = [term("2020-01-01", Outdoor, Active)];
    let proven = |sightings: &[Sighting]| {
        let facts = PointFacts { terms: &terms, gas_on: None, sightings };
        proven_attempt(&facts, Period::parse("2024-05").unwrap(), Zone::default())
    };
    assert!(!proven(&[refused]));
    assert!(proven(&[refused, attempt(true)]));
}
