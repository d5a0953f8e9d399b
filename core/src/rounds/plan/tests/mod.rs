//! The planner, tested on small cities; the large ones are measured by `examples/plan`.

#[path = "../../../../examples/plan/city.rs"]
mod city;

mod checker;
mod market;
mod noon;
mod properties;
mod reasons;
mod small_city;

use super::{PlanInput, PlanReader, PlanStop, Planned, Search, Span, Weights, check_plan};
use crate::id::{AccountId, PointId};
use crate::place::Spot;

const HOUR: i32 = 3_600;

/// Plans, and demands that the checker finds nothing.
fn plan(input: &PlanInput, seed: u64, budget: u64) -> Planned {
    let mut search = Search::new(input.clone(), seed, budget);
    search.run(u64::MAX);
    let planned = search.planned();
    assert_eq!(check_plan(input, &planned), vec![], "{planned:?}");
    planned
}

/// One reader at the origin who works from eight to five, and a stop each kilometre to the east.
fn line(stops: u32) -> PlanInput {
    let stop = |n: u32| PlanStop::simple(PointId(i64::from(n)), Spot { east: n as i32 * 1_000, north: 0 });
    let reader = PlanReader {
        reader: AccountId(1),
        home: Spot { east: 0, north: 0 },
        has: vec![],
        hours: vec![Some(Span { from: 8 * HOUR, until: 17 * HOUR })],
        capacity: 100,
    };
    PlanInput {
        days: 1,
        stops: (1..=stops).map(stop).collect(),
        readers: vec![reader],
        seconds_per_km: 240,
        now: 0,
        weights: Weights::default(),
    }
}
