//! Looking at signs, and drawing blind re-read lists.

use super::store::{self, NewList, Window};
use super::wire::*;
use crate::App;
use crate::audit::store::audit;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, RequestLanguage, Session};
use crate::keys::random;
use crate::paging::{After, next_after};
use crate::readings::routes::check_reason;
use crate::settings::store::rulebook;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use chrono::{Days, NaiveDate};
use meterbook::accounts::Operation;
use meterbook::anomalies::integrity::sample::{draw, sample_size};
use meterbook::anomalies::integrity::{Entry, Fleet, signs};
use meterbook::calendar::Zone;
use meterbook::id::{AccountId, PointId, RecordId};
use meterbook::text::Text;
use serde::Deserialize;
use std::collections::HashMap;

/// Days in one window: a quarter and its edges.
const MOST_DAYS: u64 = 100;
const NOTE: Text = Text {
    zh: "以下仅为建议抽查复抄的理由及其数字，不是对任何人的结论；定位、档案和习惯都可能是原因。",
    en: "Reasons, with their numbers, to re-read a sample. They are no finding about anybody: places, the register or habits may explain them.",
};

/// Whose entries, of which days.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IntegrityQuery {
    /// The first day.
    from: NaiveDate,
    /// The last day, at most 100 days later.
    until: NaiveDate,
    /// Only this reader. The comparison is with all of them even so.
    reader: Option<i64>,
}

/// The window of whole days in the company's zone.
fn window(from: NaiveDate, until: NaiveDate, zone: Zone) -> Result<Window, Problem> {
    let end = until.checked_add_days(Days::new(1)).filter(|end| *end > from);
    let end = end.filter(|end| u64::try_from((*end - from).num_days()).is_ok_and(|days| days <= MOST_DAYS));
    end.map(|end| (zone.start_of(from), zone.start_of(end))).ok_or_else(|| {
        let (zh, en) =
            ("截止日应不早于起始日，且最多 100 天", "expected the last day not before the first, and at most 100 days");
        Problem::new(ProblemCode::InvalidParameter).fault("until", "out_of_range", zh, en)
    })
}

/// What is noticeable about readers' entries, as reasons with numbers to re-read a sample. Never a finding about a person.
#[utoipa::path(operation_id = "get_integrity", tag = "anomalies", params(IntegrityQuery),
    responses((status = 200, description = "Signs by reader", body = IntegrityReport)))]
#[get("/v1/integrity")]
pub async fn get_integrity(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<IntegrityQuery>,
) -> Result<Json<IntegrityReport>, Problem> {
    session.may(Operation::GetIntegrity)?;
    let IntegrityQuery { from, until, reader } = query.into_inner();
    let zone = app.config.zone;
    let window = window(from, until, zone)?;
    let found = app.store.read("get_integrity", move |conn| {
        let readers = store::entries(conn, window, zone)?;
        let meters = store::meters_read(conn, window)?;
        let settings = rulebook(conn)?.integrity(until);
        Ok((readers, store::handed_over(conn, &meters, window)?, settings))
    });
    let (readers, handed_over, settings) = found.await?;
    let all: Vec<&[Entry]> = readers.iter().map(|reader| reader.entries.as_slice()).collect();
    let fleet = Fleet::of(&all, &settings);
    let shown = readers.iter().filter(|one| reader.is_none_or(|reader| one.reader == reader));
    let mut items: Vec<ReaderIntegrity> = shown
        .map(|one| {
            let after = handed_over.get(&one.reader).map_or(&[][..], Vec::as_slice);
            let signs = signs(&one.entries, after, &fleet, &settings);
            ReaderIntegrity {
                reader_id: one.reader,
                name: one.name.clone(),
                entries: one.entries.len(),
                signs: signs.iter().map(|sign| IntegritySign::of(sign, language.0)).collect(),
            }
        })
        .collect();
    items.sort_by_key(|item| (std::cmp::Reverse(item.signs.len()), item.reader_id));
    let note = NOTE.in_language(language.0).to_owned();
    Ok(Json(IntegrityReport { from, until, note, fast_ms: fleet.fast_ms, items }))
}

/// Draw a blind re-read list of a reader's entries: by chance, as long as the stated detection rate needs, the seed kept.
#[utoipa::path(operation_id = "draw_rereads", tag = "anomalies", request_body = DrawRereadsRequest, params(IdempotencyKey),
    responses((status = 201, description = "The list", body = RereadList)))]
