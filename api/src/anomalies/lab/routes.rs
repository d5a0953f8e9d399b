//! Trying other settings, and switching them on.

use super::run::run;
use super::store;
use super::wire::*;
use crate::App;
use crate::audit::store::audit;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session, from_ms};
use crate::settings::routes::{set, source};
use crate::settings::store::rulebook;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpResponse, get, post};
use chrono::{NaiveDate, TimeDelta};
use meterbook::accounts::Operation;
use meterbook::anomalies::Settings;
use meterbook::anomalies::settings_catalogue::SETTINGS;
use meterbook::calendar::Instant;
use meterbook::settings::{Rulebook, Setting};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A run that has not ended by then was lost with its node.
const LONGEST_RUN: TimeDelta = TimeDelta::hours(1);

/// A run with today's settings and the changed ones.
type Begun = (i64, (Settings, Settings));

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

fn is_lost(row: &store::RunRow, now: Instant) -> bool {
    from_ms(row.asked_at) < now - LONGEST_RUN
}

/// The settings that differ: of the checks, in range, at least one.
fn check(changes: &BTreeMap<String, i64>) -> Result<(), Problem> {
    let mut problem = Problem::new(ProblemCode::InvalidInput);
    if changes.is_empty() {
        return Err(problem.fault("/changes", "empty", "请至少改动一项", "expected at least one change"));
    }
    let mut is_fine = true;
    for (key, value) in changes {
        let place = format!("/changes/{key}");
        problem = match SETTINGS.iter().find(|setting| setting.key == key) {
            None => {
                is_fine = false;
                let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
                let list = known.join(", ");
                problem.fault(
                    place,
                    "unknown_setting",
                    format!("应为其中之一：{list}"),
                    format!("expected one of: {list}"),
                )
            }
            Some(setting) if !(setting.least..=setting.most).contains(value) => {
                is_fine = false;
                let (zh, en) = (
                    format!("应为 {} 至 {} 的整数", setting.least, setting.most),
                    format!("expected a whole number from {} to {}", setting.least, setting.most),
                );
                problem.fault(place, "out_of_range", zh, en)
            }
            Some(_) => problem,
        };
    }
    if is_fine { Ok(()) } else { Err(problem) }
}

/// Today's settings, and the same with the changes.
fn both(book: &Rulebook, day: NaiveDate, changes: &BTreeMap<String, i64>) -> (Settings, Settings) {
    let now = |setting: &Setting| book.value(setting, day);
    let changed = |setting: &Setting| changes.get(setting.key).copied().unwrap_or_else(|| now(setting));
    (Settings::in_force(now), Settings::in_force(changed))
}

/// Try other settings of the checks on the whole stored history. It runs in the background; ask for it by its id.
#[utoipa::path(operation_id = "run_rule_lab", tag = "anomalies", request_body = LabRunRequest, params(IdempotencyKey),
    responses((status = 202, description = "The run has begun", body = LabRun)))]
#[post("/v1/rule-lab/runs")]
pub async fn run_rule_lab(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<LabRunRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::RunRuleLab)?;
    let asked = input.0;
    check(&asked.changes)?;
    let zone = app.config.zone;
    // What the transaction that was committed has begun; a transaction may be run more than once.
    let begun: Arc<Mutex<Option<Begun>>> = Arc::default();
    let noted = Arc::clone(&begun);
    let changes = asked.changes.clone();
    let answer = app.once(actor, key, "run_rule_lab", &asked, 202, move |conn, now| {
        if store::is_running(conn, now - LONGEST_RUN)? {
            let (zh, en) = ("已有一次试算正在进行", "another run is going on");
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let book = rulebook(conn)?;
        let settings = both(&book, zone.day(now), &changes);
        let text = serde_json::to_string(&changes).unwrap_or_default();
        let row = store::insert_run(conn, &text, actor.account, now)?;
        if let Ok(mut noted) = noted.lock() {
            *noted = Some((row.id, settings));
        }
        Ok(Ok(LabRun::of(row, false)))
    });
    let answer = answer.await?;
    // A repeated key answers with the first run and begins none.
    let begun = begun.lock().ok().and_then(|mut begun| begun.take());
    if let Some((id, settings)) = begun {
        actix_web::rt::spawn(run(app.into_inner(), id, settings));
    }
    Ok(answer)
}

/// A run with what the change does to each rule, against what people found out.
#[utoipa::path(operation_id = "get_lab_run", tag = "anomalies", params(("id" = i64, Path, description = "The run")),
    responses((status = 200, description = "The run", body = LabRun)))]
#[get("/v1/rule-lab/runs/{id}")]
pub async fn get_lab_run(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<LabRun>, Problem> {
    session.may(Operation::GetLabRun)?;
    let (id, now) = (*id, app.clock.now());
    let found = app.store.read("get_lab_run", move |conn| store::find_run(conn, id)).await?;
    let row = found.ok_or_else(not_found)?;
    let is_lost = is_lost(&row, now);
    Ok(Json(LabRun::of(row, is_lost)))
}

/// Switch a finished run's settings on from a coming day, as dated settings.
#[utoipa::path(operation_id = "adopt_lab_run", tag = "anomalies", request_body = AdoptLabRunRequest,
    params(("id" = i64, Path, description = "The run")),
    responses((status = 200, description = "The run, adopted", body = LabRun)))]
#[post("/v1/rule-lab/runs/{id}/adopt")]
pub async fn adopt_lab_run(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    input: Input<AdoptLabRunRequest>,
) -> Result<Json<LabRun>, Problem> {
    let actor = session.may(Operation::AdoptLabRun)?;
    let (id, now, from) = (*id, app.clock.now(), input.0.valid_from);
    let (today, source) = (app.config.zone.day(now), source(&input.0.source)?);
    let adopted = app.store.write("adopt_lab_run", Isolation::Serializable, move |conn| {
        let Some(row) = store::find_run(conn, id)? else { return Ok(Err(not_found())) };
        if row.state != "done" || row.adopted_from.is_some() {
            let (zh, en) = ("只能采用一次已完成的试算", "only a finished run can be adopted, and once");
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let changes: BTreeMap<String, i64> = serde_json::from_str(&row.changes).unwrap_or_default();
        let values: Vec<(String, i64)> = changes.into_iter().collect();
        if let Err(problem) = set(conn, &values, (from, today), &source, actor.account, now)? {
            return Ok(Err(problem));
        }
        store::adopt_run(conn, id, from, actor.account, now)?;
        audit(conn, now, Some(actor.account), "adopt_lab_run", &format!("lab_run/{id}"), &source)?;
        Ok(store::find_run(conn, id)?.ok_or_else(not_found))
    });
    Ok(Json(LabRun::of(adopted.await??, false)))
}
