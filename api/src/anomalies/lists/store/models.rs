//! Models, and which one holds when.

use super::super::shipped;
use crate::anomalies::lists::version_of;
use crate::db::schema::{anomaly_model_terms, anomaly_models};
use crate::db::{Conn, each};
use crate::http::to_ms;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::result::Error;
use meterbook::anomalies::lists::model::Model;
use meterbook::calendar::{Instant, Period};
use meterbook::id::AccountId;

/// A model without its body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = anomaly_models)]
#[expect(missing_docs, reason = "the fields are the columns of anomaly_models")]
pub struct ModelRow {
    pub id: i64,
    pub state: String,
    pub seed: i64,
    pub until_month: i32,
    pub asked_by: i64,
    pub asked_at: i64,
    pub meters: i64,
    pub lessons: i64,
    pub version: Option<String>,
    pub inputs_hash: Option<Vec<u8>>,
    pub fault: Option<String>,
    pub made_at: Option<i64>,
}

/// From when which model holds.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = anomaly_model_terms)]
#[expect(missing_docs, reason = "the fields are the columns of anomaly_model_terms")]
pub struct TermRow {
    pub id: i64,
    pub model_id: Option<i64>,
    pub valid_from: NaiveDate,
    pub source: String,
    pub account_id: i64,
    pub created_at: i64,
}

/// The model that holds on a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InForce {
    /// Its id; `None`: the one that comes with the program.
    pub id: Option<i64>,
    /// Its version.
    pub version: String,
}

/// The model that holds on a day: of two for the same day the one that was said later.
pub fn in_force(conn: &mut Conn, day: NaiveDate) -> QueryResult<InForce> {
    let found: Option<(Option<i64>, Option<String>)> = each!(conn, c => anomaly_model_terms::table
        .left_join(anomaly_models::table)
        .filter(anomaly_model_terms::valid_from.le(day))
        .order((anomaly_model_terms::valid_from.desc(), anomaly_model_terms::id.desc()))
        .select((anomaly_model_terms::model_id, anomaly_models::version.nullable()))
        .first(c)
        .optional())?;
    Ok(match found {
        Some((Some(id), Some(version))) => InForce { id: Some(id), version },
        _ => InForce { id: None, version: shipped::version() },
    })
}

/// A model that can be asked.
pub fn load_model(conn: &mut Conn, id: Option<i64>) -> QueryResult<Model> {
    let damaged = |which: String| Error::DeserializationError(format!("{which} is no model").into());
    let Some(id) = id else { return shipped::model().map_err(|_| damaged("what is shipped".into())) };
    let body: Option<String> = each!(conn, c => anomaly_models::table.find(id).select(anomaly_models::body).first(c))?;
    body.and_then(|body| Model::from_text(&body).ok()).ok_or_else(|| damaged(format!("anomaly model {id}")))
}

/// Begins a model.
pub fn insert_model(conn: &mut Conn, until: Period, seed: i64, by: AccountId, now: Instant) -> QueryResult<ModelRow> {
    let row = (
        anomaly_models::state.eq("training"),
        anomaly_models::seed.eq(seed),
        anomaly_models::until_month.eq(until.key()),
        anomaly_models::asked_by.eq(by.0),
        anomaly_models::asked_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(anomaly_models::table)
        .values(row)
        .returning(ModelRow::as_returning())
        .get_result(c))
}

/// One model.
pub fn find_model(conn: &mut Conn, id: i64) -> QueryResult<Option<ModelRow>> {
    each!(conn, c => anomaly_models::table.find(id).select(ModelRow::as_select()).first(c).optional())
}

/// Models after an id.
pub fn list_models(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<ModelRow>> {
    each!(conn, c => anomaly_models::table
        .filter(anomaly_models::id.gt(after))
        .order(anomaly_models::id)
        .limit(limit)
        .select(ModelRow::as_select())
        .load(c))
}

/// What training came to.
#[derive(Clone, Debug)]
pub struct Learnt {
    /// Meters that taught.
    pub meters: usize,
    /// Rows it was taught by.
    pub lessons: usize,
    /// Over everything it was made from.
    pub inputs_hash: Vec<u8>,
    /// The model as a text; `None`: too little history.
    pub body: Option<String>,
}

/// Notes what training came to.
pub fn finish_model(conn: &mut Conn, id: i64, learnt: &Learnt, now: Instant) -> QueryResult<()> {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let version = learnt.body.as_deref().map(|body| format!("own-{id}-{}", version_of(body.as_bytes())));
    let change = (
        anomaly_models::state.eq(if learnt.body.is_some() { "done" } else { "failed" }),
        anomaly_models::meters.eq(number(learnt.meters)),
        anomaly_models::lessons.eq(number(learnt.lessons)),
        anomaly_models::version.eq(version),
        anomaly_models::inputs_hash.eq(&learnt.inputs_hash),
        anomaly_models::body.eq(&learnt.body),
        anomaly_models::fault.eq(learnt.body.is_none().then_some("too_little_history")),
        anomaly_models::made_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::update(anomaly_models::table.find(id)).set(change).execute(c)).map(drop)
}

/// Switches a model on from a day; `None`: the one that comes with the program.
pub fn insert_term(
    conn: &mut Conn,
    (model, from): (Option<i64>, NaiveDate),
    source: &str,
    by: AccountId,
    now: Instant,
) -> QueryResult<()> {
    let row = (
        anomaly_model_terms::model_id.eq(model),
        anomaly_model_terms::valid_from.eq(from),
        anomaly_model_terms::source.eq(source),
        anomaly_model_terms::account_id.eq(by.0),
        anomaly_model_terms::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(anomaly_model_terms::table).values(row).execute(c)).map(drop)
}

/// Every term, as they were said.
pub fn list_terms(conn: &mut Conn) -> QueryResult<Vec<TermRow>> {
    each!(conn, c => anomaly_model_terms::table
        .order(anomaly_model_terms::id)
        .select(TermRow::as_select())
        .load(c))
}
