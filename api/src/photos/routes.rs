//! Bringing photos in one go, asking for them, seeing them, and which are owed.

use super::arrive::{Whole, check_quota, ended, going, phone, store_photo, too_large};
use super::show::{NotShown, encode_anew};
use super::spool::{Wanted, receive};
use super::store::{self, Arrived};
use super::wire::{MissingPhotoPage, Photo, PhotoFile};
use crate::App;
use crate::http::{Problem, ProblemCode, Session};
use crate::paging::{After, next_after};
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{Data, Json, Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, head, put, rt};
use chrono::TimeDelta;
use meterbook::accounts::{Operation, Role};
use meterbook::id::DeviceId;
use meterbook::photos::{PhotoHash, Settings};
use serde::Deserialize;

/// A path that is no hash names nothing.
fn named(text: &str) -> Result<PhotoHash, Problem> {
    PhotoHash::parse(text).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Bring a photo of at most `limits.photo_bytes`. Again is the same. The records that name it may come before or after.
#[utoipa::path(operation_id = "put_photo", tag = "photos",
    params(("sha256" = String, Path, description = "SHA-256 of the photo, in hex")),
    request_body(content((PhotoFile = "application/octet-stream"), (PhotoFile = "image/jpeg"), (PhotoFile = "image/png"),
        (PhotoFile = "image/webp"), (PhotoFile = "image/heic"))),
    responses((status = 200, description = "It was there", body = Photo), (status = 201, description = "It is on disk", body = Photo)))]
#[put("/v1/photos/{sha256}")]
pub async fn put_photo(
    app: Data<App>,
    session: Session,
    request: HttpRequest,
    sha256: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::PutPhoto)?;
    let (device, hash, most) = (phone(actor)?, named(&sha256)?, app.config.limits.photo_bytes);
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        let (zh, en) = ("照片不要再压缩", "send photos without a content encoding");
        return Err(Problem::new(ProblemCode::UnsupportedMediaType).detail(zh, en));
    }
    if header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    app.store.read("photo_quota", move |conn| check_quota(conn, device, hash)).await??;
    // On its own, so that it ends in order even if the connection does not.
    rt::spawn(async move { take_photo(app, payload, device, hash).await })
        .await
        .map_err(|_| Problem::new(ProblemCode::Internal))?
}

async fn take_photo(
    app: Data<App>,
    payload: Payload,
    device: DeviceId,
    hash: PhotoHash,
) -> Result<HttpResponse, Problem> {
    let most = app.config.limits.photo_bytes;
    let received = receive(payload, app.vault.spool.clone(), Wanted { most, photo: true }).await?;
    ended(&received, most)?;
    let format = received.format.ok_or_else(|| Problem::new(ProblemCode::NotAPhoto))?;
    if received.hash != Some(hash) {
        return Err(Problem::new(ProblemCode::HashMismatch));
    }
    let _hand = app.vault.hands.acquire().await;
    let bytes = i64::try_from(received.bytes).unwrap_or(i64::MAX);
    let whole = Whole { hash, format, parts: vec![received.read().await?], device };
    let arrived = store_photo(&app, whole, |_| Ok(())).await?.ok_or_else(going)?;
    let photo = Photo { sha256: hash.to_string(), media_type: format.media_type().to_owned(), bytes };
    let mut answer = if arrived == Arrived::New { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.json(photo))
}

/// Whether a photo is there.
#[utoipa::path(operation_id = "check_photo", tag = "photos",
    params(("sha256" = String, Path, description = "SHA-256 of the photo, in hex")),
    responses((status = 200, description = "It is on disk")))]
#[head("/v1/photos/{sha256}")]
pub async fn check_photo(app: Data<App>, session: Session, sha256: Path<String>) -> Result<HttpResponse, Problem> {
    session.may(Operation::CheckPhoto)?;
    let hash = named(&sha256)?;
    let known = app.store.read("find_photo", move |conn| store::find_photo(conn, hash)).await?;
    // After a restore the one may know what the other lost.
    if known.is_some_and(|known| !known.is_going) && app.vault.holds(hash).await? {
        Ok(HttpResponse::Ok().finish())
    } else {
        Err(Problem::new(ProblemCode::NotFound))
    }
}

