//! What is still to be done: pace, the points to read next, and the longest unseen (DOMAIN 3).
//!
//! Why separate: advice for dispatchers, made anew from plan and counters each time; it keeps nothing.

pub mod pace;
pub mod routes;
pub mod store;
mod wire;

pub use wire::*;
