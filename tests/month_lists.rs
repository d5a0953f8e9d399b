//! The month's lists of suspect meters: made once whatever happens to a node, the same from the same inputs, worked as cases.

use crate::startup;
use crate::support::street::{HEADER, import};
use crate::support::{StoreKind, World, WorldOptions};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook_api::anomalies::lists::due::ask_for_due;
use meterbook_api::anomalies::lists::verify::{Verified, verify};
use meterbook_api::anomalies::store::{keep_pasts, points_without};
use meterbook_api::db::Isolation;
use meterbook_api::jobs::work_once;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

const HOMES: usize = 160;
/// One home for each list, and one beside them that nothing is wrong with.
const PLANTED: [(&str, usize); 4] = [("failed", 31), ("slow", 52), ("fast", 73), ("jump", 94)];
const HONEST: usize = 32;

fn number(home: usize) -> String {
    format!("M{home:05}")
}

/// Use of a home in a month counted from January 2024, in m³: its own level, the winter, and a wander of its own.
fn sound_use(home: usize, month: usize) -> i64 {
    let level = 18 + (home * 37 % 29) as i64;
    let winter = [16, 15, 13, 10, 8, 7, 6, 6, 7, 9, 12, 15][month % 12];
    let wander = 90 + ((home * 7_919 + month * 104_729) % 97 % 21) as i64;
    level * winter * wander / 1_000
}

/// The last month of the history: March 2026.
const MARCH: usize = 26;

fn use_of(home: usize, month: usize) -> i64 {
    let sound = sound_use(home, month);
    match PLANTED.iter().find(|(_, planted)| *planted == home).map(|(list, _)| *list) {
        Some("failed") if month > MARCH - 3 => 0,
        Some("slow") if month > MARCH - 5 => sound * 35 / 100,
        Some("fast") if month > MARCH - 5 => sound * 3,
        Some("jump") if month == MARCH => sound * 7,
        _ => sound,
    }
}

fn day_of(month: usize) -> String {
    format!("{}-{:02}-20 09:30", 2024 + month / 12, month % 12 + 1)
}

/// Readings of so many months up to one, from another system.
fn readings(first: usize, last: usize) -> String {
    let mut file = "表号,抄表时间,类型,表读数\n".to_owned();
    for home in 0..HOMES {
        let before: i64 = (0..first).map(|month| use_of(home, month)).sum();
        let mut index = 1_000 + before;
        for month in first..=last {
            index += use_of(home, month);
            writeln!(file, "{},{},实抄,{index}", number(home), day_of(month)).unwrap();
        }
    }
    file
}

async fn fleet(world: &World, first: usize) {
    let mut register = HEADER.to_owned();
    for home in 0..HOMES {
        let area = ["东城区/锦绣", "东城区/湖滨"][home % 2];
        let meter = number(home);
        write!(
            register,
            "\nX{home},居民户外,{area},W{},{home},户{home},13900000000,锦绣路{home}号,{meter},G4,2020-01-01,1000,在用",
            home % 2
        )
        .unwrap();
    }
    let (status, report) = import(world, "register", register).await;
    assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
    bring(world, first, MARCH).await;
    go_to(world, "2026-04-04T01:00:00Z");
}

async fn bring(world: &World, first: usize, last: usize) {
    go_to(world, &format!("{}-{:02}-28T01:00:00Z", 2024 + last / 12, last % 12 + 1));
    import_readings(world, readings(first, last)).await;
}

async fn import_readings(world: &World, file: String) {
    let admin = world.desk_admin().await;
    let request = world.request(reqwest::Method::POST, "/v1/imports/readings").bearer_auth(&admin);
    let answer = world.send(request.header("content-type", "text/csv").body(file)).await;
    assert_eq!((answer.status, &answer.json()["applied"]), (200, &json!(true)), "{}", answer.json());
}

fn go_to(world: &World, at: &str) {
    world.clock.set(at.parse().unwrap());
}

async fn ask(world: &World, month: &str) -> (u16, Value) {
    let admin = world.desk_admin().await;
    world.post("/v1/anomaly-lists", &admin, &json!({"month": month})).await
}

