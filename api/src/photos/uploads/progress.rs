//! Taking the next bytes of an upload, and making the photo of it when they are the last.

use super::headers::Checksum;
use super::store::{self, Upload};
use crate::App;
use crate::db::Isolation;
use crate::http::{Problem, ProblemCode};
use crate::photos::arrive::{Whole, ended, going, store_photo, too_large};
use crate::photos::spool::{Ended, Wanted, receive};
use actix_web::web::{Bytes, Payload};
use aws_lc_rs::digest::{Context, SHA256};
use meterbook::photos::{PhotoFormat, PhotoHash, Settings};
use uuid::Uuid;

/// Takes what comes. A cut connection loses nothing of what had come. Where the upload stands then.
pub async fn advance(app: &App, upload: Upload, checksum: Option<Checksum>, payload: Payload) -> Result<i64, Problem> {
    let left = u64::try_from(upload.bytes - upload.received).unwrap_or(0);
    let received = receive(payload, app.vault.spool.clone(), Wanted { most: left, photo: false }).await?;
    match received.ended {
        Ended::TooLarge => return Err(too_large(left)),
        // Half a part can't be checked.
        Ended::Cut if received.bytes == 0 || checksum.is_some() => {
            return ended(&received, left).map(|()| upload.received);
        }
        _ if received.bytes == 0 => return Ok(upload.received),
        _ => {}
    }
    let _hand = app.vault.hands.acquire().await;
    let bytes = i64::try_from(received.bytes).unwrap_or(i64::MAX);
    let part = received.read().await?;
    if checksum.is_some_and(|checksum| !checksum.fits(&part)) {
        return Err(Problem::new(ProblemCode::ChecksumMismatch));
    }
    if upload.received + bytes == upload.bytes {
        finish(app, upload, part).await?;
    } else {
        keep_part(app, upload, part, bytes).await?;
    }
    Ok(upload.received + bytes)
}

async fn keep_part(app: &App, upload: Upload, part: Bytes, bytes: i64) -> Result<(), Problem> {
    let pieces = app.store.read("list_upload_pieces", move |conn| store::list_pieces(conn, upload.id)).await?;
    if pieces.len() >= Settings::default().upload_pieces {
        let (zh, en) = ("分块过多，请重新上传", "it came in too many pieces: begin again");
        return Err(Problem::new(ProblemCode::Conflict).detail(zh, en));
    }
    let piece = Uuid::new_v4();
    app.vault.keep_piece(piece, part).await?;
    let added = app.store.write("add_upload_piece", Isolation::RowLocks, move |conn| {
        store::add_piece(conn, upload.id, upload.received, piece, bytes)
    });
    if added.await? {
        return Ok(());
    }
    app.vault.remove_pieces(&[piece]).await;
    Err(Problem::new(ProblemCode::OffsetMismatch))
}

/// The photo is put in its place before the upload counts as whole: who asks after a crash sends the last part again.
async fn finish(app: &App, upload: Upload, last: Bytes) -> Result<(), Problem> {
    let pieces = app.store.read("list_upload_pieces", move |conn| store::list_pieces(conn, upload.id)).await?;
    let mut parts = Vec::with_capacity(pieces.len() + 1);
    for piece in &pieces {
        parts.push(app.vault.load_piece(*piece).await?);
    }
    parts.push(last);
    let (hash, format) = examine(&parts);
    let refused = match format {
        None => Some(ProblemCode::NotAPhoto),
        Some(_) if hash != Some(upload.hash) => Some(ProblemCode::HashMismatch),
        Some(_) => None,
    };
    if let Some(refused) = refused {
        end(app, upload.id).await?;
        return Err(Problem::new(refused));
    }
    let format = format.ok_or_else(|| Problem::new(ProblemCode::NotAPhoto))?;
    let (whole, now) = (Whole { hash: upload.hash, format, parts, device: upload.device }, app.clock.now());
    let stored = store_photo(app, whole, move |conn| store::finish_upload(conn, upload.id, now)).await?;
    stored.ok_or_else(going)?;
    app.vault.remove_pieces(&pieces).await;
    Ok(())
}

fn examine(parts: &[Bytes]) -> (Option<PhotoHash>, Option<PhotoFormat>) {
    let (mut hash, mut head) = (Context::new(&SHA256), Vec::new());
    for part in parts {
        hash.update(part);
        head.extend(part.iter().take(PhotoFormat::TELLING_BYTES.saturating_sub(head.len())));
    }
    (PhotoHash::of_bytes(hash.finish().as_ref()), PhotoFormat::of(&head))
}

/// Ends an upload and takes its pieces away.
pub async fn end(app: &App, id: Uuid) -> Result<(), Problem> {
    let pieces = app.store.write("end_upload", Isolation::RowLocks, move |conn| store::end_upload(conn, id)).await?;
    app.vault.remove_pieces(&pieces).await;
    Ok(())
}
