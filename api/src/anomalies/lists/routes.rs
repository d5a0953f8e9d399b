//! Looking at a month's lists, having them made, and opening cases from them.

use super::due::ask_for;
use super::store::{self, EntryRow};
use super::wire::*;
use crate::App;
use crate::anomalies::cases::store::open_cases;
use crate::anomalies::store::Source;
use crate::audit::store::audit;
use crate::db::{Conn, Isolation, Lockable};
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session, from_ms};
use crate::paging::{After, next_after};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::anomalies::lists::ranking::List;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::id::{AccountId, MeterId, PointId, RecordId};
use serde::Deserialize;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

/// A month by its name.
pub(super) fn parse_month(text: &str) -> Option<Period> {
    Period::parse(text).filter(|month| month.length_in_months() == 1)
}

/// A month in an input; it must be over.
pub(super) fn month_over(text: &str, at: &str, now: Instant, zone: Zone) -> Result<Period, Problem> {
    let (zh, en) = ("应为 YYYY-MM", "expected YYYY-MM");
    let wrong = || Problem::new(ProblemCode::InvalidInput).fault(at, "invalid_month", zh, en);
    let month = parse_month(text).ok_or_else(wrong)?;
    if now < zone.start_of(month.end_day()) {
        let (zh, en) = ("该月尚未结束", "the month is not over yet");
        return Err(Problem::new(ProblemCode::Conflict).fault(at, "not_over", zh, en));
    }
    Ok(month)
}

/// Which version.
#[derive(Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// The version; the latest unless told.
    #[param(minimum = 1)]
    version: Option<i32>,
}

/// Which entries.
#[derive(Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EntryQuery {
    /// Only this list: `failed`, `slow`, `fast` or `jump`.
    list: Option<String>,
    /// The version; the latest unless told.
    #[param(minimum = 1)]
    version: Option<i32>,
}

/// The lists of all months, every version, as they were asked for.
#[utoipa::path(operation_id = "list_anomaly_lists", tag = "anomalies", params(After),
    responses((status = 200, description = "Lists", body = AnomalyListPage)))]
#[get("/v1/anomaly-lists")]
pub async fn list_anomaly_lists(
    app: Data<App>,
    session: Session,
    page: Query<After>,
) -> Result<Json<AnomalyListPage>, Problem> {
    session.may(Operation::ListAnomalyLists)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let rows = app.store.read("list_anomaly_lists", move |conn| store::list_lists(conn, after, limit)).await?;
    let next_after = next_after(&rows, limit, |row| row.id);
    Ok(Json(AnomalyListPage { items: rows.into_iter().map(AnomalyListSet::of).collect(), next_after }))
}

/// The lists of a month: by what they were made and how far they are.
#[utoipa::path(operation_id = "get_anomaly_list", tag = "anomalies",
    params(("month" = String, Path, description = "`2026-03`"), VersionQuery),
    responses((status = 200, description = "The lists", body = AnomalyListSet)))]
#[get("/v1/anomaly-lists/{month}")]
pub async fn get_anomaly_list(
    app: Data<App>,
    session: Session,
    month: Path<String>,
    query: Query<VersionQuery>,
) -> Result<Json<AnomalyListSet>, Problem> {
    session.may(Operation::GetAnomalyList)?;
    let (month, version) = (parse_month(&month).ok_or_else(not_found)?, query.version);
    let found = app.store.read("get_anomaly_list", move |conn| store::find_list(conn, month, version)).await?;
    found.map(|row| Json(AnomalyListSet::of(row))).ok_or_else(not_found)
}

/// Have a month's lists made, or made again. A job does it, once, on whichever node has a hand free; ask for them by their month.
#[utoipa::path(operation_id = "make_anomaly_lists", tag = "anomalies", request_body = MakeAnomalyListsRequest,
    params(IdempotencyKey),
    responses((status = 202, description = "They are being made", body = AnomalyListSet)))]
#[post("/v1/anomaly-lists")]
pub async fn make_anomaly_lists(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<MakeAnomalyListsRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::MakeAnomalyLists)?;
    let asked = input.0;
    let month = month_over(&asked.month, "/month", app.clock.now(), app.config.zone)?;
    app.once(actor, key, "make_anomaly_lists", &asked, 202, move |conn, now| {
        let Some(list) = ask_for(conn, month, Some(actor.account), now)? else {
            let (zh, en) = ("该月名单正在生成", "the lists of this month are being made");
            return Ok(Err(Problem::new(ProblemCode::Conflict).fault("/month", "being_made", zh, en)));
        };
        let detail = format!("version {}", list.version);
        audit(conn, now, Some(actor.account), "make_anomaly_lists", &format!("anomaly_list/{month}"), &detail)?;
        Ok(Ok(AnomalyListSet::of(list)))
    })
    .await
}

fn entry_of(row: store::PlacedEntry) -> Result<AnomalyEntry, Problem> {
    AnomalyEntry::of(row).map_err(|_| Problem::new(ProblemCode::Internal))
}

/// The places of a month, list by list, in order of rank, each with its reason in both languages.
#[utoipa::path(operation_id = "list_anomaly_entries", tag = "anomalies",
    params(("month" = String, Path, description = "`2026-03`"), EntryQuery, After),
    responses((status = 200, description = "Entries", body = AnomalyEntryPage)))]
