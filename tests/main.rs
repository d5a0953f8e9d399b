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
mod appraisal;
mod apps;
mod audit;
mod backup;
mod bad_input;
mod behind;
mod campaigns;
mod cases;
mod clients;
mod clocks;
mod console;
mod contract;
mod corrections;
mod demo;
mod events;
mod factors;
mod figures;
mod follow;
mod found;
mod gaps;
mod hazards;
mod headers;
mod integrity;
mod lab;
mod lists;
mod map;
mod month_lists;
mod outlook;
mod pasts;
mod periods;
mod phone_app;
mod phones;
mod photos;
mod photos_s3;
mod photos_tus;
mod plans;
mod pull;
mod quarantine;
mod races;
mod register;
mod reports;
mod rights;
mod rounds_over;
mod rxdb;
mod schemas;
mod settings;
mod startup;
mod tidy;
mod tls;
mod tokens;
mod waits;
mod webhooks;
