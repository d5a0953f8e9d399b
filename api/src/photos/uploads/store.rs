//! Uploads under way: how far each has come, and in which pieces.

use crate::db::schema::{photo_upload_pieces, photo_uploads};
use crate::db::{Conn, Uuid16, each};
use crate::http::{from_ms, to_ms};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::DeviceId;
use meterbook::photos::PhotoHash;
use uuid::Uuid;

/// An upload.
#[derive(Clone, Copy, Debug)]
pub struct Upload {
    /// Its id, which nobody guesses.
    pub id: Uuid,
    /// Who began it.
    pub device: DeviceId,
    /// What must come out of it.
    pub hash: PhotoHash,
    /// How long it will be.
    pub bytes: i64,
    /// How much has come.
    pub received: i64,
    /// Until when it may be finished.
    pub expires_at: Instant,
    /// Whether the photo is in its place.
    pub is_finished: bool,
}

/// How many uploads a phone has under way.
pub fn open_uploads(conn: &mut Conn, device: DeviceId, now: Instant) -> QueryResult<i64> {
    each!(conn, c => photo_uploads::table
        .filter(photo_uploads::device_id.eq(device.0))
        .filter(photo_uploads::finished_at.is_null())
        .filter(photo_uploads::expires_at.gt(to_ms(now)))
        .count()
        .get_result(c))
}

/// Begins an upload.
pub fn insert_upload(conn: &mut Conn, upload: &Upload, now: Instant) -> QueryResult<()> {
    let row = (
        photo_uploads::id.eq(Uuid16(upload.id)),
        photo_uploads::device_id.eq(upload.device.0),
        photo_uploads::sha256.eq(upload.hash.0.as_slice()),
        photo_uploads::bytes.eq(upload.bytes),
        photo_uploads::received.eq(upload.received),
        photo_uploads::created_at.eq(to_ms(now)),
        photo_uploads::expires_at.eq(to_ms(upload.expires_at)),
    );
    each!(conn, c => diesel::insert_into(photo_uploads::table).values(row).execute(c)).map(drop)
}

/// An upload of a phone that has not expired.
pub fn find_upload(conn: &mut Conn, id: Uuid, device: DeviceId, now: Instant) -> QueryResult<Option<Upload>> {
    type Row = (Vec<u8>, i64, i64, i64, Option<i64>);
    let found: Option<Row> = each!(conn, c => photo_uploads::table
        .find(Uuid16(id))
        .filter(photo_uploads::device_id.eq(device.0))
        .filter(photo_uploads::expires_at.gt(to_ms(now)))
        .select((
            photo_uploads::sha256,
            photo_uploads::bytes,
            photo_uploads::received,
            photo_uploads::expires_at,
            photo_uploads::finished_at,
        ))
        .first(c)
        .optional())?;
    Ok(found.and_then(|(hash, bytes, received, expires_at, finished_at)| {
        let (hash, is_finished) = (PhotoHash::of_bytes(&hash)?, finished_at.is_some());
        Some(Upload { id, device, hash, bytes, received, expires_at: from_ms(expires_at), is_finished })
    }))
}

/// The pieces of an upload, in order.
pub fn list_pieces(conn: &mut Conn, id: Uuid) -> QueryResult<Vec<Uuid>> {
    let pieces: Vec<Uuid16> = each!(conn, c => photo_upload_pieces::table
        .filter(photo_upload_pieces::upload_id.eq(Uuid16(id)))
        .order(photo_upload_pieces::position)
        .select(photo_upload_pieces::id)
        .load(c))?;
    Ok(pieces.into_iter().map(|piece| piece.0).collect())
}

/// Adds a piece where the upload still stands at `from`; `false` where it moved on meanwhile or is gone.
pub fn add_piece(conn: &mut Conn, id: Uuid, from: i64, piece: Uuid, bytes: i64) -> QueryResult<bool> {
    let standing = photo_uploads::table
        .find(Uuid16(id))
        .filter(photo_uploads::received.eq(from))
        .filter(photo_uploads::finished_at.is_null());
    let moved = each!(conn, c => diesel::update(standing).set(photo_uploads::received.eq(from + bytes)).execute(c))?;
    if moved != 1 {
        return Ok(false);
    }
    let row = (
        photo_upload_pieces::id.eq(Uuid16(piece)),
        photo_upload_pieces::upload_id.eq(Uuid16(id)),
        photo_upload_pieces::position.eq(from),
        photo_upload_pieces::bytes.eq(bytes),
    );
    each!(conn, c => diesel::insert_into(photo_upload_pieces::table).values(row).execute(c))?;
    Ok(true)
}

/// Notes that the photo of an upload is in its place. The upload is remembered, so that a lost answer can be asked for again.
pub fn finish_upload(conn: &mut Conn, id: Uuid, now: Instant) -> QueryResult<()> {
    let upload = photo_uploads::table.find(Uuid16(id));
    let whole = (photo_uploads::received.eq(photo_uploads::bytes), photo_uploads::finished_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(upload).set(whole).execute(c))?;
    forget_pieces(conn, id)
}

fn forget_pieces(conn: &mut Conn, id: Uuid) -> QueryResult<()> {
    let pieces = photo_upload_pieces::table.filter(photo_upload_pieces::upload_id.eq(Uuid16(id)));
    each!(conn, c => diesel::delete(pieces).execute(c)).map(drop)
}

/// Ends an upload, whatever has come of it. The pieces that are to be taken away.
pub fn end_upload(conn: &mut Conn, id: Uuid) -> QueryResult<Vec<Uuid>> {
    let pieces = list_pieces(conn, id)?;
    forget_pieces(conn, id)?;
    let upload = photo_uploads::table.find(Uuid16(id));
    each!(conn, c => diesel::delete(upload).execute(c))?;
    Ok(pieces)
}

/// Uploads whose time is over.
pub fn expired_uploads(conn: &mut Conn, now: Instant) -> QueryResult<Vec<Uuid>> {
    let expired: Vec<Uuid16> = each!(conn, c => photo_uploads::table
        .filter(photo_uploads::expires_at.le(to_ms(now)))
        .select(photo_uploads::id)
        .limit(1_000)
        .load(c))?;
    Ok(expired.into_iter().map(|id| id.0).collect())
}
