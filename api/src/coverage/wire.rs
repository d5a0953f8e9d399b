//! What coverage looks like on the wire.

use crate::http::Time;
use meterbook::coverage::{Bucket, Settings, Tally};
use meterbook::meters::Class;
use serde::Serialize;
use utoipa::ToSchema;

/// Coverage of a period.
#[derive(Serialize, ToSchema)]
pub struct CoverageReport {
    /// As of when.
    pub counted_at: Time,
    /// One line per class and group.
    pub lines: Vec<CoverageLine>,
}

/// One class (and group) in one period. The first seven buckets add up to `denominator`, all ten to `population`.
#[derive(Serialize, ToSchema)]
pub struct CoverageLine {
    /// `2026-10` or `2026-Q4`.
    pub period: String,
    /// `commercial`, `residential_outdoor` or `residential_indoor`.
    pub class: String,
    /// The id of the area, route or reader; 0 for none; absent when grouped by class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<i64>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// Points that must be read (D).
    pub denominator: u64,
    /// Points of the class, excluded ones too.
    pub population: u64,
    /// Read.
    pub seen: u64,
    /// Tried in vain.
    pub no_access: u64,
    /// Not tried.
    pub unattempted: u64,
    /// Known only from the customer.
    pub customer_only: u64,
    /// Known only by estimate.
    pub estimate_only: u64,
    /// Only rejected readings.
    pub rejected_only: u64,
    /// A reading whose time a person must decide.
    pub time_review: u64,
    /// New after the cut-in day: counts from the next period.
    pub new_next_period: u64,
    /// Removed.
    pub removed: u64,
    /// Suspended.
    pub suspended: u64,
    /// floor(seen × 10,000 / D); absent where D is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_bp: Option<u32>,
    /// The target of R-5 in 1/10,000.
    pub target_bp: u32,
    /// seen × 10,000 ≥ target × D; absent where D is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// ceil(target × D): points that must be seen.
    pub needed: u64,
    /// Whether more than 2 % of the class are suspended.
    pub suspended_warning: bool,
}

impl CoverageLine {
    /// The line of a tally.
    #[must_use]
    pub fn of(period: String, class: Class, group: Option<(i64, String)>, tally: &Tally, settings: &Settings) -> Self {
        let target = settings.target(class);
        let (group_id, group_name) = group.unzip();
        Self {
            period,
            class: class.code().to_owned(),
            group_id,
            group_name,
            denominator: tally.denominator(),
            population: tally.population(),
            seen: tally.count(Bucket::Seen),
            no_access: tally.count(Bucket::NoAccess),
            unattempted: tally.count(Bucket::Unattempted),
            customer_only: tally.count(Bucket::CustomerOnly),
            estimate_only: tally.count(Bucket::EstimateOnly),
            rejected_only: tally.count(Bucket::RejectedOnly),
            time_review: tally.count(Bucket::TimeReview),
            new_next_period: tally.count(Bucket::NewNextPeriod),
            removed: tally.count(Bucket::Removed),
            suspended: tally.count(Bucket::Suspended),
            rate_bp: tally.rate().map(|rate| rate.0),
            target_bp: target.0,
            met: tally.met(target),
            needed: tally.needed(target),
            suspended_warning: tally.suspended_above(settings.suspended_warning),
        }
    }
}
