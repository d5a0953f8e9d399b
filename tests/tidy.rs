//! The house rules a machine can check (DESIGN "Size and style").

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const MOST_LINES: usize = 500;
const MOST_LINES_OF_TESTS: usize = 800;
const MOST_LINES_OF_A_FUNCTION: usize = 80;

/// SQL outside a slice's store: the reason is beside each.
const SQL_ELSEWHERE: [(&str, &str); 1] =
    [("api/src/http/idempotency.rs", "one table that belongs to no capability but to the manner of asking")];

/// Tables that more than one slice writes: the reason is beside each.
const SHARED_TABLES: [(&str, &str); 2] = [
    ("records", "a phone's record comes by sync, one from before Meterbook by import; neither is ever changed"),
    ("devices", "accounts hands phones out and revokes them; sync notes how far each has come and how its clock stood"),
];

/// Written in pieces, so that this file does not name what it forbids.
const FORBIDDEN: [&str; 6] = [
    concat!("allow", "("),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("#[ig", "nore"),
];

struct Source {
    /// From the root, with slashes.
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
    }

    /// The slice of `api/src` it belongs to.
    fn slice(&self) -> Option<&str> {
        self.path.strip_prefix("api/src/")?.split('/').next().map(|part| part.trim_end_matches(".rs"))
    }

    /// Lines that are code.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in ["api", "core", "tests"] {
        collect(&Path::new(ROOT).join(folder), &mut found);
    }
    assert!(found.len() > 30);
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned();
            found.push(Source { path, text });
        }
    }
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let is_too_long = |source: &Source| {
        let most = if source.is_test() { MOST_LINES_OF_TESTS } else { MOST_LINES };
        let lines = source.text.lines().count();
        (lines > most).then(|| format!("{}: {lines} lines", source.path))
    };
    assert_none("too long", &sources().iter().filter_map(is_too_long).collect::<Vec<_>>());
}

#[test]
fn no_function_is_too_long() {
    let mut found = Vec::new();
    for source in sources() {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let trimmed = line.trim_start();
            let is_function = trimmed.split(' ').take_while(|word| !word.contains('(')).any(|word| word == "fn")
                && !trimmed.starts_with("//");
            if !is_function {
                continue;
            }
            // The sources are formatted: a function ends at the first brace as far in as it began.
            let end = format!("{}}}", &line[..line.len() - trimmed.len()]);
            let is_on_one_line = line.ends_with('}') || line.ends_with(';');
            let length = lines[at..].iter().position(|line| *line == end).unwrap_or(0) + 1;
            if !is_on_one_line && length > MOST_LINES_OF_A_FUNCTION {
                found.push(format!("{}:{}: {length} lines", source.path, at + 1));
            }
        }
    }
    assert_none("too long", &found);
}

#[test]
fn nothing_forbidden_is_written() {
    let mut found = Vec::new();
    for source in sources() {
        for (at, line) in source.text.lines().enumerate() {
            let is_attribute = line.trim_start().starts_with("#[") || line.trim_start().starts_with("#![");
            for word in FORBIDDEN.iter().filter(|word| line.contains(**word)) {
                if *word != FORBIDDEN[0] || is_attribute {
                    found.push(format!("{}:{}: {word}", source.path, at + 1));
                }
            }
        }
    }
    assert_none("forbidden", &found);
}

#[test]
fn sql_lives_in_the_stores() {
    let may = |source: &Source| {
        let in_store = source.path.ends_with("/store.rs") || source.path.contains("/store/");
        in_store || source.path.starts_with("api/src/db/") || SQL_ELSEWHERE.iter().any(|(path, _)| source.path == *path)
    };
    let words =
        ["each!(", "sql_query", "insert_into(", "diesel::update", "diesel::delete", "batch_execute", "::table."];
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("api/src/") && !may(source)) {
        for (at, line) in source.code().filter(|(_, line)| words.iter().any(|word| line.contains(word))) {
            found.push(format!("{}:{at}: {}", source.path, line.trim()));
        }
    }
    for (path, reason) in SQL_ELSEWHERE {
        assert!(Path::new(ROOT).join(path).exists(), "{path} is gone ({reason}): take it off the list");
    }
    assert_none("SQL outside a store", &found);
}

/// One write in the sources.
struct Write {
    verb: &'static str,
    table: String,
    place: String,
}

/// The table of `update(accounts::table.find(…))`, or of the variable given instead.
fn table_of(argument: &str, before: &str) -> Option<String> {
    let named = |text: &str| {
        let end = text.find("::table")?;
        let start = text[..end].rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        Some(text[start..end].to_owned())
    };
    let variable: String = argument.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if argument[variable.len()..].starts_with("::") {
        return named(argument);
    }
    named(&before[before.rfind(&format!("let {variable} = "))?..])
}

fn writes(source: &Source) -> Vec<Write> {
    let text: String = source.code().map(|(_, line)| format!("{line}\n")).collect();
    let mut found = Vec::new();
    for (verb, call) in [("insert", "insert_into("), ("update", "diesel::update("), ("delete", "diesel::delete(")] {
        for (at, _) in text.match_indices(call) {
            let argument = text[at + call.len()..].trim_start();
            let place = format!("{}: {call}{}", source.path, argument.lines().next().unwrap_or_default());
            let table = table_of(argument, &text[..at]).unwrap_or_else(|| panic!("which table is this? {place}"));
            found.push(Write { verb, table, place });
        }
    }
    for (verb, call) in [("insert", "INSERT INTO "), ("update", "UPDATE "), ("delete", "DELETE FROM ")] {
        for (at, _) in text.match_indices(call) {
            // `FOR UPDATE` locks, and `ON CONFLICT … DO UPDATE SET` belongs to its INSERT.
            let table: String =
                text[at + call.len()..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if !table.is_empty() && !text[..at].ends_with("FOR ") {
                found.push(Write { verb, place: format!("{}: {call}{table}", source.path), table });
            }
        }
    }
    found
}

#[test]
fn a_table_has_one_writing_slice() {
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let Some(slice) = source.slice() else { continue };
        for write in writes(&source) {
            writers.entry(write.table).or_default().insert(slice.to_owned());
        }
    }
    assert!(writers.contains_key("accounts") && writers.contains_key("refresh_tokens"), "the scan finds nothing");
    let is_shared = |table: &str| SHARED_TABLES.iter().any(|(shared, _): &(&str, &str)| *shared == table);
    let several = writers.iter().filter(|(table, slices)| slices.len() > 1 && !is_shared(table));
    assert_none("written by several", &several.map(|(table, by)| format!("{table}: {by:?}")).collect::<Vec<_>>());
}

#[test]
fn append_only_tables_are_only_appended_to() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.slice().is_some()) {
        let changes = writes(source).into_iter().filter(|write| write.verb != "insert");
        let of_these = changes.filter(|write| super::schemas::APPEND_ONLY.contains(&write.table.as_str()));
        found.extend(of_these.map(|write| write.place));
    }
    assert_none("changes of append-only tables", &found);
}

#[test]
fn the_core_depends_on_dates_and_ids_alone() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("core/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names: Vec<&str> =
        dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next()).filter(|n| !n.is_empty()).collect();
    assert_eq!(names, ["chrono", "uuid"]);
}

/// The core's first page sends its reader to the glossary.
#[test]
fn the_glossary_is_there() {
    let glossary = std::fs::read_to_string(Path::new(ROOT).join("core/README.md")).unwrap_or_default();
    assert!(glossary.contains("抄表"), "core/README.md is missing or has no glossary");
}
