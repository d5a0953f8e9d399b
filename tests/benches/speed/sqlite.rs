//! The embedded store.

use crate::ground::{self, Dialect, POINTS};
use crate::node::{Node, cpu_ms};
use crate::phones::{self, dealt, loads};
use crate::plain;
use crate::table::Table;
use chrono::Utc;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The ground as a database file, or a copy of it.
pub struct Ground {
    /// Database and keys.
    pub folder: PathBuf,
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A new folder.
pub fn scratch() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("meterbook-bench-{}", Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The database in a folder.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("meterbook.sqlite")
}

impl Ground {
    /// Lays it out.
    pub fn prepare() -> Self {
        let ground = Self { folder: scratch() };
        drop(Node::start(&ground.folder, None));
        let conn = Connection::open(database(&ground.folder)).unwrap();
        let dialect = Dialect {
            uuid: |text| format!("unhex({text})"),
            bytes: |text| format!("unhex({text})"),
            hex: |expression, digits| format!("printf('%0{digits}x', {expression})"),
        };
        conn.execute_batch("PRAGMA journal_mode = WAL; BEGIN").unwrap();
        for statement in ground::statements(Utc::now(), &dialect) {
            conn.execute_batch(&statement).unwrap_or_else(|fault| panic!("{fault}: {statement}"));
        }
        // The service lays the running periods out again, over all points this time.
        conn.execute_batch("DELETE FROM coverage_periods; COMMIT; ANALYZE").unwrap();
        let node = Node::start(&ground.folder, None);
        let ready = format!(
            "SELECT (SELECT count(*) FROM coverage_periods WHERE laid_out_at IS NOT NULL) = 2 AND (SELECT count(*) FROM meter_pasts) = {POINTS}"
        );
        while !conn.query_row(&ready, [], |row| row.get::<_, bool>(0)).unwrap() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        drop(node);
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        ground
    }

    /// A copy that may be written to.
    pub fn copy(&self) -> Self {
        let copy = Self { folder: scratch() };
        for name in ["meterbook.sqlite", "keys.json"] {
            std::fs::copy(self.folder.join(name), copy.folder.join(name)).unwrap();
        }
        copy
    }
}

/// Pushes in batches of several sizes, against one plain insert.
pub fn measure(table: &mut Table, ground: &Ground, quick: bool) {
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
