//! Looking at appraisals, publishing, objecting, answering.

use super::store::{self, AppraisalFilter, AppraisalRow};
use super::wire::*;
use super::{SHEETS, draft, masthead, print};
use crate::App;
use crate::accounts::store::audit;
use crate::coverage::closing::store::find_period;
use crate::db::{Conn, Isolation};
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session, from_ms};
use crate::paging::{After, next_after};
use crate::readings::routes::check_reason;
use crate::reports::book::Book;
use crate::reports::month::store::Scope;
use crate::reports::press::{self, FileQuery, ReportFile};
use crate::settings::rules_version;
use crate::settings::store::rulebook;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpResponse, get, post};
use diesel::QueryResult;
use meterbook::accounts::{Actor, Operation, Role};
use meterbook::appraisal::{AppraisalSettings, Decision, may_answer, may_object};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::settings::Rulebook;
use serde::Deserialize;
use std::collections::HashMap;

fn not_found() -> Problem {
    Problem::new(ProblemCode::NotFound)
}

fn wrong_month() -> Problem {
    Problem::new(ProblemCode::InvalidParameter).fault("month", "invalid", "应为 YYYY-MM", "expected YYYY-MM")
}

fn month_of(text: &str) -> Option<Period> {
    Period::parse(text).filter(|month| matches!(month, Period::Month { .. }))
}

fn entry(row: AppraisalRow, book: &Rulebook, now: Instant, zone: Zone) -> QueryResult<Appraisal> {
    let broken = |fault: serde_json::Error| diesel::result::Error::DeserializationError(fault.into());
    let facts: AppraisalFacts = serde_json::from_str(&row.body).map_err(broken)?;
    let numbers = |text: &str| serde_json::from_str::<Vec<u32>>(text).map_err(broken);
    let objection = match row.objection {
        Some((at, reason, deductions)) => Some((at, reason, numbers(&deductions)?)),
        None => None,
    };
    let answer = match row.answer {
        Some((at, decision, reason, withdrawn)) => Some((at, decision, reason, numbers(&withdrawn)?)),
        None => None,
    };
    let month = Period::from_key(row.period).ok_or(diesel::NotFound)?;
    let whose = Whose { month, reader: row.reader, name: row.name, rules_version: row.rules_version };
    let said = Said { published_at: Some(row.published_at), objection, answer };
    Ok(Appraisal::of(whose, facts, said, &book.appraisal(month), now, zone))
}

/// The appraisals of a month: as published, or as drafts from the facts as they stand.
///
/// # Errors
/// The database's.
pub fn appraisals(conn: &mut Conn, scope: &Scope, reader: Option<i64>) -> QueryResult<Vec<Appraisal>> {
    let filter = AppraisalFilter { month: Some(scope.month), reader, waiting: false };
    let published = store::list(conn, &filter, 0, i64::MAX)?;
    let any = AppraisalFilter { reader: None, ..filter };
    let book = rulebook(conn)?;
    let settings = book.appraisal(scope.month);
    if !published.is_empty() || !store::list(conn, &any, 0, 1)?.is_empty() {
        return published.into_iter().map(|row| entry(row, &book, scope.cut_off, scope.zone)).collect();
    }
    let mut drafts = draft(conn, scope)?;
    drafts.retain(|id, _| reader.is_none_or(|reader| reader == *id));
    let ids: Vec<i64> = drafts.keys().copied().collect();
    let names: HashMap<i64, String> = store::load_names(conn, &ids)?.into_iter().collect();
    let version = rules_version(&book, scope.month.first_day());
    let drafted = drafts.into_iter().map(|(reader, facts)| {
        let name = names.get(&reader).cloned().unwrap_or_default();
        let whose = Whose { month: scope.month, reader, name, rules_version: version.clone() };
        Appraisal::of(whose, facts, Said::default(), &settings, scope.cut_off, scope.zone)
    });
    Ok(drafted.collect())
}

/// Which appraisals.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AppraisalQuery {
    /// `YYYY-MM`; the last month unless told.
    month: Option<String>,
    /// Only this reader. A reader sees none but his own.
    reader: Option<i64>,
}

