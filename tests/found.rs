//! What readers find to differ from the register: proposals the office accepts or dismisses.

use crate::support::World;
use crate::support::street::{Street, outcomes};
use meterbook::accounts::Role;
use serde_json::{Value, json};

async fn meter_at(street: &Street<'_>, point: &str) -> Value {
    let analyst = street.world.desk(Role::Analyst).await.access;
    let (_, page) = street.world.get("/v1/meters", &analyst).await;
    page["items"].as_array().unwrap().iter().find(|meter| meter["point_number"] == point).unwrap().clone()
}

async fn proposals(world: &World, query: &str) -> Vec<Value> {
    let office = world.desk(Role::Dispatcher).await.access;
    let (status, page) = world.get(&format!("/v1/found-changes{query}"), &office).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn decide(world: &World, id: &Value, state: &str) -> (u16, Value) {
    let office = world.desk(Role::Dispatcher).await.access;
    let body = json!({"state": state, "reason": "现场核实"});
    world.post(&format!("/v1/found-changes/{id}/decide"), &office, &body).await
}

on_both_stores! {
    async fn an_accepted_proposal_changes_the_register_and_says_who_did(world: World) {
        let street = Street::build(&world).await;
        let found = |seq, point, what: Value| {
            let mut what = what;
            what["kind"] = json!("found");
            street.record(seq, point, what)
        };
        let number = found(1, "H1", json!({"found_code": "wrong_number", "seen_number": "90177"}));
        let inlet = found(2, "H1", json!({"found_code": "inlet_side", "inlet_side": "right"}));
        let place = json!({"found_code": "moved", "lat_micro": 31_230_000, "lng_micro": 121_470_000, "datum": "GCJ-02"});
        let moved = found(3, "H1", place);
        let blocked = found(4, "H2", json!({"found_code": "obstructed", "note": "柜子挡住"}));
        let answer = street.push(&[number, inlet, moved, blocked]).await;
        assert!(outcomes(&answer).iter().all(|(outcome, _)| outcome == "accepted"), "{answer}");
        // Nothing is changed by a phone.
        assert_eq!(meter_at(&street, "H1").await["number"], json!("00177"));
        let open = proposals(&world, "?state=open").await;
        assert_eq!(open.len(), 4);
        for proposal in &open[..3] {
            let (status, decided) = decide(&world, &proposal["id"], "accepted").await;
            assert_eq!((status, &decided["state"]), (200, &json!("accepted")), "{decided}");
        }
        let meter = meter_at(&street, "H1").await;
        assert_eq!((&meter["number"], &meter["inlet_side"]), (&json!("90177"), &json!("right")));
        let analyst = world.desk(Role::Analyst).await.access;
        let (_, point) = world.get(&format!("/v1/service-points/{}", street.points["H1"]), &analyst).await;
        assert_eq!((&point["lat_micro"], &point["lng_micro"], &point["datum"]), (&json!(31_230_000), &json!(121_470_000), &json!("gcj02")));
        assert_eq!(decide(&world, &open[3]["id"], "dismissed").await.1["state"], json!("dismissed"));
        assert_eq!(decide(&world, &open[3]["id"], "accepted").await.0, 409);
        assert_eq!(decide(&world, &json!(987), "accepted").await.0, 404);
        assert_eq!(decide(&world, &open[3]["id"], "open").await.0, 422);
        let audited = world.database.texts("SELECT detail AS value FROM audit_log WHERE action = 'decide_found_change' ORDER BY id");
        assert_eq!(audited, ["accepted wrong_number before=00177", "accepted inlet_side before=", "accepted moved before=", "dismissed"]);
        assert_eq!(proposals(&world, "?state=open").await.len(), 0);
    }

    async fn a_number_another_meter_has_is_not_taken_over(world: World) {
        let street = Street::build(&world).await;
        let found = street.record(1, "H1", json!({"kind": "found", "found_code": "wrong_number", "seen_number": "00277"}));
        street.push(&[found]).await;
        let open = proposals(&world, "").await;
        let (status, problem) = decide(&world, &open[0]["id"], "accepted").await;
        assert_eq!((status, &problem["errors"][0]["code"]), (409, &json!("number_taken")));
        assert_eq!(proposals(&world, "?state=open").await.len(), 1);
        assert_eq!(meter_at(&street, "H1").await["number"], json!("00177"));
    }

    async fn a_meter_that_was_taken_away_is_not_changed_any_more(world: World) {
        let street = Street::build(&world).await;
        let found = street.record(1, "H1", json!({"kind": "found", "found_code": "inlet_side", "inlet_side": "left"}));
        street.push(&[found]).await;
        let exchanged = crate::support::street::register().replace("00177,G4", "55555,G4");
        crate::support::street::import(&world, "register", exchanged).await;
        let open = proposals(&world, "").await;
        let (status, problem) = decide(&world, &open[0]["id"], "accepted").await;
        assert_eq!((status, &problem["errors"][0]["code"]), (409, &json!("meter_gone")));
    }

    async fn half_a_proposal_is_kept_aside(world: World) {
        let street = Street::build(&world).await;
        let bad = [
            (json!({"found_code": "wrong_number"}), "missing_member", "/seen_number"),
            (json!({"found_code": "inlet_side"}), "missing_member", "/inlet_side"),
            (json!({"found_code": "inlet_side", "inlet_side": "up"}), "unknown_member_value", "/inlet_side"),
            (json!({"found_code": "moved", "lat_micro": 1, "datum": "WGS-84"}), "missing_member", "/lng_micro"),
            (json!({"found_code": "moved", "lat_micro": 90_000_001, "lng_micro": 1, "datum": "WGS-84"}), "number_out_of_range", "/lat_micro"),
            (json!({"found_code": "moved", "lat_micro": 1, "lng_micro": 1, "datum": "moon"}), "unknown_member_value", "/datum"),
            (json!({"found_code": "other"}), "missing_member", "/note"),
        ];
        let items: Vec<Value> = (1..).zip(&bad).map(|(seq, (what, ..))| {
            let mut item = street.record(seq, "H1", what.clone());
            item["kind"] = json!("found");
            item
        }).collect();
        let answer = street.push(&items).await;
        for (receipt, (what, code, pointer)) in answer["items"].as_array().unwrap().iter().zip(&bad) {
            assert_eq!((&receipt["code"], &receipt["pointer"]), (&json!(code), &json!(pointer)), "{what}");
        }
        assert_eq!(proposals(&world, "").await.len(), 0);
    }
}
