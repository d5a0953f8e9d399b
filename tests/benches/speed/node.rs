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

/// The service's command line, on a folder and on another database where one is named: what to do is still to be said.
pub fn as_service(folder: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(AS_NODE, "1").env("METERBOOK_LOG", "error").arg("--data-dir").arg(folder);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    command
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
        let mut command = as_service(folder, database);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        Self::of(command)
    }

    /// Starts any server that tells its address as the last word of its first line.
    pub fn of(mut command: Command) -> Self {
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

    /// Processor time it and its workers have used, ms.
    pub fn cpu_ms(&self) -> f64 {
        tree_cpu_ms(self.pid())
    }

    /// Memory it holds, MiB.
    pub fn memory_mib(&self) -> f64 {
        status_mib(self.pid(), "VmRSS").unwrap()
    }

    /// What of it is not mapped from files, MiB.
    pub fn own_memory_mib(&self) -> f64 {
        status_mib(self.pid(), "RssAnon").unwrap()
    }

    /// The most memory it has held, MiB.
    pub fn peak_memory_mib(&self) -> f64 {
        peak_memory_mib(self.pid()).unwrap()
    }
}

/// The most memory a process has held, MiB; `None` once it is gone.
pub fn peak_memory_mib(pid: u32) -> Option<f64> {
    status_mib(pid, "VmHWM")
}

fn status_mib(pid: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Processor time of a process and of all it started, ms.
pub fn tree_cpu_ms(pid: u32) -> f64 {
    let processes =
        std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children = processes.filter(|child| parent_of(*child) == Some(pid));
    cpu_ms(pid) + children.map(cpu_ms).sum::<f64>()
}

/// Who started a process.
fn parent_of(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// What the kernel says of a process, from its state on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything; what follows its closing bracket is plain.
    Some(stat.rsplit(')').next()?.split_whitespace().map(str::to_owned).collect())
}

/// Processor time of a process and of its children that have ended, ms.
pub fn cpu_ms(pid: u32) -> f64 {
    let Some(fields) = stat(pid) else { return 0.0 };
    fields[11..15].iter().map(|ticks| ticks.parse::<f64>().unwrap() * TICK_MS).sum()
}
