//! Looking at quarantine and deciding what lies in it.

use super::store::{self, DecisionRow, QuarantineFilter, QuarantineRow};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::coverage::store::retouch;
use crate::db::{Conn, Isolation};
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session, Time, from_ms};
use crate::paging::{After, next_after};
use crate::readings::routes::check_reason;
use crate::sync::push::{Origin, Release, Released, release};
use crate::sync::routes::text_of;
use crate::sync::store::{LaterVerdict, announce_verdict};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use diesel::QueryResult;
use meterbook::accounts::{Actor, Operation, Role};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::id::{AccountId, DeviceId};
use meterbook::readings::observed::ClockSample;
use meterbook::text::Language;
use serde::Deserialize;
use serde_json::Value;

/// What a release keeps as it was sent, unless it is what was wrong: who the record is, and when it was made.
const FIXED: [&str; 6] = ["id", "device_seq", "read_at", "read_elapsed_ms", "boot_id", "time_source"];

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// Which items.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct QuarantineQuery {
    /// `open`, `released` or `rejected`.
    state: Option<String>,
    /// Why it lies there.
    code: Option<String>,
    /// Only this reader's; a reader sees only his own.
    reader: Option<i64>,
    /// Only from this phone.
    device: Option<i64>,
}

/// What was kept aside, whole and with its reason. A reader sees only his own.
#[utoipa::path(operation_id = "list_quarantine", tag = "sync", params(QuarantineQuery, After),
    responses((status = 200, description = "Quarantined items", body = QuarantinePage)))]
#[get("/v1/quarantine")]
pub async fn list_quarantine(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<QuarantineQuery>,
    page: Query<After>,
) -> Result<Json<QuarantinePage>, Problem> {
    let actor = session.may(Operation::ListQuarantine)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let QuarantineQuery { state, code, reader, device } = query.into_inner();
    if state.as_deref().is_some_and(|state| !["open", "released", "rejected"].contains(&state)) {
        let (zh, en) = ("应为 open、released 或 rejected", "expected open, released or rejected");
        return Err(Problem::new(ProblemCode::InvalidParameter).fault("state", "unknown_value", zh, en));
    }
    let reader = if actor.role == Role::Reader { Some(actor.account.0) } else { reader };
    let filter = QuarantineFilter { state, code, reader, device };
    let rows =
        app.store.read("list_quarantine", move |conn| store::list_quarantine(conn, &filter, after, limit)).await?;
    let next_after = next_after(&rows, limit, |(row, _)| row.id);
    let items = rows.into_iter().map(|row| wire(row, language.0)).collect();
    Ok(Json(QuarantinePage { items, next_after }))
}

/// One item in quarantine.
#[utoipa::path(operation_id = "get_quarantined", tag = "sync", params(("id" = i64, Path, description = "The item")),
    responses((status = 200, description = "The item", body = QuarantinedItem)))]
#[get("/v1/quarantine/{id}")]
pub async fn get_quarantined(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
) -> Result<Json<QuarantinedItem>, Problem> {
    let actor = session.may(Operation::GetQuarantined)?;
    let id = *id;
    let found = app.store.read("get_quarantined", move |conn| store::find_quarantined(conn, id)).await?;
    let found = found.filter(|(row, _)| actor.role != Role::Reader || row.reader_id == actor.account.0);
    found.map(|row| Json(wire(row, language.0))).ok_or_else(not_found)
}

fn wire((row, decision): (QuarantineRow, Option<DecisionRow>), language: Language) -> QuarantinedItem {
    let state = decision.as_ref().map_or("open", |decision| decision.decision.as_str()).to_owned();
    QuarantinedItem {
        id: row.id,
        device_id: row.device_id,
        reader_id: row.reader_id,
        record_id: row.record_id.map(|id| id.0.to_string()),
        device_seq: row.device_seq,
        outcome: row.outcome,
        detail: text_of(&row.code).in_language(language).to_owned(),
        code: row.code,
        pointer: row.pointer,
        body: row.body,
        received_at: Time(from_ms(row.received_at)),
        state,
        decided_by: decision.as_ref().map(|decision| decision.account_id),
        decided_at: decision.as_ref().map(|decision| Time(from_ms(decision.decided_at))),
        released_as: decision.as_ref().and_then(|decision| Some(decision.record_id?.0.to_string())),
        decision_reason: decision.map(|decision| decision.reason),
    }
}

/// Take an item out of quarantine: it goes through the same decision as a push, as the phone and reader that sent it, with
/// its own observed time. An id or number that another record has is given anew.
#[utoipa::path(operation_id = "release_quarantined", tag = "sync", request_body = ReleaseRequest,
    params(("id" = i64, Path, description = "The item")),
    responses((status = 200, description = "The item, released", body = QuarantinedItem)))]
