//! A whole fleet at once, on the embedded store; the phones share the service's cores.

use crate::ground::{self, PHONES, READERS, SHARE, STOPS};
use crate::http::{Connection, get, post};
use crate::node::Node;
use crate::phones::{PUSH, assert_all_accepted, percentile_ms};
use crate::sqlite;
use crate::table::Table;
use chrono::Utc;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Requests the phones have under way at a time; the others have not begun or are done.
const AT_ONCE: usize = 256;
/// Phones of a burst, and records of each.
const BURST: (i64, i64) = (1_000, 150);

/// All that is asked of a service with a fleet.
pub fn measure(table: &mut Table, ground: &sqlite::Ground, quick: bool) {
    start(table, ground);
    whole_fleet(table, ground, quick);
    burst(table, ground, quick);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// How soon it answers, and what it holds when nobody asks.
fn start(table: &mut Table, ground: &sqlite::Ground) {
    let copy = ground.copy();
    let mut took: Vec<Duration> = Vec::new();
    let (mut idle, mut own) = (0.0, 0.0);
    for _ in 0..5 {
        let began = Instant::now();
        let node = Node::start(&copy.folder, None);
        runtime().block_on(async {
            let (status, _) =
                Connection::open(&node.url).await.ask(b"GET /v1/meta HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
            assert_eq!(status, 200);
        });
        took.push(began.elapsed());
        std::thread::sleep(Duration::from_secs(1));
        (idle, own) = (node.memory_mib(), node.own_memory_mib());
    }
    took.sort_unstable();
    table.at_most("start on a database, median of 5: ms", percentile_ms(&took, 50), 100.0);
    table.at_most("memory when idle, MiB", idle, 20.0);
    table.note("of it its own, the rest being mapped from its file", format!("{own:.1}"));
}

/// Each phone opens a connection, pushes its share once and stays connected.
fn whole_fleet(table: &mut Table, ground: &sqlite::Ground, quick: bool) {
    let count = if quick { 1_000 } else { 10_000 };
    let copy = ground.copy();
    let now = Utc::now();
    let requests: Vec<Vec<u8>> = (1..=count)
        .map(|phone| {
            let boot = Uuid::now_v7();
            let points = (phone - 1) * SHARE + 1..=phone * SHARE;
            let items: Vec<_> = points.zip(1..).map(|(point, n)| ground::reading(point, n, boot, now)).collect();
            post(PUSH, &ground::token(&copy.folder, phone, now), &ground::push_body(&items, boot, now))
        })
        .collect();
    let node = Node::start(&copy.folder, None);
    let before = node.cpu_ms();
    let began = Instant::now();
    let (mut waits, held) = runtime().block_on(async {
        let turn = Arc::new(Semaphore::new(AT_ONCE));
        let phones: Vec<_> = requests
            .into_iter()
            .map(|request| {
                let (turn, url) = (Arc::clone(&turn), node.url.clone());
                tokio::spawn(async move {
                    let _turn = turn.acquire_owned().await.unwrap();
                    let mut connection = Connection::open(&url).await;
                    let asked = Instant::now();
                    let (status, answer) = connection.ask(&request).await;
                    let waited = asked.elapsed();
                    assert_all_accepted(status, &answer, SHARE as usize);
                    (waited, connection)
                })
            })
            .collect();
        let mut waits = Vec::new();
        let mut connections = Vec::new();
        for phone in phones {
            let (waited, connection) = phone.await.unwrap();
            waits.push(waited);
            connections.push(connection);
        }
        (waits, connections)
    });
    let took = began.elapsed().as_secs_f64();
    drop(held);
    let records = (count * SHARE) as f64;
    waits.sort_unstable();
    let name = format!("{count} phones, {SHARE} records each");
    table.note(format!("{name}: records/s"), format!("{:.0}", records / took));
    table.note(format!("{name}: CPU per record, µs"), format!("{:.1}", (node.cpu_ms() - before) * 1_000.0 / records));
    table.note(
        format!("{name}, {AT_ONCE} at once: p50, p99, ms"),
        format!("{:.1}, {:.1}", percentile_ms(&waits, 50), percentile_ms(&waits, 99)),
    );
    table.at_most(&format!("{name}: most memory, MiB"), node.peak_memory_mib(), 150.0);
}

/// What one phone of the burst sends, in batches of 50: its share of a reader's round, taken anew by each phone.
fn burst_of(folder: &Path, phone: i64, records: i64) -> Vec<(Vec<u8>, usize)> {
    let now = Utc::now();
    let (reader, slot) = (phone % READERS, phone / READERS);
    let boot = Uuid::now_v7();
    let token = ground::token(folder, reader * PHONES + slot + 1, now);
    let point = |n: i64| reader * STOPS + (slot * records + n - 1) % STOPS + 1;
    let items: Vec<_> = (1..=records).map(|n| ground::reading(point(n), n, boot, now)).collect();
    let bodies = items.chunks(50).map(|batch| (post(PUSH, &token, &ground::push_body(batch, boot, now)), batch.len()));
    bodies.collect()
}

/// Phones come back within a minute, one after the other, while somebody reads coverage.
fn burst(table: &mut Table, ground: &sqlite::Ground, quick: bool) {
    let (phones, within) = if quick { (100, Duration::from_secs(6)) } else { (BURST.0, Duration::from_secs(60)) };
    let copy = ground.copy();
    let loads: Vec<_> = (0..phones).map(|phone| burst_of(&copy.folder, phone, BURST.1)).collect();
    let office = get("/v1/coverage?group=reader", &ground::office_token(&copy.folder, Utc::now()));
    let node = Node::start(&copy.folder, None);
    let (mut pushes, mut pages, took) = runtime().block_on(async {
        let over = Arc::new(AtomicBool::new(false));
        let (is_over, url) = (Arc::clone(&over), node.url.clone());
        let reading = tokio::spawn(async move {
            let mut connection = Connection::open(&url).await;
            let mut waits = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let (status, page) = connection.ask(&office).await;
                waits.push(asked.elapsed());
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&page));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            waits
        });
        let began = Instant::now();
        let running: Vec<_> = loads
            .into_iter()
            .zip(0_u32..)
            .map(|(load, place)| {
                let (url, after) = (node.url.clone(), within * place / u32::try_from(phones).unwrap());
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    let mut connection = Connection::open(&url).await;
                    let mut waits = Vec::new();
                    for (request, count) in load {
                        let asked = Instant::now();
                        let (status, answer) = connection.ask(&request).await;
                        waits.push(asked.elapsed());
                        assert_all_accepted(status, &answer, count);
                    }
                    waits
                })
            })
            .collect();
        let mut waits = Vec::new();
        for phone in running {
            waits.extend(phone.await.unwrap());
        }
        let took = began.elapsed();
        over.store(true, Ordering::Relaxed);
        (waits, reading.await.unwrap(), took)
    });
    pushes.sort_unstable();
    pages.sort_unstable();
    let name = format!("burst of {phones} phones × {} records", BURST.1);
    table.note(format!("{name}: s, of {} they came in", within.as_secs()), format!("{:.1}", took.as_secs_f64()));
    for (what, waits) in [("pushes of 50", &pushes), ("coverage pages meanwhile", &pages)] {
        table.note(
            format!("{name}: {what}: p50, p99, ms"),
            format!("{:.1}, {:.1}", percentile_ms(waits, 50), percentile_ms(waits, 99)),
        );
    }
    table.at_most(&format!("{name}: most memory, MiB"), node.peak_memory_mib(), 150.0);
}
