//! Whatever is asked, every rule is kept and everything is accounted for.

use super::{HOUR, plan};
use crate::id::{AccountId, PointId};
use crate::place::Spot;
use crate::rounds::plan::{
    Current, Need, PlanInput, PlanReader, PlanStop, Search, Span, Turn, Visited, Weights, check_plan,
};
use proptest::prelude::*;

fn span(from: i32, length: i32) -> Span {
    Span { from, until: from + length }
}

prop_compose! {
    fn turns()(reader in 1..5_i64, day in 0..3_u16) -> Turn {
        Turn { reader: AccountId(reader), day }
    }
}

prop_compose! {
    fn stops()(
        place in prop::option::weighted(0.95, (-9_000..9_000, -9_000..9_000)),
        service in 0..2_400,
        load in 0..3_u32,
        opening in prop::collection::vec((0..60 * HOUR, 1..9 * HOUR), 0..3),
        agreed in prop::option::weighted(0.2, (0..40 * HOUR, 1..3 * HOUR)),
        need in prop::option::weighted(0.2, 0..2_u32),
        last in prop::option::of(1..5_i64),
        current in prop::option::weighted(0.4, (turns(), 0..9_u32)),
        locked in prop::bool::weighted(0.2),
        visited in prop::option::weighted(0.1, (turns(), 0..40 * HOUR)),
    ) -> PlanStop {
        PlanStop {
            point: PointId(0),
            place: place.map(|(east, north)| Spot { east, north }),
            service,
            load,
            opening: opening.into_iter().map(|(from, length)| span(from, length)).collect(),
            agreed: agreed.into_iter().map(|(from, length)| span(from, length)).collect(),
            needs: need.map(Need).into_iter().collect(),
            last_reader: last.map(AccountId),
            current: current.map(|(turn, position)| Current { turn, position }),
            locked,
            visited: visited.map(|(turn, end)| Visited { turn, end }),
        }
    }
}

prop_compose! {
    fn readers()(
        home in (-9_000..9_000, -9_000..9_000),
        has in prop::collection::vec(0..2_u32, 0..3),
        hours in prop::collection::vec(prop::option::weighted(0.9, (6 * HOUR..12 * HOUR, HOUR..9 * HOUR)), 2),
        capacity in 0..30_u32,
    ) -> PlanReader {
        let day = |(number, hours): (i32, Option<(i32, i32)>)| hours.map(|(from, length)| span(number * 24 * HOUR + from, length));
        PlanReader {
            reader: AccountId(0),
            home: Spot { east: home.0, north: home.1 },
            has: has.into_iter().map(Need).collect(),
            hours: (0..).zip(hours).map(day).collect(),
            capacity,
        }
    }
}

prop_compose! {
    fn inputs()(
        mut stops in prop::collection::vec(stops(), 0..40),
        mut readers in prop::collection::vec(readers(), 0..5),
        now in prop_oneof![Just(0), 0..40 * HOUR],
        balance in 0..20_000_u32,
    ) -> PlanInput {
        (1..).zip(&mut stops).for_each(|(number, stop)| stop.point = PointId(number));
        (1..).zip(&mut readers).for_each(|(number, reader)| reader.reader = AccountId(number));
        let weights = Weights { balance, ..Weights::default() };
        PlanInput { days: 2, stops, readers, seconds_per_km: 240, now, weights }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_plan_keeps_every_rule(input in inputs(), seed: u64) {
        let planned = plan(&input, seed, 150);
        let report = &planned.report;
        prop_assert_eq!(report.visited + report.planned + report.unassigned.len() as u32, report.given);
        let carried: u32 = report.carriers.iter().map(|(_, carrier)| carrier.stops).sum();
        prop_assert_eq!(carried, report.planned);
    }

    /// What one reader could do alone on an empty day is planned where there is but one stop.
    #[test]
    fn a_single_stop_is_planned_or_has_a_reason_of_its_own(input in inputs(), seed: u64) {
        for stop in input.stops.iter().filter(|stop| stop.visited.is_none()).take(3) {
            let alone = PlanInput { stops: vec![stop.clone()], ..input.clone() };
            let report = plan(&alone, seed, 10).report;
            let is_told = report.unassigned.iter().all(|left| left.reason.code() != "full" || stop.load > 0);
            prop_assert!(is_told, "{:?}", report.unassigned);
        }
    }

    /// Values nobody means are answered like any others.
    #[test]
    fn absurd_values_are_answered(
        places in prop::collection::vec((any::<i32>(), any::<i32>()), 1..6),
        times in prop::collection::vec((any::<i32>(), any::<i32>()), 6),
        service: i32, load: u32, pace: u32, now: i32, weight: u32,
    ) {
        let spot = |(east, north): &(i32, i32)| Spot { east: *east, north: *north };
        let span = |(from, until): &(i32, i32)| Span { from: *from, until: *until };
        let stops = (1..).zip(&places).map(|(number, place)| PlanStop {
            service,
            load,
            opening: times[..2].iter().map(span).collect(),
            agreed: times[2..3].iter().map(span).collect(),
            ..PlanStop::simple(PointId(number), spot(place))
        });
        let reader = PlanReader {
            reader: AccountId(1),
            home: spot(&places[0]),
            has: vec![],
            hours: times[3..].iter().map(|time| Some(span(time))).collect(),
            capacity: u32::MAX,
        };
        let weights = Weights { distance: weight, balance: weight, continuity: weight, change: weight };
        let input = PlanInput { days: 3, stops: stops.collect(), readers: vec![reader], seconds_per_km: pace, now, weights };
        let mut search = Search::new(input.clone(), 1, 20);
        search.run(20);
        let planned = search.planned();
        prop_assert_eq!(planned.report.planned + planned.report.unassigned.len() as u32, planned.report.given);
        // Its verdict is of no use where nothing is meant; that there is one is.
        drop(check_plan(&input, &planned));
    }
}
