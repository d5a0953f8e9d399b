//! Which record corrects which, and what counts in place of a corrected one.

use super::super::packed::stored_body;
use crate::db::schema::{corrected_records, record_links, records};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::{from_ms, to_ms};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, MeterId, PointId, RecordId};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use std::collections::HashMap;

/// A link as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The correction.
    pub record: RecordId,
    /// The record it names.
    pub target: RecordId,
    /// Whether that one has arrived.
    pub is_linked: bool,
}

type LinkRow = (Uuid16, Uuid16, String);

fn link((record, target, state): LinkRow) -> Link {
    Link { record: RecordId(record.0), target: RecordId(target.0), is_linked: state == "linked" }
}

fn keys(ids: &[RecordId]) -> Vec<Uuid16> {
    ids.iter().map(|id| Uuid16(id.0)).collect()
}

/// Readers' corrections whose target has not arrived: next to none, found by their own index.
pub fn waiting_links(conn: &mut Conn, readers: &[i64]) -> QueryResult<HashMap<i64, Vec<Link>>> {
    let rows: Vec<(i64, LinkRow)> = each!(conn, c => record_links::table
        .filter(among(record_links::reader_id, readers))
        .filter(record_links::state.eq("waiting"))
        .select((record_links::reader_id, (record_links::record_id, record_links::target_id, record_links::state)))
        .load(c))?;
    let mut waiting: HashMap<i64, Vec<Link>> = HashMap::new();
    for (reader, row) in rows {
        waiting.entry(reader).or_default().push(link(row));
    }
    Ok(waiting)
}

/// A reader's links from or to these records, other than refused ones.
pub fn links_touching(conn: &mut Conn, reader: AccountId, ids: &[RecordId]) -> QueryResult<Vec<Link>> {
    let ids = keys(ids);
    let own = each!(conn, c => record_links::table
        .filter(record_links::record_id.eq_any(&ids))
        .filter(record_links::reader_id.eq(reader.0))
        .filter(record_links::state.ne("refused"))
        .select((record_links::record_id, record_links::target_id, record_links::state))
        .load::<LinkRow>(c))?;
    let naming = each!(conn, c => record_links::table
        .filter(record_links::target_id.eq_any(&ids))
        .filter(record_links::reader_id.eq(reader.0))
        .filter(record_links::state.ne("refused"))
        .select((record_links::record_id, record_links::target_id, record_links::state))
        .load::<LinkRow>(c))?;
    Ok(own.into_iter().chain(naming).map(link).collect())
}

/// Stores a link. `false`: another correction of the same record was first.
pub fn insert_link(conn: &mut Conn, link: Link, reader: AccountId, now: Instant) -> QueryResult<bool> {
    let row = (
        record_links::record_id.eq(Uuid16(link.record.0)),
        record_links::target_id.eq(Uuid16(link.target.0)),
        record_links::reader_id.eq(reader.0),
        record_links::state.eq(if link.is_linked { "linked" } else { "waiting" }),
        record_links::noted_at.eq(to_ms(now)),
    );
    let stored: usize =
        each!(conn, c => diesel::insert_into(record_links::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(stored == 1)
}

/// Settles a waiting link, once: linked, or refused with a code.
pub fn settle_link(conn: &mut Conn, record: RecordId, refused: Option<&str>, now: Instant) -> QueryResult<()> {
    let change = (
        record_links::state.eq(if refused.is_some() { "refused" } else { "linked" }),
        record_links::code.eq(refused),
        record_links::noted_at.eq(to_ms(now)),
    );
    let waiting = record_links::table.find(Uuid16(record.0)).filter(record_links::state.eq("waiting"));
    each!(conn, c => diesel::update(waiting).set(change).execute(c)).map(drop)
}

/// A record as corrections need it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its id.
    pub id: RecordId,
    /// Who made it.
    pub reader: Option<AccountId>,
    /// Its kind.
    pub kind: String,
    /// Its code.
    pub code: String,
    /// Its point.
    pub point: PointId,
    /// The meter at the point.
    pub meter: Option<MeterId>,
    /// When it was observed.
    pub observed_at: Instant,
    /// Its figures.
    pub figures: Figures,
    /// As it was sent.
    pub body: String,
}

/// Those of the records that have arrived.
pub fn find_recorded(conn: &mut Conn, ids: &[RecordId]) -> QueryResult<Vec<Recorded>> {
    type Body = (String, Option<Vec<u8>>);
    type Row =
        (Uuid16, Option<i64>, String, String, i64, Option<i64>, i64, (Option<i64>, Option<i64>, Option<i64>), Body);
    let rows: Vec<Row> = each!(conn, c => records::table
        .filter(records::id.eq_any(keys(ids)))
        .select((
            records::id,
            records::reader_id,
            records::kind,
            records::code,
            records::point_id,
            records::meter_id,
            records::observed_at,
            (records::figure_index, records::cumulative, records::balance),
            (records::body, records::packed),
        ))
        .load(c))?;
    let recorded = |(id, reader, kind, code, point, meter, at, (index, cumulative, balance), (body, packed)): Row| {
        Ok(Recorded {
            id: RecordId(id.0),
            reader: reader.map(AccountId),
            kind,
            code,
            point: PointId(point),
            meter: meter.map(MeterId),
            observed_at: from_ms(at),
            figures: Figures {
                index: index.map(Volume::from_litres),
                cumulative: cumulative.map(Volume::from_litres),
                balance,
            },
            body: stored_body(id.0, body, packed.as_deref())?,
        })
    };
    rows.into_iter().map(recorded).collect()
}

/// What counts in place of a corrected record.
#[derive(Clone, Debug)]
pub struct Head {
    /// The corrected record.
    pub record: RecordId,
    /// The last correction of its chain.
    pub head: RecordId,
    /// The kind of reading, or why there was none.
    pub code: String,
    /// The figures that count.
    pub figures: Figures,
    /// The verdict on them.
    pub flags: Vec<String>,
}

/// Notes what counts.
pub fn store_head(conn: &mut Conn, head: &Head, now: Instant) -> QueryResult<()> {
    use corrected_records as t;
    let content = (
        t::head_id.eq(Uuid16(head.head.0)),
        t::code.eq(&head.code),
        t::figure_index.eq(head.figures.index.map(Volume::litres)),
        t::cumulative.eq(head.figures.cumulative.map(Volume::litres)),
        t::balance.eq(head.figures.balance),
        t::flags.eq(head.flags.join(",")),
        t::changed_at.eq(to_ms(now)),
    );
    let row = (t::record_id.eq(Uuid16(head.record.0)), content.clone());
    each!(conn, c => diesel::insert_into(corrected_records::table)
        .values(row)
        .on_conflict(t::record_id)
        .do_update()
        .set(content)
        .execute(c))
    .map(drop)
}
