//! Dispatchers hand rounds from reader to reader while phones push what they recorded offline: every true observation is kept
//! and marked, each meter counts once, and each phone ends with the rounds its reader holds (I1, I5, I6, I7, I10).

use super::follower::{Follower, push_patiently};
use super::lanes::{Lane, build, dispatcher, envelope, judge, one_of, reading};
use super::notebooks::Notebooks;
use super::seed::{Dice, Scale, Seed};
use crate::support::{Database, SignedIn, StoreKind, World, WorldOptions};
use futures_util::future::{join, join_all};
use meterbook::coverage::Bucket;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Ten points in a lane; two stay unread, so that no round is done and can't be handed on.
const POINTS: [&str; 10] = ["residential_outdoor"; 10];
const READ_OFFLINE: usize = 8;

async fn assign(world: &World, token: &str, round: i64, reader: i64) {
    for _ in 0..10 {
        let (status, answer) =
            world.post(&format!("/v1/rounds/{round}/assign"), token, &json!({"reader_id": reader})).await;
        if status == 200 {
            return;
        }
        assert_eq!((status, &answer["retryable"]), (503, &json!(true)), "{answer}");
    }
    panic!("round {round} can't be handed on");
}

/// A dispatcher who can't make up his mind.
async fn reassign(worlds: &[World], token: &str, lanes: &[Lane], times: usize, mut dice: Dice) {
    for _ in 0..times {
        let (lane, reader) = (one_of(&mut dice, lanes), one_of(&mut dice, lanes).phone.account);
        assign(one_of(&mut dice, worlds), token, lane.round, reader).await;
    }
}

/// A phone back in the network: it pushes in small batches, some of them twice, and pulls in between.
async fn come_back(worlds: &[World], lane: &Lane, records: &[Value], books: &Notebooks, mut dice: Dice) -> Follower {
    let (mut follower, mut at) = (Follower::default(), 0);
    while at < records.len() {
        let end = records.len().min(at + 1 + usize::try_from(dice.below(3)).unwrap());
        let times = if dice.percent(30) { &["accepted", "duplicate"][..] } else { &["accepted"] };
        for wanted in times {
            let world = one_of(&mut dice, worlds);
            let envelope = envelope(world.clock.now(), &records[at..end]);
            let answer = push_patiently(world, &lane.phone, &envelope, books).await;
            let outcomes = answer["items"].as_array().unwrap();
            assert!(outcomes.iter().all(|item| item["outcome"] == *wanted), "{answer}");
        }
        at = end;
        follower.pull(one_of(&mut dice, worlds), &lane.phone, 1 + dice.below(20)).await;
    }
    follower
}

/// Who has ever held each round, and who holds it now.
fn holders(world: &World) -> BTreeMap<i64, (BTreeSet<i64>, i64)> {
    let rows = world.database.texts(
        "SELECT h.round_id || ' ' || h.reader_id || ' ' || r.reader_id AS value FROM round_holders h JOIN rounds r ON r.id = h.round_id",
    );
    let mut found: BTreeMap<i64, (BTreeSet<i64>, i64)> = BTreeMap::new();
    for row in rows {
        let fields: Vec<i64> = row.split(' ').map(|field| field.parse().unwrap()).collect();
        let entry = found.entry(fields[0]).or_insert_with(|| (BTreeSet::new(), fields[2]));
        entry.0.insert(fields[1]);
    }
    found
}

