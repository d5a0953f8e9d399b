//! An upgrade that ends between any two of its statements: the next start finishes it, and nothing is lost by it.
//!
//! For each migration the database is brought to the state before it, filled, and upgraded; the upgrade ends right after one
//! of its statements. On SQLite the files are copied at that moment, which is what a killed process leaves, and the statement
//! then fails in the process that lives on: both databases must come through. On PostgreSQL the server ends the connection.

use super::seed::Scale;
use crate::support::{Database, StoreKind, World, WorldOptions};
use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion};
use meterbook_api::db::{DatabaseUrl, migrate, migrate_with};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../migrations");

/// What is derived from other tables and was shaped anew since: it is held against those, not against what it was.
const SHAPED_ANEW: [&str; 2] = ["coverage_counters", "coverage_marks"];

/// Rows from before the upgrade, in the foundation's tables; the same on both stores but for the literals of bytes.
const PRELOADED: &str = "
    INSERT INTO accounts (id, login, name, role, password_hash, created_at) VALUES (1, 'a', '管理员', 'administrator', 'x', 1), (2, 'r', '张伟', 'reader', 'x', 2);
    INSERT INTO devices (id, account_id, label, platform, created_at, highest_contiguous_seq) VALUES (1, 2, '华为', 'android', 3, 2);
    INSERT INTO areas (id, name, path) VALUES (1, '东城区', '东城区');
    INSERT INTO routes (id, code, area_id) VALUES (1, 'W01', 1);
    INSERT INTO service_points (id, number, area_id, route_id, office_order, class, state, created_at, changed_at)
        VALUES (1, 'H1', 1, 1, 1, 'residential_outdoor', 'active', 4, 4), (2, 'H2', 1, 1, 2, 'residential_outdoor', 'active', 4, 4);
    INSERT INTO point_terms (id, point_id, valid_from, class, state, source) VALUES (1, 1, 0, 'residential_outdoor', 'active', 'import');
    INSERT INTO meters (id, number, type_id, changed_at) VALUES (1, '00177', 3, 4);
    INSERT INTO installations (id, meter_id, point_id, installed_at, first_index) VALUES (1, 1, 1, 0, 1000);
    INSERT INTO rounds (id, name, route_id, reader_id, from_day, until_day, state, created_by, created_at, changed_at)
        VALUES (1, 'W01', 1, 2, '2026-03-01', '2026-04-01', 'assigned', 1, 5, 5);
    INSERT INTO round_holders (id, round_id, reader_id, held_from) VALUES (1, 1, 2, 5);
    INSERT INTO stops (id, round_id, point_id, position, state, changed_at) VALUES (1, 1, 1, 1, 'read', 6);
    INSERT INTO records (id, kind, code, point_id, meter_id, reader_id, device_id, device_seq, observed_at, received_at, grade, figure_index, flags, body_hash, body)
        VALUES (UUID1, 'reading', 'field', 1, 1, 2, 1, 1, 7, 8, 'a', 1030000, '', HASH1, '{\"index\":1030000}');
    INSERT INTO quarantine (id, device_id, reader_id, device_seq, outcome, code, pointer, body_hash, body, received_at)
        VALUES (1, 1, 2, 2, 'rejected', 'malformed', '', HASH1, '\"no object\"', 8);
    INSERT INTO feeds (reader_id, head) VALUES (2, 1);
    INSERT INTO feed_entries (reader_id, version, kind, subject, change, reason, at) VALUES (2, 1, 'round', 1, 'added', 'assigned', 5);
    INSERT INTO coverage_periods (period, opened_at) VALUES (202603, 5);
    INSERT INTO coverage_plan (period, point_id, class, area_id, route_id, reader_id, bucket)
        VALUES (202603, 1, 'residential_outdoor', 1, 1, 2, 1), (202603, 2, 'residential_outdoor', 1, 1, 2, 3);
    INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, bucket, points)
        VALUES (202603, 'residential_outdoor', 1, 1, 2, 1, 1), (202603, 'residential_outdoor', 1, 1, 2, 3, 1);
    INSERT INTO audit_log (id, at, account_id, action, subject, detail) VALUES (1, 5, 1, 'create_round', 'round/1', 'W01');";

