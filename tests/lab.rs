//! The rule lab: other settings on the stored history, held against what people found out, then switched on; and cases as files.

use crate::support::World;
use crate::support::street::{HEADER, Street, import};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// Two homes: 1,500 m³ in ten days is above the meter's maximum flow (1,440) and below its ceiling (1,728).
async fn overloaded(street: &Street<'_>) {
    street.push_later(&[street.reading(1, "H1", 1030), street.reading(2, "H2", 1030)]).await;
    street.world.advance(TimeDelta::days(10));
    street.push_later(&[street.reading(3, "H1", 2530), street.reading(4, "H2", 2530)]).await;
}

async fn run(world: &World, changes: Value) -> Value {
    let admin = world.desk_admin().await;
    let (status, begun) = world.post("/v1/rule-lab/runs", &admin, &json!({"changes": changes})).await;
    assert_eq!(status, 202, "{begun}");
    // It runs by itself; there is nothing to wait on but its state.
    for _ in 0..500 {
        let (_, run) = world.get(&format!("/v1/rule-lab/runs/{}", begun["id"]), &admin).await;
        if run["state"] != "running" {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the run does not end");
}

fn rule<'v>(run: &'v Value, code: &str) -> &'v Value {
    run["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == code).unwrap_or(&Value::Null)
}

on_both_stores! {
    async fn todays_settings_say_of_the_stored_history_what_was_said_then(world: World) {
        let street = Street::build(&world).await;
        overloaded(&street).await;
        world.advance(TimeDelta::days(3));
        street.push_later(&[street.reading(5, "H1", 2500)]).await;
        let done = run(&world, json!({"ceiling_bp": 12_000})).await;
        assert_eq!((&done["state"], &done["readings"]), (&json!("done"), &json!(5)), "{done}");
        let found = |table: &str| world.database.texts(&format!("SELECT rule AS value FROM {table} ORDER BY rule"));
        let mut replayed: Vec<String> = Vec::new();
        for rule in done["rules"].as_array().unwrap() {
            assert_eq!((&rule["won"]["total"], &rule["lost"]["total"]), (&json!(0), &json!(0)));
            let times = rule["kept"]["total"].as_u64().unwrap();
            replayed.extend((0..times).map(|_| rule["rule"].as_str().unwrap().to_owned()));
        }
        replayed.sort();
        assert_eq!(replayed, found("case_findings"));
        assert_eq!(replayed.len(), 3);
    }

    async fn a_change_is_seen_by_rule_against_outcomes_and_switched_on_from_a_day(world: World) {
        let street = Street::build(&world).await;
        let (_, analyst) = world.account(Role::Analyst).await;
        overloaded(&street).await;
        let admin = world.desk_admin().await;
        let (_, cases) = world.get("/v1/cases?rule=overload", &admin).await;
        let path = format!("/v1/cases/{}/decide", cases["items"][0]["id"]);
        assert_eq!(world.post(&path, &admin, &json!({"state": "dismissed", "reason": "读数抄错"})).await.0, 200);
        let done = run(&world, json!({"ceiling_bp": 10_000})).await;
        let (lost, won) = (&rule(&done, "overload")["lost"], &rule(&done, "impossible")["won"]);
        assert_eq!(lost, &json!({"total": 2, "upheld": 0, "refuted": 1}), "{done}");
        assert_eq!(won, &json!({"total": 2, "upheld": 0, "refuted": 0}));
        assert_eq!(rule(&done, "impossible")["won_records"].as_array().unwrap().len(), 2);
        // The same question gets the same answer.
        assert_eq!(run(&world, json!({"ceiling_bp": 10_000})).await["rules"], done["rules"]);
        let day = (world.app.config.zone.day(world.clock.now()) + TimeDelta::days(1)).to_string();
        let adopt = format!("/v1/rule-lab/runs/{}/adopt", done["id"]);
        let body = json!({"valid_from": day, "source": "技术部 2026-07 号"});
        let analyst = world.sign_in(&analyst).await.access;
        assert_eq!(world.post(&adopt, &analyst, &body).await.0, 403);
        let past = json!({"valid_from": "2026-03-01", "source": "x"});
        assert_eq!(world.post(&adopt, &admin, &past).await.0, 422, "nothing is changed under what it has judged");
        let (status, adopted) = world.post(&adopt, &admin, &body).await;
        assert_eq!((status, &adopted["adopted_from"]), (200, &json!(day)), "{adopted}");
        assert_eq!(world.post(&adopt, &admin, &body).await.0, 409);
        // From that day on the door is stricter.
        world.advance(TimeDelta::days(10));
        let answer = street.push_later(&[street.reading(5, "H1", 4030)]).await;
        assert_eq!(answer["items"][0]["flags"], json!(["impossible", "set_aside"]), "{answer}");
    }

    async fn what_cannot_be_tried_is_said_at_its_place(world: World) {
        let admin = world.admin().await.access;
        let post = async |changes: Value| world.post("/v1/rule-lab/runs", &admin, &json!({"changes": changes})).await;
        assert_eq!(post(json!({})).await.0, 422);
        let (status, problem) = post(json!({"ceiling_bp": 1, "luck": 7})).await;
        let at: Vec<&Value> = problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
        assert_eq!((status, at), (422, vec![&json!("/changes/ceiling_bp"), &json!("/changes/luck")]));
        assert_eq!(world.get("/v1/rule-lab/runs/987", &admin).await.0, 404);
    }

    async fn cases_come_as_files_in_either_language_and_no_cell_begins_a_formula(world: World) {
        let odd = "=2+3,居民户外,东城区/锦绣,W01,9,王九,13900000009,锦绣路9号,00977,G4,2020-01-01,1000,在用";
        assert_eq!(import(&world, "register", format!("{HEADER}\n{odd}")).await.0, 200);
        let street = Street::build(&world).await;
        street.push(&[street.reading(1, "=2+3", 1030), street.reading(2, "H1", 1030)]).await;
        world.advance(TimeDelta::days(2));
        street.push_later(&[street.reading(3, "=2+3", 1010), street.reading(4, "H1", 1010)]).await;
        let admin = world.desk_admin().await;
        let file = async |query: &str| {
            let request = world.request(Method::GET, &format!("/v1/cases/export?{query}")).bearer_auth(&admin);
            world.send(request).await
        };
        let zh = file("format=csv&lang=zh").await;
        let text = String::from_utf8(zh.body.clone()).unwrap();
        assert!(zh.header("content-disposition").contains("attachment"), "{}", zh.header("content-disposition"));
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
        assert!(lines[0].starts_with("编号,状态,类别") && lines.len() == 4, "{text}");
        assert!(text.contains("'=2+3") && !text.contains(",=2+3"), "{text}");
        let en = String::from_utf8(file("format=csv&lang=en&kind=reading&sort=stake").await.body).unwrap();
        assert!(en.contains("No.,State,Kind") && en.contains("probably a misread"), "{en}");
        assert_eq!(String::from_utf8(file("format=csv&kind=slow").await.body).unwrap().lines().count(), 2);
        let xlsx = file("format=xlsx").await;
        assert_eq!((xlsx.status, &xlsx.body[..2]), (200, &b"PK"[..]));
        assert_eq!(file("format=pdf").await.status, 400);
    }
}
