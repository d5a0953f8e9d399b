//! Closing a period: its figures are frozen, proved, and kept beside what is restated later.

pub mod prove;
pub mod restated;
pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