/// One migration as its file has it.
#[derive(Clone)]
struct Script {
    folder: String,
    statements: Vec<String>,
}

fn scripts(kind: StoreKind) -> Vec<Script> {
    let folder = Path::new(MIGRATIONS).join(if kind == StoreKind::Sqlite { "sqlite" } else { "postgres" });
    let mut scripts: Vec<Script> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| Script {
            folder: path.file_name().unwrap().to_str().unwrap().to_owned(),
            statements: statements(&std::fs::read_to_string(path.join("up.sql")).unwrap()),
        })
        .collect();
    scripts.sort_by(|one, other| one.folder.cmp(&other.folder));
    assert!(scripts.first().is_some_and(|script| script.statements.len() > 30));
    scripts
}

/// Cuts a script at the semicolons that end a statement: not those in comments, texts, `$$` bodies and triggers' bodies.
/// Comments stay, since SQLite keeps those within a statement in its schema.
fn statements(script: &str) -> Vec<String> {
    let (mut found, mut whole, mut code) = (Vec::new(), String::new(), String::new());
    let (mut in_text, mut in_body) = (false, false);
    for line in script.lines() {
        let end = line.find("--").unwrap_or(line.len());
        for c in line[..end].chars() {
            whole.push(c);
            code.push(c);
            in_text ^= c == '\'';
            if code.ends_with("$$") {
                in_body = !in_body;
            }
            let upper = code.trim().to_uppercase();
            let is_trigger = upper.starts_with("CREATE TRIGGER") && upper.contains("BEGIN");
            if c == ';' && !in_text && !in_body && (!is_trigger || upper.ends_with("END;")) {
                found.push(std::mem::take(&mut whole));
                code.clear();
            }
        }
        whole.push_str(&line[end..]);
        whole.push('\n');
        code.push('\n');
    }
    assert!(code.trim().is_empty() && !in_text && !in_body, "left over: {code}");
    found
}

/// Where an upgrade ends: after this statement of this migration.
#[derive(Clone, Debug)]
struct End {
    migration: usize,
    after: usize,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    /// A copy of the files is taken there, then the statement fails.
    CopyFrom(PathBuf, PathBuf),
    /// The server ends the connection.
    CutOff,
    /// The next statement fails.
    Fail,
}

/// The migrations up to one of them, with the place where they end.
struct Ending {
    scripts: Vec<Script>,
    end: Option<End>,
}

struct Named(String);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl MigrationName for Named {
    fn version(&self) -> MigrationVersion<'_> {
        MigrationVersion::from(self.0.split('_').next().unwrap_or_default())
    }
}

struct InTransaction;

impl MigrationMetadata for InTransaction {}

struct Step {
    name: Named,
    statements: Vec<String>,
    end: Option<(usize, Way)>,
}

