//! The worlds the tests act in: a running server on a throw-away store, and the contract its answers are held against.

mod contract;
mod database;
pub mod follower;
mod postgres;
pub mod stream;
pub mod street;
pub mod tools;
mod world;

pub use contract::Contract;
pub use database::{Database, StoreKind};
pub use postgres::{Cluster, cluster, cluster_of_ones_own, cluster_with_tls, cluster_without_fsync};
pub use world::{Answer, PASSWORD, SignedIn, World, WorldOptions};

/// Runs a scenario in a fresh world on one of the stores.
pub fn run<F: Future<Output = ()>>(kind: StoreKind, scenario: impl FnOnce(World) -> F) {
    let Some(database) = Database::fresh(kind) else { return };
    let world = World::start(database, WorldOptions::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(scenario(world));
}

/// Writes a scenario once and tests it on both stores, as `name::sqlite` and `name::postgres`.
macro_rules! on_both_stores {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: World) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn scenario($world: World) $body

            #[test]
            fn sqlite() {
                $crate::support::run($crate::support::StoreKind::Sqlite, scenario);
            }

            #[test]
            fn postgres() {
                $crate::support::run($crate::support::StoreKind::Postgres, scenario);
            }
        }
    )+};
}
