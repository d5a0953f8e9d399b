//! Cases: what the rules suspect, worked by people to an outcome (R-10, R-31, DOMAIN 1).

pub mod evidence;
pub mod routes;
pub mod store;
mod wire;
pub mod work;

pub use store::{Judged, correct_cases, open_cases, settle_visits};
pub use wire::*;
