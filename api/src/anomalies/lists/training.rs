//! Learning a model from the company's own history: a job of one step, which may take minutes and holds no lock.
//!
//! Why separate: a list is made every month by whatever model holds; a model is made when somebody asks, and holds only once a
//! person has said from when. The same history, month and seed give the same model to the bit.

use super::packed::{Group, Member};
use super::store::{self, Learnt, ModelRow, gather_these, installation_ids};
use crate::App;
use crate::db::{Store, StoreError};
use crate::jobs::{Apply, Done, Job};
use crate::keys::sha256;
use meterbook::anomalies::lists::booster::Growth;
use meterbook::anomalies::lists::teaching::{Teacher, teach};
use meterbook::anomalies::lists::train::School;
use meterbook::anomalies::lists::window::Cadence;
use meterbook::calendar::{Period, Zone};
use std::collections::BTreeMap;

/// Meters that teach, at most: some thousand histories teach as much as all of them.
const TEACHERS: usize = 8_000;
/// Meters below which nothing is learnt.
const LEAST_TEACHERS: usize = 100;
/// Meters and periods shown of each cadence, at most.
const LESSONS: usize = 20_000;
/// Meters read at once.
const AT_ONCE: usize = 2_000;

/// Reads a sample of the fleet and learns from it.
///
/// # Errors
/// The database's.
pub async fn prepare(app: &App, job: &Job) -> Result<Apply, StoreError> {
    let id = job.subject.parse().unwrap_or(0);
    let found = app.store.read("find_anomaly_model", move |conn| store::find_model(conn, id)).await?;
    let known = found.filter(|model| model.state == "training");
    let Some((model, month)) = known.and_then(|model| Some((model.clone(), Period::from_key(model.until_month)?)))
    else {
        let why = format!("no model in training: {}", job.subject);
        return Ok(Box::new(move |_, _| Ok(Done::Failed(why.clone()))));
    };
    let learnt = learn_from_store(&app.store, app.config.zone, model, month).await?;
    Ok(Box::new(move |conn, now| {
        store::finish_model(conn, id, &learnt, now)?;
        Ok(Done::All)
    }))
}

/// What a model that was begun comes to.
///
/// # Errors
/// The database's.
pub async fn learn_from_store(store: &Store, zone: Zone, model: ModelRow, month: Period) -> Result<Learnt, StoreError> {
    let members = teachers(store, zone, month).await?;
    tokio::task::spawn_blocking(move || learn(&members, &model)).await.map_err(|_| StoreError::Closed)
}

/// Evenly chosen meters that were read in the month.
async fn teachers(store: &Store, zone: Zone, month: Period) -> Result<Vec<Member>, StoreError> {
    let all = store.read("list_installations", installation_ids).await?;
    let every = all.len().div_ceil(TEACHERS).max(1);
    let chosen: Vec<i64> = all.into_iter().step_by(every).collect();
    let mut members = Vec::new();
    for ids in chosen.chunks(AT_ONCE) {
        let ids = ids.to_vec();
        let read = store.read("read_teachers", move |conn| gather_these(conn, &ids, (month, zone)));
        members.extend(read.await?.members);
    }
    Ok(members)
}

fn learn(members: &[Member], model: &ModelRow) -> Learnt {
    let mut groups: BTreeMap<Group, usize> = members.iter().map(|member| (member.group, 0)).collect();
    groups.values_mut().zip(0..).for_each(|(number, next)| *number = next);
    let mut school = School::new(model.seed.cast_unsigned(), Cadence::Monthly.season());
    for cadence in Cadence::ALL {
        let of = members.iter().filter(|member| member.group.cadence() == cadence);
        let fleet: Vec<Teacher> = of
            .map(|member| Teacher {
                number: member.installation,
                group: groups.get(&member.group).copied().unwrap_or(0),
                history: member.history.clone(),
            })
            .collect();
        teach(&mut school, &fleet, cadence, LESSONS);
    }
    let mut bytes = model.seed.to_le_bytes().to_vec();
    members.iter().for_each(|member| member.write(&mut bytes));
    let enough = members.len() >= LEAST_TEACHERS;
    let learnt = Some(&school).filter(|_| enough).map(|school| school.learn(Growth::default()));
    Learnt {
        meters: members.len(),
        lessons: school.rows(),
        inputs_hash: sha256(&bytes).to_vec(),
        body: learnt.filter(meterbook::anomalies::lists::model::Model::is_trained).map(|model| model.to_text()),
    }
}
