//! Programs of other languages that tests drive: Python, Java, Node and a browser, each in a folder of its own under `target`.
//!
//! What they need is installed once, from PyPI and npm by name, and kept until the list of it changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// The folder of the tests' sources.
pub const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// How to get what is used here.
const INSTALL: &str = "apt-get install -y default-jre-headless nodejs npm python3-venv chromium fonts-noto-cjk";

/// The tools, where all of them are installed; otherwise says so, and fails where nothing may be skipped.
pub fn tools() -> Option<Tools> {
    static MISSING: OnceLock<Vec<&str>> = OnceLock::new();
    let wanted: [&[&str]; 4] =
        [&["python3", "-c", "import ensurepip"], &["java", "-version"], &["node", "-v"], &["npm", "-v"]];
    all_there(MISSING.get_or_init(|| missing(&wanted)))
}

/// Node and a browser for it, likewise.
pub fn browser() -> Option<Tools> {
    static MISSING: OnceLock<Vec<&str>> = OnceLock::new();
    let wanted: [&[&str]; 3] = [&["node", "-v"], &["npm", "-v"], &["chromium", "--version"]];
    all_there(MISSING.get_or_init(|| missing(&wanted)))
}

fn missing<'n>(wanted: &[&[&'n str]]) -> Vec<&'n str> {
    wanted.iter().filter(|line| !answers(line)).map(|line| line[0]).collect()
}

fn all_there(missing: &[&str]) -> Option<Tools> {
    if missing.is_empty() {
        return Some(Tools(()));
    }
    let may_skip = std::env::var_os("CI").is_none_or(|value| value.is_empty());
    assert!(may_skip, "missing: {missing:?}. {INSTALL}");
    println!("skipped, since these are missing: {missing:?}. {INSTALL}");
    None
}

fn answers(line: &[&str]) -> bool {
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A folder for what is made of the sources, kept from one run to the next.
pub fn workshop(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a command to its end, which must be a good one. What it said.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} ended with {}\n{said}", output.status);
    said
}

/// Proof that the programs are there.
#[derive(Clone, Copy)]
pub struct Tools(());

impl Tools {
    /// A program out of an environment with the packages of `tests/clients/requirements.txt`.
    pub fn python(self, program: &str) -> Command {
        let (folder, list) = (workshop("python"), Path::new(TESTS).join("clients/requirements.txt"));
        once_for(&folder, &list, || {
            let _ = std::fs::remove_dir_all(folder.join("venv"));
            run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(&folder));
            let pip = folder.join("venv/bin/pip");
            run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&list));
        });
        Command::new(folder.join("venv/bin").join(program))
    }

    /// A copy of a folder of `tests` with the packages its `package-lock.json` names.
    pub fn node_project(self, source: &str) -> PathBuf {
        let (from, folder) = (Path::new(TESTS).join(source), workshop(&format!("node/{source}")));
        for entry in std::fs::read_dir(&from).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
            }
        }
        once_for(&folder, &from.join("package-lock.json"), || {
            run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder));
        });
        folder
    }

    /// Node, in a folder.
    pub fn node(self, folder: &Path) -> Command {
        let mut command = Command::new("node");
        command.current_dir(folder);
        // Node 18, which Debian 12 has, keeps the Web Crypto of browsers and later Nodes behind this.
        if run(Command::new("node").arg("-v")).starts_with("v18.") {
            command.arg("--experimental-global-webcrypto");
        }
        command
    }
}

/// Does something in a folder unless it was done there for this very list. One at a time: tests share the folders.
fn once_for(folder: &Path, list: &Path, work: impl FnOnce()) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (done, wanted) = (folder.join("installed"), std::fs::read(list).unwrap());
    if std::fs::read(&done).is_ok_and(|done| done == wanted) {
        return;
    }
    // Cut off half-way it is to be done again, whatever the list is then.
    let _ = std::fs::remove_file(&done);
    work();
    std::fs::write(done, wanted).unwrap();
}
