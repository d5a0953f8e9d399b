//! Meters on one landing: which stand beside which, and what was read there at about the same time (DOMAIN 4, order 7).

mod store;

pub use store::{NearReading, near_points, near_readings};
