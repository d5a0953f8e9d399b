//! Properties of the placement that hold for any history of a point (DOMAIN 3).

use super::*;
use crate::calendar::{Instant, Zone};
use crate::meters::PointState;
use crate::readings::ReadingKind;
use crate::settings::Rulebook;
use chrono::{Days, TimeDelta};
use proptest::prelude::*;

/// The first day of the months the histories below lie in; they span the first two quarters of 2024.
fn first_day() -> NaiveDate {
    Period::Month { year: 2024, month: 1 }.first_day()
}

fn moment() -> impl Strategy<Value = Instant> {
    // Whole days often, so that boundaries are met.
    (0..182_i64, prop_oneof![Just(0), 0..86_400_000_i64]).prop_map(|(days, ms)| {
        Zone::default().start_of(first_day()) + TimeDelta::days(days) + TimeDelta::milliseconds(ms)
    })
}

fn terms() -> impl Strategy<Value = Vec<Term>> {
    let (class, state) = (prop::sample::select(&Class::ALL), prop::sample::select(&PointState::ALL));
    let term = (moment(), class, state).prop_map(|(valid_from, class, state)| Term { valid_from, class, state });
    prop::collection::vec(term, 0..5).prop_map(|mut terms| {
        terms.sort_by_key(|term| term.valid_from);
        terms
    })
}

fn sighting() -> impl Strategy<Value = Sighting> {
    let what = prop_oneof![
        4 => prop::sample::select(&ReadingKind::ALL).prop_map(SightingKind::Reading),
        1 => any::<bool>().prop_map(|proof| SightingKind::Attempt { proof }),
    ];
    (moment(), what, any::<[bool; 5]>()).prop_map(|(at, what, [complete, voided, rejected, time_review, evidence])| {
        Sighting { at, what, complete, evidence, voided, rejected, time_review }
    })
}

fn sightings() -> impl Strategy<Value = Vec<Sighting>> {
    prop::collection::vec(sighting(), 0..8)
}

fn gas_on() -> impl Strategy<Value = Option<NaiveDate>> {
    prop::option::of((0..182_u64).prop_map(|days| first_day() + Days::new(days)))
}

fn periods() -> Vec<Period> {
    let months = (1..=6).map(|month| Period::Month { year: 2024, month });
    months.chain((1..=2).map(|quarter| Period::Quarter { year: 2024, quarter })).collect()
}

fn period() -> impl Strategy<Value = Period> {
    prop::sample::select(periods())
}

fn settings() -> impl Strategy<Value = Settings> {
    any::<[bool; 2]>().prop_map(|[exchange_counts, customer_photo_counts]| Settings {
        exchange_counts,
        customer_photo_counts,
        ..Settings::default()
    })
}

fn placed(
    terms: &[Term],
    gas_on: Option<NaiveDate>,
    sightings: &[Sighting],
    period: Period,
    settings: &Settings,
) -> Option<Placement> {
    place(&PointFacts { terms, gas_on, sightings }, period, Zone::default(), settings)
}

fn was_removed(terms: &[Term]) -> bool {
    terms.iter().any(|term| term.state == PointState::Removed)
}

