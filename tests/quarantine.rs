//! Quarantine as the office works it off: released as a record, or rejected for good (PROTOCOL "Promises" 2, I2).

use crate::support::street::{Street, outcomes};
use crate::support::{SignedIn, World};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use serde_json::{Value, json};

async fn office(world: &World) -> SignedIn {
    world.cached_desk(Role::Dispatcher, false).await
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let (status, page) = world.get(&format!("/v1/quarantine{query}"), &office(world).await.access).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn release(world: &World, id: &Value, members: Value) -> (u16, Value) {
    let body = json!({"reason": "电话核实", "members": members});
    world.post(&format!("/v1/quarantine/{id}/release"), &office(world).await.access, &body).await
}

on_both_stores! {
    async fn a_released_reading_is_seen_at_the_time_it_was_made(world: World) {
        let street = Street::build(&world).await;
        let item = street.reading(1, "H1", 100_000_030);
        let made = world.clock.now() - TimeDelta::hours(1);
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&item)).await)[0].1, "too_many_digits");
        assert_eq!(street.coverage("residential_outdoor").await["rejected_only"], json!(1));
        world.advance(TimeDelta::minutes(10));
        let row = listed(&world, "?state=open").await.remove(0);
        // As it is, it is wrong still; nothing comes of that.
        let (status, problem) = release(&world, &row["id"], json!({})).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/members/index")), "{problem}");
        assert_eq!(listed(&world, "").await.len(), 1);
        for fixed in ["id", "device_seq", "read_at"] {
            let (status, problem) = release(&world, &row["id"], json!({fixed: 1})).await;
            assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("fixed_member")));
        }
        let (status, done) = release(&world, &row["id"], json!({"index": 1_030_000})).await;
        assert_eq!((status, &done["state"], &done["released_as"]), (200, &json!("released"), &item["id"]), "{done}");
        assert_eq!(done["decision_reason"], json!("电话核实"));
        // What was sent stays as it was sent (I2).
        assert_eq!(serde_json::from_str::<Value>(done["body"].as_str().unwrap()).unwrap(), item);
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["rejected_only"], &line["seen"]), (&json!(0), &json!(1)));
        let at = world.database.texts("SELECT observed_at || ' ' || flags || ' ' || grade AS value FROM records");
        assert_eq!(at, [format!("{} released a", made.timestamp_millis())]);
        // The phone that sends it again is told that it is there.
        let again = street.push(std::slice::from_ref(&item)).await;
        assert_eq!(outcomes(&again), [("duplicate".to_owned(), String::new())]);
        let told = world.get("/v1/sync/changes", &street.phone.access).await.1;
        let verdict = &told["verdicts"][0];
        assert_eq!((&verdict["record_id"], &verdict["state"]), (&item["id"], &json!("released")), "{}", told["verdicts"]);
        assert_eq!(release(&world, &row["id"], json!({"index": 1_030_000})).await.0, 409);
        let audited = world.database.texts("SELECT action AS value FROM audit_log WHERE subject LIKE 'quarantine/%'");
        assert_eq!(audited, ["release_quarantined"]);
        assert_eq!((listed(&world, "?state=open").await.len(), listed(&world, "?state=released").await.len()), (0, 1));
        assert_eq!(world.get("/v1/quarantine?state=gone", &office(&world).await.access).await.0, 400);
    }

    /// The point an item spoke of by mistake has nothing rejected any more.
    async fn a_release_for_another_point_frees_the_one_it_was_sent_for(world: World) {
        let street = Street::build(&world).await;
        street.push(&[street.reading(1, "H1", 100_000_030)]).await;
        assert_eq!(street.coverage("residential_outdoor").await["rejected_only"], json!(1));
        let row = listed(&world, "").await.remove(0);
        let members = json!({"service_point_id": street.points["H2"], "index": 1_030_000});
        let (status, done) = release(&world, &row["id"], members).await;
        assert_eq!(status, 200, "{done}");
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["rejected_only"], &line["seen"], &line["unattempted"]), (&json!(0), &json!(1), &json!(3)));
        // And it is placed as if nothing had been sent for it, whatever is counted anew later.
        street.push(&[street.record(2, "H1", json!({"kind": "attempt", "attempt_code": "locked"}))]).await;
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["rejected_only"], &line["seen"]), (&json!(0), &json!(1)), "{line}");
    }

    async fn a_refused_release_leaves_quarantine_as_it_is(world: World) {
        let street = Street::build(&world).await;
        let reading = street.reading(1, "H1", 1030);
        let correction = |seq, m3: i64| street.record(seq, "H1", json!({"kind": "correction", "corrects": reading["id"], "reason_code": "mistyped", "index": m3 * 1000}));
        street.push(&[reading.clone(), correction(2, 1031), correction(3, 1032)]).await;
        let row = listed(&world, "").await.remove(0);
        assert_eq!(row["outcome"], json!("conflict"), "{row}");
        let (status, problem) = release(&world, &row["id"], json!({})).await;
        assert_eq!(status, 422, "{problem}");
        let (status, problem) = release(&world, &row["id"], json!({"index": 1_033_000})).await;
        assert_eq!(status, 422, "{problem}");
        assert_eq!(world.database.texts("SELECT count(*) || '' AS value FROM quarantine"), ["1"]);
        assert_eq!(listed(&world, "?state=open").await.len(), 1);
    }

    async fn a_final_rejection_stays_rejected_and_is_shown_to_the_reader(world: World) {
        let street = Street::build(&world).await;
        let item = street.reading(1, "H1", 100_000_030);
        street.push(std::slice::from_ref(&item)).await;
        let row = listed(&world, "").await.remove(0);
        let path = format!("/v1/quarantine/{}/reject", row["id"]);
        let desk = office(&world).await.access;
        assert_eq!(world.post(&path, &desk, &json!({"reason": ""})).await.0, 422);
        let (status, done) = world.post(&path, &desk, &json!({"reason": "无法辨认"})).await;
        assert_eq!((status, &done["state"]), (200, &json!("rejected")));
        assert_eq!(world.post(&path, &desk, &json!({"reason": "again"})).await.0, 409);
        assert_eq!(release(&world, &row["id"], json!({"index": 1_030_000})).await.0, 409);
        assert_eq!(street.coverage("residential_outdoor").await["rejected_only"], json!(1));
        let own = street.quarantine().await;
        let told = world.get("/v1/sync/changes", &street.phone.access).await.1;
        assert_eq!(told["verdicts"][0]["state"], json!("rejected"), "{}", told["verdicts"]);
        assert_eq!((&own[0]["state"], &own[0]["decision_reason"]), (&json!("rejected"), &json!("无法辨认")));
        assert_eq!(outcomes(&street.push(&[item]).await)[0], ("rejected".to_owned(), "too_many_digits".to_owned()));
    }

    async fn the_same_id_with_other_content_can_be_released_under_a_new_one(world: World) {
        let street = Street::build(&world).await;
        let one = street.reading(1, "H1", 1030);
        let mut other = street.reading(1, "H2", 1012);
        other["id"] = one["id"].clone();
        street.push(std::slice::from_ref(&one)).await;
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&other)).await)[0].1, "id_reused");
        let row = listed(&world, "?code=id_reused").await.remove(0);
        let (status, done) = release(&world, &row["id"], json!({})).await;
        assert_eq!(status, 200, "{done}");
        assert_ne!(done["released_as"], one["id"]);
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(2));
        // The number stays with the first; the second has none.
        let numbers = world.database.texts("SELECT coalesce(device_seq, 0) || '' AS value FROM records ORDER BY 1");
        assert_eq!(numbers, ["0", "1"]);
        assert_eq!(outcomes(&street.push(&[other]).await), [("duplicate".to_owned(), String::new())]);
    }

    async fn a_reader_sees_only_his_own_and_decides_nothing(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        street.push(&[street.reading(1, "H1", 100_000_030)]).await;
        let row = listed(&world, "").await.remove(0);
        let path = format!("/v1/quarantine/{}", row["id"]);
        assert_eq!(world.get(&path, &street.phone.access).await.0, 200);
        assert_eq!(world.get(&path, &other.access).await.0, 404);
        let peek = format!("/v1/quarantine?reader={}", street.phone.account);
        assert_eq!(world.get(&peek, &other.access).await.1["items"], json!([]));
        for deed in ["release", "reject"] {
            let body = json!({"reason": "mine"});
            assert_eq!(world.post(&format!("{path}/{deed}"), &street.phone.access, &body).await.0, 403);
            assert_eq!(world.post(&format!("/v1/quarantine/987/{deed}"), &office(&world).await.access, &body).await.0, 404);
        }
    }

    async fn filters_and_pages_find_what_is_asked_for(world: World) {
        let street = Street::build(&world).await;
        let items: Vec<Value> = (1..=5).map(|n| street.reading(n, "H1", 100_000_000 + n)).collect();
        street.push(&items).await;
        street.push(&[street.record(6, "H1", json!({"kind": "dance"}))]).await;
        assert_eq!(listed(&world, "?code=unknown_kind").await.len(), 1);
        assert_eq!(listed(&world, &format!("?device={}", street.phone.device.unwrap())).await.len(), 6);
        assert_eq!(listed(&world, "?device=987").await.len(), 0);
        assert_eq!(listed(&world, "?state=released").await.len(), 0);
        let (mut after, mut seen) = (0, 0);
        loop {
            let (_, page) = world.get(&format!("/v1/quarantine?limit=4&after={after}"), &office(&world).await.access).await;
            seen += page["items"].as_array().unwrap().len();
            match page["next_after"].as_i64() {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(seen, 6);
    }
}
