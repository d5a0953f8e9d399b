//! The disk is full, or fails: reading goes on, pushing is put off with 503, nothing acknowledged is lost, and the service
//! takes up its work when there is room again, without a restart.

use super::lanes::{Lane, build, envelope, judge, reading};
use crate::support::{StoreKind, World, run};
use diesel::RunQueryDsl;
use futures_util::future::join_all;
use meterbook_api::db::{Conn, Isolation};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CLASSES: [&str; 8] = ["residential_outdoor"; 8];

/// What a phone got for one push.
struct Sent {
    status: u16,
    retry_after: String,
    body: Value,
}

async fn push(world: &World, lane: &Lane, items: &[Value]) -> Sent {
    let request = world.request(Method::POST, "/v1/sync/records").bearer_auth(&lane.phone.access);
    let answer = world.send(request.json(&envelope(world.clock.now(), items))).await;
    Sent { status: answer.status, retry_after: answer.header("retry-after").to_owned(), body: answer.json() }
}

/// Panics unless the push was taken whole or put off as the protocol says. `true`: taken.
fn was_taken(sent: &Sent) -> bool {
    if sent.status == 200 {
        let outcomes = sent.body["items"].as_array().unwrap();
        assert!(outcomes.iter().all(|item| ["accepted", "duplicate"].contains(&item["outcome"].as_str().unwrap())));
        return true;
    }
    assert_eq!((sent.status, &sent.body["retryable"]), (503, &json!(true)), "{}", sent.body);
    assert!(sent.retry_after.parse::<u64>().is_ok_and(|seconds| seconds > 0), "no Retry-After");
    false
}

/// The ids in the database.
fn stored(world: &World) -> BTreeSet<String> {
    let sql = match world.database.kind {
        StoreKind::Sqlite => "SELECT lower(hex(id)) AS value FROM records",
        StoreKind::Postgres => "SELECT replace(id::text, '-', '') AS value FROM records",
    };
    let ids = world.database.texts(sql);
    let distinct: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(ids.len(), distinct.len());
    distinct
}

fn ids(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().replace('-', "")).collect()
}

/// A lane's records with notes that fill pages, two for each point.
fn records(world: &World, lane: &Lane) -> Vec<Value> {
    let now = world.clock.now();
    let twice = lane.points.iter().chain(&lane.points).enumerate();
    let record = |(at, point): (usize, &(i64, &'static str))| {
        let mut record = reading(i64::try_from(at + 1).unwrap(), *point, now, 1010);
        record["note"] = json!("满".repeat(900));
        record
    };
    twice.map(record).collect()
}

/// Pushes while there is no room, then again when there is; all that was taken is there at each moment.
async fn fill_and_recover(world: &World, lanes: &[Lane], fail: impl AsyncFn(bool)) {
    let outboxes: Vec<Vec<Value>> = lanes.iter().map(|lane| records(world, lane)).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let (early, late): (Vec<&[Value]>, Vec<&[Value]>) = outboxes.iter().map(|outbox| outbox.split_at(4)).unzip();
    for sent in join_all(lanes.iter().zip(&early).map(|(lane, items)| push(world, lane, items))).await {
        assert!(was_taken(&sent));
    }
    taken.extend(early.iter().flat_map(|items| ids(items)));
    fail(true).await;
    let mut put_off = 0;
    for _ in 0..4 {
        // All at once: on SQLite they share a transaction, and the first that finds no room must not take the others along
        // into a half-done one.
        let sent = join_all(lanes.iter().zip(&late).map(|(lane, items)| push(world, lane, items))).await;
        for (sent, items) in sent.iter().zip(&late) {
            if was_taken(sent) {
                taken.extend(ids(items));
            } else {
                put_off += 1;
            }
        }
        let found = stored(world);
        assert!(taken.is_subset(&found), "acknowledged and gone");
        for lane in lanes {
            let (status, answer) = world.get("/v1/sync/changes", &lane.phone.access).await;
            assert_eq!((status, answer["rounds"].as_array().map(Vec::len)), (200, Some(1)), "reading goes on");
        }
    }
    assert!(put_off > 0, "the disk was never full");
    fail(false).await;
    for (lane, outbox) in lanes.iter().zip(&outboxes) {
        assert!(was_taken(&push(world, lane, outbox).await), "no recovery");
    }
    let all: BTreeSet<String> = outboxes.iter().flat_map(|outbox| ids(outbox)).collect();
    assert_eq!(stored(world), all);
    judge(world, world.app.config.zone.day(world.clock.now())).await;
}

/// SQLite may grow no further than it is; what the writer then meets is what it meets on a full disk.
async fn limit_pages(world: &World, is_full: bool) {
    let limited = world.app.store.write("limit_pages", Isolation::Serializable, move |conn| {
        let Conn::Sqlite(conn) = conn else { return Ok(()) };
        // Never less than the pages there are.
        let pages = if is_full { 1 } else { 1_000_000_000 };
        diesel::sql_query(format!("PRAGMA max_page_count = {pages}")).execute(&mut **conn).map(drop)
    });
    limited.await.unwrap();
}

#[test]
fn sqlite_without_room_puts_pushes_off_and_recovers() {
    run(StoreKind::Sqlite, async |world: World| {
        let lanes = build(&world, 6, &CLASSES).await;
        fill_and_recover(&world, &lanes, async |is_full| limit_pages(&world, is_full).await).await;
    });
}

/// PostgreSQL reports a full disk as 53100 and an I/O error as 58030; a trigger raises the same in the middle of a push.
fn postgres_that_reports(state: &str) {
    run(StoreKind::Postgres, async |world: World| {
        let lanes = build(&world, 6, &CLASSES).await;
        let function = format!(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '{state}'; END $$"
        );
        world.database.execute(&function).unwrap();
        fill_and_recover(&world, &lanes, async |is_full| {
            let sql = if is_full {
                // The second record of a push, so that there is something to undo.
                "CREATE TRIGGER no_room AFTER INSERT ON records FOR EACH ROW WHEN (NEW.device_seq > 5) EXECUTE FUNCTION no_room()"
            } else {
                "DROP TRIGGER no_room ON records"
            };
            world.database.execute(sql).unwrap();
        })
        .await;
    });
}

#[test]
fn postgres_without_room_puts_pushes_off_and_recovers() {
    postgres_that_reports("53100");
}

#[test]
fn postgres_with_a_failing_disk_puts_pushes_off_and_recovers() {
    postgres_that_reports("58030");
}
