//! Hazards and found changes as they are kept, and the records of a point.

use crate::db::schema::{
    accounts, corrected_records, found_changes, hazard_moves, hazards, record_links, records, service_points,
};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use crate::sync::packed::stored_body;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, MeterId, PointId, RecordId};
use meterbook::meters::InletSide;
use meterbook::readings::{FoundKind, FoundState, HazardCode, HazardSeverity, HazardState};
use uuid::Uuid;

/// Where a report is from.
#[derive(Clone, Copy, Debug)]
pub struct NewReport {
    /// The record.
    pub record: RecordId,
    /// The point.
    pub point: PointId,
    /// The meter there.
    pub meter: Option<MeterId>,
    /// The reader.
    pub reader: AccountId,
    /// When it was seen.
    pub observed_at: Instant,
    /// When it arrived.
    pub received_at: Instant,
}

/// Opens a hazard.
pub fn insert_hazard(
    conn: &mut Conn,
    report: &NewReport,
    code: HazardCode,
    severity: HazardSeverity,
    (note, evidence): (&str, &str),
) -> QueryResult<()> {
    let row = (
        hazards::record_id.eq(Uuid16(report.record.0)),
        hazards::point_id.eq(report.point.0),
        hazards::reader_id.eq(report.reader.0),
        hazards::code.eq(code.code()),
        hazards::severity.eq(severity.code()),
        hazards::note.eq(note),
        hazards::evidence.eq(evidence),
        hazards::observed_at.eq(to_ms(report.observed_at)),
        hazards::received_at.eq(to_ms(report.received_at)),
        hazards::state.eq(HazardState::Open.code()),
        hazards::changed_at.eq(to_ms(report.received_at)),
    );
    each!(conn, c => diesel::insert_into(hazards::table).values(row).execute(c)).map(drop)
}

/// What is proposed for the register.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// What differs.
    pub kind: FoundKind,
    /// The number seen on the meter.
    pub number: Option<&'a str>,
    /// The side gas enters.
    pub inlet_side: Option<InletSide>,
    /// Latitude, longitude, datum.
    pub place: Option<(i64, i64, &'a str)>,
}

/// Stores a proposal.
pub fn insert_found(
    conn: &mut Conn,
    report: &NewReport,
    proposal: &Proposal<'_>,
    (note, evidence): (&str, &str),
) -> QueryResult<()> {
    let row = (
        found_changes::record_id.eq(Uuid16(report.record.0)),
        found_changes::point_id.eq(report.point.0),
        found_changes::meter_id.eq(report.meter.map(|meter| meter.0)),
        found_changes::reader_id.eq(report.reader.0),
        found_changes::what.eq(proposal.kind.code()),
        found_changes::number.eq(proposal.number),
        found_changes::inlet_side.eq(proposal.inlet_side.map(InletSide::code)),
        (
            found_changes::lat_micro.eq(proposal.place.map(|(lat, ..)| lat)),
            found_changes::lng_micro.eq(proposal.place.map(|(_, lng, _)| lng)),
            found_changes::datum.eq(proposal.place.map(|(.., datum)| datum)),
            found_changes::note.eq(note),
            found_changes::evidence.eq(evidence),
            found_changes::observed_at.eq(to_ms(report.observed_at)),
            found_changes::received_at.eq(to_ms(report.received_at)),
            found_changes::state.eq(FoundState::Open.code()),
        ),
    );
    each!(conn, c => diesel::insert_into(found_changes::table).values(row).execute(c)).map(drop)
}

/// A hazard as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = hazards)]
#[expect(missing_docs, reason = "the fields are the columns of hazards")]
pub struct HazardRow {
    pub id: i64,
    pub record_id: Uuid16,
    pub point_id: i64,
    pub reader_id: i64,
    pub code: String,
    pub severity: String,
    pub note: String,
    pub evidence: String,
    pub observed_at: i64,
    pub received_at: i64,
    pub state: String,
    pub changed_at: i64,
}

