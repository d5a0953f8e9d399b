//! The disk is full or fails, or the database is away: reading goes on where it can, pushing is put off with 503, nothing
//! acknowledged is lost, and the service takes up its work again without a restart.

use super::lanes::{Lane, build, envelope, judge, reading};
use super::notebooks::Notebooks;
use super::small_disk::SmallDisk;
use crate::support::{Database, StoreKind, World, WorldOptions, cluster_of_ones_own, run};
use diesel::RunQueryDsl;
use futures_util::future::join_all;
use meterbook_api::db::{Conn, Isolation};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const CLASSES: [&str; 8] = ["residential_outdoor"; 8];
/// Rounds of pushing before the campaign calls a disk bottomless.
const ROUNDS: usize = 300;

/// A phone that goes on recording whatever the server says.
struct Carrier<'l> {
    lane: &'l Lane,
    seq: i64,
    owed: Vec<Value>,
    taken: BTreeSet<String>,
}

fn id(item: &Value) -> String {
    item["id"].as_str().unwrap().replace('-', "")
}

impl<'l> Carrier<'l> {
    fn of(lane: &'l Lane) -> Self {
        Self { lane, seq: 0, owed: Vec::new(), taken: BTreeSet::new() }
    }

    /// Records with notes that fill pages.
    fn note(&mut self, world: &World, count: usize) {
        for _ in 0..count {
            let point = self.lane.points[usize::try_from(self.seq).unwrap() % self.lane.points.len()];
            self.seq += 1;
            let mut record = reading(self.seq, point, world.clock.now(), 1010);
            record["note"] = json!("满".repeat(900));
            self.owed.push(record);
        }
    }

    /// Pushes what is owed, some of it. Whether it was taken; if not, it was put off as the protocol says.
    async fn push(&mut self, world: &World, books: &Notebooks) -> bool {
        let items = &self.owed[..self.owed.len().min(40)];
        if items.is_empty() {
            return true;
        }
        books.sent(&self.lane.phone, items);
        let request = world.request(Method::POST, "/v1/sync/records").bearer_auth(&self.lane.phone.access);
        let answer = world.send(request.json(&envelope(world.clock.now(), items))).await;
        let body = answer.json();
        if answer.status == 200 {
            books.told(&self.lane.phone, &body);
            let outcomes = body["items"].as_array().unwrap();
            assert!(outcomes.iter().all(|item| ["accepted", "duplicate"].contains(&item["outcome"].as_str().unwrap())));
            let taken = items.len();
            self.taken.extend(self.owed.drain(..taken).map(|item| id(&item)));
            return true;
        }
        assert_put_off(answer.status, answer.header("retry-after"), &body);
        false
    }
}

fn assert_put_off(status: u16, retry_after: &str, body: &Value) {
    assert_eq!((status, &body["retryable"]), (503, &json!(true)), "{body}");
    assert!(retry_after.parse::<u64>().is_ok_and(|seconds| seconds > 0), "503 without Retry-After: {body}");
}

async fn assert_can_pull(world: &World, lane: &Lane, reads_go_on: bool) {
    let request = world.request(Method::GET, "/v1/sync/changes").bearer_auth(&lane.phone.access);
    let answer = world.send(request).await;
    if reads_go_on || answer.status == 200 {
        assert_eq!(
            (answer.status, answer.json()["rounds"].as_array().map(Vec::len)),
            (200, Some(1)),
            "{}",
            answer.json()
        );
    } else {
        assert_put_off(answer.status, answer.header("retry-after"), &answer.json());
    }
}

/// The ids in the database.
fn stored(world: &World) -> BTreeSet<String> {
    let sql = match world.database.kind {
        StoreKind::Sqlite => "SELECT lower(hex(id)) AS value FROM records",
        StoreKind::Postgres => "SELECT replace(CAST(id AS TEXT), '-', '') AS value FROM records",
    };
    world.database.texts(sql).into_iter().collect()
}

