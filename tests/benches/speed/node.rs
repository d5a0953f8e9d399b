//! The service as a process of its own, so that its processor time and memory can be told from the phones'.

use clap::Parser as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

const AS_NODE: &str = "METERBOOK_BENCH_AS_NODE";
/// Linux counts processor time in hundredths of a second, whatever its own clock.
const TICK_MS: f64 = 10.0;

/// This executable is the service too: the command line's own entry, when told so. `None` in the benchmark itself.
pub fn run_as_node() -> Option<ExitCode> {
    std::env::var_os(AS_NODE)?;
    Some(meterbook_api::cli::Cli::parse().run())
}

/// A running service.
pub struct Node {
    child: Child,
    /// `http://127.0.0.1:port`.
    pub url: String,
}

impl Node {
    /// Starts it on a folder, and on another database where one is named.
    pub fn start(folder: &Path, database: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(AS_NODE, "1").args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder);
        command.env("METERBOOK_LOG", "error");
        if let Some(database) = database {
            command.args(["--database", database]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("the service did not start").unwrap();
        let url = first.rsplit(' ').next().unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor time it has used, ms.
    pub fn cpu_ms(&self) -> f64 {
        cpu_ms(self.pid())
    }

    /// Memory it holds, MiB.
    pub fn memory_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Processor time of a process and of its children that have ended, ms.
pub fn cpu_ms(pid: u32) -> f64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
    // The name may hold anything; what follows its closing bracket is plain.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..15].iter().map(|ticks| ticks.parse::<f64>().unwrap() * TICK_MS).sum()
}
