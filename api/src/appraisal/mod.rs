//! Appraisal of readers: drafted from the month's facts, published once it is closed, objected to, answered.

mod facts;
pub mod routes;
mod sheets;
pub mod store;
mod wire;

pub use facts::draft;
pub use sheets::{SHEETS, masthead, print};
pub use wire::*;