/// When it is calm again: a holder's records bear no mark, a former one's do, a stranger's are refused and kept aside.
async fn everybody_once_more(world: &World, lanes: &[Lane], books: &Notebooks) -> usize {
    let mut seqs: BTreeMap<i64, i64> = lanes.iter().map(|lane| (lane.phone.account, READ_OFFLINE as i64)).collect();
    let holders = holders(world);
    let mut accepted = 0;
    for lane in lanes {
        let (ever, holder) = &holders[&lane.round];
        for other in lanes {
            let reader = other.phone.account;
            let seq = seqs.entry(reader).or_default();
            *seq += 1;
            let record = reading(*seq, lane.points[READ_OFFLINE], world.clock.now(), 1020);
            let answer = push_patiently(world, &other.phone, &envelope(world.clock.now(), &[record]), books).await;
            let item = &answer["items"][0];
            if !ever.contains(&reader) {
                assert_eq!((&item["outcome"], &item["code"]), (&json!("rejected"), &json!("not_your_stop")), "{item}");
                continue;
            }
            accepted += 1;
            let is_marked = item["flags"].as_array().unwrap().contains(&json!("after_reassignment"));
            assert_eq!((&item["outcome"], is_marked), (&json!("accepted"), reader != *holder), "{item}");
        }
    }
    accepted
}

async fn storm(worlds: Vec<World>) {
    let (seed, books) = (Seed::of("reassignment_storm"), Notebooks::default());
    let (count, times) = Scale::told().of((6, 60), (24, 800));
    let office = worlds.last().unwrap();
    let lanes = build(office, count, &POINTS).await;
    let now = office.clock.now();
    let outbox = |lane: &Lane| -> Vec<Value> {
        let points = lane.points.iter().take(READ_OFFLINE).enumerate();
        points.map(|(at, point)| reading(i64::try_from(at + 1).unwrap(), *point, now, 1010)).collect()
    };
    let outboxes: Vec<Vec<Value>> = lanes.iter().map(outbox).collect();
    let token = dispatcher(office).await.access;
    let dispatchers: Vec<_> =
        (0..2).map(|n| reassign(&worlds, &token, &lanes, times / 2, seed.dice(1000 + n))).collect();
    let mut phones = Vec::new();
    for (n, lane) in (0..).zip(&lanes) {
        phones.push(come_back(&worlds, lane, &outboxes[phones.len()], &books, seed.dice(n)));
    }
    let (_, mut followers) = join(join_all(dispatchers), join_all(phones)).await;
    let more = everybody_once_more(office, &lanes, &books).await;
    let mut dice = seed.dice(2000);
    for (lane, follower) in lanes.iter().zip(&mut followers) {
        follower.catch_up(office, &lane.phone, &mut dice).await;
        follower.assert_is_up_to_date(office, &lane.phone).await;
        assert_eq!(follower.resets, 1, "a follower was thrown back");
    }
    let stored = office.database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM records");
    assert_eq!(stored[0], (lanes.len() * READ_OFFLINE + more).to_string(), "I1, I4");
    assert_counted_once(office, &lanes);
    books.judge(&office.database);
    judge(office, office.app.config.zone.day(now)).await;
    strangers_pull_nothing(office, &office.reader_phone().await).await;
}

/// Points that several readers read are seen once (DOMAIN 3).
fn assert_counted_once(world: &World, lanes: &[Lane]) {
    let seen = format!(
        "SELECT coalesce(sum(points), 0) || '' AS value FROM coverage_counters
         WHERE period = 202603 AND figure = {} AND class = 'residential_outdoor'",
        Bucket::Seen.number()
    );
    assert_eq!(world.database.texts(&seen)[0], (lanes.len() * (READ_OFFLINE + 1)).to_string());
}

async fn strangers_pull_nothing(world: &World, stranger: &SignedIn) {
    let mut follower = Follower::default();
    follower.pull(world, stranger, 500).await;
    assert!(follower.round_ids().is_empty(), "I10: a stranger holds a round");
}

fn run(kind: StoreKind, nodes: usize) {
    let Some(database) = Database::fresh(kind) else { return };
    let database = Arc::new(database);
    let worlds = (0..nodes).map(|_| World::start_another(Arc::clone(&database), WorldOptions::default())).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(storm(worlds));
}

#[test]
fn rounds_that_change_hands_while_phones_push_lose_nothing_on_two_postgres_nodes() {
    run(StoreKind::Postgres, 2);
}

#[test]
fn rounds_that_change_hands_while_phones_push_lose_nothing_on_sqlite() {
    run(StoreKind::Sqlite, 1);
}
