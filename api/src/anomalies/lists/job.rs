//! Making a month's lists, in steps that survive the node: gather the fleet some meters at a time, say what is usual in each peer
//! group, ask each meter what it is suspected of, give the places.
//!
//! Why separate: a fleet of a million neither fits into one transaction nor needs to. What a step reads and reckons holds no
//! lock; what it writes is one short transaction under the job's lease. A chunk of the fleet is written once and read again
//! from there, so that all steps see the same readings, whatever arrives meanwhile.

mod places;
mod usual;

pub use places::micro;

use super::packed::{Placed, write_peers, write_suspects};
use super::store::{self, ListRow};
use super::threads::in_parallel;
use crate::App;
use crate::coverage::closing::prove::hex;
use crate::db::{Conn, StoreError};
use crate::jobs::{Apply, Done, Job};
use crate::keys::sha256;
use diesel::QueryResult;
use diesel::result::Error;
use meterbook::anomalies::lists::model::Model;
use meterbook::anomalies::lists::month_end::{Counts, Method, suspect};
use meterbook::anomalies::lists::peers::Peers;
use meterbook::calendar::Period;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Meters gathered in one step.
const GATHERED: i64 = 4_000;
/// Chunks scored in one step.
const SCORED: i64 = 5;

#[derive(Clone, Copy, Serialize, Deserialize, Default, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum Phase {
    #[default]
    Gather,
    Usual,
    Score,
    Rank,
}

/// How far the list is.
#[derive(Clone, Serialize, Deserialize, Default)]
struct Progress {
    phase: Phase,
    /// The last installation gathered.
    after: i64,
    /// The next chunk.
    position: i32,
    read: usize,
    by_model: usize,
    by_rules: usize,
    /// Hash over all chunks so far.
    hash: String,
}

impl Progress {
    fn of(job: &Job) -> QueryResult<Self> {
        match job.progress.as_str() {
            "" => Ok(Self::default()),
            text => serde_json::from_str(text).map_err(|fault| Error::DeserializationError(fault.into())),
        }
    }

    fn in_phase(&self, phase: Phase) -> Self {
        Self { phase, position: 0, ..self.clone() }
    }

    fn done(&self) -> QueryResult<Done> {
        let text = serde_json::to_string(self).map_err(|fault| Error::SerializationError(fault.into()))?;
        Ok(Done::Step(text))
    }

    fn ranked(&self) -> Counts {
        Counts::from([(Method::Model, self.by_model), (Method::Rules, self.by_rules)])
    }
}

/// The subject of the job that makes a version of a month's lists.
#[must_use]
pub fn subject(month: Period, version: i32) -> String {
    format!("{month}/{version}")
}

fn parse_subject(subject: &str) -> Option<(Period, i32)> {
    let (month, version) = subject.split_once('/')?;
    Some((Period::parse(month)?, version.parse().ok()?))
}

/// Reads and reckons the next step; what it gives back writes it.
///
/// # Errors
/// The database's.
pub async fn prepare(app: &App, job: &Job) -> Result<Apply, StoreError> {
    let Some((month, version)) = parse_subject(&job.subject) else { return Ok(lost(&job.subject)) };
    let progress = Progress::of(job)?;
    let found = app.store.read("find_anomaly_list", move |conn| store::find_list(conn, month, Some(version)));
    let Some(list) = found.await?.filter(|list| list.state == "making") else { return Ok(lost(&job.subject)) };
    match progress.phase {
        Phase::Gather => gather(app, list, month, progress).await,
        Phase::Usual => usual(app, list, progress).await,
        Phase::Score => score(app, list, progress).await,
        Phase::Rank => places::rank(app, list, month, progress).await,
    }
}

fn lost(subject: &str) -> Apply {
    let why = format!("no list in the making: {subject}");
    Box::new(move |_, _| Ok(Done::Failed(why.clone())))
}

/// Runs what needs the processor and no database off the async threads.
async fn reckon<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)
}