/// See a photo: decoded and encoded anew, upright, without what the camera wrote beside the pixels. HEIC is kept, but can't
/// be shown.
#[utoipa::path(operation_id = "get_photo", tag = "photos",
    params(("sha256" = String, Path, description = "SHA-256 of the photo, in hex")),
    responses((status = 200, description = "The photo as JPEG", body = PhotoFile, content_type = "image/jpeg")))]
#[get("/v1/photos/{sha256}")]
pub async fn get_photo(app: Data<App>, session: Session, sha256: Path<String>) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::GetPhoto)?;
    let hash = named(&sha256)?;
    let found = app.store.read("get_photo", move |conn| {
        let may = actor.role != Role::Reader || store::is_named(conn, hash, Some(actor.account))?;
        if may { store::find_photo(conn, hash) } else { Ok(None) }
    });
    let not_found = || Problem::new(ProblemCode::NotFound);
    let kept = found.await?.filter(|kept| !kept.is_going).ok_or_else(not_found)?;
    let _eye = app.vault.eye.acquire().await;
    let photo = app.vault.load(hash).await?.ok_or_else(not_found)?;
    let shown = tokio::task::spawn_blocking(move || encode_anew(&photo, kept.format));
    // A decoder that panics has met a photo that is damaged.
    let shown = shown.await.unwrap_or(Err(NotShown::Damaged)).map_err(not_shown)?;
    let disposition = (CONTENT_DISPOSITION, format!("attachment; filename=\"{hash}.jpg\""));
    Ok(HttpResponse::Ok().content_type("image/jpeg").insert_header(disposition).body(shown))
}

fn not_shown(why: NotShown) -> Problem {
    let (code, zh, en) = match why {
        NotShown::Heic => ("heic", "HEIC 格式无法在此显示", "HEIC can't be decoded here"),
        NotShown::TooManyPixels => ("too_many_pixels", "像素超过上限", "it has more pixels than are decoded"),
        NotShown::Damaged => ("damaged", "照片已损坏", "it is damaged"),
    };
    Problem::new(ProblemCode::PhotoNotShown).fault("", code, zh, en)
}

/// Since when a photo is owed to be listed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MissingQuery {
    /// Days since the record came, 0 to 90; 7 unless told.
    #[param(minimum = 0, maximum = 90)]
    older_than_days: Option<i64>,
}

/// Photos that records name and that have not come. A phone sees only its own: what it should still send.
#[utoipa::path(operation_id = "list_missing_photos", tag = "photos", params(MissingQuery, After),
    responses((status = 200, description = "Photos that are owed", body = MissingPhotoPage)))]
#[get("/v1/photos/missing")]
pub async fn list_missing_photos(
    app: Data<App>,
    session: Session,
    query: Query<MissingQuery>,
    page: Query<After>,
) -> Result<Json<MissingPhotoPage>, Problem> {
    let actor = session.may(Operation::ListMissingPhotos)?;
    let device = if actor.role == Role::Reader { Some(phone(actor)?) } else { None };
    let (after, limit) = page.window(&app.config.limits)?;
    let days = query.older_than_days.unwrap_or(Settings::default().missing_after_days);
    if !(0..=90).contains(&days) {
        let (zh, en) = ("应为 0 至 90 的整数", "expected a whole number from 0 to 90");
        return Err(Problem::new(ProblemCode::InvalidParameter).fault("older_than_days", "out_of_range", zh, en));
    }
    let before = app.clock.now() - TimeDelta::days(days);
    let listed =
        app.store.read("list_missing_photos", move |conn| store::list_missing(conn, device, before, after, limit));
    let items = listed.await?;
    let next_after = next_after(&items, limit, |photo| photo.id);
    Ok(Json(MissingPhotoPage { items, next_after }))
}
