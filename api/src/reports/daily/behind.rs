//! The records behind a figure of a day: every number of a line has its list, drawn from the same visits it was counted from.

use super::Daily;
use super::store::DayRecord;
use crate::http::{Time, from_ms};
use meterbook::quantity::Volume;
use meterbook::reports::{DayFigure, Visit};
use serde::Serialize;
use utoipa::ToSchema;

/// A figure that counts records of a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DailyFigure {
    /// Visits.
    Visits(DayFigure),
    /// Records of a kind beside visits.
    Kind(&'static str),
}

impl DailyFigure {
    /// The figure of its name in a line.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "corrections" => Some(Self::Kind("correction")),
            "hazards" => Some(Self::Kind("hazard")),
            "found_changes" => Some(Self::Kind("found")),
            visits => DayFigure::parse(visits).map(Self::Visits),
        }
    }
}

/// A record of the day.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct DailyRecord {
    /// Its place in the list, from 1. What arrives meanwhile may move it.
    pub position: i64,
    /// Its id.
    pub record_id: String,
    /// `reading`, `attempt`, `correction`, `hazard` or `found`.
    pub kind: String,
    /// The kind's own code.
    pub code: String,
    /// The service point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// As it counts in the month.
    pub class: String,
    /// The meter; absent where none was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter_id: Option<i64>,
    /// 表号.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter_number: Option<String>,
    /// Who made it.
    pub reader_id: i64,
    /// When it was observed.
    pub observed_at: Time,
    /// When the server got it.
    pub received_at: Time,
    /// 基表读数 that counts, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// Gas the reading accounts for, where it can be told, 0.001 m³.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<i64>,
    /// What its receipt said, with the verdict that counts.
    pub flags: Vec<String>,
}

/// Records of a day by time.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct DailyRecordPage {
    /// The rows.
    pub items: Vec<DailyRecord>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

impl Daily {
    /// The records a figure counts, by time, after a place in the list, at most so many.
    #[must_use]
    pub fn behind(&self, figure: DailyFigure, after: i64, limit: i64) -> Vec<DailyRecord> {
        let visits = self.visits.iter().map(|(record, visit)| (record, Some(visit)));
        let others = self.others.iter().map(|record| (record, None));
        let is_counted = |(record, visit): &(&DayRecord, Option<&Visit>)| match figure {
            DailyFigure::Visits(figure) => visit.is_some_and(|visit| figure.counts(visit)),
            DailyFigure::Kind(kind) => visit.is_none() && record.kind == kind,
        };
        let whole = |count: i64| usize::try_from(count).unwrap_or(0);
        let listed = visits.chain(others).filter(is_counted).zip(1..);
        let page = listed.skip(whole(after)).take(whole(limit));
        page.map(|((record, visit), position)| row(record, visit, position)).collect()
    }
}

fn row(record: &DayRecord, visit: Option<&Visit>, position: i64) -> DailyRecord {
    DailyRecord {
        position,
        record_id: record.id.0.to_string(),
        kind: record.kind.clone(),
        code: record.code.clone(),
        service_point_id: record.point,
        service_point_number: record.point_number.clone(),
        class: record.class.clone(),
        meter_id: record.meter,
        meter_number: record.meter_number.clone(),
        reader_id: record.reader,
        observed_at: Time(from_ms(record.observed_at)),
        received_at: Time(from_ms(record.received_at)),
        index: record.index,
        volume: visit.and_then(|visit| visit.volume).map(Volume::litres),
        flags: record.flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect(),
    }
}