async fn make(world: &World, month: &str) -> Value {
    let (status, asked) = ask(world, month).await;
    assert_eq!((status, &asked["state"]), (202, &json!("making")), "{asked}");
    work_once(&world.app, "node", usize::MAX).await.unwrap();
    made(world, month, &asked["version"]).await
}

async fn made(world: &World, month: &str, version: &Value) -> Value {
    let admin = world.desk_admin().await;
    let (_, list) = world.get(&format!("/v1/anomaly-lists/{month}?version={version}"), &admin).await;
    assert_eq!(list["state"], json!("done"), "{list}");
    list
}

async fn entries(world: &World, month: &str, query: &str) -> Vec<Value> {
    let admin = world.desk_admin().await;
    let (status, page) = world.get(&format!("/v1/anomaly-lists/{month}/entries?{query}"), &admin).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// List and 表号 of each entry.
fn named(entries: &[Value]) -> BTreeSet<(String, String)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    entries.iter().map(|entry| (text(entry, "list"), text(entry, "meter_number"))).collect()
}

fn planted() -> BTreeSet<(String, String)> {
    PLANTED.iter().map(|(list, home)| ((*list).to_owned(), number(*home))).collect()
}

/// Keeps every meter's past ready, as the service does by itself beside the pushes.
async fn keep_ready(world: &World) {
    let keep = |conn: &mut _| {
        let points = points_without(conn, 0)?;
        keep_pasts(conn, &points)
    };
    world.app.store.write("keep_pasts", Isolation::RowLocks, keep).await.unwrap();
    let kept = world.database.texts("SELECT CAST(installation_id AS TEXT) AS value FROM meter_pasts").len();
    assert_eq!(kept, HOMES);
}

async fn verified(world: &World, month: &str) -> Verified {
    let month = Period::parse(month).unwrap();
    world.app.store.read("verify", move |conn| verify(conn, month, None)).await.unwrap().unwrap()
}

