//! Phones with wrong clocks: nothing is refused for its time, and nothing counts by a time nobody believes (DOMAIN 2, 3).
//! And the bodies of every released client, taken for ever.

use crate::support::World;
use crate::support::street::{Street, outcomes};
use chrono::{DateTime, TimeDelta, Utc};
use meterbook::calendar::Period;
use meterbook::coverage::Bucket;
use meterbook_api::coverage::store::load_counters;
use serde_json::{Value, json};

/// A reading whose time only the phone's own clock tells, sent by the same clock.
async fn push_by_clock(street: &Street<'_>, seq: i64, point: &str, read_at: &str, sent_at: &str) -> Value {
    let mut item = street.reading(seq, point, 1010);
    item["read_at"] = json!(read_at);
    item.as_object_mut().unwrap().retain(|name, _| name != "boot_id" && name != "read_elapsed_ms");
    let body = json!({"sent_at": sent_at, "items": [item]});
    let (status, answer) = street.world.post("/v1/sync/records", &street.phone.access, &body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn flags(answer: &Value) -> Vec<String> {
    let flags = answer["items"][0]["flags"].as_array().unwrap();
    flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect()
}

on_both_stores! {
    /// The world stands at 2026-03-02T09:00+08:00.
    async fn a_lost_clock_is_accepted_and_waits_for_a_person(world: World) {
        let street = Street::build(&world).await;
        for (seq, point, year) in [(1, "H1", "1970"), (2, "H2", "2038")] {
            let at = format!("{year}-01-19T03:14:07Z");
            let answer = push_by_clock(&street, seq, point, &at, &at).await;
            assert_eq!(outcomes(&answer), [("accepted".to_owned(), String::new())], "{year}");
            let flags = flags(&answer);
            assert!(flags.contains(&"clock_lost".to_owned()) && flags.contains(&"time_review".to_owned()), "{year}: {flags:?}");
            assert_eq!(flags.contains(&"clock_ahead".to_owned()), year == "2038", "{year}: {flags:?}");
        }
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["time_review"], &line["seen"]), (&json!(2), &json!(0)));
    }

    async fn a_day_off_is_flagged_only_where_it_may_decide(world: World) {
        let street = Street::build(&world).await;
        world.advance(TimeDelta::minutes(10));
        let now: DateTime<Utc> = world.clock.now();
        let shifted = |days: i64| (now + TimeDelta::days(days)).to_rfc3339();
        // A day ahead: later than its receipt.
        let ahead = flags(&push_by_clock(&street, 1, "H1", &shifted(1), &shifted(1)).await);
        assert!(ahead.contains(&"clock_ahead".to_owned()), "{ahead:?}");
        // A day behind, on the 1st: the month's edge is within reach of the doubt.
        let behind = flags(&push_by_clock(&street, 2, "H2", &shifted(-1), &shifted(-1)).await);
        assert!(behind.contains(&"time_review".to_owned()) && !behind.contains(&"clock_ahead".to_owned()), "{behind:?}");
    }

    async fn the_calendars_edges_are_times_and_beyond_them_is_none(world: World) {
        let street = Street::build(&world).await;
        for (seq, at) in [(1, "0001-01-01T00:00:00Z"), (2, "9999-12-31T23:59:59Z"), (3, "1900-02-28T12:00:00+14:00")] {
            let answer = push_by_clock(&street, seq, "H1", at, &world.clock.now().to_rfc3339()).await;
            assert_eq!(answer["items"][0]["outcome"], json!("accepted"), "{at}: {answer}");
        }
        for (seq, at, code) in [
            (4, "2026-02-30T08:00:00+08:00", "time_out_of_range"),
            (5, "2026-03-01T25:00:00+08:00", "time_out_of_range"),
            (6, "yesterday", "wrong_type"),
            (7, "2026-03-01", "wrong_type"),
        ] {
            let answer = push_by_clock(&street, seq, "H2", at, &world.clock.now().to_rfc3339()).await;
            assert_eq!(outcomes(&answer), [("rejected".to_owned(), code.to_owned())], "{at}");
            assert_eq!(answer["items"][0]["pointer"], json!("/read_at"));
        }
    }

    /// DOMAIN 3: received in the grace it counts, marked.
    async fn a_reading_received_in_the_grace_is_a_late_upload(world: World) {
        let street = Street::build(&world).await;
        let mut item = street.reading(1, "H1", 1030);
        item["time_source"] = json!("gps");
        world.clock.set("2026-04-02T01:00:00Z".parse().unwrap());
        let answer = street.push_later(std::slice::from_ref(&item)).await;
        assert_eq!(flags(&answer), ["late_upload"]);
        let march = Period::parse("2026-03").unwrap();
        let counters = world.app.store.read("seen", move |conn| load_counters(conn, march)).await.unwrap();
        let seen: u64 = counters.iter().filter(|row| row.bucket == Bucket::Seen).map(|row| row.points).sum();
        assert_eq!(seen, 1);
        let mut later = street.reading(2, "H2", 1030);
        (later["read_at"], later["time_source"]) = (item["read_at"].clone(), json!("gps"));
        world.clock.set("2026-04-03T16:00:00Z".parse().unwrap());
        // The grace is over: no longer late, restated.
        assert_eq!(flags(&street.push_later(&[later]).await), Vec::<String>::new());
    }

    /// PROTOCOL "Meta": push is accepted from every released client; old bodies stay as fixtures for ever.
    async fn every_released_push_body_is_taken(world: World) {
        let street = Street::build(&world).await;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("push_bodies");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 10);
        for file in files {
            let reader = world.reader_phone().await;
            for route in ["W01", "S01"] {
                street.assign_route(route, reader.account).await;
            }
            let mut text = std::fs::read_to_string(&file).unwrap();
            for (number, id) in &street.points {
                text = text.replace(&format!("\"{number}\""), &id.to_string());
            }
            // Each file is another phone's: its ids must be, too.
            let own = format!("{:08x}", reader.account);
            let text = text.replace("\"01958f00-", &format!("\"{own}-"));
            let request = world.request(reqwest::Method::POST, "/v1/sync/records").bearer_auth(&reader.access);
            let answer = world.send(request.header("content-type", "application/json").body(text)).await;
            assert_eq!(answer.status, 200, "{}", file.display());
            for receipt in answer.json()["items"].as_array().unwrap() {
                assert_eq!(receipt["outcome"], json!("accepted"), "{}: {receipt}", file.display());
            }
        }
    }
}
