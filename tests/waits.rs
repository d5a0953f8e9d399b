//! Phones that wait: long polls and pokes, over several nodes (PROTOCOL "Pull", SECURITY 19).

use crate::support::stream::{next_event, open_stream};
use crate::support::street::Street;
use crate::support::{SignedIn, StoreKind, World, WorldOptions, run};
use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

async fn until_waiting(world: &World, phones: usize) {
    while world.app.pokes.count() != phones {
        tokio::task::yield_now().await;
    }
}

async fn cursor_of(world: &World, phone: &SignedIn) -> String {
    let (_, answer) = world.get("/v1/sync/changes", &phone.access).await;
    answer["cursor"].as_str().unwrap().to_owned()
}

async fn wait(world: &World, phone: &SignedIn, cursor: &str) -> (u16, Value) {
    world.get(&format!("/v1/sync/changes?wait=25&cursor={cursor}"), &phone.access).await
}

/// Opens a stream of pokes.
async fn stream(world: &World, phone: &SignedIn) -> reqwest::Response {
    open_stream(world, "/v1/sync/pokes", phone).await
}

on_both_stores! {
    async fn a_wait_ends_when_something_is_there(world: World) {
        let street = Street::build(&world).await;
        let cursor = cursor_of(&world, &street.phone).await;
        let change = async {
            until_waiting(&world, 1).await;
            street.push(&[street.reading(1, "H1", 1030)]).await
        };
        let ((status, answer), _) = join(wait(&world, &street.phone, &cursor), change).await;
        assert_eq!((status, answer["stops"].as_array().unwrap().len()), (200, 1), "{answer}");
        assert_eq!(world.app.pokes.count(), 0);
        // With something there already it does not wait, and waits for another's feed wake nobody.
        let (_, answer) = wait(&world, &street.phone, &cursor).await;
        assert_eq!(answer["stops"].as_array().unwrap().len(), 1);
    }

    async fn a_wait_on_another_node_ends_too(world: World) {
        let street = Street::build(&world).await;
        let node = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        let cursor = cursor_of(&node, &street.phone).await;
        let dispatcher = world.desk(meterbook::accounts::Role::Dispatcher).await;
        let path = format!("/v1/rounds/{}/cancel", street.rounds[0]);
        let change = async {
            until_waiting(&node, 1).await;
            world.post(&path, &dispatcher.access, &Value::Null).await
        };
        let ((_, answer), changed) = join(wait(&node, &street.phone, &cursor), change).await;
        assert_eq!((changed.0, &answer["removed"][0]["round_id"]), (200, &json!(street.rounds[0])), "{answer}");
        // And by a push, of which other nodes are not told but find out.
        let cursor = answer["cursor"].as_str().unwrap();
        let change = async {
            until_waiting(&node, 1).await;
            let figures = json!({"kind": "reading", "index": 8_100_000, "cumulative": 8_100_000, "balance": 100_000});
            street.push(&[street.record(1, "S1", figures)]).await
        };
        let ((_, answer), _) = join(wait(&node, &street.phone, cursor), change).await;
        assert_eq!(answer["stops"].as_array().unwrap().len(), 1, "{answer}");
    }

    async fn a_newer_wait_of_the_phone_ends_the_older(world: World) {
        let street = Street::build(&world).await;
        let cursor = cursor_of(&world, &street.phone).await;
        let newer = async {
            until_waiting(&world, 1).await;
            let push = async {
                // The older answer is on its way or gone: one of the two is left.
                until_waiting(&world, 1).await;
                street.push(&[street.reading(1, "H1", 1030)]).await
            };
            join(wait(&world, &street.phone, &cursor), push).await.0
        };
        let (older, newer) = join(wait(&world, &street.phone, &cursor), newer).await;
        assert_eq!((older.0, newer.0), (200, 200));
        assert_eq!(newer.1["stops"].as_array().unwrap().len(), 1);
    }

    async fn a_wait_without_news_ends_empty(world: World) {
        let street = Street::build(&world).await;
        let cursor = cursor_of(&world, &street.phone).await;
        let (status, answer) = world.get(&format!("/v1/sync/changes?wait=1&cursor={cursor}"), &street.phone.access).await;
        assert_eq!((status, &answer["stops"], &answer["more"]), (200, &json!([]), &json!(false)));
    }

    /// Waiting takes no connection and no thread: there are four of each to read with.
    async fn many_waiting_phones_stop_nobody(world: World) {
        let street = Street::build(&world).await;
        let mut phones = Vec::new();
        for _ in 0..30 {
            phones.push(world.phone_of(street.phone.account).await);
        }
        let mut cursors = Vec::new();
        for phone in &phones {
            cursors.push(cursor_of(&world, phone).await);
        }
        let waits = join_all(phones.iter().zip(&cursors).map(|(phone, cursor)| wait(&world, phone, cursor)));
        let work = async {
            until_waiting(&world, 30).await;
            assert_eq!(world.get("/v1/health", "").await.0, 200);
            street.push(&[street.reading(1, "H1", 1030)]).await
        };
        let (answers, _) = join(waits, work).await;
        for (status, answer) in answers {
            assert_eq!((status, answer["stops"].as_array().unwrap().len()), (200, 1), "{answer}");
        }
        assert_eq!(world.app.pokes.count(), 0);
    }

    async fn a_poke_says_that_there_is_something_and_not_what(world: World) {
        let street = Street::build(&world).await;
        let mut pokes = stream(&world, &street.phone).await;
        assert_eq!(pokes.headers().get("content-encoding").map(|value| value.to_str().unwrap()), Some("identity"));
        assert_eq!(next_event(&mut pokes).await, "event: poke\ndata:\n\n");
        street.push(&[street.reading(1, "H1", 1030)]).await;
        assert_eq!(next_event(&mut pokes).await, "event: poke\ndata:\n\n");
        // Another stream of the same phone takes its place.
        let mut newer = stream(&world, &street.phone).await;
        assert_eq!(next_event(&mut pokes).await, "");
        assert_eq!(next_event(&mut newer).await, "event: poke\ndata:\n\n");
    }

    async fn pokes_end_with_the_session(world: World) {
        let street = Street::build(&world).await;
        let twin = world.phone_of(street.phone.account).await;
        let (mut revoked, mut expiring) = (stream(&world, &street.phone).await, stream(&world, &twin).await);
        for pokes in [&mut revoked, &mut expiring] {
            next_event(pokes).await;
        }
        let admin = world.admin().await.access;
        let path = format!("/v1/devices/{}/revoke", street.phone.device.unwrap());
        let (status, answer) = world.post(&path, &admin, &Value::Null).await;
        assert!(status < 300, "{answer}");
        assert_eq!(next_event(&mut revoked).await, "");
        assert_eq!(world.app.pokes.count(), 1);
        world.advance(TimeDelta::minutes(16));
        assert_eq!(next_event(&mut expiring).await, "");
    }

    /// A long poll, too, tells a revoked phone nothing.
    async fn a_revoked_phone_is_told_nothing_after_its_wait(world: World) {
        let street = Street::build(&world).await;
        let cursor = cursor_of(&world, &street.phone).await;
        let admin = world.admin().await.access;
        let path = format!("/v1/devices/{}/revoke", street.phone.device.unwrap());
        let change = async {
            until_waiting(&world, 1).await;
            world.post(&path, &admin, &Value::Null).await;
            world.post(&format!("/v1/rounds/{}/cancel", street.rounds[0]), &admin, &Value::Null).await
        };
        let ((status, answer), _) = join(wait(&world, &street.phone, &cursor), change).await;
        assert_eq!((status, &answer["code"]), (401, &json!("unauthenticated")), "{answer}");
    }
}

