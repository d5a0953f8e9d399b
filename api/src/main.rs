//! The `meterbook` command.

use clap::Parser as _;
use meterbook_api::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::parse().run()
}
