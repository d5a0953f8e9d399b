//! Bytes: of a pushed record on the way, and of a stored one.

use crate::database::{number, words};
use crate::dice::Dice;
use crate::ground::{self, MONTHS, PHONES, SHARE, STOPS};
use crate::node::Node;
use crate::phones::{self, Load};
use crate::table::Table;
use crate::{postgres, sqlite};
use chrono::{SecondsFormat, TimeDelta, Utc};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use uuid::{NoContext, Timestamp, Uuid};

/// Of a record in a batch of 50, compressed.
const ON_THE_WIRE: f64 = 80.0;
/// Of a stored record's row, without indexes.
const IN_A_ROW: f64 = 150.0;

/// A reader's walk past some points as his phone tells it: a meter every minute or two, each with its own figures and place.
fn walk(dice: &mut Dice, points: impl Iterator<Item = i64>, boot: Uuid) -> Vec<Value> {
    let mut ago = TimeDelta::hours(9);
    let mut items = Vec::new();
    for (n, point) in points.enumerate() {
        ago -= TimeDelta::milliseconds(20_000 + dice.below(35_000));
        let at = Utc::now() - ago;
        let millis = at.timestamp_subsec_nanos();
        let id = Uuid::new_v7(Timestamp::from_unix(NoContext, at.timestamp().cast_unsigned(), millis));
        let index = 1_000_000 + MONTHS * 20_000 + 1_000 * (8 + dice.below(40));
        let mut item = json!({
            "id": id, "kind": "reading", "device_seq": SHARE * MONTHS + 1 + n as i64,
            "read_at": at.with_timezone(&chrono::FixedOffset::east_opt(8 * 3600).unwrap()).to_rfc3339_opts(SecondsFormat::Millis, false),
            "read_elapsed_ms": 40_000_000 - ago.num_milliseconds(), "boot_id": boot, "service_point_id": point, "index": index,
            "place": {
                "lat_micro": 31_230_000 + dice.below(9_000), "lng_micro": 121_470_000 + dice.below(9_000),
                "accuracy_m": 4 + dice.below(20),
            },
        });
        if point % 20 == 0 {
            item["cumulative"] = json!(index - 25_000);
            item["balance"] = json!(100_000 + dice.below(300_000));
        }
        items.push(item);
    }
    items
}

/// One walk through the rounds of some readers, in batches of 50.
fn loads(folder: &Path, readers: i64) -> Vec<Vec<Load>> {
    let now = Utc::now();
    let mut dice = Dice::new(11);
    let load = |reader: i64| {
        let boot = Uuid::now_v7();
        let items = walk(&mut dice, reader * STOPS + 1..=(reader + 1) * STOPS, boot);
        let bodies = items.chunks(50).map(|batch| (ground::push_body(batch, boot, now), batch.len())).collect();
        Load { token: ground::token(folder, reader * PHONES + 1, now), bodies }
    };
    vec![(0..readers).map(load).collect()]
}

fn on_the_wire(table: &mut Table, folder: &Path) {
    let batches: Vec<(Vec<u8>, usize)> = loads(folder, 1).into_iter().flatten().flat_map(|load| load.bodies).collect();
    let records: usize = batches.iter().map(|(_, count)| count).sum();
    let each = |compress: &dyn Fn(&[u8]) -> usize| {
        batches.iter().map(|(body, _)| compress(body)).sum::<usize>() as f64 / records as f64
    };
    let gzip = each(&|body| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap().len()
    });
    let zstd = each(&|body| zstd::bulk::compress(body, 3).unwrap().len());
    table.note("a record in a batch of 50, plain: bytes", format!("{:.0}", each(&<[u8]>::len)));
    table.at_most("a record in a batch of 50, gzip: bytes", gzip, ON_THE_WIRE);
    table.at_most("a record in a batch of 50, zstd: bytes", zstd, ON_THE_WIRE);
}

/// Content and pages of the records and of each of their indexes.
fn tree_sizes(conn: &Connection) -> BTreeMap<String, (i64, i64)> {
    let mut query = conn
        .prepare(
            "SELECT name, sum(payload), sum(pgsize) FROM dbstat \
             WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'records') GROUP BY name",
        )
        .unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// On the way, and in the embedded store.
pub fn measure_sqlite(table: &mut Table, ground: &sqlite::Ground, quick: bool) {
    on_the_wire(table, &ground.folder);
    let copy = ground.copy();
    let conn = Connection::open(sqlite::database(&copy.folder)).unwrap();
    let before = tree_sizes(&conn);
    let node = Node::start(&copy.folder, None);
    let run = phones::run(&node.url, loads(&copy.folder, if quick { 4 } else { 40 }));
    drop(node);
    let records = run.records as f64;
    let mut all = 0.0;
    for (name, (payload, pages)) in tree_sizes(&conn) {
        let was = before[&name];
        let (payload, pages) = ((payload - was.0) as f64 / records, (pages - was.1) as f64 / records);
        all += pages;
        table.note(format!("sqlite {name}: bytes a record, content, pages"), format!("{payload:.1}, {pages:.1}"));
        if name == "records" {
            table.at_most("sqlite: bytes of a record's row", payload, IN_A_ROW);
        }
    }
    table.note("sqlite: bytes a record with its indexes, pages", format!("{all:.1}"));
}

/// In the shared store.
pub fn measure_postgres(table: &mut Table, ground: &postgres::Ground, quick: bool) {
    let copy = ground.copy();
    let size = |of: &str| number(&copy.url, &format!("SELECT {of}('records')::bigint AS value"));
    let (heap, all) = (size("pg_relation_size"), size("pg_total_relation_size"));
    let began = Utc::now().timestamp_millis();
    let node = copy.service();
    let run = phones::run(&node.url, loads(&copy.folder, if quick { 4 } else { 40 }));
    drop(node);
    let records = run.records as f64;
    let row = words(
        &copy.url,
        &format!("SELECT avg(pg_column_size(records.*))::text AS value FROM records WHERE received_at >= {began}"),
    );
    table.at_most("postgres: bytes of a record's row", row[0].parse().unwrap(), IN_A_ROW);
    let columns = words(
        &copy.url,
        &format!(
            "SELECT round(avg(pg_column_size(packed)), 1)::text AS value \
             FROM records WHERE received_at >= {began}"
        ),
    );
    table.note("postgres: of it the body", columns[0].clone());
    let (heap, all) = ((size("pg_relation_size") - heap) as f64, (size("pg_total_relation_size") - all) as f64);
    table.note(
        "postgres: bytes a record on disk, alone, with its indexes",
        format!("{:.1}, {:.1}", heap / records, all / records),
    );
}