#[post("/v1/integrity/rereads")]
pub async fn draw_rereads(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<DrawRereadsRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::DrawRereads)?;
    let asked = input.0;
    let zone = app.config.zone;
    let (window, reason) = (window(asked.from, asked.until, zone)?, check_reason(&asked.reason)?);
    let wrong = |name: &str, most: u32| {
        let (zh, en) = (format!("应为 1 至 {most} 的整数"), format!("expected a whole number from 1 to {most}"));
        Problem::new(ProblemCode::InvalidInput).fault(name, "out_of_range", zh, en)
    };
    if !(1..=10_000).contains(&asked.faulty_bp) {
        return Err(wrong("/faulty_bp", 10_000));
    }
    if !(1..=9_999).contains(&asked.detection_bp) {
        return Err(wrong("/detection_bp", 9_999));
    }
    let seed = i64::from_le_bytes(random::<8>().map_err(|_| Problem::new(ProblemCode::Internal))?);
    let wanted = asked.clone();
    let made = app.once(actor, key, "draw_rereads", &asked, 201, move |conn, now| {
        let readers = store::entries(conn, window, zone)?;
        let Some(entries) = readers.into_iter().find(|one| one.reader == wanted.reader_id).map(|one| one.entries)
        else {
            let (zh, en) = ("该抄表员在此期间没有录入", "this reader has no entries on these days");
            return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/reader_id", "no_entries", zh, en)));
        };
        let points: HashMap<RecordId, PointId> = entries.iter().map(|entry| (entry.record, entry.point)).collect();
        let records: Vec<RecordId> = entries.iter().map(|entry| entry.record).collect();
        let population = records.len() as u64;
        let faulty = (population * u64::from(wanted.faulty_bp)).div_ceil(10_000);
        let size = sample_size(population, faulty, wanted.detection_bp);
        let drawn: Vec<(RecordId, PointId)> = draw(seed.cast_unsigned(), &records, size)
            .into_iter()
            .filter_map(|record| points.get(&record).map(|point| (record, *point)))
            .collect();
        let list = NewList {
            reader: AccountId(wanted.reader_id),
            days: (wanted.from, wanted.until),
            population: i64::try_from(population).unwrap_or(i64::MAX),
            assumed_faulty: i64::try_from(faulty).unwrap_or(i64::MAX),
            detection_bp: i32::try_from(wanted.detection_bp).unwrap_or(i32::MAX),
            seed,
            reason: reason.clone(),
        };
        let id = store::insert_list(conn, &list, &drawn, actor.account, now)?;
        audit(conn, now, Some(actor.account), "draw_rereads", &format!("reread_list/{id}"), &reason)?;
        let row = store::find_list(conn, id)?.ok_or(diesel::NotFound)?;
        let items = store::items_of(conn, &row)?;
        Ok(Ok(RereadList::of(row, items)))
    });
    made.await
}

/// The lists drawn so far.
#[utoipa::path(operation_id = "list_rereads", tag = "anomalies", params(After),
    responses((status = 200, description = "Lists", body = RereadListPage)))]
#[get("/v1/integrity/rereads")]
pub async fn list_rereads(
    app: Data<App>,
    session: Session,
    page: Query<After>,
) -> Result<Json<RereadListPage>, Problem> {
    session.may(Operation::ListRereads)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let rows = app.store.read("list_rereads", move |conn| store::list_lists(conn, after, limit)).await?;
    let next_after = next_after(&rows, limit, |row| row.id);
    let items = rows.into_iter().map(|row| RereadList::of(row, Vec::new())).collect();
    Ok(Json(RereadListPage { items, next_after }))
}

/// One list with what was drawn.
#[utoipa::path(operation_id = "get_rereads", tag = "anomalies", params(("id" = i64, Path, description = "The list")),
    responses((status = 200, description = "The list", body = RereadList)))]
#[get("/v1/integrity/rereads/{id}")]
pub async fn get_rereads(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<RereadList>, Problem> {
    session.may(Operation::GetRereads)?;
    let id = *id;
    let found = app.store.read("get_rereads", move |conn| {
        let Some(row) = store::find_list(conn, id)? else { return Ok(None) };
        let items = store::items_of(conn, &row)?;
        Ok(Some(RereadList::of(row, items)))
    });
    found.await?.map(Json).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}
