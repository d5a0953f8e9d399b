//! The headers tus speaks in.

use crate::http::{Problem, ProblemCode};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError as _};
use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use meterbook::calendar::Instant;
use meterbook::photos::PhotoHash;

/// The only version spoken.
pub const VERSION: &str = "1.0.0";
/// The parts of tus beyond its core.
pub const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";
/// What a part may be checked with.
pub const ALGORITHMS: &str = "sha1,sha256";
/// The type of every part.
pub const PART: &str = "application/offset+octet-stream";

/// The version, on every answer.
pub fn speak(answer: Result<HttpResponse, Problem>) -> HttpResponse {
    let mut response = answer.unwrap_or_else(|problem| {
        let is_version = problem.code() == ProblemCode::TusVersion;
        let mut response = problem.error_response();
        if is_version {
            set(&mut response, "tus-version", VERSION);
        }
        response
    });
    set(&mut response, "tus-resumable", VERSION);
    response
}

/// Sets a header to a text of ours.
pub fn set(response: &mut HttpResponse, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn invalid(name: &'static str, zh: &str, en: &str) -> Problem {
    Problem::new(ProblemCode::InvalidParameter).fault(name, "invalid", zh, en)
}

/// Demands the version.
pub fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    if text(headers, "tus-resumable") == Some(VERSION) { Ok(()) } else { Err(Problem::new(ProblemCode::TusVersion)) }
}

/// A number of bytes.
pub fn number(headers: &HeaderMap, name: &'static str) -> Result<u64, Problem> {
    let digits = text(headers, name).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    let read = digits.and_then(|text| text.parse().ok());
    read.ok_or_else(|| invalid(name, "应为不小于 0 的整数", "expected a whole number from 0"))
}

/// Whether the request brings bytes of the upload.
pub fn is_part(headers: &HeaderMap) -> bool {
    text(headers, "content-type") == Some(PART)
}

/// The hash in `Upload-Metadata: sha256 <base64 of its hex digits>`.
pub fn photo_hash(headers: &HeaderMap) -> Result<PhotoHash, Problem> {
    let pairs = text(headers, "upload-metadata").unwrap_or_default().split(',').map(str::trim);
    let value = pairs.filter_map(|pair| pair.split_once(' ')).find(|(key, _)| *key == "sha256").map(|(_, value)| value);
    let decoded = value.and_then(|value| BASE64_STANDARD.decode(value.trim()).ok());
    let hash = decoded.and_then(|text| PhotoHash::parse(std::str::from_utf8(&text).ok()?));
    hash.ok_or_else(|| {
        let (zh, en) = ("应包含 sha256：照片哈希值（十六进制）", "expected sha256, the photo's hash in hex");
        invalid("Upload-Metadata", zh, en)
    })
}

/// What a part must hash to.
pub struct Checksum {
    algorithm: &'static Algorithm,
    expected: Vec<u8>,
}

impl Checksum {
    /// From `Upload-Checksum: <algorithm> <base64>`, where it is there.
    pub fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(header) = text(headers, "upload-checksum") else { return Ok(None) };
        let read = header.split_once(' ').and_then(|(name, value)| {
            let algorithm = match name {
                "sha1" => &SHA1_FOR_LEGACY_USE_ONLY,
                "sha256" => &SHA256,
                _ => return None,
            };
            Some(Self { algorithm, expected: BASE64_STANDARD.decode(value.trim()).ok()? })
        });
        let (zh, en) = ("应为 sha1 或 sha256 加 base64", "expected sha1 or sha256 and base64");
        read.map(Some).ok_or_else(|| invalid("Upload-Checksum", zh, en))
    }

    /// Whether a part is what was sent.
    pub fn fits(&self, part: &[u8]) -> bool {
        digest(self.algorithm, part).as_ref() == self.expected
    }
}

/// A time as HTTP writes it.
pub fn http_date(at: Instant) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