impl<DB: Backend> Migration<DB> for Step {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> diesel::migration::Result<()> {
        for (at, statement) in self.statements.iter().enumerate() {
            conn.batch_execute(statement)?;
            match &self.end {
                Some((after, way)) if *after == at => match way {
                    Way::CopyFrom(from, to) => {
                        copy_database(from, to);
                        conn.batch_execute("SELECT * FROM no_such_table")?;
                    }
                    Way::CutOff => conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?,
                    Way::Fail => conn.batch_execute("SELECT * FROM no_such_table")?,
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn revert(&self, _: &mut dyn BoxableConnection<DB>) -> diesel::migration::Result<()> {
        Err("migrations go forward only".into())
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        &InTransaction
    }

    fn name(&self) -> &dyn MigrationName {
        &self.name
    }
}

impl<DB: Backend> MigrationSource<DB> for &Ending {
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        let step = |(at, script): (usize, &Script)| -> Box<dyn Migration<DB>> {
            let end = self.end.clone().filter(|end| end.migration == at).map(|end| (end.after, end.way));
            Box::new(Step { name: Named(script.folder.clone()), statements: script.statements.clone(), end })
        };
        Ok(self.scripts.iter().enumerate().map(step).collect())
    }
}

/// The database as a killed process leaves it: the file and its log, but not the index of the log, which is rebuilt.
fn copy_database(from: &Path, to: &Path) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    std::fs::copy(from, to).unwrap();
    drop(std::fs::remove_file(log(to)));
    drop(std::fs::remove_file(PathBuf::from(format!("{}-shm", to.display()))));
    if log(from).exists() {
        std::fs::copy(log(from), log(to)).unwrap();
    }
}

/// Migrates on a thread of its own, as every caller must.
fn upgrade(url: &str, ending: &Ending) -> Result<Vec<String>, String> {
    let url = DatabaseUrl::parse(url);
    let done = std::thread::scope(|scope| scope.spawn(|| migrate_with(&url, ending, ending)).join().unwrap());
    done.map_err(|fault| fault.to_string())
}

fn start_again(url: &str) -> Result<Vec<String>, String> {
    let url = DatabaseUrl::parse(url);
    std::thread::scope(|scope| scope.spawn(|| migrate(&url)).join().unwrap()).map_err(|fault| fault.to_string())
}

/// Everything that makes up the schema, as texts.
fn schema(database: &Database) -> Vec<String> {
    let sql = match database.kind {
        StoreKind::Sqlite => {
            "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') AS value FROM sqlite_master ORDER BY 1"
        }
        StoreKind::Postgres => {
            "SELECT concat_ws(' ', 'column', table_name, ordinal_position, column_name, data_type, is_nullable, column_default, is_identity) AS value
                FROM information_schema.columns WHERE table_schema = 'public'
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
                WHERE connamespace = 'public'::regnamespace
             UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
             UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             ORDER BY 1"
        }
    };
    let mut schema = database.texts(sql);
    schema.extend(database.texts("SELECT version AS value FROM __diesel_schema_migrations ORDER BY version"));
    schema
}

/// Which columns each table has.
fn columns(database: &Database) -> BTreeSet<(String, String)> {
    let sql = match database.kind {
        StoreKind::Sqlite => {
            "SELECT m.name || ' ' || c.name AS value FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        StoreKind::Postgres => {
            "SELECT table_name || ' ' || column_name AS value FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let pair =
        |text: String| text.split_once(' ').map(|(table, column)| (table.to_owned(), column.to_owned())).unwrap();
    let known = database.texts(sql).into_iter().map(pair);
    let is_kept =
        |table: &str| !table.starts_with("__") && !table.starts_with("sqlite_") && !SHAPED_ANEW.contains(&table);
    known.filter(|(table, _)| is_kept(table)).collect()
}

/// Every row of these columns, as texts.
fn rows(database: &Database, columns: &BTreeSet<(String, String)>) -> BTreeSet<String> {
    let tables: BTreeSet<&String> = columns.iter().map(|(table, _)| table).collect();
    let mut found = BTreeSet::new();
    for table in tables {
        let quoted = columns.iter().filter(|(of, _)| of == table).map(|(_, column)| match database.kind {
            StoreKind::Sqlite => format!("quote({column})"),
            StoreKind::Postgres => format!("quote_nullable({column}::text)"),
        });
        let row = quoted.collect::<Vec<_>>().join(" || ' ' || ");
        let rows = database.texts(&format!("SELECT {row} AS value FROM {table}"));
        found.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    found
}

/// A database brought up to but not including a migration, with rows in it.
fn database_before(kind: StoreKind, scripts: &[Script], migration: usize) -> Option<Database> {
    let database = Database::empty(kind)?;
    if migration > 0 {
        let up_to =
            |count: usize| upgrade(&database.url, &Ending { scripts: scripts[..count].to_vec(), end: None }).unwrap();
        up_to(1);
        let (uuid, hash) = match kind {
            StoreKind::Sqlite => ("x'0195530000007000800000000000000a'", "x'00ff'"),
            StoreKind::Postgres => ("'01955300-0000-7000-8000-00000000000a'", "'\\x00ff'"),
        };
        database.execute(&PRELOADED.replace("UUID1", uuid).replace("HASH1", hash)).unwrap();
        up_to(migration);
    }
    Some(database)
}

fn assert_same_schema(found: &[String], fresh: &[String], about: &str) {
    let only = |of: &[String], not_of: &[String]| -> Vec<String> {
        of.iter().filter(|line| !not_of.contains(line)).cloned().collect()
    };
    let (odd, missing) = (only(found, fresh), only(fresh, found));
    assert!(odd.is_empty() && missing.is_empty(), "{about}: only there {odd:#?}, only in a fresh one {missing:#?}");
}

/// Starts on what an ended upgrade left, and holds it against a fresh database.
fn assert_comes_through(left: &Database, fresh: &[String], before: &Before, end: &End) {
    if let Err(fault) = start_again(&left.url) {
        panic!("the next start failed after {end:?}: {fault}");
    }
    assert_same_schema(&schema(left), fresh, &format!("after {end:?}"));
    let kept: BTreeSet<_> = columns(left).intersection(&before.columns).cloned().collect();
    assert_eq!(kept, before.columns, "a column is gone after {end:?}");
    let now = rows(left, &kept);
    let lost: Vec<_> = before.rows.difference(&now).collect();
    assert!(lost.is_empty(), "lost by {end:?}: {lost:?}");
    assert_counted(left, end);
}

/// The counters are those of the plan's rows.
fn assert_counted(left: &Database, end: &End) {
    for (table, place) in
        [("coverage_counters", "class, area_id, route_id, reader_id"), ("coverage_totals", "class, reader_id")]
    {
        let lines = |figure: &str, points: &str, rows: &str| {
            let columns = format!("period, {place}, {figure}");
            let line = format!("{columns}, {points}").split(", ").collect::<Vec<_>>().join(" || ' ' || ");
            left.texts(&format!("SELECT {line} AS value FROM {rows} GROUP BY {columns} ORDER BY 1"))
        };
        let kept = lines("figure", "SUM(points)", &format!("{table} WHERE figure < 100"));
        assert_eq!(kept, lines("bucket", "COUNT(*)", "coverage_plan"), "{table} after {end:?}");
    }
    let unseen = |points: &str, rows: &str| {
        left.texts(&format!(
            "SELECT period || ' ' || class || ' ' || unseen_since || ' ' || {points} AS value FROM {rows} \
             GROUP BY period, class, unseen_since ORDER BY 1"
        ))
    };
    let aged = unseen("COUNT(*)", "coverage_plan WHERE bucket BETWEEN 2 AND 7");
    assert_eq!(aged.is_empty(), end.migration == 0, "{end:?}");
    for table in ["coverage_ages", "coverage_long_unseen"] {
        assert_eq!(aged, unseen("SUM(points)", table), "{table} after {end:?}");
    }
}

/// A database as a migration finds it. It is copied for each end of that migration: bringing it there takes far longer.
struct Before {
    database: Database,
    columns: BTreeSet<(String, String)>,
    rows: BTreeSet<String>,
}

fn every_statement(kind: StoreKind) {
    let scripts = scripts(kind);
    let Some(fresh) = Database::empty(kind) else { return };
    assert_eq!(start_again(&fresh.url).unwrap().len(), scripts.len());
    let fresh = schema(&fresh);
    for (migration, script) in scripts.iter().enumerate() {
        let Some(database) = database_before(kind, &scripts, migration) else { return };
        let known = columns(&database);
        let before = Before { rows: rows(&database, &known), columns: known, database };
        for after in 0..script.statements.len() {
            let ways: &[Way] = match (kind, Scale::told()) {
                (StoreKind::Sqlite, _) => &[Way::Fail],
                (StoreKind::Postgres, Scale::Full) => &[Way::CutOff, Way::Fail],
                (StoreKind::Postgres, Scale::Short) if after % 2 == 0 => &[Way::CutOff],
                (StoreKind::Postgres, Scale::Short) => &[Way::Fail],
            };
            for way in ways {
                before.end_and_start_again(&scripts, &fresh, End { migration, after, way: way.clone() });
            }
        }
    }
}

impl Before {
    /// Ends one upgrade, and starts again on what it leaves.
    fn end_and_start_again(&self, scripts: &[Script], fresh: &[String], mut end: End) {
        let kind = self.database.kind;
        let database = self.database.copy();
        let dir = database.dir.join("copy");
        let copy = Database { kind, url: dir.join("meterbook.sqlite").display().to_string(), dir };
        if kind == StoreKind::Sqlite {
            end.way = Way::CopyFrom(database.url.clone().into(), copy.url.clone().into());
        }
        let ended = upgrade(&database.url, &Ending { scripts: scripts.to_vec(), end: Some(end.clone()) });
        assert!(ended.is_err(), "{end:?} did not end the upgrade");
        assert_eq!(columns(&database), self.columns, "half of a migration is left by {end:?}");
        assert_comes_through(&database, fresh, self, &end);
        if kind == StoreKind::Sqlite {
            assert_comes_through(&copy, fresh, self, &end);
        }
    }
}

#[test]
fn an_upgrade_killed_after_any_statement_is_finished_by_the_next_start_on_sqlite() {
    every_statement(StoreKind::Sqlite);
}

#[test]
fn an_upgrade_killed_after_any_statement_is_finished_by_the_next_start_on_postgres() {
    every_statement(StoreKind::Postgres);
}

/// Each node upgrades at its start; one does the work, the others find it done.
fn all_at_once(kind: StoreKind) {
    const NODES: usize = 6;
    let scripts = scripts(kind);
    let Some(fresh) = Database::empty(kind) else { return };
    start_again(&fresh.url).unwrap();
    let fresh = schema(&fresh);
    for migration in 0..scripts.len() {
        let Some(database) = database_before(kind, &scripts, migration) else { return };
        let gate = std::sync::Barrier::new(NODES);
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let node = || {
                gate.wait();
                migrate(&DatabaseUrl::parse(&database.url)).map_err(|fault| fault.to_string())
            };
            let nodes: Vec<_> = (0..NODES).map(|_| scope.spawn(node)).collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        let applied: Vec<usize> =
            outcomes.iter().map(|outcome| outcome.as_ref().map_or(usize::MAX, Vec::len)).collect();
        assert!(applied.iter().all(|count| [0, scripts.len() - migration].contains(count)), "{outcomes:?}");
        assert_eq!(applied.iter().filter(|count| **count > 0).count(), 1, "{outcomes:?}");
        assert_same_schema(&schema(&database), &fresh, "of nodes at once");
    }
}

#[test]
fn of_nodes_that_upgrade_at_once_one_does_it_on_sqlite() {
    all_at_once(StoreKind::Sqlite);
}

#[test]
fn of_nodes_that_upgrade_at_once_one_does_it_on_postgres() {
    all_at_once(StoreKind::Postgres);
}

/// Several nodes of a new company start at once: one set of keys, one installation, and each of them serves.
fn first_start_of_several_nodes(kind: StoreKind) {
    const NODES: usize = 4;
    let Some(database) = Database::empty(kind) else { return };
    let database = std::sync::Arc::new(database);
    let worlds: Vec<World> = std::thread::scope(|scope| {
        let node = || World::start_another(std::sync::Arc::clone(&database), WorldOptions::default());
        let nodes: Vec<_> = (0..NODES).map(|_| scope.spawn(node)).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let epochs: BTreeSet<String> = worlds.iter().map(|world| runtime.block_on(world.epoch())).collect();
    assert_eq!(epochs.len(), 1, "two installations in one database");
    let fingerprints: BTreeSet<&[u8]> = worlds.iter().map(|world| world.app.keys.fingerprint()).collect();
    assert_eq!(fingerprints.len(), 1, "nodes with different keys");
}

#[test]
fn nodes_that_first_start_at_once_are_one_installation_on_sqlite() {
    first_start_of_several_nodes(StoreKind::Sqlite);
}

#[test]
fn nodes_that_first_start_at_once_are_one_installation_on_postgres() {
    first_start_of_several_nodes(StoreKind::Postgres);
}
