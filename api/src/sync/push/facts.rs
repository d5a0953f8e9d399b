//! The facts that pushes are decided by, loaded for all of them at once and dealt out.

use super::super::item::{Incoming, Record};
use super::super::store::{self, Phone, links};
use super::chain::Chain;
use super::corrections::Corrections;
use super::{Batch, Effects, Lateness, Sender, observed_time};
use crate::anomalies::store::{load_meters, load_whole};
use crate::db::{Conn, Lockable};
use crate::planted::{self, Bug};
use crate::rounds::store::holdings;
use crate::settings::store::rulebook;
use diesel::QueryResult;
use meterbook::id::AccountId;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Who pushes, the locked phone, and the items.
type Asked<'p> = (&'p Sender, Phone, &'p [Incoming]);

/// The points a push speaks of.
pub fn points_of(items: &[Incoming]) -> impl Iterator<Item = i64> + '_ {
    items.iter().filter_map(|item| item.record.as_ref().map_or_else(|fault| fault.point, |record| Some(record.point)))
}

/// The ids of its records.
pub fn ids_of(items: &[Incoming]) -> impl Iterator<Item = Uuid> + '_ {
    items.iter().filter_map(|item| item.id)
}

impl<'p> Batch<'p> {
    /// Loads what pushes are decided by, and locks the points they speak of.
    pub(super) fn load(conn: &mut Conn, asked: Vec<Asked<'p>>) -> QueryResult<Vec<Self>> {
        let points: BTreeSet<i64> = asked.iter().flat_map(|(_, _, items)| points_of(items)).collect();
        let points: Vec<i64> = points.into_iter().collect();
        if !planted::is(Bug::CheckThenInsert) {
            conn.lock(Lockable::ServicePoints, &points)?;
        }
        let rules = rulebook(conn)?;
        let ids: Vec<Uuid> = asked.iter().flat_map(|(_, _, items)| ids_of(items)).collect();
        let mut records = store::known_records(conn, &ids)?;
        let readers: Vec<i64> = asked.iter().map(|(sender, ..)| sender.reader.0).collect();
        let mut waiting = links::waiting_links(conn, &readers)?;
        let mut chains = Vec::with_capacity(asked.len());
        for (sender, _, items) in &asked {
            let waiting = waiting.remove(&sender.reader.0).unwrap_or_default();
            chains.push(Corrections::load(conn, sender.reader, items, waiting)?);
        }
        let mut meters = load_meters(conn, &points)?;
        // What is kept of a meter's past is enough for what was seen after all of it, and where nothing is taken out.
        let mut in_full = BTreeSet::new();
        for ((sender, phone, items), corrections) in asked.iter().zip(&chains) {
            let needs_all = |record: &&Record| {
                let at = observed_time(sender, phone, record, &rules).at;
                !corrections.is_idle() || meters.get(&record.point).is_some_and(|at_point| !at_point.covers(at))
            };
            let new = items.iter().filter_map(|item| item.record.as_ref().ok());
            let new = new.filter(|record| !records.contains_key(&record.id));
            in_full.extend(new.filter(needs_all).map(|record| record.point));
        }
        load_whole(conn, &mut meters, &in_full.into_iter().collect::<Vec<_>>())?;
        let seqs: Vec<store::PhoneSeq> = asked
            .iter()
            .flat_map(|(sender, _, items)| items.iter().filter_map(|item| Some((sender.device.0, item.device_seq?))))
            .collect();
        let seqs = store::known_seqs(conn, &seqs)?;
        let devices: Vec<i64> = asked.iter().map(|(sender, ..)| sender.device.0).collect();
        let with_aside = store::phones_with_quarantine(conn, &devices)?;
        let pairs: Vec<(AccountId, i64)> =
            asked.iter().flat_map(|(sender, _, items)| points_of(items).map(|point| (sender.reader, point))).collect();
        let now = asked.iter().map(|(sender, ..)| sender.received_at).min().unwrap_or_default();
        let mut held = holdings(conn, &pairs, now)?;
        let mut batches = Vec::with_capacity(asked.len());
        for ((sender, phone, items), corrections) in asked.into_iter().zip(chains) {
            let device = sender.device;
            let aside = match with_aside.contains(&device.0) {
                true => {
                    let hashes: Vec<Vec<u8>> = items.iter().map(|item| item.hash.clone()).collect();
                    store::known_quarantine(conn, device, &hashes)?
                }
                false => HashMap::new(),
            };
            let own: BTreeSet<i64> = points_of(items).collect();
            batches.push(Self {
                sender,
                items,
                phone,
                records: ids_of(items).filter_map(|id| Some((id, records.remove(&id)?))).collect(),
                seqs: seqs.iter().filter(|((of, _), _)| *of == device.0).map(|((_, seq), id)| (*seq, *id)).collect(),
                aside,
                meters: own.iter().filter_map(|point| Some((*point, meters.remove(point)?))).collect(),
                held: own.iter().filter_map(|point| Some((*point, held.remove(&(sender.reader.0, *point))?))).collect(),
                stored: Vec::new(),
                visits: Vec::new(),
                sightings: Vec::new(),
                unsure: BTreeSet::new(),
                reworked: BTreeSet::new(),
                days: BTreeSet::new(),
                corrections,
                chain: Chain::load(conn, device, items)?,
                lateness: Lateness::default(),
                effects: Effects::default(),
                rules: Arc::clone(&rules),
                reviews: Vec::new(),
            });
        }
        Ok(batches)
    }
}
