//! Sync: phones pull their rounds and push their records (PROTOCOL).
//!
//! A push: `item.rs` reads each item by itself, `push.rs` decides it against the facts `store.rs` has loaded, and applies
//! everything in the one transaction whose commit the answer waits for.

mod canonical;
mod cursor;
pub mod gaps;
pub(crate) mod item;
pub mod offer;
pub mod packed;
pub mod pokes;
pub mod pull;
pub(crate) mod push;
pub mod quarantine;
pub mod routes;
pub mod store;
mod wire;

pub use quarantine::{QuarantinePage, QuarantinedItem};
pub use wire::*;
