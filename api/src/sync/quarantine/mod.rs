//! What could not be taken as it was: listed, shown, released by a named person or rejected for good.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
