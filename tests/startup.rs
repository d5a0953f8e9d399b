//! The process refuses to start where it would not be safe, and says why (SECURITY 6, 10).

use crate::support::{Database, StoreKind, World, WorldOptions, cluster_without_fsync};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The command as it is installed, built before the tests are.
pub fn meterbook() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let binary = tests.parent().unwrap().parent().unwrap().join("meterbook");
    assert!(binary.exists(), "{} is not there: cargo build", binary.display());
    binary
}

fn command(database: &Database) -> Command {
    // It ends either way: a refusal that does not come must not hang the tests.
    let mut command = Command::new("timeout");
    command.arg("30").arg(meterbook()).env_clear().stdin(Stdio::null());
    command.arg("--data-dir").arg(&database.dir).args(["--database", &database.url]);
    command
}

fn run(database: &Database, arguments: &[&str]) -> Output {
    command(database).args(arguments).output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Demands that an attempt to serve ends with this reason.
fn assert_refused(database: &Database, arguments: &[&str], reason: &str) {
    let output = run(database, &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(reason), "expected {reason:?} in: {}", said(&output));
}

/// A database on which a server has run.
fn used(kind: StoreKind) -> Option<std::sync::Arc<Database>> {
    let world = World::start(Database::fresh(kind)?, WorldOptions::default());
    Some(world.database.clone())
}

#[test]
fn an_exposed_key_file_is_refused() {
    let database = used(StoreKind::Sqlite).unwrap();
    let keys = database.dir.join("keys.json");
    assert_eq!(keys.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o644, 0o640, 0o604, 0o660] {
        std::fs::set_permissions(&keys, PermissionsExt::from_mode(mode)).unwrap();
        assert_refused(&database, &[], "chmod 600");
    }
}

#[test]
fn a_damaged_key_file_is_refused() {
    let database = used(StoreKind::Sqlite).unwrap();
    let keys = database.dir.join("keys.json");
    let whole = std::fs::read_to_string(&keys).unwrap();
    for damaged in ["", "{}", "null", &whole[..whole.len() / 2], &whole.replace("\"tag\": \"", "\"tag\": \"AA")] {
        std::fs::write(&keys, damaged).unwrap();
        assert_refused(&database, &[], "does not hold Meterbook's keys");
    }
}

#[test]
fn plain_http_off_loopback_is_refused() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let output = run(&database, &["serve", "--listen", address]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("--behind-proxy"), "{}", said(&output));
    }
}

#[test]
fn settings_nobody_knows_are_refused_with_what_was_expected() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    assert_refused(&database, &["--password-profile", "strong"], "expected modern or mlps3");
    assert_refused(&database, &["--second-factor", "yes"], "expected optional or required");
    assert_refused(&database, &["--password-profile", "mlps3", "--second-factor", "optional"], "two factors");
}

fn other_keys_are_refused(kind: StoreKind) {
    let Some(database) = used(kind) else { return };
    std::fs::remove_file(database.dir.join("keys.json")).unwrap();
    assert_refused(&database, &[], "key file is not the one");
}

#[test]
fn other_keys_are_refused_on_sqlite() {
    other_keys_are_refused(StoreKind::Sqlite);
}

#[test]
fn other_keys_are_refused_on_postgres() {
    other_keys_are_refused(StoreKind::Postgres);
}

fn a_newer_schema_is_refused(kind: StoreKind) {
    let Some(database) = used(kind) else { return };
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')").unwrap();
    assert_refused(&database, &[], "install the newer version");
    for subcommand in ["check", "migrate"] {
        let output = run(&database, &[subcommand]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("99990101000000"), "{}", said(&output));
    }
}

#[test]
fn a_newer_schema_is_refused_on_sqlite() {
    a_newer_schema_is_refused(StoreKind::Sqlite);
}

#[test]
fn a_newer_schema_is_refused_on_postgres() {
    a_newer_schema_is_refused(StoreKind::Postgres);
}

#[test]
fn a_postgres_that_forgets_is_refused() {
    let Some(cluster) = cluster_without_fsync() else { return };
    let mut database = Database::fresh(StoreKind::Sqlite).unwrap();
    database.url = cluster.url("postgres");
    assert_refused(&database, &[], "fsync=off");
    assert_eq!(run(&database, &["check"]).status.code(), Some(1));
    assert_eq!(run(&database, &["migrate"]).status.code(), Some(1));
}

/// SECURITY 11: the URL may hold a password.
#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let mut database = Database::fresh(StoreKind::Sqlite).unwrap();
    database.url = "postgres://meterbook:hunter2secret@127.0.0.1:1/meterbook".into();
    for subcommand in ["serve", "check", "migrate"] {
        let output = run(&database, &[subcommand]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("can't be opened"), "{}", said(&output));
        assert!(!said(&output).contains("hunter2secret"), "{}", said(&output));
    }
}

fn check_and_migrate_tell_by_their_exit_codes(kind: StoreKind) {
    let Some(database) = Database::empty(kind) else { return };
    assert_eq!(run(&database, &["check"]).status.code(), Some(1));
    assert!(kind == StoreKind::Postgres || !PathBuf::from(&database.url).exists(), "`check` made the database");
    let first = run(&database, &["migrate"]);
    assert!(first.status.success() && said(&first).contains("Applied"), "{}", said(&first));
    let second = run(&database, &["migrate"]);
    assert!(second.status.success() && said(&second).contains("up to date"), "{}", said(&second));
    let check = run(&database, &["check"]);
    assert!(check.status.success() && said(&check).contains("up to date"), "{}", said(&check));
}

#[test]
fn check_and_migrate_tell_by_their_exit_codes_on_sqlite() {
    check_and_migrate_tell_by_their_exit_codes(StoreKind::Sqlite);
}

#[test]
fn check_and_migrate_tell_by_their_exit_codes_on_postgres() {
    check_and_migrate_tell_by_their_exit_codes(StoreKind::Postgres);
}

/// `check` changes nothing, so it must not bring a schema table into a database that has none.
#[test]
fn check_leaves_an_empty_postgres_empty() {
    let Some(database) = Database::empty(StoreKind::Postgres) else { return };
    run(&database, &["check"]);
    let tables =
        database.texts("SELECT table_name AS value FROM information_schema.tables WHERE table_schema = 'public'");
    assert!(tables.is_empty(), "{tables:?}");
}

/// SECURITY 10: the token is printed, works, and SIGTERM ends the service in order.
#[test]
fn a_first_run_prints_its_token_and_ends_on_sigterm() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    let mut server =
        command(&database).args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.find_map(|line| line.split("http://").nth(1).map(str::to_owned)).unwrap();
    let line = lines.find(|line| line.contains("setup_token")).unwrap();
    let token = line.split('"').nth(3).unwrap();
    assert_eq!(token.len(), 43);
    let body = serde_json::json!({ "setup_token": token, "login": "admin", "name": "管理员", "password": crate::support::PASSWORD });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let request = reqwest::Client::new().post(format!("http://{address}/v1/setup")).json(&body);
    assert_eq!(runtime.block_on(request.send()).unwrap().status().as_u16(), 201);
    // `timeout` hands the signal on.
    assert!(Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap().success());
    // 124: `timeout` was told to end it, and it ended.
    assert!(matches!(server.wait().unwrap().code(), Some(0 | 124)));
}
