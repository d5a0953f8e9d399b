//! Looking at cases and at the rules behind them.

use super::store::{self, CaseFilter};
use super::wire::{Case, CasePage, RuleEntry, RuleList};
use crate::App;
use crate::http::{Problem, ProblemCode, RequestLanguage, Session};
use crate::paging::{After, next_after};
use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use meterbook::accounts::Operation;
use meterbook::anomalies::Rule;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Which cases.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// `open`, `confirmed`, `dismissed`, `in_work` or `resolved`.
    state: Option<String>,
    /// The list: `failed`, `slow`, `fast`, `reading`, `register`, `purchase`, `use` or `zero`.
    kind: Option<String>,
    /// The rule's code.
    rule: Option<String>,
    /// Only this meter's.
    meter: Option<i64>,
    /// Only points of this route.
    route: Option<i64>,
}

/// Cases, by id, with the reason of each in a sentence.
#[utoipa::path(operation_id = "list_cases", tag = "anomalies", params(CaseQuery, After),
    responses((status = 200, description = "Cases", body = CasePage)))]
#[get("/v1/cases")]
pub async fn list_cases(
    app: Data<App>,
    session: Session,
    query: Query<CaseQuery>,
    page: Query<After>,
) -> Result<Json<CasePage>, Problem> {
    session.may(Operation::ListCases)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let CaseQuery { state, kind, rule, meter, route } = query.into_inner();
    if rule.as_deref().is_some_and(|code| Rule::from_code(code).is_none()) {
        let (zh, en) = ("未知的规则代码，见 GET /v1/rules", "unknown rule: see GET /v1/rules");
        return Err(Problem::new(ProblemCode::InvalidParameter).fault("rule", "unknown_rule", zh, en));
    }
    let states = ["open", "confirmed", "dismissed", "in_work", "resolved"];
    let kinds: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.entry().kind.code()).collect();
    one_of("state", state.as_deref(), &states)?;
    one_of("kind", kind.as_deref(), &kinds.into_iter().collect::<Vec<_>>())?;
    let filter = CaseFilter { state, kind, rule, meter, route };
    let rows = app.store.read("list_cases", move |conn| store::list_cases(conn, &filter, after, limit)).await?;
    let next_after = next_after(&rows, limit, |(row, ..)| row.id);
    Ok(Json(CasePage { items: rows.into_iter().map(Case::of).collect(), next_after }))
}

/// A filter that no row could ever match is a mistake, and says so.
fn one_of(name: &'static str, given: Option<&str>, known: &[&str]) -> Result<(), Problem> {
    if given.is_none_or(|given| known.contains(&given)) {
        return Ok(());
    }
    let list = known.join(", ");
    let (zh, en) = (format!("应为其中之一：{list}"), format!("expected one of: {list}"));
    Err(Problem::new(ProblemCode::InvalidParameter).fault(name, "unknown_value", zh, en))
}

/// One case with its evidence.
#[utoipa::path(operation_id = "get_case", tag = "anomalies", params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The case", body = Case)))]
#[get("/v1/cases/{id}")]
pub async fn get_case(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<Case>, Problem> {
    session.may(Operation::GetCase)?;
    let found = app.store.read("get_case", move |conn| store::find_case(conn, *id)).await?;
    found.map(|row| Json(Case::of(row))).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// The rules behind the verdicts, with what to do about each.
#[utoipa::path(operation_id = "list_rules", tag = "anomalies", responses((status = 200, description = "Rules", body = RuleList)))]
#[get("/v1/rules")]
pub async fn list_rules(session: Session, language: RequestLanguage) -> Result<Json<RuleList>, Problem> {
    session.may(Operation::ListRules)?;
    let entry = |rule: &Rule| {
        let entry = rule.entry();
        RuleEntry {
            code: entry.code.to_owned(),
            kind: entry.kind.code().to_owned(),
            severity: entry.severity.code().to_owned(),
            source: entry.source.to_owned(),
            reason: entry.reason.in_language(language.0).to_owned(),
            help: entry.help.in_language(language.0).to_owned(),
        }
    };
    Ok(Json(RuleList { items: Rule::ALL.iter().map(entry).collect() }))
}