impl AppraisalQuery {
    fn settle(&self, app: &App, actor: Actor) -> Result<(Scope, Option<i64>), Problem> {
        let (zone, now) = (app.config.zone, app.clock.now());
        let month = match self.month.as_deref() {
            None => Period::month_of(zone.day(now)).previous(),
            Some(text) => month_of(text).ok_or_else(wrong_month)?,
        };
        let own = actor.account.0;
        let reader = match actor.role {
            Role::Reader if self.reader.is_some_and(|reader| reader != own) => return Err(not_found()),
            Role::Reader => Some(own),
            _ => self.reader,
        };
        Ok((Scope { month, zone, cut_off: app.clock.now() }, reader))
    }
}

/// Appraisals of a month: published ones, or drafts while it is not closed. A reader sees his own.
#[utoipa::path(operation_id = "list_appraisals", tag = "appraisal", params(AppraisalQuery, After),
    responses((status = 200, description = "Appraisals", body = AppraisalPage)))]
#[get("/v1/appraisals")]
pub async fn list_appraisals(
    app: Data<App>,
    session: Session,
    query: Query<AppraisalQuery>,
    page: Query<After>,
) -> Result<Json<AppraisalPage>, Problem> {
    let actor = session.may(Operation::ListAppraisals)?;
    let (scope, reader) = query.settle(&app, actor)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let found = app.store.read("list_appraisals", move |conn| appraisals(conn, &scope, reader)).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut items: Vec<Appraisal> = found.into_iter().filter(|one| one.reader_id > after).collect();
    items.sort_by_key(|one| one.reader_id);
    items.truncate(wanted);
    let next_after = next_after(&items, limit, |one| one.reader_id);
    Ok(Json(AppraisalPage { items, next_after }))
}

/// Appraisals as a workbook, a CSV file or a page to print, with every deduction.
#[utoipa::path(operation_id = "export_appraisals", tag = "appraisal", params(AppraisalQuery, FileQuery),
    responses((status = 200, description = "The file", content(
        (ReportFile = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (ReportFile = "text/csv"),
        (ReportFile = "text/html"),
    ))))]
#[get("/v1/appraisals/file")]
pub async fn export_appraisals(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<AppraisalQuery>,
    file: Query<FileQuery>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::ExportAppraisals)?;
    let (scope, reader) = query.settle(&app, actor)?;
    let wish = file.wish(&SHEETS, language)?;
    let format = wish.format;
    let made = press::print(&app, "export_appraisals", move |conn, folder| {
        let found = appraisals(conn, &scope, reader)?;
        let mut book = Book::begin(folder, &wish, &masthead(&scope, &found))?;
        print(&mut book, &found, scope.zone, wish.language)?;
        book.finish().map(Some)
    });
    press::send(made.await?.ok_or_else(not_found)?, format, &format!("appraisal-{}", scope.month))
}

/// Objections that wait for an answer, with their deadlines, the oldest first.
#[utoipa::path(operation_id = "list_objections", tag = "appraisal", params(After),
    responses((status = 200, description = "Appraisals objected to", body = AppraisalPage)))]
#[get("/v1/appraisals/objections")]
pub async fn list_objections(
    app: Data<App>,
    session: Session,
    page: Query<After>,
) -> Result<Json<AppraisalPage>, Problem> {
    session.may(Operation::ListObjections)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let (zone, now) = (app.config.zone, app.clock.now());
    let found = app.store.read("list_objections", move |conn| {
        let filter = AppraisalFilter { waiting: true, ..AppraisalFilter::default() };
        let rows = store::list(conn, &filter, after, limit)?;
        let next_after = next_after(&rows, limit, |row| row.id);
        let book = rulebook(conn)?;
        let items = rows.into_iter().map(|row| entry(row, &book, now, zone)).collect::<QueryResult<_>>()?;
        Ok(AppraisalPage { items, next_after })
    });
    Ok(Json(found.await?))
}

/// Publish the appraisals of a closed month: every reader is shown his facts, and may object from now on. Publishing
/// again changes nothing and answers the same.
#[utoipa::path(operation_id = "publish_appraisals", tag = "appraisal",
    params(("month" = String, Path, description = "`YYYY-MM`")),
    responses((status = 200, description = "The published appraisals", body = AppraisalPage)))]
