//! A backup taken while phones push comes back on either store, and the phones refill what it lacks (SECURITY 11, 21).

use crate::schemas::{columns, kind};
use crate::startup::{meterbook, said};
use crate::support::street::{Street, import, outcomes, register};
use crate::support::{Database, PASSWORD, SignedIn, StoreKind, World, WorldOptions};
use chrono::{DateTime, TimeDelta, Utc};
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook_api::audit::verify_chain;
use meterbook_api::backup::{Header, Lock, REOFFER_MARGIN, verify};
use meterbook_api::coverage::store::{load_counters, recount};
use meterbook_api::db::{DatabaseUrl, known_migrations, migrate_exactly};
use meterbook_api::keys::Keys;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

const PASSPHRASE: &str = "kerosene and candles";

fn command(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(meterbook());
    command.env_clear().stdin(Stdio::null()).arg("--data-dir").arg(&database.dir).args(["--database", &database.url]);
    command.args(arguments);
    command
}

fn run(database: &Database, arguments: &[&str]) -> Output {
    command(database, arguments).output().unwrap()
}

fn succeed(database: &Database, arguments: &[&str]) -> String {
    let output = run(database, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn backup_path(database: &Database) -> PathBuf {
    database.dir.join("nightly.backup")
}

fn keys_lock(database: &Database) -> Lock {
    Lock::Keys(Arc::new(Keys::load(&database.dir.join("keys.json")).unwrap()))
}

fn header(database: &Database, path: &Path) -> Header {
    verify(path, &keys_lock(database)).unwrap()
}

/// A database to restore into, on a machine that has the key file.
fn target(kind: StoreKind, keys_of: &Database) -> Option<Database> {
    let database = Database::empty(kind)?;
    std::fs::copy(keys_of.dir.join("keys.json"), database.dir.join("keys.json")).unwrap();
    Some(database)
}

fn passphrase_file(database: &Database, text: &str) -> String {
    let path = database.dir.join("passphrase");
    std::fs::write(&path, format!("{text}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Every table's rows, the same text for the same row on both stores.
fn contents(database: &Database) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for column in columns(database) {
        let name = format!("\"{}\"", column.name);
        let text = match (kind(&column), database.kind) {
            ("bytes", StoreKind::Sqlite) => format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END"),
            ("bytes", StoreKind::Postgres) if column.r#type == "bytea" => format!("encode({name}, 'hex')"),
            ("bytes", StoreKind::Postgres) => format!("replace({name}::text, '-', '')"),
            ("truth", StoreKind::Postgres) => format!("{name}::int::text"),
            _ => format!("CAST({name} AS TEXT)"),
        };
        tables.entry(column.table).or_default().push(format!("COALESCE({text}, '~')"));
    }
    let rows = |table: &str, values: &[String]| {
        let sql = format!("SELECT {} AS value FROM \"{table}\"", values.join(" || '|' || "));
        database.texts(&sql).into_iter().collect()
    };
    tables.iter().map(|(table, values)| (table.clone(), rows(table, values))).collect()
}

fn stored_ids(database: &Database) -> BTreeSet<String> {
    let sql = match database.kind {
        StoreKind::Sqlite => "SELECT lower(hex(id)) AS value FROM records",
        StoreKind::Postgres => "SELECT replace(id::text, '-', '') AS value FROM records",
    };
    database.texts(sql).into_iter().collect()
}

fn id_of(record: &Value) -> String {
    record["id"].as_str().unwrap().replace('-', "")
}

async fn counters_equal_recomputation(world: &World) {
    for period in ["2026-03", "2026-Q1"] {
        let period = Period::parse(period).unwrap();
        let same =
            world.app.store.read("compare", move |conn| Ok((load_counters(conn, period)?, recount(conn, period)?)));
        let (counted, recounted) = same.await.unwrap();
        assert_eq!(counted, recounted);
        assert!(period != Period::parse("2026-03").unwrap() || !counted.is_empty());
    }
}

/// What the administrator sees of the month; he is in the backup.
async fn coverage(world: &World) -> Value {
    let admin = world.sign_in("admin").await;
    let (status, report) = world.get("/v1/coverage?period=2026-03", &admin.access).await;
    assert_eq!(status, 200, "{report}");
    report
}

async fn offer(world: &World, phone: &SignedIn, ids: &[Value]) -> Vec<Value> {
    let (status, answer) = world.post("/v1/sync/offer", &phone.access, &json!({ "ids": ids })).await;
    assert_eq!(status, 200, "{answer}");
    answer["missing"].as_array().unwrap().clone()
}

/// Pushes pairs of records for as long as the backup runs, then one pair more.
async fn push_during_backup(street: &Street<'_>, path: &Path) -> Vec<Value> {
    let mut sent = Vec::new();
    let mut seq = 0;
    let pair = |seq: &mut i64| {
        *seq += 2;
        [street.reading(*seq - 1, "H1", 1030), street.reading(*seq, "S1", 0)].map(|mut record| {
            if record["service_point_id"] == json!(street.points["S1"]) {
                record["index"] = json!(8_100_000);
                record["cumulative"] = json!(8_100_000);
                record["balance"] = json!(50_000);
            }
            record
        })
    };
    for _ in 0..3 {
        let pair = pair(&mut seq);
        street.push(&pair).await;
        sent.extend(pair);
    }
    let mut backup = command(&street.world.database, &["backup", path.to_str().unwrap()]).spawn().unwrap();
    loop {
        let ended = backup.try_wait().unwrap();
        let pair = pair(&mut seq);
        street.push(&pair).await;
        sent.extend(pair);
        if let Some(status) = ended {
            assert!(status.success());
            return sent;
        }
    }
}

/// What the pushes that went on have changed or added since is not in the backup.
const MOVED_BY_PUSHES: [&str; 15] = [
    "devices",
    "coverage_counters",
    "coverage_totals",
    "coverage_ages",
    "coverage_long_unseen",
    "coverage_plan",
    "rounds",
    "stops",
    "feeds",
    "feed_entries",
    "cases",
    "case_findings",
    "meter_pasts",
    "reader_days",
    "records",
];

async fn round_trip(world: World, to: StoreKind) {
    let street = Street::build(&world).await;
    let (_, first) = world.get("/v1/sync/changes", &street.phone.access).await;
    let path = backup_path(&world.database);
    let sent = push_during_backup(&street, &path).await;
    let header = header(&world.database, &path);
    let Some(database) = target(to, &world.database) else { return };
    let told = succeed(&database, &["restore", path.to_str().unwrap()]);
    assert!(told.contains("New epoch"), "{told}");

    let (before, after) = (contents(&world.database), contents(&database));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let counts: BTreeMap<&str, i64> = header.tables.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
    for (table, rows) in &after {
        let noted = i64::from(["restores", "audit_log", "audit_links"].contains(&table.as_str()));
        assert_eq!(i64::try_from(rows.len()).unwrap(), counts[table.as_str()] + noted, "{table}");
        let new: Vec<&String> = rows.difference(&before[table]).collect();
        match table.as_str() {
            "instance" | "restores" | "audit_log" | "audit_links" | "audit_head" => assert_eq!(new.len(), 1, "{table}"),
            moving if MOVED_BY_PUSHES.contains(&moving) => assert!(moving != "records" || new.is_empty(), "{new:?}"),
            _ => assert_eq!(*rows, before[table], "{table}"),
        }
    }
    // One moment: of the pairs that were pushed together, none is torn.
    let stored = stored_ids(&database);
    assert!(sent.chunks(2).all(|pair| stored.contains(&id_of(&pair[0])) == stored.contains(&id_of(&pair[1]))));

    let database = Arc::new(database);
    let restored = World::start_another(Arc::clone(&database), WorldOptions::default());
    counters_equal_recomputation(&restored).await;
    restored.app.store.read("verify", |conn| verify_chain(conn, None)).await.unwrap().unwrap();
    let (_, meta) = restored.get("/v1/meta", "").await;
    assert_eq!(first["epoch"], json!(header.epoch.to_string()));
    assert_ne!(meta["epoch"], first["epoch"]);

    let pull = async |cursor: &Value| {
        let path = format!("/v1/sync/changes?cursor={}", cursor.as_str().unwrap());
        restored.get(&path, &street.phone.access).await.1
    };
    assert_eq!(first.get("reoffer_since"), None);
    let reset = pull(&first["cursor"]).await;
    assert_eq!((&reset["reset"], &reset["epoch"]), (&json!(true), &meta["epoch"]));
    assert_eq!(reset["rounds"].as_array().unwrap().len(), 2);
    let since: DateTime<Utc> = reset["reoffer_since"].as_str().unwrap().parse().unwrap();
    assert_eq!(since + REOFFER_MARGIN, DateTime::<Utc>::from_timestamp_millis(header.created_at).unwrap());
    let again = pull(&reset["cursor"]).await;
    assert_eq!((&again["reset"], again.get("reoffer_since")), (&json!(false), None));

    let ids: Vec<Value> = sent.iter().map(|record| record["id"].clone()).collect();
    let missing = offer(&restored, &street.phone, &ids).await;
    let lost: Vec<Value> = sent.iter().filter(|record| !stored.contains(&id_of(record))).cloned().collect();
    let lost_ids: Vec<Value> = lost.iter().map(|record| record["id"].clone()).collect();
    assert_eq!(missing, lost_ids);
    assert!(lost.len() >= 2 && lost.len() <= sent.len() - 6, "{} of {}", lost.len(), sent.len());
    let refilled =
        Street { world: &restored, phone: street.phone.clone(), points: street.points.clone(), rounds: vec![] };
    for batch in lost.chunks(400) {
        let answer = refilled.push(batch).await;
        assert!(outcomes(&answer).iter().all(|(outcome, _)| outcome == "accepted"), "{answer}");
        assert_eq!(answer["missing_seqs"], json!([]));
    }
    assert_eq!(offer(&restored, &street.phone, &ids).await, Vec::<Value>::new());
    assert_eq!(stored_ids(&database), stored_ids(&world.database));
    assert_eq!(coverage(&restored).await, coverage(&world).await);
    counters_equal_recomputation(&restored).await;
    stays_guarded(&restored, &world).await;
}

/// Append-only tables, references and numbering are as in a database that was never lost.
async fn stays_guarded(restored: &World, original: &World) {
    for table in ["records", "audit_log", "audit_links", "point_terms"] {
        let refused = restored.database.execute(&format!("DELETE FROM {table}")).expect_err(table);
        assert!(refused.contains("append-only"), "{table}: {refused}");
    }
    let refused = restored.database.execute(
        "PRAGMA foreign_keys = ON; INSERT INTO feeds (reader_id, head) VALUES (987654, 0)".trim_start_matches(
            if restored.database.kind == StoreKind::Postgres { "PRAGMA foreign_keys = ON; " } else { "" },
        ),
    );
    assert!(refused.unwrap_err().to_lowercase().contains("foreign key"));
    let references = |database: &Database| {
        match database.kind {
        StoreKind::Postgres => database.texts("SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS value FROM pg_constraint ORDER BY 1"),
        StoreKind::Sqlite => database.texts("SELECT sql AS value FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"),
    }
    };
    if restored.database.kind == original.database.kind {
        assert_eq!(references(&restored.database), references(&original.database));
    }
    // A number given out after the backup is never given to something else.
    let highest = |world: &World| {
        let ids = world.database.texts("SELECT CAST(max(id) AS TEXT) AS value FROM accounts");
        ids[0].parse::<i64>().unwrap()
    };
    let before = highest(original);
    let admin = restored.sign_in("admin").await;
    let body = json!({ "login": "after", "name": "李娜", "role": "reader", "password": PASSWORD });
    let (status, made) = restored.post("/v1/accounts", &admin.access, &body).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["id"].as_i64().unwrap() > before + 1_000_000, "{made}");
}

/// What a file that can't be restored leaves behind: nothing.
fn assert_empty(database: &Database) {
    let files = std::fs::read_dir(&database.dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> =
        files.filter(|name| !["keys.json", "passphrase", "bad.backup"].contains(&name.as_str())).collect();
    assert!(left.is_empty(), "{left:?}");
    if database.kind == StoreKind::Postgres {
        let tables = database.texts("SELECT CAST(count(to_regclass('instance')) AS TEXT) AS value");
        let rows = if tables[0] == "0" {
            0
        } else {
            contents(database)["instance"].len() + contents(database)["accounts"].len()
        };
        assert_eq!(rows, 0);
    }
}

on_both_stores! {
    async fn a_backup_made_while_phones_push_comes_back_on_the_same_store(world: World) {
        let kind = world.database.kind;
        round_trip(world, kind).await;
    }

    async fn a_backup_made_while_phones_push_comes_back_on_the_other_store(world: World) {
        let other = if world.database.kind == StoreKind::Sqlite { StoreKind::Postgres } else { StoreKind::Sqlite };
        round_trip(world, other).await;
    }

    async fn a_bad_file_or_key_is_named_and_leaves_nothing(world: World) {
        let street = Street::build(&world).await;
        street.push(&[street.reading(1, "H1", 1030)]).await;
        let path = backup_path(&world.database);
        succeed(&world.database, &["backup", path.to_str().unwrap()]);
        let whole = std::fs::read(&path).unwrap();
        let Some(database) = target(world.database.kind, &world.database) else { return };
        let bad = database.dir.join("bad.backup");
        let start = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let newer = [&b"{\"meterbook_backup\":2"[..], &whole[21..]].concat();
        let files = [
            (newer, "newer release"),
            (whole[..whole.len() - 1].to_vec(), "damaged or cut short"),
            (whole[..whole.len() / 2].to_vec(), "damaged or cut short"),
            (whole[..start].to_vec(), "damaged or cut short"),
            (whole[..start / 2].to_vec(), "not a Meterbook backup"),
            (Vec::new(), "not a Meterbook backup"),
            (flipped(start), "damaged or cut short"),
            (flipped((start + whole.len()) / 2), "damaged or cut short"),
            (flipped(whole.len() - 1), "damaged or cut short"),
            ([&whole[..], b"x"].concat(), "damaged or cut short"),
        ];
        for (at, (bytes, reason)) in files.iter().enumerate() {
            std::fs::write(&bad, bytes).unwrap();
            for arguments in [&["restore", bad.to_str().unwrap()][..], &["backup", "--verify", bad.to_str().unwrap()]] {
                let output = run(&database, arguments);
                assert_eq!(output.status.code(), Some(1), "{at} {}", said(&output));
                assert!(said(&output).contains(reason), "{at} {arguments:?} {reason}: {}", said(&output));
                assert_empty(&database);
            }
        }
        // Another installation's keys.
        std::fs::remove_file(database.dir.join("keys.json")).unwrap();
        let output = run(&database, &["restore", path.to_str().unwrap()]);
        assert!(!output.status.success() && said(&output).contains("keys.json"), "{}", said(&output));
        Keys::load_or_create(&database.dir.join("keys.json")).unwrap();
        let output = run(&database, &["restore", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("not the one this backup was made with"), "{}", said(&output));
        assert_empty(&database);
        // A backup of a release to come.
        world.database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").unwrap();
        let newer = world.database.dir.join("newer.backup");
        succeed(&world.database, &["backup", newer.to_str().unwrap()]);
        std::fs::copy(world.database.dir.join("keys.json"), database.dir.join("keys.json")).unwrap();
        let output = run(&database, &["restore", newer.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("newer release") && said(&output).contains("99990101000000"), "{}", said(&output));
        assert_empty(&database);
        // After all that, the good file comes in.
        succeed(&database, &["restore", path.to_str().unwrap()]);
    }

    /// With a passphrase, file and passphrase alone bring everything back, keys and sealed names too.
    async fn a_lost_machine_is_rebuilt_from_a_backup_and_its_passphrase(world: World) {
        let street = Street::build(&world).await;
        let path = backup_path(&world.database);
        let with = passphrase_file(&world.database, PASSPHRASE);
        succeed(&world.database, &["backup", path.to_str().unwrap(), "--passphrase-file", &with]);
        let Some(database) = Database::empty(world.database.kind) else { return };
        let output = run(&database, &["restore", path.to_str().unwrap(), "--passphrase-file", &passphrase_file(&database, "another passphrase")]);
        assert!(said(&output).contains("not the one this backup was made with"), "{}", said(&output));
        assert!(!database.dir.join("keys.json").exists());
        let output = run(&database, &["restore", path.to_str().unwrap(), "--passphrase-file", &passphrase_file(&database, "too short")]);
        assert!(said(&output).contains("shorter than 12"), "{}", said(&output));
        assert_empty(&database);
        succeed(&database, &["restore", path.to_str().unwrap(), "--passphrase-file", &passphrase_file(&database, PASSPHRASE)]);
        let keys = database.dir.join("keys.json");
        assert_eq!(keys.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let restored = World::start_another(Arc::new(database), WorldOptions::default());
        let admin = restored.sign_in("admin").await;
        let point = format!("/v1/service-points/{}", street.points["H1"]);
        let (_, known) = restored.get(&point, &admin.access).await;
        assert_eq!(known["customer_name"], json!("王1"), "{known}");
    }

    async fn a_backup_is_never_overwritten_nor_poured_over_data(world: World) {
        Street::build(&world).await;
        let path = backup_path(&world.database);
        succeed(&world.database, &["backup", path.to_str().unwrap()]);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let made = std::fs::read(&path).unwrap();
        let output = run(&world.database, &["backup", path.to_str().unwrap()]);
        assert!(output.status.code() == Some(1) && said(&output).contains("is there already"), "{}", said(&output));
        assert_eq!(std::fs::read(&path).unwrap(), made);
        let before = contents(&world.database);
        let output = run(&world.database, &["restore", path.to_str().unwrap()]);
        assert!(output.status.code() == Some(1) && said(&output).contains("not empty"), "{}", said(&output));
        assert_eq!(contents(&world.database), before);
        // A database that was only migrated holds nothing yet.
        if world.database.kind == StoreKind::Postgres {
            let Some(database) = target(StoreKind::Postgres, &world.database) else { return };
            succeed(&database, &["migrate"]);
            succeed(&database, &["restore", path.to_str().unwrap()]);
        }
    }

    /// SECURITY 11.
    async fn nothing_in_a_backup_can_be_read_without_its_key(world: World) {
        let street = Street::build(&world).await;
        import(&world, "register", register().replace("王1", "司徒金丝雀").replace("13900000001", "13912344321")).await;
        street.push(&[street.record(1, "H1", json!({"kind": "reading", "index": 1_030_000, "note": "canary in the note"}))]).await;
        let with = passphrase_file(&world.database, PASSPHRASE);
        let plain = std::fs::read_to_string(world.database.dir.join("keys.json")).unwrap();
        let keys: Value = serde_json::from_str(&plain).unwrap();
        let (seal, tag) = (keys["seal"].as_str().unwrap(), keys["tag"].as_str().unwrap());
        for (name, arguments) in [("a.backup", vec![]), ("b.backup", vec!["--passphrase-file", with.as_str()])] {
            let path = world.database.dir.join(name);
            succeed(&world.database, &[&["backup", path.to_str().unwrap()][..], &arguments].concat());
            let bytes = std::fs::read(&path).unwrap();
            assert!(bytes.len() > 4_000);
            let canaries = ["司徒金丝雀", "王2", "13912344321", "canary in the note", PASSWORD, PASSPHRASE, "argon2id$", "service_points", seal, tag];
            for canary in canaries {
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{canary} in {name}");
            }
            // zstd's mark would say that a part is only compressed.
            assert!(!bytes.windows(4).any(|window| window == [0x28, 0xb5, 0x2f, 0xfd]), "{name}");
        }
    }

    /// A table that a migration adds is in the backup, whoever forgot it.
    async fn every_table_is_in_the_backup(world: World) {
        world.admin().await;
        world.database.execute("CREATE TABLE newcomers (id BIGINT NOT NULL PRIMARY KEY, day DATE, is_new BOOLEAN, face TEXT)").unwrap();
        let path = backup_path(&world.database);
        succeed(&world.database, &["backup", path.to_str().unwrap()]);
        let held: BTreeSet<String> = header(&world.database, &path).tables.into_iter().map(|(name, _)| name).collect();
        let there: BTreeSet<String> = columns(&world.database).into_iter().map(|column| column.table).collect();
        assert_eq!(held, there);
        assert!(held.contains("newcomers") && held.len() > 25);
        // A type nobody has thought of is refused, not guessed at.
        world.database.execute("CREATE TABLE oddities (id BIGINT NOT NULL PRIMARY KEY, weight REAL)").unwrap();
        let output = run(&world.database, &["backup", world.database.dir.join("odd.backup").to_str().unwrap()]);
        assert!(output.status.code() == Some(1) && said(&output).contains("oddities"), "{}", said(&output));
        assert!(!world.database.dir.join("odd.backup").exists());
    }

    /// The documented way back for a phone whose sign-in is newer than the backup.
    async fn a_phone_signed_in_after_the_backup_comes_back_with_a_code(world: World) {
        let street = Street::build(&world).await;
        let path = backup_path(&world.database);
        succeed(&world.database, &["backup", path.to_str().unwrap()]);
        let (_, rotated) = world.refresh(&street.phone.refresh).await;
        let (_, rotated) = world.refresh(&SignedIn::of(&rotated).refresh).await;
        let sent = [street.reading(1, "H1", 1030), street.reading(2, "H2", 1010)];
        street.push(&sent).await;
        let Some(database) = target(world.database.kind, &world.database) else { return };
        succeed(&database, &["restore", path.to_str().unwrap()]);
        let restored = World::start_another(Arc::new(database), WorldOptions::default());
        let (status, problem) = restored.refresh(&SignedIn::of(&rotated).refresh).await;
        assert_eq!((status, &problem["code"]), (401, &json!("invalid_refresh_token")));
        let admin = restored.sign_in("admin").await;
        // The dispatcher says that the phone goes on: it keeps its numbers.
        let body = json!({ "account_id": street.phone.account, "device_id": street.phone.device });
        let (_, code) = restored.post("/v1/devices/activation-codes", &admin.access, &body).await;
        let asked = json!({ "code": code["code"], "label": "华为", "platform": "android", "device_id": street.phone.device });
        let (status, answer) = restored.post("/v1/auth/activate", "", &asked).await;
        assert_eq!((status, answer["device_id"].as_i64()), (201, street.phone.device), "{answer}");
        let phone = SignedIn::of(&answer);
        let ids: Vec<Value> = sent.iter().map(|record| record["id"].clone()).collect();
        assert_eq!(offer(&restored, &phone, &ids).await, ids);
        let refilled = Street { world: &restored, phone, points: street.points.clone(), rounds: vec![] };
        let answer = refilled.push(&sent).await;
        assert!(outcomes(&answer).iter().all(|(outcome, _)| outcome == "accepted"));
        assert_eq!((&answer["highest_contiguous_seq"], &answer["missing_seqs"]), (&json!(2), &json!([])));
    }

    async fn an_offer_names_what_is_neither_stored_nor_aside(world: World) {
        let street = Street::build(&world).await;
        let (good, mut bad) = (street.reading(1, "H1", 1030), street.reading(2, "H2", 1010));
        bad["kind"] = json!("dance");
        street.push(&[good.clone(), bad.clone()]).await;
        let never = json!(uuid::Uuid::now_v7().to_string());
        let asked = [good["id"].clone(), never.clone(), bad["id"].clone(), never.clone()];
        assert_eq!(offer(&world, &street.phone, &asked).await, std::slice::from_ref(&never));
        // Another phone's quarantine is not this one's.
        let other = world.reader_phone().await;
        assert_eq!(offer(&world, &other, &asked).await, [never.clone(), bad["id"].clone()]);
        let many: Vec<Value> = (0..5_001).map(|_| json!(uuid::Uuid::now_v7().to_string())).collect();
        assert_eq!(offer(&world, &street.phone, &many[..5_000]).await.len(), 5_000);
        let (_, meta) = world.get("/v1/meta", "").await;
        assert_eq!(meta["limits"]["offer_ids"], json!(5_000));
        let refused = [(json!({ "ids": many }), 413, "body_too_large"), (json!({ "ids": ["x"] }), 422, "invalid_input"), (json!({}), 422, "invalid_input")];
        for (body, status, code) in refused {
            let (answered, problem) = world.post("/v1/sync/offer", &street.phone.access, &body).await;
            assert_eq!((answered, &problem["code"]), (status, &json!(code)));
        }
        let desk = world.desk(Role::Reader).await;
        let (status, problem) = world.post("/v1/sync/offer", &desk.access, &json!({ "ids": [] })).await;
        assert_eq!((status, &problem["code"]), (403, &json!("device_required")));
    }

    /// Through two restores, each phone is asked as far back as its own epoch needs.
    async fn a_second_restore_asks_each_phone_as_far_back_as_it_needs(world: World) {
        let street = Street::build(&world).await;
        let (_, oldest) = world.get("/v1/sync/changes", &street.phone.access).await;
        let first = backup_path(&world.database);
        succeed(&world.database, &["backup", first.to_str().unwrap()]);
        let made_first = header(&world.database, &first).created_at;
        let Some(database) = target(world.database.kind, &world.database) else { return };
        succeed(&database, &["restore", first.to_str().unwrap()]);
        let between = World::start_another(Arc::new(database), WorldOptions::default());
        let (_, middle) = between.get("/v1/sync/changes", &street.phone.access).await;
        let second = backup_path(&between.database);
        succeed(&between.database, &["backup", second.to_str().unwrap()]);
        let made_second = header(&between.database, &second).created_at;
        let Some(database) = target(world.database.kind, &world.database) else { return };
        succeed(&database, &["restore", second.to_str().unwrap()]);
        let last = World::start_another(Arc::new(database), WorldOptions::default());
        for (cursor, made) in [(&oldest["cursor"], made_first), (&middle["cursor"], made_second)] {
            let path = format!("/v1/sync/changes?cursor={}", cursor.as_str().unwrap());
            let (_, answer) = last.get(&path, &street.phone.access).await;
            let since: DateTime<Utc> = answer["reoffer_since"].as_str().unwrap().parse().unwrap();
            assert_eq!(since.timestamp_millis(), made - TimeDelta::hours(1).num_milliseconds());
        }
    }
}

fn a_backup_of_an_older_release_is_migrated(kind: StoreKind) {
    let (Some(old), Some(new)) = (Database::empty(kind), Database::empty(kind)) else { return };
    let url = DatabaseUrl::parse(&old.url);
    let versions: Vec<String> = known_migrations(&url).unwrap().into_iter().take(2).collect();
    assert!(migrate_exactly(&url, &versions).unwrap());
    let keys = Keys::load_or_create(&old.dir.join("keys.json")).unwrap();
    let hex: String = keys.fingerprint().iter().map(|byte| format!("{byte:02x}")).collect();
    let (epoch, print) = match kind {
        StoreKind::Sqlite => ("x'00112233445566778899aabbccddeeff'".to_owned(), format!("x'{hex}'")),
        StoreKind::Postgres => ("'00112233-4455-6677-8899-aabbccddeeff'".to_owned(), format!("'\\x{hex}'")),
    };
    old.execute(&format!(
        "INSERT INTO instance (id, epoch, created_at, key_fingerprint) VALUES (1, {epoch}, 1, {print})"
    ))
    .unwrap();
    let zero = if kind == StoreKind::Sqlite { "x''" } else { "''" };
    old.execute(&format!("INSERT INTO audit_head (id, position, hash) VALUES (1, 0, {zero})")).unwrap();
    let path = backup_path(&old);
    succeed(&old, &["backup", path.to_str().unwrap()]);
    std::fs::copy(old.dir.join("keys.json"), new.dir.join("keys.json")).unwrap();
    succeed(&new, &["restore", path.to_str().unwrap()]);
    assert!(succeed(&new, &["check"]).contains("up to date"));
    succeed(&new, &["audit", "verify"]);
}

#[test]
fn a_backup_of_an_older_release_is_migrated_on_sqlite() {
    a_backup_of_an_older_release_is_migrated(StoreKind::Sqlite);
}

#[test]
fn a_backup_of_an_older_release_is_migrated_on_postgres() {
    a_backup_of_an_older_release_is_migrated(StoreKind::Postgres);
}
