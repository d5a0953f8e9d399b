//! Looking at settings and changing them.

use super::rules_version;
use super::store::{self, SettingRow};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::db::{Conn, Isolation};
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query};
use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use meterbook::settings::{Fault, Rulebook, Wanted, all, check};
use meterbook::text::Language;
use serde::Deserialize;

const SOURCE_LIMIT: usize = 500;

/// On which day.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SettingsQuery {
    /// The day; today unless told.
    on: Option<NaiveDate>,
}

/// Every figure a company may set, with its range, what holds on a day, and all that was ever set.
#[utoipa::path(operation_id = "list_settings", tag = "settings", params(SettingsQuery),
    responses((status = 200, description = "Settings", body = SettingList)))]
#[get("/v1/settings")]
pub async fn list_settings(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    query: Query<SettingsQuery>,
) -> Result<Json<SettingList>, Problem> {
    session.may(Operation::ListSettings)?;
    let on = query.on.unwrap_or_else(|| app.config.zone.day(app.clock.now()));
    let found = app.store.read("list_settings", |conn| Ok((store::rulebook(conn)?, store::load(conn)?))).await?;
    Ok(Json(list(&found.0, &found.1, on, language.0)))
}

/// Set values from a coming day on. What was set before stays on the list, and what has judged something already is never
/// changed under it: the day must lie ahead, and a period is judged by what holds on its first day.
#[utoipa::path(operation_id = "change_settings", tag = "settings", request_body = ChangeSettingsRequest,
    responses((status = 201, description = "The settings as they hold from that day on", body = SettingList)))]
#[post("/v1/settings")]
pub async fn change_settings(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    input: Input<ChangeSettingsRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::ChangeSettings)?;
    let (now, wanted) = (app.clock.now(), input.0);
    let (today, source) = (app.config.zone.day(now), source(&wanted.source)?);
    let from = wanted.valid_from;
    let changed = app.store.write("change_settings", Isolation::Serializable, move |conn| {
        let values: Vec<(String, i64)> = wanted.values.iter().map(|one| (one.key.clone(), one.value)).collect();
        if let Err(problem) = set(conn, &values, (from, today), &source, actor.account, now)? {
            return Ok(Err(problem));
        }
        fresh(conn).map(Ok)
    });
    let (book, rows) = changed.await??;
    Ok(HttpResponse::build(StatusCode::CREATED).json(list(&book, &rows, from, language.0)))
}

/// Sets values from a coming day on, each written down for the audit; or says what is wrong with them and sets none.
pub fn set(
    conn: &mut Conn,
    values: &[(String, i64)],
    (from, today): (NaiveDate, NaiveDate),
    source: &str,
    by: AccountId,
    now: Instant,
) -> QueryResult<Result<(), Problem>> {
    let book = store::rulebook(conn)?;
    let wanted: Vec<Wanted<'_>> = values.iter().map(|(key, value)| Wanted { key, value: *value }).collect();
    let settings = match check(&wanted, from, today, &book) {
        Ok(settings) if !settings.is_empty() => settings,
        Ok(_) => return Ok(Err(nothing())),
        Err(faults) => return Ok(Err(refused(&faults))),
    };
    let known = store::load(conn)?;
    for (setting, one) in settings.into_iter().zip(&wanted) {
        let last = known.iter().rfind(|row| row.key == setting.key && row.valid_from == from);
        // Said again, it is no news.
        if last.is_some_and(|row| row.value == one.value.to_string() && row.source == source) {
            continue;
        }
        store::insert(conn, (setting, one.value), from, source, by, now)?;
        let detail = format!("{} -> {} from {from}: {source}", book.value(setting, from), one.value);
        audit(conn, now, Some(by), "change_settings", &format!("setting/{}", setting.key), &detail)?;
    }
    Ok(Ok(()))
}

/// The rulebook as this transaction leaves it. Not kept with the connection: the transaction may still be rolled back.
fn fresh(conn: &mut Conn) -> QueryResult<(Rulebook, Vec<SettingRow>)> {
    let rows = store::load(conn)?;
    Ok((store::book_of(&rows), rows))
}

fn list(book: &Rulebook, rows: &[SettingRow], on: NaiveDate, language: Language) -> SettingList {
    let items = all().map(|setting| SettingEntry::of(setting, book, rows, on, language)).collect();
    SettingList { day: on, rules_version: rules_version(book, on), items }
}

/// Who or what is behind a change is always said.
pub fn source(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > SOURCE_LIMIT {
        let (zh, en) =
            ("请写明依据，最多 500 字", "expected the regulation or decision behind it, at most 500 characters");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/source", "invalid_source", zh, en));
    }
    Ok(text.to_owned())
}

fn nothing() -> Problem {
    let (zh, en) = ("请至少给出一项", "expected at least one value");
    Problem::new(ProblemCode::InvalidInput).fault("/values", "empty", zh, en)
}

fn refused(faults: &[Fault]) -> Problem {
    faults.iter().fold(Problem::new(ProblemCode::InvalidInput), |problem, fault| match fault {
        Fault::UnknownKey { at } => {
            problem.fault(format!("/values/{at}/key"), "unknown_setting", "没有该设置项", "there is no such setting")
        }
        Fault::Twice { at } => {
            problem.fault(format!("/values/{at}/key"), "twice", "重复的设置项", "the same setting twice")
        }
        Fault::OutOfRange { at, setting } => {
            let (least, most, unit) = (setting.least, setting.most, setting.unit.text());
            let (zh, en) = (
                format!("应为 {least} 至 {most} 的整数（{}）", unit.zh),
                format!("expected a whole number from {least} to {most} ({})", unit.en),
            );
            problem.fault(format!("/values/{at}/value"), "out_of_range", zh, en)
        }
        Fault::NotAhead => {
            let (zh, en) = ("生效日须在今天之后", "the first day must lie ahead");
            problem.fault("/valid_from", "not_ahead", zh, en)
        }
        Fault::Contradiction { from, why } => {
            let (zh, en) = (format!("自 {from} 起：{}", why.zh), format!("from {from} on: {}", why.en));
            problem.fault("/values", "contradiction", zh, en)
        }
    })
}
