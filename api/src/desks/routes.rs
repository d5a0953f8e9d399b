//! The stream a desk follows.

use super::{ChangedTopics, Follower, Topics};
use crate::App;
use crate::http::{Problem, Session};
use actix_web::http::header::ContentEncoding;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use meterbook::accounts::Operation;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::timeout;

/// A stream that says nothing for long is cut by what lies between.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What a desk looks at has changed (server-sent events, `event: changed`, `data` a `ChangedTopics`): ask anew for what it shows. At
/// most one a second; one with every topic comes at once, for what changed before. Nobody's data is in it. It ends when the access
/// token expires or the session does; then ask again with a new one. Should it break, renew now and then without it.
#[utoipa::path(operation_id = "stream_events", tag = "meta",
    responses((status = 200, description = "Events, and comments in between", body = String, content_type = "text/event-stream")))]
#[get("/v1/events")]
pub async fn stream_events(app: Data<App>, session: Session) -> Result<HttpResponse, Problem> {
    session.may(Operation::StreamEvents)?;
    let follower = app.desks.follow(&session);
    // Compressed, an event would stay in the encoder until the next ones fill it.
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream").insert_header(ContentEncoding::Identity);
    // A proxy that gathers an answer would keep it for ever.
    response.insert_header(("x-accel-buffering", "no"));
    Ok(response.streaming(futures_util::stream::unfold((follower, false), next_event)))
}

type Step = (Follower, bool);

async fn next_event((mut follower, is_greeted): Step) -> Option<(Result<Bytes, Infallible>, Step)> {
    let said = if is_greeted {
        match timeout(HEARTBEAT, follower.changed()).await {
            Ok(Some(topics)) => event(topics),
            Ok(None) => return None,
            Err(_) => Bytes::from_static(b":\n\n"),
        }
    } else {
        event(Topics::ALL)
    };
    Some((Ok(said), (follower, true)))
}

fn event(topics: Topics) -> Bytes {
    let data = serde_json::to_string(&ChangedTopics { topics: topics.names() }).unwrap_or_default();
    Bytes::from(format!("event: changed\ndata: {data}\n\n"))
}
