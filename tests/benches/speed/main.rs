//! How fast, and at what cost: the service against the bare minimum on the same machine in the same minute.
//!
//! `cargo bench -p acceptance` runs everything and prints a table; a name runs one part. Each gate is a ratio of two things
//! measured in this run, or a count of bytes; never a wall-clock time alone, which would measure the machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark ends where something is not as expected"
)]

mod ground;
mod node;
mod phones;
mod plain;
mod sqlite;
mod table;

use clap::Parser as _;

/// What to measure.
#[derive(clap::Parser)]
struct Options {
    /// Parts to run; all of them unless named.
    parts: Vec<String>,
    /// A tenth of the load: shows that it runs, proves nothing.
    #[arg(long)]
    quick: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> std::process::ExitCode {
    if let Some(code) = node::run_as_node() {
        return code;
    }
    let options = Options::parse();
    let wants = |part: &str| options.parts.is_empty() || options.parts.iter().any(|wanted| wanted == part);
    let mut table = table::Table::default();
    if wants("sqlite") {
        sqlite::measure(&mut table, options.quick);
    }
    table.print();
    table.verdict()
}
