//! Looking at gaps and chains, and explaining gaps.

use super::store::{self, BreakRow, ExplanationRow, GapDevice};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::db::{Conn, Isolation};
use crate::http::{Input, Problem, ProblemCode, Session, Time, from_ms};
use crate::paging::{After, next_after};
use crate::readings::routes::check_reason;
use crate::sync::store::{lock_phone, phone_sequence};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::id::DeviceId;
use meterbook::sync::MISSING_LISTED;
use meterbook::sync::chain::verified_to;
use std::collections::BTreeSet;

const BREAKS_LISTED: i64 = 1_000;
const LISTED_BESIDE: i64 = 100;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

fn gaps_of(conn: &mut Conn, device: &GapDevice) -> QueryResult<DeviceGaps> {
    let id = DeviceId(device.id);
    let sequence = phone_sequence(conn, id, device.contiguous, device.last_seq)?;
    let since = if sequence.missing.is_empty() { None } else { store::missing_since(conn, device)? };
    let breaks = store::breaks_of(conn, id, LISTED_BESIDE)?;
    let explained = store::explanations_of(conn, id, LISTED_BESIDE)?;
    let explanation = |(seq, by, reason, at): ExplanationRow| GapExplanation { seq, by, reason, at: Time(from_ms(at)) };
    Ok(DeviceGaps {
        device_id: device.id,
        label: device.label.clone(),
        reader_id: device.account_id,
        reader_name: device.reader_name.clone(),
        highest_contiguous_seq: sequence.highest_contiguous,
        last_seq: device.last_seq,
        missing_seqs: sequence.missing,
        more_missing: sequence.more,
        missing_since: since.map(|at| Time(from_ms(at))),
        last_seen_at: device.last_seen_at.map(|at| Time(from_ms(at))),
        broken_seqs: breaks.into_iter().map(|(seq, ..)| seq).collect(),
        explained: explained.into_iter().map(explanation).collect(),
    })
}

/// Phones with missing records or a broken chain, by id.
#[utoipa::path(operation_id = "list_gaps", tag = "sync", params(After),
    responses((status = 200, description = "Phones with gaps", body = GapPage)))]
#[get("/v1/gaps")]
pub async fn list_gaps(app: Data<App>, session: Session, page: Query<After>) -> Result<Json<GapPage>, Problem> {
    session.may(Operation::ListGaps)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let found = app.store.read("list_gaps", move |conn| {
        let devices = store::devices_with_gaps(conn, after, limit)?;
        let next = next_after(&devices, limit, |device| device.id);
        let items = devices.iter().map(|device| gaps_of(conn, device)).collect::<QueryResult<Vec<_>>>()?;
        Ok((items, next))
    });
    let (mut items, next_after) = found.await?;
    items.retain(|gaps| !gaps.missing_seqs.is_empty() || !gaps.broken_seqs.is_empty());
    Ok(Json(GapPage { items, next_after }))
}

/// What is missing of one phone's records.
#[utoipa::path(operation_id = "get_device_gaps", tag = "sync", params(("id" = i64, Path, description = "The phone")),
    responses((status = 200, description = "Its gaps", body = DeviceGaps)))]
#[get("/v1/devices/{id}/gaps")]
pub async fn get_device_gaps(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<DeviceGaps>, Problem> {
    session.may(Operation::GetDeviceGaps)?;
    let id = DeviceId(*id);
    let found = app.store.read("get_device_gaps", move |conn| {
        let device = store::find_device(conn, id)?;
        device.map(|device| gaps_of(conn, &device)).transpose()
    });
    found.await?.map(Json).ok_or_else(not_found)
}

/// Declare missing numbers explained: the phone was lost, its data is gone. Kept with name and reason; the record is taken
/// all the same if it ever comes.
#[utoipa::path(operation_id = "explain_gaps", tag = "sync", request_body = ExplainGapsRequest,
    params(("id" = i64, Path, description = "The phone")),
    responses((status = 200, description = "What is missing now", body = DeviceGaps)))]
