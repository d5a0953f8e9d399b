//! What changed, one round anew, and pokes.

use super::store::{feed_ends, load_rounds};
use super::wire::{PullAnswer, PulledRound};
use super::{Asker, Pulled, pull};
use crate::App;
use crate::accounts::store::{Glimpse, standing_sessions};
use crate::backup::store::epoch_and_reoffer;
use crate::db::Conn;
use crate::http::{Problem, ProblemCode, Session, Time, compact_json};
use crate::settings::store::rulebook;
use crate::sync::cursor;
use crate::sync::pokes::{End, Manner, Wait};
use crate::sync::routes::phone;
use actix_web::http::header::{ContentEncoding, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data, Json, Path, Query};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, get};
use diesel::QueryResult;
use meterbook::accounts::Operation;
use meterbook::calendar::Instant;
use meterbook::sync::Cursor;
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

const PULL_LIMIT: i64 = 500;
const LONGEST_WAIT_S: u64 = 25;
/// A stream that says nothing for long is cut by what lies between.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where the phone stands.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PullQuery {
    /// The cursor of the last answer; without one, everything.
    cursor: Option<String>,
    /// Feed entries at most, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// Where there is nothing new, wait so many seconds for it, 0 to 25. A newer wait of the same phone ends the older.
    #[param(minimum = 0, maximum = 25)]
    wait: Option<u64>,
}

fn out_of_range(name: &'static str, least: u64, most: u64) -> Problem {
    let (zh, en) =
        (format!("应为 {least} 至 {most} 的整数"), format!("expected a whole number from {least} to {most}"));
    Problem::new(ProblemCode::InvalidParameter).fault(name, "out_of_range", zh, en)
}

impl PullQuery {
    fn limit(&self) -> Result<i64, Problem> {
        let limit = self.limit.unwrap_or(PULL_LIMIT);
        let is_good = (1..=PULL_LIMIT).contains(&limit);
        is_good.then_some(limit).ok_or_else(|| out_of_range("limit", 1, PULL_LIMIT.unsigned_abs()))
    }

    fn wait(&self) -> Result<Duration, Problem> {
        let wait = self.wait.unwrap_or(0);
        (wait <= LONGEST_WAIT_S)
            .then(|| Duration::from_secs(wait))
            .ok_or_else(|| out_of_range("wait", 0, LONGEST_WAIT_S))
    }

    /// The cursor, if it is this reader's.
    fn known(&self, app: &App, reader: i64) -> Result<Option<Cursor>, Problem> {
        let invalid = || Problem::new(ProblemCode::InvalidCursor);
        let known = self.cursor.as_deref().map(|text| cursor::open(&app.keys, text).ok_or_else(invalid)).transpose()?;
        if known.is_some_and(|known| known.reader != reader) {
            return Err(invalid());
        }
        Ok(known)
    }
}

/// What changed for this reader since the cursor; without one, everything he holds.
#[utoipa::path(operation_id = "pull_changes", tag = "sync",
    params(PullQuery, ("If-None-Match" = Option<String>, Header, description = "The ETag of the last answer")),
    responses((status = 200, description = "Changes and the next cursor", body = PullAnswer,
            headers(("ETag" = String, description = "Send it as If-None-Match beside the cursor of this answer"))),
        (status = 304, description = "Nothing new since the cursor")))]
#[get("/v1/sync/changes")]
pub async fn pull_changes(
    app: Data<App>,
    session: Session,
    request: HttpRequest,
    query: Query<PullQuery>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::PullChanges)?;
    let device = phone(actor)?;
    let (limit, longest) = (query.limit()?, query.wait()?);
    let known = query.known(&app, actor.account.0)?;
    let (keys, zone, now) = (Arc::clone(&app.keys), app.config.zone, app.clock.now());
    let asker = Asker { reader: actor.account, device, known, limit, keys, zone, now };
    let wait = (!longest.is_zero()).then(|| app.pokes.begin(actor.account, device, &session, Manner::LongPoll));
    let asked = asker.clone();
    let glimpse = match wait {
        // What moved before the wait began would wake nobody.
        Some(_) => app.sessions.ask(session.id).await?,
        None => request.extensions().get::<Glimpse>().cloned(),
    };
    let mut found = match glimpse.and_then(|glimpse| nothing_new(&asker, &glimpse)) {
        Some(found) => found,
        None => app.store.read("pull_changes", move |conn| look(conn, &asked)).await?,
    };
    if let (None, Some(mut wait), Some(known)) = (&found.pulled, wait, known) {
        match timeout(longest, wait.moved_past(known.position)).await {
            Ok(Ok(_)) => found = look_if_standing(&app, &session, asker.clone()).await?,
            Ok(Err(End::SessionOver)) => return Err(Problem::new(ProblemCode::Unauthenticated)),
            Ok(Err(End::Superseded)) | Err(_) => {}
        }
    }
    answer(&app, &request, &asker, found).await
}

/// What a look at the data brought.
struct Found {
    epoch: Uuid,
    /// Since when the phone should offer what it sent.
    reoffer_since: Option<Instant>,
    /// `None`: nothing new.
    pulled: Option<Pulled>,
    /// The version of the catalogue in force.
    catalogue: u64,
}

/// Pulls, with the epoch read beside the data: what was restored under a running node must not be taken for what it knew
/// before. A cursor of another epoch is as good as none.
fn look(conn: &mut Conn, asker: &Asker) -> QueryResult<Found> {
    let (epoch, reoffer_since) = epoch_and_reoffer(conn, asker.known.map(|known| known.epoch))?;
    let known = asker.known.filter(|known| known.epoch == *epoch.as_bytes());
    let catalogue = asker.catalogue(&*rulebook(conn)?);
    let pulled = pull(conn, &Asker { known, ..asker.clone() }, &catalogue)?;
    Ok(Found { epoch, reoffer_since, pulled, catalogue: catalogue.version })
}

