//! Accounts, devices and sessions: who is asking, and may they (PROTOCOL "Devices and sessions", SECURITY 5–10).

mod desk;
pub mod factor;
mod passwords;
pub mod routes;
pub mod store;
mod throttle;
mod tokens;
mod wire;

pub use passwords::PasswordHasher;
pub use throttle::LoginThrottle;
pub use tokens::{Lives, Tokens};
pub use wire::*;

/// The token of a first run; `None` where the machine has no randomness.
#[must_use]
pub fn setup_token() -> Option<String> {
    tokens::Secret::token().map(|secret| secret.clear)
}
