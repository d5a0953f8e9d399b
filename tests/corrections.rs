//! Corrections from phones: linked by id, never an update, one head that counts (PROTOCOL "Push", R-40, I9).

use crate::support::World;
use crate::support::street::{Street, outcomes};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use serde_json::{Value, json};

fn pair(outcome: &str, code: &str) -> (String, String) {
    (outcome.to_owned(), code.to_owned())
}

fn flags(answer: &Value, item: usize) -> Vec<String> {
    let flags = answer["items"][item]["flags"].as_array().unwrap();
    flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect()
}

/// A correction of a record's index, in whole m³.
fn correction(street: &Street<'_>, seq: i64, point: &str, target: &Value, m3: i64) -> Value {
    let what = json!({"kind": "correction", "corrects": target["id"], "reason_code": "mistyped", "index": m3 * 1000});
    street.record(seq, point, what)
}

async fn records(street: &Street<'_>, point: &str) -> Vec<Value> {
    let analyst = street.world.cached_desk(Role::Analyst, false).await.access;
    let path = format!("/v1/service-points/{}/records", street.points[point]);
    let (status, page) = street.world.get(&path, &analyst).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

fn of<'v>(records: &'v [Value], record: &Value) -> &'v Value {
    records.iter().find(|known| known["id"] == record["id"]).unwrap()
}

/// What counts as read at a point, in whole m³, by the list of its meter's readings.
async fn counting(street: &Street<'_>, point: &str) -> Vec<i64> {
    let analyst = street.world.desk(Role::Analyst).await.access;
    let (_, page) = street.world.get("/v1/meters", &analyst).await;
    let meter = page["items"].as_array().unwrap().iter().find(|meter| meter["point_number"] == point).unwrap();
    let (_, readings) = street.world.get(&format!("/v1/meters/{}/readings", meter["id"]), &analyst).await;
    readings["items"].as_array().unwrap().iter().map(|reading| reading["index"].as_i64().unwrap() / 1000).collect()
}

