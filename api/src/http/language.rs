//! Which language an answer is in: Accept-Language, Chinese where it says nothing we speak.

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use meterbook::text::Language;
use std::convert::Infallible;
use std::future::{Ready, ready};

/// The language the caller asked for.
#[derive(Clone, Copy, Debug)]
pub struct RequestLanguage(pub Language);

impl FromRequest for RequestLanguage {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(of(request.headers()))))
    }
}

/// The best of the languages in `headers`, by quality and then by order.
pub fn of(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (0.0_f32, Language::Chinese);
    for range in accepted.split(',') {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
        let quality = parameters.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(1.0_f32);
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let language = match primary.as_str() {
            "zh" => Language::Chinese,
            "en" => Language::English,
            _ => continue,
        };
        if quality > best.0 {
            best = (quality, language);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn asked(text: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(text));
        of(&headers)
    }

    #[test]
    fn the_best_language_we_speak_is_chosen() {
        assert_eq!(asked("en-GB,en;q=0.9,zh;q=0.8"), Language::English);
        assert_eq!(asked("fr, zh-CN;q=0.7, en;q=0.3"), Language::Chinese);
        assert_eq!(asked("de"), Language::Chinese);
        assert_eq!(of(&HeaderMap::new()), Language::Chinese);
    }
}
