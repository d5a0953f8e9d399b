//! The second factor of desks, and changing a password (SECURITY, preamble; RFC 6238).
//!
//! Everything here is asked for with the password and not with a session: who must enrol, or whose password has expired, has no
//! session yet, and a session left open at a desk must not be enough to take a factor away.

pub mod routes;
pub mod store;
pub mod totp;
mod wire;

pub use wire::*;
