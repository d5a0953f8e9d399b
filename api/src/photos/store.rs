//! What is known of photos: which are there, which record names which, which are still owed.

use crate::db::schema::{photos, record_photos};
use crate::db::{Conn, Uuid16, each};
use crate::http::{from_ms, to_ms};
use crate::photos::MissingPhoto;
use crate::sync::item::Record;
use crate::sync::push::Sender;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use meterbook::photos::{PhotoFormat, PhotoHash, Unnamed};

/// How many photos one round of the sweep takes away.
const SWEPT_AT_ONCE: i64 = 200;

/// Notes which photos an accepted record names.
pub fn expect_photos(conn: &mut Conn, record: &Record, sender: &Sender) -> QueryResult<()> {
    if record.evidence.is_empty() {
        return Ok(());
    }
    for hash in &record.evidence {
        let row = (
            record_photos::record_id.eq(Uuid16(record.id)),
            record_photos::sha256.eq(hash.0.as_slice()),
            record_photos::point_id.eq(record.point),
            record_photos::reader_id.eq(sender.reader.0),
            record_photos::device_id.eq(sender.device.0),
            record_photos::received_at.eq(to_ms(sender.received_at)),
        );
        each!(conn, c => diesel::insert_into(record_photos::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    let hashes: Vec<&[u8]> = record.evidence.iter().map(|hash| hash.0.as_slice()).collect();
    let unnamed = photos::table.filter(photos::sha256.eq_any(&hashes)).filter(photos::named_at.is_null());
    let now = to_ms(sender.received_at);
    each!(conn, c => diesel::update(unnamed).set(photos::named_at.eq(now)).execute(c)).map(drop)
}

/// What is known of one photo.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// What it is.
    pub format: PhotoFormat,
    /// How long it is.
    pub bytes: i64,
    /// The sweep is taking it away just now.
    pub is_going: bool,
}

/// What is known of a photo.
pub fn find_photo(conn: &mut Conn, hash: PhotoHash) -> QueryResult<Option<Kept>> {
    let found: Option<(String, i64, Option<i64>)> = each!(conn, c => photos::table
        .find(hash.0.as_slice())
        .select((photos::media_type, photos::bytes, photos::swept_at))
        .first(c)
        .optional())?;
    Ok(found.and_then(|(media_type, bytes, swept_at)| {
        let format = PhotoFormat::from_media_type(&media_type)?;
        Some(Kept { format, bytes, is_going: swept_at.is_some() })
    }))
}

/// What a phone has brought that no record names.
pub fn unnamed_of(conn: &mut Conn, device: DeviceId) -> QueryResult<Unnamed> {
    let named = record_photos::table.filter(record_photos::sha256.eq(photos::sha256));
    let bytes: Vec<i64> = each!(conn, c => photos::table
        .filter(photos::device_id.eq(device.0))
        .filter(photos::named_at.is_null())
        .filter(not(exists(named)))
        .select(photos::bytes)
        .load(c))?;
    Ok(Unnamed { photos: bytes.len(), bytes: bytes.iter().sum() })
}

/// Whether a record names a photo, of one reader or of anybody.
pub fn is_named(conn: &mut Conn, hash: PhotoHash, reader: Option<AccountId>) -> QueryResult<bool> {
    let named: Option<i64> = each!(conn, c => {
        let mut query = record_photos::table.filter(record_photos::sha256.eq(hash.0.as_slice())).into_boxed();
        if let Some(reader) = reader {
            query = query.filter(record_photos::reader_id.eq(reader.0));
        }
        query.select(record_photos::id).first(c).optional()
    })?;
    Ok(named.is_some())
}

/// A photo that lies in its place.
#[derive(Clone, Copy)]
pub struct Arrival {
    /// Its hash.
    pub hash: PhotoHash,
    /// What it is.
    pub format: PhotoFormat,
    /// How long it is.
    pub bytes: i64,
    /// Who brought it.
    pub device: DeviceId,
    /// When.
    pub at: Instant,
    /// Whether it was put in its place just now; otherwise it was found there before this transaction.
    pub was_put: bool,
}

/// What became of an arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrived {
    /// It is known from now on.
    New,
    /// It was known.
    Known,
    /// The sweep is or was faster: put it there again in a moment.
    Going,
}

/// Notes that a photo is there.
pub fn note_arrival(conn: &mut Conn, arrival: &Arrival) -> QueryResult<Arrived> {
    let (hash, now) = (arrival.hash.0.as_slice(), to_ms(arrival.at));
    match find_photo(conn, arrival.hash)? {
        Some(kept) if kept.is_going => return Ok(Arrived::Going),
        None if !arrival.was_put => return Ok(Arrived::Going),
        Some(_) => {
            // It is wanted again, so its time begins anew. Nothing changed: the sweep was faster.
            let kept = photos::table.find(hash).filter(photos::swept_at.is_null());
            let changed = each!(conn, c => diesel::update(kept).set(photos::stored_at.eq(now)).execute(c))?;
            return Ok(if changed == 1 { Arrived::Known } else { Arrived::Going });
        }
        None => {}
    }
    let named = is_named(conn, arrival.hash, None)?;
    let row = (
        photos::sha256.eq(hash),
        photos::media_type.eq(arrival.format.media_type()),
        photos::bytes.eq(arrival.bytes),
        photos::device_id.eq(arrival.device.0),
        photos::stored_at.eq(now),
        photos::named_at.eq(named.then_some(now)),
    );
    let added = each!(conn, c => diesel::insert_into(photos::table).values(row).on_conflict_do_nothing().execute(c))?;
    let owed = record_photos::table.filter(record_photos::sha256.eq(hash)).filter(record_photos::arrived_at.is_null());
    each!(conn, c => diesel::update(owed).set(record_photos::arrived_at.eq(now)).execute(c))?;
    Ok(if added == 1 { Arrived::New } else { Arrived::Known })
}

/// Photos that records received before a moment name and that have not come, of one phone or of all.
pub fn list_missing(
    conn: &mut Conn,
    device: Option<DeviceId>,
    before: Instant,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<MissingPhoto>> {
    type Row = (i64, Vec<u8>, Uuid16, i64, i64, i64, i64);
    let there = photos::table.filter(photos::sha256.eq(record_photos::sha256));
    let rows: Vec<Row> = each!(conn, c => {
        let mut query = record_photos::table
            .filter(record_photos::arrived_at.is_null())
            .filter(record_photos::id.gt(after))
            .filter(record_photos::received_at.le(to_ms(before)))
            // One transaction may have brought the photo while another took the record: neither saw the other.
            .filter(not(exists(there)))
            .into_boxed();
        if let Some(device) = device {
            query = query.filter(record_photos::device_id.eq(device.0));
        }
        query.order(record_photos::id).limit(limit).select((
            record_photos::id,
            record_photos::sha256,
            record_photos::record_id,
            record_photos::point_id,
            record_photos::reader_id,
            record_photos::device_id,
            record_photos::received_at,
        )).load(c)
    })?;
    Ok(rows.into_iter().map(missing).collect())
}

fn missing(row: (i64, Vec<u8>, Uuid16, i64, i64, i64, i64)) -> MissingPhoto {
    let (id, hash, record, service_point_id, reader_id, device_id, since) = row;
    MissingPhoto {
        id,
        sha256: PhotoHash::of_bytes(&hash).map(|hash| hash.to_string()).unwrap_or_default(),
        record_id: record.0.to_string(),
        service_point_id,
        reader_id,
        device_id,
        since: crate::http::Time(from_ms(since)),
    }
}

/// Sets right what two transactions at once missed: photos that are named, names whose photo is there.
pub fn match_names(conn: &mut Conn, now: Instant) -> QueryResult<()> {
    let there = photos::table.filter(photos::sha256.eq(record_photos::sha256)).filter(photos::swept_at.is_null());
    let arrived = record_photos::table.filter(record_photos::arrived_at.is_null()).filter(exists(there));
    each!(conn, c => diesel::update(arrived).set(record_photos::arrived_at.eq(to_ms(now))).execute(c))?;
    let naming = record_photos::table.filter(record_photos::sha256.eq(photos::sha256));
    let named =
        photos::table.filter(photos::named_at.is_null()).filter(photos::swept_at.is_null()).filter(exists(naming));
    each!(conn, c => diesel::update(named).set(photos::named_at.eq(to_ms(now))).execute(c)).map(drop)
}

/// Marks photos that no record names as going. Each is given to one sweep, or to another where the first never came back.
pub fn mark_going(
    conn: &mut Conn,
    stored_before: Instant,
    given_up_before: Instant,
    now: Instant,
) -> QueryResult<Vec<PhotoHash>> {
    let naming = record_photos::table.filter(record_photos::sha256.eq(photos::sha256));
    let hashes: Vec<Vec<u8>> = each!(conn, c => photos::table
        .filter(photos::named_at.is_null())
        .filter(not(exists(naming)))
        .filter(photos::stored_at.lt(to_ms(stored_before)))
        .filter(photos::swept_at.is_null().or(photos::swept_at.lt(to_ms(given_up_before))))
        .order(photos::stored_at)
        .limit(SWEPT_AT_ONCE)
        .select(photos::sha256)
        .load(c))?;
    let going = photos::table.filter(photos::sha256.eq_any(&hashes));
    each!(conn, c => diesel::update(going).set(photos::swept_at.eq(to_ms(now))).execute(c))?;
    Ok(hashes.iter().filter_map(|hash| PhotoHash::of_bytes(hash)).collect())
}

/// Forgets a photo that the sweep has taken away.
pub fn forget_photo(conn: &mut Conn, hash: PhotoHash) -> QueryResult<()> {
    let gone = photos::table.find(hash.0.as_slice()).filter(photos::swept_at.is_not_null());
    each!(conn, c => diesel::delete(gone).execute(c)).map(drop)
}