#[post("/v1/quarantine/{id}/release")]
pub async fn release_quarantined(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    input: Input<ReleaseRequest>,
) -> Result<Json<QuarantinedItem>, Problem> {
    let actor = session.may(Operation::ReleaseQuarantined)?;
    let (id, reason, now, zone) = (*id, check_reason(&input.0.reason)?, app.clock.now(), app.config.zone);
    let (members, fresh_id) = (input.0.members.unwrap_or_default(), uuid::Uuid::now_v7());
    let released = app.store.write("release_quarantined", Isolation::RowLocks, move |conn| {
        let row = match open_item(store::find_quarantined(conn, id)?) {
            Ok(row) => row,
            Err(problem) => return Ok(Err(problem)),
        };
        let item = match merged(&row, &members) {
            Ok(item) => item,
            Err(problem) => return Ok(Err(problem)),
        };
        let asked = Release { origin: origin(&row), item, fresh_id, point: row.point_id, now, zone };
        let record = match release(conn, &asked)? {
            Released::Stored { record, body, flags } => {
                store::insert_decision(conn, id, Some((record, &body)), actor.account, &reason, now)?;
                no_longer_rejected(conn, &row, zone)?;
                let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
                tell_phone(conn, &row, LaterVerdict { state: "released", flags: &flags, cases: &[] }, now)?;
                record
            }
            Released::Refused { code, pointer } => return Ok(Err(refused(&code, &pointer))),
        };
        let changed: Vec<&str> = members.keys().map(String::as_str).collect();
        let detail = format!("record={record} changed={} {reason}", changed.join(","));
        audit(conn, now, Some(actor.account), "release_quarantined", &format!("quarantine/{id}"), &detail)?;
        Ok(store::find_quarantined(conn, id)?.ok_or_else(not_found))
    });
    released.await?.map(|row| Json(wire(row, language.0)))
}

/// Reject an item for good. The reader is shown the reason; the item stays where it is, whole.
#[utoipa::path(operation_id = "reject_quarantined", tag = "sync", request_body = RejectRequest,
    params(("id" = i64, Path, description = "The item")),
    responses((status = 200, description = "The item, rejected", body = QuarantinedItem)))]
#[post("/v1/quarantine/{id}/reject")]
pub async fn reject_quarantined(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    input: Input<RejectRequest>,
) -> Result<Json<QuarantinedItem>, Problem> {
    let actor: Actor = session.may(Operation::RejectQuarantined)?;
    let (id, reason, now) = (*id, check_reason(&input.0.reason)?, app.clock.now());
    let rejected = app.store.write("reject_quarantined", Isolation::Serializable, move |conn| {
        let row = match open_item(store::find_quarantined(conn, id)?) {
            Ok(row) => row,
            Err(problem) => return Ok(Err(problem)),
        };
        store::insert_decision(conn, id, None, actor.account, &reason, now)?;
        tell_phone(conn, &row, LaterVerdict { state: "rejected", flags: &[], cases: &[] }, now)?;
        audit(conn, now, Some(actor.account), "reject_quarantined", &format!("quarantine/{id}"), &reason)?;
        Ok(store::find_quarantined(conn, id)?.ok_or_else(not_found))
    });
    rejected.await?.map(|row| Json(wire(row, language.0)))
}

/// The point an item spoke of has one rejected reading less, whichever point it was released for.
fn no_longer_rejected(conn: &mut Conn, row: &QuarantineRow, zone: Zone) -> QueryResult<()> {
    let Some((point, at)) = row.point_id.zip(row.observed_at) else { return Ok(()) };
    let day = zone.day(from_ms(at));
    retouch(conn, zone, &[point], &[Period::month_of(day), Period::quarter_of(day)])
}

/// Tells the phone that sent an item, by the id it knows, what was decided. What came without one it can't be told of.
fn tell_phone(conn: &mut Conn, row: &QuarantineRow, verdict: LaterVerdict<'_>, now: Instant) -> QueryResult<()> {
    let Some(record) = row.record_id else { return Ok(()) };
    announce_verdict(conn, AccountId(row.reader_id), DeviceId(row.device_id), record.0, verdict, now)
}

fn open_item(found: Option<(QuarantineRow, Option<DecisionRow>)>) -> Result<QuarantineRow, Problem> {
    match found {
        None => Err(not_found()),
        Some((row, None)) => Ok(row),
        Some((_, Some(decision))) => {
            let (zh, en) = (format!("已处理：{}", decision.decision), format!("it was {} before", decision.decision));
            Err(Problem::new(ProblemCode::Conflict).detail(zh, en))
        }
    }
}

/// The item with the members that were put right.
fn merged(
    row: &QuarantineRow,
    members: &serde_json::Map<String, Value>,
) -> Result<serde_json::Map<String, Value>, Problem> {
    let Ok(Value::Object(mut item)) = serde_json::from_str::<Value>(&row.body) else {
        return Err(refused("malformed", ""));
    };
    let wrong = row.pointer.trim_start_matches('/');
    if let Some(fixed) = members.keys().find(|name| FIXED.contains(&name.as_str()) && name.as_str() != wrong) {
        let (zh, en) = ("该字段须保持原样", "this member stays as it was sent");
        let problem = Problem::new(ProblemCode::InvalidInput);
        return Err(problem.fault(format!("/members/{fixed}"), "fixed_member", zh, en));
    }
    item.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(item)
}

/// The item as it would be is wrong still: where and why.
fn refused(code: &str, pointer: &str) -> Problem {
    let text = text_of(code);
    let fault = format!("/members{pointer}");
    Problem::new(ProblemCode::InvalidInput)
        .detail(format!("{code}: {}", text.zh), format!("{code}: {}", text.en))
        .fault(fault, "still_refused", format!("{}（{code}）", text.zh), format!("{} ({code})", text.en))
}

fn origin(row: &QuarantineRow) -> Origin {
    let synced = row.synced_device_at.zip(row.synced_server_at);
    Origin {
        reader: AccountId(row.reader_id),
        device: DeviceId(row.device_id),
        received_at: from_ms(row.received_at),
        sent_at: from_ms(row.sent_at.unwrap_or(row.received_at)),
        sent_elapsed_ms: row.sent_elapsed_ms,
        boot: row.sent_boot.clone(),
        last_sync: synced
            .map(|(device, server)| ClockSample { device_at: from_ms(device), server_at: from_ms(server) }),
    }
}
