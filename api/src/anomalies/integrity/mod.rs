//! Integrity evidence for analysts, and the blind re-read lists drawn from it (R-3, DOMAIN 5).
//!
//! Why separate: it looks at people's entries, not at meters; it blocks nothing, opens no case and is shown to analysts alone.

pub mod routes;
mod store;
mod wire;

pub use wire::*;
