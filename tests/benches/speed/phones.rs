//! Phones that push as fast as they are answered, and what they saw.

use crate::ground::{self, PHONES, READERS, STOPS};
use crate::http::{self, Connection};
use chrono::Utc;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Where they push.
pub const PUSH: &str = "/v1/sync/records";

/// One phone's work: its token and the bodies it will send, in order.
pub struct Load {
    /// Bearer token.
    pub token: String,
    /// Ready bodies and how many records each holds.
    pub bodies: Vec<(Vec<u8>, usize)>,
}

/// What came of a run.
pub struct Run {
    /// Records that got their receipt.
    pub records: usize,
    /// From the first send to the last answer.
    pub took: Duration,
    /// How long each request waited for its answer, ascending.
    pub waits: Vec<Duration>,
}

impl Run {
    /// Records a second.
    pub fn rate(&self) -> f64 {
        self.records as f64 / self.took.as_secs_f64()
    }

    /// The wait that so many of a hundred requests did not exceed, ms.
    pub fn percentile_ms(&self, of_hundred: usize) -> f64 {
        percentile_ms(&self.waits, of_hundred)
    }
}

/// The wait that so many of a hundred did not exceed, ms; of waits in ascending order.
pub fn percentile_ms(waits: &[Duration], of_hundred: usize) -> f64 {
    let place = (waits.len() * of_hundred / 100).min(waits.len() - 1);
    waits[place].as_secs_f64() * 1_000.0
}

/// Batches of `size` over as many readers' rounds as `count` records need, dealt to `clients`.
pub fn loads(folder: &Path, clients: i64, count: i64, size: usize) -> Vec<Load> {
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
pub fn dealt(loads: Vec<Load>, clients: usize) -> Vec<Vec<Load>> {
    let mut hands: Vec<Vec<Load>> = (0..clients).map(|_| Vec::new()).collect();
    for (place, load) in loads.into_iter().enumerate() {
        hands[place % clients].push(load);
    }
    hands
}

/// Lets every client work through its loads on a connection of its own, all at once.
pub fn run(url: &str, clients: Vec<Vec<Load>>) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let target = url.to_owned();
    runtime.block_on(async move {
        let began = Instant::now();
        let running: Vec<_> = clients.into_iter().map(|loads| tokio::spawn(push_all(target.clone(), loads))).collect();
        let (mut records, mut waits) = (0, Vec::new());
        for phone in running {
            let (pushed, waited) = phone.await.unwrap();
            records += pushed;
            waits.extend(waited);
        }
        let took = began.elapsed();
        waits.sort_unstable();
        Run { records, took, waits }
    })
}

async fn push_all(url: String, loads: Vec<Load>) -> (usize, Vec<Duration>) {
    let mut connection = Connection::open(&url).await;
    let mut waits = Vec::new();
    let mut records = 0;
    for load in loads {
        for (body, count) in load.bodies {
            let request = http::post(PUSH, &load.token, &body);
            let asked = Instant::now();
            let (status, text) = connection.ask(&request).await;
            waits.push(asked.elapsed());
            assert_all_accepted(status, &text, count);
            records += count;
        }
    }
    (records, waits)
}

/// Ends the benchmark where a push was not taken whole.
pub fn assert_all_accepted(status: u16, answer: &[u8], count: usize) {
    let text = || String::from_utf8_lossy(&answer[..answer.len().min(600)]).into_owned();
    assert_eq!(status, 200, "{}", text());
    assert_eq!(occurrences(answer, b"\"accepted\""), count, "{}", text());
}

fn occurrences(text: &[u8], what: &[u8]) -> usize {
    text.windows(what.len()).filter(|window| *window == what).count()
}
