//! Sync: phones pull their rounds and push their records (PROTOCOL).
//!
//! A push: `item.rs` reads each item by itself, `push.rs` decides it against the facts `store.rs` has loaded, and applies
//! everything in the one transaction whose commit the answer waits for.

mod canonical;
mod cursor;
pub(crate) mod item;
pub mod pull;
pub(crate) mod push;
pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
