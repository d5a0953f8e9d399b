//! Campaigns.

mod clocks;
mod cursor_race;
mod disk;
mod follower;
mod holdings;
mod invariants;
mod lanes;
mod ledgers;
mod notebooks;
mod old_bodies;
mod reassignment_storm;
mod resync_storm;
mod seed;
mod small_disk;
mod upgrade;

/// Runs a campaign on a runtime of its own.
fn run(campaign: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(campaign);
}
