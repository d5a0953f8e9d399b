//! Missing numbers with their explanations, and broken links.

use crate::db::schema::{accounts, chain_breaks, devices, gap_explanations, quarantine, records};
use crate::db::{Conn, Uuid16, each};
use crate::http::to_ms;
use crate::keys::sha256;
use crate::sync::packed::stored_body;
use crate::sync::store::phone_sequence;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use std::collections::{BTreeMap, HashMap};

/// Something that arrived under a number.
#[derive(Clone, Debug)]
pub struct Stored {
    /// A record, or an item in quarantine.
    pub is_record: bool,
    /// Hash of its canonical body.
    pub hash: Vec<u8>,
    /// The body.
    pub body: String,
}

/// What arrived under these numbers of a phone.
pub fn stored_around(conn: &mut Conn, device: DeviceId, seqs: &[i64]) -> QueryResult<HashMap<i64, Vec<Stored>>> {
    type Row = (Option<i64>, Vec<u8>, String);
    type RecordRow = (Option<i64>, Uuid16, String, Option<Vec<u8>>);
    let taken: Vec<RecordRow> = each!(conn, c => records::table
        .filter(records::device_id.eq(device.0))
        .filter(records::device_seq.eq_any(seqs))
        .select((records::device_seq, records::id, records::body, records::packed))
        .load(c))?;
    let record = |(seq, id, body, packed): RecordRow| {
        let body = stored_body(id.0, body, packed.as_deref())?;
        Ok((seq, sha256(body.as_bytes()), body))
    };
    let taken: Vec<Row> = taken.into_iter().map(record).collect::<QueryResult<_>>()?;
    let aside: Vec<Row> = each!(conn, c => quarantine::table
        .filter(quarantine::device_id.eq(device.0))
        .filter(quarantine::device_seq.eq_any(seqs))
        .select((quarantine::device_seq, quarantine::body_hash, quarantine::body))
        .load(c))?;
    let mut stored: HashMap<i64, Vec<Stored>> = HashMap::new();
    for (is_record, rows) in [(true, taken), (false, aside)] {
        for (seq, hash, body) in rows {
            if let Some(seq) = seq {
                stored.entry(seq).or_default().push(Stored { is_record, hash, body });
            }
        }
    }
    Ok(stored)
}

/// A link that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The record that names a wrong hash.
    pub seq: i64,
    /// What it names.
    pub named: Vec<u8>,
    /// What the one before has.
    pub expected: Vec<u8>,
}

