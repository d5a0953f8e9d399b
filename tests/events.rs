//! Desks that follow what changes: events of topics, over several nodes (DESIGN "Flow of a write").

use crate::support::street::Street;
use crate::support::{SignedIn, StoreKind, World, WorldOptions, run};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for any machine; what should come and does not fails here instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);
const ALL: &str =
    "event: changed\ndata: {\"topics\":[\"rounds\",\"cases\",\"coverage\",\"quarantine\",\"phones\"]}\n\n";

/// Follows, past the greeting.
async fn follow(world: &World, desk: &SignedIn) -> reqwest::Response {
    let request = world.request(Method::GET, "/v1/events").bearer_auth(&desk.access);
    let mut response = request.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    assert_eq!(next_event(&mut response).await, ALL);
    response
}

/// Reads until something that is no comment comes; empty at the end.
async fn next_event(response: &mut reqwest::Response) -> String {
    let read = async {
        loop {
            match response.chunk().await.unwrap() {
                None => return String::new(),
                Some(bytes) if bytes.starts_with(b":") => {}
                Some(bytes) => return String::from_utf8(bytes.to_vec()).unwrap(),
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("neither an event nor the end came")
}

/// Reads until an event names a topic.
async fn until_told(response: &mut reqwest::Response, topic: &str) -> String {
    loop {
        let event = next_event(response).await;
        assert!(!event.is_empty(), "the stream ended before {topic} came");
        if event.contains(topic) {
            return event;
        }
    }
}

on_both_stores! {
    async fn a_desk_is_told_what_a_push_may_have_changed_and_nothing_of_it(world: World) {
        let street = Street::build(&world).await;
        let analyst = world.desk(Role::Analyst).await;
        let mut events = follow(&world, &analyst).await;
        street.push(&[street.reading(1, "H1", 1030)]).await;
        assert_eq!(until_told(&mut events, "coverage").await, ALL);
    }

    async fn a_deed_at_a_desk_pokes_what_it_touches(world: World) {
        let street = Street::build(&world).await;
        let dispatcher = world.desk(Role::Dispatcher).await;
        // What was done before the stream begins is passed on within a second.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let mut events = follow(&world, &dispatcher).await;
        world.post(&format!("/v1/rounds/{}/cancel", street.rounds[0]), &dispatcher.access, &Value::Null).await;
        assert_eq!(next_event(&mut events).await, "event: changed\ndata: {\"topics\":[\"rounds\",\"coverage\"]}\n\n");
    }

    async fn events_end_with_the_session(world: World) {
        let (leaving, expiring) = (world.desk(Role::Analyst).await, world.desk(Role::Dispatcher).await);
        let (mut left, mut expired) = (follow(&world, &leaving).await, follow(&world, &expiring).await);
        assert_eq!(world.app.desks.count(), 2);
        let (status, answer) = world.post("/v1/auth/logout", &leaving.access, &Value::Null).await;
        assert!(status < 300, "{answer}");
        while !next_event(&mut left).await.is_empty() {}
        world.advance(TimeDelta::hours(1));
        while !next_event(&mut expired).await.is_empty() {}
        while world.app.desks.count() > 0 {
            tokio::task::yield_now().await;
        }
    }

    async fn readers_and_cashiers_have_no_desk_to_renew(world: World) {
        let cashier = world.desk(Role::Cashier).await;
        let (status, problem) = world.get("/v1/events", &cashier.access).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    }
}

/// Nodes of PostgreSQL tell each other; a process with a SQLite file is alone.
#[test]
fn a_desk_at_another_node_is_told_too() {
    run(StoreKind::Postgres, async |world: World| {
        let street = Street::build(&world).await;
        let node = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        let analyst = world.desk(Role::Analyst).await;
        // What was done before is passed on, and the listener is there, within seconds.
        tokio::time::sleep(Duration::from_millis(4_000)).await;
        let mut events = follow(&node, &analyst).await;
        world.post(&format!("/v1/rounds/{}/cancel", street.rounds[0]), &world.desk_admin().await, &Value::Null).await;
        assert_eq!(next_event(&mut events).await, "event: changed\ndata: {\"topics\":[\"rounds\",\"coverage\"]}\n\n");
    });
}
