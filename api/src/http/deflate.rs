//! Gzip for answers that travel over a reader's data plan.
//!
//! Why not the framework's: its gzip is the fastest and weakest there is, and a round of 600 stops comes out a fifth larger.

use super::{Problem, ProblemCode};
use actix_web::http::header::{AcceptEncoding, CONTENT_TYPE, ContentEncoding, Encoding, Header, VARY};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io::Write;

/// Below this the two come out alike.
const WORTH_IT: usize = 8 << 10;

/// Whether the framework would gzip the answer to this request.
fn takes_gzip(request: &HttpRequest) -> bool {
    let offered = [Encoding::identity(), Encoding::gzip(), Encoding::zstd()];
    AcceptEncoding::parse(request).is_ok_and(|accepted| accepted.negotiate(offered.iter()) == Some(Encoding::gzip()))
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn fault<E>(_cause: E) -> Problem {
    Problem::new(ProblemCode::Internal)
}

/// The body as JSON: gzipped well if it is long and gzip is what the phone asks for, else left to the framework.
pub async fn compact_json(
    request: &HttpRequest,
    mut response: HttpResponseBuilder,
    body: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    let plain = serde_json::to_vec(body).map_err(fault)?;
    response.insert_header((CONTENT_TYPE, "application/json"));
    if plain.len() < WORTH_IT || !takes_gzip(request) {
        return Ok(response.body(plain));
    }
    let small = web::block(move || gzip(&plain)).await.map_err(fault)?.map_err(fault)?;
    Ok(response.insert_header(ContentEncoding::Gzip).insert_header((VARY, "Accept-Encoding")).body(small))
}