#[get("/v1/anomaly-lists/{month}/entries")]
pub async fn list_anomaly_entries(
    app: Data<App>,
    session: Session,
    month: Path<String>,
    query: Query<EntryQuery>,
    page: Query<After>,
) -> Result<Json<AnomalyEntryPage>, Problem> {
    session.may(Operation::ListAnomalyEntries)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let month = parse_month(&month).ok_or_else(not_found)?;
    let EntryQuery { list, version } = query.into_inner();
    let unknown = || {
        let (zh, en) = ("应为 failed、slow、fast 或 jump", "expected failed, slow, fast or jump");
        Problem::new(ProblemCode::InvalidParameter).fault("list", "unknown_value", zh, en)
    };
    let list = list.map(|code| List::from_code(&code).ok_or_else(unknown)).transpose()?;
    let found = app.store.read("list_anomaly_entries", move |conn| {
        let Some(row) = store::find_list(conn, month, version)? else { return Ok(None) };
        let entries = store::list_entries(conn, row.id, list, after, limit)?;
        Ok(Some((row, entries)))
    });
    let (row, entries) = found.await?.ok_or_else(not_found)?;
    let next_after = next_after(&entries, limit, |(entry, _)| entry.id);
    let items = entries.into_iter().map(entry_of).collect::<Result<_, _>>()?;
    Ok(Json(AnomalyEntryPage { lists: AnomalyListSet::of(row), items, next_after }))
}

/// One place with its reason in both languages, its figures, and the floor under the claim.
#[utoipa::path(operation_id = "get_anomaly_entry", tag = "anomalies",
    params(("id" = i64, Path, description = "The entry")),
    responses((status = 200, description = "The entry", body = AnomalyEntry)))]
#[get("/v1/anomaly-entries/{id}")]
pub async fn get_anomaly_entry(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<AnomalyEntry>, Problem> {
    session.may(Operation::GetAnomalyEntry)?;
    let id = *id;
    let found = app.store.read("get_anomaly_entry", move |conn| store::find_entry(conn, id)).await?;
    entry_of(found.ok_or_else(not_found)?).map(Json)
}

/// Open a case from a place. A meter has one live case of a kind: where there is one, it takes the entry in as one more finding.
#[utoipa::path(operation_id = "open_anomaly_case", tag = "anomalies",
    params(("id" = i64, Path, description = "The entry")),
    responses((status = 200, description = "The case", body = EntryCase)))]
#[post("/v1/anomaly-entries/{id}/case")]
pub async fn open_anomaly_case(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<EntryCase>, Problem> {
    let actor = session.may(Operation::OpenAnomalyCase)?;
    let (id, zone, now) = (*id, app.config.zone, app.clock.now());
    let opened = app.store.write("open_anomaly_case", Isolation::RowLocks, move |conn| {
        let Some((entry, _)) = store::find_entry(conn, id)? else { return Ok(Err(not_found())) };
        // As a push does: nobody else opens or answers a case of this meter meanwhile.
        conn.lock(Lockable::ServicePoints, &[entry.point_id])?;
        open_case(conn, &entry, actor.account, zone, now)
    });
    opened.await?.map(Json)
}

fn open_case(
    conn: &mut Conn,
    entry: &EntryRow,
    by: AccountId,
    zone: Zone,
    now: Instant,
) -> QueryResult<Result<EntryCase, Problem>> {
    // Read again under the lock.
    let is_linked = store::find_entry(conn, entry.id)?.is_some_and(|(_, place)| place.6.is_some());
    if is_linked {
        let (zh, en) = ("该条目已立案", "a case was opened from this entry before");
        return Ok(Err(Problem::new(ProblemCode::Conflict).fault("/id", "already_opened", zh, en)));
    }
    let figures = serde_json::from_str::<super::EntryFigures>(&entry.figures).ok();
    let finding = List::from_code(&entry.list).zip(figures).map(|(list, figures)| figures.grounds(list).finding());
    let Some((finding, record)) = finding.zip(store::reading_of(conn, entry)?) else {
        let (zh, en) = ("找不到该条目所依据的读数", "the reading it rests on is not there");
        return Ok(Err(Problem::new(ProblemCode::Conflict).fault("/id", "no_reading", zh, en)));
    };
    let kind = finding.rule.entry().kind.code();
    let joined = store::live_case(conn, entry.meter_id, kind)?.is_some();
    let source = Source {
        meter: MeterId(entry.meter_id),
        point: PointId(entry.point_id),
        record: RecordId(record),
        observed_at: from_ms(entry.observed_at),
    };
    open_cases(conn, source, &[finding], zone, now)?;
    let case_id = store::live_case(conn, entry.meter_id, kind)?.ok_or(diesel::NotFound)?;
    store::link_case(conn, entry.id, case_id, by, now)?;
    let detail = format!("case {case_id}");
    audit(conn, now, Some(by), "open_anomaly_case", &format!("anomaly_entry/{}", entry.id), &detail)?;
    Ok(Ok(EntryCase { case_id, joined }))
}
