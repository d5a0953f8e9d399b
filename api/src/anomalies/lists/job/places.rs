//! The last step: the places of the month, each with the figures behind it.
//!
//! Apart from the steps before because only here the fleet comes together: scores alone, and then those meters that got a
//! place.

use super::super::figures::EntryFigures;
use super::super::packed::Member;
use super::super::store::{self, ListRow, NewEntry, Outcome};
use super::usual::each_chunk;
use super::{Phase, Progress, reckon};
use crate::App;
use crate::coverage::closing::prove::hex;
use crate::db::{Conn, StoreError};
use crate::jobs::{Apply, Done};
use crate::keys::sha256;
use crate::settings::store::rulebook;
use diesel::QueryResult;
use meterbook::anomalies::lists::month_end::{Numbered, Place, choose, grounds};
use meterbook::anomalies::lists::peers::Peers;
use meterbook::anomalies::lists::settings::ListSettings;
use meterbook::calendar::Period;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

/// A meter's number in the fleet: its chunk and its place there.
fn number(position: i32, place: usize) -> i64 {
    i64::from(position) << 32 | i64::try_from(place).unwrap_or(0)
}

/// Everything the places are given by.
struct Field {
    suspects: Vec<Numbered>,
    /// Numbers of meters that rest.
    resting: HashSet<i64>,
    settings: ListSettings,
}

fn field(conn: &mut Conn, list: i64, month: Period) -> QueryResult<Field> {
    let settings = rulebook(conn)?.lists(month);
    let meters = store::resting(conn, month, settings.rest_months)?;
    let mut resting = HashSet::new();
    if !meters.is_empty() {
        each_chunk(conn, list, |position, members| {
            let places = members.iter().enumerate().filter(|(_, member)| meters.contains(&member.meter));
            resting.extend(places.map(|(place, _)| number(position, place)));
        })?;
    }
    let mut suspects = Vec::new();
    for (position, own) in store::all_suspects(conn, list)? {
        suspects.extend(own.into_iter().map(|(place, suspect)| (number(position, place), suspect)));
    }
    Ok(Field { suspects, resting, settings })
}

/// The members that got a place, and what is usual in their groups.
fn chosen(
    conn: &mut Conn,
    list: i64,
    numbers: &HashSet<i64>,
) -> QueryResult<(HashMap<i64, Member>, HashMap<String, Peers>)> {
    let mut members = HashMap::with_capacity(numbers.len());
    each_chunk(conn, list, |position, all| {
        let wanted = all.iter().enumerate().map(|(place, member)| (number(position, place), member));
        let wanted = wanted.filter(|(number, _)| numbers.contains(number));
        members.extend(wanted.map(|(number, member)| (number, member.clone())));
    })?;
    Ok((members, store::peers_of(conn, list)?))
}

/// Gives the places and ends the list.
pub async fn rank(app: &App, list: ListRow, month: Period, progress: Progress) -> Result<Apply, StoreError> {
    debug_assert_eq!(progress.phase, Phase::Rank);
    let id = list.id;
    let field = app.store.read("read_suspects", move |conn| field(conn, id, month)).await?;
    let inputs_hash = inputs_hash(&list, &progress, &field.resting);
    let (read, ranked) = (progress.read, progress.ranked());
    let counts = ranked.clone();
    let places = reckon(move || choose(field.suspects, &field.resting, (&field.settings, read), &counts)).await?;
    let numbers: HashSet<i64> = places.iter().map(|place| place.meter).collect();
    let (members, peers) = app.store.read("read_chosen", move |conn| chosen(conn, id, &numbers)).await?;
    let entries: Vec<NewEntry> = places.iter().filter_map(|place| entry(place, &members, &peers)).collect();
    let entries_hash = entries_hash(&entries);
    let outcome = Outcome { read, ranked, inputs_hash, entries_hash, entries };
    Ok(Box::new(move |conn, now| {
        store::finish_list(conn, id, &outcome, now)?;
        Ok(Done::All)
    }))
}

fn entry(place: &Place, members: &HashMap<i64, Member>, peers: &HashMap<String, Peers>) -> Option<NewEntry> {
    let member = members.get(&place.meter)?;
    let group_key = member.group.key();
    let grounds = grounds(place.suspect.list, &member.history, peers.get(&group_key)?, member.group.cadence())?;
    Some(NewEntry {
        list: place.suspect.list,
        rank: i32::try_from(place.rank).unwrap_or(i32::MAX),
        meter: member.meter,
        point: member.point,
        observed_at: member.observed_at,
        method: place.suspect.method,
        score_micro: micro(place.suspect.score),
        rule: grounds.finding().rule.code(),
        figures: serde_json::to_string(&EntryFigures::from(&grounds)).unwrap_or_default(),
        stake: grounds.stake(),
        floor_percent: grounds.floor_percent,
        is_above_floor: grounds.is_above_floor(),
        group_key,
        member: member.to_bytes(),
    })
}

/// A score in millionths, as it is stored.
#[must_use]
pub fn micro(score: f64) -> i64 {
    (score * 1e6).round() as i64
}

/// Over all that the places rest on: the fleet, who rests, the rules, the model.
fn inputs_hash(list: &ListRow, progress: &Progress, resting: &HashSet<i64>) -> Vec<u8> {
    let mut numbers: Vec<i64> = resting.iter().copied().collect();
    numbers.sort_unstable();
    let text = format!("{}\n{}\n{}\n{numbers:?}", progress.hash, list.rules_version, list.model_version);
    sha256(text.as_bytes()).to_vec()
}

fn entries_hash(entries: &[NewEntry]) -> Vec<u8> {
    let mut text = String::new();
    for entry in entries {
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{} {} {} {} {} {} {} {}",
            entry.list.code(),
            entry.rank,
            entry.meter,
            entry.method.code(),
            entry.score_micro,
            entry.rule,
            entry.figures,
            hex(&entry.member)
        );
    }
    sha256(text.as_bytes()).to_vec()
}
