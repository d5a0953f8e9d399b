//! What people do with cases, written down: moves, assignment, due times. One journal, appended to alone.

use super::super::work::{event_of, tell};
use super::{CaseRow, find_case};
use crate::anomalies::store::drift_until;
use crate::db::schema::{accounts, case_moves, cases, records};
use crate::db::{Conn, Lockable, among, each};
use crate::http::to_ms;
use crate::sync::store::{LaterVerdict, announce_verdict};
use diesel::prelude::*;
use meterbook::anomalies::case_life::{
    CaseCause, CaseMove, CaseOutcome, CaseState, CaseVerdict, MoveFault, decide_move,
};
use meterbook::anomalies::{Kind, Rule};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use meterbook::webhooks::WebhookEvent;

/// What is to be done with a case.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Move it on.
    Decide(CaseMove),
    /// Give it to somebody, to nobody, or set when it is due.
    Assign {
        /// `Some(None)`: to nobody.
        assignee: Option<Option<AccountId>>,
        /// When it is due from now on.
        due_at: Option<Instant>,
    },
    /// Say something.
    Note,
}

/// Why nothing was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// No such case.
    NotFound,
    /// The move is not one.
    Move(CaseState, MoveFault),
    /// It is dismissed or resolved.
    Closed(CaseState),
    /// No such account in the office, or it is disabled.
    NoSuchAssignee,
}

/// Locks the points of some cases, in the order every transaction locks them.
pub fn lock_cases(conn: &mut Conn, ids: &[i64]) -> QueryResult<()> {
    let points: Vec<i64> = each!(conn, c => cases::table
        .filter(among(cases::id, ids))
        .select(cases::point_id)
        .distinct()
        .order(cases::point_id)
        .load(c))?;
    conn.lock(Lockable::ServicePoints, &points)
}

