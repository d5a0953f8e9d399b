//! A phone that follows its cursor: it applies answers in the order the contract says and concludes nothing else from them.

use super::world::{SignedIn, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a phone holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// Round by id, without its stops.
    pub rounds: BTreeMap<i64, Value>,
    /// Stop by round and id.
    pub stops: BTreeMap<i64, BTreeMap<i64, Value>>,
    /// Verdict by record.
    pub verdicts: BTreeMap<String, Value>,
    /// The catalogue's version.
    pub catalogue: String,
}

impl Held {
    /// Puts a whole round in the place of what is held of it.
    pub fn replace_round(&mut self, round: &Value) {
        let id = round["id"].as_i64().unwrap();
        let mut own = round.as_object().unwrap().clone();
        let stops = own.remove("stops").unwrap();
        let by_id = stops.as_array().unwrap().iter().map(|stop| (stop["id"].as_i64().unwrap(), stop.clone()));
        self.stops.insert(id, by_id.collect());
        self.rounds.insert(id, Value::Object(own));
    }

    /// Takes an answer in.
    pub fn apply(&mut self, answer: &Value) {
        let list = |name: &str| answer[name].as_array().unwrap().iter();
        let number = |value: &Value| value.as_i64().unwrap();
        if answer["reset"] == json!(true) {
            *self = Self { catalogue: std::mem::take(&mut self.catalogue), ..Self::default() };
        }
        for removed in list("removed") {
            self.rounds.remove(&number(&removed["round_id"]));
            self.stops.remove(&number(&removed["round_id"]));
        }
        list("rounds").for_each(|round| self.replace_round(round));
        for changed in list("changed_rounds") {
            if let Some(round) = self.rounds.get_mut(&number(&changed["id"])) {
                let mut own = changed.as_object().unwrap().clone();
                own.remove("reason");
                *round = Value::Object(own);
            }
        }
        for removed in list("removed_stops") {
            if let Some(stops) = self.stops.get_mut(&number(&removed["round_id"])) {
                stops.remove(&number(&removed["stop_id"]));
            }
        }
        for changed in list("stops") {
            if let Some(stops) = self.stops.get_mut(&number(&changed["round_id"])) {
                stops.insert(number(&changed["stop"]["id"]), changed["stop"].clone());
            }
        }
        for verdict in list("verdicts") {
            self.verdicts.insert(verdict["record_id"].as_str().unwrap().to_owned(), verdict.clone());
        }
        if let Some(version) = answer["catalogue"]["version"].as_str() {
            self.catalogue = version.to_owned();
        }
    }
}

/// A phone that pulls.
pub struct Follower<'w> {
    world: &'w World,
    /// Its tokens.
    pub phone: SignedIn,
    /// Where it stands; empty before the first pull.
    pub cursor: String,
    /// What it holds.
    pub held: Held,
    /// The feed position of the last answer, as its ETag tells.
    pub position: i64,
}

impl<'w> Follower<'w> {
    /// A phone before its first pull.
    pub fn new(world: &'w World, phone: &SignedIn) -> Self {
        Self { world, phone: phone.clone(), cursor: String::new(), held: Held::default(), position: 0 }
    }

    /// Asks once and applies the answer.
    pub async fn pull(&mut self, query: &str) -> Value {
        let cursor = if self.cursor.is_empty() { String::new() } else { format!("&cursor={}", self.cursor) };
        let path = format!("/v1/sync/changes?{query}{cursor}");
        let request = self.world.request(reqwest::Method::GET, &path).bearer_auth(&self.phone.access);
        let sent = self.world.send(request).await;
        let answer = sent.json();
        assert_eq!(sent.status, 200, "{answer}");
        let position: i64 = sent.header("etag").split('.').nth(1).unwrap().parse().unwrap();
        assert!(position >= self.position, "the cursor went back from {} to {position}", self.position);
        self.position = position;
        self.held.apply(&answer);
        self.cursor = answer["cursor"].as_str().unwrap().to_owned();
        answer
    }

    /// Pulls until there is no more; fetches what it is told to fetch.
    pub async fn catch_up(&mut self, limit: usize) -> &Held {
        loop {
            let before = self.position;
            let answer = self.pull(&format!("limit={limit}")).await;
            assert!(answer["more"] == json!(false) || self.position > before, "a page that leads nowhere");
            for refetch in answer["refetch"].as_array().unwrap() {
                let path = format!("/v1/sync/rounds/{}", refetch["round_id"]);
                let (status, round) = self.world.get(&path, &self.phone.access).await;
                assert_eq!(status, 200, "{round}");
                self.held.replace_round(&round);
            }
            if answer["more"] == json!(false) {
                return &self.held;
            }
        }
    }

    /// What the same phone holds after a full pull.
    pub async fn fresh(&self) -> Held {
        let mut fresh = Follower::new(self.world, &self.phone);
        fresh.catch_up(500).await;
        fresh.held
    }

    /// Goes on with new tokens.
    pub async fn renew(&mut self) {
        let (status, tokens) = self.world.refresh(&self.phone.refresh).await;
        assert_eq!(status, 200, "{tokens}");
        self.phone = SignedIn::of(&tokens);
    }
}
