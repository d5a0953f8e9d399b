//! The hash chain within a batch: which records name another hash for the one before them than that one has.
//!
//! Why separate: it refuses nothing and costs nothing to phones that do not chain their records.

use super::super::gaps::store::{self, Break, Stored};
use super::super::item::{Incoming, unhex};
use crate::db::Conn;
use diesel::QueryResult;
use meterbook::calendar::Instant;
use meterbook::id::DeviceId;
use meterbook::sync::chain::{ChainLink, check_link};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A record names another hash for the one before it.
pub const CHAIN_BROKEN: &str = "chain_broken";

/// What a batch says of its phone's chain.
#[derive(Default)]
pub struct Chain {
    breaks: Vec<Break>,
    /// Hashes of the items whose arrival shows a break.
    broken: HashSet<Vec<u8>>,
    first_linked: Option<i64>,
}

impl Chain {
    /// Looks at every link that has an end in the batch.
    pub fn load(conn: &mut Conn, device: DeviceId, items: &[Incoming]) -> QueryResult<Self> {
        let mut chain = Self::default();
        let linked = items.iter().filter(|item| item.prev_hash.is_some());
        chain.first_linked = linked.filter_map(|item| item.device_seq).filter(|seq| *seq > 0).min();
        if chain.first_linked.is_none() {
            return Ok(chain);
        }
        let numbered = || items.iter().filter_map(|item| Some((item.device_seq.filter(|seq| *seq > 0)?, item)));
        let around: BTreeSet<i64> = numbered().flat_map(|(seq, _)| [seq - 1, seq, seq + 1]).collect();
        let stored = store::stored_around(conn, device, &around.into_iter().collect::<Vec<_>>())?;
        let mut arrived: HashMap<i64, Vec<&[u8]>> = HashMap::new();
        for (seq, item) in numbered() {
            arrived.entry(seq).or_default().push(&item.hash);
        }
        for (seq, item) in numbered() {
            if let Some(named) = &item.prev_hash {
                chain.look(seq, named, &hashes(&stored, &arrived, seq - 1), &item.hash);
            }
            // A record that came before its predecessor is looked at now.
            for later in stored.get(&(seq + 1)).into_iter().flatten() {
                if let Some(named) = named_in(&later.body) {
                    chain.look(seq + 1, &named, &hashes(&stored, &arrived, seq), &item.hash);
                }
            }
        }
        Ok(chain)
    }

    fn look(&mut self, seq: i64, named: &[u8], before: &[&[u8]], item: &[u8]) {
        if let ChainLink::Broken(expected) = check_link(seq, named, before) {
            self.broken.insert(item.to_vec());
            self.breaks.push(Break { seq, named: named.to_vec(), expected });
        }
    }

    /// Whether an item's arrival shows a break.
    pub fn is_broken_at(&self, item: &Incoming) -> bool {
        self.broken.contains(&item.hash)
    }

    /// Notes the breaks and since when the phone chains.
    pub fn store(&self, conn: &mut Conn, device: DeviceId, known: Option<i64>, now: Instant) -> QueryResult<()> {
        store::insert_breaks(conn, device, &self.breaks, now)?;
        match self.first_linked.filter(|first| known.is_none_or(|known| *first < known)) {
            Some(first) => store::note_chained_from(conn, device, first),
            None => Ok(()),
        }
    }
}

/// What arrived under a number: the record where there is one, else all that lies in quarantine or comes with this batch.
fn hashes<'a>(stored: &'a HashMap<i64, Vec<Stored>>, arrived: &HashMap<i64, Vec<&'a [u8]>>, seq: i64) -> Vec<&'a [u8]> {
    let known = stored.get(&seq).map_or(&[][..], Vec::as_slice);
    if let Some(record) = known.iter().find(|stored| stored.is_record) {
        return vec![&record.hash];
    }
    let aside = known.iter().map(|stored| stored.hash.as_slice());
    aside.chain(arrived.get(&seq).into_iter().flatten().copied()).collect()
}

fn named_in(body: &str) -> Option<Vec<u8>> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let named = body.get("prev_hash").filter(|named| !named.is_null())?;
    Some(named.as_str().and_then(unhex).unwrap_or_default())
}