/// Does it, or says why not. Writes nothing where it refuses.
pub fn act(
    conn: &mut Conn,
    id: i64,
    action: &Action,
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<Result<(), Refusal>> {
    let Some((row, _)) = find_case(conn, id)? else { return Ok(Err(Refusal::NotFound)) };
    conn.lock(Lockable::ServicePoints, &[row.point_id])?;
    // What stood before the lock may have been moved by a push meanwhile.
    let Some((row, _)) = find_case(conn, id)? else { return Ok(Err(Refusal::NotFound)) };
    let from = CaseState::from_code(&row.state).unwrap_or(CaseState::Open);
    match action {
        Action::Decide(asked) => decide(conn, &row, from, asked, by, reason, now),
        Action::Assign { .. } | Action::Note if !from.is_live() => Ok(Err(Refusal::Closed(from))),
        Action::Assign { assignee, due_at } => assign(conn, &row, (*assignee, *due_at), by, reason, now),
        Action::Note => {
            let written = Written { to: from, ..Written::by(by, reason) };
            write_move(conn, id, from, &written, now).map(Ok)
        }
    }
}

fn decide(
    conn: &mut Conn,
    row: &CaseRow,
    from: CaseState,
    asked: &CaseMove,
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<Result<(), Refusal>> {
    let kind = Rule::from_code(&row.rule).map_or(Kind::Reading, |rule| rule.entry().kind);
    let verdict = match decide_move(from, kind, asked) {
        Ok(verdict) => verdict,
        Err(fault) => return Ok(Err(Refusal::Move(from, fault))),
    };
    // I4 is summed anew from the repair on.
    let drift = match asked.outcome {
        Some(CaseOutcome::Repaired) => drift_until(conn, row.point_id, row.meter_id, now)?,
        _ => None,
    };
    let (outcome, error_bp) = (asked.outcome, asked.error_bp);
    let written = Written { to: asked.to, outcome, error_bp, verdict, drift, ..Written::by(by, reason) };
    write_move(conn, row.id, from, &written, now)?;
    tell_phone(conn, row, asked.to, now)?;
    Ok(Ok(()))
}

/// Tells the phone whose record opened the case what was decided.
fn tell_phone(conn: &mut Conn, row: &CaseRow, to: CaseState, now: Instant) -> QueryResult<()> {
    let sent: Option<(Option<i64>, Option<i64>)> = each!(conn, c => records::table
        .find(row.record_id)
        .select((records::reader_id, records::device_id))
        .first(c)
        .optional())?;
    let Some((Some(reader), Some(device))) = sent else { return Ok(()) };
    let verdict = LaterVerdict { state: to.code(), flags: &[], cases: &[&row.rule] };
    announce_verdict(conn, AccountId(reader), DeviceId(device), row.record_id.0, verdict, now)
}

fn assign(
    conn: &mut Conn,
    row: &CaseRow,
    (assignee, due_at): (Option<Option<AccountId>>, Option<Instant>),
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<Result<(), Refusal>> {
    if let Some(Some(assignee)) = assignee {
        let known: Option<Option<i64>> = each!(conn, c => accounts::table
            .find(assignee.0)
            .select(accounts::disabled_at)
            .first(c)
            .optional())?;
        if known != Some(None) {
            return Ok(Err(Refusal::NoSuchAssignee));
        }
    }
    let assignee_id = assignee.map_or(row.assignee_id, |assignee| assignee.map(|account| account.0));
    let due = due_at.map(to_ms).or(row.due_at);
    let change = (cases::assignee_id.eq(assignee_id), cases::due_at.eq(due), cases::changed_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(cases::table.find(row.id)).set(change).execute(c))?;
    let journal = (
        case_moves::case_id.eq(row.id),
        case_moves::from_state.eq(&row.state),
        case_moves::to_state.eq(&row.state),
        case_moves::assignee_id.eq(assignee_id),
        case_moves::due_at.eq(due),
        case_moves::account_id.eq(by.0),
        case_moves::reason.eq(reason),
        case_moves::moved_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(case_moves::table).values(journal).execute(c))?;
    tell(conn, WebhookEvent::CaseAssigned, row.id, now).map(Ok)
}

/// One move as it is written down.
pub struct Written<'w> {
    /// Where to.
    pub to: CaseState,
    /// What came of it.
    pub outcome: Option<CaseOutcome>,
    /// What a bench measured.
    pub error_bp: Option<i32>,
    /// What it says of the rule.
    pub verdict: Option<CaseVerdict>,
    /// Who; `None`: a rule.
    pub by: Option<AccountId>,
    /// Why, where it is a rule's.
    pub cause: Option<CaseCause>,
    /// Why, in words; of a rule, the record that answered.
    pub reason: &'w str,
    /// Σ(dM − dE) at a repair.
    pub drift: Option<i64>,
}

impl<'w> Written<'w> {
    const fn by(account: AccountId, reason: &'w str) -> Self {
        Self {
            to: CaseState::Open,
            outcome: None,
            error_bp: None,
            verdict: None,
            by: Some(account),
            cause: None,
            reason,
            drift: None,
        }
    }
}

/// Writes a move, and what the case is then.
pub fn write_move(conn: &mut Conn, id: i64, from: CaseState, written: &Written<'_>, now: Instant) -> QueryResult<()> {
    let journal = (
        case_moves::case_id.eq(id),
        case_moves::from_state.eq(from.code()),
        case_moves::to_state.eq(written.to.code()),
        case_moves::outcome.eq(written.outcome.map(CaseOutcome::code)),
        case_moves::error_bp.eq(written.error_bp),
        case_moves::account_id.eq(written.by.map(|account| account.0)),
        case_moves::cause.eq(written.cause.map(CaseCause::code)),
        case_moves::reason.eq(written.reason),
        case_moves::moved_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(case_moves::table).values(journal).execute(c))?;
    if from == written.to {
        let change = cases::changed_at.eq(to_ms(now));
        return each!(conn, c => diesel::update(cases::table.find(id)).set(change).execute(c)).map(drop);
    }
    let closed_at = (!written.to.is_live()).then(|| to_ms(now));
    let change = (
        cases::state.eq(written.to.code()),
        cases::outcome.eq(written.outcome.map(CaseOutcome::code)),
        cases::error_bp.eq(written.error_bp),
        cases::closed_at.eq(closed_at),
        cases::changed_at.eq(to_ms(now)),
        cases::drift_at_close.eq(written.drift),
    );
    each!(conn, c => diesel::update(cases::table.find(id)).set(change).execute(c))?;
    if let Some(verdict) = written.verdict {
        let change = cases::verdict.eq(verdict.code());
        each!(conn, c => diesel::update(cases::table.find(id)).set(change).execute(c))?;
    }
    tell(conn, event_of(written.to), id, now)
}
