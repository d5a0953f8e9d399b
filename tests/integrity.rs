//! Integrity evidence and blind re-read lists (R-3, DOMAIN 5): reasons with numbers, for analysts alone, and a draw by chance.

use crate::support::World;
use crate::support::street::{HEADER, Street, import};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use meterbook::anomalies::integrity::sample::{draw, sample_size};
use meterbook::id::RecordId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// Forty more homes on a route, ten stops apart: no two share a landing.
async fn long_route(world: &World) {
    let row = |n: i64| {
        format!("L{n},居民户外,东城区/锦绣,L01,{},李{n},1370000{n:04},长街{n}号,L{n}77,G4,2020-01-01,1000,在用", n * 10)
    };
    let rows: Vec<String> = (1..=40).map(row).collect();
    let (status, report) = import(world, "register", format!("{HEADER}\n{}", rows.join("\n"))).await;
    assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
}

/// The forty homes read one after the other, so many seconds apart.
async fn walk(street: &Street<'_>, apart_s: i64) -> Vec<Value> {
    let start = street.world.clock.now() - TimeDelta::hours(3);
    let reading = |n: i64| {
        let mut record =
            street.record(n, &format!("L{n}"), json!({"kind": "reading", "index": (1_010 + n * 7) * 1000}));
        let at = start + TimeDelta::seconds(n * apart_s);
        record["read_at"] = json!(at.to_rfc3339());
        record["read_elapsed_ms"] = json!(at.timestamp_millis());
        record
    };
    let items: Vec<Value> = (1..=40).map(reading).collect();
    let answer = street.push(&items).await;
    assert!(answer["items"].as_array().unwrap().iter().all(|item| item["outcome"] == "accepted"), "{answer}");
    items
}

async fn walked(world: &World, apart_s: i64) -> (Street<'_>, Vec<Value>) {
    long_route(world).await;
    let mut street = Street::build(world).await;
    street.rounds.push(street.assign_route("L01", street.phone.account).await);
    let items = walk(&street, apart_s).await;
    (street, items)
}

async fn report(world: &World, language: &'static str) -> Value {
    let analyst = world.desk(Role::Analyst).await.access;
    let path = "/v1/integrity?from=2026-03-01&until=2026-03-31";
    let request = world.request(Method::GET, path).bearer_auth(&analyst).header("accept-language", language);
    world.send(request).await.json()
}

