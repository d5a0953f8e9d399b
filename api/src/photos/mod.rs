//! Photos: the evidence that goes with records, kept under its hash (PROTOCOL "Push"; SECURITY 14).
//!
//! A photo travels by itself, before or long after the record that names it: readings never wait for it.

mod arrive;
mod place;
pub mod routes;
mod show;
mod spool;
pub mod store;
mod sweep;
pub mod uploads;
mod vault;
mod wire;

pub use place::{Bucket, PhotoPlace, PlaceFault};
pub use show::SHOWN_PIXELS;
pub use sweep::sweep;
pub use vault::{Vault, VaultFault};
pub use wire::*;

/// Above this many bytes a resumable upload is worth its extra requests.
pub const RESUMABLE_BYTES: u64 = 1 << 20;
