//! Webhooks: told once the case is written, signed, tried again, given up and shown (SECURITY 20).

use crate::support::street::Street;
use crate::support::{Database, StoreKind, World, WorldOptions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use futures_util::future::join_all;
use meterbook::webhooks::MOST_ATTEMPTS;
use meterbook_api::outbound::OutboundRules;
use meterbook_api::webhooks::{deliver_due, signature};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the receiver does with a request.
#[derive(Clone, Debug)]
enum Manner {
    Answer(u16),
    RedirectTo(String),
    Silence,
}

/// One request as it came.
#[derive(Clone, Debug)]
struct Got {
    headers: HashMap<String, String>,
    body: String,
}

/// A work-order system that does as it is told, then answers 204.
struct Receiver {
    address: String,
    got: Arc<Mutex<Vec<Got>>>,
    manners: Arc<Mutex<VecDeque<Manner>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (got, manners) = (Arc::<Mutex<Vec<Got>>>::default(), Arc::<Mutex<VecDeque<Manner>>>::default());
        let (its_got, its_manners) = (Arc::clone(&got), Arc::clone(&manners));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&its_got), Arc::clone(&its_manners)));
            }
        });
        Self { address, got, manners }
    }

    fn then(&self, manners: impl IntoIterator<Item = Manner>) {
        self.manners.lock().unwrap().extend(manners);
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, got: Arc<Mutex<Vec<Got>>>, manners: Arc<Mutex<VecDeque<Manner>>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (headers, body) = loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let pairs = head.lines().filter_map(|line| line.split_once(": "));
        let headers: HashMap<String, String> =
            pairs.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            break (headers, body.to_owned());
        }
    };
    got.lock().unwrap().push(Got { headers, body });
    let manner = manners.lock().unwrap().pop_front().unwrap_or(Manner::Answer(204));
    let answer = match manner {
        Manner::Answer(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        Manner::RedirectTo(url) => {
            format!("HTTP/1.1 302 X\r\nlocation: {url}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        // Until the other side hangs up.
        Manner::Silence => {
            drop(stream.read(&mut buffer).await);
            return;
        }
    };
    drop(stream.write_all(answer.as_bytes()).await);
}

fn rules(receiver: &Receiver) -> OutboundRules {
    OutboundRules { allow: vec![receiver.address.clone()], allow_private: true, timeout: Duration::from_millis(1_500) }
}

/// Runs a scenario with a receiver that the server may send to.
fn with_receiver<F: Future<Output = ()>>(kind: StoreKind, scenario: impl FnOnce(World, Receiver) -> F) {
    let Some(database) = Database::fresh(kind) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let receiver = Receiver::start().await;
        let world = World::start(database, WorldOptions { outbound: rules(&receiver), ..WorldOptions::default() });
        scenario(world, receiver).await;
    });
}

macro_rules! with_receiver_on_both_stores {
    ($(async fn $name:ident($world:ident, $receiver:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn scenario($world: World, $receiver: Receiver) $body

            #[test]
            fn sqlite() {
                with_receiver(StoreKind::Sqlite, scenario);
            }

            #[test]
            fn postgres() {
                with_receiver(StoreKind::Postgres, scenario);
            }
        }
    )+};
}

