//! Delivering the outbox: leased, signed, sent, and its outcome noted.

use super::store::{self, MessageRow, SubscriptionRow, Tried};
use crate::App;
use crate::db::{Isolation, StoreError};
use crate::keys::random;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use futures_util::future::join_all;
use meterbook::webhooks::{Delivery, delivery, signed_content, wait_ms};
use std::collections::HashMap;

/// The sealed column.
pub(super) const SECRET_COLUMN: &str = "webhook_subscriptions.secret";

/// The signature of a message, as Standard Webhooks writes it: HMAC-SHA256 over id, time and body.
#[must_use]
pub fn signature(secret: &[u8], message_id: &str, timestamp_s: i64, body: &str) -> String {
    let key = hmac::Key::new(HMAC_SHA256, secret);
    let tag = hmac::sign(&key, signed_content(message_id, timestamp_s, body).as_bytes());
    format!("v1,{}", STANDARD.encode(tag.as_ref()))
}

/// Sends what is due, a batch at a time. How many were tried.
///
/// # Errors
/// The database's; a message whose outcome could not be noted is sent again when its lease ends.
pub async fn deliver_due(app: &App) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let leased =
        app.store.write("lease_webhooks", Isolation::RowLocks, move |conn| store::lease_due(conn, now)).await?;
    if leased.is_empty() {
        return Ok(0);
    }
    let rows = app.store.read("find_subscriptions", store::list_subscriptions).await?;
    let subscriptions: HashMap<i64, SubscriptionRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let sent = leased.iter().map(|message| send(app, message, subscriptions.get(&message.subscription_id)));
    let outcomes = join_all(sent).await;
    let tried = leased.len();
    app.store
        .write("settle_webhooks", Isolation::RowLocks, move |conn| {
            let mut settled: Vec<_> = leased.iter().zip(&outcomes).collect();
            settled.sort_by_key(|(message, _)| message.id);
            settled
                .into_iter()
                .try_for_each(|(message, (tried, status))| store::settle(conn, message.id, *tried, *status, now))
        })
        .await?;
    Ok(tried)
}

async fn send(app: &App, message: &MessageRow, subscription: Option<&SubscriptionRow>) -> (Tried, Option<u16>) {
    let gone = |error| (Tried::Failed { next: None, error }, None);
    let Some(subscription) = subscription.filter(|row| row.disabled_at.is_none()) else { return gone("disabled") };
    let secret = app.keys.open(SECRET_COLUMN, &subscription.secret).and_then(|secret| STANDARD.decode(secret).ok());
    let Some(secret) = secret else { return gone("secret_unreadable") };
    let id = message.message_id.0.to_string();
    let timestamp = app.clock.now().timestamp();
    let signed = signature(&secret, &id, timestamp, &message.body);
    let timestamp = timestamp.to_string();
    let headers = [("webhook-id", id.as_str()), ("webhook-timestamp", &timestamp), ("webhook-signature", &signed)];
    let answer = app.outbound.post(&subscription.url, &headers, message.body.clone()).await;
    let (error, status) = match answer {
        Ok(status) => match delivery(status) {
            Delivery::Done => return (Tried::Delivered, Some(status)),
            Delivery::Gone => return (Tried::Failed { next: None, error: "gone" }, Some(status)),
            Delivery::Again if (300..400).contains(&status) => ("redirected", Some(status)),
            Delivery::Again => ("refused", Some(status)),
        },
        Err(fault) => (fault.code(), None),
    };
    let attempts = u32::try_from(message.attempts).unwrap_or(u32::MAX).saturating_add(1);
    let chance = random::<2>().map_or(0, u16::from_le_bytes);
    let next = wait_ms(attempts, chance)
        .map(|ms| app.clock.now() + TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX)));
    (Tried::Failed { next, error }, status)
}
