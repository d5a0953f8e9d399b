//! Looking at time reviews and deciding them.

use super::store::{self, Review};
use super::wire::*;
use crate::App;
use crate::accounts::store::audit;
use crate::coverage::store::retouch_everywhere;
use crate::db::{Isolation, Lockable};
use crate::http::{Input, Problem, ProblemCode, Session, from_ms};
use crate::paging::{After, next_after};
use crate::readings::routes::check_reason;
use crate::settings::store::rulebook;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{get, post};
use chrono::Utc;
use meterbook::accounts::Operation;
use meterbook::calendar::Instant;
use meterbook::readings::observed::TimeSettings;
use serde::Deserialize;

/// Which reviews.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TimeReviewQuery {
    /// `open`, `accepted` or `refused`.
    state: Option<String>,
}

/// Visits whose time a person must decide: they are seen only after that.
#[utoipa::path(operation_id = "list_time_reviews", tag = "coverage", params(TimeReviewQuery, After),
    responses((status = 200, description = "Time reviews", body = TimeReviewPage)))]
#[get("/v1/time-reviews")]
pub async fn list_time_reviews(
    app: Data<App>,
    session: Session,
    query: Query<TimeReviewQuery>,
    page: Query<After>,
) -> Result<Json<TimeReviewPage>, Problem> {
    session.may(Operation::ListTimeReviews)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let state = query.into_inner().state;
    if state.as_deref().is_some_and(|state| !["open", "accepted", "refused"].contains(&state)) {
        return Err(crate::coverage::routes::wrong("state", "open / accepted / refused"));
    }
    let rows =
        app.store.read("list_time_reviews", move |conn| store::list(conn, state.as_deref(), after, limit)).await?;
    let next_after = next_after(&rows, limit, |(review, _)| review.id);
    Ok(Json(TimeReviewPage { items: rows.into_iter().map(TimeReview::of).collect(), next_after }))
}

/// Decide when a visit was made: it then counts in the period of that time, or not at all. The record stays as it came.
#[utoipa::path(operation_id = "decide_time_review", tag = "coverage", request_body = DecideTimeRequest,
    params(("id" = i64, Path, description = "The review")),
    responses((status = 200, description = "The review, decided", body = TimeReview)))]
#[post("/v1/time-reviews/{id}/decide")]
pub async fn decide_time_review(
    app: Data<App>,
    session: Session,
    id: Path<i64>,
    input: Input<DecideTimeRequest>,
) -> Result<Json<TimeReview>, Problem> {
    let actor = session.may(Operation::DecideTimeReview)?;
    let (id, reason, now, zone) = (*id, check_reason(&input.0.reason)?, app.clock.now(), app.config.zone);
    let accepts = match input.0.decision.as_str() {
        "accepted" => true,
        "refused" => false,
        _ => {
            let (zh, en) = ("应为 accepted 或 refused", "expected accepted or refused");
            return Err(Problem::new(ProblemCode::InvalidInput).fault("/decision", "unknown_value", zh, en));
        }
    };
    let told = input.0.observed_at.map(|at| at.with_timezone(&Utc));
    let decided = app.store.write("decide_time_review", Isolation::RowLocks, move |conn| {
        let Some((review, _)) = store::find(conn, id)? else { return Ok(Err(Problem::new(ProblemCode::NotFound))) };
        conn.lock(Lockable::ServicePoints, &[review.point_id])?;
        // Looked at again under the lock: two people may decide at once.
        if let Some((_, Some(decision))) = store::find(conn, id)? {
            let (zh, en) = (format!("已处理：{}", decision.decision), format!("it was {} before", decision.decision));
            return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
        }
        let times = rulebook(conn)?.time(zone.day(from_ms(review.received_at)));
        let at = match accepts.then(|| accepted_at(&review, told, &times)).transpose() {
            Ok(at) => at,
            Err(problem) => return Ok(Err(problem)),
        };
        store::decide(conn, review.record_id, at, actor.account, &reason, now)?;
        retouch_everywhere(conn, zone, &[review.point_id])?;
        let detail = at
            .map_or_else(|| format!("refused: {reason}"), |at| format!("accepted as of {}: {reason}", zone.local(at)));
        audit(
            conn,
            now,
            Some(actor.account),
            "decide_time_review",
            &format!("record/{}", review.record_id.0),
            &detail,
        )?;
        Ok(store::find(conn, id)?.ok_or_else(|| Problem::new(ProblemCode::NotFound)))
    });
    decided.await?.map(|row| Json(TimeReview::of(row)))
}

/// The time a visit is accepted as of: after it arrived nobody made it, and a stand-in is no time.
fn accepted_at(review: &Review, told: Option<Instant>, times: &TimeSettings) -> Result<Instant, Problem> {
    let invalid =
        |zh: &str, en: &str| Problem::new(ProblemCode::InvalidInput).fault("/observed_at", "invalid_time", zh, en);
    let received = from_ms(review.received_at);
    match told {
        None if review.is_lost => {
            Err(invalid("手机时钟不可信，请给出抄表时间", "the clock was lost: say when the visit was made"))
        }
        None => Ok(from_ms(review.observed_at)),
        Some(at) if at > received || at < received - times.oldest => Err(invalid(
            "抄表时间须早于上传时间且不得过早",
            "expected a time before its receipt and not too long before",
        )),
        Some(at) => Ok(at),
    }
}