on_both_stores! {
    async fn each_planted_fault_heads_its_own_list_with_figures_and_a_reason(world: World) {
        fleet(&world, 8).await;
        let list = make(&world, "2026-03").await;
        assert_eq!((&list["version"], &list["meters_read"]), (&json!(1), &json!(HOMES)), "{list}");
        assert_eq!((&list["ranked_by_model"], &list["ranked_by_rules"]), (&json!(HOMES), &json!(0)));
        assert!(list["model_version"].as_str().unwrap().starts_with("shipped-"), "{list}");
        let all = entries(&world, "2026-03", "").await;
        // 160 meters were read: a place for each list, by shares of 30, 40, 15 and 15 in ten thousand, rounded up.
        assert_eq!(named(&all), planted(), "{all:#?}");
        assert!(all.iter().all(|entry| entry["rank"] == 1 && entry["method"] == "model"));
        let slow = entries(&world, "2026-03", "list=slow").await.remove(0);
        let figures = &slow["figures"];
        let (used, expected) = (figures["used"].as_i64().unwrap(), figures["expected"].as_i64().unwrap());
        assert_eq!(slow["stake"].as_i64().unwrap(), expected - used);
        assert!(used * 2 < expected && slow["is_above_floor"] == true, "{slow}");
        let floor = format!("{} %", figures["floor_percent"]);
        assert!(slow["reason_en"].as_str().unwrap().contains(&floor), "{slow}");
        assert!(slow["reason_zh"].as_str().unwrap().contains("可断言"), "{slow}");
        let admin = world.desk_admin().await;
        let one = world.get(&format!("/v1/anomaly-entries/{}", slow["id"]), &admin).await;
        assert_eq!(one, (200, slow));
        assert_eq!(verified(&world, "2026-03").await, Verified { entries: 4, wrong: vec![] });
        // What is made stays: working copies are gone, and nothing can be changed.
        assert_eq!(world.database.texts("SELECT CAST(position AS TEXT) AS value FROM anomaly_list_chunks").len(), 0);
        for change in ["UPDATE anomaly_lists SET by_model = 0", "DELETE FROM anomaly_entries"] {
            assert!(world.database.execute(change).expect_err(change).contains("append-only"));
        }
    }

    async fn made_twice_the_lists_are_the_same_and_a_changed_verdict_is_found(world: World) {
        fleet(&world, 8).await;
        let (first, second) = (make(&world, "2026-03").await, make(&world, "2026-03").await);
        assert_eq!((&first["version"], &second["version"]), (&json!(1), &json!(2)));
        for hash in ["inputs_hash", "entries_hash"] {
            assert_eq!(first[hash].as_str().unwrap().len(), 64);
            assert_eq!(first[hash], second[hash], "{hash}");
        }
        // Another input: one meter is read otherwise, in a later month it does not know of, and in March.
        bring(&world, MARCH + 1, MARCH + 1).await;
        go_to(&world, "2026-05-05T01:00:00Z");
        let third = make(&world, "2026-03").await;
        assert_eq!(third["inputs_hash"], first["inputs_hash"], "nothing read later counts");
        let index = 1_000 + (0..=MARCH).map(|month| use_of(HONEST, month)).sum::<i64>() + 2;
        let more = format!("表号,抄表时间,类型,表读数\n{},2026-03-25 09:30,实抄,{index}\n", number(HONEST));
        import_readings(&world, more).await;
        assert_ne!(make(&world, "2026-03").await["inputs_hash"], first["inputs_hash"]);
        // Somebody who can get at the database changes a score: reckoned again, it shows.
        let unlock = match world.database.kind {
            StoreKind::Sqlite => "DROP TRIGGER anomaly_entries_no_update",
            StoreKind::Postgres => "ALTER TABLE anomaly_entries DISABLE TRIGGER USER",
        };
        world.database.execute(unlock).unwrap();
        world.database.execute("UPDATE anomaly_entries SET score_micro = score_micro + 1 WHERE list = 'slow'").unwrap();
        assert_eq!(verified(&world, "2026-03").await.wrong.len(), 1);
    }

    /// From the records, from what is kept of each past, and from what is kept half a year later, when it no longer reaches back.
    async fn whenever_they_are_made_the_same_readings_give_the_same_lists(world: World) {
        fleet(&world, 0).await;
        let from_records = make(&world, "2026-03").await;
        keep_ready(&world).await;
        let from_pasts = make(&world, "2026-03").await;
        bring(&world, MARCH + 1, MARCH + 6).await;
        go_to(&world, "2026-10-05T01:00:00Z");
        keep_ready(&world).await;
        let later = make(&world, "2026-03").await;
        for hash in ["inputs_hash", "entries_hash"] {
            assert_eq!(from_pasts[hash], from_records[hash], "{hash}");
            assert_eq!(later[hash], from_records[hash], "{hash}");
        }
        // What is kept does matter: with another's past a meter is another.
        world.database.execute("UPDATE meter_pasts SET digest = (SELECT p.digest FROM meter_pasts p WHERE p.installation_id = 1)").unwrap();
        let before = make(&world, "2026-09").await;
        world.database.execute("DELETE FROM meter_pasts").unwrap();
        assert_ne!(make(&world, "2026-09").await["inputs_hash"], before["inputs_hash"]);
    }

    async fn a_class_read_by_the_quarter_is_judged_by_quarters(world: World) {
        const INDOOR: usize = 60;
        const STUCK: usize = 17;
        let mut register = HEADER.to_owned();
        let mut file = "表号,抄表时间,类型,表读数\n".to_owned();
        for home in 0..INDOOR {
            let meter = number(home);
            write!(register, "\nX{home},居民户内,东城区/锦绣,W0,{home},户{home},13900000000,锦绣路{home}号,{meter},G4,2020-01-01,1000,在用").unwrap();
            let mut index = 1_000;
            for quarter in (2..=MARCH).step_by(3) {
                let is_stuck = home == STUCK && quarter > MARCH - 6;
                index += if is_stuck { 0 } else { (quarter - 2..=quarter).map(|month| sound_use(home, month)).sum() };
                writeln!(file, "{meter},{},实抄,{index}", day_of(quarter)).unwrap();
            }
        }
        let (status, report) = import(&world, "register", register).await;
        assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
        go_to(&world, "2026-04-04T01:00:00Z");
        import_readings(&world, file).await;
        let list = make(&world, "2026-03").await;
        assert_eq!((&list["meters_read"], &list["ranked_by_model"]), (&json!(INDOOR), &json!(INDOOR)), "{list}");
        let failed = entries(&world, "2026-03", "list=failed").await;
        assert_eq!((failed.len(), &failed[0]["meter_number"]), (1, &json!(number(STUCK))), "{failed:?}");
        assert_eq!((&failed[0]["figures"]["periods"], &failed[0]["figures"]["known_periods"]), (&json!(2), &json!(7)));
        assert_eq!(make(&world, "2026-02").await["meters_read"], json!(0), "nobody was there in February");
    }

    async fn the_command_line_learns_and_verifies(world: World) {
        fleet(&world, 8).await;
        make(&world, "2026-03").await;
        let run = |arguments: &[&str]| {
            let ended = startup::run(&world.database, &[&["anomalies"], arguments].concat());
            (ended.status.success(), startup::said(&ended))
        };
        let (is_fine, said) = run(&["verify", "--month", "2026-03"]);
        assert!(is_fine && said.contains("4 entries"), "{said}");
        assert!(!run(&["verify", "--month", "2026-02"]).0);
        assert!(!run(&["learn", "--by", "nobody", "--until", "2026-03"]).0);
        let (is_fine, said) = run(&["learn", "--by", "admin", "--until", "2026-03", "--seed", "7"]);
        assert!(is_fine && said.contains("own-1-"), "{said}");
        let admin = world.desk_admin().await;
        let (_, model) = world.get("/v1/anomaly-models/1", &admin).await;
        assert_eq!((&model["state"], &model["meters"], &model["seed"]), (&json!("done"), &json!(HOMES), &json!(7)), "{model}");
    }

    /// A node dies in the middle; another goes on after the lease, and what comes out is what an undisturbed run gives.
    async fn killed_halfway_another_node_goes_on_and_no_two_do_it(world: World) {
        fleet(&world, 8).await;
        let other = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        go_to(&other, "2026-04-04T01:00:00Z");
        let (status, asked) = ask(&world, "2026-03").await;
        assert_eq!(status, 202, "{asked}");
        let (status, twice) = ask(&world, "2026-03").await;
        assert_eq!((status, &twice["errors"][0]["code"]), (409, &json!("being_made")));
        assert_eq!(work_once(&world.app, "one", 3).await.unwrap(), 3);
        assert_eq!(work_once(&other.app, "two", usize::MAX).await.unwrap(), 0, "the first node holds it");
        for node in [&world, &other] {
            node.advance(TimeDelta::seconds(61));
        }
        let (two, three) = tokio::join!(work_once(&other.app, "two", usize::MAX), work_once(&world.app, "three", usize::MAX));
        let (two, three) = (two.unwrap(), three.unwrap());
        assert!((two == 0) != (three == 0), "one of them does the rest: {two}, {three}");
        let admin = world.desk_admin().await;
        let (_, jobs) = world.get("/v1/jobs", &admin).await;
        let job = jobs["items"].as_array().unwrap().iter().find(|job| job["kind"] == "anomaly_lists").unwrap();
        assert_eq!((&job["subject"], &job["state"], job["steps"].as_u64().unwrap()), (&json!("2026-03/1"), &json!("done"), (3 + two + three) as u64));
        let disturbed = made(&world, "2026-03", &json!(1)).await;
        assert_eq!(make(&world, "2026-03").await["entries_hash"], disturbed["entries_hash"]);
        assert_eq!(named(&entries(&world, "2026-03", "version=1").await), planted());
    }

    async fn a_short_past_is_ranked_by_rules_and_said_to_be(world: World) {
        fleet(&world, MARCH - 5).await;
        let list = make(&world, "2026-03").await;
        assert_eq!((&list["ranked_by_model"], &list["ranked_by_rules"]), (&json!(0), &json!(HOMES)), "{list}");
        let all = entries(&world, "2026-03", "").await;
        assert!(all.iter().all(|entry| entry["method"] == "rules"));
        let found = named(&all);
        for (list, home) in PLANTED.iter().filter(|(list, _)| ["failed", "jump"].contains(list)) {
            assert!(found.contains(&((*list).to_owned(), number(*home))), "{list}: {found:?}");
        }
        assert!(!found.iter().any(|(_, meter)| *meter == number(HONEST)));
        assert_eq!(verified(&world, "2026-03").await.wrong, Vec::<i64>::new());
    }

    async fn a_case_is_opened_from_an_entry_once_and_joins_a_live_one(world: World) {
        let (_, cashier) = world.account(Role::Cashier).await;
        fleet(&world, 8).await;
        make(&world, "2026-03").await;
        let slow = entries(&world, "2026-03", "list=slow").await.remove(0);
        let path = format!("/v1/anomaly-entries/{}/case", slow["id"]);
        let cashier = world.sign_in(&cashier).await.access;
        assert_eq!(world.post(&path, &cashier, &Value::Null).await.0, 403);
        let admin = world.desk_admin().await;
        assert_eq!(world.post("/v1/anomaly-entries/987654/case", &admin, &Value::Null).await.0, 404);
        let (status, opened) = world.post(&path, &admin, &Value::Null).await;
        assert_eq!((status, &opened["joined"]), (200, &json!(false)), "{opened}");
        let (_, file) = world.get(&format!("/v1/cases/{}", opened["case_id"]), &admin).await;
        let case = &file["case"];
        assert_eq!((&case["rule"], &case["kind"], &case["state"]), (&json!("slow_suspect"), &json!("slow"), &json!("open")));
        assert_eq!((&case["stake"], &case["reason_zh"], &case["observed_at"]), (&slow["stake"], &slow["reason_zh"], &slow["observed_at"]));
        let (status, again) = world.post(&path, &admin, &Value::Null).await;
        assert_eq!((status, &again["errors"][0]["code"]), (409, &json!("already_opened")));
        // Made again, the same place is another entry; its case is the one there is.
        make(&world, "2026-03").await;
        let second = entries(&world, "2026-03", "list=slow").await.remove(0);
        assert_eq!((second["id"] == slow["id"], second["case_id"].is_null()), (false, true));
        let (_, joined) = world.post(&format!("/v1/anomaly-entries/{}/case", second["id"]), &admin, &Value::Null).await;
        assert_eq!((&joined["case_id"], &joined["joined"]), (&opened["case_id"], &json!(true)));
        assert_eq!(entries(&world, "2026-03", "version=1&list=slow").await[0]["case_id"], opened["case_id"]);
        let decide = json!({"state": "dismissed", "reason": "现场核对，用气减少"});
        assert_eq!(world.post(&format!("/v1/cases/{}/decide", opened["case_id"]), &admin, &decide).await.0, 200);
        let audited = world.database.texts("SELECT action AS value FROM audit_log WHERE action LIKE '%anomaly%' ORDER BY id");
        assert_eq!(audited, ["make_anomaly_lists", "open_anomaly_case", "make_anomaly_lists", "open_anomaly_case"]);
    }

    async fn lists_come_by_themselves_after_the_grace_and_on_request_after_the_month(world: World) {
        fleet(&world, MARCH - 8).await;
        go_to(&world, "2026-03-31T15:59:59Z");
        let (status, early) = ask(&world, "2026-03").await;
        assert_eq!((status, &early["errors"][0]["code"]), (409, &json!("not_over")));
        assert_eq!(ask(&world, "2026-Q1").await.0, 422);
        go_to(&world, "2026-04-03T15:59:59Z");
        // February is over and was read: it has its lists first.
        let month = |text: &str| Some(Period::parse(text).unwrap());
        assert_eq!(ask_for_due(&world.app).await.unwrap(), month("2026-02"));
        go_to(&world, "2026-04-03T16:00:00Z");
        assert_eq!(ask_for_due(&world.app).await.unwrap(), month("2026-03"));
        assert_eq!(ask_for_due(&world.app).await.unwrap(), None, "once");
        work_once(&world.app, "node", usize::MAX).await.unwrap();
        let list = made(&world, "2026-03", &json!(1)).await;
        assert!(list.get("asked_by").is_none(), "{list}");
        go_to(&world, "2026-05-05T00:00:00Z");
        assert_eq!(ask_for_due(&world.app).await.unwrap(), None, "nothing was read in April");
        // February's slow and stopped meters stood on its lists: they rest.
        let february = named(&entries(&world, "2026-02", "").await);
        let resting: BTreeSet<&String> = february.iter().map(|(_, meter)| meter).collect();
        let march = named(&entries(&world, "2026-03", "").await);
        assert!(resting.len() >= 3 && march.iter().all(|(_, meter)| !resting.contains(meter)), "{february:?} {march:?}");
        assert!(march.contains(&("jump".to_owned(), number(PLANTED[3].1))), "{march:?}");
    }

    async fn a_model_of_ones_own_holds_from_the_day_a_person_says(world: World) {
        fleet(&world, 8).await;
        let admin = world.desk_admin().await;
        let (status, asked) = world.post("/v1/anomaly-models", &admin, &json!({"seed": 7})).await;
        assert_eq!((status, &asked["state"], &asked["until_month"]), (202, &json!("training"), &json!("2026-03")), "{asked}");
        let (_, twin) = world.post("/v1/anomaly-models", &admin, &json!({"seed": 7, "until_month": "2026-03"})).await;
        let (_, other) = world.post("/v1/anomaly-models", &admin, &json!({"seed": 8})).await;
        let switch = |model: &Value, from: &str| json!({"model_id": model["id"], "valid_from": from, "source": "分析例会"});
        assert_eq!(world.post("/v1/anomaly-model-terms", &admin, &switch(&asked, "2026-04-10")).await.0, 422, "not made yet");
        work_once(&world.app, "node", usize::MAX).await.unwrap();
        let path = |model: &Value| format!("/v1/anomaly-models/{}", model["id"]);
        let (_, model) = world.get(&path(&asked), &admin).await;
        assert_eq!((&model["state"], &model["meters"]), (&json!("done"), &json!(HOMES)), "{model}");
        assert!(model["lessons"].as_i64().unwrap() > 1_000, "{model}");
        let body = |model: &Value| world.database.texts(&format!("SELECT body AS value FROM anomaly_models WHERE id = {}", model["id"])).remove(0);
        assert!(body(&asked) == body(&twin), "the same history and seed give the same model");
        assert!(body(&asked) != body(&other), "another seed gives another");
        assert_eq!(world.post("/v1/anomaly-model-terms", &admin, &switch(&asked, "2026-04-04")).await.0, 422, "not ahead");
        let (status, page) = world.post("/v1/anomaly-model-terms", &admin, &switch(&asked, "2026-04-10")).await;
        assert_eq!((status, &page["terms"][0]["model_id"]), (200, &asked["id"]), "{page}");
        assert!(make(&world, "2026-03").await["model_version"].as_str().unwrap().starts_with("shipped-"), "it did not hold in March");
        bring(&world, MARCH + 1, MARCH + 1).await;
        go_to(&world, "2026-05-05T01:00:00Z");
        let april = make(&world, "2026-04").await;
        assert_eq!(april["model_version"], model["version"]);
        assert_eq!(verified(&world, "2026-04").await, Verified { entries: entries(&world, "2026-04", "").await.len(), wrong: vec![] });
        // Too few meters teach nothing, and the model says so.
        world.database.execute("UPDATE installations SET removed_at = 1 WHERE id > 50").unwrap();
        let admin = world.desk_admin().await;
        let (_, few) = world.post("/v1/anomaly-models", &admin, &json!({"until_month": "2026-03"})).await;
        work_once(&world.app, "node", usize::MAX).await.unwrap();
        let (_, few) = world.get(&path(&few), &admin).await;
        assert_eq!((&few["state"], &few["fault"]), (&json!("failed"), &json!("too_little_history")));
    }
}