#[post("/v1/appraisals/{month}/publish")]
pub async fn publish_appraisals(
    app: Data<App>,
    session: Session,
    month: Path<String>,
) -> Result<Json<AppraisalPage>, Problem> {
    let actor = session.may(Operation::PublishAppraisals)?;
    let month = month_of(&month).ok_or_else(not_found)?;
    let scope = Scope { month, zone: app.config.zone, cut_off: app.clock.now() };
    let published = app.store.write("publish_appraisals", Isolation::Serializable, move |conn| {
        match find_period(conn, month)? {
            None => return Ok(Err(not_found())),
            Some((_, None)) => {
                let (zh, en) = ("请先关账，再公示考核", "close the month first");
                return Ok(Err(Problem::new(ProblemCode::Conflict).fault("/month", "not_closed", zh, en)));
            }
            Some((_, Some(_))) => {}
        }
        let filter = AppraisalFilter { month: Some(month), ..AppraisalFilter::default() };
        if store::list(conn, &filter, 0, 1)?.is_empty() {
            let drafts = draft(conn, &scope)?;
            let book = rulebook(conn)?;
            let (settings, version) = (book.appraisal(month), rules_version(&book, month.first_day()));
            let rows: Vec<_> =
                drafts.iter().map(|(reader, facts)| (*reader, facts.marks(&[], &settings), facts)).collect();
            store::insert(conn, month, (&version, &rows), actor.account, scope.cut_off)?;
            let subject = format!("appraisals/{month}");
            audit(conn, scope.cut_off, Some(actor.account), "publish_appraisals", &subject, &rows.len().to_string())?;
        }
        appraisals(conn, &scope, None).map(Ok)
    });
    Ok(Json(AppraisalPage { items: published.await??, next_after: None }))
}

/// Object to one's own appraisal, once, within three days of its publication.
#[utoipa::path(operation_id = "object_to_appraisal", tag = "appraisal", request_body = ObjectRequest,
    params(("month" = String, Path, description = "`YYYY-MM`")),
    responses((status = 200, description = "The appraisal as it stands now", body = Appraisal)))]
#[post("/v1/appraisals/{month}/objection")]
pub async fn object_to_appraisal(
    app: Data<App>,
    session: Session,
    month: Path<String>,
    input: Input<ObjectRequest>,
) -> Result<Json<Appraisal>, Problem> {
    let actor = session.may(Operation::ObjectToAppraisal)?;
    let month = month_of(&month).ok_or_else(not_found)?;
    let (reason, numbers) = (check_reason(&input.0.reason)?, distinct(input.0.deductions));
    let (zone, now) = (app.config.zone, app.clock.now());
    let told = app.store.write("object_to_appraisal", Isolation::Serializable, move |conn| {
        let Some((row, facts)) = find(conn, month, actor.account.0)? else { return Ok(Err(not_found())) };
        if let Err(problem) = known(&facts, &numbers, "/deductions") {
            return Ok(Err(problem));
        }
        let objected = row.objection.as_ref().map(|(at, ..)| from_ms(*at));
        let (published, settings) = (from_ms(row.published_at), rulebook(conn)?.appraisal(month));
        if !may_object(published, objected, now, zone, &settings) {
            return Ok(Err(may_not_object(published, objected, zone, &settings)));
        }
        store::insert_objection(conn, row.id, actor.account, (&reason, &numbers), now)?;
        let subject = format!("appraisal/{month}/{}", actor.account);
        audit(conn, now, Some(actor.account), "object_to_appraisal", &subject, "")?;
        standing_of(conn, month, actor.account.0, now, zone).map(Ok)
    });
    told.await??.map(Json).ok_or_else(not_found)
}

/// Answer an objection, within seven days: deductions are taken back, or it stays as it was. A late answer is taken and
/// shown as overdue.
#[utoipa::path(operation_id = "answer_objection", tag = "appraisal", request_body = AnswerRequest,
    params(("month" = String, Path, description = "`YYYY-MM`"), ("reader" = i64, Path, description = "The reader")),
    responses((status = 200, description = "The appraisal as it stands now", body = Appraisal)))]
