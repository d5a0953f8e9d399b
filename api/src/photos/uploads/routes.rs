//! The requests of tus 1.0.

use super::headers::{self, Checksum, http_date, set, speak};
use super::progress;
use super::store::{self, Upload};
use crate::App;
use crate::db::Isolation;
use crate::http::{Problem, ProblemCode, Session};
use crate::photos::PhotoFile;
use crate::photos::arrive::{check_quota, phone, too_large};
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, head, options, patch, post, rt};
use meterbook::accounts::{Actor, Operation};
use meterbook::photos::Settings;
use uuid::Uuid;

/// What resumable uploads can do (tus 1.0).
#[utoipa::path(operation_id = "describe_uploads", tag = "photos",
    responses((status = 204, description = "Versions, extensions and limits, in headers")))]
#[options("/v1/photos/uploads")]
pub async fn describe_uploads(app: Data<App>) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    let most = app.config.limits.photo_bytes.to_string();
    let told = [
        ("tus-version", headers::VERSION),
        ("tus-extension", headers::EXTENSIONS),
        ("tus-max-size", &most),
        ("tus-checksum-algorithm", headers::ALGORITHMS),
    ];
    for (name, value) in told {
        set(&mut response, name, value);
    }
    speak(Ok(response))
}

/// Begin a resumable upload (tus 1.0). Its first bytes may come along.
#[utoipa::path(operation_id = "create_upload", tag = "photos",
    params(("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Length" = i64, Header, description = "Bytes of the photo, at most limits.photo_bytes"),
        ("Upload-Metadata" = String, Header, description = "sha256 and the photo's hash in hex, in base64")),
    request_body(content((PhotoFile = "application/offset+octet-stream"))),
    responses((status = 201, description = "Begun; its place is in Location")))]
#[post("/v1/photos/uploads")]
pub async fn create_upload(app: Data<App>, session: Session, request: HttpRequest, payload: Payload) -> HttpResponse {
    let begin = async {
        let actor = session.may(Operation::CreateUpload)?;
        headers::check_version(request.headers())?;
        let upload = begin(&app, actor, &request).await?;
        let mut response =
            HttpResponse::Created().insert_header((LOCATION, format!("/v1/photos/uploads/{}", upload.id))).finish();
        set(&mut response, "upload-expires", &http_date(upload.expires_at));
        if headers::is_part(request.headers()) {
            let checksum = Checksum::of(request.headers())?;
            let offset = advance(&app, upload, checksum, payload).await?;
            set(&mut response, "upload-offset", &offset.to_string());
        }
        Ok(response)
    };
    speak(begin.await)
}

async fn begin(app: &Data<App>, actor: Actor, request: &HttpRequest) -> Result<Upload, Problem> {
    let device = phone(actor)?;
    let (hash, most) = (headers::photo_hash(request.headers())?, app.config.limits.photo_bytes);
    let bytes = headers::number(request.headers(), "Upload-Length")?;
    if bytes > most {
        return Err(too_large(most));
    }
    if bytes == 0 {
        return Err(Problem::new(ProblemCode::NotAPhoto));
    }
    let (now, settings) = (app.clock.now(), Settings::default());
    let upload = Upload {
        id: Uuid::new_v4(),
        device,
        hash,
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        received: 0,
        expires_at: now + settings.upload_life,
        is_finished: false,
    };
    let begun = app.store.write("create_upload", Isolation::RowLocks, move |conn| {
        if store::open_uploads(conn, device, now)? >= settings.open_uploads {
            let (zh, en) = ("未完成的上传过多", "too many uploads are under way");
            return Ok(Err(Problem::new(ProblemCode::PhotoQuota).detail(zh, en).retry_after(60)));
        }
        if let Err(problem) = check_quota(conn, device, hash)? {
            return Ok(Err(problem));
        }
        store::insert_upload(conn, &upload, now).map(|()| Ok(upload))
    });
    begun.await?
}

