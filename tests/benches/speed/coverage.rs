//! Coverage of a company of a million points with twelve million readings: how fast it is told, that it is true, and how long
//! a month close takes.
//!
//! Laid out by SQL as `ground` is, but wider and without meters: nothing is pushed here.

use crate::cluster::{Cluster, programs};
use crate::database::execute;
use crate::exports;
use crate::ground::series;
use crate::http::{Connection, get};
use crate::node::Node;
use crate::sqlite::{database, scratch};
use crate::table::Table;
use chrono::{DateTime, Utc};
use meterbook::accounts::{Actor, Role};
use meterbook::calendar::Period;
use meterbook::id::AccountId;
use meterbook_api::App;
use meterbook_api::accounts::Tokens;
use meterbook_api::cli::coverage::verify_all;
use meterbook_api::clock::Clock;
use meterbook_api::config::ConfigFile;
use meterbook_api::coverage::closing::store::find_version;
use meterbook_api::coverage::store::rebuild_days;
use meterbook_api::coverage::{open_period, periods_at};
use meterbook_api::db::Isolation;
use meterbook_api::keys::Keys;
use std::path::Path;
use std::time::Instant;

const MONTHS: i64 = 12;
const READERS: i64 = 200;
const AREAS: i64 = 50;
/// Points of a route.
const STOPS: i64 = 500;
const DAY: i64 = 86_400_000;
const READS: usize = 500;

/// How a store spells what the two spell differently.
struct Spelling {
    /// An id of a number.
    uuid: fn(&str) -> String,
    /// One byte.
    byte: &'static str,
}

/// The statements that lay it out in a migrated database. The office has account and session 1.
fn statements(points: i64, now: DateTime<Utc>, spelling: &Spelling) -> Vec<String> {
    let (ms, day, routes) = (now.timestamp_millis(), now.date_naive(), points / STOPS);
    let mut all = vec![
        format!(
            "INSERT INTO accounts (login, name, role, password_hash, created_at) VALUES ('office', 'office', 'analyst', 'x', {ms})"
        ),
        format!("INSERT INTO sessions (account_id, created_at) VALUES (1, {ms})"),
        format!(
            "{} INSERT INTO accounts (login, name, role, password_hash, created_at) SELECT 'r' || i, 'reader', 'reader', 'x', {ms} FROM n",
            series(READERS)
        ),
        format!("{} INSERT INTO areas (name, path) SELECT 'a' || i, 'a' || i FROM n", series(AREAS)),
        format!("{} INSERT INTO routes (code, area_id) SELECT 'R' || i, (i - 1) % {AREAS} + 1 FROM n", series(routes)),
        format!(
            "{} INSERT INTO service_points (number, area_id, route_id, office_order, class, state, created_at, changed_at) \
             SELECT 'P' || i, ((i - 1) / {STOPS}) % {AREAS} + 1, (i - 1) / {STOPS} + 1, i, \
             CASE WHEN i % 20 = 0 THEN 'commercial' WHEN i % 20 < 12 THEN 'residential_outdoor' ELSE 'residential_indoor' END, 'active', {ms}, {ms} FROM n",
            series(points)
        ),
        format!(
            "INSERT INTO point_terms (point_id, valid_from, class, state, source) SELECT id, {}, class, state, 'bench' FROM service_points",
            ms - 800 * DAY
        ),
        format!(
            "{} INSERT INTO rounds (name, route_id, reader_id, from_day, until_day, state, created_by, created_at, changed_at) \
             SELECT 'round', i, (i - 1) % {READERS} + 2, '{}', '{}', 'assigned', 1, {ms}, {ms} FROM n",
            series(routes),
            day - chrono::TimeDelta::days(100),
            day + chrono::TimeDelta::days(40)
        ),
        format!(
            "INSERT INTO stops (round_id, point_id, position, state, changed_at) SELECT route_id, id, office_order, 'open', {ms} FROM service_points"
        ),
    ];
    for month in (0..MONTHS).rev() {
        // One point in 40 has not been seen for half a year, and every third visit of the last month brought nothing.
        let who = if month < 7 { "WHERE i % 40 <> 0" } else { "" };
        let kind = if month == 0 { "CASE WHEN i % 3 = 0 THEN 'attempt' ELSE 'reading' END" } else { "'reading'" };
        let code = if month == 0 { "CASE WHEN i % 3 = 0 THEN 'locked' ELSE 'field' END" } else { "'field'" };
        let at = format!("({ms} - {month} * {} - (i % 20000) * 60000)", 30 * DAY);
        all.push(format!(
            "{} INSERT INTO records (id, kind, code, point_id, reader_id, observed_at, received_at, grade, figure_index, flags, body_hash, body) \
             SELECT {}, {kind}, {code}, i, ((i - 1) / {STOPS}) % {READERS} + 2, {at}, {at}, 'A', 1000000, 'proof', {}, '{{}}' FROM n {who}",
            series(points), (spelling.uuid)(&format!("({} * 100000000 + i)", MONTHS - month)), spelling.byte,
        ));
    }
    // The service lays the running periods out over all points, below.
    all.push("DELETE FROM coverage_periods".into());
    all
}

/// Measures on SQLite.
pub fn measure_sqlite(table: &mut Table, quick: bool) {
    let folder = scratch();
    drop(Node::start(&folder, None));
    let conn = rusqlite::Connection::open(database(&folder)).unwrap();
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN").unwrap();
    let spelling = Spelling { uuid: |number| format!("unhex(printf('%032x', {number}))"), byte: "x'00'" };
    for statement in statements(points(quick), Utc::now(), &spelling) {
        conn.execute_batch(&statement).unwrap_or_else(|fault| panic!("{fault}: {statement}"));
    }
    conn.execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(conn);
    measure(table, "sqlite", &folder, None, quick);
    drop(std::fs::remove_dir_all(&folder));
}

