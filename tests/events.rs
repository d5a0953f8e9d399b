//! Desks that follow what changes: events of topics, over several nodes (DESIGN "Flow of a write").

use crate::support::stream::{next_event, open_stream};
use crate::support::street::Street;
use crate::support::{SignedIn, StoreKind, World, WorldOptions, run};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use serde_json::{Value, json};
use std::sync::Arc;

const ALL: &str =
    "event: changed\ndata: {\"topics\":[\"rounds\",\"cases\",\"coverage\",\"quarantine\",\"phones\"]}\n\n";

/// Follows, past the greeting.
async fn follow(world: &World, desk: &SignedIn) -> reqwest::Response {
    let mut response = open_stream(world, "/v1/events", desk).await;
    assert_eq!(next_event(&mut response).await, ALL);
    response
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

const OF_ROUNDS: &str = "event: changed\ndata: {\"topics\":[\"rounds\",\"coverage\"]}\n\n";

/// Cancels both rounds: what that touches is told, and nothing else. What was done before may still be passed on, at the latest
/// together with the first of them.
async fn cancel_and_hear(street: &Street<'_>, who: &str, events: &mut reqwest::Response) {
    let [first, second] = street.rounds[..] else { panic!("a street has two rounds") };
    let cancel = async |round: i64| street.world.post(&format!("/v1/rounds/{round}/cancel"), who, &Value::Null).await;
    cancel(first).await;
    until_told(events, "rounds").await;
    cancel(second).await;
    while until_told(events, "rounds").await != OF_ROUNDS {}
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
        let mut events = follow(&world, &dispatcher).await;
        cancel_and_hear(&street, &dispatcher.access, &mut events).await;
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
        let mut events = follow(&node, &analyst).await;
        cancel_and_hear(&street, &world.desk_admin().await, &mut events).await;
    });
}
