//! Rounds: a dispatcher makes them from routes and gives them to readers.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
