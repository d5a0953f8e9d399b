//! The month's lists: from a file of readings, and from what the service has stored.
//!
//! [`job`] makes the lists of a month in steps and [`due`] asks for them by itself; [`training`] learns a model from the company's
//! own history; [`verify`] reckons every verdict again from what is kept beside it.

pub mod alarms_file;
pub mod due;
mod figures;
pub mod job;
pub mod model_routes;
mod packed;
pub mod readings_file;
pub mod routes;
pub mod shipped;
pub mod store;
mod threads;
pub mod training;
pub mod verify;
mod wire;

pub use figures::EntryFigures;
pub use wire::*;

use crate::RULES_VERSION;
use crate::coverage::closing::prove::hex;
use crate::keys::sha256;
use crate::settings::rules_version;
use meterbook::anomalies::lists::month_end::VERSION;
use meterbook::calendar::Period;
use meterbook::settings::Rulebook;

/// The short name of some bytes.
fn version_of(bytes: &[u8]) -> String {
    let mut name = hex(&sha256(bytes));
    name.truncate(12);
    name
}

/// The rules a month's lists are made by: those in force on its last day, and the version of the lists.
fn list_rules(book: &Rulebook, month: Period) -> String {
    let day = month.end_day().pred_opt().unwrap_or_else(|| month.first_day());
    let rules = rules_version(book, day);
    debug_assert!(rules.starts_with(RULES_VERSION));
    format!("{rules}/lists-{VERSION}")
}
