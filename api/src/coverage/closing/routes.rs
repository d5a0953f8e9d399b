//! Looking at periods and closing them.

use super::prove::hex;
use super::store::NewClosing;
use super::store::{self, ClosingRow};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::coverage::store::{lines, mark_closed, unfinished_periods};
use crate::coverage::{CoverageLine, Grouping, as_of};
use crate::db::{Conn, Isolation, Lockable};
use crate::http::{Input, Problem, ProblemCode, Session, Time, from_ms};
use crate::jobs::Kind;
use crate::jobs::store::enqueue;
use crate::paging::{After, next_after};
use crate::settings::rules_version;
use crate::settings::store::rulebook;
use crate::sync::gaps::routes::ranges;
use crate::sync::gaps::store::{devices_with_gaps, neighbours};
use crate::sync::store::phone_sequence;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{Settings, Tally, classes_of, final_at, gap_may_touch, may_close, phase, review_may_touch};
use meterbook::id::{AccountId, DeviceId};

const DEVICES_AT_ONCE: i64 = 500;
const NAME_LIMIT: usize = 200;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// Periods that were laid out, open and closed ones, by key.
#[utoipa::path(operation_id = "list_periods", tag = "coverage", params(After),
    responses((status = 200, description = "Periods", body = PeriodPage)))]
#[get("/v1/periods")]
pub async fn list_periods(app: Data<App>, session: Session, page: Query<After>) -> Result<Json<PeriodPage>, Problem> {
    session.may(Operation::ListPeriods)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let (after, zone, now) = (i32::try_from(after).unwrap_or(i32::MAX), app.config.zone, app.clock.now());
    let found = app.store.read("list_periods", move |conn| {
        let rows = store::list_periods(conn, after, limit)?;
        let next = next_after(&rows, limit, |(key, _)| i64::from(*key));
        let mut items = Vec::with_capacity(rows.len());
        for (key, closing) in rows {
            if let Some(period) = Period::from_key(key) {
                items.push(entry(conn, period, closing, zone, now)?);
            }
        }
        Ok(PeriodPage { items, next_after: next })
    });
    Ok(Json(found.await?))
}

/// Close a period: its figures are frozen as they stand, every class, area, route and reader. Refused before the period is
/// final, and while records are missing or times undecided that may belong to it, unless a person takes that upon himself.
/// A job then proves the frozen figures point by point and gives them their version. Closing again answers the same.
#[utoipa::path(operation_id = "close_period", tag = "coverage", request_body = ClosePeriodRequest,
    params(("period" = String, Path, description = "`2026-10` or `2026-Q4`")),
    responses((status = 200, description = "The closed period", body = PeriodEntry)))]
#[post("/v1/periods/{period}/close")]
pub async fn close_period(
    app: Data<App>,
    session: Session,
    period: Path<String>,
    input: Input<ClosePeriodRequest>,
) -> Result<Json<PeriodEntry>, Problem> {
    let actor = session.may(Operation::ClosePeriod)?;
    let period = Period::parse(&period).ok_or_else(not_found)?;
    let accepted = accepted(input.0)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    // Row locks: what is read after the lock is what has been committed; a snapshot from before it would miss a late record.
    let closed = app.store.write("close_period", Isolation::RowLocks, move |conn| {
        conn.lock(Lockable::Periods, &[i64::from(period.key())])?;
        let Some((_, closing)) = store::find_period(conn, period)? else { return Ok(Err(not_found())) };
        if closing.is_some() {
            return entry(conn, period, closing, zone, now).map(Ok);
        }
        let settings = rulebook(conn)?.coverage(period);
        if !may_close(period, now, zone, &settings) {
            return Ok(Err(not_final(period, zone, &settings)));
        }
        if unfinished_periods(conn)?.contains(&period) {
            return Ok(Err(not_laid_out()));
        }
        let (gaps, reviews) = (gaps_of(conn, period, zone)?, reviews_of(conn, period, zone)?);
        if (!gaps.is_empty() || !reviews.is_empty()) && accepted.is_none() {
            return Ok(Err(in_the_way(&gaps, &reviews)));
        }
        let named = accepted.as_ref().map(|(person, reason)| (person.as_str(), reason.as_str()));
        freeze(conn, period, (actor.account, named), (&gaps, reviews.len()), now)?;
        let detail = named.map_or_else(String::new, |(person, reason)| format!("gaps accepted by {person}: {reason}"));
        audit(conn, now, Some(actor.account), "close_period", &format!("period/{period}"), &detail)?;
        let closing = store::find_period(conn, period)?.and_then(|(_, closing)| closing);
        entry(conn, period, closing, zone, now).map(Ok)
    });
    let closed = closed.await?;
    if closed.is_ok()
        && let Err(fault) = crate::reports::month::publish_closed(&app).await
    {
        // The closing stands; the report is published by the next that looks, see `jobs`.
        tracing::warn!(%period, %fault, "the month's report is not published yet");
    }
    closed.map(Json)
}

