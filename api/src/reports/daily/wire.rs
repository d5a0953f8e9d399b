//! What a daily report looks like on the wire.

use crate::http::Time;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// The daily reading report (抄表日报表, R-8) with the gas sold that day.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct DailyReport {
    /// The local day. What was made on it counts, whenever it arrived.
    pub day: NaiveDate,
    /// What arrived later is not in it.
    pub cut_off: Time,
    /// Version of the rules behind the verdicts.
    pub rules_version: String,
    /// Everybody together, or the one reader asked for.
    pub office: DailyLine,
    /// Reader by reader: who made a record, and who holds a round without having made one.
    pub readers: Vec<DailyLine>,
    /// Gas sold (售气量, R-30) by area and class; only in the office's report.
    pub sold: Vec<SoldLine>,
    /// All gas sold, 0.001 m³.
    pub volume_sold: i64,
    /// All money taken for it, fen.
    pub paid_fen: i64,
}

/// What one reader, or everybody, did on a day. `visits` = readings + rereads + customer_told + attempts.
#[derive(Serialize, ToSchema, Clone, Debug, Default)]
pub struct DailyLine {
    /// The reader; absent in the line of everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_id: Option<i64>,
    /// The reader's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_name: Option<String>,
    /// Visits made.
    pub visits: u64,
    /// Readings.
    pub readings: u64,
    /// Second looks.
    pub rereads: u64,
    /// Told by the customer.
    pub customer_told: u64,
    /// Attempts without a reading.
    pub attempts: u64,
    /// 门锁.
    pub attempts_locked: u64,
    /// 拒绝.
    pub attempts_refused: u64,
    /// 无人.
    pub attempts_nobody_home: u64,
    /// 危险.
    pub attempts_unsafe: u64,
    /// 找不到表.
    pub attempts_meter_not_found: u64,
    /// 无显示.
    pub attempts_display_dark: u64,
    /// 其他.
    pub attempts_other: u64,
    /// Attempts with a photo.
    pub attempts_proven: u64,
    /// Corrections made that day.
    pub corrections: u64,
    /// Hidden hazards reported.
    pub hazards: u64,
    /// Differences from the register reported.
    pub found_changes: u64,
    /// Items of that day's pushes that lie in quarantine undecided.
    pub quarantined: u64,
    /// Numbers missing of the phones' records that may have been made that day.
    pub missing_records: u64,
    /// Photos that the day's records name and that have not come.
    pub photos_owed: u64,
    /// Commercial readings before the window.
    pub early: u64,
    /// Commercial readings in the window.
    pub on_time: u64,
    /// Commercial readings after the window.
    pub late: u64,
    /// Readings set aside by their verdict.
    pub set_aside: u64,
    /// Visits whose time a person must decide.
    pub time_review: u64,
    /// Visits that arrived on a later day.
    pub came_later: u64,
    /// Gas read: what the day's readings account for, 0.001 m³.
    pub volume: i64,
    /// The first visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Time>,
    /// The last visit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Time>,
}

/// Gas sold in an area to a class.
#[derive(Serialize, serde::Deserialize, ToSchema, Clone, Debug, PartialEq, Eq)]
pub struct SoldLine {
    /// The area; 0 where the meter hangs nowhere now.
    pub area_id: i64,
    /// Its path; empty for none.
    pub area: String,
    /// The class; empty for none.
    pub class: String,
    /// Purchases.
    pub purchases: u64,
    /// Gas, 0.001 m³.
    pub volume: i64,
    /// Money, fen.
    pub paid_fen: i64,
}