on_both_stores! {
    async fn a_correction_replaces_what_counts_and_changes_no_record(world: World) {
        let street = Street::build(&world).await;
        let wrong = street.reading(1, "H1", 1300);
        street.push(std::slice::from_ref(&wrong)).await;
        let right = correction(&street, 2, "H1", &wrong, 1030);
        let answer = street.push(std::slice::from_ref(&right)).await;
        assert_eq!(outcomes(&answer), [pair("accepted", "")]);
        assert!(!flags(&answer, 0).contains(&"waiting".to_owned()));
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&right)).await), [pair("duplicate", "")]);
        let stored = records(&street, "H1").await;
        assert_eq!(stored.len(), 2);
        assert_eq!(of(&stored, &wrong)["index"], json!(1_300_000));
        assert_eq!(of(&stored, &wrong)["corrected_by"], right["id"]);
        assert_eq!(of(&stored, &wrong)["head_id"], right["id"]);
        assert_eq!(of(&stored, &right)["target_id"], wrong["id"]);
        assert_eq!(of(&stored, &right)["link_state"], json!("linked"));
        // each has its author.
        assert!(stored.iter().all(|record| record["reader_id"] == json!(street.phone.account)));
        assert_eq!(counting(&street, "H1").await, [1030]);
        let line = street.coverage("residential_outdoor").await;
        assert_eq!((&line["seen"], &line["denominator"]), (&json!(1), &json!(4)));
    }

    /// The next reading is judged against the corrected one: after 1,300 it would run backwards.
    async fn the_head_is_the_base_of_the_next_verdict(world: World) {
        let street = Street::build(&world).await;
        let (wrong, plain) = (street.reading(1, "H1", 1300), street.reading(2, "H2", 1300));
        street.push(&[wrong.clone(), plain]).await;
        street.push(&[correction(&street, 3, "H1", &wrong, 1030)]).await;
        world.advance(TimeDelta::days(9));
        let answer = street.push_later(&[street.reading(4, "H1", 1040), street.reading(5, "H2", 1040)]).await;
        assert_eq!(outcomes(&answer), [pair("accepted", ""), pair("accepted", "")]);
        assert_eq!(flags(&answer, 0), Vec::<String>::new());
        assert!(!flags(&answer, 1).is_empty(), "{answer}");
    }

    async fn a_correction_that_comes_first_waits_for_its_record(world: World) {
        let street = Street::build(&world).await;
        let wrong = street.reading(1, "H1", 930);
        let right = correction(&street, 2, "H1", &wrong, 1030);
        let answer = street.push(std::slice::from_ref(&right)).await;
        assert_eq!((outcomes(&answer), flags(&answer, 0)), (vec![pair("accepted", "")], vec!["waiting".to_owned()]));
        assert_eq!(of(&records(&street, "H1").await, &right)["link_state"], json!("waiting"));
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(0));
        let answer = street.push(std::slice::from_ref(&wrong)).await;
        assert_eq!((outcomes(&answer), flags(&answer, 0)), (vec![pair("accepted", "")], vec!["corrected".to_owned()]));
        let stored = records(&street, "H1").await;
        let (link, head) = (&of(&stored, &right)["link_state"], &of(&stored, &wrong)["head_id"]);
        assert_eq!((link, head), (&json!("linked"), &right["id"]));
        assert_eq!(counting(&street, "H1").await, [1030]);
        assert_eq!(street.coverage("residential_outdoor").await["seen"], json!(1));
        // The slip below the register's 1,000 opened no case: it never counted.
        assert_eq!(street.cases().await.len(), 0);
    }

    /// I9: any order of arrival gives one chain with one head.
    async fn a_chain_is_one_line_in_whatever_order_it_arrives(world: World) {
        let street = Street::build(&world).await;
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for (round, order) in (0_i64..).zip(orders) {
            world.advance(TimeDelta::minutes(1));
            let first = street.reading(round * 3 + 1, "H1", 1100);
            let second = correction(&street, round * 3 + 2, "H1", &first, 1200);
            let third = correction(&street, round * 3 + 3, "H1", &second, 1030 + round);
            let items = [first.clone(), second, third.clone()];
            for place in order {
                let pushed = street.push(std::slice::from_ref(&items[place])).await;
                assert_eq!(outcomes(&pushed), [pair("accepted", "")], "{order:?}");
            }
            let stored = records(&street, "H1").await;
            assert_eq!(of(&stored, &first)["head_id"], third["id"], "{order:?}");
            assert_eq!(counting(&street, "H1").await[0], 1030 + round, "{order:?}");
        }
        // All in one batch, backwards.
        let first = street.reading(101, "H2", 1100);
        let second = correction(&street, 102, "H2", &first, 1200);
        let third = correction(&street, 103, "H2", &second, 1030);
        let answer = street.push(&[third.clone(), second, first.clone()]).await;
        assert_eq!(outcomes(&answer), [pair("accepted", ""), pair("accepted", ""), pair("accepted", "")]);
        assert_eq!(of(&records(&street, "H2").await, &first)["head_id"], third["id"]);
        assert_eq!(counting(&street, "H2").await, [1030]);
    }

    async fn a_ring_is_refused(world: World) {
        let street = Street::build(&world).await;
        let one = street.reading(1, "H1", 1100);
        let first = correction(&street, 1, "H1", &one, 1030);
        let mut second = correction(&street, 2, "H1", &first, 1031);
        // The second is what the first named: a ring of two.
        second["id"] = one["id"].clone();
        street.push(std::slice::from_ref(&first)).await;
        assert_eq!(outcomes(&street.push(&[second]).await), [pair("rejected", "corrects_itself")]);
        let mut itself = correction(&street, 3, "H1", &one, 1030);
        itself["corrects"] = itself["id"].clone();
        assert_eq!(outcomes(&street.push(&[itself]).await), [pair("rejected", "corrects_itself")]);
    }

    async fn a_second_correction_of_one_record_is_a_conflict(world: World) {
        let street = Street::build(&world).await;
        let wrong = street.reading(1, "H1", 1300);
        let (one, two) = (correction(&street, 2, "H1", &wrong, 1030), correction(&street, 3, "H1", &wrong, 1031));
        let answer = street.push(&[wrong.clone(), one.clone(), two.clone()]).await;
        let conflict = pair("conflict", "already_corrected");
        assert_eq!(outcomes(&answer), [pair("accepted", ""), pair("accepted", ""), conflict.clone()]);
        assert_eq!(outcomes(&street.push(std::slice::from_ref(&two)).await), vec![conflict.clone()]);
        let aside = street.quarantine().await;
        assert_eq!(serde_json::from_str::<Value>(aside[0]["body"].as_str().unwrap()).unwrap(), two);
        assert_eq!(counting(&street, "H1").await, [1030]);
        // Waiting ones too: the first to arrive holds its place.
        let later = street.reading(4, "H2", 1100);
        let (one, two) = (correction(&street, 5, "H2", &later, 1010), correction(&street, 6, "H2", &later, 1011));
        assert_eq!(outcomes(&street.push(&[one, two]).await), [pair("accepted", ""), conflict]);
    }

    async fn only_an_own_record_of_the_same_kind_and_point_is_corrected(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        street.assign_route("W01", other.account).await;
        let theirs = street.reading(1, "H1", 1030);
        street.push(std::slice::from_ref(&theirs)).await;
        let answer = street.push_from(&other, &[correction(&street, 1, "H1", &theirs, 1031)]).await;
        assert_eq!(outcomes(&answer), [pair("rejected", "not_your_record")]);
        let attempt = street.record(2, "H2", json!({"kind": "attempt", "attempt_code": "locked"}));
        let as_reading = correction(&street, 3, "H2", &attempt, 1031);
        let elsewhere = correction(&street, 4, "H3", &theirs, 1031);
        let mut unlike = correction(&street, 5, "H1", &theirs, 1031);
        unlike["reading_kind"] = json!("customer");
        let mut no_figure = correction(&street, 6, "H1", &theirs, 1031);
        no_figure.as_object_mut().unwrap().remove("index");
        let mut no_words = correction(&street, 7, "H1", &theirs, 1031);
        no_words["reason_code"] = json!("other");
        let nameless = street.record(8, "H1", json!({"kind": "correction", "reason_code": "misread", "index": 1}));
        let answer = street.push(&[attempt, as_reading, elsewhere, unlike, no_figure, no_words, nameless]).await;
        assert_eq!(outcomes(&answer), [
            pair("accepted", ""),
            pair("rejected", "correction_kind_mismatch"),
            pair("rejected", "correction_point_mismatch"),
            pair("rejected", "correction_kind_mismatch"),
            pair("rejected", "missing_index"),
            pair("rejected", "missing_member"),
            pair("rejected", "missing_member"),
        ]);
        assert_eq!(counting(&street, "H1").await, [1030]);
        assert_eq!(street.coverage("residential_outdoor").await["rejected_only"], json!(0));
    }

    async fn a_waiting_correction_of_a_strangers_record_never_counts(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        street.assign_route("W01", other.account).await;
        let theirs = street.reading(1, "H1", 1030);
        let forged = correction(&street, 1, "H1", &theirs, 1999);
        street.push_from(&other, std::slice::from_ref(&forged)).await;
        street.push(std::slice::from_ref(&theirs)).await;
        assert_eq!(counting(&street, "H1").await, [1030]);
        // And it keeps nobody from correcting the own record.
        let answer = street.push(&[correction(&street, 2, "H1", &theirs, 1031)]).await;
        assert_eq!(outcomes(&answer), [pair("accepted", "")]);
        assert_eq!(counting(&street, "H1").await, [1031]);
    }

    async fn an_attempts_code_is_corrected_and_a_late_correction_is_taken(world: World) {
        let street = Street::build(&world).await;
        let attempt = street.record(1, "H1", json!({"kind": "attempt", "attempt_code": "locked"}));
        let fix = json!({"kind": "correction", "corrects": attempt["id"], "reason_code": "wrong_code", "attempt_code": "refused"});
        let fix = street.record(2, "H1", fix);
        let wrong = street.reading(3, "H2", 1300);
        let answer = street.push(&[attempt.clone(), fix.clone(), wrong.clone()]).await;
        assert_eq!(outcomes(&answer), vec![pair("accepted", ""); 3]);
        assert_eq!(of(&records(&street, "H1").await, &attempt)["head_id"], fix["id"]);
        assert_eq!(street.coverage("residential_outdoor").await["no_access"], json!(1));
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        let path = format!("/v1/rounds/{}/cancel", street.rounds[0]);
        let cancelled = world.post(&path, &dispatcher, &json!(null)).await;
        assert!(cancelled.0 < 300, "{}", cancelled.1);
        world.advance(TimeDelta::days(20));
        let right = correction(&street, 4, "H2", &wrong, 1030);
        assert_eq!(outcomes(&street.push_later(&[right]).await), [pair("accepted", "")]);
        let counts = world.database.texts("SELECT figure_index || '' AS value FROM corrected_records WHERE figure_index IS NOT NULL");
        assert_eq!(counts, ["1030000"]);
    }

    /// I9 by direct SQL: a settled link and a stored record can't be changed.
    async fn a_settled_link_is_final(world: World) {
        let street = Street::build(&world).await;
        let wrong = street.reading(1, "H1", 1300);
        street.push(&[wrong.clone(), correction(&street, 2, "H1", &wrong, 1030)]).await;
        for change in ["UPDATE record_links SET state = 'refused'", "DELETE FROM record_links"] {
            let refused = world.database.execute(change).expect_err(change);
            assert!(refused.contains("append-only"), "{refused}");
        }
    }
}
