//! The yardstick, `benches/fastify`: installed into a copy under the target folder, so that the sources stay clean.

use crate::node::Node;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/fastify");

/// An installed yardstick.
pub struct Yardstick {
    folder: PathBuf,
}

impl Yardstick {
    /// Installs it; `None` where Node is not to be had, or its packages.
    pub fn install() -> Option<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fastify");
        std::fs::create_dir_all(&folder).unwrap();
        let lock = "package-lock.json";
        let read = |path: PathBuf| std::fs::read(path).ok();
        let is_installed = folder.join("node_modules/.package-lock.json").exists()
            && read(folder.join(lock)) == read(Path::new(SOURCES).join(lock));
        for name in ["package.json", lock, "server.js"] {
            std::fs::copy(Path::new(SOURCES).join(name), folder.join(name)).unwrap();
        }
        if !is_installed {
            let mut npm = Command::new("npm");
            npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
            let installed = npm.current_dir(&folder).stdout(Stdio::null()).status();
            if !installed.is_ok_and(|status| status.success()) {
                return None;
            }
        }
        Some(Self { folder })
    }

    /// Starts it on a database, one process as Node has it.
    pub fn start(&self, database: &str) -> Node {
        let mut command = Command::new("node");
        command.arg("server.js").current_dir(&self.folder);
        command.env("DATABASE_URL", database).env("NODE_ENV", "production").env("PORT", "0");
        Node::of(command)
    }
}
