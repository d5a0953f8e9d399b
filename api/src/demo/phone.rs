//! A reader's phone as the demonstration sees it: it pulls, goes out of reach, reads, and pushes over a bad link until every
//! record has its receipt. How it does so is the reference kit's; what it came to is what the run is judged by.

use super::city::{Outcome, Visit};
use crate::accounts::setup_token;
use meterbook::calendar::Instant;
use meterbook::quantity::Volume;
use meterbook_client::{Chance, Draft, Fate, Link, Moment, Outbox, PhoneSettings, Weather, no_sleeper};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// One in so many answers is lost after the server has done its work.
const LOST_ONE_IN: u64 = 7;
/// Records in one push.
const BATCH: usize = 50;
/// How often one request may be answered badly before the phone gives up for the day.
const PATIENCE: u32 = 40;

/// A link to `base` that waits without sleeping: the demonstration's time is a number.
#[must_use]
pub fn link_to(client: &reqwest::Client, base: &str, seed: u64) -> Link {
    let mut link = Link::new(client.clone(), base, no_sleeper(), chance(seed));
    link.patience = PATIENCE;
    link
}

fn chance(seed: u64) -> Chance {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    Chance::new(move || dice.next_u64())
}

/// A simulated phone.
pub struct Phone {
    kit: meterbook_client::Phone,
    /// 户号 → service point id, from the rounds pulled.
    points: HashMap<String, i64>,
    not_in_rounds: usize,
}

/// What phones sent and were told.
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
    fn of(kit: &meterbook_client::Ledger) -> Self {
        let mut ledger = Self { made: kit.entries.len(), contiguous: kit.highest_contiguous_seq, ..Self::default() };
        for entry in kit.entries.values() {
            let Some(told) = entry.told.as_ref().filter(|told| told.outcome.settles()) else { continue };
            if !told.outcome.is_stored() {
                *ledger.aside.entry(told.code.clone()).or_default() += 1;
                continue;
            }
            ledger.accepted += 1;
            ledger.duplicates += usize::from(told.outcome == meterbook_client::Outcome::Duplicate);
            let item: Value = serde_json::from_str(&entry.body).unwrap_or_default();
            let point = item["service_point_id"].as_i64().unwrap_or_default();
            ledger.flags.entry(point).or_default().extend(told.flags.iter().cloned());
        }
        ledger
    }

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
    /// Activates a phone with a dispatcher's code; from then on its link is bad, by its seed.
    ///
    /// # Errors
    /// What the server answered instead of tokens.
    pub async fn activate(
        link: Link,
        outbox: &Arc<Outbox>,
        seed: u64,
        code: &str,
        label: &str,
    ) -> Result<Self, String> {
        let boot = setup_token().ok_or("no randomness")?;
        let settings = PhoneSettings { batch: BATCH, patience: PATIENCE, boot };
        let activated =
            meterbook_client::Phone::activate(label, settings, link, Arc::clone(outbox), chance(!seed), code);
        let mut kit = activated.await.map_err(|fault| fault.to_string())?;
        let mut sky = chance(seed);
        kit.link.come_under(Weather::new(move || match sky.below(LOST_ONE_IN) {
            0 => Fate::AnswerLost,
            _ => Fate::Fair,
        }));
        Ok(Self { kit, points: HashMap::new(), not_in_rounds: 0 })
    }

    /// What was sent and told so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let (lost_answers, not_in_rounds) = (self.kit.link.count_in_vain(), self.not_in_rounds);
        Ledger { lost_answers, not_in_rounds, ..Ledger::of(self.kit.ledger()) }
    }

    /// Comes into reach: the rounds.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn pull(&mut self) -> Result<(), String> {
        self.kit.pull().await.map_err(|fault| fault.to_string())?;
        let pulled = self.kit.rounds().stops().filter_map(|stop| {
            Some((stop["service_point_number"].as_str()?.to_owned(), stop["service_point_id"].as_i64()?))
        });
        self.points.extend(pulled);
        Ok(())
    }

    /// Notes a visit, out of reach: into the outbox with its number and the phone's clocks.
    ///
    /// # Errors
    /// Where the outbox can't be written.
    pub fn note(&mut self, visit: &Visit, point_number: &str) -> Result<(), String> {
        let Some(point) = self.points.get(point_number) else {
            self.not_in_rounds += 1;
            return Ok(());
        };
        let number = self.kit.ledger().entries.len() + 1;
        let draft = describe(*point, Moment::right(visit.at), &visit.what, number);
        self.kit.note(vec![draft]).map(drop).map_err(|fault| fault.to_string())
    }

    /// Empties the outbox.
    ///
    /// # Errors
    /// What the server answered that it should not have.
    pub async fn push(&mut self, now: Instant) -> Result<(), String> {
        self.kit.push(Moment::right(now)).await.map(drop).map_err(|fault| fault.to_string())
    }
}

fn describe(point: i64, made: Moment, what: &Outcome, number: usize) -> Draft {
    let photo = || json!([format!("{number:064x}")]);
    match what {
        Outcome::Reading { figures, seen_number, vacancy, gas_in_use } => {
            let figure = |volume: Option<Volume>| volume.map(Volume::litres);
            let optional = [
                ("index", figure(figures.index)),
                ("cumulative", figure(figures.cumulative)),
                ("balance", figures.balance),
            ];
            let present = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let mut draft =
                present.fold(Draft::of_kind("reading", point, made), |draft, (name, value)| draft.with(name, value));
            if let Some(number) = seen_number {
                draft = draft.with("seen_number", number.as_str());
            }
            if *vacancy {
                draft = draft.with("vacancy", true).with("evidence", photo());
            }
            if *gas_in_use {
                draft = draft.with("gas_in_use", true);
            }
            draft
        }
        Outcome::NoAccess { code, proof } => {
            let draft = Draft::attempt(point, code.code(), made);
            if *proof { draft.with("evidence", photo()) } else { draft }
        }
    }
}
