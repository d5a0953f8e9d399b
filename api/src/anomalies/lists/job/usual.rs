//! What is usual in each peer group, from a sample of its members that never grows beyond memory.
//!
//! Apart from the steps because the sample is the one place where many meters are held at once: some hundreds of a group say
//! as much about what is usual as all of them, evenly chosen by their order.

use super::super::packed::{Group, Member};
use super::super::store::chunks_from;
use super::super::threads::in_parallel;
use crate::db::Conn;
use diesel::QueryResult;
use meterbook::anomalies::lists::history::History;
use meterbook::anomalies::lists::month_end;
use meterbook::anomalies::lists::peers::Peers;
use meterbook::anomalies::lists::window::Cadence;
use meterbook::meters::Class;
use std::collections::BTreeMap;

/// Members of a group that are looked at.
const OF_A_GROUP: usize = 400;
/// Members of a class, and of all meters read as often, that are.
const OF_A_CLASS: usize = 4_000;
/// Chunks held at once.
const AT_ONCE: i64 = 5;

/// Some of each group, and how many it has.
pub type Sample = BTreeMap<Group, (usize, Vec<History>)>;

/// Goes over a list's chunks.
pub fn each_chunk(conn: &mut Conn, list: i64, mut look: impl FnMut(i32, &[Member])) -> QueryResult<()> {
    let mut from = 0;
    loop {
        let chunks = chunks_from(conn, list, from, AT_ONCE)?;
        let Some((last, _)) = chunks.last() else { return Ok(()) };
        from = last + 1;
        chunks.iter().for_each(|(position, members)| look(*position, members));
    }
}

/// Every so manieth of each group, so that none gives more than its share of memory.
pub fn sample(conn: &mut Conn, list: i64) -> QueryResult<Sample> {
    let mut counts: BTreeMap<Group, usize> = BTreeMap::new();
    each_chunk(conn, list, |_, members| {
        members.iter().for_each(|member| *counts.entry(member.group).or_default() += 1);
    })?;
    let mut seen: BTreeMap<Group, usize> = BTreeMap::new();
    let mut sample = Sample::new();
    each_chunk(conn, list, |_, members| {
        for member in members {
            let count = counts.get(&member.group).copied().unwrap_or(0);
            let at = seen.entry(member.group).or_default();
            if at.is_multiple_of(count.div_ceil(OF_A_GROUP).max(1)) {
                sample.entry(member.group).or_insert((count, Vec::new())).1.push(member.history.clone());
            }
            *at += 1;
        }
    })?;
    Ok(sample)
}

/// What is usual in each group, seen against its class, and that against all that are read as often.
pub fn peers(sample: &Sample) -> Vec<(String, i64, Peers)> {
    let some_of = |is_meant: &dyn Fn(&Group) -> bool| -> Vec<History> {
        let meant: Vec<&History> =
            sample.iter().filter(|(group, _)| is_meant(group)).flat_map(|(_, (_, members))| members).collect();
        let every = meant.len().div_ceil(OF_A_CLASS).max(1);
        meant.into_iter().step_by(every).cloned().collect()
    };
    let all =
        Cadence::ALL.map(|cadence| month_end::usual(&some_of(&|group| group.cadence() == cadence), cadence, None));
    let of_class = Class::ALL.map(|class| {
        let cadence = Cadence::of(class);
        month_end::usual(&some_of(&|group| group.class == class), cadence, Some(&all[cadence as usize]))
    });
    let groups: Vec<_> = sample.iter().collect();
    in_parallel(&groups, |(group, (count, members))| {
        let peers = month_end::usual(members, group.cadence(), Some(&of_class[group.class as usize]));
        (group.key(), i64::try_from(*count).unwrap_or(i64::MAX), peers)
    })
}
