//! Rounds after their time: put away from the phone, never from the record; and what a done one teaches of the walk.

use crate::support::follower::{Follower, Held};
use crate::support::street::{Street, outcomes};
use crate::support::{SignedIn, StoreKind, World};
use chrono::{DateTime, TimeDelta, Utc};
use meterbook_api::jobs::{learn_walks, purge_feeds, put_rounds_away};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The rounds of the street end with March; a month later they go.
const LAST_DAY: &str = "2026-05-01T15:59:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn walk_homes(street: &Street<'_>) {
    let records: Vec<Value> =
        (1..).zip(["H1", "H2", "H3", "H4"]).map(|(seq, home)| street.reading(seq, home, 1010)).collect();
    assert!(outcomes(&street.push(&records).await).iter().all(|(outcome, _)| outcome == "accepted"));
}

async fn renewed(world: &World, phone: &SignedIn) -> SignedIn {
    let (status, tokens) = world.refresh(&phone.refresh).await;
    assert_eq!(status, 200, "{tokens}");
    SignedIn::of(&tokens)
}

fn reasons(answer: &Value) -> BTreeMap<i64, String> {
    let removed = answer["removed"].as_array().unwrap().iter();
    removed.map(|round| (round["round_id"].as_i64().unwrap(), round["reason"].as_str().unwrap().to_owned())).collect()
}

fn learned(held: &Held) -> BTreeMap<String, Option<i64>> {
    let stops = held.stops.values().flat_map(BTreeMap::values);
    let place =
        |stop: &Value| (stop["service_point_number"].as_str().unwrap().to_owned(), stop["learned_position"].as_i64());
    stops.map(place).collect()
}