/// On its own, so that what has come is kept even when the connection is not.
async fn advance(
    app: &Data<App>,
    upload: Upload,
    checksum: Option<Checksum>,
    payload: Payload,
) -> Result<i64, Problem> {
    let app = app.clone();
    rt::spawn(async move { progress::advance(&app, upload, checksum, payload).await })
        .await
        .map_err(|_| Problem::new(ProblemCode::Internal))?
}

/// The upload of a path, where this phone began it.
async fn upload_of(app: &App, actor: Actor, request: &HttpRequest, id: &str) -> Result<Upload, Problem> {
    headers::check_version(request.headers())?;
    let not_found = || Problem::new(ProblemCode::NotFound);
    let (device, now) = (phone(actor)?, app.clock.now());
    let id = Uuid::parse_str(id).map_err(|_| not_found())?;
    let found = app.store.read("find_upload", move |conn| store::find_upload(conn, id, device, now)).await?;
    found.ok_or_else(not_found)
}

/// How far an upload has come (tus 1.0).
#[utoipa::path(operation_id = "check_upload", tag = "photos",
    params(("id" = String, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 200, description = "Upload-Offset and Upload-Length say how far")))]
#[head("/v1/photos/uploads/{id}")]
pub async fn check_upload(app: Data<App>, session: Session, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let check = async {
        let actor = session.may(Operation::CheckUpload)?;
        let upload = upload_of(&app, actor, &request, &id).await?;
        let mut response = HttpResponse::Ok().finish();
        set(&mut response, "upload-offset", &upload.received.to_string());
        set(&mut response, "upload-length", &upload.bytes.to_string());
        set(&mut response, "upload-expires", &http_date(upload.expires_at));
        Ok(response)
    };
    speak(check.await)
}

/// Bring the next bytes of an upload (tus 1.0). With the last ones the photo is checked and on disk.
#[utoipa::path(operation_id = "continue_upload", tag = "photos",
    params(("id" = String, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "1.0.0"),
        ("Upload-Offset" = i64, Header, description = "Where these bytes belong"),
        ("Upload-Checksum" = Option<String>, Header, description = "sha1 or sha256 and the hash of these bytes in base64")),
    request_body(content((PhotoFile = "application/offset+octet-stream"))),
    responses((status = 204, description = "Upload-Offset says how far it has come")))]
#[patch("/v1/photos/uploads/{id}")]
pub async fn continue_upload(
    app: Data<App>,
    session: Session,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> HttpResponse {
    let take = async {
        let actor = session.may(Operation::ContinueUpload)?;
        let upload = upload_of(&app, actor, &request, &id).await?;
        if !headers::is_part(request.headers()) {
            return Err(Problem::new(ProblemCode::UnsupportedMediaType).detail(headers::PART, headers::PART));
        }
        let offset = headers::number(request.headers(), "Upload-Offset")?;
        if i64::try_from(offset) != Ok(upload.received) {
            return Err(Problem::new(ProblemCode::OffsetMismatch));
        }
        let checksum = Checksum::of(request.headers())?;
        let offset = advance(&app, upload, checksum, payload).await?;
        let mut response = HttpResponse::NoContent().finish();
        set(&mut response, "upload-offset", &offset.to_string());
        set(&mut response, "upload-expires", &http_date(upload.expires_at));
        Ok(response)
    };
    speak(take.await)
}

/// Give an upload up (tus 1.0). What has come of it is taken away.
#[utoipa::path(operation_id = "end_upload", tag = "photos",
    params(("id" = String, Path, description = "The upload"), ("Tus-Resumable" = String, Header, description = "1.0.0")),
    responses((status = 204, description = "It is gone")))]
#[delete("/v1/photos/uploads/{id}")]
pub async fn end_upload(app: Data<App>, session: Session, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let end = async {
        let actor = session.may(Operation::EndUpload)?;
        let upload = upload_of(&app, actor, &request, &id).await?;
        progress::end(&app, upload.id).await?;
        Ok(HttpResponse::NoContent().finish())
    };
    speak(end.await)
}
