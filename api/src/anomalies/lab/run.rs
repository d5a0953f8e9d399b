//! A run in the background: the stored history in pieces, each replayed where it is read.

use super::store;
use super::wire::LabResult;
use crate::App;
use crate::db::{Isolation, StoreError};
use meterbook::anomalies::lab::{Difference, MeterHistory, StoredReading};
use meterbook::anomalies::{Observation, Settings};
use meterbook::id::RecordId;
use std::sync::Arc;

/// Replays everything and notes the result. A fault of the database ends the run as failed.
pub async fn run(app: Arc<App>, id: i64, settings: (Settings, Settings)) {
    let result = replay_all(&app, settings).await;
    let (text, sizes) = match &result {
        Ok(difference) => {
            let sizes = (difference.meters, difference.readings);
            (serde_json::to_string(&LabResult::of(difference)).ok(), sizes)
        }
        Err(fault) => {
            tracing::warn!(run = id, %fault, "the rule lab's run failed");
            (None, (0, 0))
        }
    };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (sizes, now) = ((number(sizes.0), number(sizes.1)), app.clock.now());
    let noted = app.store.write("finish_lab_run", Isolation::RowLocks, move |conn| {
        store::finish_run(conn, id, text.as_deref(), sizes, now)
    });
    if let Err(fault) = noted.await {
        tracing::warn!(run = id, %fault, "the rule lab's result could not be kept");
    }
}

async fn replay_all(app: &App, settings: (Settings, Settings)) -> Result<Difference, StoreError> {
    let recorded = Arc::new(app.store.read("load_outcomes", store::recorded).await?);
    let mut sum = Difference::default();
    let mut after = Some(0);
    while let Some(from) = after {
        let recorded = Arc::clone(&recorded);
        let piece = app.store.read("replay_history", move |conn| {
            let (histories, last) = store::histories(conn, from)?;
            let mut difference = Difference::default();
            for history in &histories {
                add(&mut difference, history, (&settings.0, &settings.1), &recorded);
            }
            Ok((difference, last))
        });
        let (difference, last) = piece.await?;
        sum.merge(difference);
        after = last;
    }
    Ok(sum)
}

fn add(
    difference: &mut Difference,
    history: &store::OwnedHistory,
    settings: (&Settings, &Settings),
    recorded: &store::Recorded,
) {
    let reading = |reading: &'_ store::OwnedReading| StoredReading {
        record: RecordId(reading.record),
        seen: Observation {
            at: reading.at,
            figures: reading.figures,
            // What is borrowed is put in below, where it lives long enough.
            seen_number: None,
            vacancy: reading.vacancy,
            gas_in_use: reading.gas_in_use,
            confirmed: reading.confirmed,
        },
    };
    let mut readings: Vec<StoredReading<'_>> = history.readings.iter().map(reading).collect();
    for (stored, own) in readings.iter_mut().zip(&history.readings) {
        stored.seen.seen_number = own.seen_number.as_deref();
    }
    let meter = MeterHistory {
        number: &history.number,
        traits: history.traits,
        class: history.class,
        suspended: history.suspended,
        base: history.base,
        readings: &readings,
        purchases: &history.purchases,
        repairs: &history.repairs,
    };
    difference.add(&meter, settings, |record, rule| store::verdict_of(recorded, record, rule));
}
