//! The shared store: the service on a cluster that writes to a real disk, and beside it the yardstick on a copy of the same
//! database.

use crate::cluster::{Cluster, programs};
use crate::database::{execute, number};
use crate::fastify::Yardstick;
use crate::ground::{self, Dialect, POINTS};
use crate::node::{Node, tree_cpu_ms};
use crate::phones::{self, Run, dealt, loads};
use crate::sqlite::scratch;
use crate::table::Table;
use chrono::Utc;
use std::path::PathBuf;
use uuid::Uuid;

/// Durable as the service demands, with the memory a small machine would give it. Nothing here leaves garbage worth a vacuum,
/// and one that starts by itself would spoil a ratio.
const SETTINGS: [&str; 5] =
    ["fsync=on", "synchronous_commit=on", "shared_buffers=1GB", "max_wal_size=8GB", "autovacuum=off"];
const NAME: &str = "ground";
const COPY: &str = "FILE_COPY";

/// The ground as a database of a cluster of its own.
pub struct Ground {
    cluster: Cluster,
    /// The keys.
    folder: PathBuf,
}

/// A copy that may be written to.
pub struct Copy<'g> {
    ground: &'g Ground,
    /// The keys.
    pub folder: PathBuf,
    name: String,
    /// The database.
    pub url: String,
}

