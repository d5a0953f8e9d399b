//! Idempotency-Key on requests that mint ids: the same key and body get the same answer, once made (PROTOCOL, "HTTP manners").

use super::{Problem, ProblemCode, to_ms};
use crate::db::schema::idempotency_keys;
use crate::db::{Conn, each};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::AccountId;
use std::future::{Ready, ready};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

/// The caller's key, where there is one.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get("idempotency-key") else { return ready(Ok(Self(None))) };
        let key = value.to_str().ok().filter(|key| (1..=200).contains(&key.len()));
        ready(key.map(|key| Self(Some(key.to_owned()))).ok_or_else(|| {
            let (zh, en) = ("应为 1 至 200 个 ASCII 字符", "expected 1 to 200 ASCII characters");
            Problem::new(ProblemCode::InvalidParameter).fault("Idempotency-Key", "invalid", zh, en)
        }))
    }
}

/// As the contract says it, so that generated clients can send it.
impl utoipa::IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(200));
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("Chosen by the caller: the same key and body again get the first answer again."))
            .schema(Some(text));
        vec![key.build()]
    }
}

/// What is known of a key.
pub enum Remembered {
    /// Not seen before.
    New,
    /// Answered before: this status and body.
    Answered(u16, String),
    /// Used before for something else.
    Mismatch,
}

/// Looks a key up, within the transaction that will act on it.
///
/// # Errors
/// The database's.
pub fn recall(conn: &mut Conn, account: AccountId, key: &str, request_hash: &[u8]) -> QueryResult<Remembered> {
    let found: Option<(Vec<u8>, i32, String)> = each!(conn, c => idempotency_keys::table
        .find((account.0, key))
        .select((idempotency_keys::request_hash, idempotency_keys::status, idempotency_keys::body))
        .first(c)
        .optional())?;
    Ok(match found {
        None => Remembered::New,
        Some((hash, status, body)) if hash == request_hash => {
            Remembered::Answered(u16::try_from(status).unwrap_or(500), body)
        }
        Some(_) => Remembered::Mismatch,
    })
}

/// Remembers the answer to a key.
///
/// # Errors
/// The database's.
pub fn remember(
    conn: &mut Conn,
    account: AccountId,
    key: &str,
    request_hash: &[u8],
    answer: (u16, &str),
    now: Instant,
) -> QueryResult<()> {
    let row = (
        idempotency_keys::account_id.eq(account.0),
        idempotency_keys::key.eq(key),
        idempotency_keys::request_hash.eq(request_hash),
        idempotency_keys::status.eq(i32::from(answer.0)),
        idempotency_keys::body.eq(answer.1),
        idempotency_keys::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(idempotency_keys::table).values(row).execute(c)).map(drop)
}
