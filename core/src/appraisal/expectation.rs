//! What could be expected of a reader on his routes: coverage adjusted for difficulty (DOMAIN 8), in integers.
//!
//! Why separate: a reader with the old walk-ups must not be held against one with new outdoor meters. Definition, for a reader
//! r and each route and class of his period:
//!
//! - the *history* is the route's and class's coverage in the earlier periods ([`AppraisalSettings::history_periods`]) as far
//!   as *others* read it. His own months are left out: else whoever reads little would set himself a low bar;
//! - the *peers* are all other readers of the same class in the same period; where there are none, the target;
//! - the *baseline* is (10,000 × history seen + k × peers' rate) / (history D + k), k = [`AppraisalSettings::prior_points`]:
//!   a route nobody else ever read is measured by the peers, one with a long history by that;
//! - no baseline is above the target of R-5: nobody is expected to do more than the regulation asks;
//! - the *expectation* is the sum of D × baseline over his routes. The shortfall is rounded down, in his favour.

use super::AppraisalSettings;
use crate::quantity::BasisPoints;

const WHOLE: u128 = BasisPoints::WHOLE.0 as u128;

/// Seen points and D.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SeenOf {
    /// Seen.
    pub seen: u64,
    /// D.
    pub denominator: u64,
}

/// One route and class of a reader's period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RouteMonth {
    /// His own.
    pub own: SeenOf,
    /// The same route and class in earlier periods, read by others.
    pub history: SeenOf,
    /// The same class in this period, read by others.
    pub peers: SeenOf,
    /// The class's target.
    pub target: BasisPoints,
}

/// What was expected, and what was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// Points that had to be read.
    pub denominator: u64,
    /// Points read.
    pub seen: u64,
    /// The rate, rounded down.
    pub rate: BasisPoints,
    /// The rate that could be expected, rounded down.
    pub expected: BasisPoints,
    /// By how much it was missed, rounded down; 0 where it was met.
    pub shortfall: BasisPoints,
}

impl Expectation {
    /// Whole per cents below the expectation.
    #[must_use]
    pub const fn percents_short(&self) -> u64 {
        (self.shortfall.0 / 100) as u64
    }
}

/// What can be expected of one route and class, 1/10,000, rounded down.
#[must_use]
pub fn baseline(route: &RouteMonth, settings: &AppraisalSettings) -> BasisPoints {
    let prior = u128::from(settings.prior_points);
    let peers = match route.peers.denominator {
        0 => u128::from(route.target.0),
        denominator => u128::from(route.peers.seen.min(denominator)) * WHOLE / u128::from(denominator),
    };
    let seen = u128::from(route.history.seen.min(route.history.denominator));
    let weight = u128::from(route.history.denominator) + prior;
    let rate = (seen * WHOLE + prior * peers).checked_div(weight).unwrap_or(peers);
    narrow(rate.min(u128::from(route.target.0)))
}

/// The expectation of a reader's routes of one class; `None` where he had nothing to read.
#[must_use]
pub fn expectation(routes: &[RouteMonth], settings: &AppraisalSettings) -> Option<Expectation> {
    let denominator = routes.iter().map(|route| route.own.denominator).fold(0, u64::saturating_add);
    let seen = routes.iter().map(|route| route.own.seen).fold(0, u64::saturating_add);
    if denominator == 0 {
        return None;
    }
    let expected: u128 =
        routes.iter().map(|route| u128::from(route.own.denominator) * u128::from(baseline(route, settings).0)).sum();
    let whole = u128::from(denominator);
    Some(Expectation {
        denominator,
        seen,
        rate: narrow(u128::from(seen) * WHOLE / whole),
        expected: narrow(expected / whole),
        shortfall: narrow(expected.saturating_sub(u128::from(seen) * WHOLE) / whole),
    })
}

fn narrow(rate: u128) -> BasisPoints {
    BasisPoints(u32::try_from(rate).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(seen: u64, denominator: u64) -> SeenOf {
        SeenOf { seen, denominator }
    }

    fn route(own: SeenOf, history: SeenOf, peers: SeenOf) -> RouteMonth {
        RouteMonth { own, history, peers, target: BasisPoints(9_800) }
    }

    #[test]
    fn a_hard_route_lowers_the_bar_and_an_easy_one_never_lifts_it_over_the_target() {
        let settings = AppraisalSettings::default();
        // Others saw 80 % of this route over a year; the peers see 97 % elsewhere.
        let hard = route(of(85, 100), of(960, 1_200), of(9_700, 10_000));
        assert_eq!(baseline(&hard, &settings), BasisPoints(8_041));
        let found = expectation(&[hard], &settings).unwrap();
        assert_eq!(
            (found.rate, found.expected, found.shortfall),
            (BasisPoints(8_500), BasisPoints(8_041), BasisPoints(0))
        );
        let easy = route(of(98, 100), of(1_200, 1_200), of(10_000, 10_000));
        assert_eq!(baseline(&easy, &settings), BasisPoints(9_800));
        assert_eq!(expectation(&[easy], &settings).unwrap().shortfall, BasisPoints(0));
    }

    #[test]
    fn a_route_nobody_else_read_is_measured_by_the_peers() {
        let settings = AppraisalSettings::default();
        let own = route(of(50, 100), of(0, 0), of(900, 1_000));
        assert_eq!(baseline(&own, &settings), BasisPoints(9_000));
        let found = expectation(&[own], &settings).unwrap();
        assert_eq!((found.shortfall, found.percents_short()), (BasisPoints(4_000), 40));
        let alone = route(of(50, 100), of(0, 0), of(0, 0));
        assert_eq!(baseline(&alone, &settings), BasisPoints(9_800));
    }

    #[test]
    fn routes_weigh_by_their_points() {
        let settings = AppraisalSettings { prior_points: 0, ..AppraisalSettings::default() };
        let routes = [route(of(50, 100), of(5, 10), of(0, 0)), route(of(270, 300), of(9, 10), of(0, 0))];
        let found = expectation(&routes, &settings).unwrap();
        assert_eq!(
            (found.expected, found.rate, found.shortfall),
            (BasisPoints(8_000), BasisPoints(8_000), BasisPoints(0))
        );
    }

    #[test]
    fn nothing_to_read_is_no_appraisal() {
        assert_eq!(expectation(&[], &AppraisalSettings::default()), None);
        let empty = route(of(0, 0), of(9, 10), of(9, 10));
        assert_eq!(expectation(&[empty], &AppraisalSettings::default()), None);
    }

    proptest! {
        /// Whatever was read before and by others, the bar lies between nothing and the target, and whoever reads all is never short.
        #[test]
        fn the_bar_is_never_above_the_target(
            cells in prop::collection::vec(((0..500_u64, 0..500_u64), (0..900_u64, 0..900_u64), (0..900_u64, 0..900_u64)), 1..12),
        ) {
            let settings = AppraisalSettings::default();
            let part = |(seen, denominator): (u64, u64)| of(seen.min(denominator), denominator);
            let routes: Vec<RouteMonth> =
                cells.iter().map(|(own, history, peers)| route(part(*own), part(*history), part(*peers))).collect();
            let full: Vec<RouteMonth> = routes
                .iter()
                .map(|route| RouteMonth { own: of(route.own.denominator, route.own.denominator), ..*route })
                .collect();
            if let Some(found) = expectation(&routes, &settings) {
                prop_assert!(found.expected <= BasisPoints(9_800));
                prop_assert_eq!(expectation(&full, &settings).unwrap().shortfall, BasisPoints(0));
            }
        }
    }
}