#[post("/v1/appraisals/{month}/{reader}/answer")]
pub async fn answer_objection(
    app: Data<App>,
    session: Session,
    path: Path<(String, i64)>,
    input: Input<AnswerRequest>,
) -> Result<Json<Appraisal>, Problem> {
    let actor = session.may(Operation::AnswerObjection)?;
    let (month, reader) = path.into_inner();
    let month = month_of(&month).ok_or_else(not_found)?;
    let (reason, withdrawn) = (check_reason(&input.0.reason)?, distinct(input.0.withdrawn));
    let (zone, now) = (app.config.zone, app.clock.now());
    let told = app.store.write("answer_objection", Isolation::Serializable, move |conn| {
        let Some((row, facts)) = find(conn, month, reader)? else { return Ok(Err(not_found())) };
        if let Err(problem) = known(&facts, &withdrawn, "/withdrawn") {
            return Ok(Err(problem));
        }
        let at = |at: Option<i64>| at.map(from_ms);
        let (objected, answered) =
            (at(row.objection.as_ref().map(|one| one.0)), at(row.answer.as_ref().map(|one| one.0)));
        if !may_answer(objected, answered) {
            let (zh, en) = match answered {
                Some(_) => ("该申诉已答复", "it was answered already"),
                None => ("抄表员没有申诉", "the reader has not objected"),
            };
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let decision = if withdrawn.is_empty() { Decision::Upheld } else { Decision::Changed };
        let marks = facts.marks(&withdrawn, &rulebook(conn)?.appraisal(month));
        store::insert_answer(conn, row.id, actor.account, decision, (&reason, &withdrawn, marks), now)?;
        let subject = format!("appraisal/{month}/{reader}");
        audit(conn, now, Some(actor.account), "answer_objection", &subject, decision.code())?;
        standing_of(conn, month, reader, now, zone).map(Ok)
    });
    told.await??.map(Json).ok_or_else(not_found)
}

fn distinct(numbers: Option<Vec<u32>>) -> Vec<u32> {
    let mut numbers = numbers.unwrap_or_default();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn find(conn: &mut Conn, month: Period, reader: i64) -> QueryResult<Option<(AppraisalRow, AppraisalFacts)>> {
    let filter = AppraisalFilter { month: Some(month), reader: Some(reader), waiting: false };
    let Some(row) = store::list(conn, &filter, 0, 1)?.pop() else { return Ok(None) };
    let facts =
        serde_json::from_str(&row.body).map_err(|fault| diesel::result::Error::DeserializationError(fault.into()))?;
    Ok(Some((row, facts)))
}

fn standing_of(
    conn: &mut Conn,
    month: Period,
    reader: i64,
    now: Instant,
    zone: Zone,
) -> QueryResult<Option<Appraisal>> {
    let book = rulebook(conn)?;
    find(conn, month, reader)?.map(|(row, _)| entry(row, &book, now, zone)).transpose()
}

/// A number of no deduction is a slip of the pen that would be kept for ever.
fn known(facts: &AppraisalFacts, numbers: &[u32], pointer: &str) -> Result<(), Problem> {
    let most = facts.deductions.len();
    let is_known = |number: &u32| facts.deductions.iter().any(|deduction| deduction.number == *number);
    match numbers.iter().find(|number| !is_known(number)) {
        None => Ok(()),
        Some(number) => {
            let (zh, en) = (
                format!("没有第 {number} 项扣分，应为 1 至 {most}"),
                format!("there is no deduction {number}: expected 1 to {most}"),
            );
            Err(Problem::new(ProblemCode::InvalidInput).fault(pointer, "unknown_deduction", zh, en))
        }
    }
}

fn may_not_object(published: Instant, objected: Option<Instant>, zone: Zone, settings: &AppraisalSettings) -> Problem {
    if objected.is_some() {
        let (zh, en) = ("已申诉过，请等待答复", "you have objected already: the answer is on its way");
        return Problem::new(ProblemCode::Conflict).fault("", "already_objected", zh, en);
    }
    let until = zone.local(meterbook::appraisal::objection_until(published, zone, settings)).format("%Y-%m-%d %H:%M");
    let (zh, en) = (format!("申诉期已于 {until} 截止"), format!("the time to object ended at {until}"));
    Problem::new(ProblemCode::Conflict).fault("", "too_late", zh, en)
}
