//! The campaigns must be able to fail: each planted mistake is found by the campaign made for its kind.

use super::flaky::on_flaky_links;
use super::invariants::Violation;
use super::kills::{Storm, over_postgres, over_sqlite};
use super::twins::at_two_nodes;
use crate::support::StoreKind;
use std::collections::BTreeSet;

/// Demands that a violation of one of these invariants was found.
fn assert_found(bug: &str, found: &[Violation], expected: &[&str]) {
    let kinds: BTreeSet<&str> = found.iter().map(|violation| violation.invariant).collect();
    let first: Vec<String> = found.iter().take(3).map(Violation::to_string).collect();
    println!("{bug}: {} violations of {kinds:?}, for example {first:#?}", found.len());
    assert!(expected.iter().any(|invariant| kinds.contains(invariant)), "{bug} was not found; found were {kinds:?}");
}

/// Slow enough that stops are still to be read when the last kill comes.
fn drizzle(kills: usize, bug: &'static str) -> Storm {
    Storm { kills, of_the_database: 0, phones: 12, most_noted: 2, points: 400, bug: Some(bug) }
}

#[test]
fn an_acknowledgement_before_the_commit_is_found() {
    let bug = "acknowledge_before_commit";
    super::run(async { assert_found(bug, &over_sqlite(drizzle(10, bug)).await, &["I1"]) });
}

#[test]
fn a_look_up_without_a_lock_is_found() {
    let bug = "check_then_insert";
    super::run(async {
        at_two_nodes(4, 12, Some(bug)).await.iter().for_each(|found| assert_found(bug, found, &["I1"]));
    });
}

#[test]
fn a_feed_numbered_by_a_sequence_is_found() {
    let bug = "sequence_cursor";
    super::run(async {
        over_postgres(drizzle(14, bug)).await.iter().for_each(|found| assert_found(bug, found, &["I6", "I7"]));
    });
}

#[test]
fn counters_moved_outside_the_transaction_are_found() {
    let bug = "counter_outside_transaction";
    super::run(async {
        over_postgres(drizzle(14, bug)).await.iter().for_each(|found| assert_found(bug, found, &["I5"]));
    });
}

#[test]
fn a_rejected_item_that_is_dropped_is_found() {
    let bug = "rejected_item_dropped";
    super::run(async {
        let found = on_flaky_links(StoreKind::Sqlite, 10, Some(bug)).await;
        found.iter().for_each(|found| assert_found(bug, found, &["I2"]));
    });
}
