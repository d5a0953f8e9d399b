//! What decided pushes lead to, stored for all of them at once: records, then stops, rounds and coverage by them, then how far
//! their phones have come.

use super::super::store::{self, PhoneNews, insert_records};
use super::Batch;
use crate::anomalies::cases::settle_visits;
use crate::anomalies::store::{drop_pasts, store_pasts};
use crate::coverage::reviews::store::insert_reviews;
use crate::coverage::store::{note_days, sighted};
use crate::db::Conn;
use crate::rounds::store::{announce_points, visit_stops};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::calendar::Period;
use meterbook::coverage::{ReaderDay, SightingKind};
use meterbook::sync::Sequence;
use std::collections::{BTreeMap, BTreeSet};

/// Stores the records, then moves stops, rounds and coverage by them.
pub fn keep(conn: &mut Conn, batches: &mut [Batch<'_>]) -> QueryResult<()> {
    let Some((zone, now)) =
        batches.iter().map(|batch| (batch.sender.zone, batch.sender.received_at)).max_by_key(|of| of.1)
    else {
        return Ok(());
    };
    let stored: Vec<_> = batches.iter_mut().flat_map(|batch| std::mem::take(&mut batch.stored)).collect();
    insert_records(conn, &stored)?;
    let judged: Vec<_> = batches.iter_mut().flat_map(|batch| batch.effects.take_judged()).collect();
    settle_visits(conn, &judged, zone, now)?;
    for batch in batches.iter_mut() {
        let sender = batch.sender;
        batch.effects.store(conn, sender)?;
        batch.chain.store(conn, sender.device, batch.phone.chained_from, sender.received_at)?;
    }
    store_pasts(conn, batches.iter().flat_map(|batch| batch.meters.values()))?;
    let reworked: Vec<i64> = batches.iter().flat_map(|batch| batch.reworked.iter().copied()).collect();
    drop_pasts(conn, &reworked)?;
    announce_points(conn, &reworked, "corrected", now)?;
    let visits: Vec<_> = batches.iter().flat_map(|batch| batch.visits.iter().copied()).collect();
    visit_stops(conn, &visits, now)?;
    for batch in batches.iter() {
        insert_reviews(conn, batch.sender.reader, batch.sender.received_at, &batch.reviews)?;
    }
    note_days(conn, &days_of(batches))?;
    let sightings: Vec<_> = batches.iter().flat_map(|batch| batch.sightings.iter().copied()).collect();
    let unsure: BTreeSet<i64> = batches.iter().flat_map(|batch| batch.unsure.iter().copied()).collect();
    let days = batches.iter().flat_map(|batch| batch.days.iter());
    let periods: BTreeSet<Period> = days.flat_map(|day| [Period::month_of(*day), Period::quarter_of(*day)]).collect();
    sighted(conn, zone, &sightings, &unsure, &periods.into_iter().collect::<Vec<_>>())
}

/// The visits of readers' days.
fn days_of(batches: &[Batch<'_>]) -> BTreeMap<(i64, NaiveDate), ReaderDay> {
    let mut days: BTreeMap<(i64, NaiveDate), ReaderDay> = BTreeMap::new();
    for batch in batches {
        for (_, sighting) in &batch.sightings {
            let day = days.entry((batch.sender.reader.0, batch.sender.zone.day(sighting.at))).or_default();
            match sighting.what {
                SightingKind::Reading(_) => day.readings += 1,
                SightingKind::Attempt { .. } => day.attempts += 1,
            }
        }
    }
    days
}

/// Notes how far the phones have come, and says how complete their records are.
pub fn note_phones(conn: &mut Conn, batches: &[Batch<'_>]) -> QueryResult<Vec<Sequence>> {
    let asked: Vec<store::PhoneSeq> =
        batches.iter().map(|batch| (batch.sender.device.0, batch.phone.contiguous)).collect();
    let mut arrived = store::arrived_above(conn, &asked)?;
    let (mut sequences, mut news) = (Vec::with_capacity(batches.len()), Vec::with_capacity(batches.len()));
    for Batch { sender, phone, .. } in batches {
        let above = arrived.remove(&sender.device.0).unwrap_or_default();
        // What arrived over a gap was given as well: whether a phone has one follows from its own row.
        let told = sender.last_seq.max(above.iter().copied().max()).filter(|told| phone.last_seq < Some(*told));
        let last_seq = told.or(phone.last_seq);
        let sequence = store::sequence_with(conn, sender.device, phone.contiguous, last_seq, above)?;
        news.push(PhoneNews {
            device: sender.device,
            contiguous: sequence.highest_contiguous,
            sent_at: sender.sent_at,
            received_at: sender.received_at,
            last_seq: told,
        });
        sequences.push(sequence);
    }
    store::update_phones(conn, &news)?;
    Ok(sequences)
}
