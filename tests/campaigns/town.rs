//! A small town on a node: readers, their routes with homes and shops, and rounds for this month.

use super::node::Node;
use crate::support::PASSWORD;
use crate::support::street::HEADER;
use chrono::{Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use meterbook_client::{Answer, Ask, Chance, Link, fresh_client, real_sleeper};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The town as its office knows it.
pub struct Town {
    /// The office's way to the node.
    pub link: Link,
    /// The readers' account ids; reader `n` has route `n`.
    pub readers: Vec<i64>,
    /// A round of each reader.
    pub rounds: Vec<i64>,
    /// A service point that exists and is nobody's stop.
    pub nobodys_point: i64,
}

impl Town {
    /// Claims the installation and builds the town: `points` on each reader's route, every fifth a shop with three figures.
    pub async fn found(node: &Node, setup_token: &str, readers: usize, points: usize) -> Self {
        let link = Link::new(fresh_client().unwrap(), &node.url(), real_sleeper(), Chance::new(|| 0));
        let claim = json!({"setup_token": setup_token, "login": "admin", "name": "管理员", "password": PASSWORD});
        ask(&link, Ask::post("/v1/setup", &claim), 201).await;
        node.is_claimed();
        let mut town = Self { link, readers: Vec::new(), rounds: Vec::new(), nobodys_point: 0 };
        let admin = town.sign_in().await;
        for n in 0..readers {
            let account =
                json!({"login": format!("reader-{n}"), "name": "张伟", "role": "reader", "password": PASSWORD});
            let made = ask(&town.link, Ask::post("/v1/accounts", &account).by(&admin), 201).await;
            town.readers.push(made["id"].as_i64().unwrap());
        }
        let file = Ask::file("/v1/imports/register", register(readers, points).into_bytes(), "text/csv");
        let report = ask(&town.link, file.by(&admin), 200).await;
        assert_eq!(report["applied"], json!(true), "{report}");
        let routes = ask(&town.link, Ask::get("/v1/routes?limit=500").by(&admin), 200).await;
        let routes = routes["items"].as_array().unwrap().clone();
        let id = |code: &str| routes.iter().find(|route| route["code"] == code).unwrap()["id"].clone();
        for (n, reader) in town.readers.clone().into_iter().enumerate() {
            let round = town.round(&id(&format!("R{n}")), reader);
            let made = ask(&town.link, Ask::post("/v1/rounds", &round).by(&admin), 201).await;
            town.rounds.push(made["id"].as_i64().unwrap());
        }
        let points = ask(&town.link, Ask::get("/v1/service-points?limit=1").by(&admin), 200).await;
        town.nobodys_point = points["items"][0]["id"].as_i64().unwrap();
        town
    }

    /// A round of a route for a reader, wide enough for any midnight.
    pub fn round(&self, route: &Value, reader: i64) -> Value {
        let today = Utc::now().date_naive();
        let (from, until) = (first_of_month(today - TimeDelta::days(1)), today + Months::new(2));
        json!({"route_id": route, "reader_id": reader, "from_day": from.to_string(), "until_day": until.to_string()})
    }

    /// A new access token of the administrator.
    pub async fn sign_in(&self) -> String {
        let login = json!({"login": "admin", "password": PASSWORD});
        let tokens = ask(&self.link, Ask::post("/v1/auth/login", &login), 200).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// An activation code for a reader.
    pub async fn activation_code(&self, admin: &str, reader: i64) -> String {
        let asked = Ask::post("/v1/devices/activation-codes", &json!({"account_id": reader})).by(admin);
        ask(&self.link, asked, 201).await["code"].as_str().unwrap().to_owned()
    }
}

/// Asks until there is an answer, and demands its status.
pub async fn ask(link: &Link, ask: Ask, status: u16) -> Value {
    let answered: Answer = link.persist(|_| ask.clone()).await.unwrap();
    answered.expect(status).unwrap()
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap()
}

/// The register: the first row is nobody's, on a route without a round.
fn register(readers: usize, points: usize) -> String {
    let mut text =
        format!("{HEADER}\nX0,居民户外,西区/孤山,RX,1,无,13900000000,孤山路1号,90000000,G4,2020-01-01,1000,在用\n");
    for reader in 0..readers {
        for n in 0..points {
            let number = reader * points + n;
            let (class, kind) = if n % 5 == 4 { ("工商业", "IC-G10") } else { ("居民户外", "G4") };
            writeln!(
                text,
                "P{number},{class},东区/{reader}片,R{reader},{n},户{number},139{number:08},路{number}号,1{number:07},{kind},2020-01-01,1000,在用"
            )
            .unwrap();
        }
    }
    text
}
