//! The store: one binary, two databases, the same Diesel expressions for both (PROTOCOL, "Stores").
//!
//! A slice asks [`Store::read`] or [`Store::write`] and never learns which database answers; where a row must be locked it
//! says so to [`Conn::lock`], and the rest of the difference lives in this folder.

mod among;
mod checkpoint;
mod columns;
mod conn;
mod fixed;
mod lock;
mod migrate;
mod moves;
pub mod schema;
mod statement;
mod store;
mod tls;
mod together;
mod types;
pub(crate) mod varint;
mod workers;

pub(crate) use among::among;
pub(crate) use columns::columns;
pub use columns::{Column, Columns};
pub(crate) use conn::{Access, each};
pub use conn::{Conn, DatabaseUrl, PgConnection, RulebookVersion};
pub use fixed::Fixed;
pub use lock::Lockable;
pub use migrate::{
    MigrationError, MigrationState, known_migrations, migrate, migrate_exactly, migrate_with, migration_state,
};
pub use moves::{FeedMove, Heard, listen};
pub(crate) use statement::statement;
pub use statement::{Prepared, Sql, Statement, Value};
pub use store::{Isolation, POSTGRES_WRITERS, Store, StoreError};
pub use together::Together;
pub use types::{Uuid16, UuidKey};
