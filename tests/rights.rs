//! Who may call what: every operation of the contract by every role, against a table a person has read (SECURITY 1).

use crate::support::{Contract, World};
use meterbook::accounts::{Operation, Role};
use std::fmt::Write as _;
use std::path::Path;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rights.golden");

/// `nobody`, then the roles.
fn callers() -> Vec<&'static str> {
    std::iter::once("nobody").chain(Role::ALL.map(Role::code)).collect()
}

/// One row per operation: `yes`, `401` or `403` per caller.
fn render(answers: impl Iterator<Item = (&'static str, Vec<&'static str>)>) -> String {
    let mut rows: Vec<_> = answers.collect();
    rows.sort();
    let mut text = format!("{:<24}", "operation");
    for caller in callers() {
        write!(text, " {caller:>10}").unwrap();
    }
    for (id, cells) in rows {
        write!(text, "\n{id:<24}").unwrap();
        for cell in cells {
            write!(text, " {cell:>10}").unwrap();
        }
    }
    text.push('\n');
    text
}

fn expected_cell(operation: Operation, caller: &str) -> &'static str {
    match Role::from_code(caller) {
        _ if operation.rights() == meterbook::accounts::Rights::Public => "yes",
        None => "401",
        Some(role) if operation.allows(role) => "yes",
        Some(_) => "403",
    }
}

/// The table in the sources is the one a person has read: a change of rights shows in the diff.
#[test]
fn the_rights_are_those_of_the_golden_table() {
    let row = |operation: &Operation| {
        let cells = callers().into_iter().map(|caller| expected_cell(*operation, caller)).collect();
        (operation.id(), cells)
    };
    let rendered = render(Operation::ALL.iter().map(row));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &rendered).unwrap();
    }
    let golden = std::fs::read_to_string(Path::new(GOLDEN)).unwrap_or_default();
    assert!(golden == rendered, "rights.golden differs; if that is meant, run with UPDATE_GOLDEN=1:\n{rendered}");
}

fn role_of(caller: &str) -> Role {
    Role::from_code(caller).unwrap_or_else(|| panic!("{caller} is no role"))
}

on_both_stores! {
    /// An operation that forgets to ask answers something else than 401 or 403 here.
    async fn every_operation_answers_every_role_as_the_table_says(world: World) {
        for caller in callers() {
            for operation in &Contract::get().operations {
                let known = Operation::from_id(&operation.id).unwrap_or_else(|| panic!("{} has no rights", operation.id));
                // Anew each time where the call itself ends the session.
                let token = match Role::from_code(caller) {
                    None => String::new(),
                    Some(role) => world.cached_desk(role, operation.id == "logout").await.access,
                };
                let path = operation.path_with("0");
                let mut request = world.request(operation.method.parse().unwrap(), &path);
                if !token.is_empty() {
                    request = request.bearer_auth(token);
                }
                let answer = world.send(request).await;
                let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
                let cell = match (answer.status, code.as_str()) {
                    (401, "unauthenticated") => "401",
                    (403, "forbidden") => "403",
                    // The answer to HEAD has no body.
                    (401, _) if operation.method == "HEAD" => "401",
                    (403, _) if operation.method == "HEAD" && !known.allows(role_of(caller)) => "403",
                    _ => "yes",
                };
                let asked = format!("{caller} {}: {} {code}", operation.id, answer.status);
                assert!(answer.status < 500, "{asked}");
                assert_eq!((asked.as_str(), cell), (asked.as_str(), expected_cell(known, caller)));
            }
        }
    }
}
