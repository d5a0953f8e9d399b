//! What every answer carries (SECURITY 16).

use crate::support::{Answer, Contract, World};
use meterbook::accounts::Role;

fn check(what: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
    for needed in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(directives.contains(&needed), "{what}: no {needed} in {policy:?}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"), "{what}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{what}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="), "{what}");
    assert!(answer.header("cache-control").contains("no-store"), "{what}: {:?}", answer.header("cache-control"));
    for telling in ["server", "x-powered-by"] {
        assert_eq!(answer.header(telling), "", "{what}");
    }
}

on_both_stores! {
    async fn every_operation_sends_the_security_headers(world: World) {
        let admin = world.desk(Role::Admin).await;
        for operation in &Contract::get().operations {
            let method: reqwest::Method = operation.method.parse().unwrap();
            for token in ["", admin.access.as_str()] {
                let request = world.request(method.clone(), &operation.path_with("0"));
                let request = if token.is_empty() { request } else { request.bearer_auth(token) };
                let request = if operation.method == "GET" { request } else { request.json(&serde_json::json!({})) };
                let answer = world.send(request).await;
                assert!(answer.status < 500, "{}: {}", operation.id, answer.status);
                check(&operation.id, &answer);
                if operation.id == "logout" {
                    break;
                }
            }
        }
        check("unknown path", &world.send(world.request(reqwest::Method::GET, "/v1/nothing")).await);
        check("wrong method", &world.send(world.request(reqwest::Method::DELETE, "/v1/meta")).await);
        let damaged = world.request(reqwest::Method::POST, "/v1/auth/login").header("content-encoding", "gzip").body("x");
        check("damaged body", &world.send(damaged).await);
    }
}
