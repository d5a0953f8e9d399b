//! `meterbook coverage`: whether the figures are what the records say.

use crate::config::Config;
use crate::coverage::lay_out;
use crate::coverage::store::{
    Difference, declared_periods, points_after, rebuild_counters, rebuild_days, verify_chunk, verify_counters,
    verify_days,
};
use crate::db::{Isolation, Store, StoreError};
use crate::keys::Keys;
use clap::{Args, Subcommand};
use meterbook::calendar::{Period, Zone};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

/// What to do with the figures.
#[derive(Args)]
pub struct CoverageArgs {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Subcommand)]
enum Deed {
    /// Compute plan, counters and readers' days anew from the records 按记录重算抄见率.
    ///
    /// May run beside the service. Closed figures stay as they were published; what differs is restated.
    Recompute {
        /// Change nothing: say what differs and end with 1 where something does 只核对，不改动.
        #[arg(long)]
        verify: bool,
        /// Only this period: `2026-10` or `2026-Q4`; every period that was laid out unless told.
        #[arg(long, value_parser = parse_period)]
        period: Option<Period>,
    },
}

fn parse_period(text: &str) -> Result<Period, String> {
    Period::parse(text).ok_or_else(|| "expected YYYY-MM or YYYY-Qn".into())
}

/// Recomputes or verifies.
pub fn run(config: Config, args: CoverageArgs) -> Result<ExitCode, Box<dyn Error>> {
    let Deed::Recompute { verify, period } = args.deed;
    super::demand_current(&config)?;
    let keys = Arc::new(Keys::load(&config.keys)?);
    let (store, zone) = (Store::open(config.database, &keys)?, config.zone);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let differences = runtime.block_on(async {
        if !verify {
            recompute(&store, zone, period).await?;
        }
        verify_all(&store, zone, period).await
    })?;
    for difference in differences.iter().take(100) {
        let Difference { place, kept, computed } = difference;
        println!("{place}: kept 现存 {kept}, computed 重算 {computed}");
    }
    if differences.is_empty() {
        println!("All figures are what the records say. 各项数据与记录一致。");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} differences. 共 {} 处不一致。", differences.len(), differences.len());
    Ok(ExitCode::FAILURE)
}

async fn periods(store: &Store, only: Option<Period>) -> Result<Vec<Period>, StoreError> {
    let declared = store.read("declared_periods", declared_periods).await?;
    Ok(declared
        .into_iter()
        .map(|(period, _)| period)
        .filter(|period| only.is_none_or(|only| only == *period))
        .collect())
}

/// Computes everything anew. Safe beside pushes: each chunk of points is locked while it is placed.
///
/// # Errors
/// The database's; what was done till then stands.
pub async fn recompute(store: &Store, zone: Zone, only: Option<Period>) -> Result<(), StoreError> {
    for period in periods(store, only).await? {
        lay_out(store, zone, period).await?;
        store.write("rebuild_counters", Isolation::Serializable, move |conn| rebuild_counters(conn, period)).await?;
    }
    store.write("rebuild_days", Isolation::Serializable, move |conn| rebuild_days(conn, zone)).await
}

/// All that differs from what the records say.
///
/// # Errors
/// The database's.
pub async fn verify_all(store: &Store, zone: Zone, only: Option<Period>) -> Result<Vec<Difference>, StoreError> {
    let mut found = Vec::new();
    for period in periods(store, only).await? {
        let mut after = 0;
        loop {
            let chunk = store.read("verify_coverage", move |conn| {
                let points = points_after(conn, after, 500)?;
                Ok((points.last().copied(), verify_chunk(conn, zone, &points, period)?))
            });
            let (last, differences) = chunk.await?;
            found.extend(differences);
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        found.extend(store.read("verify_counters", move |conn| verify_counters(conn, period)).await?);
    }
    found.extend(store.read("verify_days", move |conn| verify_days(conn, zone)).await?);
    Ok(found)
}
