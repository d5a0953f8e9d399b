//! Request bodies: read within the published limits while they stream, then parsed with the place of any fault.

use super::inflate::{Inflate, Refusal};
use super::{Problem, ProblemCode};
use crate::config::Limits;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;

/// The body, inflated and within the limit.
pub struct RawBody(pub web::Bytes);

impl FromRequest for RawBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let limits = limits_of(request);
        let body = read(request, payload, limits.body_bytes, limits.inflated_bytes);
        Box::pin(async move { body.await.map(Self) })
    }
}

/// An imported file: larger than anything a phone sends.
pub struct ImportBody(pub web::Bytes);

impl FromRequest for ImportBody {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let most = limits_of(request).import_bytes;
        let body = read(request, payload, most, most);
        Box::pin(async move { body.await.map(Self) })
    }
}

fn limits_of(request: &HttpRequest) -> Limits {
    request.app_data::<web::Data<Limits>>().map(|limits| *limits.get_ref()).unwrap_or_default()
}

/// Reads a body of at most `sent` bytes on the wire and `most` inflated.
fn read(
    request: &HttpRequest,
    payload: &mut Payload,
    sent: usize,
    most: usize,
) -> impl Future<Output = Result<web::Bytes, Problem>> + 'static {
    let declared = request.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let mut counted = Counted { payload: payload.take(), left: sent };
    let encoding = request.headers().get("content-encoding").map_or(Some("identity"), |value| value.to_str().ok());
    let inflate = encoding.and_then(|name| Inflate::new(name.trim(), most));
    async move {
        let Some(mut inflate) = inflate else {
            let known = Inflate::ENCODINGS.join(", ");
            return Err(Problem::new(ProblemCode::UnsupportedMediaType)
                .detail(format!("可用的压缩格式：{known}"), format!("it reads these encodings: {known}")));
        };
        if declared.is_some_and(|length| length > sent) {
            return Err(too_large(sent, most));
        }
        let refused = |refusal| match refusal {
            Refusal::TooLarge => too_large(sent, most),
            Refusal::Damaged => Problem::new(ProblemCode::MalformedEncoding),
        };
        while let Some(chunk) = counted.next().await {
            let chunk = chunk.map_err(|fault| match fault {
                PayloadError::Overflow => too_large(sent, most),
                _ => Problem::new(ProblemCode::MalformedEncoding),
            })?;
            inflate.take(&chunk).map_err(refused)?;
        }
        inflate.end().map(web::Bytes::from).map_err(refused)
    }
}

fn too_large(sent: usize, inflated: usize) -> Problem {
    Problem::new(ProblemCode::BodyTooLarge).detail(
        format!("上限：传输 {sent} 字节，解压后 {inflated} 字节"),
        format!("the limit is {sent} bytes as sent and {inflated} bytes inflated"),
    )
}

/// Stops reading a body at the limit on what is sent.
struct Counted {
    payload: Payload,
    left: usize,
}

impl futures_util::Stream for Counted {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(context);
        if let std::task::Poll::Ready(Some(Ok(chunk))) = &polled {
            match self.left.checked_sub(chunk.len()) {
                Some(left) => self.left = left,
                None => return std::task::Poll::Ready(Some(Err(PayloadError::Overflow))),
            }
        }
        polled
    }
}

/// A JSON body of a known shape.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Input<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = RawBody::from_request(request, payload);
        Box::pin(async move {
            let body = body.await?.0;
            if holds_nul(&body) {
                let (zh, en) = ("文本不能包含空字符", "text must not hold the NUL character");
                return Err(Problem::new(ProblemCode::InvalidInput).detail(zh, en));
            }
            parse(&body).map(Self)
        })
    }
}

/// Whether a string of a JSON text holds U+0000, which PostgreSQL keeps in no text column.
fn holds_nul(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(place) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[place..].starts_with(br"\u0000") {
            return true;
        }
        // An escaped backslash begins no other escape.
        rest = rest.get(place + 2..).unwrap_or_default();
    }
    false
}

/// Parses JSON; a fault names its place.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|fault| {
        let pointer = pointer(fault.path());
        let inner = fault.into_inner();
        if inner.is_data() {
            let text = inner.to_string();
            Problem::new(ProblemCode::InvalidInput).fault(pointer, "invalid", format!("格式不符：{text}"), text)
        } else {
            let (line, column) = (inner.line(), inner.column());
            let (zh, en) = (format!("第 {line} 行第 {column} 列"), format!("line {line}, column {column}"));
            Problem::new(ProblemCode::MalformedJson).detail(zh, en)
        }
    })?;
    reader.end().map_err(|_| {
        Problem::new(ProblemCode::MalformedJson).detail("JSON 之后还有内容", "there is more after the JSON")
    })?;
    Ok(parsed)
}

/// Query parameters of the wrong type are refused as problems, like everything else.
pub fn query_config() -> web::QueryConfig {
    web::QueryConfig::default().error_handler(|fault, _| {
        let text = fault.to_string();
        Problem::new(ProblemCode::InvalidParameter).detail(format!("格式不符：{text}"), text).into()
    })
}

/// A path whose id is not a number names nothing.
pub fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|_, _| Problem::new(ProblemCode::NotFound).into())
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}
