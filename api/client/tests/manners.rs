//! How a phone behaves towards a server that answers in every way the protocol foresees.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as expected")]

use meterbook_client::{
    Chance, Draft, Encoding, Link, Moment, Outbox, Outcome, Phone, PhoneError, PhoneSettings, StoredSession,
    fresh_client,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct Request {
    path: String,
    token: String,
    body: Value,
}

impl Request {
    fn ids(&self) -> Vec<String> {
        self.body["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// Status, Retry-After, body; `None` closes the connection without an answer.
type Reply = Option<(u16, Option<u64>, Value)>;

/// A server by a function; its address.
fn serve(mut answer: impl FnMut(&Request) -> Reply + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                head.push(line.trim().to_owned());
            }
            let header =
                |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            let mut body = vec![0; header("content-length: ").parse().unwrap_or(0)];
            reader.read_exact(&mut body).unwrap();
            let request = Request {
                path: head[0].split(' ').nth(1).unwrap().to_owned(),
                token: header("authorization: Bearer "),
                body: serde_json::from_slice(&body).unwrap_or_default(),
            };
            let Some((status, retry_after, body)) = answer(&request) else { continue };
            let retry_after = retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
            let body = body.to_string();
            let text = format!(
                "HTTP/1.1 {status} x\r\nconnection: close\r\n{retry_after}content-length: {}\r\n\r\n{body}",
                body.len()
            );
            drop(reader.into_inner().write_all(text.as_bytes()));
        }
    });
    base
}

fn tokens(n: usize) -> Reply {
    Some((200, None, json!({"access_token": format!("access-{n}"), "refresh_token": format!("refresh-{n}")})))
}

/// Every item gets this outcome.
fn all(request: &Request, outcome: &str) -> Reply {
    let items: Vec<Value> =
        request.ids().into_iter().map(|id| json!({"id": id, "outcome": outcome, "flags": []})).collect();
    Some((200, None, json!({"items": items, "highest_contiguous_seq": 0, "missing_seqs": [], "backoff_s": 0})))
}

struct Bench {
    phone: Phone,
    outbox: Arc<Outbox>,
    slept: Arc<Mutex<Vec<Duration>>>,
}

/// A phone with some records owed, and a batch of four.
fn bench(base: &str, records: i64) -> Bench {
    let outbox = Arc::new(Outbox::in_memory().unwrap());
    outbox.keep_session("p", &StoredSession { device: 1, refresh: "refresh-0".into() }).unwrap();
    let slept: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let noted = Arc::clone(&slept);
    let sleeper = Arc::new(move |wait| {
        noted.lock().unwrap().push(wait);
        Box::pin(std::future::ready(())) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>
    });
    let mut seed = 1_u64;
    let chance = Chance::new(move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed
    });
    let mut link = Link::new(fresh_client().unwrap(), base, sleeper, Chance::new(|| 0));
    link.encoding = Encoding::Identity;
    let settings = PhoneSettings { batch: 4, patience: 3, boot: "b".into() };
    let mut phone = Phone::resume("p", settings, link, Arc::clone(&outbox), chance).unwrap();
    let made = now();
    phone.note((1..=records).map(|point| Draft::reading(point, 1_000, made)).collect()).unwrap();
    Bench { phone, outbox, slept }
}

