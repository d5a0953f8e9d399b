//! The reader's app in a real browser (`tests/browser`), against a running server: whatever happens to the phone, what it holds is
//! what the store holds, once.
//!
//! SQLite alone: the app sees the API and no store, and the API is tested on both.

use crate::support::street::{Street, import};
use crate::support::tools::{TESTS, Tools, browser, run, workshop};
use crate::support::{StoreKind, World};
use meterbook::accounts::Role;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

const OWN: &str = "FROM records WHERE device_id IS NOT NULL";

/// A street whose meters have a past, so that the check at the door has something to stand on, and codes for its reader's phones.
struct Town {
    codes: [String; 2],
    admin: String,
    revoker: String,
}

impl Town {
    async fn build(world: &World) -> Self {
        let street = Street::build(world).await;
        let months: Vec<String> =
            (0..14).map(|month| format!("{}-{:02}-01 09:00", 2025 + month / 12, month % 12 + 1)).collect();
        let mut readings = vec!["表号,抄表时间,表读数,累计用气量,表内存量".to_owned()];
        for (at, month) in months.iter().enumerate() {
            readings.extend((1..=4).map(|n| format!("00{n}77,{month},{},,", 1000 + 20 * at)));
            readings.extend((1..=2).map(|n| format!("00{n}99,{month},{},{},310", 8000 + 30 * at, 7975 + 30 * at)));
        }
        let (_, report) = import(world, "readings", readings.join("\n")).await;
        assert_eq!(report["applied"], true, "{report}");
        let bought =
            "流水号,表号,充值时间,气量,金额\nP1,00199,2026-02-10 10:00,500,1600\nP2,00299,2026-02-10 10:00,500,1600";
        let (_, report) = import(world, "purchases", bought).await;
        assert_eq!(report["applied"], true, "{report}");
        let reader = street.phone.account;
        let codes = [world.activation_code(reader).await, world.activation_code(reader).await];
        let (admin, revoker) = (world.admin().await.access, world.desk(Role::Dispatcher).await.access);
        Self { codes, admin, revoker }
    }
}

/// A script with the app's modules beside it, told of the world.
fn script(tools: Tools, name: &str, world: &World, town: &Town) -> Command {
    let mut command = tools.node(project(tools));
    command
        .arg(name)
        .env("METERBOOK_URL", &world.url)
        .env("METERBOOK_CODE", &town.codes[0])
        .env("METERBOOK_SECOND_CODE", &town.codes[1])
        .env("METERBOOK_ADMIN", &town.revoker)
        .env("METERBOOK_NOW", world.clock.now().to_rfc3339());
    command
}

/// The scripts with their packages, and the app's own modules below the same `package.json`.
fn project(tools: Tools) -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = tools.node_project("browser");
        for part in ["phone", "console", "lib"] {
            copy(&Path::new(TESTS).join("../api/assets").join(part), &folder.join("assets").join(part));
        }
        folder
    })
}

/// What the phone printed that it holds.
fn held(said: &str) -> Value {
    assert!(said.contains("as expected"), "{said}");
    let line = said.lines().find_map(|line| line.strip_prefix("HELD ")).unwrap();
    serde_json::from_str(line).unwrap()
}

/// The store holds byte for byte what the phone holds, each once; nothing was set aside.
fn assert_same(world: &World, held: &Value) {
    let records = held["held"].as_array().unwrap();
    let outcomes: BTreeSet<&str> = records.iter().map(|record| record["outcome"].as_str().unwrap()).collect();
    assert!(outcomes.iter().all(|outcome| ["accepted", "duplicate"].contains(outcome)), "{outcomes:?}");
    let mut made: Vec<&str> = records.iter().map(|record| record["body"].as_str().unwrap()).collect();
    let mut stored: Vec<String> = world.database.bodies(OWN).into_values().collect();
    made.sort_unstable();
    stored.sort_unstable();
    assert_eq!(stored, made);
    assert_eq!(world.database.texts("SELECT code AS value FROM quarantine"), Vec::<String>::new());
}

/// Every photo the phone holds is with the server, byte for byte: it is stored under its hash.
async fn assert_photos(world: &World, town: &Town, held: &Value) {
    for photo in held["photos"].as_array().unwrap() {
        assert_eq!(photo["state"], "sent", "{photo}");
        let path = format!("/v1/photos/{}", photo["sha256"].as_str().unwrap());
        let asked = world.request(reqwest::Method::HEAD, &path).bearer_auth(&town.admin);
        assert_eq!(world.send(asked).await.status, 200, "{path}");
    }
}

/// One browser at a time: several on a small machine are slower than one after the other.
fn on_sqlite<F: Future<Output = ()>>(scenario: impl FnOnce(World, Tools) -> F) {
    static TURN: Mutex<()> = Mutex::new(());
    let Some(tools) = browser() else { return };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    crate::support::run(StoreKind::Sqlite, |world| scenario(world, tools));
}