/// Freezes the figures and asks for their proof.
fn freeze(
    conn: &mut Conn,
    period: Period,
    (by, accepted): (AccountId, Option<(&str, &str)>),
    (gaps, reviews): (&[PeriodGap], usize),
    now: Instant,
) -> QueryResult<()> {
    let rules = rulebook(conn)?;
    let rules_version = rules_version(&rules, period.first_day());
    let reviews = i64::try_from(reviews).unwrap_or(i64::MAX);
    let closing = NewClosing { by, accepted, gaps, reviews, rules_version: &rules_version };
    store::insert_closing(conn, period, &closing, now)?;
    mark_closed(conn, period, now)?;
    let lines = lines(conn, period, Grouping::Class, as_of(period, NaiveDate::MAX))?;
    store::freeze_lines(conn, period, &lines)?;
    let settings = rules.coverage(period);
    for class in classes_of(period) {
        let tally = lines.get(&(class, 0)).map_or_else(Tally::default, |line| line.tally);
        store::insert_snapshot(conn, period, class, &tally, &settings)?;
    }
    enqueue(conn, Kind::ClosePeriod, &period.to_string(), Some(by), now)
}

/// Who takes missing records upon himself, and why: both or neither.
fn accepted(request: ClosePeriodRequest) -> Result<Option<(String, String)>, Problem> {
    let text = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (person, reason) = (text(request.gaps_accepted_by), text(request.reason));
    match (person, reason) {
        (Some(person), Some(reason)) if person.chars().count() <= NAME_LIMIT && reason.chars().count() <= 1_000 => {
            Ok(Some((person, reason)))
        }
        (None, _) => Ok(None),
        (Some(_), _) => {
            let (zh, en) =
                ("请写明姓名和理由", "expected a name of at most 200 and a reason of at most 1,000 characters");
            Err(Problem::new(ProblemCode::InvalidInput).fault("/reason", "invalid_reason", zh, en))
        }
    }
}

fn not_final(period: Period, zone: Zone, settings: &Settings) -> Problem {
    let at = zone.local(final_at(period, zone, settings)).format("%Y-%m-%d %H:%M");
    let (zh, en) =
        (format!("{period} 于 {at} 定稿后方可关账"), format!("{period} can be closed once it is final, at {at}"));
    Problem::new(ProblemCode::Conflict).fault("/period", "not_final", zh, en)
}

fn not_laid_out() -> Problem {
    let (zh, en) = ("该期尚在排布，请稍后再试", "the period is still being laid out: try again later");
    Problem::new(ProblemCode::Conflict).fault("/period", "not_laid_out", zh, en)
}

/// What stands in the way, at most so many of a kind.
const LISTED: usize = 100;

fn in_the_way(gaps: &[PeriodGap], reviews: &[i64]) -> Problem {
    let (zh, en) = (
        "仍有记录未上传或抄表时间待定：请等待、说明缺号、审定时间，或由专人承担",
        "records are missing or times undecided: wait for them, explain or decide them, or name who accepts it",
    );
    let problem = gaps.iter().take(LISTED).fold(Problem::new(ProblemCode::Conflict).detail(zh, en), |problem, gap| {
        let (place, missing) = (format!("/devices/{}", gap.device_id), &gap.missing);
        problem.fault(place, "records_missing", format!("缺号：{missing}"), format!("missing: {missing}"))
    });
    reviews.iter().take(LISTED).fold(problem, |problem, id| {
        let (zh, en) = ("抄表时间待定", "a person must decide when this visit was made");
        problem.fault(format!("/time-reviews/{id}"), "time_undecided", zh, en)
    })
}

