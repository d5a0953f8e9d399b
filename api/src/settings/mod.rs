//! Dated settings: what a company has set, from when, by whose decision; and the rulebook every decision takes its figures from.

pub mod routes;
pub mod store;
pub mod wire;

use crate::RULES_VERSION;
use crate::keys::sha256;
use chrono::NaiveDate;
use meterbook::settings::Rulebook;

/// The version of all rules in force on a day: that of the code, and a digest of every figure a company may set.
#[must_use]
pub fn rules_version(book: &Rulebook, day: NaiveDate) -> String {
    let digest = sha256(book.canonical(day).as_bytes());
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{RULES_VERSION}+{short}")
}
