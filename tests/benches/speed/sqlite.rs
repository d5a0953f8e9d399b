//! The embedded store.

use crate::ground::{self, PHONES, POINTS, READERS, STOPS};
use crate::node::{Node, cpu_ms};
use crate::phones::{self, Load};
use crate::plain;
use crate::table::Table;
use chrono::Utc;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use uuid::Uuid;

struct Ground {
    folder: PathBuf,
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("meterbook-bench-{}", Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn database(folder: &Path) -> PathBuf {
    folder.join("meterbook.sqlite")
}

impl Ground {
    fn prepare() -> Self {
        let ground = Self { folder: scratch() };
        drop(Node::start(&ground.folder, None));
        let conn = Connection::open(database(&ground.folder)).unwrap();
        let hex = |expression: &str, digits: usize| format!("printf('%0{digits}x', {expression})");
        conn.execute_batch("PRAGMA journal_mode = WAL; BEGIN").unwrap();
        for statement in ground::statements(Utc::now(), |text| format!("unhex({text})"), hex) {
            conn.execute_batch(&statement).unwrap_or_else(|fault| panic!("{fault}: {statement}"));
        }
        // The service lays the running periods out again, over all points this time.
        conn.execute_batch("DELETE FROM coverage_periods; COMMIT; ANALYZE").unwrap();
        let node = Node::start(&ground.folder, None);
        let laid_out = "SELECT count(*) FROM coverage_periods WHERE laid_out_at IS NOT NULL";
        while conn.query_row(laid_out, [], |row| row.get::<_, i64>(0)).unwrap() < 2 {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        drop(node);
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        ground
    }

    /// A copy that may be written to.
    fn copy(&self) -> Self {
        let copy = Self { folder: scratch() };
        for name in ["meterbook.sqlite", "keys.json"] {
            std::fs::copy(self.folder.join(name), copy.folder.join(name)).unwrap();
        }
        copy
    }
}

/// Batches of `size` over as many readers' rounds as `count` records need, dealt to `clients`.
fn loads(folder: &Path, clients: i64, count: i64, size: usize) -> Vec<Load> {
    let now = Utc::now();
    let readers = (count / STOPS).clamp(clients, READERS);
    let each = (count / readers).min(STOPS);
    (0..readers)
        .map(|reader| {
            let (boot, phone) = (Uuid::now_v7(), reader * PHONES + 1);
            let items: Vec<_> = (1..=each).map(|n| ground::reading(reader * STOPS + n, n, boot, now)).collect();
            let bodies = items.chunks(size).map(|batch| (ground::push_body(batch, boot, now), batch.len())).collect();
            Load { token: ground::token(folder, phone, now), bodies }
        })
        .collect()
}

/// Deals the loads to so many clients, one after the other on each.
fn dealt(loads: Vec<Load>, clients: usize) -> Vec<Vec<Load>> {
    let mut hands: Vec<Vec<Load>> = (0..clients).map(|_| Vec::new()).collect();
    for (place, load) in loads.into_iter().enumerate() {
        hands[place % clients].push(load);
    }
    hands
}

pub fn measure(table: &mut Table, quick: bool) {
    let ground = Ground::prepare();
    table.note("service points, records before", format!("{POINTS}, {}", POINTS * ground::MONTHS));
    let count = if quick { 20_000 } else { 96_000 };

    let copy = ground.copy();
    let before = cpu_ms(std::process::id());
    let took = plain::insert(&database(&copy.folder), count, Utc::now());
    let cpu = cpu_ms(std::process::id()) - before;
    drop(copy);
    let plain_rate = count as f64 / took.as_secs_f64();
    table.note("plain prepared insert, 500 a commit: records/s", format!("{plain_rate:.0}"));
    table.note("plain prepared insert: CPU per record, µs", format!("{:.1}", cpu * 1_000.0 / count as f64));

    for (clients, size, count) in [(1, 500, count), (16, 500, count), (16, 50, count), (16, 1, count / 20)] {
        let copy = ground.copy();
        let node = Node::start(&copy.folder, None);
        let hands = dealt(loads(&copy.folder, clients, count, size), clients as usize);
        let before = node.cpu_ms();
        let run = phones::run(&node.url, hands);
        let cpu = node.cpu_ms() - before;
        let name = format!("sqlite push, {clients} clients, batches of {size}");
        table.note(format!("{name}: records/s"), format!("{:.0}", run.rate()));
        table.note(format!("{name}: CPU per record, µs"), format!("{:.1}", cpu * 1_000.0 / run.records as f64));
        table.note(
            format!("{name}: p50, p99, ms"),
            format!("{:.1}, {:.1}", run.percentile_ms(50), run.percentile_ms(99)),
        );
        table.note(format!("{name}: memory, MiB"), format!("{:.0}", node.memory_mib()));
        if size == 500 {
            table.at_least(&format!("{name}: rate / plain insert"), run.rate() / plain_rate, 0.7);
        }
        if (clients, size) == (16, 500) {
            table.at_most(&format!("{name}: p99, ms"), run.percentile_ms(99), 300.0);
        }
    }
}
