//! What the office works on beside readings: hazards, proposals to change the register, and each point's records as they came.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