fn now() -> Moment {
    Moment::right("2026-03-02T01:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn without_an_answer_the_same_ids_are_sent_again() {
    let sent: Arc<Mutex<Vec<Vec<String>>>> = Arc::default();
    let seen = Arc::clone(&sent);
    let base = serve(move |request| {
        if request.path == "/v1/auth/refresh" {
            return tokens(1);
        }
        let mut seen = seen.lock().unwrap();
        seen.push(request.ids());
        if seen.len() < 3 { None } else { all(request, "duplicate") }
    });
    let mut bench = bench(&base, 3);
    assert_eq!(bench.phone.push(now()).await.unwrap().settled, 3);
    let sent = sent.lock().unwrap();
    assert_eq!((sent.len(), sent.iter().collect::<BTreeSet<_>>().len()), (3, 1));
    assert_eq!(bench.phone.ledger().count(Some(Outcome::Duplicate)), 3);
}

#[tokio::test]
async fn what_is_too_much_is_halved_and_one_that_is_too_large_alone_holds_up_nobody() {
    let base = serve(|request| {
        if request.path == "/v1/auth/refresh" {
            return tokens(1);
        }
        let is_large = request.body["items"].as_array().unwrap().iter().any(|item| item["device_seq"] == json!(3));
        if is_large || request.ids().len() > 2 { Some((413, None, json!({}))) } else { all(request, "accepted") }
    });
    let mut bench = bench(&base, 10);
    let pushed = bench.phone.push(now()).await.unwrap();
    assert_eq!((pushed.settled, pushed.too_large), (9, 1));
    let owed: Vec<i64> = bench.outbox.owed("p", 10).unwrap().iter().map(|owed| owed.device_seq).collect();
    assert_eq!(owed, [3]);
}

#[tokio::test]
async fn a_busy_server_is_left_alone_as_long_as_it_asks_and_the_push_says_when_it_was_sent() {
    let mut asked = 0;
    let times: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = Arc::clone(&times);
    let base = serve(move |request| {
        if request.path == "/v1/auth/refresh" {
            return tokens(1);
        }
        seen.lock().unwrap().push(request.body["sent_elapsed_ms"].clone());
        asked += 1;
        if asked < 3 { Some((503, Some(7), json!({}))) } else { all(request, "accepted") }
    });
    let mut bench = bench(&base, 1);
    bench.phone.push(now()).await.unwrap();
    assert_eq!(*bench.slept.lock().unwrap(), [Duration::from_secs(7); 2]);
    let start = now().elapsed_ms;
    assert_eq!(*times.lock().unwrap(), [json!(start), json!(start + 7_000), json!(start + 14_000)]);
}

#[tokio::test]
async fn an_access_token_that_ended_is_exchanged_and_the_new_one_is_on_disk_first() {
    let mut refreshed = 0;
    let base = serve(move |request| {
        if request.path == "/v1/auth/refresh" {
            assert_eq!(request.body["refresh_token"], json!(format!("refresh-{refreshed}")));
            refreshed += 1;
            return tokens(refreshed);
        }
        if request.token == "access-2" { all(request, "accepted") } else { Some((401, None, json!({}))) }
    });
    let mut bench = bench(&base, 2);
    assert_eq!(bench.phone.push(now()).await.unwrap().settled, 2);
    assert_eq!(bench.outbox.session("p").unwrap().unwrap().refresh, "refresh-2");
}

#[tokio::test]
async fn a_dead_session_does_not_touch_the_outbox() {
    let base = serve(|_| Some((401, None, json!({}))));
    let mut bench = bench(&base, 5);
    let before = bench.outbox.kept("p").unwrap();
    assert!(matches!(bench.phone.push(now()).await, Err(PhoneError::SessionEnded)));
    assert!(matches!(bench.phone.pull().await, Err(PhoneError::SessionEnded)));
    assert_eq!((bench.outbox.kept("p").unwrap(), bench.phone.count_owed().unwrap()), (before, 5));
}

#[tokio::test]
async fn what_was_not_looked_at_or_not_named_stays_owed() {
    let base = serve(|request| {
        if request.path == "/v1/auth/refresh" {
            return tokens(1);
        }
        let (status, retry_after, mut answer) = all(request, "retry")?;
        let items = answer["items"].as_array_mut().unwrap();
        items.pop();
        for item in items.iter_mut().filter(|item| item["id"] == json!(request.ids()[0])) {
            item["outcome"] = json!("an outcome of a later release");
        }
        Some((status, retry_after, answer))
    });
    let mut bench = bench(&base, 3);
    assert!(matches!(bench.phone.push(now()).await, Err(PhoneError::Stuck(3))));
    assert_eq!(bench.phone.count_owed().unwrap(), 3);
}
