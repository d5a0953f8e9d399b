//! Can so much gas have passed the meter? (DOMAIN 4, order 3)
//!
//! Apart because it is physics, not habit: it holds without any history.

use super::catalogue::Rule;
use super::comparison::Comparison;
use super::{Finding, misread};
use crate::quantity::Volume;

/// `impossible` beyond 1.2 Qmax h, `overload` beyond Qmax h. A figure is equal to its limit, not beyond it.
pub(super) fn check(visits: &Comparison, consumption: Volume) -> Option<Finding> {
    let about = |rule, limit: Volume| {
        Finding::new(rule).with("consumption", consumption).with("days", visits.days()).with("limit", limit)
    };
    if visits.exceeds(consumption, visits.ceiling()) {
        Some(misread::with_slips(visits, about(Rule::Impossible, visits.ceiling())))
    } else if visits.exceeds(consumption, visits.rated()) {
        Some(about(Rule::Overload, visits.rated()))
    } else {
        None
    }
}
