//! Meterbook's service: every effect around the pure rules of [`meterbook`].
//!
//! One module per capability, with the same name as in the core crate: `routes.rs` (extract) → `store.rs` (load facts) →
//! the core's decision → `store.rs` (apply) → answer.

pub mod accounts;
pub mod anomalies;
mod app;
pub mod appraisal;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contract;
pub mod coverage;
pub mod db;
pub mod demo;
pub mod desks;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod meta;
pub mod meters;
pub mod outbound;
mod paging;
pub mod photos;
pub mod planted;
pub mod readings;
pub mod reports;
pub mod rounds;
pub mod settings;
pub mod sync;
mod web;
pub mod webhooks;

pub use app::{App, SetupToken, StartError};

/// Version of the rules that verdicts are made by; stored beside them, so that each can be replayed.
pub const RULES_VERSION: &str = "2026.1";
