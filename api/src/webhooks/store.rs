//! Subscriptions, and the outbox with what became of each message.

use crate::db::schema::{webhook_messages, webhook_subscriptions};
use crate::db::{Conn, Uuid16, each};
use crate::http::{Time, to_ms};
use chrono::TimeDelta;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use meterbook::webhooks::WebhookEvent;
use serde_json::{Value, json};
use uuid::Uuid;

/// Messages sent at once.
const BATCH: i64 = 20;
/// How long a node has to send what it took: longer than any receiver may take.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// A subscription as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = webhook_subscriptions)]
#[expect(missing_docs, reason = "the fields are the columns of webhook_subscriptions")]
pub struct SubscriptionRow {
    pub id: i64,
    pub url: String,
    pub secret: Vec<u8>,
    pub events: String,
    pub note: String,
    pub created_by: i64,
    pub created_at: i64,
    pub disabled_at: Option<i64>,
}

impl SubscriptionRow {
    /// Whether it wants to be told of this.
    fn wants(&self, event: WebhookEvent) -> bool {
        self.events.split(',').any(|wanted| wanted == event.code())
    }
}

/// Keeps a subscription.
pub fn insert_subscription(
    conn: &mut Conn,
    (url, secret): (&str, &[u8]),
    events: &[WebhookEvent],
    note: &str,
    by: AccountId,
    now: Instant,
) -> QueryResult<SubscriptionRow> {
    let events: Vec<&str> = events.iter().map(|event| event.code()).collect();
    let row = (
        webhook_subscriptions::url.eq(url),
        webhook_subscriptions::secret.eq(secret),
        webhook_subscriptions::events.eq(events.join(",")),
        webhook_subscriptions::note.eq(note),
        webhook_subscriptions::created_by.eq(by.0),
        webhook_subscriptions::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(webhook_subscriptions::table)
        .values(row)
        .returning(SubscriptionRow::as_returning())
        .get_result(c))
}

/// Every subscription.
pub fn list_subscriptions(conn: &mut Conn) -> QueryResult<Vec<SubscriptionRow>> {
    each!(conn, c => webhook_subscriptions::table
        .order(webhook_subscriptions::id)
        .select(SubscriptionRow::as_select())
        .load(c))
}

/// One subscription.
pub fn find_subscription(conn: &mut Conn, id: i64) -> QueryResult<Option<SubscriptionRow>> {
    each!(conn, c => webhook_subscriptions::table.find(id).select(SubscriptionRow::as_select()).first(c).optional())
}

/// Ends a subscription; what is still in its outbox is given up.
pub fn disable_subscription(conn: &mut Conn, id: i64, now: Instant) -> QueryResult<()> {
    let live = webhook_subscriptions::table.find(id).filter(webhook_subscriptions::disabled_at.is_null());
    let change = webhook_subscriptions::disabled_at.eq(to_ms(now));
    each!(conn, c => diesel::update(live).set(change).execute(c))?;
    let waiting = webhook_messages::table
        .filter(webhook_messages::subscription_id.eq(id))
        .filter(webhook_messages::next_try_at.is_not_null());
    let change = (
        webhook_messages::next_try_at.eq(None::<i64>),
        webhook_messages::dead_at.eq(to_ms(now)),
        webhook_messages::last_error.eq("disabled"),
    );
    each!(conn, c => diesel::update(waiting).set(change).execute(c)).map(drop)
}

/// Writes a message for each subscription that wants it, in the caller's transaction. `data` is only made if one does.
pub fn enqueue(
    conn: &mut Conn,
    event: WebhookEvent,
    subject: i64,
    now: Instant,
    data: impl FnOnce(&mut Conn) -> QueryResult<Value>,
) -> QueryResult<()> {
    let live: Vec<SubscriptionRow> = each!(conn, c => webhook_subscriptions::table
        .filter(webhook_subscriptions::disabled_at.is_null())
        .order(webhook_subscriptions::id)
        .select(SubscriptionRow::as_select())
        .load(c))?;
    let wanting: Vec<i64> = live.into_iter().filter(|row| row.wants(event)).map(|row| row.id).collect();
    if wanting.is_empty() {
        return Ok(());
    }
    let data = data(conn)?;
    wanting.into_iter().try_for_each(|subscription| write_message(conn, subscription, event, (subject, &data), now))
}

/// Writes one message.
pub fn write_message(
    conn: &mut Conn,
    subscription: i64,
    event: WebhookEvent,
    (subject, data): (i64, &Value),
    now: Instant,
) -> QueryResult<()> {
    let body = json!({"type": event.code(), "timestamp": Time(now), "data": data});
    let row = (
        webhook_messages::subscription_id.eq(subscription),
        webhook_messages::message_id.eq(Uuid16(Uuid::now_v7())),
        webhook_messages::event.eq(event.code()),
        webhook_messages::subject_id.eq(subject),
        webhook_messages::body.eq(body.to_string()),
        webhook_messages::created_at.eq(to_ms(now)),
        webhook_messages::next_try_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(webhook_messages::table).values(row).execute(c)).map(drop)
}

