//! What a map of rounds is drawn from: places of stops, and tiles where a company names them (SECURITY 16).

use crate::support::street::{HEADER, Street, import};
use crate::support::{World, WorldOptions};
use meterbook::accounts::Role;
use meterbook_api::meta::MapTiles;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

fn policy_allows(policy: &str, host: &str) -> bool {
    policy.split(';').any(|part| part.trim().starts_with("img-src ") && part.contains(host))
}

on_both_stores! {
    async fn a_stop_has_its_place_as_it_was_given(world: World) {
        let street = Street::build(&world).await;
        let row = "H9,居民户外,东城区/锦绣,W01,9,王9,13900000009,锦绣路9号,00977,G4,2020-01-01,1000,在用,104.06,30.67,GCJ-02";
        let (status, report) = import(&world, "register", format!("{HEADER},经度,纬度,坐标系\n{row}")).await;
        assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
        let round = street.assign_route("W01", street.phone.account).await;
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        let (_, answer) = world.get(&format!("/v1/rounds/{round}"), &dispatcher).await;
        let stop = |number: &str| answer["stops"].as_array().unwrap().iter().find(|stop| stop["service_point_number"] == number).unwrap();
        let (placed, nowhere) = (stop("H9"), stop("H1"));
        assert_eq!((&placed["lat_micro"], &placed["lng_micro"], &placed["datum"]), (&json!(30_670_000), &json!(104_060_000), &json!("gcj02")));
        assert_eq!((&nowhere["lat_micro"], &nowhere["datum"]), (&Value::Null, &Value::Null));
    }

    async fn tiles_are_shown_to_the_console_alone_and_only_where_they_are_named(world: World) {
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        assert_eq!(world.get("/v1/map", &dispatcher).await, (200, json!({})));
        let plain = world.send(world.request(Method::GET, "/console/")).await;
        assert!(!plain.header("content-security-policy").contains("https:"));
        let url = "https://tiles.example.cn/{z}/{x}/{y}.png";
        let map_tiles = MapTiles::settle(Some(url.into()), Some("gcj02".into())).unwrap();
        let node = World::start_another(Arc::clone(&world.database), WorldOptions { map_tiles, ..WorldOptions::default() });
        assert_eq!(node.get("/v1/map", &dispatcher).await, (200, json!({ "tiles": { "url": url, "datum": "gcj02" } })));
        for (path, is_allowed) in [("/console/", true), ("/console/main.js", true), ("/app/", false), ("/docs", false), ("/v1/meta", false)] {
            let answer = node.send(node.request(Method::GET, path)).await;
            let policy = answer.header("content-security-policy");
            assert_eq!((path, policy_allows(policy, "https://tiles.example.cn")), (path, is_allowed), "{policy}");
            assert!(policy.contains("script-src 'self';") && policy.contains("connect-src 'self';"), "{policy}");
        }
    }
}
