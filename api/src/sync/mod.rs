//! Sync: phones pull their rounds and push their records.

pub mod store;