on_both_stores! {
    async fn entries_made_at_a_desk_are_a_reason_to_look_again_and_an_honest_walk_is_none(world: World) {
        let (street, items) = walked(&world, 8).await;
        let found = report(&world, "en").await;
        let own = &found["items"][0];
        assert_eq!((&own["reader_id"], &own["entries"]), (&json!(street.phone.account), &json!(40)));
        let sign = &own["signs"][0];
        assert_eq!((&sign["code"], &sign["count"], &sign["of"]), (&json!("fast_entries"), &json!(39), &json!(39)), "{found}");
        assert_eq!(sign["records"][0], items[1]["id"]);
        assert!(found["note"].as_str().unwrap().contains("no finding about anybody"));
        let reason = sign["reason"].as_str().unwrap();
        assert!(reason.contains("15.0 s") && !reason.contains('{'), "{reason}");
        assert!(report(&world, "zh").await["items"][0]["signs"][0]["reason"].as_str().unwrap().contains("建议抽查复抄"));
    }

    async fn an_honest_walk_gives_no_reason(world: World) {
        let (_street, _) = walked(&world, 90).await;
        let found = report(&world, "en").await;
        assert_eq!(found["items"][0]["signs"], json!([]), "{found}");
    }

    async fn one_photo_for_two_points_is_said(world: World) {
        let street = Street::build(&world).await;
        let with_photo = |seq: i64, point: &str, photo: &str| {
            street.record(seq, point, json!({"kind": "reading", "index": 1_030_000, "evidence": [photo.repeat(64)]}))
        };
        street.push(&[with_photo(1, "H1", "a"), with_photo(2, "H2", "a"), with_photo(3, "H3", "b")]).await;
        let signs = report(&world, "en").await["items"][0]["signs"].clone();
        assert_eq!((signs.as_array().unwrap().len(), &signs[0]["code"], &signs[0]["of"]), (1, &json!("photo_twice"), &json!(2)), "{signs}");
    }

    async fn a_list_is_drawn_by_chance_as_long_as_its_rate_needs_and_can_be_drawn_again(world: World) {
        let (street, items) = walked(&world, 90).await;
        let analyst = world.desk(Role::Analyst).await.access;
        let asked = json!({"reader_id": street.phone.account, "from": "2026-03-01", "until": "2026-03-31",
            "faulty_bp": 750, "detection_bp": 8_000, "reason": "季度抽查"});
        let post = async |key: &'static str, body: &Value| {
            let request = world.request(Method::POST, "/v1/integrity/rereads").bearer_auth(&analyst).json(body);
            let answer = world.send(request.header("idempotency-key", key)).await;
            (answer.status, answer.json())
        };
        let (status, list) = post("one", &asked).await;
        assert_eq!((status, &list["population"], &list["assumed_faulty"]), (201, &json!(40), &json!(3)), "{list}");
        let drawn: Vec<&str> = list["items"].as_array().unwrap().iter().map(|item| item["record_id"].as_str().unwrap()).collect();
        assert_eq!(drawn.len() as u64, sample_size(40, 3, 8_000));
        let records: Vec<RecordId> = items.iter().map(|item| RecordId(Uuid::parse_str(item["id"].as_str().unwrap()).unwrap())).collect();
        let seed: i64 = list["seed"].as_str().unwrap().parse().unwrap();
        let again: Vec<String> = draw(seed.cast_unsigned(), &records, drawn.len() as u64).iter().map(ToString::to_string).collect();
        assert_eq!(drawn, again, "anybody can draw it again");
        assert_eq!(post("one", &asked).await.1["id"], list["id"]);
        assert_ne!(post("two", &asked).await.1["seed"], list["seed"]);
        let (_, lists) = world.get("/v1/integrity/rereads?limit=1", &analyst).await;
        assert_eq!((lists["items"].as_array().unwrap().len(), &lists["next_after"]), (1, &list["id"]));
        for (name, value) in [("faulty_bp", 0), ("detection_bp", 10_000), ("reader_id", 987_654)] {
            let mut wrong = asked.clone();
            wrong[name] = json!(value);
            assert_eq!(post("three", &wrong).await.0, 422, "{name}");
        }
        let mut long = asked.clone();
        long["until"] = json!("2027-03-31");
        assert_eq!(post("four", &long).await.0, 400);
        assert_eq!(world.get("/v1/integrity/rereads/987", &analyst).await.0, 404);
        // Read again afterwards, it is ticked off.
        world.advance(TimeDelta::hours(2));
        let first = list["items"][0]["service_point_number"].as_str().unwrap().to_owned();
        let again = json!({"kind": "reading", "reading_kind": "reread", "index": 2_000_000});
        street.push_later(&[street.record(99, &first, again)]).await;
        let (_, list) = world.get(&format!("/v1/integrity/rereads/{}", list["id"]), &world.desk_admin().await).await;
        assert_eq!((&list["items"][0]["is_reread"], &list["items"][1]["is_reread"]), (&json!(true), &json!(false)));
    }

    async fn nobody_but_analysts_sees_any_of_it(world: World) {
        let street = Street::build(&world).await;
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        for token in [&dispatcher, &street.phone.access] {
            assert_eq!(world.get("/v1/integrity?from=2026-03-01&until=2026-03-31", token).await.0, 403);
            assert_eq!(world.get("/v1/integrity/rereads", token).await.0, 403);
        }
    }
}