/// A message as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = webhook_messages)]
#[expect(missing_docs, reason = "the fields are the columns of webhook_messages")]
pub struct MessageRow {
    pub id: i64,
    pub subscription_id: i64,
    pub message_id: Uuid16,
    pub event: String,
    pub subject_id: i64,
    pub body: String,
    pub created_at: i64,
    pub attempts: i32,
    pub next_try_at: Option<i64>,
    pub delivered_at: Option<i64>,
    pub dead_at: Option<i64>,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
}

/// Takes messages that are due for this node alone, until the lease ends: a node that dies in between loses none.
pub fn lease_due(conn: &mut Conn, now: Instant) -> QueryResult<Vec<MessageRow>> {
    let now_ms = to_ms(now);
    let free = || webhook_messages::leased_until.is_null().or(webhook_messages::leased_until.le(now_ms));
    let due: Vec<i64> = each!(conn, c => webhook_messages::table
        .filter(webhook_messages::next_try_at.le(now_ms))
        .filter(free())
        .order((webhook_messages::next_try_at, webhook_messages::id))
        .limit(BATCH)
        .select(webhook_messages::id)
        .load(c))?;
    // Looked at again with the row locked: another node may have been faster.
    let still = webhook_messages::table
        .filter(webhook_messages::id.eq_any(due))
        .filter(webhook_messages::next_try_at.le(now_ms))
        .filter(free());
    let change = webhook_messages::leased_until.eq(to_ms(now + LEASE));
    each!(conn, c => diesel::update(still).set(change).returning(MessageRow::as_returning()).get_results(c))
}

/// What became of a try.
#[derive(Clone, Copy, Debug)]
pub enum Tried {
    /// Taken.
    Delivered,
    /// Not taken: again at this moment, or given up.
    Failed {
        /// When again.
        next: Option<Instant>,
        /// Why.
        error: &'static str,
    },
}

/// Notes what became of a try.
pub fn settle(conn: &mut Conn, id: i64, tried: Tried, status: Option<u16>, now: Instant) -> QueryResult<()> {
    let (next, delivered, dead, error) = match tried {
        Tried::Delivered => (None, Some(to_ms(now)), None, None),
        Tried::Failed { next: Some(next), error } => (Some(to_ms(next)), None, None, Some(error)),
        Tried::Failed { next: None, error } => (None, None, Some(to_ms(now)), Some(error)),
    };
    let change = (
        webhook_messages::attempts.eq(webhook_messages::attempts + 1),
        webhook_messages::next_try_at.eq(next),
        webhook_messages::leased_until.eq(None::<i64>),
        webhook_messages::delivered_at.eq(delivered),
        webhook_messages::dead_at.eq(dead),
        webhook_messages::last_status.eq(status.map(i32::from)),
        webhook_messages::last_error.eq(error),
    );
    // Given up meanwhile because its subscription ended, it stays so.
    let waiting = webhook_messages::table.find(id).filter(webhook_messages::next_try_at.is_not_null());
    each!(conn, c => diesel::update(waiting).set(change).execute(c)).map(drop)
}

/// Messages of a subscription after an id, in one state: `waiting`, `delivered` or `dead`.
pub fn list_messages(
    conn: &mut Conn,
    subscription: i64,
    state: Option<&str>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    each!(conn, c => {
        let mut query = webhook_messages::table
            .filter(webhook_messages::subscription_id.eq(subscription))
            .filter(webhook_messages::id.gt(after))
            .order(webhook_messages::id)
            .limit(limit)
            .select(MessageRow::as_select())
            .into_boxed();
        match state {
            Some("waiting") => query = query.filter(webhook_messages::next_try_at.is_not_null()),
            Some("delivered") => query = query.filter(webhook_messages::delivered_at.is_not_null()),
            Some("dead") => query = query.filter(webhook_messages::dead_at.is_not_null()),
            _ => {}
        }
        query.load(c)
    })
}

/// Tries a dead message again from the beginning; `None`: there is no dead one of that id.
pub fn revive(conn: &mut Conn, id: i64, now: Instant) -> QueryResult<Option<MessageRow>> {
    let dead = webhook_messages::table.find(id).filter(webhook_messages::dead_at.is_not_null());
    let change = (
        webhook_messages::attempts.eq(0),
        webhook_messages::next_try_at.eq(to_ms(now)),
        webhook_messages::dead_at.eq(None::<i64>),
    );
    each!(conn, c => diesel::update(dead).set(change).returning(MessageRow::as_returning()).get_result(c).optional())
}
