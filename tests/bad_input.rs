//! Bodies that are too large, damaged or wrong (SECURITY 12, PROTOCOL "HTTP manners").

use crate::support::{Answer, World};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::json;
use std::io::Write as _;

async fn send(world: &World, headers: &[(&'static str, &'static str)], body: impl Into<reqwest::Body>) -> Answer {
    let mut request = world.request(Method::POST, "/v1/auth/login").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body)).await
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn outcome(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

on_both_stores! {
    async fn a_body_that_is_not_json_is_refused_with_its_place(world: World) {
        for body in ["", "{", "{\"login\":\"a\",}", "\u{feff}{}", "{} {}", "nul", "\"\\ud800\"", "login=a&password=b"] {
            let answer = send(&world, &[], body).await;
            assert!([400, 422].contains(&answer.status), "{body:?}: {}", answer.status);
        }
        assert_eq!(outcome(&send(&world, &[], "{\"login\":").await), is(400, "malformed_json"));
        assert_eq!(outcome(&send(&world, &[], b"{\"login\":\"\xff\xfe\"}".to_vec()).await).0, 400);
    }

    async fn a_wrong_type_is_refused_with_its_pointer(world: World) {
        for (body, pointer) in [
            (json!({ "login": 1, "password": "x" }), "/login"),
            (json!({ "login": "a", "password": null }), "/password"),
            (json!({ "login": ["a"], "password": "x" }), "/login"),
            (json!([]), ""),
            (json!("admin"), ""),
            (json!({ "login": "a" }), ""),
        ] {
            let answer = send(&world, &[], body.to_string()).await;
            assert_eq!(outcome(&answer), is(422, "invalid_input"), "{body}");
            let at = answer.json()["errors"][0]["pointer"].clone();
            assert_eq!(at, json!(pointer), "{body}");
        }
    }

    async fn a_large_body_is_refused(world: World) {
        let large = format!("{{\"login\":\"{}\"}}", "a".repeat(10 << 20));
        let answer = send(&world, &[], large.clone()).await;
        assert_eq!(outcome(&answer), is(413, "body_too_large"));
        assert_eq!(answer.json()["retryable"], json!(true));
        // Without a length declared, too.
        let pieces = large.into_bytes().chunks(1 << 16).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
        let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        assert_eq!(outcome(&send(&world, &[], stream).await), is(413, "body_too_large"));
    }

    async fn a_gzip_bomb_is_refused(world: World) {
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(outcome(&send(&world, &[("content-encoding", "gzip")], bomb).await), is(413, "body_too_large"));
    }

    async fn a_damaged_gzip_body_is_refused(world: World) {
        let body = json!({ "login": "admin", "password": "x".repeat(4000) }).to_string();
        let whole = gzip(body.as_bytes());
        assert_eq!(outcome(&send(&world, &[("content-encoding", "gzip")], whole.clone()).await), is(401, "wrong_credentials"));
        let cut = whole[..whole.len() / 2].to_vec();
        assert_eq!(outcome(&send(&world, &[("content-encoding", "gzip")], cut).await), is(400, "malformed_encoding"));
        let without_trailer = whole[..whole.len() - 8].to_vec();
        assert_eq!(outcome(&send(&world, &[("content-encoding", "gzip")], without_trailer).await), is(400, "malformed_encoding"));
        let mut changed = whole;
        let last = changed.len() - 6;
        changed[last] ^= 0xff;
        assert_eq!(outcome(&send(&world, &[("content-encoding", "gzip")], changed).await), is(400, "malformed_encoding"));
        assert_eq!(outcome(&send(&world, &[("content-encoding", "gzip")], "{}").await), is(400, "malformed_encoding"));
    }

    async fn an_encoding_we_do_not_read_is_refused(world: World) {
        let answer = send(&world, &[("content-encoding", "compress")], "{\"login\":\"a\",\"password\":\"b\"}").await;
        assert!([400, 415].contains(&answer.status), "{}", answer.status);
    }

    async fn deep_json_is_refused(world: World) {
        for deep in ["[".repeat(100_000), "{\"login\":".repeat(100_000), format!("{{\"x\":{}", "[".repeat(100_000))] {
            let answer = send(&world, &[], deep).await;
            assert!([400, 422].contains(&answer.status), "{}", answer.status);
        }
    }

    async fn problems_come_in_the_callers_language(world: World) {
        let title = async |language: &'static str| {
            let answer = send(&world, &[("accept-language", language)], "{").await;
            answer.json()["title"].as_str().unwrap().to_owned()
        };
        assert_eq!(title("zh-CN,zh;q=0.9,en;q=0.8").await, "请求体不是有效的 JSON");
        assert_eq!(title("en-GB,en").await, "The body is not valid JSON");
        assert_eq!(title("fr").await, "请求体不是有效的 JSON");
        let answer = world.send(world.request(Method::GET, "/v1/nothing").header("accept-language", "en")).await;
        assert_eq!((answer.status, &answer.json()["title"]), (404, &json!("There is no such object")));
    }

    /// What a caller is told never shows how the service is made.
    async fn strange_text_is_text(world: World) {
        let admin = world.admin().await;
        for login in ["' OR 1=1 --", "\u{0}", "a\u{0}b", "%00", "\u{202e}nimda", "😀😀", "\u{1}\u{2}", "${jndi:x}", &"长".repeat(70)] {
            let (status, answer) = world.try_sign_in(login, "x").await;
            assert!([401, 422].contains(&status), "{login:?}: {answer}");
            let body = json!({ "login": login, "name": login, "role": "reader", "password": "gas flows at 0.4 m3/h" });
            let (status, answer) = world.post("/v1/accounts", &admin.access, &body).await;
            assert!([201, 422].contains(&status), "{login:?}: {answer}");
            let text = answer.to_string().to_lowercase();
            assert!(!["sqlite", "postgres", "diesel", "panicked", "/src/"].iter().any(|word| text.contains(word)), "{text}");
        }
        let body = json!({ "login": "fine", "name": "nul\u{0}", "role": "reader", "password": "gas flows at 0.4 m3/h" });
        let (status, answer) = world.post("/v1/accounts", &admin.access, &body).await;
        assert_eq!(status, 422, "{answer}");
    }

    async fn ids_that_name_nothing_are_not_found(world: World) {
        let admin = world.admin().await;
        for id in ["0", "-1", "9223372036854775807", "9223372036854775808", "abc", "1e3", "%20", "1;2"] {
            let (status, answer) = world.post(&format!("/v1/accounts/{id}/disable"), &admin.access, &json!(null)).await;
            assert_eq!((id, status), (id, 404), "{answer}");
        }
    }
}
