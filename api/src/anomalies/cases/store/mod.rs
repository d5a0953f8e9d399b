//! Cases as they are kept: lists, one case with all that was found and done, how often each rule was right.

mod evidence;
mod opening;
mod work;

pub use evidence::*;
pub use opening::{Judged, correct_cases, open_cases, settle_visits};
pub use work::{Action, Refusal, act, lock_cases};

use crate::db::schema::{accounts, areas, case_findings, case_moves, cases, meters, routes, service_points};
use crate::db::{Conn, Uuid16, each};
use diesel::prelude::*;
use meterbook::anomalies::case_life::CaseVerdict;
use std::collections::HashMap;

/// A case joined with its place.
macro_rules! placed {
    () => {
        cases::table
            .inner_join(meters::table)
            .inner_join(service_points::table.inner_join(areas::table).left_join(routes::table))
            .select((
                CaseRow::as_select(),
                (meters::number, service_points::number, service_points::class, areas::path, routes::code.nullable()),
            ))
    };
}

/// A case as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = cases)]
#[expect(missing_docs, reason = "the fields are the columns of cases")]
pub struct CaseRow {
    pub id: i64,
    pub meter_id: i64,
    pub point_id: i64,
    pub rule: String,
    pub kind: String,
    pub state: String,
    pub record_id: Uuid16,
    pub observed_at: i64,
    pub opened_at: i64,
    pub stake: Option<i64>,
    pub evidence: String,
    pub reader_id: Option<i64>,
    pub assignee_id: Option<i64>,
    pub due_at: Option<i64>,
    pub outcome: Option<String>,
    pub error_bp: Option<i32>,
    pub closed_at: Option<i64>,
    pub changed_at: i64,
}

/// Where its meter hangs.
#[derive(Clone, Debug, Queryable)]
pub struct CasePlace {
    /// 表号.
    pub meter_number: String,
    /// 户号.
    pub point_number: String,
    /// The class.
    pub class: String,
    /// The area's names from the root down.
    pub area_path: String,
    /// The route's code.
    pub route_code: Option<String>,
}

/// A case with its place.
pub type PlacedCase = (CaseRow, CasePlace);

/// What a list is sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Order {
    /// As they were opened.
    #[default]
    Id,
    /// The largest stake first.
    Stake,
    /// The longest unanswered first.
    Age,
}

/// Which cases.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// In one of these states; empty: in any.
    pub states: Vec<String>,
    /// On this list.
    pub kind: Option<String>,
    /// By this rule.
    pub rule: Option<String>,
    /// Of this meter.
    pub meter: Option<i64>,
    /// Of a point in this area or one below it.
    pub area: Option<i64>,
    /// Of a point of this route.
    pub route: Option<i64>,
    /// Opened by a reading of this reader.
    pub reader: Option<i64>,
    /// Given to this account; 0: to nobody.
    pub assignee: Option<i64>,
    /// At least this much at stake.
    pub stake_from: Option<i64>,
    /// Observed before this moment.
    pub before: Option<i64>,
    /// Live and due before this moment.
    pub overdue_at: Option<i64>,
    /// How they are sorted.
    pub order: Order,
}

/// Cases after one in the order asked for.
pub fn list_cases(conn: &mut Conn, filter: &CaseFilter, after: i64, limit: i64) -> QueryResult<Vec<PlacedCase>> {
    let areas = filter.area.map(|area| area_and_below(conn, area)).transpose()?;
    // The row the page before ended with says where this one begins, whatever the order.
    let edge: Option<(i64, i64)> = match (filter.order, after) {
        (Order::Id, _) | (_, 0) => None,
        (_, after) => each!(conn, c => cases::table
            .find(after)
            .select((cases::stake_rank, cases::observed_at))
            .first(c)
            .optional())?,
    };
    each!(conn, c => {
        let mut query = placed!().into_boxed();
        if !filter.states.is_empty() {
            query = query.filter(cases::state.eq_any(filter.states.clone()));
        }
        if let Some(kind) = &filter.kind {
            query = query.filter(cases::kind.eq(kind));
        }
        if let Some(rule) = &filter.rule {
            query = query.filter(cases::rule.eq(rule));
        }
        if let Some(meter) = filter.meter {
            query = query.filter(cases::meter_id.eq(meter));
        }
        if let Some(areas) = &areas {
            query = query.filter(service_points::area_id.eq_any(areas.clone()));
        }
        if let Some(route) = filter.route {
            query = query.filter(service_points::route_id.eq(route));
        }
        if let Some(reader) = filter.reader {
            query = query.filter(cases::reader_id.eq(reader));
        }
        match filter.assignee {
            Some(0) => query = query.filter(cases::assignee_id.is_null()),
            Some(assignee) => query = query.filter(cases::assignee_id.eq(assignee)),
            None => {}
        }
        if let Some(stake) = filter.stake_from {
            query = query.filter(cases::stake_rank.ge(stake));
        }
        if let Some(before) = filter.before {
            query = query.filter(cases::observed_at.lt(before));
        }
        if let Some(now) = filter.overdue_at {
            query = query.filter(cases::due_at.lt(now)).filter(cases::closed_at.is_null());
        }
        let query = match (filter.order, edge) {
            (Order::Id, _) => query.filter(cases::id.gt(after)).order(cases::id.asc()),
            (Order::Stake, None) => query.order((cases::stake_rank.desc(), cases::id.desc())),
            (Order::Stake, Some((stake, _))) => {
                let equal = cases::stake_rank.eq(stake).and(cases::id.lt(after));
                let next = cases::stake_rank.lt(stake).or(equal);
                query.filter(next).order((cases::stake_rank.desc(), cases::id.desc()))
            }
            (Order::Age, None) => query.order((cases::observed_at.asc(), cases::id.asc())),
            (Order::Age, Some((_, at))) => {
                let equal = cases::observed_at.eq(at).and(cases::id.gt(after));
                let next = cases::observed_at.gt(at).or(equal);
                query.filter(next).order((cases::observed_at.asc(), cases::id.asc()))
            }
        };
        query.limit(limit).load(c)
    })
}

