//! What a phone makes of its pulls, and what the server would tell a phone that knows nothing (I7, I10).

use super::fleet::MOVING;
use super::notebooks::Notebooks;
use super::seed::Dice;
use crate::support::follower::Held;
use crate::support::{SignedIn, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A phone's picture of its rounds.
#[derive(Default)]
pub struct Follower {
    pub cursor: Option<String>,
    pub epoch: String,
    held: Held,
    /// How often it had to begin anew.
    pub resets: usize,
}

/// How often a phone comes again before the campaign calls it stuck.
const PATIENCE: usize = 10;

impl Follower {
    /// One pull. Whether there is more.
    pub async fn pull(&mut self, world: &World, phone: &SignedIn, limit: u64) -> bool {
        let cursor = self.cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let answer = pull_patiently(world, phone, &format!("/v1/sync/changes?limit={limit}{cursor}")).await;
        self.resets += usize::from(answer["reset"] == true);
        self.held.apply(&answer);
        self.cursor = Some(answer["cursor"].as_str().unwrap().to_owned());
        answer["epoch"].as_str().unwrap().clone_into(&mut self.epoch);
        answer["more"] == true
    }

    /// Pulls in pages of any size until there is nothing more.
    pub async fn catch_up(&mut self, world: &World, phone: &SignedIn, dice: &mut Dice) {
        while self.pull(world, phone, 1 + dice.below(40)).await {}
    }

    /// The rounds it knows.
    pub fn round_ids(&self) -> Vec<i64> {
        self.held.rounds.keys().copied().collect()
    }

    /// I7: it holds what a fresh pull gives. I10: that is what its reader holds, and nothing else.
    pub async fn assert_is_up_to_date(&self, world: &World, phone: &SignedIn) {
        let mut fresh = Self::default();
        while fresh.pull(world, phone, 500).await {}
        assert_eq!(self.held.rounds, fresh.held.rounds, "I7: reader {}", phone.account);
        let stops =
            |held: &Held| -> Vec<Value> { held.stops.values().flat_map(BTreeMap::values).map(comparable).collect() };
        assert_eq!(stops(&self.held), stops(&fresh.held), "I7: reader {}", phone.account);
        let held = world.database.texts(&format!(
            "SELECT CAST(id AS TEXT) AS value FROM rounds WHERE reader_id = {} AND state IN ('assigned', 'in_progress', 'done')",
            phone.account
        ));
        let mut held: Vec<i64> = held.iter().map(|id| id.parse().unwrap()).collect();
        held.sort_unstable();
        assert_eq!(self.round_ids(), held, "I10: reader {}", phone.account);
    }
}

/// A pull that comes again when it is told to, or when its connection was being closed for having been idle, as a phone does.
async fn pull_patiently(world: &World, phone: &SignedIn, path: &str) -> Value {
    for _ in 0..PATIENCE {
        let request = world.request(reqwest::Method::GET, path).bearer_auth(&phone.access);
        let answer = match world.try_send(request).await {
            Err(fault) if fault.is_request() => continue,
            answer => answer.unwrap(),
        };
        if answer.status == 200 {
            return answer.json();
        }
        assert!([429, 503].contains(&answer.status), "{}", answer.json());
        let wait = answer.header("retry-after").parse::<u64>().expect("no Retry-After");
        assert!(wait > 0);
        // The campaign's clock stands still; coming again is what counts.
        tokio::task::yield_now().await;
    }
    panic!("the server does not answer {path}");
}

/// A stop as two pulls must agree on it. The band within which the entry check expects the index moves with the clock and with
/// other readers' readings; it is advice, and is told anew with the stop's next change.
fn comparable(stop: &Value) -> Value {
    let mut stop = stop.clone();
    if let Some(meter) = stop["meter"].as_object_mut() {
        MOVING.iter().filter(|name| **name != "years_in_service").for_each(|name| drop(meter.remove(*name)));
    }
    stop
}

/// A push that comes again when it is told to.
pub async fn push_patiently(world: &World, phone: &SignedIn, envelope: &Value, books: &Notebooks) -> Value {
    books.sent(phone, envelope["items"].as_array().unwrap());
    for _ in 0..PATIENCE {
        let (status, answer) = world.post("/v1/sync/records", &phone.access, envelope).await;
        if status == 200 {
            books.told(phone, &answer);
            return answer;
        }
        assert_eq!((status, &answer["retryable"]), (503, &json!(true)), "{answer}");
        tokio::task::yield_now().await;
    }
    panic!("the server takes nothing from device {:?}", phone.device);
}
