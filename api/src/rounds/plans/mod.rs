//! Plans: the planner proposes rounds, dispatchers look, move and lock, and publish what becomes real rounds.
//!
//! Why separate: planning takes a minute and changes nothing; it is a job (`job.rs`) that one node runs on a thread of its own.
//! What is decided of its result goes through the rounds' own store, so that phones learn of it as of any other round.

pub mod edit_routes;
mod facts;
mod indoor;
pub mod job;
pub mod routes;
pub mod store;
mod wire;

pub use facts::{Facts, report_of};
pub use indoor::Knock;
pub use job::Planner;
pub use wire::*;
