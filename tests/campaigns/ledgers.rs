//! The phones' ledgers laid beside each other, for the judge.

use meterbook_client::{Entry, Ledger, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The ledgers of all phones.
pub struct Books<'l> {
    /// One per phone.
    pub ledgers: &'l [Ledger],
    sent: BTreeMap<i64, BTreeSet<&'l str>>,
}

/// One record in one ledger.
#[derive(Clone, Copy)]
pub struct Line<'l> {
    /// The phone.
    pub ledger: &'l Ledger,
    /// The record's id.
    pub id: Uuid,
    /// Its history.
    pub entry: &'l Entry,
}

impl Line<'_> {
    /// What settled it, if anything did.
    pub fn settled(&self) -> Option<Outcome> {
        self.entry.told.as_ref().map(|told| told.outcome).filter(|outcome| outcome.settles())
    }
}

impl<'l> Books<'l> {
    /// Lays them beside each other.
    pub fn of(ledgers: &'l [Ledger]) -> Self {
        let mut sent: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
        for ledger in ledgers {
            let bodies = ledger.entries.values().filter(|entry| entry.sent > 0 || entry.told.is_some());
            sent.entry(ledger.device).or_default().extend(bodies.map(|entry| entry.body.as_str()));
        }
        Self { ledgers, sent }
    }

    /// Every record of every phone.
    pub fn lines(&self) -> impl Iterator<Item = Line<'l>> {
        self.ledgers
            .iter()
            .flat_map(|ledger| ledger.entries.iter().map(move |(id, entry)| Line { ledger, id: *id, entry }))
    }

    /// Whether a phone sent a body, as far as its ledger remembers.
    pub fn has_sent(&self, device: i64, body: &str) -> bool {
        self.sent.get(&device).is_some_and(|bodies| bodies.contains(body))
    }

    /// Records made.
    pub fn count(&self) -> usize {
        self.ledgers.iter().map(|ledger| ledger.entries.len()).sum()
    }
}