#[post("/v1/devices/{id}/gaps/explain")]
pub async fn explain_gaps(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    input: Input<ExplainGapsRequest>,
) -> Result<Json<DeviceGaps>, Problem> {
    let actor = session.may(Operation::ExplainGaps)?;
    let (id, now, reason) = (DeviceId(*id), app.clock.now(), check_reason(&input.0.reason)?);
    let seqs: BTreeSet<i64> = input.0.seqs.into_iter().collect();
    if seqs.is_empty() || seqs.len() > MISSING_LISTED {
        return Err(not_missing(""));
    }
    let done = app.store.write("explain_gaps", Isolation::RowLocks, move |conn| {
        let Some(device) = store::find_device(conn, id)? else { return Ok(Err(not_found())) };
        let contiguous = lock_phone(conn, id)?.contiguous;
        let before = phone_sequence(conn, id, contiguous, device.last_seq)?;
        if let Some(wrong) = seqs.iter().find(|seq| before.missing.binary_search(seq).is_err()) {
            return Ok(Err(not_missing(&wrong.to_string())));
        }
        let listed: Vec<i64> = seqs.iter().copied().collect();
        store::insert_explanations(conn, id, &listed, actor.account, &reason, now)?;
        let after = phone_sequence(conn, id, contiguous, device.last_seq)?;
        store::set_contiguous(conn, id, after.highest_contiguous)?;
        let detail = format!("seqs={} {reason}", ranges(&listed));
        audit(conn, now, Some(actor.account), "explain_gaps", &format!("device/{id}"), &detail)?;
        let device = GapDevice { contiguous: after.highest_contiguous, ..device };
        gaps_of(conn, &device).map(Ok)
    });
    done.await?.map(Json)
}

fn not_missing(seq: &str) -> Problem {
    let (zh, en) = (format!("应为当前缺失的流水号 {seq}"), format!("expected numbers that are missing now {seq}"));
    Problem::new(ProblemCode::InvalidInput).fault("/seqs", "not_missing", zh.trim_end(), en.trim_end())
}

/// Numbers as people write them: `3, 5–7`.
pub fn ranges(seqs: &[i64]) -> String {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for seq in seqs {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *seq => *last = *seq,
            _ => spans.push((*seq, *seq)),
        }
    }
    let text = |(first, last): &(i64, i64)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    spans.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// How far the hash chain of a phone's records is proven, and where it breaks.
#[utoipa::path(operation_id = "get_device_chain", tag = "sync", params(("id" = i64, Path, description = "The phone")),
    responses((status = 200, description = "Its chain", body = DeviceChain)))]
#[get("/v1/devices/{id}/chain")]
pub async fn get_device_chain(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<DeviceChain>, Problem> {
    session.may(Operation::GetDeviceChain)?;
    let id = DeviceId(*id);
    let found = app.store.read("get_device_chain", move |conn| {
        let Some(device) = store::find_device(conn, id)? else { return Ok(None) };
        Ok(Some((device, store::breaks_of(conn, id, BREAKS_LISTED)?, store::explained_above(conn, id, 0)?)))
    });
    let (device, breaks, explained) = found.await?.ok_or_else(not_found)?;
    let first_break = breaks.first().map(|(seq, ..)| *seq);
    let verified = verified_to(device.contiguous, first_break, explained.first().copied());
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let one = |(seq, named, expected, at): BreakRow| ChainBreak {
        seq,
        named: hex(&named),
        expected: hex(&expected),
        noticed_at: Time(from_ms(at)),
    };
    Ok(Json(DeviceChain {
        device_id: device.id,
        verified_to: device.chained_from.filter(|first| *first <= verified).map_or(0, |_| verified),
        chained_from: device.chained_from,
        highest_contiguous_seq: device.contiguous,
        broken: breaks.into_iter().map(one).collect(),
    }))
}
