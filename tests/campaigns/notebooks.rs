//! What the phones of a campaign sent and were told, for those campaigns that make their phones' requests themselves.

use super::holdings::Holdings;
use super::invariants::{assert_kept, judge};
use crate::support::{Database, SignedIn};
use meterbook_client::{Ledger, Owed, Receipt, canonical};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use uuid::Uuid;

/// The ledgers by device.
#[derive(Default)]
pub struct Notebooks(Mutex<BTreeMap<i64, Ledger>>);

impl Notebooks {
    fn with(&self, phone: &SignedIn, note: impl FnOnce(&mut Ledger)) {
        let device = phone.device.unwrap();
        let mut ledgers = self.0.lock().unwrap();
        note(ledgers.entry(device).or_insert_with(|| Ledger { device, ..Ledger::of(&phone.login) }));
    }

    /// Notes items that are about to be sent.
    pub fn sent(&self, phone: &SignedIn, items: &[Value]) {
        self.with(phone, |ledger| {
            for item in items {
                let id = Uuid::parse_str(item["id"].as_str().unwrap()).unwrap();
                let device_seq = item["device_seq"].as_i64().unwrap();
                ledger.note_made(&Owed { id, device_seq, body: canonical(item) });
                ledger.note_sent(id);
            }
        });
    }

    /// Notes an answer.
    pub fn told(&self, phone: &SignedIn, answer: &Value) {
        let receipts = answer["items"].as_array().unwrap().iter().filter_map(Receipt::read);
        self.with(phone, |ledger| receipts.for_each(|receipt| ledger.note_told(&receipt)));
    }

    /// Demands that the store holds what the ledgers say, and every other invariant of the judge.
    pub fn judge(&self, database: &Database) {
        let ledgers: Vec<Ledger> = self.0.lock().unwrap().values().cloned().collect();
        assert_kept(&judge(&ledgers, &Holdings::read(database)));
    }
}
