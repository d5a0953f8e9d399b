//! The bare minimum on SQLite: one prepared insert of the same rows into the same table, 500 to a commit, nothing else.

use crate::ground::{PHONES, STOPS, reading};
use meterbook_api::sync::packed::pack;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Inserts `count` records as plainly as can be; how long it took.
pub fn insert(database: &Path, count: i64, now: meterbook::calendar::Instant) -> Duration {
    let mut conn = Connection::open(database).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;",
    )
    .unwrap();
    let boot = Uuid::now_v7();
    let rows: Vec<(Uuid, i64, i64, Vec<u8>)> = (0..count)
        .map(|n| {
            // In the order the phones push them: round by round.
            let point = n + 1;
            let item = reading(point, n % STOPS + 1, boot, now);
            let id = Uuid::parse_str(item["id"].as_str().unwrap()).unwrap();
            (id, point, item["device_seq"].as_i64().unwrap(), pack(&item.to_string(), &item, id))
        })
        .collect();
    let at = now.timestamp_millis();
    let began = Instant::now();
    for chunk in rows.chunks(500) {
        let transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        {
            let mut insert = transaction.prepare(INSERT).unwrap();
            for (id, point, seq, packed) in chunk {
                let device = (point - 1) / STOPS * PHONES + 1;
                insert
                    .execute(params![
                        id.as_bytes().as_slice(),
                        point,
                        point,
                        (point - 1) / STOPS + 1,
                        device,
                        seq,
                        at,
                        at,
                        1_180_000_i64,
                        packed
                    ])
                    .unwrap();
            }
        }
        transaction.commit().unwrap();
    }
    began.elapsed()
}

const INSERT: &str = "INSERT INTO records (id, kind, code, point_id, meter_id, reader_id, device_id, device_seq, observed_at, received_at, grade, figure_index, flags, body_hash, body, packed) \
                      VALUES (?1, 'reading', 'field', ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'A', ?9, '', x'', '', ?10)";
