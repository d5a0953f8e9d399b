//! What is missing of each phone's records, and whether their chain holds: seen, explained, closed.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
