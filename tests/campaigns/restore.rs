//! Yesterday's backup, made under load, is all there is after a disaster. The restored data have a new epoch; every phone
//! begins anew, offers what it holds and pushes again what is missing; some need a new sign-in first. In the end nothing that a
//! phone holds is lost, though the backup lacked it (PROTOCOL, "Push"; I1, I2, I4, I5, I6, I7).

use super::follower::Follower;
use super::lanes::{Lane, build, envelope, hours, judge, reading};
use super::seed::{Dice, Scale, Seed};
use crate::support::{Database, PASSWORD, SignedIn, StoreKind, World, WorldOptions};
use chrono::{DateTime, Utc};
use futures_util::future::{join, join_all};
use meterbook_api::backup::{Lock, Sources, back_up, restore};
use meterbook_api::config::Config;
use meterbook_api::db::DatabaseUrl;
use meterbook_client::canonical;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

const POINTS: [&str; 12] = ["residential_outdoor"; 12];

/// A record as its phone keeps it: with the time it was last sent, so that it can tell what to offer.
struct Kept {
    item: Value,
    sent_at: Option<DateTime<Utc>>,
    is_settled: bool,
}

struct Phone {
    lane: Lane,
    tokens: SignedIn,
    follower: Follower,
    kept: Vec<Kept>,
}

impl Phone {
    /// Reads some meters; now and then something that can't be right.
    fn note(&mut self, world: &World, count: usize, dice: &mut Dice) {
        for _ in 0..count {
            let seq = self.kept.len() + 1;
            let point = self.lane.points[seq % self.lane.points.len()];
            let mut item = reading(i64::try_from(seq).unwrap(), point, world.clock.now(), 1010);
            if dice.percent(10) {
                item["index"] = json!(-1000);
            }
            self.kept.push(Kept { item, sent_at: None, is_settled: false });
        }
    }

    /// Pushes what is owed in small batches.
    async fn push(&mut self, world: &World) {
        let owed: Vec<usize> = (0..self.kept.len()).filter(|at| !self.kept[*at].is_settled).collect();
        for batch in owed.chunks(4) {
            let items: Vec<Value> = batch.iter().map(|at| self.kept[*at].item.clone()).collect();
            let now = world.clock.now();
            let (status, answer) = world.post("/v1/sync/records", &self.tokens.access, &envelope(now, &items)).await;
            assert_eq!(status, 200, "{answer}");
            for (at, item) in batch.iter().zip(answer["items"].as_array().unwrap()) {
                assert!(["accepted", "duplicate", "rejected"].contains(&item["outcome"].as_str().unwrap()), "{item}");
                self.kept[*at].sent_at = Some(now);
                self.kept[*at].is_settled = true;
            }
        }
    }

    /// A session the restored data do not know is dead; the outbox is not. `true`: it needed a new activation code.
    async fn sign_in_again(&mut self, world: &World, office: &SignedIn) -> bool {
        let (status, tokens) = world.refresh(&self.tokens.refresh).await;
        if status == 200 {
            self.tokens = SignedIn::of(&tokens);
            return false;
        }
        assert_eq!(status, 401, "{tokens}");
        let wanted = json!({"account_id": self.tokens.account, "device_id": self.tokens.device});
        let (status, answer) = world.post("/v1/devices/activation-codes", &office.access, &wanted).await;
        assert_eq!(status, 201, "{answer}");
        let asked =
            json!({"code": answer["code"], "label": "华为", "platform": "android", "device_id": self.tokens.device});
        let (status, tokens) = world.post("/v1/auth/activate", "", &asked).await;
        assert_eq!((status, tokens["device_id"].as_i64()), (201, self.tokens.device), "{tokens}");
        self.tokens = SignedIn::of(&tokens);
        true
    }

