//! What the store holds, read past the service.

use crate::support::{Database, StoreKind};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    pub device: i64,
    pub seq: i64,
    pub target: Option<Uuid>,
    pub body: String,
}

/// An item in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aside {
    pub device: i64,
    pub seq: Option<i64>,
    pub body: String,
}

/// What the store holds of the phones.
pub struct Holdings {
    /// Rows of each id: more than one must not be.
    pub records: BTreeMap<Uuid, Vec<StoredRecord>>,
    pub quarantine: BTreeSet<Aside>,
    /// Rows in quarantine, with repetitions.
    pub quarantined: usize,
    /// By device: the gap-free number the service keeps.
    pub contiguous: BTreeMap<i64, i64>,
    /// By reader: head and the versions there are.
    pub feeds: BTreeMap<i64, (i64, Vec<i64>)>,
    /// Period, class, area, route, reader, bucket and count: as kept, and as recounted.
    pub counters: BTreeSet<String>,
    pub recounted: BTreeSet<String>,
    /// Stops that still wait though their point was read, by a record of their round's days.
    pub forgotten_stops: Vec<String>,
    /// Points whose meter's kept past is not what its records say.
    pub wrong_pasts: Vec<i64>,
}

const SEPARATOR: char = '\u{1f}';

impl Holdings {
    /// Reads a store nobody writes to now.
    pub fn read(database: &Database) -> Self {
        let id = |column: &str| match database.kind {
            StoreKind::Sqlite => format!("lower(hex({column}))"),
            StoreKind::Postgres => format!("CAST({column} AS TEXT)"),
        };
        let rows = |columns: &[&str], rest: &str| -> Vec<Vec<String>> {
            let columns: Vec<String> =
                columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')")).collect();
            let joined = columns.join(&format!(" || '{SEPARATOR}' || "));
            let found = database.texts(&format!("SELECT {joined} AS value {rest}"));
            found.iter().map(|row| row.split(SEPARATOR).map(str::to_owned).collect()).collect()
        };
        let mut records: BTreeMap<Uuid, Vec<StoredRecord>> = BTreeMap::new();
        let bodies = database.record_bodies();
        let columns = [&id("id"), "device_id", "device_seq", &id("target_id")];
        for row in rows(&columns, "FROM records WHERE device_id IS NOT NULL") {
            let id = Uuid::parse_str(&row[0]).unwrap();
            let record = StoredRecord {
                device: row[1].parse().unwrap(),
                seq: row[2].parse().unwrap(),
                target: Uuid::parse_str(&row[3]).ok(),
                body: bodies[&id].clone(),
            };
            records.entry(id).or_default().push(record);
        }
        let aside = rows(&["device_id", "device_seq", "body"], "FROM quarantine");
        let aside = aside.into_iter().map(|row| Aside {
            device: row[0].parse().unwrap(),
            seq: row[1].parse().ok(),
            body: row[2].clone(),
        });
        let aside: Vec<Aside> = aside.collect();
        let pairs = |sql: &str, columns: [&str; 2]| -> Vec<(i64, i64)> {
            rows(&columns, sql).iter().map(|row| (row[0].parse().unwrap(), row[1].parse().unwrap())).collect()
        };
        let heads = pairs("FROM feeds", ["reader_id", "head"]);
        let mut feeds: BTreeMap<i64, (i64, Vec<i64>)> =
            heads.into_iter().map(|(reader, head)| (reader, (head, Vec::new()))).collect();
        for (reader, version) in pairs("FROM feed_entries ORDER BY reader_id, version", ["reader_id", "version"]) {
            feeds.entry(reader).or_default().1.push(version);
        }
        let place = ["period", "class", "area_id", "route_id", "reader_id"];
        let lines = |rows: Vec<Vec<String>>| rows.into_iter().map(|row| row.join(" ")).collect();
        Self {
            records,
            quarantined: aside.len(),
            quarantine: aside.into_iter().collect(),
            contiguous: pairs("FROM devices", ["id", "highest_contiguous_seq"]).into_iter().collect(),
            feeds,
            counters: lines(rows(
                &[&place[..], &["figure", "points"]].concat(),
                "FROM coverage_counters WHERE points <> 0 AND figure < 100",
            )),
            recounted: lines(rows(
                &[&place[..], &["bucket", "count(*)"]].concat(),
                &format!("FROM coverage_plan GROUP BY {}, bucket", place.join(", ")),
            )),
            forgotten_stops: database.texts(FORGOTTEN_STOPS),
            wrong_pasts: database.wrong_pasts(),
        }
    }
}

/// Rounds of the campaigns are as wide as any record in them, so the days need not be compared.
const FORGOTTEN_STOPS: &str = "
    SELECT CAST(stops.id AS TEXT) AS value FROM stops JOIN rounds ON rounds.id = stops.round_id
    WHERE stops.state = 'open' AND rounds.state IN ('assigned', 'in_progress', 'done') AND EXISTS (
        SELECT 1 FROM records
        WHERE records.point_id = stops.point_id AND records.kind = 'reading' AND records.device_id IS NOT NULL)";
