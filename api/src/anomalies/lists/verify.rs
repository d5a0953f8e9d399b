//! Reckoning stored verdicts again: same inputs, same model, same verdict (I15).
//!
//! Why separate: it shares nothing with the job but the core, and trusts nothing but what lies beside each entry.

use super::figures::EntryFigures;
use super::job::micro;
use super::packed::Member;
use super::store::{self, EntryRow, ListRow};
use crate::db::Conn;
use diesel::QueryResult;
use meterbook::anomalies::lists::model::Model;
use meterbook::anomalies::lists::month_end::{grounds, suspect};
use meterbook::anomalies::lists::peers::Peers;
use meterbook::anomalies::lists::ranking::List;
use meterbook::calendar::Period;
use std::collections::HashMap;

/// What was looked at, and what does not come out as it is stored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Entries reckoned again.
    pub entries: usize,
    /// The ids of those that come out otherwise.
    pub wrong: Vec<i64>,
}

/// Reckons the entries of a month's lists again; `None` where that version is not made.
///
/// # Errors
/// The database's.
pub fn verify(conn: &mut Conn, month: Period, version: Option<i32>) -> QueryResult<Option<Verified>> {
    let found: Option<ListRow> = store::find_list(conn, month, version)?;
    let Some(list) = found.filter(|list| list.state == "done") else { return Ok(None) };
    let model = store::load_model(conn, list.model_id)?;
    let peers = store::peers_of(conn, list.id)?;
    let entries = store::bare_entries(conn, list.id)?;
    let wrong = entries.iter().filter(|entry| !comes_out(entry, &model, &peers).unwrap_or(false));
    Ok(Some(Verified { wrong: wrong.map(|entry| entry.id).collect(), entries: entries.len() }))
}

fn comes_out(entry: &EntryRow, model: &Model, peers: &HashMap<String, Peers>) -> Option<bool> {
    let member = Member::read(&mut entry.member.as_slice())?;
    let (peers, cadence) = (peers.get(&entry.group_key)?, member.group.cadence());
    let list = List::from_code(&entry.list)?;
    let model = Some(model).filter(|model| model.is_trained());
    let suspects = suspect(&member.history, peers, cadence, model);
    let own = suspects.iter().find(|one| one.list == list)?;
    let figures = EntryFigures::from(&grounds(list, &member.history, peers, cadence)?);
    let stored: EntryFigures = serde_json::from_str(&entry.figures).ok()?;
    let is_same_score = micro(own.score) == entry.score_micro && own.method.code() == entry.method;
    Some(is_same_score && figures == stored && figures.grounds(list).stake() == entry.stake)
}
