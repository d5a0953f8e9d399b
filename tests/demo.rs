//! The demonstration, run as a newcomer runs it: nothing lost, every planted fault found, nobody falsely accused.

use crate::startup::{meterbook, said};
use crate::support::{Database, StoreKind};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

fn demo(database: &Database, more: &[&str]) -> Output {
    let mut command = Command::new("timeout");
    command.arg("240").arg(meterbook()).env_clear();
    command.args(["demo", "--points", "400", "--exit", "--listen", "127.0.0.1:0", "--month", "2026-03"]);
    command.arg("--data-dir").arg(&database.dir).args(["--database", &database.url]).args(more).output().unwrap()
}

/// Rule, planted, found, missed and false of each line of the table.
fn table(output: &str) -> Vec<(String, [usize; 4])> {
    let lines = output.lines().skip_while(|line| !line.starts_with("Against the planted truth")).skip(2);
    let rows = lines.take_while(|line| !line.trim().is_empty()).map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        (cells[0].to_owned(), [1, 2, 3, 4].map(|at| cells[at].parse().unwrap()))
    });
    rows.collect()
}

fn a_month_in_the_city(kind: StoreKind) {
    let Some(database) = Database::empty(kind) else { return };
    let first = demo(&database, &[]);
    let text = said(&first);
    assert!(first.status.success(), "{text}");
    assert!(text.contains("nothing lost, nothing doubled"), "{text}");
    for class in ["commercial", "residential_outdoor", "residential_indoor"] {
        assert!(text.contains(class), "{text}");
    }
    let table = table(&text);
    assert!(table.len() > 15, "{text}");
    for (rule, [planted, found, _, false_alarms]) in table {
        assert_eq!((found, false_alarms), (planted, 0), "{rule}: {text}");
    }
    // A slow or fast meter shows over months: a list gives places to look at, it accuses nobody.
    let listed = text.lines().skip_while(|line| !line.starts_with("The month's lists")).skip(2);
    let places = listed.take_while(|line| !line.trim().is_empty()).map(|line| line.split_whitespace().nth(1).unwrap());
    let places: Vec<usize> = places.map(|places| places.parse().unwrap()).collect();
    assert!(places.len() == 2 && places.iter().all(|places| *places > 0), "{text}");
    assert!(database.dir.join("truth.csv").exists());
    let second = demo(&database, &[]);
    assert!(second.status.success(), "{}", said(&second));
    assert!(said(&second).contains("nothing lost, nothing doubled") && !said(&second).contains("Importing"));
}

#[test]
fn a_month_in_the_city_on_sqlite() {
    a_month_in_the_city(StoreKind::Sqlite);
}

#[test]
fn a_month_in_the_city_on_postgres() {
    a_month_in_the_city(StoreKind::Postgres);
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    let precious = database.dir.join("precious.txt");
    std::fs::write(&precious, "mine").unwrap();
    let refused = demo(&database, &[]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("no demonstration"), "{}", said(&refused));
    assert_eq!(std::fs::read_to_string(precious).unwrap(), "mine");
}

#[test]
fn a_run_that_was_broken_off_begins_again() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    std::fs::write(database.dir.join("demo-unfinished"), "").unwrap();
    std::fs::write(database.dir.join("meterbook.sqlite"), "").unwrap();
    let begun_again = demo(&database, &[]);
    assert!(begun_again.status.success(), "{}", said(&begun_again));
}

/// Killed while it imports, on a database that is not in its folder: the next run begins again, and clears only its own away.
#[test]
fn a_run_that_was_killed_begins_again_on_postgres() {
    let Some(database) = Database::empty(StoreKind::Postgres) else { return };
    kill_while_it_imports(&database);
    assert_eq!(database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM instance"), ["1"]);
    // Another folder's demonstration does not touch it, nor is its own folder spoiled by the attempt.
    let mut other = Database::fresh(StoreKind::Sqlite).unwrap();
    database.url.clone_into(&mut other.url);
    for _ in 0..2 {
        let refused = demo(&other, &[]);
        assert!(
            refused.status.code() == Some(1) && said(&refused).contains("already somebody's"),
            "{}",
            said(&refused)
        );
    }
    let begun_again = demo(&database, &[]);
    let text = said(&begun_again);
    assert!(begun_again.status.success() && text.contains("beginning again"), "{text}");
    assert!(text.contains("nothing lost, nothing doubled"), "{text}");
}

fn kill_while_it_imports(database: &Database) {
    let mut command = Command::new(meterbook());
    command.env_clear().args(["demo", "--points", "300", "--exit", "--listen", "127.0.0.1:0", "--month", "2026-03"]);
    command
        .arg("--data-dir")
        .arg(&database.dir)
        .args(["--database", &database.url])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Importing")), "it imports nothing");
    running.kill().unwrap();
    running.wait().unwrap();
}

/// The second is told of the first, and the first goes on undisturbed.
#[test]
fn two_demonstrations_do_not_share_a_folder() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    let mut command = Command::new(meterbook());
    command.env_clear().args(["demo", "--points", "300", "--listen", "127.0.0.1:0", "--month", "2026-03"]);
    command.arg("--data-dir").arg(&database.dir).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut first = command.spawn().unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Importing")), "it imports nothing");
    let second = demo(&database, &[]);
    assert!(second.status.code() == Some(1) && said(&second).contains("another demonstration"), "{}", said(&second));
    assert!(lines.any(|line| line.contains("nothing lost, nothing doubled")), "the first was disturbed");
    assert!(lines.any(|line| line.contains("Serving at")));
    first.kill().unwrap();
    first.wait().unwrap();
    // With its lock gone, the folder shows the city again.
    let third = demo(&database, &[]);
    assert!(third.status.success() && !said(&third).contains("Importing"), "{}", said(&third));
}

#[test]
fn what_can_not_be_shown_is_refused_with_what_was_expected() {
    let database = Database::fresh(StoreKind::Sqlite).unwrap();
    for (wrong, expected) in [(["--month", "2026-13"], "YYYY-MM"), (["--seed", "x"], "invalid")] {
        let mut command = Command::new(meterbook());
        let refused = command.arg("demo").args(wrong).arg("--data-dir").arg(&database.dir).output().unwrap();
        assert_eq!(refused.status.code(), Some(2));
        assert!(said(&refused).contains(expected), "{}", said(&refused));
    }
}
