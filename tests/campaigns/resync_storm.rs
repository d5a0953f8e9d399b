//! Every phone begins anew at once: all have lost their cursors, or the epoch has changed. Each is answered, within the
//! published limits, while pushes go on; afterwards each holds what its reader holds (I7, I8, I10).

use super::fleet::ACTIVATIONS;
use super::follower::{Follower, push_patiently};
use super::lanes::{Lane, build, envelope, judge, one_of, reading};
use super::notebooks::Notebooks;
use super::seed::{Scale, Seed};
use crate::support::{Database, SignedIn, StoreKind, World, WorldOptions};
use futures_util::future::{join, join_all};
use std::sync::Arc;

const POINTS: [&str; 10] = ["residential_outdoor"; 10];

struct Phone {
    lane: usize,
    tokens: SignedIn,
    follower: Follower,
}

/// All pull at once, each from the node it happens on.
async fn all_pull(worlds: &[World], phones: &mut [Phone], seed: Seed) {
    let pulls = phones.iter_mut().enumerate().map(|(n, phone)| async move {
        let mut dice = seed.dice(n as u64);
        let world = one_of(&mut dice, worlds);
        phone.follower.catch_up(world, &phone.tokens, &mut dice).await;
    });
    join_all(pulls.collect::<Vec<_>>()).await;
}

/// One reading of each lane, pushed while the storm blows.
async fn push_one_of_each(worlds: &[World], lanes: &[Lane], number: usize, books: &Notebooks) {
    let pushes = lanes.iter().enumerate().map(|(at, lane)| async move {
        let world = &worlds[at % worlds.len()];
        let record = reading(i64::try_from(number + 1).unwrap(), lane.points[number], world.clock.now(), 1010);
        let answer = push_patiently(world, &lane.phone, &envelope(world.clock.now(), &[record]), books).await;
        assert_eq!(answer["items"][0]["outcome"], "accepted", "{answer}");
    });
    join_all(pushes).await;
}

async fn assert_all_up_to_date(worlds: &[World], phones: &mut [Phone], seed: Seed, resets: usize) {
    all_pull(worlds, phones, seed).await;
    let mut checked = std::collections::BTreeSet::new();
    let epoch = worlds[0].epoch().await;
    for phone in phones {
        assert_eq!(phone.follower.resets, resets, "I8: a phone of lane {} began anew", phone.lane);
        assert_eq!(phone.follower.epoch, epoch);
        // The phones of a lane have seen the same; comparing each would take the storm's own time again.
        if checked.insert(phone.lane) {
            phone.follower.assert_is_up_to_date(&worlds[0], &phone.tokens).await;
        } else {
            assert_eq!(phone.follower.round_ids().len(), 1);
        }
    }
}

fn start(database: &Arc<Database>, nodes: usize) -> Vec<World> {
    (0..nodes).map(|_| World::start_another(Arc::clone(database), WorldOptions::default())).collect()
}

async fn storm(database: Arc<Database>, nodes: usize) {
    let (seed, books) = (Seed::of("resync_storm"), Notebooks::default());
    // As many as one node activates in a row, those of the lanes among them.
    let (count, each) = Scale::told().of((8, 8), (40, ACTIVATIONS / 40 - 1));
    let worlds = start(&database, nodes);
    let office = worlds.last().unwrap();
    let lanes = build(office, count, &POINTS).await;
    let mut phones = Vec::new();
    for (lane, held) in lanes.iter().enumerate() {
        for _ in 0..each {
            let tokens = office.phone_of(held.phone.account).await;
            phones.push(Phone { lane, tokens, follower: Follower::default() });
        }
    }
    all_pull(&worlds, &mut phones, seed).await;
    push_one_of_each(&worlds, &lanes, 0, &books).await;
    assert_all_up_to_date(&worlds, &mut phones, seed, 1).await;

    for phone in &mut phones {
        phone.follower.cursor = None;
    }
    join(all_pull(&worlds, &mut phones, seed), push_one_of_each(&worlds, &lanes, 1, &books)).await;
    assert_all_up_to_date(&worlds, &mut phones, seed, 2).await;

    // Under running nodes: none of them may go on telling the epoch it started with.
    let before = worlds[0].epoch().await;
    change_epoch(&database);
    for world in &worlds {
        assert_ne!(world.epoch().await, before);
    }
    join(all_pull(&worlds, &mut phones, seed), push_one_of_each(&worlds, &lanes, 2, &books)).await;
    assert_all_up_to_date(&worlds, &mut phones, seed, 3).await;
    books.judge(&database);
    judge(&worlds[0], worlds[0].app.config.zone.day(worlds[0].clock.now())).await;
}

/// What a restore does to the cursors that are out there.
fn change_epoch(database: &Database) {
    let epoch = uuid::Uuid::now_v7();
    let literal = match database.kind {
        StoreKind::Sqlite => format!("x'{}'", epoch.simple()),
        StoreKind::Postgres => format!("'{epoch}'"),
    };
    database.execute(&format!("UPDATE instance SET epoch = {literal}")).unwrap();
}

fn run(kind: StoreKind, nodes: usize) {
    let Some(database) = Database::fresh(kind) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(storm(Arc::new(database), nodes));
}

#[test]
fn phones_that_all_begin_anew_are_all_answered_by_two_postgres_nodes() {
    run(StoreKind::Postgres, 2);
}

#[test]
fn phones_that_all_begin_anew_are_all_answered_on_sqlite() {
    run(StoreKind::Sqlite, 1);
}
