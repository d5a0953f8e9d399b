//! A reader's phone: what it pulls, what it pushes, and what the office then sees (PROTOCOL; I1–I3, I5, I7).

use crate::support::street::{Street, outcomes};
use crate::support::{Answer, StoreKind, World};
use chrono::TimeDelta;
use futures_util::future::join_all;
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook_api::coverage::store::{load_counters, recount};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;

fn pairs(answer: &Value) -> Vec<(String, String)> {
    outcomes(answer)
}

fn pair(outcome: &str, code: &str) -> (String, String) {
    (outcome.to_owned(), code.to_owned())
}

async fn counters_equal_recomputation(world: &World) {
    for period in ["2026-03", "2026-Q1"] {
        let period = Period::parse(period).unwrap();
        let same =
            world.app.store.read("compare", move |conn| Ok((load_counters(conn, period)?, recount(conn, period)?)));
        let (counted, recounted) = same.await.unwrap();
        assert_eq!(counted, recounted);
    }
}

on_both_stores! {
    /// I1, and PROTOCOL "Promises" 2.
    async fn a_record_sent_three_times_is_stored_once(world: World) {
        let street = Street::build(&world).await;
        let batch = [street.reading(1, "H1", 1030), street.reading(2, "H2", 1012)];
        assert_eq!(pairs(&street.push(&batch).await), [pair("accepted", ""), pair("accepted", "")]);
        for _ in 0..2 {
            assert_eq!(pairs(&street.push(&batch).await), [pair("duplicate", ""), pair("duplicate", "")]);
        }
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["seen"], &line["denominator"], &line["rate_bp"]), (&json!(2), &json!(4), &json!(5000)));
        let stored = world.database.texts("SELECT count(*) || '' AS value FROM records");
        assert_eq!(stored, ["2"]);
        counters_equal_recomputation(&world).await;
    }

    async fn an_integral_float_is_the_same_record(world: World) {
        let street = Street::build(&world).await;
        let record = street.reading(1, "H1", 1030);
        street.push(std::slice::from_ref(&record)).await;
        let as_float = record.to_string().replace("1030000", "1030000.0");
        let again: Value = serde_json::from_str(&as_float).unwrap();
        assert_eq!(pairs(&street.push(&[again]).await), [pair("duplicate", "")]);
    }

    /// I2: what is wrong in one item is kept whole, is told again the same way, and spoils nothing beside it.
    async fn one_bad_item_never_fails_its_batch(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        let with = |seq, point, change: Value| street.record(seq, point, change);
        let reading = |index: Value| json!({"kind": "reading", "index": index});
        let mut unnamed = street.reading(9, "H2", 1010);
        unnamed.as_object_mut().unwrap().remove("id");
        let mut elsewhere = street.reading(11, "H2", 1010);
        elsewhere["service_point_id"] = json!(987_654);
        let bad = [
            (json!("no object"), "malformed", ""),
            (with(2, "H1", reading(json!("12"))), "wrong_type", "/index"),
            (with(3, "H1", json!({"kind": "dance"})), "unknown_kind", "/kind"),
            (with(4, "H1", json!({"kind": "attempt"})), "missing_member", "/attempt_code"),
            (with(5, "H1", json!({"kind": "attempt", "attempt_code": "asleep"})), "unknown_member_value", "/attempt_code"),
            (with(6, "H1", reading(json!(-1000))), "negative_figure", "/index"),
            (with(7, "H1", reading(json!(100_000_000))), "too_many_digits", "/index"),
            (with(8, "S1", json!({"kind": "reading", "index": 8_100_000, "balance": 5})), "missing_cumulative", "/cumulative"),
            (unnamed, "missing_member", "/id"),
            (with(10, "H1", json!({"kind": "reading", "index": 1, "reading_kind": "estimate"})), "estimate_not_allowed", "/reading_kind"),
            (elsewhere, "not_your_stop", "/service_point_id"),
        ];
        let good = street.reading(1, "H1", 1030);
        let mut batch: Vec<Value> = bad.iter().map(|(item, ..)| item.clone()).collect();
        batch.push(good.clone());
        let answer = street.push(&batch).await;
        let mut expected: Vec<_> = bad.iter().map(|(_, code, _)| pair("rejected", code)).collect();
        expected.push(pair("accepted", ""));
        assert_eq!(pairs(&answer), expected);
        for (receipt, (_, code, pointer)) in answer["items"].as_array().unwrap().iter().zip(&bad) {
            assert_eq!(receipt["pointer"], json!(pointer), "{code}");
            assert!(!receipt["detail"].as_str().unwrap().is_empty(), "{code}");
        }
        expected.pop();
        expected.push(pair("duplicate", ""));
        assert_eq!(pairs(&street.push(&batch).await), expected);
        let aside = street.quarantine().await;
        assert_eq!(aside.len(), bad.len());
        let bodies: Vec<Value> = aside.iter().map(|item| serde_json::from_str(item["body"].as_str().unwrap()).unwrap()).collect();
        assert!(bad.iter().all(|(item, ..)| bodies.contains(item)));
        // Another reader's stop looks like one that does not exist, and his quarantine is his own (SECURITY 1).
        let mut foreign = good;
        foreign["id"] = json!(uuid::Uuid::now_v7().to_string());
        assert_eq!(pairs(&street.push_from(&other, &[foreign]).await), [pair("rejected", "not_your_stop")]);
        assert_eq!(street.quarantine().await.len(), bad.len());
        counters_equal_recomputation(&world).await;
    }

    /// A point whose meter was taken away has nothing to be read.
    async fn a_reading_where_no_meter_hangs_is_kept_aside(world: World) {
        let street = Street::build(&world).await;
        let removed = crate::support::street::register().replace("00177,G4,2020-01-01,1000,在用", "00177,G4,2020-01-01,1000,拆除");
        crate::support::street::import(&world, "register", removed).await;
        let answer = street.push(&[street.reading(1, "H1", 1030), street.reading(2, "H2", 1010)]).await;
        assert_eq!(pairs(&answer), [pair("rejected", "unknown_meter"), pair("accepted", "")]);
    }

    /// DOMAIN 7: same id, other content.
    async fn an_id_used_again_is_a_conflict_and_the_first_stays(world: World) {
        let street = Street::build(&world).await;
        let first = street.reading(1, "H1", 1030);
        let mut second = first.clone();
        second["index"] = json!(1_031_000);
        street.push(std::slice::from_ref(&first)).await;
        assert_eq!(pairs(&street.push(std::slice::from_ref(&second)).await), [pair("conflict", "id_reused")]);
        let mut reused = street.reading(1, "H2", 1010);
        reused["device_seq"] = json!(1);
        assert_eq!(pairs(&street.push(&[reused]).await), [pair("rejected", "sequence_reused")]);
        assert_eq!(pairs(&street.push(&[first]).await), [pair("duplicate", "")]);
        assert!(street.quarantine().await[0]["body"].as_str().unwrap().contains("1031000"));
    }

    /// a missing slip is visible.
    async fn a_gap_in_a_phones_numbers_is_named_until_it_is_filled(world: World) {
        let street = Street::build(&world).await;
        let answer = street.push(&[street.reading(1, "H1", 1030), street.reading(2, "H2", 1010), street.reading(4, "H4", 1010)]).await;
        assert_eq!((&answer["highest_contiguous_seq"], &answer["missing_seqs"]), (&json!(2), &json!([3])));
        let dispatcher = world.desk(Role::Dispatcher).await;
        let (_, devices) = world.get("/v1/devices", &dispatcher.access).await;
        assert_eq!(devices["items"][0]["missing_seqs"], json!([3]));
        let answer = street.push(&[street.reading(3, "H3", 1010)]).await;
        assert_eq!((&answer["highest_contiguous_seq"], &answer["missing_seqs"]), (&json!(4), &json!([])));
    }

    async fn a_cursor_that_was_tampered_with_is_refused(world: World) {
        let street = Street::build(&world).await;
        let (_, answer) = world.get("/v1/sync/changes", &street.phone.access).await;
        let cursor = answer["cursor"].as_str().unwrap();
        let last = cursor.chars().next_back().unwrap();
        let tampered = format!("{}{}", &cursor[..cursor.len() - 1], if last == 'A' { 'Q' } else { 'A' });
        for wrong in [tampered.as_str(), "x", "AAAA", &cursor[4..]] {
            let (status, problem) = world.get(&format!("/v1/sync/changes?cursor={wrong}"), &street.phone.access).await;
            assert_eq!((status, &problem["code"]), (400, &json!("invalid_cursor")), "{wrong}");
        }
        let other = world.reader_phone().await;
        let (status, problem) = world.get(&format!("/v1/sync/changes?cursor={cursor}"), &other.access).await;
        assert_eq!((status, &problem["code"]), (400, &json!("invalid_cursor")));
    }

    async fn a_reader_at_a_desk_and_an_office_role_sync_nothing(world: World) {
        let reader = world.desk(Role::Reader).await;
        let (status, problem) = world.get("/v1/sync/changes", &reader.access).await;
        assert_eq!((status, &problem["code"]), (403, &json!("device_required")));
        let analyst = world.desk(Role::Analyst).await;
        let (status, problem) = world.post("/v1/sync/records", &analyst.access, &json!({})).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    }

    /// PROTOCOL "Push": true observations are still taken.
    async fn a_round_that_moved_while_the_phone_was_offline_still_takes_its_readings(world: World) {
        let street = Street::build(&world).await;
        let second = world.reader_phone().await;
        let dispatcher = world.desk(Role::Dispatcher).await;
        let to = json!({"reader_id": second.account});
        let moved = world.post(&format!("/v1/rounds/{}/assign", street.rounds[0]), &dispatcher.access, &to).await;
        assert_eq!(moved.0, 200, "{}", moved.1);
        let answer = street.push(&[street.reading(1, "H1", 1030)]).await;
        assert_eq!(answer["items"][0]["outcome"], json!("accepted"));
        assert!(answer["items"][0]["flags"].as_array().unwrap().contains(&json!("after_reassignment")));
        // Both readers' readings of one meter are kept; the meter counts once.
        street.push_from(&second, &[street.reading(1, "H1", 1030)]).await;
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(1));
        world.advance(TimeDelta::days(8));
        let (_, tokens) = world.refresh(&street.phone.refresh).await;
        let late = crate::support::SignedIn::of(&tokens);
        let answer = street.push_from(&late, &[street.reading(2, "H2", 1010)]).await;
        assert_eq!(pairs(&answer), [pair("rejected", "not_your_stop")]);
    }

    async fn a_compressed_push_is_read_and_a_cut_one_is_not(world: World) {
        let street = Street::build(&world).await;
        let body = street.batch(&[street.reading(1, "H1", 1030)]).to_string();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(body.as_bytes()).unwrap();
        let whole = gzip.finish().unwrap();
        let send = async |bytes: Vec<u8>| -> Answer {
            let request = world.request(Method::POST, "/v1/sync/records").bearer_auth(&street.phone.access);
            world.send(request.header("content-encoding", "gzip").body(bytes)).await
        };
        let cut = send(whole[..whole.len() / 2].to_vec()).await;
        assert_eq!((cut.status, &cut.json()["code"]), (400, &json!("malformed_encoding")));
        assert_eq!(pairs(&send(whole).await.json()), [pair("accepted", "")]);
    }

    /// DOMAIN 3: buckets are exclusive and add up.
    async fn coverage_says_where_every_point_stands(world: World) {
        let street = Street::build(&world).await;
        let attempt = |seq, point, proof: Value| street.record(seq, point, json!({"kind": "attempt", "attempt_code": "locked", "evidence": proof}));
        let customer = street.record(3, "H3", json!({"kind": "reading", "reading_kind": "customer", "index": 1_010_000}));
        street.push(&[street.reading(1, "H1", 1030), attempt(2, "H2", json!(["a".repeat(64)])), customer]).await;
        let line = street.coverage("residential_outdoor").await;
        let count = |name: &str| line[name].as_u64().unwrap();
        assert_eq!([count("seen"), count("no_access"), count("customer_only"), count("unattempted")], [1, 1, 1, 1]);
        assert_eq!((count("denominator"), count("population"), count("needed")), (4, 4, 4));
        assert_eq!(line["met"], json!(false));
        street.push(&[street.reading(4, "H2", 1010), street.reading(5, "H3", 1010), street.reading(6, "H4", 1010)]).await;
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["seen"], &line["met"], &line["rate_bp"]), (&json!(4), &json!(true), &json!(10_000)));
        counters_equal_recomputation(&world).await;
    }

    /// DOMAIN 2: the observed time decides the period; a doubtful clock near its edge is for a person.
    async fn a_doubtful_clock_at_the_months_edge_waits_for_a_person(world: World) {
        let street = Street::build(&world).await;
        let mut doubtful = street.reading(1, "H1", 1030);
        doubtful["read_at"] = json!("2026-03-01T02:00:00+08:00");
        doubtful.as_object_mut().unwrap().remove("boot_id");
        let answer = street.push(&[doubtful]).await;
        assert!(answer["items"][0]["flags"].as_array().unwrap().contains(&json!("time_review")), "{answer}");
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["time_review"], &line["seen"]), (&json!(1), &json!(0)));
    }

    /// I5 under contention: the counters equal the recomputation.
    async fn phones_that_push_at_once_are_counted_once(world: World) {
        let street = Street::build(&world).await;
        let mut phones = Vec::new();
        for _ in 0..6 {
            let phone = world.reader_phone().await;
            street.assign_route("W01", phone.account).await;
            phones.push(phone);
        }
        let mut pushes = Vec::new();
        for phone in &phones {
            for n in 1..=4 {
                let record = street.reading(n, &format!("H{n}"), 1010 + n);
                let street = &street;
                pushes.push(async move { street.push_from(phone, &[record]).await });
            }
        }
        for answer in join_all(pushes).await {
            assert_eq!(pairs(&answer), [pair("accepted", "")]);
        }
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(4));
        counters_equal_recomputation(&world).await;
    }

    /// Pushes share transactions, not their fate: the one the database refuses is owed still, all others are on disk.
    async fn a_push_that_the_database_refuses_takes_no_other_with_it(world: World) {
        let street = Street::build(&world).await;
        let homes = ["H1", "H2", "H3", "H4"];
        let mut pushes = Vec::new();
        for home in homes {
            let phone = world.reader_phone().await;
            street.assign_route("W01", phone.account).await;
            pushes.push((phone, street.batch(&[street.reading(1, home, 1020)])));
        }
        let refused = street.points["H3"];
        let (refuse, allow) = match world.database.kind {
            StoreKind::Sqlite => (
                format!("CREATE TRIGGER refuse BEFORE INSERT ON records WHEN NEW.point_id = {refused} BEGIN SELECT RAISE(ABORT, 'refused'); END"),
                "DROP TRIGGER refuse",
            ),
            StoreKind::Postgres => (format!("ALTER TABLE records ADD CONSTRAINT refuse CHECK (point_id <> {refused})"), "ALTER TABLE records DROP CONSTRAINT refuse"),
        };
        let push_all = || join_all(pushes.iter().map(|(phone, batch)| world.post("/v1/sync/records", &phone.access, batch)));
        world.database.execute(&refuse).unwrap();
        for (home, (status, answer)) in homes.iter().zip(push_all().await) {
            assert_eq!(status == 200, *home != "H3", "{home}: {status} {answer}");
        }
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(3));
        world.database.execute(allow).unwrap();
        for (home, (status, answer)) in homes.iter().zip(push_all().await) {
            assert_eq!((status, pairs(&answer)), (200, vec![pair(if *home == "H3" { "accepted" } else { "duplicate" }, "")]), "{home}");
        }
        counters_equal_recomputation(&world).await;
    }

    /// one case per meter and rule, with its reason in both languages.
    async fn a_meter_that_runs_backwards_becomes_one_case(world: World) {
        let street = Street::build(&world).await;
        street.push(&[street.reading(1, "H1", 1030)]).await;
        let three = |seq, figures: [i64; 3]| {
            street.record(seq, "S1", json!({"kind": "reading", "index": figures[0], "cumulative": figures[1], "balance": figures[2]}))
        };
        street.push(&[three(2, [8_420_000, 8_395_000, 310_000])]).await;
        world.advance(TimeDelta::minutes(10));
        let confirmed = |seq, m3| {
            let mut record = street.reading(seq, "H1", m3);
            record["confirmed"] = json!(true);
            record
        };
        street.push(&[confirmed(3, 900), three(4, [8_420_400, 8_420_000, 285_000])]).await;
        street.push(&[confirmed(5, 890)]).await;
        let cases = street.cases().await;
        let of = |number: &str| cases.iter().filter(|case| case["service_point_number"] == number).collect::<Vec<_>>();
        assert_eq!(of("H1").len(), 1, "{cases:?}");
        assert_eq!((&of("H1")[0]["rule"], &of("H1")[0]["state"]), (&json!("reverse"), &json!("open")));
        assert!(!of("S1").is_empty());
        for case in &cases {
            for language in ["reason_zh", "reason_en"] {
                let reason = case[language].as_str().unwrap();
                assert!(!reason.is_empty() && !reason.contains('{'), "{reason}");
            }
        }
        // A suspicious reading is seen all the same: coverage measures looking, not plausibility (DOMAIN 3).
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(1));
        let analyst = world.desk(Role::Analyst).await.access;
        let (_, page) = world.get("/v1/cases?rule=reverse&state=open", &analyst).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        for nonsense in ["rule", "state", "kind"] {
            assert_eq!(world.get(&format!("/v1/cases?{nonsense}=nonsense"), &analyst).await.0, 400);
        }
    }
}