    /// After a reset: offers what was sent since, and owes again what is missing. How much that is.
    async fn offer(&mut self, world: &World, since: DateTime<Utc>) -> usize {
        let is_due = |kept: &Kept| kept.sent_at.is_some_and(|sent| sent >= since);
        let ids: Vec<String> = self
            .kept
            .iter()
            .filter(|kept| is_due(kept))
            .map(|kept| kept.item["id"].as_str().unwrap().to_owned())
            .collect();
        let mut missing = BTreeSet::new();
        for ids in ids.chunks(50) {
            let (status, answer) = world.post("/v1/sync/offer", &self.tokens.access, &json!({ "ids": ids })).await;
            assert_eq!(status, 200, "{answer}");
            missing.extend(answer["missing"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
        }
        for kept in &mut self.kept {
            if missing.contains(kept.item["id"].as_str().unwrap()) {
                kept.is_settled = false;
            }
        }
        missing.len()
    }

    /// The first pull after the restore: everything anew, and since when records are to be offered.
    async fn meet_new_epoch(&mut self, world: &World, before: &str) -> DateTime<Utc> {
        let cursor = self.follower.cursor.take().unwrap();
        let (status, answer) = world.get(&format!("/v1/sync/changes?cursor={cursor}"), &self.tokens.access).await;
        assert_eq!((status, &answer["reset"]), (200, &json!(true)), "{answer}");
        assert_ne!(answer["epoch"], before);
        let since = answer["reoffer_since"].as_str().unwrap_or_else(|| panic!("no reoffer_since in {answer}"));
        DateTime::parse_from_rfc3339(since).unwrap().to_utc()
    }
}

async fn note_and_push(world: &World, phones: &mut [Phone], times: usize, seed: Seed) {
    let days = phones.iter_mut().enumerate().map(|(n, phone)| async move {
        let mut dice = seed.dice(n as u64);
        for _ in 0..times {
            phone.note(world, 6, &mut dice);
            phone.push(world).await;
        }
    });
    join_all(days.collect::<Vec<_>>()).await;
}

async fn next_day(world: &World, phones: &mut [Phone], later: i64) {
    world.advance(hours(later));
    for phone in phones {
        let (status, tokens) = world.refresh(&phone.tokens.refresh).await;
        assert_eq!(status, 200, "{tokens}");
        phone.tokens = SignedIn::of(&tokens);
    }
}

/// The backup, on a thread of its own as the command makes it.
async fn make_backup(world: &World) -> PathBuf {
    let (database, key_file) = (DatabaseUrl::parse(&world.database.url), world.database.dir.join("keys.json"));
    let (keys, now) = (Arc::clone(&world.app.keys), world.clock.now());
    let path = world.database.dir.join("yesterday.backup");
    let file = path.clone();
    let made = tokio::task::spawn_blocking(move || {
        let lock = Lock::Keys(keys);
        back_up(&Sources { database: &database, key_file: &key_file, lock: &lock }, &file, now).map(drop)
    });
    made.await.unwrap().unwrap();
    path
}

/// A machine with nothing but the key file, and the backup brought into it.
fn rebuild(config: &Config, world: &World, backup: &std::path::Path) -> Option<Arc<Database>> {
    let database = Database::empty(world.database.kind)?;
    std::fs::copy(world.database.dir.join("keys.json"), database.dir.join("keys.json")).unwrap();
    let config = Config {
        data_dir: database.dir.clone(),
        database: DatabaseUrl::parse(&database.url),
        keys: database.dir.join("keys.json"),
        ..config.clone()
    };
    let (lock, now) = (Lock::Keys(Arc::clone(&world.app.keys)), world.clock.now());
    std::thread::scope(|scope| scope.spawn(|| restore(&config, &lock, backup, now).map(drop)).join().unwrap()).unwrap();
    Some(Arc::new(database))
}

async fn disaster(world: World) {
    let seed = Seed::of("restore");
    let lanes = build(&world, Scale::told().of(6, 40), &POINTS).await;
    let mut phones: Vec<Phone> = lanes
        .into_iter()
        .map(|lane| Phone { tokens: lane.phone.clone(), lane, follower: Follower::default(), kept: Vec::new() })
        .collect();
    note_and_push(&world, &mut phones, 2, seed).await;
    next_day(&world, &mut phones, 20).await;
    let (backup, ()) = join(make_backup(&world), note_and_push(&world, &mut phones, 6, seed)).await;
    // The phones that sync after the backup renew their sign-in; the others do not know of the disaster to come.
    world.advance(hours(4));
    let (busy, _) = phones.split_at_mut(4);
    next_day(&world, busy, 0).await;
    note_and_push(&world, busy, 3, seed).await;
    for phone in busy {
        phone.follower.pull(&world, &phone.tokens, 500).await;
    }
    let (epoch, later) = (world.epoch().await, world.clock.now() + hours(1));
    let Some(database) = rebuild(&world.app.config, &world, &backup) else { return };
    drop(world);
    let world = World::start_another(database, WorldOptions::default());
    world.clock.set(later);
    assert_ne!(world.epoch().await, epoch);
    recover(&world, &mut phones, &epoch).await;
    assert_nothing_is_lost(&world, &phones).await;
}

async fn recover(world: &World, phones: &mut [Phone], epoch: &str) {
    let (status, office) = world.try_sign_in("admin", PASSWORD).await;
    assert_eq!(status, 200, "{office}");
    let office = SignedIn::of(&office);
    let (mut dead, mut missing) = (0, 0);
    for phone in phones.iter_mut() {
        dead += usize::from(phone.sign_in_again(world, &office).await);
        if phone.follower.cursor.is_some() {
            let since = phone.meet_new_epoch(world, epoch).await;
            missing += phone.offer(world, since).await;
        } else {
            // One that had no cursor yet learns nothing of an epoch; it offers all it holds.
            missing += phone.offer(world, DateTime::UNIX_EPOCH).await;
        }
    }
    println!("{dead} phones needed a new activation code, {missing} records were missing");
    assert!(missing > 0, "the backup lacked nothing");
    // All at once, as on the morning after.
    join_all(phones.iter_mut().map(|phone| phone.push(world))).await;
}

/// Every record of every phone is there once, byte by byte, as a record or aside; and nothing else is.
async fn assert_nothing_is_lost(world: &World, phones: &[Phone]) {
    let stored = world.database.texts("SELECT body AS value FROM records");
    let aside = world.database.texts("SELECT DISTINCT body AS value FROM quarantine");
    let there: BTreeSet<&String> = stored.iter().chain(&aside).collect();
    assert_eq!(there.len(), stored.len() + aside.len(), "I1: twice");
    let made: Vec<String> = phones.iter().flat_map(|phone| &phone.kept).map(|kept| canonical(&kept.item)).collect();
    let lost: Vec<&String> = made.iter().filter(|body| !there.contains(body)).collect();
    assert!(lost.is_empty(), "{} records are lost: {:?}", lost.len(), lost.first());
    assert_eq!(there.len(), made.len(), "I4: records nobody made");
    let admin = world.sign_in("admin").await.access;
    let (_, devices) = world.get("/v1/devices?limit=500", &admin).await;
    for device in devices["items"].as_array().unwrap() {
        let Some(phone) = phones.iter().find(|phone| phone.tokens.device == device["id"].as_i64()) else { continue };
        let arrived = (device["highest_contiguous_seq"].as_u64(), &device["missing_seqs"]);
        assert_eq!(arrived, (Some(phone.kept.len() as u64), &json!([])), "its numbers have gaps: {device}");
    }
    for phone in phones {
        let mut follower = Follower::default();
        while follower.pull(world, &phone.tokens, 7).await {}
        follower.assert_is_up_to_date(world, &phone.tokens).await;
    }
    judge(world, world.app.config.zone.day(world.clock.now())).await;
}

#[test]
fn after_a_restore_phones_bring_back_what_the_backup_lacked_on_sqlite() {
    crate::support::run(StoreKind::Sqlite, disaster);
}

#[test]
fn after_a_restore_phones_bring_back_what_the_backup_lacked_on_postgres() {
    crate::support::run(StoreKind::Postgres, disaster);
}
