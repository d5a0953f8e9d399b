//! What is behind a number: the points of every figure of coverage, the records of every figure of a day.

use crate::support::World;
use crate::support::street::Street;
use meterbook::accounts::Role;
use serde_json::{Value, json};

/// Every figure of a line that counts points.
const FIGURES: [&str; 20] = [
    "population",
    "denominator",
    "seen",
    "no_access",
    "unattempted",
    "customer_only",
    "estimate_only",
    "rejected_only",
    "time_review",
    "new_next_period",
    "removed",
    "suspended",
    "proven_attempts",
    "with_evidence",
    "early",
    "on_time",
    "late",
    "repeat_unseen",
    "unseen_over_180",
    "unseen_over_365",
];

async fn points(world: &World, query: &str) -> (u16, Value) {
    let analyst = world.cached_desk(Role::Analyst, false).await.access;
    world.get(&format!("/v1/service-points?{query}"), &analyst).await
}

fn numbers(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|point| point["number"].as_str().unwrap()).collect()
}

/// Two homes read, one tried with a photo, one shop read before its window.
async fn a_morning(street: &Street<'_>) {
    let photo = "ab".repeat(32);
    let attempt = json!({"kind": "attempt", "attempt_code": "locked", "evidence": [photo]});
    let shop = json!({"kind": "reading", "index": 8_100_000, "cumulative": 8_100_000, "balance": 100_000});
    let items = [
        street.reading(1, "H1", 1030),
        street.reading(2, "H2", 1030),
        street.record(3, "H3", attempt),
        street.record(4, "S1", shop),
    ];
    street.push(&items).await;
}

on_both_stores! {
    async fn every_figure_of_every_line_has_as_many_points(world: World) {
        let street = Street::build(&world).await;
        a_morning(&street).await;
        let analyst = world.cached_desk(Role::Analyst, false).await.access;
        let mut counted = 0;
        for (group, member) in [("class", ""), ("area", "area_id"), ("route", "route_id"), ("reader", "reader_id")] {
            let (_, report) = world.get(&format!("/v1/coverage?period=2026-03&group={group}"), &analyst).await;
            for line in report["lines"].as_array().unwrap() {
                for figure in FIGURES {
                    let of_group = if member.is_empty() { String::new() } else { format!("&{member}={}", line["group_id"]) };
                    let class = line["class"].as_str().unwrap();
                    let (status, page) = points(&world, &format!("period=2026-03&class={class}&bucket={figure}{of_group}")).await;
                    assert_eq!(status, 200, "{page}");
                    let found = page["items"].as_array().unwrap();
                    assert_eq!(json!(found.len()), line[figure], "{group} {figure}: {line}");
                    assert!(found.iter().all(|point| point["class"] == class), "{page}");
                    counted += found.len();
                }
            }
        }
        assert!(counted > 30, "{counted}");
    }

    async fn points_behind_a_figure_are_paged_and_say_where_they_stand(world: World) {
        let street = Street::build(&world).await;
        a_morning(&street).await;
        let (_, page) = points(&world, "period=2026-03&bucket=unseen").await;
        assert_eq!(numbers(&page), ["H3", "H4", "S2"]);
        let buckets: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|point| &point["bucket"]).collect();
        assert_eq!(buckets, ["no_access", "unattempted", "unattempted"]);
        assert_eq!(page["items"][0]["reader_id"], json!(street.phone.account));
        let (_, first) = points(&world, "period=2026-03&bucket=unseen&limit=2").await;
        assert_eq!(numbers(&first), ["H3", "H4"]);
        let (_, rest) = points(&world, &format!("period=2026-03&bucket=unseen&limit=2&after={}", first["next_after"])).await;
        assert_eq!((numbers(&rest), &rest["next_after"]), (vec!["S2"], &Value::Null));
        let (_, of_another) = points(&world, "period=2026-03&bucket=seen&reader_id=0").await;
        assert_eq!(numbers(&of_another), [""; 0]);
        // Without a period it is the register, as ever.
        let (_, register) = points(&world, "class=commercial").await;
        assert_eq!((numbers(&register), &register["items"][0]["bucket"]), (vec!["S1", "S2"], &Value::Null));
    }

    async fn what_can_not_be_counted_is_refused_by_name(world: World) {
        let cases = [
            ("bucket=seen", "period"),
            ("reader_id=1", "period"),
            ("period=2026-13", "period"),
            ("period=2026-Q1&class=commercial", "period"),
            ("period=2026-03&bucket=everything", "bucket"),
            ("period=2026-03&search=H1", "search"),
            ("period=2026-03&route=1", "route"),
        ];
        for (query, name) in cases {
            let (status, problem) = points(&world, query).await;
            assert_eq!((query, status, &problem["errors"][0]["pointer"]), (query, 400, &json!(name)), "{problem}");
        }
    }

    async fn every_figure_of_a_day_has_as_many_records(world: World) {
        let street = Street::build(&world).await;
        a_morning(&street).await;
        let hazard = json!({"kind": "hazard", "hazard_code": "hose", "severity": "major", "note": "软管开裂"});
        street.push(&[street.record(5, "H4", hazard)]).await;
        let analyst = world.cached_desk(Role::Analyst, false).await.access;
        let (_, report) = world.get("/v1/reports/daily?day=2026-03-02", &analyst).await;
        let mut counted = 0;
        for (of, line) in [(String::new(), &report["office"]), (format!("&reader={}", street.phone.account), &report["readers"][0])] {
            for (figure, count) in line.as_object().unwrap() {
                let path = format!("/v1/reports/daily/records?day=2026-03-02&figure={figure}{of}");
                let (status, page) = world.get(&path, &analyst).await;
                if ["quarantined", "missing_records", "photos_owed", "volume", "first_at", "last_at", "reader_id", "reader_name"].contains(&figure.as_str()) {
                    assert_eq!((status, &page["errors"][0]["pointer"]), (400, &json!("figure")), "{figure}: {page}");
                    continue;
                }
                assert_eq!((status, &json!(page["items"].as_array().unwrap().len())), (200, count), "{figure}: {page}");
                counted += count.as_u64().unwrap();
            }
        }
        assert!(counted > 16, "{report}");
        let (_, first) = world.get("/v1/reports/daily/records?day=2026-03-02&limit=3", &analyst).await;
        let (_, rest) = world.get(&format!("/v1/reports/daily/records?day=2026-03-02&limit=3&after={}", first["next_after"]), &analyst).await;
        assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (3, 1), "{first} {rest}");
        assert_eq!((&rest["items"][0]["position"], &rest["next_after"]), (&json!(4), &Value::Null));
    }
}
