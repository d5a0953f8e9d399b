//! What a phone made, sent and was told. A phone in the field needs none of it; a judge compares it with what the server holds.

use crate::outbox::Owed;
use crate::receipt::{Outcome, Receipt};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The history of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number on the phone.
    pub device_seq: i64,
    /// Its canonical body.
    pub body: String,
    /// How often it was sent.
    pub sent: u32,
    /// The last receipt.
    pub told: Option<Receipt>,
}

/// A cursor the phone was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorSeen {
    /// The epoch it belongs to.
    pub epoch: String,
    /// The cursor.
    pub cursor: String,
    /// Whether the answer replaced everything.
    pub reset: bool,
}

/// What one phone made, sent and was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The phone's name.
    pub phone: String,
    /// Its device id.
    pub device: i64,
    /// Its records.
    pub entries: BTreeMap<Uuid, Entry>,
    /// Cursors in the order given.
    pub cursors: Vec<CursorSeen>,
    /// The gap-free number last told.
    pub highest_contiguous_seq: i64,
    /// The missing numbers last told.
    pub missing_seqs: Vec<i64>,
    /// Receipts that contradicted an earlier one: stored, then not, or the other way round.
    pub contradictions: Vec<(Uuid, Outcome, Outcome)>,
}

impl Ledger {
    /// The ledger of a phone that has done nothing yet.
    #[must_use]
    pub fn of(phone: &str) -> Self {
        Self { phone: phone.to_owned(), ..Self::default() }
    }

    /// Notes a record made.
    pub fn note_made(&mut self, made: &Owed) {
        let entry = Entry { device_seq: made.device_seq, body: made.body.clone(), sent: 0, told: None };
        self.entries.entry(made.id).or_insert(entry);
    }

    /// Notes a record sent.
    pub fn note_sent(&mut self, id: Uuid) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.sent += 1;
        }
    }

    /// Notes a receipt.
    pub fn note_told(&mut self, receipt: &Receipt) {
        let Some(entry) = self.entries.get_mut(&receipt.id) else { return };
        if let Some(before) = entry.told.as_ref().filter(|before| before.outcome.settles())
            && receipt.outcome.settles()
            && before.outcome.is_stored() != receipt.outcome.is_stored()
        {
            self.contradictions.push((receipt.id, before.outcome, receipt.outcome));
        }
        if receipt.outcome.settles() || entry.told.is_none() {
            entry.told = Some(receipt.clone());
        }
    }

    /// Records by their last outcome; `None` for those without a receipt that settles them.
    #[must_use]
    pub fn count(&self, outcome: Option<Outcome>) -> usize {
        let last = |entry: &Entry| entry.told.as_ref().map(|told| told.outcome).filter(|outcome| outcome.settles());
        self.entries.values().filter(|entry| last(entry) == outcome).count()
    }

    /// The epochs seen, in order.
    #[must_use]
    pub fn epochs(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        self.cursors.iter().map(|seen| seen.epoch.as_str()).filter(|epoch| seen.insert(*epoch)).collect()
    }
}
