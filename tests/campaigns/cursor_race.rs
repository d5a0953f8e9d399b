//! Writers race for the feeds while followers poll: no entry is stepped over, and none comes twice (I6, I7, I8).
//!
//! Every entry is the removal of a round of its own, so that a follower can be asked for exactly what he was told.

use super::lanes::{judge, one_of};
use super::seed::{Dice, Scale, Seed};
use crate::support::{Database, SignedIn, StoreKind, World, WorldOptions};
use futures_util::future::join_all;
use meterbook::id::{AccountId, RoundId};
use meterbook_api::db::Isolation;
use meterbook_api::rounds::store::{FeedChange, announce};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

const WRITERS: usize = 8;
const FEEDS: usize = 3;

/// Appends entries to feeds chosen at random until there are enough; each transaction may touch two feeds.
async fn write(world: &World, readers: &[i64], mut dice: Dice, next: &AtomicI64, last: i64) {
    while next.load(Ordering::Relaxed) <= last {
        let count = 1 + i64::try_from(dice.below(12)).unwrap();
        let first = next.fetch_add(count, Ordering::Relaxed);
        let (reader, other) = (*one_of(&mut dice, readers), *one_of(&mut dice, readers));
        // In order of their ids, as everywhere.
        let (reader, other) = (reader.min(other), reader.max(other));
        let now = world.clock.now();
        let written = world.app.store.write("race", Isolation::RowLocks, move |conn| {
            let change = |id| FeedChange::round(RoundId(id), "removed", "reassigned");
            let changes: Vec<FeedChange> = (first..first + count).map(change).collect();
            let (mine, theirs) = changes.split_at(if reader == other { changes.len() } else { changes.len() / 2 });
            if !mine.is_empty() {
                announce(conn, AccountId(reader), mine, now)?;
            }
            if !theirs.is_empty() {
                announce(conn, AccountId(other), theirs, now)?;
            }
            Ok(())
        });
        written.await.unwrap();
    }
}

/// Where a phone stands before anybody writes.
async fn first_cursor(world: &World, phone: &SignedIn) -> String {
    let (_, first) = world.get("/v1/sync/changes", &phone.access).await;
    first["cursor"].as_str().unwrap().to_owned()
}

/// Follows a feed in a tight loop; the pages in which the entries came.
async fn follow(
    world: &World,
    phone: &SignedIn,
    mut cursor: String,
    mut dice: Dice,
    written: &AtomicBool,
) -> Vec<Vec<i64>> {
    let mut pages = Vec::new();
    loop {
        // Asked before the pull: what was written by then must be in this pull or a later one.
        let is_last = written.load(Ordering::SeqCst);
        let limit = 1 + dice.below(500);
        let (status, answer) =
            world.get(&format!("/v1/sync/changes?limit={limit}&cursor={cursor}"), &phone.access).await;
        assert_eq!((status, &answer["reset"]), (200, &serde_json::json!(false)), "{answer}");
        let removed = answer["removed"].as_array().unwrap();
        if !removed.is_empty() {
            pages.push(removed.iter().map(|entry| entry["round_id"].as_i64().unwrap()).collect());
        } else if is_last && answer["more"] == false {
            return pages;
        }
        answer["cursor"].as_str().unwrap().clone_into(&mut cursor);
    }
}

/// Versions by subject, as the database has them.
fn versions(world: &World, reader: i64) -> BTreeMap<i64, i64> {
    let sql = format!("SELECT subject || ' ' || version AS value FROM feed_entries WHERE reader_id = {reader}");
    let pair = |row: String| {
        row.split_once(' ').map(|(subject, version)| (subject.parse().unwrap(), version.parse().unwrap()))
    };
    world.database.texts(&sql).into_iter().map(|row| pair(row).unwrap()).collect()
}

async fn race(worlds: Vec<World>) {
    let seed = Seed::of("cursor_race");
    let last = Scale::told().of(20_000, 120_000);
    // The node that started last has the set-up token that counts.
    let office = worlds.last().unwrap();
    let mut phones = Vec::new();
    for _ in 0..FEEDS {
        let phone = office.reader_phone().await;
        let cursor = first_cursor(office, &phone).await;
        phones.push((phone, cursor));
    }
    let readers: Vec<i64> = phones.iter().map(|(phone, _)| phone.account).collect();
    let (next, written) = (AtomicI64::new(1_000_000), AtomicBool::new(false));
    let writer = |n: usize| write(&worlds[n % worlds.len()], &readers, seed.dice(n as u64), &next, 1_000_000 + last);
    let writers: Vec<_> = (0..WRITERS).map(writer).collect();
    let mut followers = Vec::new();
    for (phone, cursor) in &phones {
        for world in &worlds {
            let dice = seed.dice(100 + followers.len() as u64);
            followers.push(follow(world, phone, cursor.clone(), dice, &written));
        }
    }
    let write_all = async {
        join_all(writers).await;
        written.store(true, Ordering::SeqCst);
    };
    let (followed, ()) = futures_util::future::join(join_all(followers), write_all).await;
    let mut rows = 0;
    for (at, pages) in followed.iter().enumerate() {
        let known = versions(&worlds[0], readers[at / worlds.len()]);
        rows = rows.max(known.len());
        let heads: BTreeSet<i64> = known.values().copied().collect();
        assert_eq!(heads, (1..=i64::try_from(known.len()).unwrap()).collect(), "I6: the versions have gaps");
        let mut told: Vec<i64> = Vec::new();
        for page in pages {
            let mut page: Vec<i64> = page.iter().map(|subject| known[subject]).collect();
            page.sort_unstable();
            told.extend(page);
        }
        let skipped: Vec<_> = heads.difference(&told.iter().copied().collect()).copied().take(10).collect();
        assert!(skipped.is_empty(), "I7: follower {at} was never told of {skipped:?} …");
        assert!(told.is_sorted_by(|one, next| one + 1 == *next), "I8: follower {at} went backwards or was told twice");
    }
    let all = worlds[0].database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM feed_entries");
    assert!(all[0].parse::<i64>().unwrap() >= last && rows > 0);
    judge(office, office.app.config.zone.day(office.clock.now())).await;
}

fn run(kind: StoreKind, nodes: usize) {
    let Some(database) = Database::fresh(kind) else { return };
    let database = Arc::new(database);
    let worlds = (0..nodes).map(|_| World::start_another(Arc::clone(&database), WorldOptions::default())).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(race(worlds));
}

#[test]
fn no_follower_misses_an_entry_while_two_nodes_write_on_postgres() {
    run(StoreKind::Postgres, 2);
}

#[test]
fn no_follower_misses_an_entry_on_sqlite() {
    run(StoreKind::Sqlite, 1);
}
