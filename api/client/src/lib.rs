//! How a phone behaves towards Meterbook: the reference an integrator reads, and what the demonstration and the campaigns run.
//!
//! Separate from the service because it knows it only by its contract: nothing here sees the server's code. There is no clock
//! and no source of chance inside; both are handed in, so that a run can be replayed.
//!
//! In the order of a reader's day: [`Phone`] activates and pulls its [`Rounds`]; out of reach, it notes [`Draft`]s into the
//! [`Outbox`]; back in reach, it pushes over the [`Link`] until the outbox is empty, by the rules in [`retry`]. The [`Ledger`]
//! remembers what it made, sent and was told, so that nothing has to be believed.

mod canonical;
mod chance;
mod draft;
mod ledger;
mod link;
mod outbox;
mod phone;
mod receipt;
pub mod retry;
mod rounds;
mod weather;

pub use canonical::canonical;
pub use chance::Chance;
pub use draft::{Draft, Moment};
pub use ledger::{CursorSeen, Entry, Ledger};
pub use link::{Answer, Ask, Encoding, Link, LinkError, Sleeper, fresh_client, no_sleeper, real_sleeper};
pub use outbox::{Outbox, OutboxError, Owed, StoredSession};
pub use phone::{Phone, PhoneError, PhoneSettings, Pushed};
pub use receipt::{Outcome, Receipt};
pub use rounds::{Rounds, RoundsError};
pub use weather::{Fate, Weather};