/// Goes on pushing through the trouble and after it. What was taken is there whenever one can look.
async fn live_through(world: &World, reads_go_on: bool, trouble: impl AsyncFn(bool)) {
    let (lanes, books) = (build(world, 6, &CLASSES).await, Notebooks::default());
    let mut carriers: Vec<Carrier<'_>> = lanes.iter().map(Carrier::of).collect();
    for carrier in &mut carriers {
        carrier.note(world, 4);
        assert!(carrier.push(world, &books).await);
    }
    trouble(true).await;
    let mut bad_rounds = 0;
    for _ in 0..ROUNDS {
        for carrier in carriers.iter_mut().filter(|carrier| carrier.owed.len() < 80) {
            carrier.note(world, 8);
        }
        // All at once: on SQLite they share a transaction, and one that finds no room must not leave the others half done.
        let pushed = join_all(carriers.iter_mut().map(|carrier| carrier.push(world, &books))).await;
        assert_can_pull(world, &lanes[0], reads_go_on).await;
        if pushed.contains(&false) {
            bad_rounds += 1;
            if reads_go_on {
                let found = stored(world);
                assert!(carriers.iter().all(|carrier| carrier.taken.is_subset(&found)), "acknowledged and gone");
            }
        }
        if bad_rounds == 5 {
            break;
        }
    }
    assert_eq!(bad_rounds, 5, "there was no trouble");
    trouble(false).await;
    for carrier in &mut carriers {
        for _ in 0..20 {
            carrier.push(world, &books).await;
        }
        assert!(carrier.owed.is_empty(), "I14: no recovery");
    }
    let found = stored(world);
    assert!(carriers.iter().all(|carrier| carrier.taken.is_subset(&found)));
    assert_eq!(found.len(), carriers.iter().map(|carrier| carrier.taken.len()).sum::<usize>(), "I4");
    books.judge(&world.database);
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
fn sqlite_that_may_not_grow_puts_pushes_off_and_recovers() {
    run(StoreKind::Sqlite, async |world: World| {
        live_through(&world, true, async |is_full| limit_pages(&world, is_full).await).await;
    });
}

/// SQLite ends a whole transaction by itself when the disk fails under it. Those that shared it are told so, those that come
/// after get another: what was answered with success is there, and nothing else (I13).
#[test]
fn a_transaction_that_sqlite_ends_is_told_to_all_who_shared_it() {
    run(StoreKind::Sqlite, async |world: World| {
        let writes = (0..120).map(|n| {
            world.app.store.write("share", Isolation::Serializable, move |conn| {
                let Conn::Sqlite(conn) = conn else { return Ok(()) };
                let row = format!(
                    "INSERT INTO settings (key, value, valid_from, source, created_at) VALUES ('{n}', '', '2026-01-01', 'campaign', 0)"
                );
                diesel::sql_query(row).execute(&mut **conn)?;
                if n % 7 == 3 {
                    diesel::sql_query("ROLLBACK").execute(&mut **conn)?;
                    return Err(diesel::result::Error::RollbackTransaction);
                }
                Ok(())
            })
        });
        let answers = join_all(writes).await;
        let told: BTreeSet<String> = (0..120).filter(|n| answers[*n].is_ok()).map(|n: usize| n.to_string()).collect();
        let found = world.database.texts("SELECT key AS value FROM settings WHERE source = 'campaign'");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), told);
        assert!((3..120).step_by(7).all(|n| answers[n].is_err()) && !told.is_empty());
    });
}

fn block_on(scenario: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(scenario);
}

/// The disk is really full: 12 MiB, and somebody else's file takes what is left.
#[test]
fn sqlite_on_a_full_disk_puts_pushes_off_and_recovers() {
    let Some(disk) = SmallDisk::mount(12) else { return };
    let dir = disk.folder().join("data");
    std::fs::create_dir(&dir).unwrap();
    let url = dir.join("meterbook.sqlite").display().to_string();
    let world = World::start(Database { kind: StoreKind::Sqlite, url, dir }, WorldOptions::default());
    block_on(live_through(&world, true, async |is_full| disk.fill(is_full)));
}

/// The tables lie on a full disk; the log of transactions does not, or PostgreSQL would stop altogether.
#[test]
fn postgres_on_a_full_disk_puts_pushes_off_and_recovers() {
    let Some(disk) = SmallDisk::mount(96) else { return };
    let Some(cluster) = cluster_of_ones_own() else { return };
    let (office, database) = (Database::inside(&cluster), Database::inside(&cluster));
    disk.give_to_postgres();
    office.execute(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.folder().display())).unwrap();
    let name = database.url.rsplit('/').next().unwrap();
    office.execute(&format!("ALTER DATABASE {name} SET TABLESPACE small")).unwrap();
    let world = World::start_another(Arc::new(database), WorldOptions::default());
    block_on(live_through(&world, true, async |is_full| disk.fill(is_full)));
}

/// PostgreSQL reports a full disk as 53100 and an I/O error as 58030; a trigger raises the same in the middle of a push.
fn postgres_that_reports(state: &str) {
    run(StoreKind::Postgres, async |world: World| {
        let function = format!(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '{state}'; END $$"
        );
        world.database.execute(&function).unwrap();
        live_through(&world, true, async |is_full| {
            let sql = if is_full {
                // In the middle of a push, so that there is something to undo.
                "CREATE TRIGGER no_room AFTER INSERT ON records FOR EACH ROW WHEN (NEW.device_seq % 8 = 3) EXECUTE FUNCTION no_room()"
            } else {
                "DROP TRIGGER no_room ON records"
            };
            world.database.execute(sql).unwrap();
        })
        .await;
    });
}

#[test]
fn postgres_that_reports_no_room_puts_pushes_off_and_recovers() {
    postgres_that_reports("53100");
}

#[test]
fn postgres_that_reports_a_failing_disk_puts_pushes_off_and_recovers() {
    postgres_that_reports("58030");
}

/// The database server dies and comes back; the service stays.
#[test]
fn postgres_that_goes_away_is_waited_for() {
    let Some(cluster) = cluster_of_ones_own() else { return };
    let world = World::start_another(Arc::new(Database::inside(&cluster)), WorldOptions::default());
    block_on(live_through(
        &world,
        false,
        async |is_away| {
            if is_away { cluster.stop_at_once() } else { cluster.start_again() }
        },
    ));
}