/// An area and all below it. Areas are few.
fn area_and_below(conn: &mut Conn, area: i64) -> QueryResult<Vec<i64>> {
    let rows: Vec<(i64, String)> = each!(conn, c => areas::table.select((areas::id, areas::path)).load(c))?;
    let Some(top) = rows.iter().find(|(id, _)| *id == area).map(|(_, path)| path.clone()) else {
        return Ok(Vec::new());
    };
    let is_in = |path: &str| path.strip_prefix(&top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    Ok(rows.into_iter().filter(|(_, path)| is_in(path)).map(|(id, _)| id).collect())
}

/// One case.
pub fn find_case(conn: &mut Conn, id: i64) -> QueryResult<Option<PlacedCase>> {
    each!(conn, c => placed!().filter(cases::id.eq(id)).first(c).optional())
}

/// Names of accounts by id.
pub fn names(conn: &mut Conn, ids: &[i64]) -> QueryResult<HashMap<i64, String>> {
    let ids: Vec<i64> = ids.to_vec();
    let rows: Vec<(i64, String)> = each!(conn, c => accounts::table
        .filter(accounts::id.eq_any(ids))
        .select((accounts::id, accounts::name))
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// A finding of a case.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = case_findings)]
#[expect(missing_docs, reason = "the fields are the columns of case_findings")]
pub struct FindingRow {
    pub rule: String,
    pub record_id: Uuid16,
    pub observed_at: i64,
    pub found_at: i64,
    pub stake: Option<i64>,
    pub evidence: String,
}

/// What was found, in order.
pub fn findings(conn: &mut Conn, case: i64) -> QueryResult<Vec<FindingRow>> {
    each!(conn, c => case_findings::table
        .filter(case_findings::case_id.eq(case))
        .order(case_findings::id)
        .select(FindingRow::as_select())
        .load(c))
}

/// A move of a case.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = case_moves)]
#[expect(missing_docs, reason = "the fields are the columns of case_moves")]
pub struct MoveRow {
    pub from_state: String,
    pub to_state: String,
    pub outcome: Option<String>,
    pub error_bp: Option<i32>,
    pub assignee_id: Option<i64>,
    pub due_at: Option<i64>,
    pub account_id: Option<i64>,
    pub cause: Option<String>,
    pub reason: String,
    pub moved_at: i64,
}

/// What was done, in order.
pub fn moves(conn: &mut Conn, case: i64) -> QueryResult<Vec<MoveRow>> {
    each!(conn, c => case_moves::table
        .filter(case_moves::case_id.eq(case))
        .order(case_moves::id)
        .select(MoveRow::as_select())
        .load(c))
}

/// How often a rule was right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RuleCount {
    /// Cases it opened.
    pub opened: i64,
    /// … still to be worked.
    pub live: i64,
    /// … that people found to be so.
    pub upheld: i64,
    /// … that people found not to be so.
    pub refuted: i64,
}

/// The counts of every rule that opened a case.
pub fn rule_counts(conn: &mut Conn) -> QueryResult<HashMap<String, RuleCount>> {
    let rows: Vec<(String, Option<String>, String, i64)> = each!(conn, c => cases::table
        .group_by((cases::rule, cases::verdict, cases::state))
        .select((cases::rule, cases::verdict, cases::state, diesel::dsl::count_star()))
        .load(c))?;
    let mut counts: HashMap<String, RuleCount> = HashMap::new();
    for (rule, verdict, state, cases) in rows {
        let count = counts.entry(rule).or_default();
        count.opened += cases;
        if meterbook::anomalies::case_life::CaseState::from_code(&state).is_some_and(|state| state.is_live()) {
            count.live += cases;
        }
        match verdict.as_deref().and_then(CaseVerdict::from_code) {
            Some(CaseVerdict::Upheld) => count.upheld += cases,
            Some(CaseVerdict::Refuted) => count.refuted += cases,
            None => {}
        }
    }
    Ok(counts)
}
