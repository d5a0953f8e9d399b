//! `meterbook audit`: whether the log of who did what is whole.

use crate::audit::{Anchor, verify_chain};
use crate::config::Config;
use crate::db::Store;
use crate::keys::Keys;
use clap::{Args, Subcommand};
use meterbook::text::Text;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

/// What to do with the audit log.
#[derive(Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Subcommand)]
enum Deed {
    /// Recompute the chain of hashes; name the first bad row and end with 1 where there is one 校验审计链.
    ///
    /// Prints an anchor, POSITION:HASH. Note it outside this machine: only against an anchor is it seen that the newest rows
    /// were cut off together with all traces of them.
    Verify {
        /// An anchor printed earlier 此前留存的锚点.
        #[arg(long, value_parser = parse_anchor)]
        anchor: Option<Anchor>,
    },
}

fn parse_anchor(text: &str) -> Result<Anchor, String> {
    text.parse().map_err(|Text { zh, en }| format!("{en} {zh}"))
}

/// Verifies; changes nothing.
pub fn run(config: Config, args: AuditArgs) -> Result<ExitCode, Box<dyn Error>> {
    let Deed::Verify { anchor } = args.deed;
    super::demand_current(&config)?;
    let keys = Arc::new(Keys::load(&config.keys)?);
    let store = Store::open(config.database, &keys)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let verdict = runtime.block_on(store.read("verify_audit", move |conn| verify_chain(conn, anchor.as_ref())))?;
    Ok(match verdict {
        Ok(newest) => {
            println!("{} rows, all as they were written. 共 {} 条，均未被改动。", newest.position, newest.position);
            println!("Anchor 锚点: {}", Anchor(newest));
            ExitCode::SUCCESS
        }
        Err(fault) => {
            let (zh, en) = fault.text();
            println!("{en} {zh}");
            ExitCode::FAILURE
        }
    })
}
