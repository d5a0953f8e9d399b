//! The sync protocol's rules (PROTOCOL, DOMAIN 7, R-11): nothing lost, nothing twice, nothing stuck.
//!
//! Why separate: what a phone is promised must hold whatever the database and the wire are. HTTP, JSON and the cursor's
//! authentication tag are in `api`; the rules they carry out are here.

mod catalogue;
pub mod chain;
mod cursor;
mod jitter;
mod outcome;
mod rejection;
mod sequence;

pub use catalogue::{CodeList, CodeText, TargetRow, catalogue_version, code_lists, lists_version, targets};
pub use cursor::{Cursor, CursorFault};
pub use jitter::refetch_after_s;
pub use outcome::Outcome;
pub use rejection::Rejection;
pub use sequence::{MISSING_LISTED, Sequence, sequence, sequence_through};