async fn subscribe(world: &World, receiver: &Receiver, events: &[&str]) -> Value {
    let admin = world.admin().await.access;
    let wanted = json!({"url": format!("{}/hooks", receiver.address), "events": events, "note": "工单系统"});
    let (status, made) = world.post("/v1/webhooks", &admin, &wanted).await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn messages(world: &World, webhook: &Value) -> Vec<Value> {
    let admin = world.desk_admin().await;
    let (_, page) = world.get(&format!("/v1/webhooks/{}/messages", webhook["id"]), &admin).await;
    page["items"].as_array().unwrap().clone()
}

async fn post(world: &World, path: String) -> (u16, Value) {
    let admin = world.desk_admin().await;
    world.post(&path, &admin, &Value::Null).await
}

/// A reading, then one that seems misread.
async fn open_case(street: &Street<'_>) {
    street.push(&[street.reading(1, "H1", 1030)]).await;
    street.world.advance(TimeDelta::minutes(5));
    street.push(&[street.reading(2, "H1", 1010)]).await;
}

/// Delivers what is due until nothing is.
async fn deliver(world: &World) -> usize {
    let mut tried = 0;
    loop {
        match deliver_due(&world.app).await.unwrap() {
            0 => return tried,
            count => tried += count,
        }
    }
}

with_receiver_on_both_stores! {
    async fn what_happens_to_a_case_is_told_signed_and_once(world, receiver) {
        let street = Street::build(&world).await;
        let webhook = subscribe(&world, &receiver, &["case.opened", "case.dismissed"]).await;
        open_case(&street).await;
        let case = street.cases().await.remove(0);
        let admin = world.desk_admin().await;
        let path = format!("/v1/cases/{}/decide", case["id"]);
        assert_eq!(world.post(&path, &admin, &json!({"state": "dismissed", "reason": "照片无误"})).await.0, 200);
        assert_eq!(receiver.got().len(), 0, "nothing is sent within the transaction");
        assert_eq!(deliver(&world).await, 2);
        assert_eq!(deliver(&world).await, 0);
        let got = receiver.got();
        let (_, secret) = world.get(&format!("/v1/webhooks/{}/secret", webhook["id"]), &admin).await;
        let secret = STANDARD.decode(secret["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap()).unwrap();
        for one in &got {
            let header = |name: &str| one.headers[name].clone();
            let at: i64 = header("webhook-timestamp").parse().unwrap();
            assert_eq!(header("webhook-signature"), signature(&secret, &header("webhook-id"), at, &one.body));
            assert_eq!(header("content-type"), "application/json");
        }
        let mut told: Vec<Value> = got.iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect();
        told.sort_by_key(|body| body["type"].as_str().unwrap().to_owned());
        assert_eq!((&told[0]["type"], &told[1]["type"]), (&json!("case.dismissed"), &json!("case.opened")));
        assert_eq!((&told[1]["data"]["id"], &told[1]["data"]["service_point_number"]), (&case["id"], &json!("H1")));
        assert!(!got[0].body.contains("王1"), "no personal data leave");
        let states: Vec<Value> = messages(&world, &webhook).await.iter().map(|one| one["state"].clone()).collect();
        assert_eq!(states, [json!("delivered"), json!("delivered")]);
    }

    async fn a_failed_delivery_is_tried_again_with_the_same_id_and_follows_no_redirect(world, receiver) {
        let street = Street::build(&world).await;
        let elsewhere = Receiver::start().await;
        let webhook = subscribe(&world, &receiver, &["case.opened"]).await;
        open_case(&street).await;
        receiver.then([Manner::Answer(500), Manner::Silence, Manner::RedirectTo(elsewhere.address.clone())]);
        let mut errors = Vec::new();
        for _ in 0..3 {
            assert_eq!(deliver(&world).await, 1);
            assert_eq!(deliver(&world).await, 0, "not before its time");
            errors.push(messages(&world, &webhook).await[0]["last_error"].clone());
            world.advance(TimeDelta::minutes(3));
        }
        assert_eq!(errors, [json!("refused"), json!("timeout"), json!("redirected")]);
        assert_eq!(deliver(&world).await, 1);
        let message = messages(&world, &webhook).await.remove(0);
        assert_eq!((&message["state"], &message["attempts"], &message["last_status"]), (&json!("delivered"), &json!(4), &json!(204)));
        let ids: Vec<String> = receiver.got().iter().map(|one| one.headers["webhook-id"].clone()).collect();
        assert_eq!((ids.len(), ids.iter().all(|id| *id == ids[0])), (4, true));
        assert_eq!(elsewhere.got().len(), 0);
    }

    async fn a_message_nobody_takes_is_given_up_shown_and_tried_again_on_request(world, receiver) {
        let webhook = subscribe(&world, &receiver, &["case.opened"]).await;
        receiver.then(vec![Manner::Answer(503); MOST_ATTEMPTS as usize]);
        assert_eq!(post(&world, format!("/v1/webhooks/{}/test", webhook["id"])).await.0, 202);
        for _ in 0..MOST_ATTEMPTS {
            assert_eq!(deliver(&world).await, 1);
            world.advance(TimeDelta::hours(12));
        }
        assert_eq!(deliver(&world).await, 0);
        let dead = messages(&world, &webhook).await.remove(0);
        assert_eq!((&dead["state"], &dead["attempts"], &dead["last_status"]), (&json!("dead"), &json!(MOST_ATTEMPTS), &json!(503)));
        let (status, waiting) = post(&world, format!("/v1/webhook-messages/{}/retry", dead["id"])).await;
        assert_eq!((status, &waiting["state"]), (200, &json!("waiting")));
        assert_eq!(deliver(&world).await, 1);
        assert_eq!(messages(&world, &webhook).await[0]["state"], json!("delivered"));
        assert_eq!(post(&world, format!("/v1/webhook-messages/{}/retry", dead["id"])).await.0, 404, "not twice");
        // 410: it wants no more.
        receiver.then([Manner::Answer(410)]);
        post(&world, format!("/v1/webhooks/{}/test", webhook["id"])).await;
        deliver(&world).await;
        assert_eq!(messages(&world, &webhook).await[1]["last_error"], json!("gone"));
    }

    async fn several_nodes_deliver_each_message_once(world, receiver) {
        let webhook = subscribe(&world, &receiver, &["case.opened"]).await;
        for _ in 0..30 {
            post(&world, format!("/v1/webhooks/{}/test", webhook["id"])).await;
        }
        let options = || WorldOptions { outbound: rules(&receiver), ..WorldOptions::default() };
        let other = World::start_another(Arc::clone(&world.database), options());
        other.clock.set(world.clock.now());
        let nodes = [&world, &other, &world, &other];
        let tried: usize = join_all(nodes.into_iter().map(deliver)).await.into_iter().sum();
        let mut ids: Vec<String> = receiver.got().iter().map(|one| one.headers["webhook-id"].clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((tried, receiver.got().len(), ids.len()), (30, 30, 30));
    }

    async fn an_ended_subscription_is_told_nothing_more(world, receiver) {
        let street = Street::build(&world).await;
        let webhook = subscribe(&world, &receiver, &["case.opened"]).await;
        open_case(&street).await;
        let (status, ended) = post(&world, format!("/v1/webhooks/{}/disable", webhook["id"])).await;
        assert!(status == 200 && ended["disabled_at"].is_string(), "{ended}");
        assert_eq!(deliver(&world).await, 0);
        assert_eq!(messages(&world, &webhook).await[0]["last_error"], json!("disabled"));
        assert_eq!(post(&world, format!("/v1/webhooks/{}/test", webhook["id"])).await.0, 404);
        assert_eq!(receiver.got().len(), 0);
    }

    async fn a_node_that_died_while_sending_loses_no_message(world, receiver) {
        let webhook = subscribe(&world, &receiver, &["case.opened"]).await;
        post(&world, format!("/v1/webhooks/{}/test", webhook["id"])).await;
        let now = world.clock.now();
        let leased = world.app.store.write("lease", meterbook_api::db::Isolation::RowLocks, move |conn| {
            meterbook_api::webhooks::store::lease_due(conn, now)
        });
        assert_eq!(leased.await.unwrap().len(), 1);
        assert_eq!(deliver(&world).await, 0, "it is somebody's");
        world.advance(TimeDelta::seconds(61));
        assert_eq!(deliver(&world).await, 1);
        assert_eq!(messages(&world, &webhook).await[0]["state"], json!("delivered"));
    }
}

on_both_stores! {
    async fn nothing_goes_where_the_node_does_not_allow_it(world: World) {
        let admin = world.admin().await.access;
        let ask = async |url: &str| {
            let wanted = json!({"url": url, "events": ["case.opened"]});
            world.post("/v1/webhooks", &admin, &wanted).await
        };
        let (status, problem) = ask("https://orders.example.cn/hooks").await;
        assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("not_allowed")), "no allow list, nowhere to go");
        let wrong = json!({"url": "https://orders.example.cn/", "events": ["case.eaten"]});
        assert_eq!(world.post("/v1/webhooks", &admin, &wrong).await.1["errors"][0]["code"], json!("unknown_value"));
        assert_eq!(world.post("/v1/webhooks", &admin, &json!({"url": "x", "events": []})).await.0, 422);
    }
}

/// Allowed by name or number, an address of this machine or network is refused all the same.
#[test]
fn an_allowed_url_that_leads_into_the_network_is_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let receiver = Receiver::start().await;
        let by_name = receiver.address.replace("127.0.0.1", "localhost");
        let allow = vec![receiver.address.clone(), by_name.clone(), "http://[::1]:9/".to_owned()];
        let outbound = |allow_private| {
            let rules = OutboundRules { allow: allow.clone(), allow_private, timeout: Duration::from_secs(2) };
            meterbook_api::outbound::Outbound::new(rules).unwrap()
        };
        let strict = outbound(false);
        for url in [receiver.address.as_str(), by_name.as_str(), "http://[::1]:9/"] {
            let refused = strict.post(url, &[], "{}".to_owned()).await.unwrap_err();
            assert_eq!(refused.code(), "private_address", "{url}");
        }
        assert_eq!(receiver.got().len(), 0);
        assert_eq!(outbound(true).post(&by_name, &[], "{}".to_owned()).await, Ok(204));
        let elsewhere = strict.post("http://192.0.2.1/", &[], "{}".to_owned()).await.unwrap_err();
        assert_eq!(elsewhere.code(), "not_allowed");
    });
}
