//! The offer: after a restore, a phone asks which of its records the data lack (PROTOCOL, "Push").
//!
//! Why separate from the push: it writes nothing and decides nothing, so a phone may offer all it holds at little cost.

use super::store::known_ids;
use super::wire::{OfferAnswer, OfferRequest};
use crate::App;
use crate::http::{Input, Problem, ProblemCode, Session};
use actix_web::post;
use actix_web::web::{Data, Json};
use meterbook::accounts::Operation;
use std::collections::HashSet;

/// Which of these records are missing. After a reset with `reoffer_since`, offer what was sent since and push what is missing.
#[utoipa::path(operation_id = "offer_records", tag = "sync", request_body = OfferRequest,
    responses((status = 200, description = "Those that are neither stored nor in this phone's quarantine", body = OfferAnswer)))]
#[post("/v1/sync/offer")]
pub async fn offer_records(
    app: Data<App>,
    session: Session,
    input: Input<OfferRequest>,
) -> Result<Json<OfferAnswer>, Problem> {
    let actor = session.may(Operation::OfferRecords)?;
    let device = actor.device.ok_or_else(|| Problem::new(ProblemCode::DeviceRequired))?;
    let limit = app.config.limits.offer_ids;
    if input.0.ids.len() > limit {
        let (zh, en) = (format!("每次最多 {limit} 个编号"), format!("at most {limit} ids at a time"));
        return Err(Problem::new(ProblemCode::BodyTooLarge).detail(zh, en));
    }
    let mut missing = input.0.ids;
    let mut seen = HashSet::new();
    missing.retain(|id| seen.insert(*id));
    let offered = missing.clone();
    let known = app.store.read("offer_records", move |conn| known_ids(conn, device, &offered)).await?;
    missing.retain(|id| !known.contains(id));
    Ok(Json(OfferAnswer { missing }))
}
