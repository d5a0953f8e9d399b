//! Rounds: a dispatcher makes them from routes and gives them to readers.

pub mod plans;
pub mod readers;
pub mod routes;
pub mod store;
pub mod visits;
mod wire;

pub use wire::*;
