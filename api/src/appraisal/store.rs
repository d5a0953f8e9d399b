//! Facts of a month for appraisals, and appraisals with what was said to them.

use crate::appraisal::AppraisalFacts;
use crate::db::schema::{
    accounts, appraisal_answers, appraisal_objections, appraisals, coverage_plan, records, service_points,
};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use crate::reports::month::store::Scope;
use diesel::prelude::*;
use meterbook::accounts::Role;
use meterbook::appraisal::Decision;
use meterbook::calendar::{Instant, Period};
use meterbook::id::AccountId;
use meterbook::meters::Class;
use uuid::Uuid;

/// A reading of a commercial point.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are columns")]
pub struct CommercialLook {
    pub record: Uuid,
    pub reader: i64,
    pub point: i64,
    pub number: String,
    pub at: i64,
}

/// Readings of points that are commercial in the month, by time.
pub fn load_commercial_looks(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<CommercialLook>> {
    let (from, until) = scope.span();
    let rows: Vec<(Uuid16, Option<i64>, i64, String, i64)> = each!(conn, c => records::table
        .inner_join(service_points::table.on(service_points::id.eq(records::point_id)))
        .inner_join(coverage_plan::table
            .on(coverage_plan::point_id.eq(records::point_id).and(coverage_plan::period.eq(scope.month.key()))))
        .filter(coverage_plan::class.eq(Class::Commercial.code()))
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .filter(records::kind.eq("reading"))
        .filter(records::code.eq_any(["field", "reread"]))
        .filter(records::reader_id.is_not_null())
        .order((records::observed_at, records::id))
        .select((records::id, records::reader_id, records::point_id, service_points::number, records::observed_at))
        .load(c))?;
    let look = |(record, reader, point, number, at): (Uuid16, Option<i64>, i64, String, i64)| {
        Some(CommercialLook { record: record.0, reader: reader?, point, number, at })
    };
    Ok(rows.into_iter().filter_map(look).collect())
}

/// An attempt.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are columns")]
pub struct Attempt {
    pub record: Uuid,
    pub reader: i64,
    pub number: String,
    pub at: i64,
    pub code: String,
    pub flags: String,
}

/// Attempts made in the month, by time.
pub fn load_attempts(conn: &mut Conn, scope: &Scope) -> QueryResult<Vec<Attempt>> {
    let (from, until) = scope.span();
    type Row = (Uuid16, Option<i64>, String, i64, String, String);
    let rows: Vec<Row> = each!(conn, c => records::table
        .inner_join(service_points::table.on(service_points::id.eq(records::point_id)))
        .filter(records::observed_at.ge(to_ms(from)))
        .filter(records::observed_at.lt(to_ms(until)))
        .filter(records::kind.eq("attempt"))
        .filter(records::reader_id.is_not_null())
        .order((records::observed_at, records::id))
        .select((records::id, records::reader_id, service_points::number, records::observed_at, records::code, records::flags))
        .load(c))?;
    let attempt = |(record, reader, number, at, code, flags): Row| {
        Some(Attempt { record: record.0, reader: reader?, number, at, code, flags })
    };
    Ok(rows.into_iter().filter_map(attempt).collect())
}

/// The names of readers.
pub fn load_names(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<(i64, String)>> {
    each!(conn, c => accounts::table
        .filter(crate::db::among(accounts::id, ids))
        .order(accounts::id)
        .select((accounts::id, accounts::name))
        .load(c))
}

/// Whether there is such a reader.
pub fn reader_exists(conn: &mut Conn, id: i64) -> QueryResult<bool> {
    let role: Option<String> = each!(conn, c => accounts::table.find(id).select(accounts::role).first(c).optional())?;
    Ok(role.as_deref() == Some(Role::Reader.code()))
}

/// Published appraisal, objection and answer as they are stored.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are columns")]
pub struct AppraisalRow {
    pub id: i64,
    pub period: i32,
    pub reader: i64,
    pub name: String,
    pub rules_version: String,
    pub body: String,
    pub published_at: i64,
    /// When, why, to what.
    pub objection: Option<(i64, String, String)>,
    /// When, how, why, what was taken back.
    pub answer: Option<(i64, String, String, String)>,
}

/// Which appraisals.
#[derive(Clone, Debug, Default)]
pub struct AppraisalFilter {
    /// Of this month.
    pub month: Option<Period>,
    /// Of this reader.
    pub reader: Option<i64>,
    /// Only those whose objection waits for an answer.
    pub waiting: bool,
}

/// Published appraisals after an id.
pub fn list(conn: &mut Conn, filter: &AppraisalFilter, after: i64, limit: i64) -> QueryResult<Vec<AppraisalRow>> {
    type Row = (
        (i64, i32, i64, String, String, i64),
        String,
        Option<(i64, String, String)>,
        Option<(i64, String, String, String)>,
    );
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = appraisals::table
            .inner_join(accounts::table.on(accounts::id.eq(appraisals::reader_id)))
            .left_join(appraisal_objections::table.on(appraisal_objections::appraisal_id.eq(appraisals::id)))
            .left_join(appraisal_answers::table.on(appraisal_answers::appraisal_id.eq(appraisals::id)))
            .filter(appraisals::id.gt(after))
            .into_boxed();
        if let Some(month) = filter.month {
            query = query.filter(appraisals::period.eq(month.key()));
        }
        if let Some(reader) = filter.reader {
            query = query.filter(appraisals::reader_id.eq(reader));
        }
        if filter.waiting {
            query = query
                .filter(appraisal_objections::appraisal_id.is_not_null())
                .filter(appraisal_answers::appraisal_id.is_null());
        }
        query
            .order(appraisals::id)
            .limit(limit)
            .select((
                (appraisals::id, appraisals::period, appraisals::reader_id, appraisals::rules_version, appraisals::body,
                    appraisals::published_at),
                accounts::name,
                (appraisal_objections::objected_at, appraisal_objections::reason, appraisal_objections::deductions).nullable(),
                (appraisal_answers::answered_at, appraisal_answers::decision, appraisal_answers::reason,
                    appraisal_answers::withdrawn).nullable(),
            ))
            .load(c)
    })?;
    let row = |((id, period, reader, rules_version, body, published_at), name, objection, answer): Row| AppraisalRow {
        id,
        period,
        reader,
        name,
        rules_version,
        body,
        published_at,
        objection,
        answer,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// Publishes the appraisals of a month.
pub fn insert(
    conn: &mut Conn,
    month: Period,
    (rules_version, drafts): (&str, &[(i64, i64, &AppraisalFacts)]),
    by: AccountId,
    now: Instant,
) -> QueryResult<()> {
    for (reader, marks, facts) in drafts {
        let body =
            serde_json::to_string(facts).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))?;
        let row = (
            appraisals::period.eq(month.key()),
            appraisals::reader_id.eq(reader),
            appraisals::marks.eq(marks),
            appraisals::rules_version.eq(rules_version),
            appraisals::body.eq(body),
            appraisals::published_by.eq(by.0),
            appraisals::published_at.eq(to_ms(now)),
        );
        each!(conn, c => diesel::insert_into(appraisals::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

fn listed(numbers: &[u32]) -> QueryResult<String> {
    serde_json::to_string(numbers).map_err(|fault| diesel::result::Error::SerializationError(fault.into()))
}

/// Keeps an objection.
pub fn insert_objection(
    conn: &mut Conn,
    appraisal: i64,
    by: AccountId,
    (reason, deductions): (&str, &[u32]),
    now: Instant,
) -> QueryResult<()> {
    let row = (
        appraisal_objections::appraisal_id.eq(appraisal),
        appraisal_objections::account_id.eq(by.0),
        appraisal_objections::reason.eq(reason),
        appraisal_objections::deductions.eq(listed(deductions)?),
        appraisal_objections::objected_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(appraisal_objections::table).values(row).execute(c)).map(drop)
}

/// Keeps an answer.
pub fn insert_answer(
    conn: &mut Conn,
    appraisal: i64,
    by: AccountId,
    decision: Decision,
    (reason, withdrawn, marks): (&str, &[u32], i64),
    now: Instant,
) -> QueryResult<()> {
    let row = (
        appraisal_answers::appraisal_id.eq(appraisal),
        appraisal_answers::account_id.eq(by.0),
        appraisal_answers::decision.eq(decision.code()),
        appraisal_answers::reason.eq(reason),
        appraisal_answers::withdrawn.eq(listed(withdrawn)?),
        appraisal_answers::marks.eq(marks),
        appraisal_answers::answered_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(appraisal_answers::table).values(row).execute(c)).map(drop)
}