/// Visits without a decided time that may belong to a period.
fn reviews_of(conn: &mut Conn, period: Period, zone: Zone) -> QueryResult<Vec<i64>> {
    let rules = rulebook(conn)?;
    let touching = store::open_reviews(conn)?.into_iter().filter(|(_, observed, received, lost)| {
        let times = rules.time(zone.day(from_ms(*received)));
        review_may_touch(period, zone, (from_ms(*observed), from_ms(*received)), *lost, &times)
    });
    Ok(touching.map(|(id, ..)| id).collect())
}

/// Missing records that may belong to a period, phone by phone.
fn gaps_of(conn: &mut Conn, period: Period, zone: Zone) -> QueryResult<Vec<PeriodGap>> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let devices = devices_with_gaps(conn, after, DEVICES_AT_ONCE)?;
        let Some(last) = devices.last() else { return Ok(found) };
        after = last.id;
        for device in &devices {
            let sequence = phone_sequence(conn, DeviceId(device.id), device.contiguous, device.last_seq)?;
            let mut touching = Vec::new();
            let mut previous: Option<(i64, bool)> = None;
            for seq in sequence.missing {
                // Numbers in a row lie between the same neighbours.
                let touches = match previous {
                    Some((before, touches)) if before + 1 == seq => touches,
                    _ => {
                        let (below, above) = neighbours(conn, device.id, seq)?;
                        let above = above.or(device.last_seq_at);
                        gap_may_touch(period, zone, below.map(from_ms), above.map(from_ms))
                    }
                };
                previous = Some((seq, touches));
                touching.extend(touches.then_some(seq));
            }
            if !touching.is_empty() {
                let more = if sequence.more > 0 { format!(" … +{}", sequence.more) } else { String::new() };
                let missing = format!("{}{more}", ranges(&touching));
                found.push(PeriodGap { device_id: device.id, reader_id: device.account_id, missing });
            }
        }
    }
}

fn entry(
    conn: &mut Conn,
    period: Period,
    closing: Option<ClosingRow>,
    zone: Zone,
    now: Instant,
) -> QueryResult<PeriodEntry> {
    let settings = rulebook(conn)?.coverage(period);
    let (mut lines, mut version) = (Vec::new(), None);
    if closing.is_some() {
        let targets = store::load_targets(conn, period)?;
        version = store::find_version(conn, period)?;
        for ((class, _), line) in store::frozen_lines(conn, period, Grouping::Class)? {
            // By the target that was in force at closing.
            let target = targets.get(&class).copied().unwrap_or_else(|| settings.target(class));
            let of = CoverageLine::of(period.to_string(), class, None, &line, &settings);
            let (met, needed) = (line.tally.met(target), line.tally.needed(target));
            lines.push(CoverageLine { target_bp: target.0, met, needed, ..of });
        }
    }
    Ok(PeriodEntry {
        period: period.to_string(),
        state: if closing.is_some() { "closed" } else { "open" }.to_owned(),
        phase: phase(period, now, zone, &settings).code().to_owned(),
        final_at: Time(final_at(period, zone, &settings)),
        closed_at: closing.as_ref().map(|closing| Time(from_ms(closing.closed_at))),
        closed_by: closing.as_ref().map(|closing| closing.closed_by),
        gaps: closing.as_ref().and_then(|closing| serde_json::from_str(&closing.gaps).ok()).unwrap_or_default(),
        reviews: closing.as_ref().map_or(0, |closing| closing.reviews),
        gaps_accepted_by: closing.as_ref().and_then(|closing| closing.gaps_accepted_by.clone()),
        rules_version: closing.as_ref().map(|closing| closing.rules_version.clone()),
        version: version.as_ref().map(|_| 1),
        points: version.as_ref().map(|(points, _)| *points),
        population_hash: version.map(|(_, hash)| hex(&hash)),
        reason: closing.and_then(|closing| closing.reason),
        lines,
    })
}
