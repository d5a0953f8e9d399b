//! The rule lab: other settings tried on the stored history before they are switched on from a day.
//!
//! Why separate: a run reads everything and changes nothing; only adopting it writes, and then through the dated settings.

pub mod routes;
mod run;
mod store;
mod wire;

pub use wire::*;
