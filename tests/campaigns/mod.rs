//! Campaigns: many phones, a server that is killed, links that fail; and afterwards every promise is checked against every
//! ledger. `cargo test -p acceptance -- campaigns::` runs all; `METERBOOK_CAMPAIGN_SEED` brings one again, and
//! `METERBOOK_CAMPAIGN_SCALE=full` runs the sizes of a release.
//!
//! The server is a process of its own, so that it can be killed. What these campaigns are worth is shown by `planted`: each of
//! five planted mistakes must be found.

mod clocks;
mod cursor_race;
mod disk;
mod failing_disk;
mod flaky;
mod fleet;
mod follower;
mod holdings;
mod invariants;
mod kills;
mod lanes;
mod ledgers;
mod node;
mod notebooks;
mod old_bodies;
mod planted;
mod proxy;
mod reassignment_storm;
mod restore;
mod resync_storm;
mod seed;
mod small_disk;
mod town;
mod twins;
mod upgrade;

/// Runs a campaign on a runtime of its own.
fn run(campaign: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(campaign);
}
