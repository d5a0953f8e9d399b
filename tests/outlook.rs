//! What dispatchers are told to do next: pace, the points to read next, the longest unseen with their ladder (DOMAIN 3).

use crate::support::World;
use crate::support::street::Street;
use meterbook::accounts::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn get(world: &World, login: &str, path: &str) -> Value {
    let token = world.sign_in(login).await.access;
    let (status, answer) = world.get(path, &token).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A visit in vain at a moment of the satellites.
fn attempt(street: &Street<'_>, seq: i64, point: &str, code: &str, day: u32) -> Value {
    let mut item = street.record(seq, point, json!({"kind": "attempt", "attempt_code": code}));
    (item["read_at"], item["time_source"]) = (json!(format!("2026-03-{day:02}T10:00:00+08:00")), json!("gps"));
    item
}

/// By 户号.
fn by_number<'v>(list: &'v Value, name: &str) -> BTreeMap<String, &'v Value> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| (item["number"].as_str().unwrap().to_owned(), &item[name])).collect()
}

on_both_stores! {
    async fn points_are_listed_with_what_to_do_about_each(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Dispatcher).await;
        world.clock.set("2026-03-22T04:00:00Z".parse().unwrap());
        let mut seen = street.reading(5, "H4", 1010);
        (seen["read_at"], seen["time_source"]) = (json!("2026-03-06T10:00:00+08:00"), json!("gps"));
        street.push_later(&[
            attempt(&street, 1, "H1", "locked", 5),
            attempt(&street, 2, "H1", "nobody_home", 6),
            attempt(&street, 3, "H2", "refused", 5),
            attempt(&street, 4, "H3", "meter_not_found", 5),
            seen,
        ]).await;
        let path = format!("/v1/coverage/next?reader={}", street.phone.account);
        let next = get(&world, &login, &path).await;
        let order: Vec<&str> = next["items"].as_array().unwrap().iter().map(|item| item["number"].as_str().unwrap()).collect();
        // The commercial window first; then the home tried on the fewest days, by the order of the route.
        assert_eq!((order, &next["left"]), (vec!["S1", "S2", "H2", "H3", "H1"], &json!(5)), "{next}");
        let because = by_number(&next, "because");
        assert_eq!((because["S1"], because["H2"]), (&json!("window"), &json!("short_of_target")));
        let first = get(&world, &login, &format!("{path}&limit=2")).await;
        assert_eq!((first["items"].as_array().unwrap().len(), &first["left"]), (2, &json!(5)));
        let page = get(&world, &login, "/v1/coverage/unseen?class=residential_outdoor&limit=2").await;
        let rest = get(&world, &login, &format!("/v1/coverage/unseen?class=residential_outdoor&limit=2&after={}", page["next_after"].as_str().unwrap())).await;
        let (mut steps, more) = (by_number(&page, "next_step"), by_number(&rest, "next_step"));
        assert_eq!((steps.len(), more.len()), (2, 1), "{page} {rest}");
        steps.extend(more);
        assert_eq!((steps["H1"], steps["H2"], steps["H3"]), (&json!("phone"), &json!("appointment"), &json!("repair")));
        let h1 = page["items"].as_array().unwrap().iter().find(|item| item["number"] == "H1").unwrap();
        assert_eq!((&h1["tries"], &h1["last_try"], &h1["unseen_since"], &h1["unseen_days"]), (&json!(2), &json!("nobody_home"), &json!("2020-01-01"), &json!(2_272)));
        let token = world.sign_in(&login).await.access;
        for wrong in ["/v1/coverage/unseen?class=residential_outdoor&after=x", "/v1/coverage/unseen?class=residential_indoor&period=2026-03", "/v1/coverage/next"] {
            assert_eq!(world.get(wrong, &token).await.0, 400, "{wrong}");
        }
    }

    async fn pace_holds_what_is_needed_against_what_readers_do(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Dispatcher).await;
        let homes = |report: &Value| report["lines"].as_array().unwrap().iter().find(|line| line["class"] == "residential_outdoor").unwrap().clone();
        let report = get(&world, &login, "/v1/coverage/pace?period=2026-03").await;
        // 22 workdays of 60 points, four of five of which let the reader in; a share of four sixths.
        let line = homes(&report);
        let figures: Vec<&Value> = ["need", "left", "workdays", "capacity", "pace"].iter().map(|name| &line[*name]).collect();
        assert_eq!(figures, [&json!(4), &json!(4), &json!(22), &json!(704), &json!("green")], "{report}");
        // Six working days of one home each make a habit; today's does not count yet.
        world.clock.set("2026-03-31T04:00:00Z".parse().unwrap());
        let days = [9, 10, 11, 12, 13, 31];
        let items: Vec<Value> = days.iter().zip(1..).map(|(day, seq)| attempt(&street, seq, "H1", "locked", *day)).collect();
        street.push_later(&items).await;
        let report = get(&world, &login, "/v1/coverage/pace?period=2026-03").await;
        let reader = report["lines"].as_array().unwrap().iter().find(|line| line["reader_id"] == json!(street.phone.account)).unwrap();
        let figures: Vec<&Value> = ["a_day", "access_bp", "need", "workdays", "capacity", "pace"].iter().map(|name| &reader[*name]).collect();
        assert_eq!(figures, [&json!(1), &json!(8_000), &json!(6), &json!(1), &json!(0), &json!("lost")], "{report}");
        world.clock.set("2026-04-01T04:00:00Z".parse().unwrap());
        let over = get(&world, &login, "/v1/coverage/pace?period=2026-03").await;
        assert_eq!((&homes(&over)["workdays"], &homes(&over)["pace"], &homes(&over)["pace_text"]), (&json!(0), &json!("lost"), &json!("已无法达标")));
    }
}
