//! Hidden hazards from phones, worked off by the office; notices and signed slips, kept and shown.

use crate::support::World;
use crate::support::street::{Street, outcomes};
use meterbook::accounts::Role;
use serde_json::{Value, json};

fn hazard(street: &Street<'_>, seq: i64, point: &str, code: &str, severity: &str) -> Value {
    let what = json!({"kind": "hazard", "hazard_code": code, "severity": severity, "note": "软管开裂", "evidence": ["a".repeat(64)]});
    street.record(seq, point, what)
}

fn accepted() -> (String, String) {
    ("accepted".to_owned(), String::new())
}

on_both_stores! {
    async fn a_hazard_is_listed_and_worked_off_step_by_step(world: World) {
        let street = Street::build(&world).await;
        let item = hazard(&street, 1, "H1", "hose", "major");
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&item)).await), [accepted()]);
        street.push(std::slice::from_ref(&item)).await;
        let office = world.desk(Role::Dispatcher).await.access;
        let (_, page) = world.get("/v1/hazards?state=open", &office).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let listed = &page["items"][0];
        assert_eq!((&listed["record_id"], &listed["code"], &listed["severity"]), (&item["id"], &json!("hose"), &json!("major")));
        assert_eq!((&listed["note"], &listed["evidence"]), (&json!("软管开裂"), &json!(["a".repeat(64)])));
        assert!(listed["text"].as_str().unwrap().contains("软管"));
        let path = format!("/v1/hazards/{}/decide", listed["id"]);
        let decide = async |state: &str, reason: &str| {
            world.post(&path, &office, &json!({"state": state, "reason": reason})).await
        };
        assert_eq!(decide("resolved", "换管").await.0, 409);
        assert_eq!(decide("in_work", " ").await.0, 422);
        assert_eq!(decide("open", "again").await.0, 422);
        assert_eq!(decide("in_work", "已派单").await.1["state"], json!("in_work"));
        let (status, done) = decide("resolved", "已更换软管").await;
        assert_eq!((status, &done["state"], done["steps"].as_array().unwrap().len()), (200, &json!("resolved"), 2));
        assert_eq!(done["steps"][1]["reason"], json!("已更换软管"));
        assert_eq!(decide("dismissed", "too late").await.0, 409);
        let (_, page) = world.get("/v1/hazards?state=open", &office).await;
        assert_eq!(page["items"], json!([]));
        assert_eq!(world.get("/v1/hazards/987", &office).await.0, 404);
        let audited = world.database.texts("SELECT action || ' ' || detail AS value FROM audit_log WHERE action = 'decide_hazard' ORDER BY id");
        assert_eq!(audited, ["decide_hazard in_work", "decide_hazard resolved"]);
        // A hazard is no visit: the point still has to be read.
        assert_eq!(street.coverage("residential_outdoor").await["unattempted"], json!(4));
    }

    async fn hazards_come_page_by_page(world: World) {
        let street = Street::build(&world).await;
        let items: Vec<Value> = (1..=5).map(|n| hazard(&street, n, "H1", "leak", "critical")).collect();
        street.push(&items).await;
        let office = world.desk(Role::Analyst).await.access;
        let (mut after, mut seen) = (0, Vec::new());
        loop {
            let (_, page) = world.get(&format!("/v1/hazards?severity=critical&limit=2&after={after}"), &office).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["record_id"].clone()));
            match page["next_after"].as_i64() {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(seen, items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>());
    }

    async fn what_is_no_hazard_is_kept_aside(world: World) {
        let street = Street::build(&world).await;
        let nameless = street.record(3, "H1", json!({"kind": "hazard", "hazard_code": "other", "severity": "minor"}));
        let bad = [hazard(&street, 1, "H1", "dragon", "minor"), hazard(&street, 2, "H1", "leak", "terrible"), nameless];
        let answer = street.push(&bad).await;
        let rejected = |code: &str| ("rejected".to_owned(), code.to_owned());
        let unknown = rejected("unknown_member_value");
        assert_eq!(outcomes(&answer), [unknown.clone(), unknown, rejected("missing_member")]);
        assert_eq!(answer["items"][0]["pointer"], json!("/hazard_code"));
        let office = world.desk(Role::Analyst).await.access;
        assert_eq!(world.get("/v1/hazards", &office).await.1["items"], json!([]));
    }

    async fn the_codes_come_in_the_callers_language(world: World) {
        let reader = world.reader_phone().await;
        let text = async |language: &'static str| {
            let request = world.request(reqwest::Method::GET, "/v1/report-codes").bearer_auth(&reader.access);
            world.send(request.header("accept-language", language)).await.json()["hazards"][0]["text"].clone()
        };
        assert_eq!((text("zh").await, text("en").await), (json!("疑似漏气"), json!("gas leak suspected")));
    }

    async fn notices_and_signed_slips_are_kept_and_shown(world: World) {
        let street = Street::build(&world).await;
        let about = uuid::Uuid::now_v7().to_string();
        let notice = street.record(1, "S1", json!({"kind": "notice", "notice_code": "dunning", "about_id": about}));
        let slip = street.record(2, "S1", json!({"kind": "slip_signed", "slip_code": "signed", "about_id": about, "signed_by": "店长"}));
        let bad = street.record(3, "S1", json!({"kind": "slip_signed", "slip_code": "eaten"}));
        let answer = street.push(&[notice.clone(), slip.clone(), bad]).await;
        assert_eq!(outcomes(&answer)[..2], [accepted(), accepted()]);
        assert_eq!(answer["items"][2]["code"], json!("unknown_member_value"));
        let office = world.desk(Role::Cashier).await.access;
        let (_, page) = world.get(&format!("/v1/service-points/{}/records", street.points["S1"]), &office).await;
        let shown = |record: &Value| page["items"].as_array().unwrap().iter().find(|row| row["id"] == record["id"]).unwrap().clone();
        for (record, kind, code) in [(&notice, "notice", "dunning"), (&slip, "slip_signed", "signed")] {
            let row = shown(record);
            assert_eq!((&row["kind"], &row["code"], &row["target_id"]), (&json!(kind), &json!(code), &json!(about)));
            // Unknown members are kept with the rest.
            assert_eq!(&serde_json::from_str::<Value>(row["body"].as_str().unwrap()).unwrap(), record);
        }
        assert_eq!(street.coverage("commercial").await["unattempted"], json!(2));
        assert_eq!(world.get("/v1/service-points/987654/records", &office).await.0, 404);
    }

    async fn a_points_records_come_page_by_page(world: World) {
        let street = Street::build(&world).await;
        let items: Vec<Value> = (1..=5).map(|n| hazard(&street, n, "H1", "leak", "minor")).collect();
        street.push(&items).await;
        let office = world.desk(Role::Analyst).await.access;
        let (mut query, mut seen) = (String::new(), Vec::new());
        loop {
            let path = format!("/v1/service-points/{}/records?limit=2{query}", street.points["H1"]);
            let (_, page) = world.get(&path, &office).await;
            seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            match page["next_before"].as_str() {
                Some(next) => query = format!("&before={next}"),
                None => break,
            }
        }
        seen.sort();
        let mut sent: Vec<String> = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        sent.sort();
        assert_eq!(seen, sent);
        let path = format!("/v1/service-points/{}/records?before=nonsense", street.points["H1"]);
        assert_eq!(world.get(&path, &office).await.0, 400);
    }
}