on_both_stores! {
    async fn a_round_that_is_over_is_put_away_and_can_be_brought_back(world: World) {
        let mut street = Street::build(&world).await;
        let absent = world.phone_of(street.phone.account).await;
        let mut follower = Follower::new(&world, &street.phone);
        let mut long_away = Follower::new(&world, &absent);
        walk_homes(&street).await;
        follower.catch_up(500).await;
        long_away.catch_up(500).await;
        assert_eq!((follower.held.rounds.len(), put_rounds_away(&world.app).await.unwrap()), (2, 0));

        world.clock.set(at(LAST_DAY));
        assert_eq!(put_rounds_away(&world.app).await.unwrap(), 0);
        world.advance(TimeDelta::minutes(1));
        assert_eq!(put_rounds_away(&world.app).await.unwrap(), 2);
        assert_eq!(put_rounds_away(&world.app).await.unwrap(), 0);
        // The absent one keeps its session alive and pulls nothing.
        let absent = renewed(&world, &absent).await;
        follower.renew().await;
        street.phone = follower.phone.clone();
        let answer = follower.pull("limit=500").await;
        let expected = BTreeMap::from([(street.rounds[0], "done".to_owned()), (street.rounds[1], "ended".to_owned())]);
        assert_eq!(reasons(&answer), expected);
        assert!(follower.held.rounds.is_empty() && follower.held == follower.fresh().await);
        let path = format!("/v1/sync/rounds/{}", street.rounds[0]);
        assert_eq!(world.get(&path, &street.phone.access).await.0, 404);

        // What the phone brings home late is its reader's still, and brings nothing back: no feed tells of it.
        let entries = || world.database.texts("SELECT CAST(COUNT(*) AS TEXT) AS value FROM feed_entries");
        let before = entries();
        let figures = json!({"kind": "reading", "index": 8_100_000, "cumulative": 8_100_000, "balance": 100_000});
        assert_eq!(outcomes(&street.push(&[street.record(5, "S1", figures)]).await)[0].0, "accepted");
        assert_eq!(entries(), before);
        follower.catch_up(500).await;
        assert!(follower.held.rounds.is_empty() && follower.held == follower.fresh().await);

        // A phone that was away while all this was forgotten is told too.
        world.advance(TimeDelta::days(70));
        assert!(purge_feeds(&world.app).await.unwrap() > 0);
        long_away.phone = renewed(&world, &absent).await;
        assert_eq!(reasons(&long_away.pull("limit=500").await), expected);
        assert!(long_away.held.rounds.is_empty());

        let dispatcher = world.sign_in("admin").await.access;
        let [done, ended] = [street.rounds[0], street.rounds[1]].map(|round| format!("/v1/rounds/{round}"));
        assert!(world.get(&ended, &dispatcher).await.1["round"]["put_away_at"].is_string());
        let to = json!({ "reader_id": street.phone.account });
        assert_eq!(world.post(&format!("{done}/assign"), &dispatcher, &to).await.0, 409);
        let (status, round) = world.post(&format!("{ended}/assign"), &dispatcher, &to).await;
        assert_eq!((status, &round["put_away_at"]), (200, &Value::Null), "{round}");
        follower.renew().await;
        follower.catch_up(500).await;
        assert_eq!(follower.held.rounds.keys().collect::<Vec<_>>(), [&street.rounds[1]]);
        assert!(follower.held == follower.fresh().await);
    }

    async fn what_was_seen_in_a_round_counts_in_it_however_late_it_comes_home(world: World) {
        let mut street = Street::build(&world).await;
        let other = world.reader_phone().await.account;
        let (made, late) = (world.clock.now(), at("2026-06-10T02:00:00Z"));
        let visit = |mut record: Value| {
            (record["read_at"], record["time_source"]) = (json!((made - TimeDelta::hours(1)).to_rfc3339()), json!("gps"));
            record.as_object_mut().unwrap().retain(|name, _| name != "boot_id" && name != "read_elapsed_ms");
            record
        };
        let locked = json!({"kind": "attempt", "attempt_code": "locked"});
        let records = [street.reading(1, "H1", 1010), street.reading(2, "H2", 1010), street.record(3, "H3", locked)].map(visit);
        while world.clock.now() < late {
            world.advance(TimeDelta::days(20));
            street.phone = renewed(&world, &street.phone).await;
        }
        assert_eq!(put_rounds_away(&world.app).await.unwrap(), 2);
        // A later round of the same route is on another's phone: what was seen before its days is not seen in it.
        let admin = world.sign_in("admin").await.access;
        let path = format!("/v1/rounds/{}", street.rounds[0]);
        let route = world.get(&path, &admin).await.1["round"]["route_id"].clone();
        let round = json!({"route_id": route, "reader_id": other, "from_day": "2026-06-01", "until_day": "2026-07-01"});
        let (status, round) = world.post("/v1/rounds", &admin, &round).await;
        assert_eq!(status, 201, "{round}");
        let states = async |round: &Value| {
            let (_, answer) = world.get(&format!("/v1/rounds/{round}"), &admin).await;
            let stops = answer["stops"].as_array().unwrap_or_else(|| panic!("{answer}"));
            stops.iter().map(|stop| stop["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(outcomes(&street.push(&records).await).iter().all(|(outcome, _)| outcome == "accepted"));
        assert_eq!(states(&json!(street.rounds[0])).await, ["read", "read", "no_access", "open"]);
        assert_eq!(states(&round["id"]).await, ["open", "open", "open", "open"]);
    }

    async fn a_company_may_keep_its_rounds_shorter(world: World) {
        let street = Street::build(&world).await;
        let truth = if world.database.kind == StoreKind::Sqlite { "'2026-01-01'" } else { "DATE '2026-01-01'" };
        let set = format!("INSERT INTO settings (key, value, valid_from, source, created_at) VALUES ('round_keep_days', '3', {truth}, 'test', 0)");
        world.database.execute(&set).unwrap();
        world.clock.set(at("2026-04-03T15:59:59Z"));
        assert_eq!(put_rounds_away(&world.app).await.unwrap(), 0);
        world.advance(TimeDelta::seconds(1));
        assert_eq!(put_rounds_away(&world.app).await.unwrap(), street.rounds.len());
    }

    async fn the_next_round_shows_the_order_of_the_walk(world: World) {
        let mut street = Street::build(&world).await;
        let mut follower = Follower::new(&world, &street.phone);
        follower.catch_up(500).await;
        let walk = async |street: &mut Street<'_>, first: i64, homes: [&str; 4]| {
            // Some hours after the round was made.
            world.advance(TimeDelta::hours(4));
            street.phone = renewed(&world, &street.phone).await;
            let visit = |(seq, home): (i64, &str)| {
                let mut record = street.reading(seq, home, 1010 + first);
                let made = world.clock.now() - TimeDelta::minutes(60 - 5 * (seq - first));
                (record["read_at"], record["read_elapsed_ms"]) = (json!(made.to_rfc3339()), json!(made.timestamp_millis()));
                record
            };
            // The outbox may hold them in any order.
            let mut records: Vec<Value> = (first..).zip(homes).map(visit).collect();
            records.reverse();
            assert!(outcomes(&street.push(&records).await).iter().all(|(outcome, _)| outcome == "accepted"));
            street.phone.clone()
        };
        follower.phone = walk(&mut street, 1, ["H3", "H1", "H4", "H2"]).await;
        assert_eq!((learn_walks(&world.app).await.unwrap(), learn_walks(&world.app).await.unwrap()), (4, 0));
        let expected = |places: [i64; 4]| -> BTreeMap<String, Option<i64>> {
            let homes = ["H1", "H2", "H3", "H4"].into_iter().zip(places.map(Some));
            homes.chain([("S1", None), ("S2", None)]).map(|(point, place)| (point.to_owned(), place)).collect()
        };
        follower.catch_up(500).await;
        assert_eq!(learned(&follower.held), expected([2, 4, 1, 3]));
        assert!(follower.held == follower.fresh().await);
        // The office's order stays what it is; another walk teaches another.
        let admin = world.sign_in("admin").await.access;
        let path = format!("/v1/rounds/{}", street.rounds[0]);
        let route = world.get(&path, &admin).await.1["round"]["route_id"].clone();
        let round = json!({"route_id": route, "reader_id": street.phone.account, "from_day": "2026-03-01", "until_day": "2026-04-01"});
        assert_eq!(world.post("/v1/rounds", &admin, &round).await.0, 201);
        follower.phone = walk(&mut street, 5, ["H1", "H2", "H4", "H3"]).await;
        assert_eq!(learn_walks(&world.app).await.unwrap(), 3);
        follower.catch_up(500).await;
        assert_eq!(learned(&follower.held), expected([1, 2, 4, 3]));
        assert!(follower.held == follower.fresh().await);
        let positions = world.database.texts("SELECT office_order || '' AS value FROM service_points ORDER BY id");
        assert_eq!(positions, ["1", "2", "3", "4", "1", "2"]);
    }
}