/// Which hazards.
#[derive(Clone, Debug, Default)]
pub struct HazardFilter {
    /// In this state.
    pub state: Option<String>,
    /// Of this code.
    pub code: Option<String>,
    /// As bad as this.
    pub severity: Option<String>,
    /// At this point.
    pub point: Option<i64>,
}

/// Hazards after an id, with the numbers of their points.
pub fn list_hazards(
    conn: &mut Conn,
    filter: &HazardFilter,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(HazardRow, String)>> {
    each!(conn, c => {
        let mut query = hazards::table.inner_join(service_points::table).filter(hazards::id.gt(after)).into_boxed();
        if let Some(state) = &filter.state {
            query = query.filter(hazards::state.eq(state));
        }
        if let Some(code) = &filter.code {
            query = query.filter(hazards::code.eq(code));
        }
        if let Some(severity) = &filter.severity {
            query = query.filter(hazards::severity.eq(severity));
        }
        if let Some(point) = filter.point {
            query = query.filter(hazards::point_id.eq(point));
        }
        query.order(hazards::id).limit(limit).select((HazardRow::as_select(), service_points::number)).load(c)
    })
}

/// One hazard.
pub fn find_hazard(conn: &mut Conn, id: i64) -> QueryResult<Option<(HazardRow, String)>> {
    each!(conn, c => hazards::table
        .inner_join(service_points::table)
        .filter(hazards::id.eq(id))
        .select((HazardRow::as_select(), service_points::number))
        .first(c)
        .optional())
}

/// Moves a hazard on; its steps are kept.
pub fn move_hazard(
    conn: &mut Conn,
    id: i64,
    (from, to): (HazardState, HazardState),
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<()> {
    let change = (hazards::state.eq(to.code()), hazards::changed_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(hazards::table.find(id)).set(change).execute(c))?;
    let row = (
        hazard_moves::hazard_id.eq(id),
        hazard_moves::from_state.eq(from.code()),
        hazard_moves::to_state.eq(to.code()),
        hazard_moves::account_id.eq(by.0),
        hazard_moves::reason.eq(reason),
        hazard_moves::moved_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(hazard_moves::table).values(row).execute(c)).map(drop)
}

/// From, to, who, why, when.
pub type MoveRow = (String, String, String, String, i64);

/// The steps of a hazard.
pub fn hazard_steps(conn: &mut Conn, id: i64) -> QueryResult<Vec<MoveRow>> {
    each!(conn, c => hazard_moves::table
        .inner_join(accounts::table.on(accounts::id.eq(hazard_moves::account_id)))
        .filter(hazard_moves::hazard_id.eq(id))
        .order(hazard_moves::id)
        .select((hazard_moves::from_state, hazard_moves::to_state, accounts::name, hazard_moves::reason, hazard_moves::moved_at))
        .load(c))
}

/// A proposal as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = found_changes)]
#[expect(missing_docs, reason = "the fields are the columns of found_changes")]
pub struct FoundRow {
    pub id: i64,
    pub record_id: Uuid16,
    pub point_id: i64,
    pub meter_id: Option<i64>,
    pub reader_id: i64,
    pub what: String,
    pub number: Option<String>,
    pub inlet_side: Option<String>,
    pub lat_micro: Option<i64>,
    pub lng_micro: Option<i64>,
    pub datum: Option<String>,
    pub note: String,
    pub evidence: String,
    pub observed_at: i64,
    pub received_at: i64,
    pub state: String,
    pub decided_by: Option<i64>,
    pub decided_at: Option<i64>,
    pub reason: Option<String>,
}

/// Proposals after an id, with the numbers of their points.
pub fn list_found(
    conn: &mut Conn,
    state: Option<&str>,
    point: Option<i64>,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(FoundRow, String)>> {
    each!(conn, c => {
        let mut query =
            found_changes::table.inner_join(service_points::table).filter(found_changes::id.gt(after)).into_boxed();
        if let Some(state) = state {
            query = query.filter(found_changes::state.eq(state));
        }
        if let Some(point) = point {
            query = query.filter(found_changes::point_id.eq(point));
        }
        query.order(found_changes::id).limit(limit).select((FoundRow::as_select(), service_points::number)).load(c)
    })
}

/// One proposal.
pub fn find_found(conn: &mut Conn, id: i64) -> QueryResult<Option<(FoundRow, String)>> {
    each!(conn, c => found_changes::table
        .inner_join(service_points::table)
        .filter(found_changes::id.eq(id))
        .select((FoundRow::as_select(), service_points::number))
        .first(c)
        .optional())
}

/// Notes what the office decided of a proposal.
pub fn decide_found(
    conn: &mut Conn,
    id: i64,
    state: FoundState,
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<()> {
    let change = (
        found_changes::state.eq(state.code()),
        found_changes::decided_by.eq(by.0),
        found_changes::decided_at.eq(to_ms(now)),
        found_changes::reason.eq(reason),
    );
    each!(conn, c => diesel::update(found_changes::table.find(id)).set(change).execute(c)).map(drop)
}

/// A record as it is stored, with what became of it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = records)]
#[expect(missing_docs, reason = "the fields are the columns of records")]
pub struct RecordRow {
    pub id: Uuid16,
    pub kind: String,
    pub code: String,
    pub meter_id: Option<i64>,
    pub reader_id: Option<i64>,
    pub device_id: Option<i64>,
    pub device_seq: Option<i64>,
    pub observed_at: i64,
    pub received_at: i64,
    pub grade: String,
    pub figure_index: Option<i64>,
    pub cumulative: Option<i64>,
    pub balance: Option<i64>,
    pub flags: String,
    pub target_id: Option<Uuid16>,
    /// As it was sent, in canonical form.
    pub body: String,
    packed: Option<Vec<u8>>,
}

/// The head that counts in place of a record.
pub type CountingHead = Option<Uuid16>;

/// A point's records before a place in time, the newest first, with the head that counts in place of each.
pub fn list_point_records(
    conn: &mut Conn,
    point: i64,
    before: Option<(i64, Uuid)>,
    limit: i64,
) -> QueryResult<Vec<(RecordRow, CountingHead)>> {
    let mut rows: Vec<(RecordRow, CountingHead)> = each!(conn, c => {
        let mut query = records::table
            .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
            .filter(records::point_id.eq(point))
            .order((records::observed_at.desc(), records::id.desc()))
            .limit(limit)
            .select((RecordRow::as_select(), corrected_records::head_id.nullable()))
            .into_boxed();
        if let Some((at, id)) = before {
            let same = records::observed_at.eq(at).and(records::id.lt(Uuid16(id)));
            query = query.filter(records::observed_at.lt(at).or(same));
        }
        query.load(c)
    })?;
    for (row, _) in &mut rows {
        row.body = stored_body(row.id.0, std::mem::take(&mut row.body), row.packed.take().as_deref())?;
    }
    Ok(rows)
}

/// Correction, named record, state, why refused.
pub type LinkRow = (Uuid16, Uuid16, String, Option<String>);

/// How these records stand to the ones they name, and which corrections name them.
pub fn links_of(conn: &mut Conn, ids: &[Uuid16]) -> QueryResult<Vec<LinkRow>> {
    let columns = (record_links::record_id, record_links::target_id, record_links::state, record_links::code);
    each!(conn, c => record_links::table
        .filter(record_links::record_id.eq_any(ids).or(record_links::target_id.eq_any(ids)))
        .select(columns)
        .load(c))
}

/// Whether there is such a point.
pub fn point_exists(conn: &mut Conn, point: i64) -> QueryResult<bool> {
    let found: Option<i64> =
        each!(conn, c => service_points::table.find(point).select(service_points::id).first(c).optional())?;
    Ok(found.is_some())
}
