//! A reader's phone as the server sees it: it pulls, goes out of reach, reads, and pushes over a bad link until every record
//! has its receipt. Its ledger is what the run is judged by.

use super::city::{Outcome, Visit};
use super::link::{Answer, Link};
use crate::accounts::setup_token;
use meterbook::calendar::Instant;
use meterbook::quantity::Volume;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Records in one push.
const BATCH: usize = 50;
/// How often one push may be answered badly before the phone gives up for the day.
const PATIENCE: usize = 40;

/// A simulated phone.
pub struct Phone {
    link: Link,
    access: String,
    refresh: String,
    cursor: Option<String>,
    /// 户号 → service point id, from the rounds pulled.
    points: HashMap<String, i64>,
    boot: String,
    next_seq: i64,
    outbox: Vec<Value>,
    ledger: Ledger,
}

/// What a phone sent and was told.
#[derive(Default, Clone, Debug)]
pub struct Ledger {
    /// Records made.
    pub made: usize,
    /// Records accepted.
    pub accepted: usize,
    /// Records kept aside, by code.
    pub aside: BTreeMap<String, usize>,
    /// Receipts that said the record had been stored before: the answer to the first sending was lost.
    pub duplicates: usize,
    /// Answers lost on the way.
    pub lost_answers: usize,
    /// Visits to points that were in none of the rounds pulled.
    pub not_in_rounds: usize,
    /// The gap-free number the server last gave.
    pub contiguous: i64,
    /// Flags by service point.
    pub flags: BTreeMap<i64, BTreeSet<String>>,
}

impl Ledger {
    /// Both ledgers in one.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.made += other.made;
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.lost_answers += other.lost_answers;
        self.not_in_rounds += other.not_in_rounds;
        self.contiguous += other.contiguous;
        for (code, count) in other.aside {
            *self.aside.entry(code).or_default() += count;
        }
        for (point, flags) in other.flags {
            self.flags.entry(point).or_default().extend(flags);
        }
        self
    }

    /// Whether every record made has arrived, once.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.accepted + self.aside.values().sum::<usize>() == self.made
            && usize::try_from(self.contiguous) == Ok(self.made)
    }
}

impl Phone {
    /// Activates a phone with a dispatcher's code.
    ///
    /// # Errors
    /// What the server answered instead of tokens.
    pub async fn activate(link: Link, code: &str, label: &str) -> Result<Self, String> {
        let answer =
            link.post("/v1/auth/activate", None, &json!({"code": code, "label": label, "platform": "android"})).await?;
        let tokens = answer.expect(201)?;
        let text = |name: &str| tokens[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}"));
        Ok(Self {
            access: text("access_token")?,
            refresh: text("refresh_token")?,
            link,
            cursor: None,
            points: HashMap::new(),
            boot: setup_token().ok_or("no randomness")?,
            next_seq: 1,
            outbox: Vec::new(),
            ledger: Ledger::default(),
        })
    }

