//! Working on cases: decisions, assignments, many at once; each with its author and reason.

use super::store::{self, Action, PlacedCase, Refusal, act};
use super::wire::*;
use crate::App;
use crate::audit::store::audit;
use crate::db::{Conn, Isolation};
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session};
use crate::readings::routes::check_reason;
use crate::webhooks::store::enqueue;
use actix_web::post;
use actix_web::web::{Data, Json, Path};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::anomalies::case_life::{CaseMove, CaseOutcome, CaseState, MoveFault};
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use meterbook::text::{Language, Text};
use meterbook::webhooks::WebhookEvent;

/// Cases in one bulk action.
const MOST_AT_ONCE: usize = 500;

/// Tells subscribers of a case, in the transaction that changed it.
pub(super) fn tell(conn: &mut Conn, event: WebhookEvent, id: i64, now: Instant) -> QueryResult<()> {
    enqueue(conn, event, id, now, |conn| {
        let found: Option<PlacedCase> = store::find_case(conn, id)?;
        Ok(found.map_or(serde_json::Value::Null, |(row, place)| plain(row, place, now)))
    })
}

/// What is told of a case that has come to a state.
pub(super) const fn event_of(state: CaseState) -> WebhookEvent {
    match state {
        CaseState::Open => WebhookEvent::CaseOpened,
        CaseState::Confirmed => WebhookEvent::CaseConfirmed,
        CaseState::Dismissed => WebhookEvent::CaseDismissed,
        CaseState::InWork => WebhookEvent::CaseInWork,
        CaseState::Resolved => WebhookEvent::CaseResolved,
    }
}

/// What is asked, with its reason, or what is wrong with the asking.
fn decision(input: &DecideCaseRequest, at: &str) -> Result<(Action, String), Problem> {
    let unknown = |name: &str, list: Vec<&str>| {
        let list = list.join(", ");
        let (zh, en) = (format!("应为其中之一：{list}"), format!("expected one of: {list}"));
        Problem::new(ProblemCode::InvalidInput).fault(format!("{at}/{name}"), "unknown_value", zh, en)
    };
    let to = CaseState::from_code(&input.state).filter(|state| *state != CaseState::Open);
    let to = to.ok_or_else(|| unknown("state", vec!["confirmed", "dismissed", "in_work", "resolved"]))?;
    let outcome = match input.outcome.as_deref() {
        Some(code) => Some(CaseOutcome::from_code(code).ok_or_else(|| {
            unknown("outcome", CaseOutcome::ALL.iter().filter(|one| one.is_by_person()).map(|one| one.code()).collect())
        })?),
        None => None,
    };
    Ok((Action::Decide(CaseMove { to, outcome, error_bp: input.error_bp }), check_reason(&input.reason)?))
}

fn assignment(input: &AssignCaseRequest) -> Result<(Action, String), Problem> {
    let assignee = input.assignee_id.map(|id| (id != 0).then_some(AccountId(id)));
    let due_at = input.due_at.map(|due| due.0);
    let action =
        if assignee.is_none() && due_at.is_none() { Action::Note } else { Action::Assign { assignee, due_at } };
    Ok((action, check_reason(&input.reason)?))
}

/// Code and words of a refusal.
fn words(refusal: Refusal) -> (&'static str, String, String) {
    let told = |code, text: Text| (code, text.zh.to_owned(), text.en.to_owned());
    match refusal {
        Refusal::NotFound => told("not_found", Text { zh: "没有这个异常", en: "there is no such case" }),
        Refusal::Move(state, fault) => {
            let (text, state) = (fault.text(), state.text());
            let zh = format!("{}（当前：{}）", text.zh, state.zh);
            (fault.code(), zh, format!("{} (it is {} now)", text.en, state.en))
        }
        Refusal::Closed(state) => {
            let state = state.text();
            ("closed", format!("异常{}", state.zh), format!("the case is {}", state.en))
        }
        Refusal::NoSuchAssignee => {
            told("no_such_assignee", Text { zh: "没有这个在用账号", en: "there is no such account in use" })
        }
    }
}

fn problem(refusal: Refusal) -> Problem {
    let (code, zh, en) = words(refusal);
    match refusal {
        Refusal::NotFound => Problem::new(ProblemCode::NotFound),
        Refusal::Move(_, MoveFault::NotFromHere) | Refusal::Closed(_) => {
            Problem::new(ProblemCode::Conflict).detail(zh, en)
        }
        Refusal::Move(_, fault) => {
            let place = if fault.code().starts_with("outcome") { "/outcome" } else { "/error_bp" };
            Problem::new(ProblemCode::InvalidInput).fault(place, code, zh, en)
        }
        Refusal::NoSuchAssignee => Problem::new(ProblemCode::InvalidInput).fault("/assignee_id", code, zh, en),
    }
}

