//! One street: four homes and two shops with their meters, a reader, his phone and his rounds for March 2026.

use super::world::{SignedIn, World};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook_api::coverage::open_period;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The columns of a register as companies export it.
pub const HEADER: &str = "户号,类别,片区,册号,册内序号,户名,电话,地址,表号,表型,通气日期,初始读数,状态";

const BOOT: &str = "boot-1";

/// The street, with its reader on the way.
pub struct Street<'w> {
    /// The server it is known to.
    pub world: &'w World,
    /// The reader's phone.
    pub phone: SignedIn,
    /// Service point ids by 户号.
    pub points: BTreeMap<String, i64>,
    /// The rounds, homes first.
    pub rounds: Vec<i64>,
}

/// Rows of the register: H1 to H4 are homes on route W01, S1 and S2 shops on route S01.
pub fn register() -> String {
    let mut rows = vec![HEADER.to_owned()];
    for n in 1..=4 {
        rows.push(format!(
            "H{n},居民户外,东城区/锦绣,W01,{n},王{n},1390000000{n},锦绣路{n}号,00{n}77,G4,2020-01-01,1000,在用"
        ));
    }
    for n in 1..=2 {
        rows.push(format!(
            "S{n},工商业,东城区/锦绣,S01,{n},店{n},1380000000{n},商业街{n}号,00{n}99,IC-G10,2020-01-01,8000,在用"
        ));
    }
    rows.join("\n")
}

/// Sends a file to an importer.
pub async fn import(world: &World, path: &str, file: impl Into<Vec<u8>>) -> (u16, Value) {
    let admin = world.admin().await;
    let request = world.request(Method::POST, &format!("/v1/imports/{path}")).bearer_auth(&admin.access);
    let answer = world.send(request.header("content-type", "text/csv").body(file.into())).await;
    (answer.status, answer.json())
}

impl<'w> Street<'w> {
    /// Builds the street and hands the rounds out.
    pub async fn build(world: &'w World) -> Self {
        let (status, report) = import(world, "register", register()).await;
        assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
        let day = world.app.config.zone.day(world.clock.now());
        for period in [Period::month_of(day), Period::quarter_of(day)] {
            open_period(&world.app, period).await.unwrap();
        }
        let phone = world.reader_phone().await;
        let mut street = Self { world, phone, points: BTreeMap::new(), rounds: Vec::new() };
        let admin = world.admin().await.access;
        let (_, page) = world.get("/v1/service-points", &admin).await;
        let known = page["items"].as_array().unwrap().iter();
        street.points = known.map(|p| (p["number"].as_str().unwrap().to_owned(), p["id"].as_i64().unwrap())).collect();
        for code in ["W01", "S01"] {
            street.rounds.push(street.assign_route(code, street.phone.account).await);
        }
        street
    }

    /// A round of a route for a reader, for the whole of March.
    pub async fn assign_route(&self, code: &str, reader: i64) -> i64 {
        let admin = self.world.admin().await.access;
        let (_, routes) = self.world.get("/v1/routes", &admin).await;
        let route = routes["items"].as_array().unwrap().iter().find(|route| route["code"] == code).unwrap();
        let round =
            json!({"route_id": route["id"], "reader_id": reader, "from_day": "2026-03-01", "until_day": "2026-04-01"});
        let (status, round) = self.world.post("/v1/rounds", &admin, &round).await;
        assert_eq!(status, 201, "{round}");
        round["id"].as_i64().unwrap()
    }

    /// A record made an hour ago, by a clock that can be trusted.
    pub fn record(&self, seq: i64, point: &str, what: Value) -> Value {
        let read_at = self.world.clock.now() - TimeDelta::hours(1);
        let mut record = json!({
            "id": uuid::Uuid::now_v7().to_string(),
            "device_seq": seq,
            "read_at": read_at.to_rfc3339(),
            "read_elapsed_ms": read_at.timestamp_millis(),
            "boot_id": BOOT,
            "service_point_id": self.points[point],
        });
        record.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        record
    }

    /// A home's reading in whole m³.
    pub fn reading(&self, seq: i64, point: &str, m3: i64) -> Value {
        self.record(seq, point, json!({"kind": "reading", "index": m3 * 1000}))
    }

    /// Pushes records from the reader's phone.
    pub async fn push(&self, items: &[Value]) -> Value {
        self.push_from(&self.phone, items).await
    }

    /// A fresh access token of the reader's phone.
    pub async fn phone_now(&self) -> String {
        SignedIn::of(&self.world.refresh(&self.phone.refresh).await.1).access
    }

    /// Pushes records from the reader's phone after its access token has run out.
    pub async fn push_later(&self, items: &[Value]) -> Value {
        let (status, tokens) = self.world.refresh(&self.phone.refresh).await;
        assert_eq!(status, 200, "{tokens}");
        self.push_from(&SignedIn::of(&tokens), items).await
    }

    /// Pushes records from a phone.
    pub async fn push_from(&self, phone: &SignedIn, items: &[Value]) -> Value {
        let (status, answer) = self.world.post("/v1/sync/records", &phone.access, &self.batch(items)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// The envelope of a push.
    pub fn batch(&self, items: &[Value]) -> Value {
        let now = self.world.clock.now();
        json!({"sent_at": now.to_rfc3339(), "sent_elapsed_ms": now.timestamp_millis(), "boot_id": BOOT, "items": items})
    }

    /// The coverage line of a class for March 2026.
    pub async fn coverage(&self, class: &str) -> Value {
        let analyst = self.world.cached_desk(Role::Analyst, false).await.access;
        let (status, report) = self.world.get(&format!("/v1/coverage?period=2026-03&class={class}"), &analyst).await;
        assert_eq!(status, 200, "{report}");
        report["lines"][0].clone()
    }

    /// The cases there are.
    pub async fn cases(&self) -> Vec<Value> {
        let analyst = self.world.cached_desk(Role::Analyst, false).await.access;
        let (_, page) = self.world.get("/v1/cases", &analyst).await;
        page["items"].as_array().unwrap().clone()
    }

    /// What lies in quarantine.
    pub async fn quarantine(&self) -> Vec<Value> {
        let (_, page) = self.world.get("/v1/quarantine", &self.phone.access).await;
        page["items"].as_array().unwrap().clone()
    }
}

/// Outcome and code of each item of a push.
pub fn outcomes(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    answer["items"].as_array().unwrap().iter().map(|item| (text(&item["outcome"]), text(&item["code"]))).collect()
}
