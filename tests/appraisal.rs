//! The appraisal of readers: facts with their evidence, and the reader's right to object in time.

use crate::support::street::Street;
use crate::support::{SignedIn, World};
use meterbook::accounts::Role;
use serde_json::{Value, json};

fn go_to(world: &World, at: &str) {
    world.clock.set(at.parse().unwrap());
}

async fn get(world: &World, token: &str, path: &str) -> Value {
    let (status, answer) = world.get(path, token).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

fn code(answer: &(u16, Value)) -> (u16, String) {
    (answer.0, answer.1["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
}

/// March on the street: a reading corrected, an attempt without a photo, a shop read on the 2nd, a number missing.
async fn march(street: &Street<'_>) {
    let wrong = street.reading(1, "H1", 1300);
    let correction =
        json!({"kind": "correction", "corrects": wrong["id"], "reason_code": "misread", "index": 1_030_000});
    let shop = json!({"kind": "reading", "index": 8_100_000, "cumulative": 8_100_000, "balance": 50_000});
    let attempt = json!({"kind": "attempt", "attempt_code": "locked"});
    street
        .push(&[
            wrong,
            street.record(2, "H1", correction),
            street.record(3, "H2", attempt),
            street.record(4, "S1", shop),
            street.reading(6, "H3", 1010),
        ])
        .await;
}

async fn reader_again(world: &World, phone: &SignedIn) -> SignedIn {
    let (status, tokens) = world.refresh(&phone.refresh).await;
    assert_eq!(status, 200, "{tokens}");
    SignedIn::of(&tokens)
}

on_both_stores! {
    async fn every_mark_has_its_fact_and_the_reader_is_heard(world: World) {
        let street = Street::build(&world).await;
        let (_, office) = world.account(Role::Admin).await;
        let (_, other) = world.account(Role::Reader).await;
        march(&street).await;
        let token = world.sign_in(&office).await.access;
        let reader = street.phone.account;
        let drafts = get(&world, &token, "/v1/appraisals?month=2026-03").await;
        assert_eq!(drafts["items"][0]["state"], json!("draft"), "{drafts:#}");
        assert_eq!(code(&world.post("/v1/appraisals/2026-03/publish", &token, &Value::Null).await), (409, "not_closed".to_owned()));
        assert_eq!(world.post("/v1/appraisals/2025-01/publish", &token, &Value::Null).await.0, 404);

        go_to(&world, "2026-04-04T02:00:00Z");
        let token = world.sign_in(&office).await.access;
        let accept = json!({"gaps_accepted_by": "李经理", "reason": "手机损坏"});
        assert_eq!(world.post("/v1/periods/2026-03/close", &token, &accept).await.0, 200);
        let (status, published) = world.post("/v1/appraisals/2026-03/publish", &token, &Value::Null).await;
        assert_eq!(status, 200, "{published}");
        let mine = published["items"].as_array().unwrap().iter().find(|one| one["reader_id"] == json!(reader)).unwrap().clone();
        let kinds: Vec<(String, i64, String)> = mine["deductions"].as_array().unwrap().iter()
            .map(|one| (one["kind"].as_str().unwrap().to_owned(), one["marks"].as_i64().unwrap(), one["service_point_number"].as_str().unwrap_or_default().to_owned())).collect();
        let kind = |kind: &str, marks, point: &str| (kind.to_owned(), marks, point.to_owned());
        // No peers and no history: the target is the bar. 2 of 4 outdoor points are 48 % short, 1 of 2 shops 50 %; 40.0 at most.
        assert_eq!(kinds, [
            kind("coverage", 400, ""), kind("coverage", 0, ""), kind("off_schedule", 2, "S1"), kind("unproven", 2, "H2"),
            kind("misentry", 5, "H1"), kind("missing_record", 20, ""),
        ], "{mine:#}");
        assert_eq!((&mine["marks"], &mine["state"], &mine["objection_until"]), (&json!(571), &json!("published"), &json!("2026-04-07T16:00:00.000Z")));
        assert!(mine["deductions"][4]["record_id"].is_string() && mine["deductions"][4]["at"].is_string());
        assert_eq!(world.post("/v1/appraisals/2026-03/publish", &token, &Value::Null).await.1, published, "published twice");

        // The reader sees his own, nobody else's, and is heard until the third day's midnight, once.
        let stranger = world.sign_in(&other).await.access;
        assert_eq!(world.get(&format!("/v1/appraisals?month=2026-03&reader={reader}"), &stranger).await.0, 404);
        assert_eq!(get(&world, &stranger, "/v1/appraisals?month=2026-03").await["items"], json!([]));
        let object = json!({"reason": "该户无人，已有照片", "deductions": [4, 5]});
        assert_eq!(world.post("/v1/appraisals/2026-03/objection", &stranger, &object).await.0, 404);
        go_to(&world, "2026-04-07T15:59:59Z");
        let phone = reader_again(&world, &street.phone).await;
        assert_eq!(get(&world, &phone.access, "/v1/appraisals?month=2026-03").await["items"][0]["reader_id"], json!(reader));
        let unknown = world.post("/v1/appraisals/2026-03/objection", &phone.access, &json!({"reason": "x", "deductions": [9]})).await;
        assert_eq!(code(&unknown), (422, "unknown_deduction".to_owned()), "{}", unknown.1);
        assert_eq!(world.post("/v1/appraisals/2026-03/objection", &phone.access, &json!({"reason": " "})).await.0, 422);
        let (status, objected) = world.post("/v1/appraisals/2026-03/objection", &phone.access, &object).await;
        assert_eq!((status, &objected["state"], &objected["answer_until"]), (200, &json!("objected"), &json!("2026-04-14T16:00:00.000Z")), "{objected}");
        let twice = world.post("/v1/appraisals/2026-03/objection", &phone.access, &object).await;
        assert_eq!(code(&twice), (409, "already_objected".to_owned()));

        // Past the week it is overdue, and the answer is taken all the same.
        go_to(&world, "2026-04-14T16:00:00Z");
        let token = world.sign_in(&office).await.access;
        let waiting = get(&world, &token, "/v1/appraisals/objections").await;
        assert_eq!((&waiting["items"][0]["state"], &waiting["items"][0]["answer_overdue"]), (&json!("overdue"), &json!(true)), "{waiting}");
        let path = format!("/v1/appraisals/2026-03/{reader}/answer");
        assert_eq!(code(&world.post(&path, &token, &json!({"reason": "核实", "withdrawn": [44]})).await), (422, "unknown_deduction".to_owned()));
        let (status, answered) = world.post(&path, &token, &json!({"reason": "照片已核实", "withdrawn": [4]})).await;
        assert_eq!((status, &answered["state"], &answered["decision"]), (200, &json!("answered"), &json!("changed")), "{answered}");
        assert_eq!((&answered["marks"], &answered["marks_now"], &answered["answer_overdue"]), (&json!(571), &json!(573), &json!(true)));
        assert_eq!(world.post(&path, &token, &json!({"reason": "again"})).await.0, 409);
        assert_eq!(get(&world, &token, "/v1/appraisals/objections").await["items"], json!([]));
        for change in ["UPDATE appraisals SET marks = 1000", "DELETE FROM appraisal_objections", "DELETE FROM appraisal_answers"] {
            assert!(world.database.execute(change).expect_err(change).contains("append-only"));
        }
        let deeds = world.database.texts("SELECT action AS value FROM audit_log WHERE subject LIKE 'appraisal%' ORDER BY id");
        assert_eq!(deeds, ["publish_appraisals", "object_to_appraisal", "answer_objection"]);
        let answer = world.send(world.request(reqwest::Method::GET, "/v1/appraisals/file?month=2026-03&format=csv&sheet=deductions&lang=zh").bearer_auth(&token)).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.contains("到访未抄无照片,0.2,H2,") && text.contains("门锁，无照片,是\r\n"), "{text}");
    }

    async fn an_objection_after_the_third_day_comes_too_late(world: World) {
        let street = Street::build(&world).await;
        march(&street).await;
        go_to(&world, "2026-04-04T02:00:00Z");
        let token = world.sign_in("admin").await.access;
        let accept = json!({"gaps_accepted_by": "李经理", "reason": "手机损坏"});
        assert_eq!(world.post("/v1/periods/2026-03/close", &token, &accept).await.0, 200);
        assert_eq!(world.post("/v1/appraisals/2026-03/publish", &token, &Value::Null).await.0, 200);
        go_to(&world, "2026-04-07T16:00:00Z");
        let phone = reader_again(&world, &street.phone).await;
        let late = world.post("/v1/appraisals/2026-03/objection", &phone.access, &json!({"reason": "不服"})).await;
        assert_eq!(code(&late), (409, "too_late".to_owned()));
        assert!(late.1["errors"][0]["detail"].as_str().unwrap().contains("2026-04-08 00:00"), "{}", late.1);
        assert_eq!(get(&world, &phone.access, "/v1/appraisals?month=2026-03").await["items"][0]["state"], json!("settled"));
        let token = world.sign_in("admin").await.access;
        let path = format!("/v1/appraisals/2026-03/{}/answer", phone.account);
        assert_eq!(world.post(&path, &token, &json!({"reason": "x"})).await.0, 409);
    }
}
