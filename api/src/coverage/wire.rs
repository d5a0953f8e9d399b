//! What coverage looks like on the wire.

use super::store::Line;
use crate::http::Time;
use meterbook::coverage::{Bucket, Mark, Settings};
use meterbook::meters::Class;
use meterbook::quantity::BasisPoints;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Coverage of a period.
#[derive(Serialize, ToSchema)]
pub struct CoverageReport {
    /// As of when.
    pub counted_at: Time,
    /// Numbers that phones have given and that never came, of all phones.
    pub missing_records: u64,
    /// One line per class and group.
    pub lines: Vec<CoverageLine>,
}

/// One class (and group) in one period. The first seven buckets add up to `denominator`, all ten to `population`.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
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
    /// floor(suspended × 10,000 / population); absent where there are no points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_bp: Option<u32>,
    /// Whether more than 2 % of the class are suspended.
    pub suspended_warning: bool,
    /// Of `no_access`: proven by a photo.
    pub proven_attempts: u64,
    /// floor((seen + proven attempts) × 10,000 / D).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempted_bp: Option<u32>,
    /// Of `seen`: with a photo.
    pub with_evidence: u64,
    /// floor(with evidence × 10,000 / seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_bp: Option<u32>,
    /// Of `seen`, commercial: only before the window of R-6.
    pub early: u64,
    /// Of `seen`, commercial: in the window.
    pub on_time: u64,
    /// Of `seen`, commercial: only after the window.
    pub late: u64,
    /// floor(on time × 10,000 / D); only for commercial points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_time_bp: Option<u32>,
    /// Points of D that are not seen and were not in the period before either.
    pub repeat_unseen: u64,
    /// Days since the longest unseen point of D was seen, as of today or the period's last day; 0 if all are seen.
    pub oldest_unseen_days: u32,
    /// Points of D unseen for more than 180 days.
    pub unseen_over_180: u64,
    /// Points of D unseen for more than 365 days.
    pub unseen_over_365: u64,
    /// Records missing of the reader's phones; only where grouped by reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_records: Option<u64>,
}

impl CoverageLine {
    /// The line of counted figures.
    #[must_use]
    pub fn of(period: String, class: Class, group: Option<(i64, String)>, line: &Line, settings: &Settings) -> Self {
        let (target, Line { tally, companions, unseen }) = (settings.target(class), line);
        let points = |rate: BasisPoints| rate.0;
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
            suspended_bp: tally.suspended_share().map(points),
            suspended_warning: tally.suspended_above(settings.suspended_warning),
            proven_attempts: companions.count(Mark::ProvenAttempt),
            attempted_bp: companions.attempted(tally).map(points),
            with_evidence: companions.count(Mark::Evidence),
            evidence_bp: companions.evidence(tally).map(points),
            early: companions.count(Mark::Early),
            on_time: companions.count(Mark::OnTime),
            late: companions.count(Mark::Late),
            on_time_bp: companions.on_time(class, tally).map(points),
            repeat_unseen: companions.count(Mark::RepeatUnseen),
            oldest_unseen_days: unseen.oldest_days,
            unseen_over_180: unseen.over_180,
            unseen_over_365: unseen.over_365,
            missing_records: None,
        }
    }

    /// The count of a bucket.
    #[must_use]
    pub const fn count(&self, bucket: Bucket) -> u64 {
        match bucket {
            Bucket::Seen => self.seen,
            Bucket::NoAccess => self.no_access,
            Bucket::Unattempted => self.unattempted,
            Bucket::CustomerOnly => self.customer_only,
            Bucket::EstimateOnly => self.estimate_only,
            Bucket::RejectedOnly => self.rejected_only,
            Bucket::TimeReview => self.time_review,
            Bucket::NewNextPeriod => self.new_next_period,
            Bucket::Removed => self.removed,
            Bucket::Suspended => self.suspended,
        }
    }
}
