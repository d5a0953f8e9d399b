//! What the planner must know of readers: where a day begins, when, what they can carry, and when they are away.
//!
//! Why separate: an account says who may sign in; this says who can be sent where. Only the planner reads it.

pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
