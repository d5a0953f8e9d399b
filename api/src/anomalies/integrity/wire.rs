//! What integrity evidence looks like on the wire. Nothing here names a fault: signs are reasons to look again.

use super::store::{ItemRow, ListRow};
use crate::http::{Time, from_ms};
use chrono::NaiveDate;
use meterbook::anomalies::integrity::Sign;
use meterbook::text::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Signs in readers' entries of a window.
#[derive(Serialize, ToSchema)]
pub struct IntegrityReport {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// What this is, and what it is not, in the language asked for.
    pub note: String,
    /// Entries at different places closer than this are fast: what honest pairs on one landing need, in milliseconds.
    pub fast_ms: i64,
    /// Readers, those with signs first.
    pub items: Vec<ReaderIntegrity>,
}

/// One reader's entries.
#[derive(Serialize, ToSchema)]
pub struct ReaderIntegrity {
    /// Who.
    pub reader_id: i64,
    /// His name.
    pub name: String,
    /// How many entries were looked at.
    pub entries: usize,
    /// What was noticed; the strongest kinds first.
    pub signs: Vec<IntegritySign>,
}

/// A reason to look again, with its numbers.
#[derive(Serialize, ToSchema)]
pub struct IntegritySign {
    /// `fast_entries`, `too_far_too_soon`, `one_place`, `photo_twice`, `photo_missing`, `catch_up`, `equal_increments` or `last_digit`.
    pub code: String,
    /// The reason, in the language asked for.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// … of how many.
    pub of: u64,
    /// Some of the records, to look at.
    pub records: Vec<String>,
}

impl IntegritySign {
    /// A sign in a language.
    #[must_use]
    pub fn of(sign: &Sign, language: Language) -> Self {
        Self {
            code: sign.kind.code().to_owned(),
            reason: sign.reason(language),
            count: sign.count,
            of: sign.of,
            records: sign.records.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Draw a blind re-read list.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawRereadsRequest {
    /// Whose entries.
    pub reader_id: i64,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// The share of wrong entries the list is to find, in basis points: 500 is 1 in 20.
    #[schema(minimum = 1, maximum = 10_000)]
    pub faulty_bp: u32,
    /// The chance that at least one of them is on the list, in basis points: 9500 is 95 %.
    #[schema(minimum = 1, maximum = 9_999)]
    pub detection_bp: u32,
    /// Why, at most 1,000 characters.
    pub reason: String,
}

/// A blind re-read list: drawn by chance, by a seed that anybody can draw it again with.
#[derive(Serialize, ToSchema)]
pub struct RereadList {
    /// Its id.
    pub id: i64,
    /// Whose entries.
    pub reader_id: i64,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// How many entries there are.
    pub population: i64,
    /// How many wrong ones are assumed.
    pub assumed_faulty: i64,
    /// The chance that one of them is on the list, in basis points.
    pub detection_bp: i32,
    /// The seed of the draw.
    pub seed: String,
    /// Why.
    pub reason: String,
    /// Who drew it.
    pub made_by: i64,
    /// When.
    pub made_at: Time,
    /// What to read again, in the order drawn; empty in a list of lists.
    pub items: Vec<RereadItem>,
}

/// One entry to look at again.
#[derive(Serialize, ToSchema)]
pub struct RereadItem {
    /// Its place.
    pub position: i32,
    /// The entry.
    pub record_id: String,
    /// The point.
    pub service_point_id: i64,
    /// 户号.
    pub service_point_number: String,
    /// Whether it was re-read since.
    pub is_reread: bool,
}

/// Lists by id.
#[derive(Serialize, ToSchema)]
pub struct RereadListPage {
    /// The rows.
    pub items: Vec<RereadList>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

impl RereadList {
    /// A stored list.
    #[must_use]
    pub fn of(row: ListRow, items: Vec<ItemRow>) -> Self {
        let item = |(position, record, point, number, is_reread): ItemRow| RereadItem {
            position,
            record_id: record.0.to_string(),
            service_point_id: point,
            service_point_number: number,
            is_reread,
        };
        Self {
            id: row.id,
            reader_id: row.reader_id,
            from: row.from_day,
            until: row.until_day,
            population: row.population,
            assumed_faulty: row.assumed_faulty,
            detection_bp: row.detection_bp,
            seed: row.seed.to_string(),
            reason: row.reason,
            made_by: row.made_by,
            made_at: Time(from_ms(row.made_at)),
            items: items.into_iter().map(item).collect(),
        }
    }
}
