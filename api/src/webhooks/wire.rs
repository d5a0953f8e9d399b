//! What webhooks look like on the wire.

use super::store::{MessageRow, SubscriptionRow};
use crate::http::{Time, from_ms};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Ask to be told.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhookRequest {
    /// Where messages are posted to; it must begin with an entry of the node's `webhook_allow`.
    pub url: String,
    /// What to be told of: `case.opened`, `case.confirmed`, `case.dismissed`, `case.in_work`, `case.resolved`, `case.assigned`.
    pub events: Vec<String>,
    /// What it is for, at most 200 characters.
    pub note: Option<String>,
}

/// A subscription. Its secret is shown by `GET /v1/webhooks/{id}/secret`.
#[derive(Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: i64,
    /// Where messages are posted to.
    pub url: String,
    /// What it is told of.
    pub events: Vec<String>,
    /// What it is for.
    pub note: String,
    /// Who made it.
    pub created_by: i64,
    /// When.
    pub created_at: Time,
    /// When it was ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Time>,
}

impl Webhook {
    /// A stored subscription.
    #[must_use]
    pub fn of(row: SubscriptionRow) -> Self {
        Self {
            id: row.id,
            url: row.url,
            events: row.events.split(',').map(str::to_owned).collect(),
            note: row.note,
            created_by: row.created_by,
            created_at: Time(from_ms(row.created_at)),
            disabled_at: row.disabled_at.map(|at| Time(from_ms(at))),
        }
    }
}

/// Subscriptions by id.
#[derive(Serialize, ToSchema)]
pub struct WebhookList {
    /// The subscriptions.
    pub items: Vec<Webhook>,
}

/// What a receiver checks signatures with.
#[derive(Serialize, ToSchema)]
pub struct WebhookSecret {
    /// `whsec_` and 32 bytes in Base64, as Standard Webhooks has it. A message is signed over `id.timestamp.body`.
    pub secret: String,
}

/// A message and what became of it.
#[derive(Serialize, ToSchema)]
pub struct WebhookMessage {
    /// Its number here.
    pub id: i64,
    /// The id its receiver sees, the same at every try.
    pub message_id: String,
    /// What it tells.
    pub event: String,
    /// Of which case.
    pub subject_id: i64,
    /// `waiting`, `delivered` or `dead`.
    pub state: String,
    /// When it was written.
    pub created_at: Time,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_at: Option<Time>,
    /// When it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Time>,
    /// When it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_at: Option<Time>,
    /// The receiver's last status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status: Option<i32>,
    /// Why the last try failed: `refused`, `redirected`, `timeout`, `no_connection`, `not_allowed`, `private_address` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

impl WebhookMessage {
    /// A stored message.
    #[must_use]
    pub fn of(row: MessageRow) -> Self {
        let state = match (row.delivered_at, row.dead_at) {
            (Some(_), _) => "delivered",
            (None, Some(_)) => "dead",
            (None, None) => "waiting",
        };
        let time = |at: Option<i64>| at.map(|at| Time(from_ms(at)));
        Self {
            id: row.id,
            message_id: row.message_id.0.to_string(),
            event: row.event,
            subject_id: row.subject_id,
            state: state.to_owned(),
            created_at: Time(from_ms(row.created_at)),
            attempts: row.attempts,
            next_try_at: time(row.next_try_at),
            delivered_at: time(row.delivered_at),
            dead_at: time(row.dead_at),
            last_status: row.last_status,
            last_error: row.last_error,
        }
    }
}

/// Messages by id.
#[derive(Serialize, ToSchema)]
pub struct WebhookMessagePage {
    /// The rows.
    pub items: Vec<WebhookMessage>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}