#[test]
fn a_round_out_of_reach_loses_nothing_and_doubles_nothing() {
    on_sqlite(async |world, tools| {
        let town = Town::build(&world).await;
        let held = held(&run(&mut script(tools, "day.mjs", &world, &town)));
        assert_same(&world, &held);
        let seqs = world.database.texts(&format!("SELECT device_seq || '' AS value {OWN} ORDER BY device_seq"));
        assert_eq!(seqs, (1..=10).map(|seq| seq.to_string()).collect::<Vec<_>>());
        let kinds = world.database.texts(&format!("SELECT kind AS value {OWN} ORDER BY device_seq"));
        let made = [
            "reading",
            "reading",
            "reading",
            "reading",
            "reading",
            "attempt",
            "reading",
            "correction",
            "hazard",
            "found",
        ];
        assert_eq!(kinds, made);
        // Both photos are there; each weighs at most 1 MiB.
        let photos = held["photos"].as_array().unwrap();
        assert_eq!(photos.len(), 2);
        assert!(photos.iter().all(|photo| photo["state"] == "sent" && photo["bytes"].as_u64().unwrap() <= 1 << 20));
        assert_photos(&world, &town, &held).await;
        // The hash chain is whole, and no number is missing.
        let devices = world.database.texts(&format!("SELECT DISTINCT device_id || '' AS value {OWN}"));
        let (_, chain) = world.get(&format!("/v1/devices/{}/chain", devices[0]), &town.admin).await;
        assert_eq!(chain["verified_to"], 10, "{chain}");
    });
}

#[test]
fn releases_full_phones_wrong_clocks_and_revocation_lose_nothing() {
    on_sqlite(async |world, tools| {
        let town = Town::build(&world).await;
        let held = held(&run(&mut script(tools, "trials.mjs", &world, &town)));
        assert_same(&world, &held);
        // A day slow, and dated by the monotonic clock: within two minutes of the server's time.
        let first = format!("SELECT observed_at || ' ' || grade AS value {OWN} AND device_seq = 1");
        let told = world.database.texts(&first);
        let (at, grade) = told[0].split_once(' ').unwrap();
        let off = at.parse::<i64>().unwrap() - world.clock.now().timestamp_millis();
        assert!(off.abs() < 120_000 && grade == "a", "{told:?}");
        let devices = world.database.texts(&format!("SELECT DISTINCT device_id || '' AS value {OWN}"));
        assert_eq!(devices.len(), 2);
    });
}

/// The battery goes at moments drawn by a seed, which `METERBOOK_CAMPAIGN_SEED` replays.
#[test]
fn killed_at_any_moment_a_record_is_whole_or_still_a_draft() {
    on_sqlite(async |world, tools| {
        let town = Town::build(&world).await;
        let said = run(&mut script(tools, "kills.mjs", &world, &town));
        println!("{}", said.lines().take(2).collect::<Vec<_>>().join(", "));
        assert_same(&world, &held(&said));
    });
}

/// What a phone has beside its network: the camera reads codes, places are noted where they are known, a signature outlives the
/// battery, large photos come in pieces, and what was promised to customers is on the screen.
#[test]
fn codes_places_signatures_large_photos_and_promises_are_in_hand() {
    on_sqlite(async |world, tools| {
        let town = Town::build(&world).await;
        let held = held(&run(&mut script(tools, "means.mjs", &world, &town)));
        assert_same(&world, &held);
        assert_eq!(held["photos"].as_array().unwrap().len(), 4);
        assert_photos(&world, &town, &held).await;
        let kinds = world.database.texts(&format!("SELECT kind AS value {OWN} ORDER BY device_seq"));
        assert_eq!(kinds, ["attempt", "attempt", "attempt", "slip_signed", "hazard", "notice", "hazard"]);
    });
}

/// Pictures of every screen lie in `target/…/browser/shots` afterwards, to be looked at.
fn look(language: &str) {
    on_sqlite(async |world, tools| {
        let town = Town::build(&world).await;
        let shots = workshop("node/browser/shots");
        let mut command = script(tools, "looks.mjs", &world, &town);
        let said = run(command.env("METERBOOK_LANGUAGE", language).env("METERBOOK_SHOTS", &shots));
        assert!(said.contains("as expected"), "{said}");
        println!("{said}");
        assert!(shots.join(format!("read-{language}-light.png")).exists());
    });
}

#[test]
fn every_screen_can_be_seen_heard_and_touched_in_chinese() {
    look("zh-CN");
}

#[test]
fn every_screen_can_be_seen_heard_and_touched_in_english() {
    look("en-US");
}

/// The rules the app has of its own, with Node alone; first among them the vectors of DOMAIN 4.
#[test]
fn the_apps_rules_are_those_of_the_domain() {
    let Some(tools) = browser() else { return };
    let folder = project(tools);
    let said = run(tools.node(folder).arg("rules.mjs").env("METERBOOK_ASSETS", folder.join("assets")));
    assert!(said.contains("as expected"), "{said}");
}

/// What the app says of the contract's members in its comments holds against types made of the contract.
#[test]
fn the_app_knows_the_contract() {
    let Some(tools) = browser() else { return };
    let folder = project(tools);
    let contract = meterbook_api::contract::openapi_yaml().unwrap();
    std::fs::write(folder.join("openapi.yaml"), contract).unwrap();
    let program = |name: &str| {
        let mut command = tools.node(folder);
        command.arg(folder.join("node_modules").join(name));
        command
    };
    run(program("openapi-typescript/bin/cli.js").args(["openapi.yaml", "-o", "api.d.ts"]));
    run(program("typescript/bin/tsc").args(["-p", "."]));
}

/// Below the project's `package.json`, which makes modules of the scripts.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
