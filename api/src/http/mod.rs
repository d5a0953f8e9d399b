//! HTTP manners shared by every slice: problems, sessions, bodies, times, paging (PROTOCOL, "HTTP manners").

mod deflate;
mod fallback;
mod headers;
mod idempotency;
mod inflate;
mod input;
mod language;
mod problem;
mod session;
mod span;
mod time;

pub use deflate::compact_json;
pub use fallback::{RouteTable, answer_unrouted};
pub use headers::{answer_in_language, secure_headers};
pub use idempotency::{IdempotencyKey, Remembered, recall, remember};
pub use input::{ImportBody, Input, RawBody, path_config, query_config};
pub use language::RequestLanguage;
pub use problem::{FieldFault, Problem, ProblemBody, ProblemCode, ProblemFault};
pub use session::{Session, check_rights};
pub use span::RequestSpan;
pub use time::{Time, from_ms, to_ms};