/// Most pulls bring nothing; that is seen at the glimpse by which they were let in. `None`: it takes a proper look.
fn nothing_new(asker: &Asker, glimpse: &Glimpse) -> Option<Found> {
    let (known, epoch) = (asker.known?, glimpse.epoch);
    let catalogue = asker.catalogue(&glimpse.book).version;
    let is_same = known.epoch == *epoch.as_bytes() && known.position == glimpse.head && asker.may_follow(&known);
    let nothing_new = is_same && known.catalogue == catalogue;
    nothing_new.then_some(Found { epoch, reoffer_since: None, pulled: None, catalogue })
}

/// Looks again after a wait: the session was checked when it began.
async fn look_if_standing(app: &App, session: &Session, asker: Asker) -> Result<Found, Problem> {
    let session = *session;
    let found = app.store.read("pull_after_wait", move |conn| {
        let stands = standing_sessions(conn, &[session.id])?.iter().any(|standing| session.is(standing));
        if stands { look(conn, &asker).map(Ok) } else { Ok(Err(())) }
    });
    found.await?.map_err(|()| Problem::new(ProblemCode::Unauthenticated))
}

async fn answer(app: &App, request: &HttpRequest, asker: &Asker, found: Found) -> Result<HttpResponse, Problem> {
    let Found { epoch, reoffer_since, pulled, catalogue } = found;
    let position = match (&pulled, asker.known) {
        (Some(pulled), _) => pulled.position,
        (None, Some(known)) => known.position,
        (None, None) => 0,
    };
    let tag = format!("W/\"{}.{position}.{:x}\"", epoch.simple(), catalogue);
    let seen = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = seen.split(',').any(|seen| seen.trim() == tag);
    if pulled.is_none() && is_known {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    let next =
        Cursor { epoch: *epoch.as_bytes(), reader: asker.reader.0, position, device: Some(asker.device.0), catalogue };
    let pulled = pulled.unwrap_or_default();
    let body = PullAnswer {
        epoch: epoch.to_string(),
        cursor: cursor::seal(&app.keys, &next),
        more: pulled.more,
        reset: pulled.reset,
        reoffer_since: reoffer_since.map(Time),
        removed: pulled.removed,
        rounds: pulled.rounds,
        changed_rounds: pulled.changed_rounds,
        removed_stops: pulled.removed_stops,
        stops: pulled.stops,
        verdicts: pulled.verdicts,
        catalogue: pulled.catalogue,
        refetch: pulled.refetch,
        rules_version: crate::RULES_VERSION.into(),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, tag));
    compact_json(request, response, &body).await
}

/// A round this reader holds, whole: for `refetch`. Do not pull while it is under way, so that nothing newer is overwritten.
#[utoipa::path(operation_id = "pull_round", tag = "sync", params(("id" = i64, Path, description = "The round")),
    responses((status = 200, description = "The round", body = PulledRound)))]
#[get("/v1/sync/rounds/{id}")]
pub async fn pull_round(app: Data<App>, session: Session, id: Path<i64>) -> Result<Json<PulledRound>, Problem> {
    let actor = session.may(Operation::PullRound)?;
    phone(actor)?;
    let (keys, zone, id) = (Arc::clone(&app.keys), app.config.zone, *id);
    let found = app.store.read("pull_round", move |conn| load_rounds(conn, &keys, actor.account, Some(&[id]), zone));
    found.await?.pop().map(Json).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// A stream of pokes (server-sent events, `event: poke`, without data): pull when one comes. One comes at once. It ends when the
/// access token expires or the phone is revoked, and when the same phone opens another.
#[utoipa::path(operation_id = "stream_pokes", tag = "sync",
    responses((status = 200, description = "Pokes, and comments in between", body = String, content_type = "text/event-stream")))]
#[get("/v1/sync/pokes")]
pub async fn stream_pokes(app: Data<App>, session: Session) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::StreamPokes)?;
    let device = phone(actor)?;
    let wait = app.pokes.begin(actor.account, device, &session, Manner::Stream);
    let ends = app.store.read("stream_pokes", move |conn| feed_ends(conn, actor.account)).await?;
    let first = Listening { wait, head: ends.head, is_greeted: false };
    // Compressed, an event would stay in the encoder until the next ones fill it.
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream").insert_header(ContentEncoding::Identity);
    Ok(response.streaming(futures_util::stream::unfold(first, next_event)))
}

struct Listening {
    wait: Wait,
    /// The head the phone was last poked for.
    head: i64,
    is_greeted: bool,
}

async fn next_event(mut listening: Listening) -> Option<(Result<Bytes, Infallible>, Listening)> {
    const POKE: &[u8] = b"event: poke\ndata:\n\n";
    const COMMENT: &[u8] = b":\n\n";
    if !listening.is_greeted {
        // What moved since its last pull, it would hear of never.
        listening.is_greeted = true;
        return Some((Ok(Bytes::from_static(POKE)), listening));
    }
    let said = match timeout(HEARTBEAT, listening.wait.moved_past(listening.head)).await {
        Ok(Ok(head)) => {
            listening.head = head;
            POKE
        }
        Ok(Err(End::Superseded | End::SessionOver)) => return None,
        Err(_) => COMMENT,
    };
    Some((Ok(Bytes::from_static(said)), listening))
}
