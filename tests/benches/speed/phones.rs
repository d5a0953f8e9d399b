//! Phones that push as fast as they are answered, and what they saw.

use reqwest::Client;
use std::time::{Duration, Instant};

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
        let place = (self.waits.len() * of_hundred / 100).min(self.waits.len() - 1);
        self.waits[place].as_secs_f64() * 1_000.0
    }
}

/// Lets every client work through its loads on a connection of its own, all at once.
pub fn run(url: &str, clients: Vec<Vec<Load>>) -> Run {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let target = format!("{url}/v1/sync/records");
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

async fn push_all(target: String, loads: Vec<Load>) -> (usize, Vec<Duration>) {
    let client = Client::builder().no_proxy().build().unwrap();
    let mut waits = Vec::new();
    let mut records = 0;
    let bodies = loads
        .into_iter()
        .flat_map(|load| load.bodies.into_iter().map(move |(body, count)| (load.token.clone(), body, count)));
    for (token, body, count) in bodies {
        let asked = Instant::now();
        let request = client.post(&target).bearer_auth(&token).header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.bytes().await.unwrap();
        waits.push(asked.elapsed());
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&text));
        let accepted = memory_count(&text, b"\"accepted\"");
        assert_eq!(accepted, count, "{}", String::from_utf8_lossy(&text[..text.len().min(600)]));
        records += accepted;
    }
    (records, waits)
}

fn memory_count(text: &[u8], what: &[u8]) -> usize {
    text.windows(what.len()).filter(|window| *window == what).count()
}
