//! Pulls: the one that brings nothing, which is most of them, and the first, which brings a whole round.

use crate::customers;
use crate::fastify::Yardstick;
use crate::ground::{self, PHONES, READERS};
use crate::http::{Connection, get};
use crate::node::Node;
use crate::table::Table;
use crate::{postgres, sqlite};
use chrono::Utc;
use std::path::Path;
use std::time::Instant;

const CLIENTS: i64 = 16;
const PULL: &str = "/v1/sync/changes";
/// What a first pull of a round may weigh, compressed.
const FIRST_PULL: f64 = 60_000.0;

/// Pulls a second, and how long they took in all, s.
struct Pulls {
    rate: f64,
    cpu: f64,
}

/// Pulls with a cursor that nothing follows; `cpu_ms` counts what all taking part have used.
fn pull_nothing(server: &Node, folder: &Path, count: usize, cpu_ms: impl Fn() -> f64) -> Pulls {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let each = count / CLIENTS as usize;
    let mut ready = Vec::new();
    for client in 0..CLIENTS {
        let token = ground::token(folder, client % READERS * PHONES + 1, Utc::now());
        ready.push(runtime.block_on(async {
            let mut connection = Connection::open(&server.url).await;
            let (status, first) = connection.ask(&get(PULL, &token)).await;
            assert_eq!(status, 200);
            let first: serde_json::Value = serde_json::from_slice(&first).unwrap();
            let request = get(&format!("{PULL}?cursor={}", first["cursor"].as_str().unwrap()), &token);
            (connection, request)
        }));
    }
    let before = cpu_ms();
    let began = Instant::now();
    runtime.block_on(async {
        let clients: Vec<_> = ready
            .into_iter()
            .map(|(mut connection, request)| {
                tokio::spawn(async move {
                    for _ in 0..each {
                        let (status, answer) = connection.ask(&request).await;
                        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.unwrap();
        }
    });
    let pulls = (each * CLIENTS as usize) as f64;
    let rate = pulls / began.elapsed().as_secs_f64();
    Pulls { rate, cpu: (cpu_ms() - before) * 1_000.0 / pulls }
}

fn note(table: &mut Table, name: &str, pulls: &Pulls) {
    table.note(format!("{name} pull with nothing new: pulls/s"), format!("{:.0}", pulls.rate));
    table.note(format!("{name} pull with nothing new: CPU per pull, µs"), format!("{:.1}", pulls.cpu));
}

/// What the first pull of a full round weighs: plain and with gzip, bytes.
fn first_pull(server: &Node, folder: &Path) -> (usize, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    let token = ground::token(folder, 1, Utc::now());
    let weigh = |encoding: &'static str| {
        let request =
            client.get(format!("{}{PULL}", server.url)).bearer_auth(&token).header("accept-encoding", encoding);
        runtime.block_on(async { request.send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap() })
    };
    let plain = weigh("identity");
    let answer: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    let stops = answer["rounds"][0]["stops"].as_array().unwrap();
    assert!(stops.len() as i64 == ground::STOPS && stops.iter().all(|stop| stop["address"].is_string()));
    (plain.len(), weigh("gzip").len())
}

/// On the embedded store, with the size of a first pull.
pub fn measure_sqlite(table: &mut Table, ground: &sqlite::Ground, quick: bool) {
    let copy = ground.copy();
    let conn = rusqlite::Connection::open(sqlite::database(&copy.folder)).unwrap();
    conn.execute_batch(&customers::statements(&copy.folder, |hex| format!("unhex({hex})"))).unwrap();
    drop(conn);
    let node = Node::start(&copy.folder, None);
    let (plain, gzipped) = first_pull(&node, &copy.folder);
    table.note("first pull of 600 stops, plain: bytes", plain.to_string());
    table.at_most("first pull of 600 stops, gzip: bytes", gzipped as f64, FIRST_PULL);
    let pulls = pull_nothing(&node, &copy.folder, if quick { 4_000 } else { 40_000 }, || node.cpu_ms());
    note(table, "sqlite", &pulls);
}

/// On the shared store, against the yardstick.
pub fn measure_postgres(table: &mut Table, ground: &postgres::Ground, yardstick: Option<&Yardstick>, quick: bool) {
    let count = if quick { 4_000 } else { 40_000 };
    let copy = ground.copy();
    let node = copy.service();
    let ours = pull_nothing(&node, &copy.folder, count, || node.cpu_ms() + ground.cpu_ms());
    note(table, "postgres", &ours);
    drop(node);
    let Some(yardstick) = yardstick else { return };
    let server = yardstick.start(&copy.url);
    let theirs = pull_nothing(&server, &copy.folder, count, || server.cpu_ms() + ground.cpu_ms());
    note(table, "Fastify", &theirs);
    table.at_least("postgres pull with nothing new: rate / Fastify", ours.rate / theirs.rate, 3.0);
    table.note("postgres pull with nothing new: CPU / Fastify", format!("{:.2}", ours.cpu / theirs.cpu));
}
