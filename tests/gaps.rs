//! Missing records and broken chains (R-11, DOMAIN 7): visible, explained by a named person, never refused.

use crate::support::World;
use crate::support::street::{Street, outcomes};
use meterbook::accounts::Role;
use meterbook_api::keys::sha256;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn gaps(street: &Street<'_>) -> Value {
    let office = street.world.cached_desk(Role::Dispatcher, false).await.access;
    let path = format!("/v1/devices/{}/gaps", street.phone.device.unwrap());
    let (status, gaps) = street.world.get(&path, &office).await;
    assert_eq!(status, 200, "{gaps}");
    gaps
}

/// How many records coverage says are missing, altogether and of the reader.
async fn missing_by_coverage(street: &Street<'_>) -> (Value, Value) {
    let admin = street.world.admin().await.access;
    let (_, page) = street.world.get("/v1/coverage?period=2026-03&group=reader", &admin).await;
    let mut lines = page["lines"].as_array().unwrap().iter();
    let own = lines.find(|line| line["group_id"] == json!(street.phone.account)).unwrap();
    (page["missing_records"].clone(), own["missing_records"].clone())
}

async fn all_gaps(world: &World) -> Vec<Value> {
    let office = world.cached_desk(Role::Dispatcher, false).await.access;
    world.get("/v1/gaps", &office).await.1["items"].as_array().unwrap().clone()
}

async fn chain(street: &Street<'_>) -> Value {
    let office = street.world.cached_desk(Role::Dispatcher, false).await.access;
    let path = format!("/v1/devices/{}/chain", street.phone.device.unwrap());
    street.world.get(&path, &office).await.1
}

/// Readings that each name the one before, as a phone makes them: members in order, no white space.
fn chained(street: &Street<'_>, count: i64) -> Vec<Value> {
    let mut before = "0".repeat(64);
    let link = |seq: i64| {
        let mut item = street.reading(seq, "H1", 1010 + seq);
        item["prev_hash"] = json!(before);
        let members: BTreeMap<&String, &Value> = item.as_object().unwrap().iter().collect();
        let hash = sha256(serde_json::to_string(&members).unwrap().as_bytes());
        before = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        item
    };
    (1..=count).map(link).collect()
}

fn is_broken(answer: &Value, item: usize) -> bool {
    answer["items"][item]["flags"].as_array().unwrap().contains(&json!("chain_broken"))
}

