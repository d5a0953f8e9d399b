//! The lists of a month over a whole company's meters: how long, and how much memory.
//!
//! `cargo bench -p acceptance --bench month_lists [-- --meters 1000000]`. Bars at a million, on two cores with nothing else running:
//! under a minute and 1 GB. The fleet is laid out by plain SQL with its pasts as the service keeps them (19 months each), on
//! SQLite; the time is that of the job's steps alone, from the first to the last. A smaller fleet shows that it runs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends where something is not as expected")]

use clap::Parser as _;
use meterbook::calendar::{Period, Zone};
use meterbook_api::App;
use meterbook_api::anomalies::lists::due::ask_for;
use meterbook_api::clock::Clock;
use meterbook_api::config::{Config, HashCost, Limits};
use meterbook_api::db::{DatabaseUrl, Isolation};
use meterbook_api::jobs::work_once;
use meterbook_api::outbound::OutboundRules;
use meterbook_api::photos::PhotoPlace;
use rusqlite::{Connection, params};
use std::path::Path;
use std::time::{Duration, Instant};

/// What to measure.
#[derive(clap::Parser)]
struct Options {
    /// Meters in the fleet.
    #[arg(long, default_value_t = 20_000)]
    meters: i64,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Months of past each meter has.
const MONTHS: i64 = 19;
/// Meters of an area.
const OF_AN_AREA: i64 = 330;
const WRAP: i64 = 100_000_000;
const DAY: i64 = 86_400_000;
/// A day before 20 March 2026.
const LAST: i64 = 1_773_900_000_000;

fn main() {
    let options = Options::parse();
    let folder = std::env::temp_dir().join(format!("meterbook-lists-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = runtime.block_on(App::build(config(&folder), Clock::set_at("2026-04-05T00:00:00Z".parse().unwrap())));
    let (app, _) = app.unwrap();
    lay_out(&folder.join("meterbook.sqlite"), options.meters);
    let before = memory("VmRSS");
    let month = Period::parse("2026-03").unwrap();
    let now = app.clock.now();
    let asked = app.store.write("ask", Isolation::RowLocks, move |conn| ask_for(conn, month, None, now));
    assert!(runtime.block_on(asked).unwrap().is_some());
    let (steps, took) = timed(|| runtime.block_on(work_once(&app, "bench", usize::MAX)).unwrap());
    let conn = Connection::open(folder.join("meterbook.sqlite")).unwrap();
    let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let (read, places) = (one("SELECT meters_read FROM anomaly_lists"), one("SELECT count(*) FROM anomaly_entries"));
    assert_eq!(read, options.meters, "every meter was read");
    let peak = memory("VmHWM");
    println!("| meters | places | steps | seconds | peak MB | before MB |");
    println!("| --- | --- | --- | --- | --- | --- |");
    println!("| {read} | {places} | {steps} | {:.1} | {} | {} |", took.as_secs_f64(), peak / 1_024, before / 1_024);
    drop(app);
    drop(std::fs::remove_dir_all(&folder));
    if options.meters >= 1_000_000 && (took > Duration::from_secs(60) || peak > 1_024 * 1_024) {
        panic!("missed: under a minute and 1 GB");
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let since = Instant::now();
    (work(), since.elapsed())
}

/// A line of what Linux tells of this process, in KiB; 0 elsewhere.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

fn config(folder: &Path) -> Config {
    Config {
        data_dir: folder.to_owned(),
        database: DatabaseUrl::parse(folder.join("meterbook.sqlite").to_str().unwrap()),
        keys: folder.join("keys.json"),
        listen: ([127, 0, 0, 1], 0).into(),
        behind_proxy: false,
        zone: Zone::east_minutes(480).unwrap(),
        limits: Limits::default(),
        hash_cost: HashCost::FLOOR,
        photos: PhotoPlace::Folder(folder.join("photos")),
        photo_keep_unnamed_days: 30,
        profile: Default::default(),
        second_factor: Default::default(),
        look_around: Duration::from_secs(2),
        outbound: OutboundRules::default(),
        map_tiles: None,
    }
}

/// A number that follows from others.
fn mixed(one: i64, other: i64) -> i64 {
    let mixed = (one as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (other as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as i64
}

/// Use of a home in a month, in m³; one in fifty has stopped, one in fifty counts half.
fn used(meter: i64, month: i64) -> i64 {
    let level = 10 + mixed(meter, -1) % 40;
    let winter = [16, 15, 13, 10, 8, 7, 6, 6, 7, 9, 12, 15][month as usize % 12];
    let sound = level * winter * (85 + mixed(meter, month) % 31) / 1_000;
    match meter % 50 {
        1 if month > MONTHS - 3 => 0,
        2 if month > MONTHS - 5 => sound / 2,
        _ => sound,
    }
}

fn lay_out(database: &Path, meters: i64) {
    let mut conn = Connection::open(database).unwrap();
    conn.execute_batch("PRAGMA synchronous = OFF").unwrap();
    let all = conn.transaction().unwrap();
    for area in 1..=meters / OF_AN_AREA + 1 {
        let name = format!("area {area}");
        all.execute("INSERT INTO areas (id, name, path) VALUES (?1, ?2, ?2)", params![area, name]).unwrap();
    }
    let meter_type: i64 = all.query_row("SELECT id FROM meter_types WHERE code = 'G4'", [], |row| row.get(0)).unwrap();
    let insert = |sql: &str| all.prepare(sql).unwrap();
    let mut point = insert(
        "INSERT INTO service_points (id, number, area_id, office_order, class, state, created_at, changed_at) VALUES (?1, 'P' || ?1, ?2, ?1, 'residential_outdoor', 'active', 0, 0)",
    );
    let mut meter = insert("INSERT INTO meters (id, number, type_id, changed_at) VALUES (?1, 'M' || ?1, ?2, 0)");
    let mut place = insert(
        "INSERT INTO installations (id, meter_id, point_id, installed_at, first_index) VALUES (?1, ?1, ?1, ?2, 0)",
    );
    let mut past = insert("INSERT INTO meter_pasts (installation_id, digest) VALUES (?1, ?2)");
    for id in 1..=meters {
        point.execute(params![id, id / OF_AN_AREA + 1]).unwrap();
        meter.execute(params![id, meter_type]).unwrap();
        place.execute(params![id, LAST - 3_000 * DAY]).unwrap();
        past.execute(params![id, digest(id)]).unwrap();
    }
    drop((point, meter, place, past));
    all.commit().unwrap();
}

/// A past as the service keeps it, all of it: see `api/src/anomalies/digest.rs`.
fn digest(meter: i64) -> Vec<u8> {
    let mut out = vec![1];
    put(&mut out, WRAP);
    out.push(MONTHS as u8);
    let (mut at_before, mut index_before, mut index) = (0, 0, 1_000_000);
    for month in 0..MONTHS {
        let at = LAST - (MONTHS - 1 - month) * 30 * DAY - mixed(meter, 0) % (2 * DAY);
        index += used(meter, month) * 1_000;
        out.push(1);
        put(&mut out, at - at_before);
        put(&mut out, index - index_before);
        (at_before, index_before) = (at, index);
    }
    out
}

/// A signed number in groups of seven bits.
fn put(out: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}
