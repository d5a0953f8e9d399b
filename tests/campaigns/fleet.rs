//! Phones of the town's readers, run by the reference kit, and what their days hold.

use super::holdings::Holdings;
use super::invariants::{Violation, judge};
use super::node::Node;
use super::seed::{Dice, Seed};
use super::town::Town;
use crate::support::Database;
use chrono::{TimeDelta, Utc};
use futures_util::StreamExt as _;
use futures_util::stream;
use meterbook_client::retry::Backoff;
use meterbook_client::{
    Draft, Encoding, Ledger, Link, Moment, Outbox, Phone, PhoneError, PhoneSettings, Sleeper, fresh_client,
    real_sleeper,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Activations one process allows in a row; then it is started anew.
pub const ACTIVATIONS: usize = 590;
/// Phones that talk at the same time.
pub const AT_ONCE: usize = 48;
/// Members of a pull that move with the clock, or with what others read and sell: advice, told anew with the stop's next change.
pub const MOVING: [&str; 9] = [
    "band_low",
    "band_high",
    "possible_above",
    "index_ahead",
    "index_ahead_tolerance",
    "account_sum",
    "account_tolerance",
    "purchases_known",
    "years_in_service",
];

/// What a fleet is made of.
pub struct FleetPlan {
    /// How many phones.
    pub phones: usize,
    /// Records in one push.
    pub batch: usize,
    /// Where they keep what they owe.
    pub outbox: Arc<Outbox>,
    /// How they wait.
    pub sleeper: Sleeper,
}

impl FleetPlan {
    /// Phones that keep all in memory and wait as long as they should, within a test's patience.
    pub fn of(phones: usize) -> Self {
        Self { phones, batch: 20, outbox: Arc::new(Outbox::in_memory().unwrap()), sleeper: real_sleeper() }
    }
}

/// One phone of a fleet with its dice.
pub struct Member {
    /// The phone.
    pub phone: Phone,
    /// Its dice.
    pub dice: Dice,
    /// Which phone of the fleet.
    pub number: usize,
}

/// The phones.
pub struct Fleet {
    /// Each with its dice.
    pub members: Vec<Member>,
    plan: FleetPlan,
    seed: Seed,
}

impl Fleet {
    /// Activates phones for the town's readers in turn, and pulls their rounds.
    pub async fn recruit(node: &mut Node, town: &Town, plan: FleetPlan, seed: Seed) -> Self {
        let mut fleet = Self { members: Vec::new(), plan, seed };
        let client = fresh_client().unwrap();
        let mut admin = town.sign_in().await;
        for number in 0..fleet.plan.phones {
            if number % ACTIVATIONS == ACTIVATIONS - 1 {
                node.start_again();
                admin = town.sign_in().await;
            }
            let code = town.activation_code(&admin, town.readers[number % town.readers.len()]).await;
            let link = fleet.link(client.clone(), &node.url(), number);
            let (name, settings) = (format!("phone-{number}"), fleet.settings(number));
            let (outbox, chance) = (Arc::clone(&fleet.plan.outbox), seed.dice(3 * number as u64 + 1).into_chance());
            let phone = Phone::activate(&name, settings, link, outbox, chance, &code).await.unwrap();
            fleet.members.push(Member { phone, dice: seed.dice(3 * number as u64 + 2), number });
        }
        fleet.each(|member| Box::pin(async { member.phone.pull().await.unwrap() })).await;
        fleet
    }

    fn settings(&self, number: usize) -> PhoneSettings {
        PhoneSettings { batch: self.plan.batch, patience: 50, boot: format!("boot-{number}") }
    }

    fn link(&self, client: reqwest::Client, url: &str, number: usize) -> Link {
        let chance = self.seed.dice(3 * number as u64 + 3).into_chance();
        let mut link = Link::new(client, url, Arc::clone(&self.plan.sleeper), chance);
        link.backoff = Backoff { first: Duration::from_millis(20), most: Duration::from_millis(300) };
        link.patience = 200;
        link.encoding = [Encoding::Gzip, Encoding::Zstd, Encoding::Identity][number % 3];
        link
    }

    /// Kills a phone and takes it up again from what it had on disk.
    pub fn kill_phone(&mut self, at: usize) {
        let base = self.members[at].phone.link.base().to_owned();
        self.take_up(at, fresh_client().unwrap(), &base);
    }

    /// Takes a phone up from its disk, with another client at another address.
    pub fn take_up(&mut self, at: usize, client: reqwest::Client, base: &str) {
        let number = self.members[at].number;
        let link = self.link(client, base, number);
        let again = self.seed.dice(self.members[at].dice.below(u64::MAX)).into_chance();
        let outbox = Arc::clone(&self.plan.outbox);
        let name = format!("phone-{number}");
        self.members[at].phone = Phone::resume(&name, self.settings(number), link, outbox, again).unwrap();
    }

    /// Does something with every phone, many at a time.
    pub async fn each<'f>(
        &'f mut self,
        deed: impl Fn(&'f mut Member) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'f>>,
    ) {
        stream::iter(self.members.iter_mut()).for_each_concurrent(AT_ONCE, deed).await;
    }

    /// Requests of all that brought no answer.
    pub fn in_vain(&self) -> usize {
        self.members.iter().map(|member| member.phone.link.count_in_vain()).sum()
    }

    /// What all of them made, sent and were told.
    pub fn ledgers(&self) -> Vec<Ledger> {
        self.members.iter().map(|member| member.phone.ledger().clone()).collect()
    }

    /// Records made by all.
    pub fn count_made(&self) -> usize {
        self.members.iter().map(|member| member.phone.ledger().entries.len()).sum()
    }

    /// The judge's word when everybody has come home, and what the store held then.
    pub async fn judged(&mut self, database: &Database) -> (Vec<Violation>, Holdings) {
        let mut found = self.come_home().await;
        let holdings = Holdings::read(database);
        found.extend(judge(&self.ledgers(), &holdings));
        (found, holdings)
    }

    /// On a good link: every outbox empties (I14), and who followed cursors holds what a fresh pull gives (I7).
    pub async fn come_home(&mut self) -> Vec<Violation> {
        let found = std::sync::Mutex::new(Vec::new());
        let found_by = &found;
        // Everybody pushes before anybody compares: a push moves the rounds of others.
        for step in [Step::Push, Step::Compare] {
            let all = stream::iter(self.members.iter_mut());
            all.for_each_concurrent(AT_ONCE, |member| async move {
                let violations = match step {
                    Step::Push => member.empty_outbox().await,
                    Step::Compare => member.compare().await,
                };
                found_by.lock().unwrap().extend(violations);
            })
            .await;
        }
        found.into_inner().unwrap()
    }
}

#[derive(Clone, Copy)]
enum Step {
    Push,
    Compare,
}

impl Member {
    /// Notes some observations at stops of its rounds: mostly readings, some visits in vain, some that are wrong.
    pub fn note(&mut self, count: usize, nobodys_point: i64) {
        let stops: Vec<Value> = self.phone.rounds().stops().cloned().collect();
        if stops.is_empty() {
            return;
        }
        let drafts = (0..count).map(|_| self.draft(&stops, nobodys_point)).collect();
        self.phone.note(drafts).unwrap();
    }

    fn draft(&mut self, stops: &[Value], nobodys_point: i64) -> Draft {
        let dice = &mut self.dice;
        let stop = &stops[usize::try_from(dice.below(stops.len() as u64)).unwrap()];
        let point = stop["service_point_id"].as_i64().unwrap();
        let made = Moment::right(Utc::now() - TimeDelta::seconds(i64::try_from(dice.between(1, 120)).unwrap()));
        let index = i64::try_from(dice.between(1_000, 1_020)).unwrap() * 1_000;
        let wrong = dice.below(100);
        if wrong < 3 {
            return Draft::reading(nobodys_point, index, made);
        }
        if wrong < 5 {
            return Draft::reading(point, -index, made);
        }
        if wrong < 15 {
            return Draft::attempt(point, "locked", made).with("evidence", json!(["ab".repeat(32)]));
        }
        let draft = Draft::reading(point, index, made);
        if stop["meter"]["three_figures"] == json!(true) {
            return draft.with("cumulative", index).with("balance", 100_000);
        }
        draft
    }

    /// Pushes; a server that is away is met again at the next call.
    pub async fn push(&mut self) {
        match self.phone.push(Moment::right(Utc::now())).await {
            Ok(_) | Err(PhoneError::Link(_) | PhoneError::Stuck(_)) => {}
            Err(fault) => panic!("{}: {fault}", self.phone.ledger().phone),
        }
    }

    /// Pulls; likewise.
    pub async fn pull(&mut self) {
        match self.phone.pull().await {
            Ok(()) | Err(PhoneError::Link(_)) => {}
            Err(fault) => panic!("{}: {fault}", self.phone.ledger().phone),
        }
    }

    async fn empty_outbox(&mut self) -> Vec<Violation> {
        let pushed = self.phone.push(Moment::right(Utc::now())).await;
        let owed = self.phone.count_owed().unwrap();
        match pushed {
            Ok(_) if owed == 0 => Vec::new(),
            other => {
                vec![Violation::of("I14", &self.phone.ledger().phone, format!("{owed} records still owed: {other:?}"))]
            }
        }
    }

    async fn compare(&mut self) -> Vec<Violation> {
        let phone = self.phone.ledger().phone.clone();
        if let Err(fault) = self.phone.pull().await {
            return vec![Violation::of("I7", &phone, format!("the follower can't pull: {fault}"))];
        }
        match self.phone.fresh_pull().await {
            Ok(fresh) => {
                let differences = self.phone.rounds().differences(&fresh, &MOVING);
                differences.into_iter().map(|what| Violation::of("I7", &phone, what)).collect()
            }
            Err(fault) => vec![Violation::of("I7", &phone, format!("a fresh pull fails: {fault}"))],
        }
    }
}
