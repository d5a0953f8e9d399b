//! Proving a closed period: its rows are counted and hashed, and only what agrees with the frozen figures gets a version.
//!
//! Why separate: freezing is one short transaction; this walks over every point of the population, as a job of many steps.

use super::store;
use crate::coverage::Grouping;
use crate::coverage::store::{PlanRow, frozen_after, to_day};
use crate::db::Conn;
use crate::jobs::{Done, Job};
use crate::keys::sha256;
use diesel::QueryResult;
use diesel::result::Error;
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::{Bucket, Mark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Points looked at in one step: on SQLite pushes wait for it.
const CHUNK: i64 = 5_000;

/// How far the walk is.
#[derive(Serialize, Deserialize, Default)]
struct Progress {
    after: i64,
    points: i64,
    /// Hash of all rows so far, hexadecimal.
    hash: String,
    /// Counted so far: class and figure.
    counts: BTreeMap<String, u64>,
}

/// One row as it is hashed: the point, where it counts, and its entry.
fn line(point: i64, row: &PlanRow) -> String {
    let entry = &row.entry;
    let punctuality = entry.punctuality.map_or("-", meterbook::coverage::Punctuality::code);
    format!(
        "{point} {} {} {} {} {} {} {} {punctuality} {} {}\n",
        entry.class.code(),
        row.area_id,
        row.route_id,
        row.reader_id,
        entry.bucket.code(),
        u8::from(entry.proven),
        u8::from(entry.evidence),
        to_day(entry.unseen_since),
        entry.missed
    )
}

/// Takes the next rows of the closed period. After the last the counts must be those that were frozen.
pub fn step(conn: &mut Conn, job: &Job, now: Instant) -> QueryResult<Done> {
    let Some(period) = Period::parse(&job.subject) else {
        return Ok(Done::Failed(format!("no period: {}", job.subject)));
    };
    let mut progress: Progress = match job.progress.as_str() {
        "" => Progress::default(),
        text => serde_json::from_str(text).map_err(|fault| Error::DeserializationError(fault.into()))?,
    };
    let (rows, last) = frozen_after(conn, period, progress.after, CHUNK)?;
    if !rows.is_empty() {
        let mut text = progress.hash.clone();
        text.push('\n');
        for (point, row) in &rows {
            text.push_str(&line(*point, row));
            count(&mut progress.counts, row);
        }
        progress.points += i64::try_from(rows.len()).unwrap_or(i64::MAX);
        progress.hash = hex(&sha256(text.as_bytes()));
    }
    if let Some(last) = last {
        progress.after = last;
        let text = serde_json::to_string(&progress).map_err(|fault| Error::SerializationError(fault.into()))?;
        return Ok(Done::Step(text));
    }
    let frozen = frozen_counts(conn, period)?;
    if frozen != progress.counts {
        return Ok(Done::Failed(format!("frozen {frozen:?}, counted {:?}", progress.counts)));
    }
    let hash = if progress.hash.is_empty() { sha256(b"") } else { unhex(&progress.hash) };
    store::insert_version(conn, period, progress.points, &hash, now)?;
    Ok(Done::All)
}

fn count(counts: &mut BTreeMap<String, u64>, row: &PlanRow) {
    let class = row.entry.class.code();
    *counts.entry(format!("{class} {}", row.entry.bucket.code())).or_default() += 1;
    for mark in Mark::ALL.into_iter().filter(|mark| mark.is_of(&row.entry)) {
        *counts.entry(format!("{class} mark {}", mark.number())).or_default() += 1;
    }
}

fn frozen_counts(conn: &mut Conn, period: Period) -> QueryResult<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    for ((class, _), line) in store::frozen_lines(conn, period, Grouping::Class)? {
        let class = class.code();
        let buckets = Bucket::ALL.map(|bucket| (format!("{class} {}", bucket.code()), line.tally.count(bucket)));
        let marks = Mark::ALL.map(|mark| (format!("{class} mark {}", mark.number()), line.companions.count(mark)));
        counts.extend(buckets.into_iter().chain(marks).filter(|(_, points)| *points > 0));
    }
    Ok(counts)
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).filter_map(pair).collect()
}
