//! Taking an item out of quarantine: the same decision as a push, as the phone that sent it, at the time it was sent.
//!
//! Why separate: a person's release is refused as a whole and leaves nothing behind, where a push keeps everything.

use super::super::item::Incoming;
use super::{Batch, Outcome, Sender, keep, store};
use crate::db::{Conn, Lockable};
use diesel::QueryResult;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::{AccountId, DeviceId};
use meterbook::readings::observed::ClockSample;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The push that brought an item.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Whose phone.
    pub reader: AccountId,
    /// Which.
    pub device: DeviceId,
    /// When it arrived.
    pub received_at: Instant,
    /// The phone's clock when it sent.
    pub sent_at: Instant,
    /// Its monotonic clock.
    pub sent_elapsed_ms: Option<i64>,
    /// The boot that belongs to.
    pub boot: Option<String>,
    /// The sync before.
    pub last_sync: Option<ClockSample>,
}

/// An item to be taken.
#[derive(Clone, Debug)]
pub struct Release {
    /// The push that brought it.
    pub origin: Origin,
    /// The item, put right.
    pub item: Map<String, Value>,
    /// An id, for an item whose own is missing or another record's.
    pub fresh_id: Uuid,
    /// The point it spoke of as it was sent.
    pub point: Option<i64>,
    /// Now.
    pub now: Instant,
    /// The company's zone.
    pub zone: Zone,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Released {
    /// It is a record now.
    Stored {
        /// Its id.
        record: Uuid,
        /// Its body.
        body: String,
        /// What was noticed.
        flags: Vec<String>,
    },
    /// It still can't be taken.
    Refused {
        /// Why.
        code: String,
        /// Where.
        pointer: String,
    },
}

/// Takes an item as if its phone had sent it so.
pub fn release(conn: &mut Conn, asked: &Release) -> QueryResult<Released> {
    let origin = &asked.origin;
    let sender = Sender {
        reader: origin.reader,
        device: origin.device,
        sent_at: origin.sent_at,
        sent_elapsed_ms: origin.sent_elapsed_ms,
        boot: origin.boot.clone(),
        received_at: origin.received_at,
        zone: asked.zone,
        last_seq: None,
        released_at: Some(asked.now),
    };
    let mut phone = store::lock_phone(conn, origin.device)?;
    phone.clock = origin.last_sync;
    // The point it spoke of is placed anew as well: both are locked here, in the one order.
    let named = asked.item.get("service_point_id").and_then(Value::as_i64);
    let points: BTreeSet<i64> = asked.point.into_iter().chain(named).collect();
    conn.lock(Lockable::ServicePoints, &points.into_iter().collect::<Vec<_>>())?;
    let own = asked.item.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    let is_free = match own {
        Some(id) => store::known_records(conn, &[id])?.is_empty(),
        None => false,
    };
    let mut item = asked.item.clone();
    if !is_free {
        item.insert("id".into(), Value::String(asked.fresh_id.to_string()));
    }
    let items = [Incoming::read(&Value::Object(item))];
    let [incoming] = &items;
    let refused = |code: &str, pointer: &str| Released::Refused { code: code.to_owned(), pointer: pointer.to_owned() };
    let record = match &incoming.record {
        Ok(record) => record,
        Err(fault) => return Ok(refused(fault.code, &fault.pointer)),
    };
    let mut batches = Batch::load(conn, vec![(&sender, phone, &items)])?;
    let Some(batch) = batches.first_mut() else { return Err(diesel::NotFound) };
    let time = match batch.examine(record) {
        Ok(time) => time,
        Err(fault) => return Ok(refused(fault.code, &fault.pointer)),
    };
    let receipt = batch.accept(conn, incoming, record, time)?;
    if receipt.outcome != Outcome::Accepted {
        let (code, pointer) = receipt.fault.unwrap_or_default();
        return Ok(refused(&code, &pointer));
    }
    keep(conn, &mut batches)?;
    Ok(Released::Stored { record: record.id, body: incoming.body.clone(), flags: receipt.flags })
}
