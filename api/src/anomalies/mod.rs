//! Verdicts at ingest and the cases they open (R-10, DOMAIN 4).

pub mod lists;
pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