/// Notes broken links, each once.
pub fn insert_breaks(conn: &mut Conn, device: DeviceId, breaks: &[Break], now: Instant) -> QueryResult<()> {
    for one in breaks {
        let row = (
            chain_breaks::device_id.eq(device.0),
            chain_breaks::device_seq.eq(one.seq),
            chain_breaks::named.eq(&one.named),
            chain_breaks::expected.eq(&one.expected),
            chain_breaks::noticed_at.eq(to_ms(now)),
        );
        each!(conn, c => diesel::insert_into(chain_breaks::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Notes the first number whose record names the one before it.
pub fn note_chained_from(conn: &mut Conn, device: DeviceId, first: i64) -> QueryResult<()> {
    let change = devices::chained_from.eq(first);
    each!(conn, c => diesel::update(devices::table.find(device.0)).set(change).execute(c)).map(drop)
}

/// Seq, named, expected, noticed at.
pub type BreakRow = (i64, Vec<u8>, Vec<u8>, i64);

/// A phone's broken links, by number.
pub fn breaks_of(conn: &mut Conn, device: DeviceId, limit: i64) -> QueryResult<Vec<BreakRow>> {
    each!(conn, c => chain_breaks::table
        .filter(chain_breaks::device_id.eq(device.0))
        .order(chain_breaks::device_seq)
        .limit(limit)
        .select((chain_breaks::device_seq, chain_breaks::named, chain_breaks::expected, chain_breaks::noticed_at))
        .load(c))
}

/// The numbers explained above a number.
pub fn explained_above(conn: &mut Conn, device: DeviceId, above: i64) -> QueryResult<Vec<i64>> {
    each!(conn, c => gap_explanations::table
        .filter(gap_explanations::device_id.eq(device.0))
        .filter(gap_explanations::device_seq.gt(above))
        .order(gap_explanations::device_seq)
        .select(gap_explanations::device_seq)
        .load(c))
}

/// Seq, who, why, when.
pub type ExplanationRow = (i64, String, String, i64);

/// A phone's explained numbers.
pub fn explanations_of(conn: &mut Conn, device: DeviceId, limit: i64) -> QueryResult<Vec<ExplanationRow>> {
    each!(conn, c => gap_explanations::table
        .inner_join(accounts::table.on(accounts::id.eq(gap_explanations::account_id)))
        .filter(gap_explanations::device_id.eq(device.0))
        .order(gap_explanations::device_seq)
        .limit(limit)
        .select((gap_explanations::device_seq, accounts::name, gap_explanations::reason, gap_explanations::explained_at))
        .load(c))
}

/// Keeps the explanation of missing numbers, each once.
pub fn insert_explanations(
    conn: &mut Conn,
    device: DeviceId,
    seqs: &[i64],
    by: AccountId,
    reason: &str,
    now: Instant,
) -> QueryResult<()> {
    for seq in seqs {
        let row = (
            gap_explanations::device_id.eq(device.0),
            gap_explanations::device_seq.eq(seq),
            gap_explanations::account_id.eq(by.0),
            gap_explanations::reason.eq(reason),
            gap_explanations::explained_at.eq(to_ms(now)),
        );
        each!(conn, c => diesel::insert_into(gap_explanations::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Notes how far a phone has come.
pub fn set_contiguous(conn: &mut Conn, device: DeviceId, contiguous: i64) -> QueryResult<()> {
    let change = devices::highest_contiguous_seq.eq(contiguous);
    each!(conn, c => diesel::update(devices::table.find(device.0)).set(change).execute(c)).map(drop)
}

/// A phone as its gaps ask.
#[derive(Clone, Debug, Queryable)]
#[expect(missing_docs, reason = "the fields are the columns of devices")]
pub struct GapDevice {
    pub id: i64,
    pub label: String,
    pub account_id: i64,
    pub reader_name: String,
    pub contiguous: i64,
    pub last_seq: Option<i64>,
    pub last_seq_at: Option<i64>,
    pub last_seen_at: Option<i64>,
    pub chained_from: Option<i64>,
}

/// One phone.
pub fn find_device(conn: &mut Conn, device: DeviceId) -> QueryResult<Option<GapDevice>> {
    each!(conn, c => devices::table
        .inner_join(accounts::table.on(accounts::id.eq(devices::account_id)))
        .filter(devices::id.eq(device.0))
        .select((devices::id, devices::label, devices::account_id, accounts::name, devices::highest_contiguous_seq,
            devices::last_seq, devices::last_seq_at, devices::last_seen_at, devices::chained_from))
        .first(c)
        .optional())
}

/// Something is missing of a phone's records, as far as nobody has explained it: the last number it is known to have given lies above
/// those that have arrived without a gap.
#[diesel::dsl::auto_type]
fn has_gap() -> _ {
    devices::last_seq.gt(devices::highest_contiguous_seq.nullable())
}

/// Phones after an id with something missing or broken.
pub fn devices_with_gaps(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<GapDevice>> {
    each!(conn, c => devices::table
        .inner_join(accounts::table.on(accounts::id.eq(devices::account_id)))
        .filter(devices::id.gt(after))
        .filter(has_gap().or(devices::id.eq_any(chain_breaks::table.select(chain_breaks::device_id)).nullable()))
        .order(devices::id)
        .limit(limit)
        .select((devices::id, devices::label, devices::account_id, accounts::name, devices::highest_contiguous_seq,
            devices::last_seq, devices::last_seq_at, devices::last_seen_at, devices::chained_from))
        .load(c))
}

/// How many records are missing of each reader's phones; readers of whom none is are left out.
pub fn missing_by_reader(conn: &mut Conn) -> QueryResult<BTreeMap<i64, u64>> {
    let phones: Vec<(i64, i64, i64, Option<i64>)> = each!(conn, c => devices::table
        .filter(has_gap())
        .order(devices::id)
        .select((devices::id, devices::account_id, devices::highest_contiguous_seq, devices::last_seq))
        .load(c))?;
    let mut missing = BTreeMap::new();
    for (device, reader, contiguous, last_seq) in phones {
        let sequence = phone_sequence(conn, DeviceId(device), contiguous, last_seq)?;
        let count = sequence.missing.len() as u64 + sequence.more;
        if count > 0 {
            *missing.entry(reader).or_default() += count;
        }
    }
    Ok(missing)
}

/// When the oldest gap of a phone became visible: the first arrival above it, or the phone's word of its last number.
pub fn missing_since(conn: &mut Conn, device: &GapDevice) -> QueryResult<Option<i64>> {
    let taken: Option<i64> = each!(conn, c => records::table
        .filter(records::device_id.eq(device.id))
        .filter(records::device_seq.gt(device.contiguous))
        .select(min(records::received_at))
        .first(c))?;
    let aside: Option<i64> = each!(conn, c => quarantine::table
        .filter(quarantine::device_id.eq(device.id))
        .filter(quarantine::device_seq.gt(device.contiguous))
        .select(min(quarantine::received_at))
        .first(c))?;
    Ok([taken, aside].into_iter().flatten().min().or(device.last_seq_at))
}

/// When the neighbours of a missing number were observed: the nearest record below and above it that has arrived.
pub fn neighbours(conn: &mut Conn, device: i64, seq: i64) -> QueryResult<(Option<i64>, Option<i64>)> {
    let below: Option<i64> = each!(conn, c => records::table
        .filter(records::device_id.eq(device))
        .filter(records::device_seq.lt(seq))
        .order(records::device_seq.desc())
        .select(records::observed_at)
        .first(c)
        .optional())?;
    let above: Option<i64> = each!(conn, c => records::table
        .filter(records::device_id.eq(device))
        .filter(records::device_seq.gt(seq))
        .order(records::device_seq)
        .select(records::observed_at)
        .first(c)
        .optional())?;
    Ok((below, above))
}

/// The highest number that has arrived.
pub fn highest_arrived(conn: &mut Conn, device: i64) -> QueryResult<i64> {
    let taken: Option<i64> = each!(conn, c => records::table
        .filter(records::device_id.eq(device))
        .select(max(records::device_seq))
        .first(c))?;
    Ok(taken.unwrap_or(0))
}
