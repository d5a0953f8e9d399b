//! Streams of server-sent events.

use super::{SignedIn, World};
use reqwest::{Method, Response};
use std::time::Duration;

/// Long enough for any machine; what should come and does not fails here instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens one.
pub async fn open_stream(world: &World, path: &str, who: &SignedIn) -> Response {
    let request = world.request(Method::GET, path).bearer_auth(&who.access);
    let response = request.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

/// Reads until something that is no comment comes; empty at the end.
pub async fn next_event(response: &mut Response) -> String {
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