/// NOTIFY alone: this node looks around once an hour.
#[test]
fn a_node_of_postgres_hears_of_what_another_wrote() {
    run(StoreKind::Postgres, async |world: World| {
        let street = Street::build(&world).await;
        let others = world
            .database
            .texts("SELECT CAST(pid AS TEXT) AS value FROM pg_stat_activity WHERE datname = current_database()");
        let options = WorldOptions { look_around: Some(Duration::from_secs(3_600)), ..WorldOptions::default() };
        let node = World::start_another(Arc::clone(&world.database), options);
        let listens = |who: &[String]| {
            let listening = "SELECT CAST(pid AS TEXT) AS value FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
            world.database.texts(listening).into_iter().any(|pid| !who.contains(&pid))
        };
        while !listens(&others) {
            tokio::task::yield_now().await;
        }
        let dispatcher = world.desk(meterbook::accounts::Role::Dispatcher).await;
        let mut cursor = cursor_of(&node, &street.phone).await;
        // The second of them comes long after the one look that a node takes when it begins to listen.
        for round in &street.rounds {
            let path = format!("/v1/rounds/{round}/cancel");
            let change = async {
                until_waiting(&node, 1).await;
                world.post(&path, &dispatcher.access, &Value::Null).await
            };
            let ((_, answer), changed) = join(wait(&node, &street.phone, &cursor), change).await;
            assert_eq!((changed.0, &answer["removed"][0]["round_id"]), (200, &json!(round)), "{answer}");
            answer["cursor"].as_str().unwrap().clone_into(&mut cursor);
        }
    });
}