async fn gather(app: &App, list: ListRow, month: Period, progress: Progress) -> Result<Apply, StoreError> {
    let (zone, after, has_model) = (app.config.zone, progress.after, has_model(app, &list).await?);
    let gathered =
        app.store.read("gather_meters", move |conn| store::gather(conn, after, GATHERED, (month, zone))).await?;
    let mut next = progress;
    let Some(last) = gathered.last else {
        let next = next.in_phase(Phase::Usual);
        return Ok(Box::new(move |_, _| next.done()));
    };
    let mut body = Vec::with_capacity(gathered.members.len() * 64);
    for member in &gathered.members {
        member.write(&mut body);
        match Method::for_past(&member.history, has_model) {
            Some(Method::Model) => next.by_model += 1,
            Some(Method::Rules) => next.by_rules += 1,
            None => {}
        }
    }
    let (position, members) = (next.position, i64::try_from(gathered.members.len()).unwrap_or(i64::MAX));
    next.hash = hex(&sha256(&[next.hash.as_bytes(), &body].concat()));
    (next.after, next.position, next.read) = (last, position + 1, next.read + gathered.read);
    Ok(Box::new(move |conn, _| {
        store::insert_chunk(conn, list.id, position, members, &body)?;
        next.done()
    }))
}

/// Whether the trees can be asked at all.
async fn has_model(app: &App, list: &ListRow) -> Result<bool, StoreError> {
    Ok(model_of(app, list).await?.is_trained())
}

async fn model_of(app: &App, list: &ListRow) -> Result<Model, StoreError> {
    let id = list.model_id;
    app.store.read("load_anomaly_model", move |conn| store::load_model(conn, id)).await
}

async fn usual(app: &App, list: ListRow, progress: Progress) -> Result<Apply, StoreError> {
    let id = list.id;
    let sample = app.store.read("sample_fleet", move |conn| usual::sample(conn, id)).await?;
    let peers = reckon(move || usual::peers(&sample)).await?;
    let next = progress.in_phase(Phase::Score);
    let rows: Vec<(String, i64, Vec<u8>)> =
        peers.into_iter().map(|(group, members, peers)| (group, members, write_peers(&peers))).collect();
    Ok(Box::new(move |conn, _| {
        for (group, members, body) in &rows {
            store::insert_peers(conn, id, group, *members, body)?;
        }
        next.done()
    }))
}

async fn score(app: &App, list: ListRow, progress: Progress) -> Result<Apply, StoreError> {
    let (id, from) = (list.id, progress.position);
    let model = model_of(app, &list).await?;
    let read = move |conn: &mut Conn| {
        let chunks = store::chunks_from(conn, id, from, SCORED)?;
        let peers = if chunks.is_empty() { HashMap::new() } else { store::peers_of(conn, id)? };
        Ok((chunks, peers))
    };
    let (chunks, peers) = app.store.read("read_fleet", read).await?;
    let Some(last) = chunks.last().map(|(position, _)| *position) else {
        let next = progress.in_phase(Phase::Rank);
        return Ok(Box::new(move |_, _| next.done()));
    };
    let scored = reckon(move || {
        let model = Some(&model).filter(|model| model.is_trained());
        let of = |(position, members): &(i32, Vec<super::packed::Member>)| {
            let suspects = in_parallel(members, |member| suspects_of(member, &peers, model));
            let placed: Vec<Placed> = suspects.into_iter().enumerate().flat_map(placed).collect();
            (*position, write_suspects(&placed))
        };
        chunks.iter().map(of).collect::<Vec<_>>()
    });
    let (scored, next) = (scored.await?, Progress { position: last + 1, ..progress });
    Ok(Box::new(move |conn, _| {
        for (position, suspects) in &scored {
            store::set_suspects(conn, id, *position, suspects)?;
        }
        next.done()
    }))
}

type Suspects = Vec<meterbook::anomalies::lists::month_end::Suspect>;

fn placed((place, suspects): (usize, Suspects)) -> impl Iterator<Item = Placed> {
    suspects.into_iter().map(move |suspect| (place, suspect))
}

fn suspects_of(member: &super::packed::Member, peers: &HashMap<String, Peers>, model: Option<&Model>) -> Suspects {
    let peers = peers.get(&member.group.key());
    peers.map_or_else(Vec::new, |peers| suspect(&member.history, peers, member.group.cadence(), model))
}
