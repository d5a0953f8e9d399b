//! Looking at cases.

use super::store::{self, CaseFilter, Order};
use super::wire::*;
use crate::App;
use crate::http::{Problem, ProblemCode, RequestLanguage, Session, Time, to_ms};
use crate::paging::{After, next_after};
use actix_web::get;
use actix_web::web::{Data, Json, Path, Query};
use chrono::TimeDelta;
use meterbook::accounts::Operation;
use meterbook::anomalies::Rule;
use meterbook::anomalies::case_life::CaseState;
use meterbook::calendar::Instant;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Which cases, and in which order.
#[derive(Clone, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CaseQuery {
    /// `open`, `confirmed`, `dismissed`, `in_work` or `resolved`; several separated by commas; `live` for the first two and `in_work`.
    state: Option<String>,
    /// The list: `failed`, `slow`, `fast`, `reading`, `register`, `purchase`, `use` or `zero`.
    kind: Option<String>,
    /// The rule's code.
    rule: Option<String>,
    /// Only this meter's.
    meter: Option<i64>,
    /// Only points of this area and the areas below it.
    area: Option<i64>,
    /// Only points of this route.
    route: Option<i64>,
    /// Only those a reading of this reader opened.
    reader: Option<i64>,
    /// Only those given to this account; 0: to nobody.
    assignee: Option<i64>,
    /// At least this much at stake, 0.001 m³.
    stake_from: Option<i64>,
    /// Only those whose reading is older than this many days.
    #[param(minimum = 0, maximum = 100_000)]
    older_than_days: Option<i64>,
    /// Only those whose reading was made before this moment.
    observed_before: Option<Time>,
    /// Only those past their due time.
    overdue: Option<bool>,
    /// `id` (default), `stake` (the largest first) or `age` (the oldest reading first).
    sort: Option<String>,
}

impl CaseQuery {
    /// The filter, or what is wrong with it.
    pub fn filter(self, now: Instant) -> Result<CaseFilter, Problem> {
        if self.rule.as_deref().is_some_and(|code| Rule::from_code(code).is_none()) {
            let (zh, en) = ("未知的规则代码，见 GET /v1/rules", "unknown rule: see GET /v1/rules");
            return Err(Problem::new(ProblemCode::InvalidParameter).fault("rule", "unknown_rule", zh, en));
        }
        let kinds: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.entry().kind.code()).collect();
        one_of("kind", self.kind.as_deref(), &kinds.into_iter().collect::<Vec<_>>())?;
        one_of("sort", self.sort.as_deref(), &["id", "stake", "age"])?;
        let order = match self.sort.as_deref() {
            Some("stake") => Order::Stake,
            Some("age") => Order::Age,
            _ => Order::Id,
        };
        let older = self.older_than_days.map(|days| now - TimeDelta::days(days.clamp(0, 100_000)));
        let before = [older, self.observed_before.map(|at| at.0)].into_iter().flatten().min();
        Ok(CaseFilter {
            states: states(self.state.as_deref())?,
            kind: self.kind,
            rule: self.rule,
            meter: self.meter,
            area: self.area,
            route: self.route,
            reader: self.reader,
            assignee: self.assignee,
            stake_from: self.stake_from,
            before: before.map(to_ms),
            overdue_at: self.overdue.filter(|overdue| *overdue).map(|_| to_ms(now)),
            order,
        })
    }
}

fn states(given: Option<&str>) -> Result<Vec<String>, Problem> {
    let mut known: Vec<&str> = CaseState::ALL.iter().map(|state| state.code()).collect();
    known.push("live");
    let mut found = Vec::new();
    for state in given.into_iter().flat_map(|given| given.split(',')) {
        one_of("state", Some(state), &known)?;
        let named = CaseState::ALL.iter().filter(|one| one.code() == state || (state == "live" && one.is_live()));
        found.extend(named.map(|state| state.code().to_owned()));
    }
    Ok(found)
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

/// Cases, with the reason of each in a sentence.
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
    let now = app.clock.now();
    let filter = query.into_inner().filter(now)?;
    let rows = app.store.read("list_cases", move |conn| store::list_cases(conn, &filter, after, limit)).await?;
    let next_after = next_after(&rows, limit, |(row, _)| row.id);
    Ok(Json(CasePage { items: rows.into_iter().map(|row| Case::of(row, now)).collect(), next_after }))
}

/// One case with all that was found and done.
#[utoipa::path(operation_id = "get_case", tag = "anomalies", params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The case", body = CaseFile)))]
#[get("/v1/cases/{id}")]
pub async fn get_case(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
) -> Result<Json<CaseFile>, Problem> {
    session.may(Operation::GetCase)?;
    let (id, now) = (*id, app.clock.now());
    let found = app.store.read("get_case", move |conn| store::load_file(conn, id)).await?;
    let (row, findings, moves, names) = found.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    Ok(Json(CaseFile::of(Case::of(row, now), findings, moves, &names, language.0)))
}

/// What can come of a case.
#[utoipa::path(operation_id = "list_case_outcomes", tag = "anomalies",
    responses((status = 200, description = "Outcomes", body = CaseOutcomeList)))]
#[get("/v1/case-outcomes")]
pub async fn list_case_outcomes(session: Session, language: RequestLanguage) -> Result<Json<CaseOutcomeList>, Problem> {
    session.may(Operation::ListCaseOutcomes)?;
    Ok(Json(CaseOutcomeList::in_language(language.0)))
}