on_both_stores! {
    async fn a_missing_number_is_listed_until_it_arrives(world: World) {
        let street = Street::build(&world).await;
        assert_eq!(all_gaps(&world).await.len(), 0);
        street.push(&[street.reading(1, "H1", 1030), street.reading(3, "H2", 1010)]).await;
        let listed = all_gaps(&world).await;
        assert_eq!(listed.len(), 1);
        assert_eq!((&listed[0]["missing_seqs"], &listed[0]["highest_contiguous_seq"]), (&json!([2]), &json!(1)));
        assert_eq!(listed[0]["reader_id"], json!(street.phone.account));
        assert_eq!(missing_by_coverage(&street).await, (json!(1), json!(1)));
        assert_eq!(listed[0]["missing_since"], json!(world.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)));
        street.push(&[street.reading(2, "H3", 1010)]).await;
        assert_eq!((all_gaps(&world).await.len(), &gaps(&street).await["missing_seqs"]), (0, &json!([])));
        assert_eq!(missing_by_coverage(&street).await, (json!(0), json!(0)));
    }

    async fn a_lost_last_record_is_missing_by_the_phones_own_word(world: World) {
        let street = Street::build(&world).await;
        let mut batch = street.batch(&[street.reading(1, "H1", 1030)]);
        batch["last_seq"] = json!(3);
        let (_, answer) = world.post("/v1/sync/records", &street.phone.access, &batch).await;
        assert_eq!(answer["missing_seqs"], json!([2, 3]));
        assert_eq!((&gaps(&street).await["missing_seqs"], &gaps(&street).await["last_seq"]), (&json!([2, 3]), &json!(3)));
        assert_eq!(all_gaps(&world).await.len(), 1);
        // A phone that says less later, or nothing, takes nothing back.
        street.push(&[street.reading(2, "H2", 1010)]).await;
        assert_eq!(gaps(&street).await["missing_seqs"], json!([3]));
    }

    async fn an_explained_gap_is_closed_by_name_and_its_record_still_taken(world: World) {
        let street = Street::build(&world).await;
        street.push(&[street.reading(1, "H1", 1030), street.reading(4, "H2", 1010)]).await;
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        let path = format!("/v1/devices/{}/gaps/explain", street.phone.device.unwrap());
        let explain = async |body: Value| world.post(&path, &dispatcher, &body).await;
        assert_eq!(explain(json!({"seqs": [2, 3], "reason": ""})).await.0, 422);
        for wrong in [json!([]), json!([1]), json!([2, 5])] {
            assert_eq!(explain(json!({"seqs": wrong, "reason": "手机进水"})).await.0, 422, "{wrong}");
        }
        let (status, left) = explain(json!({"seqs": [2], "reason": "手机进水"})).await;
        assert_eq!((status, &left["missing_seqs"], &left["highest_contiguous_seq"]), (200, &json!([3]), &json!(2)), "{left}");
        assert_eq!((&left["explained"][0]["seq"], &left["explained"][0]["reason"]), (&json!(2), &json!("手机进水")));
        let (_, left) = explain(json!({"seqs": [3], "reason": "手机进水"})).await;
        assert_eq!((&left["missing_seqs"], &left["highest_contiguous_seq"]), (&json!([]), &json!(4)));
        assert_eq!(all_gaps(&world).await.len(), 0);
        let audited = world.database.texts("SELECT detail AS value FROM audit_log WHERE action = 'explain_gaps' ORDER BY id");
        assert_eq!(audited, ["seqs=2 手机进水", "seqs=3 手机进水"]);
        let answer = street.push(&[street.reading(2, "H3", 1010)]).await;
        assert_eq!((outcomes(&answer)[0].0.as_str(), &answer["highest_contiguous_seq"]), ("accepted", &json!(4)));
        assert_eq!(world.get("/v1/devices/987/gaps", &dispatcher).await.0, 404);
        assert_eq!(world.get("/v1/devices/987/chain", &dispatcher).await.0, 404);
    }

    async fn a_whole_chain_is_verified_in_whatever_order_it_arrives(world: World) {
        let street = Street::build(&world).await;
        assert_eq!(chain(&street).await["verified_to"], json!(0));
        let items = chained(&street, 6);
        for place in [3, 1, 5] {
            assert!(!is_broken(&street.push(&items[place..=place]).await, 0));
        }
        let answer = street.push(&items).await;
        assert!((0..6).all(|place| !is_broken(&answer, place)), "{answer}");
        let chain = chain(&street).await;
        assert_eq!((&chain["verified_to"], &chain["chained_from"], &chain["broken"]), (&json!(6), &json!(1), &json!([])));
    }

    async fn a_broken_link_is_flagged_and_listed_and_never_refused(world: World) {
        let street = Street::build(&world).await;
        let mut items = chained(&street, 5);
        // The third was changed on the phone after the fourth had named it.
        items[2]["index"] = json!(1_500_000);
        let answer = street.push(&items).await;
        assert!(outcomes(&answer).iter().all(|(outcome, _)| outcome == "accepted"), "{answer}");
        assert_eq!((0..5).map(|place| is_broken(&answer, place)).collect::<Vec<_>>(), [false, false, false, true, false]);
        let known = chain(&street).await;
        assert_eq!((&known["verified_to"], &known["broken"][0]["seq"]), (&json!(3), &json!(4)));
        assert_eq!(known["broken"][0]["named"], items[3]["prev_hash"]);
        assert_eq!(all_gaps(&world).await[0]["broken_seqs"], json!([4]));
        // Sent again, it is noted once.
        street.push(&items).await;
        assert_eq!(chain(&street).await["broken"].as_array().unwrap().len(), 1);
    }

    async fn a_break_shows_when_the_neighbour_arrives_later(world: World) {
        let street = Street::build(&world).await;
        let mut items = chained(&street, 3);
        items[1]["index"] = json!(1_500_000);
        assert!(!is_broken(&street.push(&items[2..]).await, 0));
        assert!(!is_broken(&street.push(&items[..1]).await, 0));
        assert!(is_broken(&street.push(&items[1..2]).await, 0));
        let known = chain(&street).await;
        assert_eq!((&known["verified_to"], &known["broken"][0]["seq"]), (&json!(2), &json!(3)));
        let odd = street.record(4, "H2", json!({"kind": "reading", "index": 1_010_000, "prev_hash": 7}));
        let answer = street.push(&[odd]).await;
        assert_eq!((outcomes(&answer)[0].0.as_str(), is_broken(&answer, 0)), ("accepted", true));
    }
}
