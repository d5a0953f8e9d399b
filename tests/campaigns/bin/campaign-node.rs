//! A server for the campaigns to kill: the product's command line in a build where mistakes can be planted. It ends when its
//! standard input does, so that no campaign that is broken off leaves one behind.

use clap::Parser as _;
use meterbook_api::cli::Cli;
use std::io::Read as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        drop(std::io::stdin().read_to_end(&mut nothing));
        std::process::exit(0);
    });
    Cli::parse().run()
}
