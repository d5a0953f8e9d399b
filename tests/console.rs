//! The console in a real browser (`tests/browser/console.mjs`), against the real program with a demonstration city in it: what an analyst
//! and a dispatcher do all day, by keyboard where there is a key, in both languages and lights.
//!
//! SQLite alone: the console sees the API and no store, and the API is tested on both.

use crate::startup::meterbook;
use crate::support::tools::{TESTS, Tools, browser, run, workshop};
use crate::support::{Database, StoreKind};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The month the city has lived through: the console is told to look at it.
const MONTH: &str = "2026-03";

/// A running demonstration. It ends with this value.
struct City {
    server: Child,
    url: String,
    /// Passwords by role.
    passwords: BTreeMap<String, String>,
    _database: Database,
}

impl City {
    fn start() -> Self {
        let database = Database::fresh(StoreKind::Sqlite).unwrap();
        let mut command = Command::new(meterbook());
        command.env_clear().args(["demo", "--points", "400", "--listen", "127.0.0.1:0", "--month", MONTH]);
        command.arg("--data-dir").arg(&database.dir).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = command.spawn().unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
        let serving = lines.find(|line| line.starts_with("Serving at ")).expect("it never serves");
        let url = serving.split_whitespace().nth(2).unwrap().to_owned();
        let logins = lines.by_ref().take_while(|line| line.starts_with("  "));
        let passwords = logins.filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            [role, _, password] => Some((role.to_owned(), password.to_owned())),
            _ => None,
        });
        let passwords = passwords.collect();
        // It has more to say: nobody listening, it would end.
        std::thread::spawn(move || lines.for_each(drop));
        Self { server, url, passwords, _database: database }
    }
}

impl Drop for City {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The scripts with their packages, and the console's modules below the same `package.json`.
fn project(tools: Tools) -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| tools.node_project("browser"))
}

/// Pictures of every page lie in `target/…/browser/console` afterwards, to be looked at; those of the README are among them.
#[test]
fn an_analyst_and_a_dispatcher_work_a_month_in_a_browser() {
    let Some(tools) = browser() else { return };
    let city = City::start();
    let shots = workshop("node/browser/console");
    let mut command = tools.node(project(tools));
    command
        .arg("console.mjs")
        .env("METERBOOK_URL", &city.url)
        .env("METERBOOK_MONTH", MONTH)
        .env("METERBOOK_SHOTS", &shots);
    for role in ["analyst", "dispatcher"] {
        command.env(format!("METERBOOK_{}", role.to_uppercase()), &city.passwords[role]);
    }
    let said = run(&mut command);
    assert!(said.contains("as expected"), "{said}");
    println!("{said}");
    for name in ["cases-zh-light.png", "cases-en-dark.png", "coverage-zh-light.png"] {
        assert!(shots.join(name).exists(), "{name}");
    }
}

/// What the console says of the contract's members holds: every path it asks for is one of the contract's.
#[test]
fn the_console_asks_for_what_the_contract_has() {
    let contract = meterbook_api::contract::openapi();
    let document = serde_json::to_value(contract).unwrap();
    let known: Vec<Vec<String>> = document["paths"].as_object().unwrap().keys().map(|path| parts(path)).collect();
    let mut folders = vec![Path::new(TESTS).join("../api/assets/console")];
    let mut asked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "js") {
                let script = std::fs::read_to_string(&entry).unwrap();
                for place in places(&script) {
                    asked += 1;
                    let is_known = known.iter().any(|path| matches(path, &parts(&place)));
                    assert!(is_known, "{}: {place} is not in the contract", entry.display());
                }
            }
        }
    }
    assert!(asked > 60, "{asked}");
}

/// The paths a script asks for, as they begin its texts; what it puts in stands for one part.
fn places(script: &str) -> Vec<String> {
    let begins = ['\'', '`'].into_iter().flat_map(|quote| {
        script.match_indices(&format!("{quote}/v1/")).map(move |(at, _)| (at + 1, quote)).collect::<Vec<_>>()
    });
    begins.map(|(at, quote)| script[at..].split([quote, '?']).next().unwrap().to_owned()).collect()
}

fn parts(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

/// `${…}` and `{…}` stand for anything. A prefix that renews what lies below it is known too.
fn matches(path: &[String], asked: &[String]) -> bool {
    let is_open = |part: &String| part.contains('{');
    asked.len() <= path.len()
        && path.iter().zip(asked).all(|(known, part)| known == part || is_open(part) || is_open(known))
}
