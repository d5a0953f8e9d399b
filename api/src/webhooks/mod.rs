//! Webhooks to the company's work-order system: an outbox written with what it tells of, delivered afterwards at least once.
//!
//! Why separate: a case is the same whether anybody listens; whoever has something to tell calls [`store::enqueue`] in its own
//! transaction and never learns what became of it.

mod deliver;
pub mod routes;
pub mod store;
mod wire;

pub use deliver::{deliver_due, signature};
pub use wire::*;
