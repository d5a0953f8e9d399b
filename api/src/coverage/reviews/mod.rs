//! Visits whose time a person must decide (DOMAIN 2), and what was decided.
//!
//! Why separate: until somebody has decided, such a visit is in none of the seen; after that it counts as of the decided time,
//! and the record itself stays as it came.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