impl Ground {
    /// Lays it out; `None` where PostgreSQL is not installed.
    pub fn prepare() -> Option<Self> {
        let cluster = Cluster::start(&programs()?, &std::env::temp_dir(), &SETTINGS);
        let ground = Self { cluster, folder: scratch() };
        execute(&ground.cluster.url("postgres"), &format!("CREATE DATABASE {NAME}"));
        let url = ground.cluster.url(NAME);
        drop(Node::start(&ground.folder, Some(&url)));
        let dialect = Dialect {
            uuid: |text| format!("({text})::uuid"),
            bytes: |text| format!("decode({text}, 'hex')"),
            hex: |expression, digits| format!("lpad(to_hex({expression}), {digits}, '0')"),
        };
        // Keys that point nowhere can't come of these statements; a million look-ups would only take their time.
        let mut all = String::from("SET session_replication_role = replica; BEGIN;");
        for statement in ground::statements(Utc::now(), &dialect) {
            all.push_str(&statement);
            all.push(';');
        }
        // The service lays the running periods out again, over all points this time.
        all.push_str("DELETE FROM coverage_periods; COMMIT");
        execute(&url, &all);
        execute(&url, "VACUUM (ANALYZE)");
        let node = Node::start(&ground.folder, Some(&url));
        let ready = format!(
            "SELECT ((SELECT count(*) FROM coverage_periods WHERE laid_out_at IS NOT NULL) = 2 AND (SELECT count(*) FROM meter_pasts) = {POINTS})::int::bigint AS value"
        );
        while number(&url, &ready) == 0 {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        drop(node);
        execute(&url, "VACUUM (ANALYZE)");
        execute(&url, "CHECKPOINT");
        Some(ground)
    }

    /// A copy that may be written to.
    pub fn copy(&self) -> Copy<'_> {
        let name = format!("b{}", Uuid::now_v7().simple());
        // A connection just closed may still count as a user of the template.
        let make = format!("CREATE DATABASE {name} TEMPLATE {NAME} STRATEGY {COPY}");
        let admin = self.cluster.url("postgres");
        execute(&admin, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{NAME}'"));
        while let Err(fault) = crate::database::try_execute(&admin, &make) {
            assert!(fault.contains("being accessed"), "{fault}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        execute(&admin, "CHECKPOINT");
        let folder = scratch();
        std::fs::copy(self.folder.join("keys.json"), folder.join("keys.json")).unwrap();
        Copy { ground: self, folder, url: self.cluster.url(&name), name }
    }

    /// Processor time of all the server's processes, ms.
    pub fn cpu_ms(&self) -> f64 {
        let said = std::fs::read_to_string(self.cluster.folder.join("data/postmaster.pid")).unwrap();
        tree_cpu_ms(said.lines().next().unwrap().trim().parse().unwrap())
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Copy<'_> {
    /// The service on it.
    pub fn service(&self) -> Node {
        Node::start(&self.folder, Some(&self.url))
    }

    /// The same table without what the yardstick does not keep up: foreign keys and the guard against change.
    pub fn make_bare(&self) {
        execute(
            &self.url,
            "DO $$ DECLARE name text; BEGIN
               FOR name IN SELECT conname FROM pg_constraint WHERE conrelid = 'records'::regclass AND contype = 'f' LOOP
                 EXECUTE format('ALTER TABLE records DROP CONSTRAINT %I', name);
               END LOOP;
               FOR name IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'records'::regclass AND NOT tgisinternal LOOP
                 EXECUTE format('DROP TRIGGER %I ON records', name);
               END LOOP;
             END $$",
        );
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        let drop_it = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        drop(crate::database::try_execute(&self.ground.cluster.url("postgres"), &drop_it));
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// What a server did with a load, and the processor time it and the database took for each record, µs.
struct Cost {
    run: Run,
    cpu: f64,
    /// Of it the server's own.
    own: f64,
}

fn push(ground: &Ground, copy: &Copy<'_>, server: &Node, size: usize, count: i64) -> Cost {
    const CLIENTS: i64 = 16;
    let hands = dealt(loads(&copy.folder, CLIENTS, count, size), CLIENTS as usize);
    let (own, database) = (server.cpu_ms(), ground.cpu_ms());
    let run = phones::run(&server.url, hands);
    let own = (server.cpu_ms() - own) * 1_000.0 / run.records as f64;
    let database = (ground.cpu_ms() - database) * 1_000.0 / run.records as f64;
    Cost { cpu: own + database, own, run }
}

fn note(table: &mut Table, name: &str, cost: &Cost) {
    table.note(format!("{name}: records/s"), format!("{:.0}", cost.run.rate()));
    table.note(
        format!("{name}: CPU per record, µs (server + PostgreSQL)"),
        format!("{:.1} ({:.1} + {:.1})", cost.cpu, cost.own, cost.cpu - cost.own),
    );
    table.note(
        format!("{name}: p50, p99, ms"),
        format!("{:.1}, {:.1}", cost.run.percentile_ms(50), cost.run.percentile_ms(99)),
    );
}

/// Pushes in batches of several sizes, service and yardstick in turn.
pub fn measure(table: &mut Table, ground: &Ground, yardstick: Option<&Yardstick>, quick: bool) {
    table.note(
        "PostgreSQL: where its data lie, and how",
        format!("{}, {}", std::env::temp_dir().display(), SETTINGS.join(" ")),
    );
    let count = if quick { 12_000 } else { 60_000 };
    for (size, count) in [(500, count), (50, count), (1, count / 10)] {
        let copy = ground.copy();
        let node = copy.service();
        let ours = push(ground, &copy, &node, size, count);
        note(table, &format!("postgres push, 16 clients, batches of {size}"), &ours);
        drop(node);
        drop(copy);
        let Some(yardstick) = yardstick else { continue };
        let copy = ground.copy();
        copy.make_bare();
        let server = yardstick.start(&copy.url);
        let theirs = push(ground, &copy, &server, size, count);
        note(table, &format!("Fastify push, 16 clients, batches of {size}"), &theirs);
        drop(server);
        let (rate, cpu) = (ours.run.rate() / theirs.run.rate(), ours.cpu / theirs.cpu);
        match size {
            500 => {
                table.at_least("postgres push of 500: rate / Fastify", rate, 1.0);
                table.at_most("postgres push of 500: CPU / Fastify", cpu, 0.65);
            }
            1 => {
                table.note("postgres push of 1: rate / Fastify", format!("{rate:.2}"));
                table.at_most("postgres push of 1: CPU / Fastify", cpu, 0.33);
            }
            _ => table.note(format!("postgres push of {size}: rate, CPU / Fastify"), format!("{rate:.2}, {cpu:.2}")),
        }
    }
}