/// The same as an entry of the plan.
fn entered(
    terms: &[Term],
    gas_on: Option<NaiveDate>,
    sightings: &[Sighting],
    period: Period,
    settings: &Settings,
) -> Option<PlanEntry> {
    let (window, rules) = (ReadingWindow::of(period, settings), Rulebook::default());
    let judge = Judge { period, zone: Zone::default(), settings, window, rules: &rules, counted_from: first_day() };
    plan_entry(&PointFacts { terms, gas_on, sightings }, &judge)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn buckets_partition_the_population(
        points in prop::collection::vec((terms(), gas_on(), sightings()), 0..12), period in period(), settings in settings(),
    ) {
        let placements: Vec<Placement> =
            points.iter().filter_map(|(terms, lit, seen)| placed(terms, *lit, seen, period, &settings)).collect();
        let tally: Tally = placements.iter().map(|placement| placement.bucket).collect();
        prop_assert_eq!(tally.population(), placements.len() as u64);
        let in_d = placements.iter().filter(|placement| placement.bucket.in_denominator()).count();
        prop_assert_eq!(tally.denominator(), in_d as u64);
        prop_assert!(placements.iter().all(|placement| is_period_of(placement.class, period)));
        let excluded = [Bucket::NewNextPeriod, Bucket::Removed, Bucket::Suspended].map(|bucket| tally.count(bucket));
        prop_assert_eq!(tally.population(), tally.denominator() + excluded.iter().sum::<u64>());
    }

    #[test]
    fn the_order_of_sightings_does_not_matter(
        terms in terms(), lit in gas_on(), seen in sightings(), period in period(), settings in settings(), turn in 0..8_usize,
    ) {
        let mut other = seen.clone();
        other.reverse();
        other.rotate_left(turn.min(seen.len()));
        prop_assert_eq!(placed(&terms, lit, &seen, period, &settings), placed(&terms, lit, &other, period, &settings));
    }

    #[test]
    fn voiding_is_as_if_it_had_never_been(
        terms in terms(), lit in gas_on(), seen in sightings(), period in period(), settings in settings(), gone in sighting(), which in 0..8_usize,
    ) {
        let mut voided = seen.clone();
        voided.insert(which.min(seen.len()), Sighting { voided: true, ..gone });
        prop_assert_eq!(placed(&terms, lit, &voided, period, &settings), placed(&terms, lit, &seen, period, &settings));
    }

    #[test]
    fn voiding_the_only_reading_unsees(
        terms in terms(), lit in gas_on(), mut only in sighting(), period in period(), settings in settings(),
    ) {
        only.voided = false;
        let before = placed(&terms, lit, &[only], period, &settings);
        only.voided = true;
        let after = placed(&terms, lit, &[only], period, &settings);
        prop_assert!(after.is_none_or(|placement| placement.bucket != Bucket::Seen));
        prop_assert_eq!(before.is_some(), after.is_some());
    }

    #[test]
    fn membership_never_depends_on_what_was_seen(
        terms in terms(), lit in gas_on(), seen in sightings(), period in period(), settings in settings(),
    ) {
        let with = placed(&terms, lit, &seen, period, &settings).map(|placement| placement.class);
        let without = placed(&terms, lit, &[], period, &settings).map(|placement| placement.class);
        prop_assert_eq!(with, without);
    }

    #[test]
    fn one_more_sighting_never_unsees(
        terms in terms(), lit in gas_on(), mut seen in sightings(), more in sighting(), period in period(), settings in settings(),
    ) {
        let before = placed(&terms, lit, &seen, period, &settings);
        seen.push(more);
        let after = placed(&terms, lit, &seen, period, &settings);
        if before.is_some_and(|placement| placement.bucket == Bucket::Seen) {
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn what_the_bucket_alone_tells_is_what_all_the_facts_tell(
        terms in terms(), lit in gas_on(), mut seen in sightings(), more in sighting(), period in period(), settings in settings(),
    ) {
        let before = placed(&terms, lit, &seen, period, &settings);
        let Some(before) = before.filter(|_| period.contains(more.at, Zone::default())) else { return Ok(()) };
        seen.push(more);
        if let Some(after) = bucket_after(before.bucket, &more, &settings, was_removed(&terms)) {
            prop_assert_eq!(placed(&terms, lit, &seen, period, &settings), Some(Placement { bucket: after, ..before }));
        }
    }

    #[test]
    fn what_the_entry_alone_tells_is_what_all_the_facts_tell(
        terms in terms(), lit in gas_on(), mut seen in sightings(), more in sighting(), period in period(), settings in settings(),
    ) {
        let before = entered(&terms, lit, &seen, period, &settings);
        let Some(before) = before.filter(|_| period.contains(more.at, Zone::default())) else { return Ok(()) };
        seen.push(more);
        let (window, rules) = (ReadingWindow::of(period, &settings), Rulebook::default());
        let judge = Judge { period, zone: Zone::default(), settings: &settings, window, rules: &rules, counted_from: first_day() };
        if let Some(after) = entry_after(&before, &more, &judge, was_removed(&terms)) {
            prop_assert_eq!(entered(&terms, lit, &seen, period, &settings), Some(after));
        }
    }

    #[test]
    fn an_entry_is_a_placement_and_does_not_ask_for_the_order(
        terms in terms(), lit in gas_on(), seen in sightings(), period in period(), settings in settings(),
    ) {
        let entry = entered(&terms, lit, &seen, period, &settings);
        let mut other = seen.clone();
        other.reverse();
        prop_assert_eq!(entry, entered(&terms, lit, &other, period, &settings));
        let placement = placed(&terms, lit, &seen, period, &settings);
        prop_assert_eq!(entry.map(|entry| Placement { class: entry.class, bucket: entry.bucket }), placement);
        let marks = entry.map_or(0, |entry| Mark::ALL.into_iter().filter(|mark| mark.is_of(&entry)).count());
        prop_assert!(marks <= 2);
    }

    #[test]
    fn what_happens_outside_the_period_changes_nothing(
        terms in terms(), lit in gas_on(), seen in sightings(), period in period(), settings in settings(),
    ) {
        let inside: Vec<Sighting> =
            seen.iter().copied().filter(|sighting| period.contains(sighting.at, Zone::default())).collect();
        prop_assert_eq!(placed(&terms, lit, &seen, period, &settings), placed(&terms, lit, &inside, period, &settings));
    }

    #[test]
    fn estimates_customers_and_fitters_never_see(
        terms in terms(), lit in gas_on(), mut seen in sightings(), period in period(), which in 0..4_usize,
    ) {
        let kinds = [ReadingKind::Estimate, ReadingKind::Customer, ReadingKind::Removal, ReadingKind::Initial];
        for sighting in &mut seen {
            sighting.what = SightingKind::Reading(kinds[which]);
        }
        let placement = placed(&terms, lit, &seen, period, &Settings::default());
        prop_assert!(placement.is_none_or(|placement| placement.bucket != Bucket::Seen));
    }

    #[test]
    fn a_point_in_use_is_due_at_least_once_in_every_quarter(
        classes in prop::collection::vec((moment(), prop::sample::select(&Class::ALL)), 0..6),
        first in prop::sample::select(&Class::ALL), quarter in 1..=2_u32,
    ) {
        let mut changes: Vec<Term> = classes.iter()
            .map(|(valid_from, class)| Term { valid_from: *valid_from, class: *class, state: PointState::Active })
            .collect();
        let long_ago = Zone::default().start_of(first_day()) - TimeDelta::days(1);
        changes.push(Term { valid_from: long_ago, class: first, state: PointState::Active });
        changes.sort_by_key(|term| term.valid_from);
        let whole = Period::Quarter { year: 2024, quarter };
        let due = periods().into_iter().filter(|period| {
            whole.first_day() <= period.first_day() && period.end_day() <= whole.end_day()
        });
        let placements = due.filter_map(|period| placed(&changes, None, &[], period, &Settings::default()));
        prop_assert!(placements.filter(|placement| placement.bucket.in_denominator()).count() >= 1);
    }

    #[test]
    fn met_needed_and_rate_agree(seen in 0..2_000_000_u64, unseen in 0..2_000_000_u64, target in 0..=10_000_u32) {
        use crate::quantity::BasisPoints;
        let mut tally = Tally::default();
        tally.extend([(Bucket::Seen, seen), (Bucket::NoAccess, unseen)]);
        let target = BasisPoints(target);
        let met = tally.met(target);
        prop_assert_eq!(met.is_some(), seen + unseen > 0);
        prop_assert_eq!(met.unwrap_or(true), seen >= tally.needed(target));
        prop_assert_eq!(met.unwrap_or(true), tally.still_needed(target) == 0);
        // A floored rate at the target is met, and one below it is missed: the printed rate never contradicts the verdict.
        prop_assert_eq!(met, tally.rate().map(|rate| rate >= target));
    }
}