    /// What was sent and told so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Comes into reach at `now`: new tokens, then the rounds.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn pull(&mut self) -> Result<(), String> {
        self.renew().await?;
        loop {
            let path = match &self.cursor {
                None => "/v1/sync/changes".to_owned(),
                Some(cursor) => format!("/v1/sync/changes?cursor={cursor}"),
            };
            let changes = self.link.get(&path, &self.access).await?.expect(200)?;
            for stop in changes["rounds"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|round| round["stops"].as_array().into_iter().flatten())
            {
                if let (Some(number), Some(id)) =
                    (stop["service_point_number"].as_str(), stop["service_point_id"].as_i64())
                {
                    self.points.insert(number.to_owned(), id);
                }
            }
            self.cursor = changes["cursor"].as_str().map(str::to_owned);
            if changes["more"] != json!(true) {
                return Ok(());
            }
        }
    }

    /// Exchanges the refresh token; an answer lost on the way means asking again with the old one.
    async fn renew(&mut self) -> Result<(), String> {
        for _ in 0..PATIENCE {
            match self.link.post_lossy("/v1/auth/refresh", None, &json!({"refresh_token": self.refresh})).await? {
                None => self.ledger.lost_answers += 1,
                Some(answer) => {
                    let tokens = answer.expect(200)?;
                    self.access = tokens["access_token"].as_str().unwrap_or_default().to_owned();
                    self.refresh = tokens["refresh_token"].as_str().unwrap_or_default().to_owned();
                    return Ok(());
                }
            }
        }
        Err("no answer to a refresh".into())
    }

    /// Notes a visit, out of reach: into the outbox with its number and the phone's clocks.
    pub fn note(&mut self, visit: &Visit, point_number: &str) {
        let Some(point) = self.points.get(point_number) else {
            self.ledger.not_in_rounds += 1;
            return;
        };
        let mut item = json!({
            "id": Uuid::now_v7().to_string(),
            "device_seq": self.next_seq,
            "read_at": visit.at.to_rfc3339(),
            "read_elapsed_ms": elapsed(visit.at),
            "boot_id": self.boot,
            "service_point_id": point,
        });
        describe(&mut item, &visit.what, self.next_seq);
        self.next_seq += 1;
        self.ledger.made += 1;
        self.outbox.push(item);
    }

    /// Empties the outbox: batches, resent until each record has its receipt.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn push(&mut self, now: Instant) -> Result<(), String> {
        let mut lost = 0;
        while !self.outbox.is_empty() {
            let batch = &self.outbox[..self.outbox.len().min(BATCH)];
            let body = json!({
                "batch_id": Uuid::now_v7().to_string(),
                "sent_at": now.to_rfc3339(),
                "sent_elapsed_ms": elapsed(now),
                "boot_id": self.boot,
                "items": batch,
            });
            match self.link.post_lossy("/v1/sync/records", Some(&self.access), &body).await? {
                Some(answer) => self.settle(answer)?,
                None if lost == PATIENCE => return Err("the link is dead".into()),
                None => {
                    lost += 1;
                    self.ledger.lost_answers += 1;
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, answer: Answer) -> Result<(), String> {
        let answer = answer.expect(200)?;
        let receipts = answer["items"].as_array().ok_or("a push without receipts")?;
        let sent: HashMap<&str, i64> = self
            .outbox
            .iter()
            .filter_map(|item| Some((item["id"].as_str()?, item["service_point_id"].as_i64()?)))
            .collect();
        let mut settled = BTreeSet::new();
        for receipt in receipts {
            let id = receipt["id"].as_str().unwrap_or_default();
            match receipt["outcome"].as_str().unwrap_or_default() {
                outcome @ ("accepted" | "duplicate") => {
                    self.ledger.accepted += 1;
                    self.ledger.duplicates += usize::from(outcome == "duplicate");
                    let flags =
                        receipt["flags"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
                    let point = sent.get(id).copied().unwrap_or_default();
                    self.ledger.flags.entry(point).or_default().extend(flags);
                }
                "rejected" | "conflict" => {
                    let code = receipt["code"].as_str().unwrap_or_default().to_owned();
                    *self.ledger.aside.entry(code).or_default() += 1;
                }
                _ => continue,
            }
            settled.insert(id.to_owned());
        }
        self.outbox.retain(|item| !settled.contains(item["id"].as_str().unwrap_or_default()));
        self.ledger.contiguous = answer["highest_contiguous_seq"].as_i64().unwrap_or_default();
        Ok(())
    }
}

/// The phone's monotonic clock: it was last started at the epoch.
fn elapsed(at: Instant) -> i64 {
    at.timestamp_millis()
}

fn describe(item: &mut Value, what: &Outcome, number: i64) {
    let photo = || json!([format!("{number:064x}")]);
    match what {
        Outcome::Reading { figures, seen_number, vacancy, gas_in_use } => {
            item["kind"] = json!("reading");
            let figure = |volume: Option<Volume>| volume.map(Volume::litres);
            let optional = [
                ("index", figure(figures.index)),
                ("cumulative", figure(figures.cumulative)),
                ("balance", figures.balance),
            ];
            for (name, value) in optional {
                if let Some(value) = value {
                    item[name] = json!(value);
                }
            }
            if let Some(number) = seen_number {
                item["seen_number"] = json!(number);
            }
            if *vacancy {
                item["vacancy"] = json!(true);
                item["evidence"] = photo();
            }
            if *gas_in_use {
                item["gas_in_use"] = json!(true);
            }
        }
        Outcome::NoAccess { code, proof } => {
            item["kind"] = json!("attempt");
            item["attempt_code"] = json!(code.code());
            if *proof {
                item["evidence"] = photo();
            }
        }
    }
}
