//! What a month-end report looks like on the wire, and as it is kept for ever once published.

use crate::coverage::CoverageLine;
use crate::http::Time;
use crate::reports::daily::SoldLine;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The month-end report (抄表月报, R-9). Its long lists have operations of their own.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq)]
pub struct MonthReport {
    /// `2026-03`.
    pub month: String,
    /// `running`, `provisional` (over, records may still come), `final` (not closed yet), `published`, or `restated`: closed, and
    /// as the figures stand now.
    pub state: String,
    /// 1 for the published one, which never changes; 0 for figures that still move.
    pub version: i32,
    /// What came later is not in it.
    pub cut_off: Time,
    /// Version of the rules behind the verdicts.
    pub rules_version: String,
    /// SHA-256 over who must be read: every point of the population with its class, area and route.
    pub population_hash: String,
    /// Seen rates by class, area, route and reader. Indoor points count in their quarter.
    pub coverage: Vec<ReportCoverage>,
    /// Points not read, by class and reason.
    pub not_read: Vec<NotReadLine>,
    /// Cases of readings made in the month, by list and rule.
    pub anomalies: Vec<AnomalyLine>,
    /// Gas read and sold, by area and class.
    pub volumes: Vec<VolumeLine>,
    /// The three figures of commercial meters: how many agree, how many do not.
    pub reconciliation: Vec<CountLine>,
    /// Corrections made in the month, by reader and reason.
    pub corrections: Vec<ReportCorrections>,
    /// Customers whose purchases changed.
    pub purchase_changes: Vec<CountLine>,
    /// This month against the last and the same one last year.
    pub comparison: Vec<ComparisonLine>,
    /// Of restated figures: what differs from the published ones.
    pub differences: Vec<DifferenceLine>,
}

/// Coverage of a class, in all or of an area, a route or a reader.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct ReportCoverage {
    /// `class`, `area`, `route` or `reader`.
    pub level: String,
    /// The figures, with their companions.
    pub figures: CoverageLine,
}

/// Points of a class that were not read, for one reason.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct NotReadLine {
    /// The class.
    pub class: String,
    /// The bucket they are in.
    pub bucket: String,
    /// How many.
    pub points: u64,
}

/// Cases of one rule.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct AnomalyLine {
    /// The list they are worked from.
    pub kind: String,
    /// The rule.
    pub rule: String,
    /// All.
    pub cases: u64,
    /// Neither confirmed nor dismissed yet.
    pub open: u64,
    /// Confirmed, in work or resolved.
    pub confirmed: u64,
    /// Dismissed.
    pub dismissed: u64,
    /// Volume at stake of those not dismissed, 0.001 m³.
    pub stake: i64,
}

/// Gas of an area and class.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct VolumeLine {
    /// The area; 0 for none.
    pub area_id: i64,
    /// Its path.
    pub area: String,
    /// The class; empty for none.
    pub class: String,
    /// Points with a reading that accounts for gas.
    pub points: u64,
    /// What the month's readings account for, 0.001 m³.
    pub volume_read: i64,
    /// Purchases.
    pub purchases: u64,
    /// Gas sold, 0.001 m³.
    pub volume_sold: i64,
    /// Money, fen.
    pub paid_fen: i64,
}

impl VolumeLine {
    /// A line with nothing read yet.
    #[must_use]
    pub fn of_sold(sold: &SoldLine) -> Self {
        Self {
            area_id: sold.area_id,
            area: sold.area.clone(),
            class: sold.class.clone(),
            points: 0,
            volume_read: 0,
            purchases: sold.purchases,
            volume_sold: sold.volume,
            paid_fen: sold.paid_fen,
        }
    }
}

/// How many of something.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct CountLine {
    /// Its code.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// Corrections by one reader for one reason.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct ReportCorrections {
    /// The reader.
    pub reader_id: i64,
    /// The reader's name.
    pub reader_name: String,
    /// The reason.
    pub reason: String,
    /// How many.
    pub corrections: u64,
    /// Made more than a day after the reading (setting).
    pub late: u64,
}

/// One figure in three months.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct ComparisonLine {
    /// `seen`, `denominator`, `rate`, `volume_read`, `volume_sold`, `paid`, `cases`, `attempts` or `corrections`.
    pub figure: String,
    /// The class of a figure of coverage; empty otherwise.
    pub class: String,
    /// What it counts: `count`, `bp` (1/10,000), `litres` (0.001 m³) or `fen`.
    pub unit: String,
    /// In this month; absent where there is nothing to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this: Option<i64>,
    /// In the month before, as it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_month: Option<i64>,
    /// In the same month last year, as it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_year: Option<i64>,
}

/// A count that is no longer what was published.
#[derive(Serialize, Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct DifferenceLine {
    /// `class`, `area`, `route` or `reader`.
    pub level: String,
    /// The class.
    pub class: String,
    /// The area, route or reader; 0 for none and for a whole class.
    pub group_id: i64,
    /// Its name.
    pub group_name: String,
    /// The bucket.
    pub bucket: String,
    /// As published.
    pub published: u64,
    /// As it stands now.
    pub now: u64,
}

/// A published report.
#[derive(Serialize, ToSchema)]
pub struct PublishedReport {
    /// Its id.
    pub id: i64,
    /// `month_end`.
    pub kind: String,
    /// The period.
    pub period: String,
    /// Its version.
    pub version: i32,
    /// What came later is not in it.
    pub cut_off: Time,
    /// Version of the rules.
    pub rules_version: String,
    /// SHA-256 over who must be read.
    pub population_hash: String,
    /// SHA-256 of the report's JSON, byte for byte.
    pub body_hash: String,
}

/// Published reports by id.
#[derive(Serialize, ToSchema)]
pub struct PublishedReportPage {
    /// The rows.
    pub items: Vec<PublishedReport>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}
