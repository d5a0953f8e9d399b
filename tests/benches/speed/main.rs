//! How fast, and at what cost: the service against the bare minimum on the same machine in the same minute.
//!
//! - `cargo bench -p acceptance` runs everything and prints a table; it takes some ten minutes and 5 GB of temporary space.
//! - `cargo bench -p acceptance -- sqlite wire` runs parts: `sqlite`, `postgres`, `pull`, `wire`, `fleet`, `coverage`,
//!   `coverage-postgres`, `checks`.
//! - `cargo bench -p acceptance -- --quick` runs everything on a tenth of the load: it shows that the benchmark runs, and proves
//!   nothing about the service.
//!
//! It ends with failure where a gate was missed. Each gate is a ratio of two things measured in this run, or a count of bytes;
//! hardly one is a wall-clock time, which would measure the machine. Have nothing else run meanwhile; the yardstick and the
//! service are measured in turn, so that what does run spoils both.
//!
//! The PostgreSQL parts need PostgreSQL installed and make a cluster of their own. The yardstick (`benches/fastify`) needs Node
//! and npm, which fetches its packages once into the target folder. What is not there is left out, and named in the table.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark ends where something is not as expected"
)]

mod checks;
#[path = "../../support/postgres.rs"]
#[expect(dead_code, reason = "the tests share one cluster, the benchmark makes its own")]
mod cluster;
mod coverage;
mod customers;
mod database;
mod dice;
mod exports;
mod fastify;
mod fleet;
mod ground;
mod http;
mod node;
mod phones;
mod plain;
mod postgres;
mod pull;
mod sqlite;
mod table;
mod wire;

use clap::Parser as _;

/// What to measure.
#[derive(clap::Parser)]
struct Options {
    /// Parts to run; all of them unless named.
    #[arg(value_parser = ["sqlite", "postgres", "pull", "wire", "fleet", "coverage", "coverage-postgres", "checks"])]
    parts: Vec<String>,
    /// A tenth of the load: shows that it runs, proves nothing.
    #[arg(long)]
    quick: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn want(&self, parts: &[&str]) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| parts.contains(&wanted.as_str()))
    }
}

fn main() -> std::process::ExitCode {
    if let Some(code) = node::run_as_node() {
        return code;
    }
    let options = Options::parse();
    let mut table = table::Table::default();
    if options.want(&["sqlite", "pull", "wire", "fleet", "checks"]) {
        on_sqlite(&mut table, &options);
    }
    if options.want(&["postgres", "pull", "wire"]) {
        on_postgres(&mut table, &options);
    }
    if options.want(&["coverage"]) {
        coverage::measure_sqlite(&mut table, options.quick);
    }
    if options.want(&["coverage", "coverage-postgres"]) {
        coverage::measure_postgres(&mut table, options.quick);
    }
    table.print();
    table.verdict()
}

fn on_sqlite(table: &mut table::Table, options: &Options) {
    let ground = sqlite::Ground::prepare();
    if options.want(&["sqlite"]) {
        sqlite::measure(table, &ground, options.quick);
    }
    if options.want(&["pull"]) {
        pull::measure_sqlite(table, &ground, options.quick);
    }
    if options.want(&["wire"]) {
        wire::measure_sqlite(table, &ground, options.quick);
    }
    if options.want(&["fleet"]) {
        fleet::measure(table, &ground, options.quick);
    }
    if options.want(&["checks"]) {
        checks::measure(table, &ground, options.quick);
    }
}

fn on_postgres(table: &mut table::Table, options: &Options) {
    let Some(ground) = postgres::Ground::prepare() else {
        return table.note("PostgreSQL", "left out: it is not installed");
    };
    let yardstick = options.want(&["postgres", "pull"]).then(fastify::Yardstick::install).flatten();
    if yardstick.is_none() && options.want(&["postgres", "pull"]) {
        table.note("Fastify", "left out: Node or its packages are not to be had");
    }
    if options.want(&["postgres"]) {
        postgres::measure(table, &ground, yardstick.as_ref(), options.quick);
    }
    if options.want(&["pull"]) {
        pull::measure_postgres(table, &ground, yardstick.as_ref(), options.quick);
    }
    if options.want(&["wire"]) {
        wire::measure_postgres(table, &ground, options.quick);
    }
}
