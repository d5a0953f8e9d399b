//! Campaigns: many phones, a server that is killed, links that fail; and afterwards every promise is checked against every
//! ledger. `cargo test -p acceptance -- campaigns::` runs all; `METERBOOK_CAMPAIGN_SEED` brings one again, and
//! `METERBOOK_CAMPAIGN_SCALE=full` runs the sizes of a release.
//!
//! The server is a process of its own, so that it can be killed. What these campaigns are worth is shown by `planted`: each of
//! five planted mistakes must be found.

mod flaky;
mod fleet;
mod holdings;
mod invariants;
mod kills;
mod ledgers;
mod node;
mod planted;
mod proxy;
mod seed;
mod town;
mod twins;

/// Runs a campaign on a runtime of its own.
fn run(campaign: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(campaign);
}
