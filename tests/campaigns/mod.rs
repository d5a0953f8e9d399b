//! Campaigns: what a sync service that must lose nothing is put through (PROTOCOL, "Invariants the campaigns check").

mod clocks;
mod cursor_race;
mod dice;
mod disk;
mod follower;
mod lanes;
mod reassignment_storm;
mod resync_storm;
mod upgrade;
