//! Closing periods: frozen figures, and no missing record overlooked (R-9, R-11, I11).

use crate::support::street::{Street, outcomes};
use crate::support::{SignedIn, World};
use meterbook::accounts::Role;
use serde_json::{Value, json};

/// An analyst at this moment: sessions end long before months do.
async fn analyst(world: &World, login: &str) -> SignedIn {
    world.sign_in(login).await
}

async fn close(world: &World, login: &str, period: &str, body: Value) -> (u16, Value) {
    let token = analyst(world, login).await.access;
    world.post(&format!("/v1/periods/{period}/close"), &token, &body).await
}

async fn coverage(world: &World, login: &str) -> Value {
    let token = analyst(world, login).await.access;
    let (_, report) = world.get("/v1/coverage?period=2026-03&class=residential_outdoor", &token).await;
    report["lines"][0].clone()
}

fn go_to(world: &World, at: &str) {
    world.clock.set(at.parse().unwrap());
}

fn code(answer: &(u16, Value)) -> (u16, String) {
    (answer.0, answer.1["errors"][0]["code"].as_str().unwrap_or_default().to_owned())
}

on_both_stores! {
    async fn a_closed_period_keeps_its_figures_while_late_records_are_taken(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        street.push(&[street.reading(1, "H1", 1030), street.reading(2, "H2", 1010)]).await;
        let mut late = street.reading(3, "H3", 1010);
        late["time_source"] = json!("gps");
        assert_eq!(code(&close(&world, &login, "2026-03", json!({})).await), (409, "not_final".to_owned()));
        go_to(&world, "2026-04-03T15:59:59Z");
        assert_eq!(code(&close(&world, &login, "2026-03", json!({})).await), (409, "not_final".to_owned()));
        go_to(&world, "2026-04-03T16:00:00Z");
        let (status, closed) = close(&world, &login, "2026-03", json!({})).await;
        assert_eq!((status, &closed["state"], &closed["phase"]), (200, &json!("closed"), &json!("final")), "{closed}");
        let line = |entry: &Value| {
            entry["lines"].as_array().unwrap().iter().find(|line| line["class"] == "residential_outdoor").unwrap().clone()
        };
        assert_eq!((&line(&closed)["seen"], &line(&closed)["denominator"], &line(&closed)["met"]), (&json!(2), &json!(4), &json!(false)));
        assert_eq!(line(&closed), coverage(&world, &login).await);
        // Closing again answers the same, hours later and whoever asks.
        go_to(&world, "2026-04-05T01:00:00Z");
        assert_eq!(close(&world, &login, "2026-03", json!({})).await, (200, closed.clone()));
        let answer = street.push_later(&[late]).await;
        assert_eq!(outcomes(&answer)[0].0, "accepted");
        assert!(answer["items"][0]["flags"].as_array().unwrap().contains(&json!("after_close")), "{answer}");
        // The live figure goes on, restated; the closed one stays.
        assert_eq!(coverage(&world, &login).await["seen"], json!(3));
        let token = analyst(&world, &login).await.access;
        let (_, page) = world.get("/v1/periods", &token).await;
        let entry = page["items"].as_array().unwrap().iter().find(|entry| entry["period"] == "2026-03").unwrap().clone();
        assert_eq!(entry, closed);
        let open = page["items"].as_array().unwrap().iter().find(|entry| entry["period"] == "2026-Q1").unwrap().clone();
        assert_eq!((&open["state"], &open["lines"]), (&json!("open"), &json!([])));
        for change in ["UPDATE period_snapshots SET seen = 4", "DELETE FROM period_closings"] {
            assert!(world.database.execute(change).expect_err(change).contains("append-only"));
        }
        let audited = world.database.texts("SELECT subject AS value FROM audit_log WHERE action = 'close_period'");
        assert_eq!(audited, ["period/2026-03"]);
    }

    async fn missing_records_stand_in_the_way_until_somebody_answers_for_them(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        street.push(&[street.reading(1, "H1", 1030), street.reading(4, "H2", 1010)]).await;
        go_to(&world, "2026-04-04T01:00:00Z");
        let refused = close(&world, &login, "2026-03", json!({})).await;
        assert_eq!(code(&refused), (409, "records_missing".to_owned()), "{}", refused.1);
        let fault = &refused.1["errors"][0];
        assert_eq!(fault["pointer"], json!(format!("/devices/{}", street.phone.device.unwrap())));
        assert!(fault["detail"].as_str().unwrap().contains("2–3"), "{fault}");
        assert_eq!(close(&world, &login, "2026-03", json!({"gaps_accepted_by": "李经理"})).await.0, 422);
        let body = json!({"gaps_accepted_by": "李经理", "reason": "手机丢失"});
        let (status, closed) = close(&world, &login, "2026-03", body).await;
        assert_eq!((status, &closed["gaps_accepted_by"], &closed["reason"]), (200, &json!("李经理"), &json!("手机丢失")), "{closed}");
        assert_eq!((&closed["gaps"][0]["missing"], &closed["gaps"][0]["device_id"]), (&json!("2–3"), &json!(street.phone.device.unwrap())));
    }

    async fn a_gap_of_another_month_does_not_stand_in_the_way(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        street.push(&[street.reading(1, "H1", 1030)]).await;
        go_to(&world, "2026-04-02T01:00:00Z");
        street.push_later(&[street.reading(2, "H1", 1040)]).await;
        go_to(&world, "2026-04-04T01:00:00Z");
        street.push_later(&[street.reading(4, "H1", 1041)]).await;
        let (status, closed) = close(&world, &login, "2026-03", json!({})).await;
        assert_eq!((status, &closed["gaps"]), (200, &json!([])), "{closed}");
    }

    async fn only_a_known_period_is_closed_and_only_by_those_who_may(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        for period in ["2024-01", "2026-13", "nonsense"] {
            assert_eq!(close(&world, &login, period, json!({})).await.0, 404, "{period}");
        }
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        assert_eq!(world.post("/v1/periods/2026-03/close", &dispatcher, &json!({})).await.0, 403);
        assert_eq!(world.get("/v1/periods", &street.phone.access).await.0, 403);
    }
}
