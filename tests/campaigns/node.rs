//! A server process that can be killed and started again at the same address.

use crate::support::Database;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

/// A server process. It is killed with this value.
pub struct Node {
    database: Arc<Database>,
    bug: Option<&'static str>,
    /// What its environment holds beside its own.
    environment: Vec<(&'static str, PathBuf)>,
    port: u16,
    running: Option<Running>,
}

struct Running {
    child: Child,
    /// Its end is the process's end.
    _stdin: ChildStdin,
}

impl Node {
    /// A node on a database, started; with the first-run token where the data are new.
    pub fn start(database: &Arc<Database>, bug: Option<&'static str>) -> (Self, Option<String>) {
        Self::start_with(database, bug, &[])
    }

    /// The same with an environment.
    pub fn start_with(
        database: &Arc<Database>,
        bug: Option<&'static str>,
        environment: &[(&'static str, PathBuf)],
    ) -> (Self, Option<String>) {
        let environment = environment.to_vec();
        let mut node = Self { database: Arc::clone(database), bug, environment, port: free_port(), running: None };
        let token = node.start_again();
        (node, token)
    }

    /// `http://127.0.0.1:port`, the same after every start.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Starts the process again, and waits until it listens.
    pub fn start_again(&mut self) -> Option<String> {
        self.kill();
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.database.dir.join("node.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_campaign-node"));
        command.env_clear().env("METERBOOK_LOG", "error").args([
            "serve",
            "--listen",
            &format!("127.0.0.1:{}", self.port),
        ]);
        command.arg("--data-dir").arg(&self.database.dir).args(["--database", &self.database.url]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(bug) = self.bug {
            command.env("METERBOOK_PLANTED_BUG", bug);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let stdin = child.stdin.take().unwrap();
        self.running = Some(Running { child, _stdin: stdin });
        let mut said = Vec::new();
        for line in lines {
            let token = line.contains("setup_token").then(|| line.split('"').nth(3).unwrap().to_owned());
            let is_claimed = line.contains("http://") && self.database.dir.join("claimed").exists();
            said.push(line);
            if token.is_some() || is_claimed {
                return token;
            }
        }
        panic!("the node did not start: {said:?}\n{}", self.log());
    }

    /// From its next start on the node makes a mistake.
    pub fn plant(&mut self, bug: Option<&'static str>) {
        self.bug = bug;
    }

    /// From now on a start does not wait for a first-run token.
    pub fn is_claimed(&self) {
        std::fs::write(self.database.dir.join("claimed"), "").unwrap();
    }

    /// kill -9.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
        }
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.database.dir.join("node.log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port below those the system gives out by itself, so that nobody takes it while the node is down.
fn free_port() -> u16 {
    let start = u16::try_from(uuid::Uuid::now_v7().as_u64_pair().1 % 12_000).unwrap() + 20_000;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (start..).find(is_free).unwrap()
}
