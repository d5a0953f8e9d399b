//! The contract: `openapi.yaml`, the handlers and the rights table say the same (SECURITY 17).

use crate::support::{Contract, StoreKind, World};
use meterbook::accounts::Operation;
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeSet;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");

/// Operations that have rights but no route yet. Empty when the API is whole.
const NOT_YET_ROUTED: &[&str] = &[];

#[test]
fn the_document_in_the_repository_is_the_one_the_handlers_make() {
    let made = meterbook_api::contract::openapi_yaml().unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(FILE, &made).unwrap();
    }
    let kept = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(kept == made, "openapi.yaml is out of date: cargo run -- openapi > openapi.yaml");
}

#[test]
fn every_operation_has_its_own_id_and_rights() {
    let operations = &Contract::get().operations;
    let ids: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    assert_eq!(ids.len(), operations.len(), "an operationId is used twice");
    let unknown: Vec<_> = ids.iter().filter(|id| Operation::from_id(id).is_none()).collect();
    assert!(unknown.is_empty(), "without a row in the rights table: {unknown:?}");
}

#[test]
fn every_right_has_its_operation() {
    let routed: BTreeSet<&str> = Contract::get().operations.iter().map(|operation| operation.id.as_str()).collect();
    let missing: BTreeSet<&str> =
        Operation::ALL.iter().map(|operation| operation.id()).filter(|id| !routed.contains(id)).collect();
    assert_eq!(missing, NOT_YET_ROUTED.iter().copied().collect(), "the operations without a route");
}

on_both_stores! {
    async fn the_served_document_is_the_one_in_the_repository(world: World) {
        let answer = world.send(world.request(Method::GET, "/v1/openapi.yaml")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/yaml"));
        assert_eq!(String::from_utf8(answer.body).unwrap(), std::fs::read_to_string(FILE).unwrap());
    }

    /// PROTOCOL "HTTP manners".
    async fn a_path_that_exists_names_its_methods(world: World) {
        let contract = Contract::get();
        for path in contract.operations.iter().map(|operation| operation.path_with("0")).collect::<BTreeSet<_>>() {
            let served = |method: &str| contract.operation(method, &path).is_some();
            let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
            let methods: Vec<&str> = all.into_iter().filter(|m| served(m)).collect();
            for method in all.into_iter().filter(|method| !served(method)) {
                let answer = world.send(world.request(method.parse().unwrap(), &path)).await;
                assert_eq!((method, path.as_str(), answer.status), (method, path.as_str(), 405));
                assert_eq!(answer.header("allow"), methods.join(", "), "{path}");
            }
        }
    }

    async fn a_path_nobody_serves_is_a_problem(world: World) {
        for path in ["/v1", "/v1/", "/v1/nothing", "/v1/me/", "/v1//me", "/v1/accounts/1", "/v1/../etc/passwd", "/v2/me"] {
            let answer = world.send(world.request(Method::GET, path)).await;
            assert_eq!((path, answer.status, &answer.json()["code"]), (path, 404, &json!("not_found")));
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
    }

    /// PROTOCOL "Meta".
    async fn meta_tells_time_epoch_and_limits(world: World) {
        let (status, meta) = world.get("/v1/meta", "").await;
        assert_eq!((status, &meta["server_time"]), (200, &json!("2026-03-02T01:00:00.000Z")));
        assert_eq!(meta["epoch"], json!(world.app.epoch().await.unwrap().to_string()));
        // Restored under the running server: it tells the new epoch and not the one it started with.
        let epoch = uuid::Uuid::now_v7();
        let literal = if world.database.kind == StoreKind::Sqlite { format!("x'{}'", epoch.simple()) } else { format!("'{epoch}'") };
        world.database.execute(&format!("UPDATE instance SET epoch = {literal}")).unwrap();
        assert_eq!(world.epoch().await, epoch.to_string());
        assert_eq!((&meta["limits"]["push_items"], &meta["zone"]), (&json!(500), &json!("+08:00")));
        assert_eq!(world.get("/v1/health", "").await, (200, json!({ "status": "ok" })));
    }
}
