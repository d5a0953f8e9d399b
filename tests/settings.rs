//! Dated settings: what was in force decides, on every node, and nothing is changed under what it judged (DOMAIN, preamble).

use crate::support::street::Street;
use crate::support::{SignedIn, World, WorldOptions};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook_api::coverage::open_period;
use serde_json::{Value, json};
use std::sync::Arc;

async fn change(world: &World, token: &str, from: &str, values: Value) -> (u16, Value) {
    let body = json!({"valid_from": from, "source": "公司〔2026〕7号", "values": values});
    world.post("/v1/settings", token, &body).await
}

fn entry<'v>(list: &'v Value, key: &str) -> &'v Value {
    list["items"].as_array().unwrap().iter().find(|entry| entry["key"] == key).unwrap()
}

async fn line(world: &World, token: &str, period: &str) -> Value {
    let (status, report) = world.get(&format!("/v1/coverage?period={period}&class=residential_outdoor"), token).await;
    assert_eq!(status, 200, "{report}");
    report["lines"][0].clone()
}

/// Flags of a reading sent by a phone whose clock is five minutes ahead.
async fn flags_five_minutes_ahead(world: &World, phone: &SignedIn, street: &Street<'_>, seq: i64) -> Vec<String> {
    let ahead = (world.clock.now() + TimeDelta::minutes(5)).to_rfc3339();
    let mut item = street.reading(seq, "H1", 1030);
    item["read_at"] = json!(ahead);
    item.as_object_mut().unwrap().retain(|name, _| name != "boot_id" && name != "read_elapsed_ms");
    let (status, answer) =
        world.post("/v1/sync/records", &phone.access, &json!({"sent_at": ahead, "items": [item]})).await;
    assert_eq!(status, 200, "{answer}");
    serde_json::from_value(answer["items"][0]["flags"].clone()).unwrap()
}

on_both_stores! {
    async fn a_setting_holds_from_its_day_on_and_on_every_node(world: World) {
        let street = Street::build(&world).await;
        let other = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        let admin = world.admin().await.access;
        let before = flags_five_minutes_ahead(&other, &street.phone, &street, 1).await;
        assert!(before.contains(&"clock_ahead".to_owned()), "{before:?}");
        let (_, old) = world.get("/v1/settings?on=2026-04-01", &admin).await;
        let values = json!([{"key": "target_outdoor_bp", "value": 9_900}, {"key": "time_ahead_minutes", "value": 10}]);
        let (status, changed) = change(&world, &admin, "2026-03-03", values.clone()).await;
        assert_eq!((status, &changed["day"]), (201, &json!("2026-03-03")), "{changed}");
        let target = entry(&changed, "target_outdoor_bp");
        assert_eq!((&target["value"], &target["default"], &target["valid_from"]), (&json!(9_900), &json!(9_800), &json!("2026-03-03")));
        assert_eq!((&target["source"], &target["changes"][0]["set_at"]), (&json!("公司〔2026〕7号"), &json!("2026-03-02T01:00:00.000Z")));
        assert_ne!(changed["rules_version"], old["rules_version"]);
        // Said again it is no news.
        assert_eq!(change(&world, &admin, "2026-03-03", values).await, (201, changed.clone()));
        // Today the old figures hold, and March is judged by what held on its first day.
        let (_, today) = other.get("/v1/settings", &admin).await;
        assert_eq!(entry(&today, "target_outdoor_bp")["value"], json!(9_800));
        world.clock.set("2026-04-01T01:00:00Z".parse().unwrap());
        other.clock.set("2026-04-01T01:00:00Z".parse().unwrap());
        open_period(&world.app, Period::parse("2026-04").unwrap()).await.unwrap();
        let admin = world.sign_in("admin").await.access;
        for node in [&world, &other] {
            assert_eq!(line(node, &admin, "2026-03").await["target_bp"], json!(9_800));
            assert_eq!(line(node, &admin, "2026-04").await["target_bp"], json!(9_900));
        }
        let (_, tokens) = other.refresh(&street.phone.refresh).await;
        let after = flags_five_minutes_ahead(&other, &SignedIn::of(&tokens), &street, 2).await;
        assert!(!after.contains(&"clock_ahead".to_owned()), "{after:?}");
        let audited = world.database.texts("SELECT subject AS value FROM audit_log WHERE action = 'change_settings' ORDER BY id");
        assert_eq!(audited, ["setting/target_outdoor_bp", "setting/time_ahead_minutes"]);
    }

    async fn a_wrong_change_is_refused_whole_and_says_where(world: World) {
        let admin = world.admin().await.access;
        let codes = |(status, answer): (u16, Value)| {
            assert_eq!(status, 422, "{answer}");
            let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
            answer["errors"].as_array().unwrap().iter().map(|fault| format!("{} {}", text(fault, "pointer"), text(fault, "code"))).collect::<Vec<_>>()
        };
        let values = json!([{"key": "grace_days", "value": 5}, {"key": "grace", "value": 1}, {"key": "target_indoor_bp", "value": 10_001}]);
        let faults = codes(change(&world, &admin, "2026-03-02", values).await);
        assert_eq!(faults, ["/valid_from not_ahead", "/values/1/key unknown_setting", "/values/2/value out_of_range"]);
        assert_eq!(codes(change(&world, &admin, "2026-03-03", json!([])).await), ["/values empty"]);
        let window = json!([{"key": "window_from_day", "value": 25}]);
        assert_eq!(codes(change(&world, &admin, "2026-03-03", window).await), ["/values contradiction"]);
        let nameless = json!({"valid_from": "2026-04-01", "source": " ", "values": [{"key": "grace_days", "value": 5}]});
        assert_eq!(codes(world.post("/v1/settings", &admin, &nameless).await), ["/source invalid_source"]);
        let (_, list) = world.get("/v1/settings?on=2027-01-01", &admin).await;
        assert!(list["items"].as_array().unwrap().iter().all(|entry| entry["changes"] == json!([]) && entry["value"] == entry["default"]));
    }

    async fn settings_are_shown_to_the_office_in_its_language_and_set_by_administrators(world: World) {
        let analyst = world.desk(Role::Analyst).await.access;
        let ask = world.request(reqwest::Method::GET, "/v1/settings").bearer_auth(&analyst);
        let english = world.send(ask.header("accept-language", "en")).await.json();
        let (_, chinese) = world.get("/v1/settings", &analyst).await;
        assert_eq!(entry(&english, "grace_days")["name"], json!("Days after its end until a period is final"));
        assert_eq!((&entry(&chinese, "grace_days")["name"], &entry(&chinese, "grace_days")["unit_text"]), (&json!("期末后定稿宽限天数"), &json!("天")));
        assert_eq!(change(&world, &analyst, "2026-04-01", json!([{"key": "grace_days", "value": 5}])).await.0, 403);
    }
}
