//! The disk under SQLite answers with errors, in earnest: a small library, preloaded into the server, lets its writes or its
//! syncs fail. Reading goes on, nothing is acknowledged that is not on disk, and the work is taken up without a restart.

use super::fleet::{Fleet, FleetPlan};
use super::holdings::Holdings;
use super::invariants::{assert_kept, judge_unchanged};
use super::node::Node;
use super::seed::Seed;
use super::town::Town;
use crate::support::tools::{TESTS, run};
use crate::support::{Database, StoreKind};
use chrono::Utc;
use meterbook_client::{Ask, no_sleeper};
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const PHONES: usize = 6;

/// The library, made of `failing_disk.c`.
fn library(database: &Database) -> PathBuf {
    let (source, made) = (PathBuf::from(TESTS).join("campaigns/failing_disk.c"), database.dir.join("failing_disk.so"));
    run(Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&made).arg(source).arg("-ldl"));
    made
}

/// The fleet meets a disk on which this fails with that error, twice; at the second time the server is killed over it.
async fn meet(campaign: &str, what: char, error: i32) {
    let seed = Seed::of(campaign);
    let Some(database) = Database::fresh(StoreKind::Sqlite) else { return };
    let database = Arc::new(database);
    let trouble = database.dir.join("trouble");
    let preloaded = [("LD_PRELOAD", library(&database)), ("METERBOOK_TROUBLE", trouble.clone())];
    let (mut node, token) = Node::start_with(&database, None, &preloaded);
    let town = Town::found(&node, &token.unwrap(), 3, 40).await;
    let plan = FleetPlan { sleeper: no_sleeper(), ..FleetPlan::of(PHONES) };
    let mut fleet = Fleet::recruit(&mut node, &town, plan, seed).await;
    for member in &mut fleet.members {
        member.note(5, town.nobodys_point);
        member.push().await;
        assert_eq!(member.phone.count_owed().unwrap(), 0);
    }
    let before = Holdings::read(&database);
    for is_killed in [false, true] {
        std::fs::write(&trouble, format!("{what}{error}")).unwrap();
        put_off(&mut fleet, &town).await;
        if is_killed {
            node.kill();
        }
        std::fs::remove_file(&trouble).unwrap();
        if is_killed {
            node.start_again();
        }
        // What had been acknowledged is there as it was; what had not may be, where only its sync had failed.
        assert_kept(&judge_unchanged(&before, &Holdings::read(&database)));
        for member in &mut fleet.members {
            member.phone.link.patience = 200;
            member.push().await;
            assert_eq!(member.phone.count_owed().unwrap(), 0, "I14: no recovery: {}", node.log());
        }
    }
    let (found, _) = fleet.judged(&database).await;
    println!("{campaign}: {} records, {} requests in vain", fleet.count_made(), fleet.in_vain());
    assert_kept(&found);
}

/// In trouble every push is put off as the protocol says, and every pull is answered.
async fn put_off(fleet: &mut Fleet, town: &Town) {
    for member in &mut fleet.members {
        member.phone.link.patience = 3;
    }
    for _ in 0..4 {
        fleet
            .each(|member| {
                Box::pin(async move {
                    member.note(4, town.nobodys_point);
                    let owed = member.phone.count_owed().unwrap();
                    member.push().await;
                    assert_eq!(member.phone.count_owed().unwrap(), owed, "acknowledged on a failing disk");
                    let access = member.phone.access().to_owned();
                    let pulled = member.phone.link.try_once(Ask::get("/v1/sync/changes").by(&access)).await.unwrap();
                    assert_eq!((pulled.status, pulled.body["rounds"].as_array().map(Vec::len)), (200, Some(1)));
                    let empty = json!({"sent_at": Utc::now().to_rfc3339(), "items": []});
                    let asked = Ask::post("/v1/sync/records", &empty).by(&access);
                    let answer = member.phone.link.try_once(asked).await.unwrap();
                    assert_eq!((answer.status, &answer.body["retryable"]), (503, &json!(true)), "{}", answer.body);
                    assert!(answer.retry_after.is_some_and(|wait| !wait.is_zero()), "503 without Retry-After");
                })
            })
            .await;
    }
}

#[test]
fn sqlite_whose_writes_fail_puts_pushes_off_and_recovers() {
    super::run(meet("failing writes", 'w', EIO));
}

#[test]
fn sqlite_that_is_told_of_a_full_disk_puts_pushes_off_and_recovers() {
    super::run(meet("writes without room", 'w', ENOSPC));
}

#[test]
fn sqlite_whose_syncs_fail_acknowledges_nothing_and_recovers() {
    super::run(meet("failing syncs", 's', EIO));
}
