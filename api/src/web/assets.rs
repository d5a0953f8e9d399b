//! The apps' files: embedded in the binary, and read from the disk by debug builds, so that an edit needs no build.
//!
//! Why separate: what a browser gets here holds no data. It may keep a file and ask by its ETag whether it is still the same; the
//! service worker of an app keeps all of them and checks each by its hash, so that half a release is never run.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, LOCATION};
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The worker, put together below.
const WORKER: &str = "worker.js";

/// What every app uses of our own.
#[derive(RustEmbed)]
#[folder = "assets/lib/"]
#[prefix = "lib/"]
struct Lib;

/// What is not ours.
#[derive(RustEmbed)]
#[folder = "assets/vendor/"]
#[prefix = "vendor/"]
struct Vendor;

/// The texts in both languages.
#[derive(RustEmbed)]
#[folder = "assets/texts/"]
#[prefix = "texts/"]
struct Texts;

/// The reader's app.
#[derive(RustEmbed)]
#[folder = "assets/phone/"]
struct Phone;

/// The dispatcher's and the analyst's console.
#[derive(RustEmbed)]
#[folder = "assets/console/"]
struct Console;

/// Adds the apps.
pub fn apps(config: &mut ServiceConfig) {
    config.service(shared).service(phone_door).service(phone_home).service(phone_worker).service(phone_file);
    config.service(console_door).service(console_home).service(console_file);
}

#[get("/assets/{path:.*}")]
async fn shared(request: HttpRequest, path: Path<String>) -> HttpResponse {
    answer(&request, &path, shared_file(&path))
}

#[get("/app")]
async fn phone_door() -> HttpResponse {
    // Relative, and it keeps the fragment with an activation code, which no server ever sees.
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/app/")).finish()
}

#[get("/app/")]
async fn phone_home(request: HttpRequest) -> HttpResponse {
    answer(&request, "index.html", Phone::get("index.html"))
}

#[get("/app/worker.js")]
async fn phone_worker(request: HttpRequest) -> HttpResponse {
    let Some(code) = Phone::get(WORKER) else { return HttpResponse::NotFound().finish() };
    let shell = shell("/app/", Phone::iter().map(|name| (name.clone().into_owned(), Phone::get(&name))));
    let list = serde_json::to_string(&shell).unwrap_or_default();
    let body = format!("const FILES = {list};\n{}", String::from_utf8_lossy(&code.data));
    let tag = hex(&crate::keys::sha256(body.as_bytes()));
    respond(&request, WORKER, &tag, body.into_bytes())
}

#[get("/app/{path:.*}")]
async fn phone_file(request: HttpRequest, path: Path<String>) -> HttpResponse {
    answer(&request, &path, Phone::get(&path))
}

#[get("/console")]
async fn console_door() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/console/")).finish()
}

#[get("/console/")]
async fn console_home(request: HttpRequest) -> HttpResponse {
    answer(&request, "index.html", Console::get("index.html"))
}

#[get("/console/{path:.*}")]
async fn console_file(request: HttpRequest, path: Path<String>) -> HttpResponse {
    answer(&request, &path, Console::get(&path))
}

fn shared_file(path: &str) -> Option<EmbeddedFile> {
    Lib::get(path).or_else(|| Vendor::get(path)).or_else(|| Texts::get(path))
}

/// The URLs an app needs to run out of reach, each with the SHA-256 of its content.
fn shell(home: &str, own: impl Iterator<Item = (String, Option<EmbeddedFile>)>) -> BTreeMap<String, String> {
    let names = Lib::iter().chain(Vendor::iter()).chain(Texts::iter());
    let of_all = names.map(|name| (format!("/assets/{name}"), shared_file(&name)));
    let of_app = own.filter(|(name, _)| name != WORKER).map(|(name, file)| {
        let name = if name == "index.html" { String::new() } else { name };
        (format!("{home}{name}"), file)
    });
    // Licence texts are served, not kept on every phone.
    let needed = of_all.chain(of_app).filter(|(url, _)| !url.ends_with(".txt") && !url.ends_with(".md"));
    needed.filter_map(|(url, file)| Some((url, hex(&file?.metadata.sha256_hash())))).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn answer(request: &HttpRequest, path: &str, file: Option<EmbeddedFile>) -> HttpResponse {
    match file {
        Some(file) => respond(request, path, &hex(&file.metadata.sha256_hash()), file.data.into_owned()),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("404"),
    }
}

fn respond(request: &HttpRequest, path: &str, tag: &str, body: Vec<u8>) -> HttpResponse {
    // Weak: the same content leaves compressed in one way or another.
    let tag = format!("W/\"{tag}\"");
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag));
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "no-cache"));
    if is_known { answer.finish() } else { answer.content_type(content_type(path)).body(body) }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
