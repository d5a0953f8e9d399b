//! Push, and what lies in quarantine. Pull is in `pull/routes.rs`.

use super::item::Incoming;
use super::push::{Push, Receipt, Sender};
use super::wire::*;
use crate::App;
use crate::http::{Input, Problem, ProblemCode, RequestLanguage, Session, Time};
use actix_web::post;
use actix_web::web::{Data, Json};
use meterbook::accounts::{Actor, Operation};
use meterbook::id::DeviceId;
use meterbook::readings::correction::{ALREADY_CORRECTED, ALREADY_CORRECTED_TEXT};
use meterbook::readings::{Figure, FormFault};
use meterbook::sync::Rejection;
use meterbook::text::{Language, Text};
use std::sync::Arc;

/// A reader's session is a phone's; at a desk a reader syncs nothing.
pub(super) fn phone(actor: Actor) -> Result<DeviceId, Problem> {
    actor.device.ok_or_else(|| Problem::new(ProblemCode::DeviceRequired))
}

/// Push records. Everything the answer names, other than `retry`, is on disk; what it does not name is still owed.
#[utoipa::path(operation_id = "push_records", tag = "sync", request_body = PushRequest,
    responses((status = 200, description = "What became of each item", body = PushAnswer)))]
#[post("/v1/sync/records")]
pub async fn push_records(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    input: Input<PushRequest>,
) -> Result<Json<PushAnswer>, Problem> {
    let actor = session.may(Operation::PushRecords)?;
    let device = phone(actor)?;
    let request = input.0;
    let limit = app.config.limits.push_items;
    if request.items.len() > limit {
        let (zh, en) = (format!("每批最多 {limit} 条"), format!("at most {limit} items in a batch"));
        return Err(Problem::new(ProblemCode::BodyTooLarge).detail(zh, en));
    }
    let now = app.clock.now();
    let sender = Sender {
        reader: actor.account,
        device,
        sent_at: request.sent_at.0,
        sent_elapsed_ms: request.sent_elapsed_ms,
        boot: request.boot_id,
        received_at: now,
        zone: app.config.zone,
        last_seq: request.last_seq,
        released_at: None,
    };
    let push = Arc::new(Push { sender, items: request.items.iter().map(Incoming::read).collect() });
    let pushed = app.pushes.take(&push).await?;
    let receipts = push.items.iter().zip(pushed.receipts);
    let receipts = receipts.map(|(item, receipt)| wire_receipt(item, receipt, language.0));
    Ok(Json(PushAnswer {
        items: receipts.collect(),
        highest_contiguous_seq: pushed.sequence.highest_contiguous,
        missing_seqs: pushed.sequence.missing,
        server_time: Time(now),
        backoff_s: 0,
    }))
}

fn wire_receipt(item: &Incoming, receipt: Receipt, language: Language) -> ItemReceipt {
    let (code, pointer) = receipt.fault.unzip();
    ItemReceipt {
        id: item.id_text.clone(),
        outcome: receipt.outcome.code().to_owned(),
        detail: code.as_deref().map(|code| text_of(code).in_language(language).to_owned()),
        code,
        pointer,
        flags: receipt.flags,
    }
}

/// What to tell a person about an item in quarantine.
pub fn text_of(code: &str) -> Text {
    let of_form = || {
        let faults = Figure::ALL.into_iter().flat_map(|figure| {
            [
                FormFault::Missing(figure),
                FormFault::Negative(figure),
                FormFault::TooManyDigits(figure),
                FormFault::BeyondLimit(figure),
                FormFault::Unexpected(figure),
            ]
        });
        faults.into_iter().find(|fault| fault.code() == code).map(FormFault::text)
    };
    let reused = Text {
        zh: "同一编号的记录内容不同，已留待人工处理",
        en: "the same id came with other content; kept for a person to decide",
    };
    if code == ALREADY_CORRECTED {
        return ALREADY_CORRECTED_TEXT;
    }
    Rejection::from_code(code).map(Rejection::text).or_else(of_form).unwrap_or(reused)
}