/// Does one action on one case, written down for the audit.
async fn one(
    app: &App,
    operation: &'static str,
    id: i64,
    (action, reason): (Action, String),
    by: AccountId,
    language: Language,
) -> Result<Json<CaseFile>, Problem> {
    let now = app.clock.now();
    let done = app.store.write(operation, Isolation::RowLocks, move |conn| {
        if let Err(refusal) = act(conn, id, &action, by, &reason, now)? {
            return Ok(Err(refusal));
        }
        audit(conn, now, Some(by), operation, &format!("case/{id}"), &reason)?;
        Ok(store::load_file(conn, id)?.ok_or(Refusal::NotFound))
    });
    let (row, findings, moves, names) = done.await?.map_err(problem)?;
    Ok(Json(CaseFile::of(Case::of(row, now), findings, moves, &names, language)))
}

/// Move a case on: open → confirmed or dismissed → in work → resolved with an outcome. Kept with its author and reason.
#[utoipa::path(operation_id = "decide_case", tag = "anomalies", request_body = DecideCaseRequest,
    params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The case as it stands now", body = CaseFile)))]
#[post("/v1/cases/{id}/decide")]
pub async fn decide_case(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    input: Input<DecideCaseRequest>,
) -> Result<Json<CaseFile>, Problem> {
    let actor = session.may(Operation::DecideCase)?;
    one(&app, "decide_case", *id, decision(&input.0, "")?, actor.account, language.0).await
}

/// Give a case to somebody, set when it is due, or note something about it.
#[utoipa::path(operation_id = "assign_case", tag = "anomalies", request_body = AssignCaseRequest,
    params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The case as it stands now", body = CaseFile)))]
#[post("/v1/cases/{id}/assign")]
pub async fn assign_case(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
    input: Input<AssignCaseRequest>,
) -> Result<Json<CaseFile>, Problem> {
    let actor = session.may(Operation::AssignCase)?;
    one(&app, "assign_case", *id, assignment(&input.0)?, actor.account, language.0).await
}

/// The same decision or assignment for many cases. Each is decided by itself: one that is refused stops no other.
#[utoipa::path(operation_id = "act_on_cases", tag = "anomalies", request_body = BulkCaseRequest,
    responses((status = 200, description = "What became of each", body = BulkCaseResult)))]
#[post("/v1/cases/bulk")]
pub async fn act_on_cases(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    input: Input<BulkCaseRequest>,
) -> Result<Json<BulkCaseResult>, Problem> {
    let actor = session.may(Operation::ActOnCases)?;
    let BulkCaseRequest { ids, decide, assign } = input.0;
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        let (zh, en) = ("应为 1 至 500 个异常", "expected 1 to 500 cases");
        return Err(Problem::new(ProblemCode::InvalidInput).fault("/ids", "out_of_range", zh, en));
    }
    let (action, reason) = match (decide, assign) {
        (Some(decide), None) => decision(&decide, "/decide")?,
        (None, Some(assign)) => assignment(&assign)?,
        _ => {
            let (zh, en) = ("decide 与 assign 须且只须给出一项", "expected either decide or assign");
            return Err(Problem::new(ProblemCode::InvalidInput).fault("/decide", "one_of", zh, en));
        }
    };
    let (now, by) = (app.clock.now(), actor.account);
    let done = app.store.write("act_on_cases", Isolation::RowLocks, move |conn| {
        store::lock_cases(conn, &ids)?;
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in &ids {
            outcomes.push(act(conn, *id, &action, by, &reason, now)?.err());
        }
        // The audit's head is the last thing a transaction locks.
        for (id, _) in ids.iter().zip(&outcomes).filter(|(_, refusal)| refusal.is_none()) {
            audit(conn, now, Some(by), "act_on_cases", &format!("case/{id}"), &reason)?;
        }
        Ok(ids.iter().copied().zip(outcomes).collect::<Vec<_>>())
    });
    let items: Vec<BulkCaseItem> = done.await?.into_iter().map(|(id, refusal)| item(id, refusal, language.0)).collect();
    let done = items.iter().filter(|item| item.code.is_none()).count();
    Ok(Json(BulkCaseResult { items, done }))
}

fn item(id: i64, refusal: Option<Refusal>, language: Language) -> BulkCaseItem {
    let Some((code, zh, en)) = refusal.map(words) else {
        return BulkCaseItem { id, outcome: "done".to_owned(), code: None, detail: None };
    };
    let detail = if language == Language::Chinese { zh } else { en };
    BulkCaseItem { id, outcome: "refused".to_owned(), code: Some(code.to_owned()), detail: Some(detail) }
}
