//! Acceptance tests: the real server over HTTP, each on SQLite and on PostgreSQL.
//!
//! One binary, because linking the service once is most of the cost. `support` holds the worlds the tests act in.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where something is not as expected"
)]

#[macro_use]
mod support;

mod accounts;
mod bad_input;
mod contract;
mod demo;
mod headers;
mod phones;
mod photos;
mod photos_s3;
mod photos_tus;
mod races;
mod register;
mod rights;
mod schemas;
mod startup;
mod tidy;
mod tokens;
