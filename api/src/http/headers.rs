//! What every answer carries: security headers, and problems in the caller's language (SECURITY 16).

use super::{Problem, ProblemCode, language};
use crate::App;
use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/// The policy of a page: the console's, and no other, may show the tiles of the map that the settings name.
fn policy_of(request: &ServiceRequest) -> HeaderValue {
    let fixed = HeaderValue::from_static(CONTENT_SECURITY_POLICY);
    let is_console = request.path() == "/console" || request.path().starts_with("/console/");
    let app = request.app_data::<Data<App>>().filter(|_| is_console);
    let Some(tiles) = app.and_then(|app| app.config.map_tiles.as_ref()) else { return fixed };
    let policy = CONTENT_SECURITY_POLICY.replace("img-src", &format!("img-src {}", tiles.origin()));
    HeaderValue::try_from(policy).unwrap_or(fixed)
}

/// Adds the headers no answer may be without. Answers are not stored unless a handler says otherwise: most hold personal data.
pub async fn secure_headers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let policy = policy_of(&request);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("content-security-policy"), policy);
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("strict-transport-security", "max-age=31536000"),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Puts problems into the caller's language, and gives a problem body to failures that have none.
pub async fn answer_in_language<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = language::of(request.headers());
    let response = next.call(request).await?;
    let problem = response.response().extensions().get::<Problem>().cloned();
    let problem = problem.or_else(|| response.response().error().and_then(|error| error.as_error().cloned()));
    let Some(result) = problem else { return Ok(response.map_into_boxed_body()) };
    if result.code() == ProblemCode::Internal {
        tracing::error!(path = response.request().path(), "answered 500");
    }
    let mut localised = result.respond(language);
    // What else the answer carries stays: 405 names the methods in Allow.
    for (name, value) in response.headers() {
        if !localised.headers().contains_key(name) && name != CONTENT_LENGTH && name != CONTENT_ENCODING {
            localised.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(response.request().clone(), localised))
}
