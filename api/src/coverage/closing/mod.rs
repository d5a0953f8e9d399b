//! Closing periods: their figures are frozen by a named person, and no missing record is overlooked (R-9, R-11, I11).

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
