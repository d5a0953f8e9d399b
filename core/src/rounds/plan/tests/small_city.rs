//! A tenth of the city of the bars.

use super::city::{Size, city};
use super::plan;
use crate::rounds::plan::{Reason, Search};

const SMALL: Size = Size { stops: 400, readers: 5, days: 2 };

#[test]
fn everything_feasible_is_read_on_a_shorter_way_than_nearest_neighbours() {
    for seed in [1, 2] {
        let report = plan(&city(seed, SMALL), seed, 20_000).report;
        assert!(report.unassigned.iter().all(|left| left.reason != Reason::Full), "{:?}", report.unassigned);
        assert_eq!(report.planned + report.unassigned.len() as u32, 400);
        assert!(report.metres * 100 < report.nearest_metres * 90, "{} of {}", report.metres, report.nearest_metres);
        assert!(report.same_reader * 100 >= report.known_last * 60, "{} of {}", report.same_reader, report.known_last);
    }
}

#[test]
fn the_same_seed_gives_the_same_plan_however_it_is_cut() {
    let input = city(3, SMALL);
    let whole = plan(&input, 7, 3_000);
    let mut search = Search::new(input.clone(), 7, 3_000);
    while !search.is_over() {
        search.run(700);
    }
    assert_eq!(search.planned(), whole);
    assert_ne!(plan(&input, 8, 3_000).plan, whole.plan);
}

/// Who looks at the progress sees it never get worse, and may stop at any time with a good plan.
#[test]
fn progress_only_gets_better_and_a_cancelled_search_has_a_plan() {
    let input = city(4, SMALL);
    let mut search = Search::new(input.clone(), 1, 10_000);
    let mut before = search.progress();
    for _ in 0..5 {
        let now = search.run(1_000);
        assert!(now.left_out <= before.left_out && now.done == before.done + 1_000, "{before:?} {now:?}");
        before = now;
        assert_eq!(crate::rounds::plan::check_plan(&input, &search.planned()), vec![]);
    }
    assert!(!search.is_over());
}

#[test]
fn weight_on_balance_evens_the_days() {
    let spread = |balance: u32| {
        let mut input = city(5, SMALL);
        input.weights.balance = balance;
        input.weights.continuity = 0;
        let report = plan(&input, 1, 15_000).report;
        report.busiest - report.idlest
    };
    let (even, uneven) = (spread(200_000), spread(0));
    assert!(even * 2 < uneven, "{even} s against {uneven} s");
}

#[test]
fn weight_on_continuity_keeps_readers() {
    let kept = |continuity: u32| {
        let mut input = city(6, SMALL);
        input.weights.continuity = continuity;
        plan(&input, 1, 15_000).report.same_reader
    };
    let (many, few) = (kept(5_000), kept(0));
    assert!(many > few + 80, "{many} against {few}");
}