/// Measures on a PostgreSQL cluster of its own.
pub fn measure_postgres(table: &mut Table, quick: bool) {
    let Some(programs) = programs() else {
        return table.note("coverage on PostgreSQL", "left out: it is not installed");
    };
    let settings = ["shared_buffers=1GB", "max_wal_size=16GB", "autovacuum=off"];
    let cluster = Cluster::start(&programs, &std::env::temp_dir(), &settings);
    let folder = scratch();
    execute(&cluster.url("postgres"), "CREATE DATABASE wide");
    let url = cluster.url("wide");
    drop(Node::start(&folder, Some(&url)));
    let spelling = Spelling { uuid: |number| format!("lpad(to_hex({number}), 32, '0')::uuid"), byte: "'\\x00'::bytea" };
    let mut all = String::from("SET session_replication_role = replica; BEGIN;");
    for statement in statements(points(quick), Utc::now(), &spelling) {
        all.push_str(&statement);
        all.push(';');
    }
    all.push_str("COMMIT");
    execute(&url, &all);
    execute(&url, "VACUUM (ANALYZE)");
    measure(table, "postgres", &folder, Some(&url), quick);
    drop(std::fs::remove_dir_all(&folder));
}

const fn points(quick: bool) -> i64 {
    if quick { 20_000 } else { 1_000_000 }
}

fn measure(table: &mut Table, store: &str, folder: &Path, url: Option<&str>, quick: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = ConfigFile { data_dir: Some(folder.into()), database: url.map(str::to_owned), ..ConfigFile::default() };
    let config = told.settle().unwrap();
    let (app, _) = runtime.block_on(App::build(config, Clock::wall())).unwrap();
    let last_month = Period::month_of(Utc::now().date_naive()).previous();
    let began = Instant::now();
    runtime.block_on(async {
        open_period(&app, last_month).await.unwrap();
        for period in periods_at(&app, app.clock.now()) {
            open_period(&app, period).await.unwrap();
        }
    });
    // Laid out by SQL, their readers' days were not counted as they came.
    let (days, zone) = (&app.store, app.config.zone);
    runtime
        .block_on(days.write("rebuild_days", Isolation::Serializable, move |conn| rebuild_days(conn, zone)))
        .unwrap();
    table.note(format!("{store}: points, readings"), format!("{}, {}", points(quick), points(quick) * MONTHS));
    table.note(format!("{store}: laying out three periods, s"), format!("{:.1}", began.elapsed().as_secs_f64()));
    if let Some(url) = url {
        // So long after twelve million inserts autovacuum would have been there, and what it wrote on the disk.
        execute(url, "VACUUM (ANALYZE)");
        execute(url, "CHECKPOINT");
    }
    answers(table, store, folder, url, &runtime);
    let began = Instant::now();
    let differences = runtime.block_on(verify_all(&app.store, app.config.zone, None)).unwrap();
    assert!(differences.is_empty(), "{:#?}", &differences[..differences.len().min(5)]);
    table.note(
        format!("{store}: proving three periods from all records, s"),
        format!("{:.1}, no difference", began.elapsed().as_secs_f64()),
    );
    exports::measure(table, store, (folder, url), &runtime, &app, points(quick));
    close(table, store, folder, url, &runtime, (&app, last_month));
}

fn token(folder: &Path) -> String {
    let keys = Keys::load_or_create(&folder.join("keys.json")).unwrap();
    let actor = Actor { account: AccountId(1), role: Role::Analyst, device: None };
    Tokens::new(&keys).mint(&actor, 1, 1, Utc::now(), chrono::TimeDelta::minutes(15)).unwrap()
}

/// How long a dashboard waits for the lines of the classes, both running periods together.
fn answers(table: &mut Table, store: &str, folder: &Path, url: Option<&str>, runtime: &tokio::runtime::Runtime) {
    let node = Node::start(folder, url);
    let mut took: Vec<f64> = runtime.block_on(async {
        let mut connection = Connection::open(&node.url).await;
        let request = get("/v1/coverage", &token(folder));
        let mut took = Vec::with_capacity(READS);
        for round in 0..READS + 20 {
            let began = Instant::now();
            let (status, answer) = connection.ask(&request).await;
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
            // The first fill the caches.
            if round >= 20 {
                took.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
        }
        took
    });
    took.sort_by(f64::total_cmp);
    table.note(format!("{store}: GET /v1/coverage p50, ms"), format!("{:.1}", took[READS / 2]));
    table.at_most(&format!("{store}: GET /v1/coverage p99, ms"), took[READS * 99 / 100], 10.0);
}

fn close(
    table: &mut Table,
    store: &str,
    folder: &Path,
    url: Option<&str>,
    runtime: &tokio::runtime::Runtime,
    (app, month): (&App, Period),
) {
    let node = Node::start(folder, url);
    let began = Instant::now();
    let (status, answer) = runtime.block_on(async {
        let mut connection = Connection::open(&node.url).await;
        let path = format!("/v1/periods/{month}/close");
        connection.ask(&crate::http::post(&path, &token(folder), b"{}")).await
    });
    if status == 409 {
        return table.note(format!("{store}: month close"), "left out: last month is not final yet");
    }
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    table.note(format!("{store}: freezing a month, ms"), format!("{:.0}", began.elapsed().as_secs_f64() * 1_000.0));
    // The node takes the job up by itself.
    runtime.block_on(async {
        let proved =
            || app.store.read("proved", move |conn| find_version(conn, month).map(|version| version.is_some()));
        while !proved().await.unwrap() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    });
    table.note(format!("{store}: month close with its proof, s"), format!("{:.1}", began.elapsed().as_secs_f64()));
}
