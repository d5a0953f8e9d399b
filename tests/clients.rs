//! Clients in other languages: made of `openapi.yaml` by a generator nobody here wrote, and then used.
//!
//! A client is of use when each member, parameter and answer has a type of its own. The first test asks that of the
//! document, the second of the sources made of it, and the last two compile and use what can be compiled here.

use crate::support::World;
use crate::support::street::Street;
use crate::support::tools::{TESTS, Tools, run, tools, workshop};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What makes a generator fall back to a type that says nothing, or to one that a value added later would break.
const FORBIDDEN_IN_SCHEMAS: [&str; 10] =
    ["oneOf", "anyOf", "allOf", "not", "const", "enum", "nullable", "patternProperties", "if", "discriminator"];

/// Warnings of the generator that take nothing from a client: the reason is beside each.
const HARMLESS_WARNINGS: [(&str, &str); 3] = [
    ("OpenAPI 3.1 support is still in beta", "it says so of every document"),
    ("Failed to get the schema name: null", "it asks parameters of plain types for their schema's name"),
    ("(reserved word) cannot be used as model name", "a member is called so; the models' names are compared below"),
];

/// A language, and where the generator puts what in it.
struct Language {
    /// The generator's settings are in `tests/clients/<name>.yaml`.
    name: &'static str,
    extension: &'static str,
    models: &'static str,
    operations: &'static str,
    /// What stands for "whatever it is".
    vague: &'static [&'static str],
    /// Whether a line gives the type of a member, a parameter or an answer. Elsewhere the generator may do as it likes.
    declares: fn(&str) -> bool,
}

const LANGUAGES: [Language; 4] = [
    Language {
        name: "kotlin",
        extension: "kt",
        models: "src/main/kotlin/meterbook/client/models",
        operations: "src/main/kotlin/meterbook/client/apis",
        vague: &["Any", "Object", "JsonElement"],
        declares: |_| true,
    },
    Language {
        name: "swift",
        extension: "swift",
        models: "Sources/MeterbookClient/Models",
        operations: "Sources/MeterbookClient/APIs",
        // `any Sendable` is how Swift writes parameters of the transport.
        vague: &["Any", "AnyCodable", "AnyObject", "JSONValue"],
        declares: |_| true,
    },
    Language {
        name: "typescript",
        extension: "ts",
        models: "models",
        operations: "apis",
        vague: &["any", "object", "Object", "unknown"],
        // Members end in a semicolon, four spaces in; functions that convert them are further in or begin with a word.
        declares: |line| line.contains("Promise<") || is_member(line, 4) && line.ends_with(';'),
    },
    Language {
        name: "python",
        extension: "py",
        models: "meterbook_client/models",
        operations: "meterbook_client/api",
        vague: &["Any", "object"],
        // Parameters with an underscore are the transport's.
        declares: |line| line.starts_with("    ) -> ") || is_member(line, 4) || is_member(line, 8),
    },
];

/// `name: type`, this far in.
fn is_member(line: &str, indent: usize) -> bool {
    let Some(rest) = line.strip_prefix(&" ".repeat(indent)) else { return false };
    let Some((name, _)) = rest.split_once(':') else { return false };
    name.starts_with(|c: char| c.is_ascii_lowercase() || c == '\'')
        && name.chars().all(|c| c.is_alphanumeric() || "_'?".contains(c))
}

fn document() -> Value {
    serde_json::to_value(meterbook_api::contract::openapi()).unwrap()
}

#[test]
fn every_type_in_the_contract_is_plain_or_has_a_name() {
    let document = document();
    let mut faults = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let place = format!("schemas/{name}");
        match schema["type"].as_str() {
            Some("object") => {
                let members = schema["properties"].as_object().cloned().unwrap_or_default();
                // A map has a type for its values instead of members.
                if members.is_empty() && !schema["additionalProperties"].is_object() {
                    faults.push(format!("{place}: an object of nothing"));
                }
                members.iter().for_each(|(member, schema)| check(schema, &format!("{place}/{member}"), &mut faults));
                forbidden(schema, &place, &mut faults);
            }
            _ => check(schema, &place, &mut faults),
        }
    }
    each_schema(&document["paths"], "", &mut |schema, place| check(schema, place, &mut faults));
    assert!(faults.is_empty(), "generated clients can't use:\n{}", faults.join("\n"));
}

/// Calls for each `schema` of the operations.
fn each_schema(value: &Value, place: &str, found: &mut impl FnMut(&Value, &str)) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in members {
        let place = format!("{place}/{name}");
        if name == "schema" { found(value, &place) } else { each_schema(value, &place, found) }
    }
}

fn forbidden(schema: &Value, place: &str, faults: &mut Vec<String>) {
    let words = FORBIDDEN_IN_SCHEMAS.iter().filter(|word| schema.get(**word).is_some());
    faults.extend(words.map(|word| format!("{place}: {word}")));
    if schema["additionalProperties"] == json!(true) {
        faults.push(format!("{place}: additionalProperties without a type"));
    } else if schema["additionalProperties"].is_object() {
        check(&schema["additionalProperties"], &format!("{place}/*"), faults);
    }
}

/// What a member, a parameter or a body may be: a name, something plain, or a list of those.
fn check(schema: &Value, place: &str, faults: &mut Vec<String>) {
    forbidden(schema, place, faults);
    if schema.get("$ref").is_some() {
        return;
    }
    match schema["type"].as_str() {
        Some("string" | "integer" | "number" | "boolean") => {}
        Some("array") => check(&schema["items"], &format!("{place}[]"), faults),
        // A map: the type of its values was seen just above.
        Some("object") if schema["additionalProperties"].is_object() && schema.get("properties").is_none() => {}
        Some("object") => faults.push(format!("{place}: an object without a name")),
        _ => faults.push(format!("{place}: no type, or several")),
    }
}

/// Makes the client of a language of a document. Warnings that may mean something.
fn generate(tools: Tools, language: &Language, document: &Path, folder: &Path) -> Vec<String> {
    let _ = std::fs::remove_dir_all(folder);
    let settings = Path::new(TESTS).join(format!("clients/{}.yaml", language.name));
    let mut command = tools.python("openapi-generator-cli");
    command.args(["generate", "--input-spec"]).arg(document).arg("--config").arg(settings).arg("--output").arg(folder);
    let said = run(&mut command);
    let is_harmless = |line: &&str| HARMLESS_WARNINGS.iter().any(|(text, _)| line.contains(text));
    let warnings = said.lines().filter(|line| line.contains("WARN") || line.contains("ERROR"));
    warnings.filter(|line| !is_harmless(line)).map(str::to_owned).collect()
}

/// The four clients of `openapi.yaml`, under `target/tmp/clients`, and what there is against them.
fn clients(tools: Tools) -> &'static (PathBuf, Vec<String>) {
    static CLIENTS: OnceLock<(PathBuf, Vec<String>)> = OnceLock::new();
    CLIENTS.get_or_init(|| {
        let folder = workshop("clients");
        (folder.clone(), generate_all(tools, &Path::new(TESTS).join("../openapi.yaml"), &folder))
    })
}

fn generate_all(tools: Tools, document: &Path, folder: &Path) -> Vec<String> {
    let one = |language: &'static Language| {
        let client = folder.join(language.name);
        let mut faults = generate(tools, language, document, &client);
        faults.extend(vague_types(language, &client));
        faults.into_iter().map(|fault| format!("{}: {fault}", language.name)).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let running = LANGUAGES.each_ref().map(|language| scope.spawn(move || one(language)));
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// The sources in a folder of a client.
fn sources(language: &Language, folder: PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == language.extension)).collect();
    found.sort();
    found
}

/// Each place where a type says nothing.
fn vague_types(language: &Language, client: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut declarations = 0;
    let folders = [language.models, language.operations].map(|folder| client.join(folder));
    for path in folders.into_iter().flat_map(|folder| sources(language, folder)) {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_comment = |line: &&str| ["//", "/*", "*", "#"].iter().any(|start| line.trim_start().starts_with(start));
        for line in text.lines().filter(|line| !is_comment(line) && (language.declares)(line)) {
            declarations += 1;
            let line = without_texts(line);
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.any(|word| language.vague.contains(&word) || word.contains("OneOf") || word.contains("AnyOf")) {
                found.push(format!("{}: {}", path.file_name().unwrap().display(), line.trim()));
            }
        }
    }
    assert!(declarations > 10, "the scan sees nothing of {}", language.name);
    found
}

/// A line without what is between double quotes: descriptions may say "any".
fn without_texts(line: &str) -> String {
    line.replace("\\\"", "").split('"').step_by(2).collect()
}

/// A name as every language writes it, but for capitals and underscores.
fn folded(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

#[test]
fn the_generated_clients_give_every_value_a_type() {
    let Some(tools) = tools() else { return };
    let (folder, faults) = clients(tools);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let document = document();
    let objects = document["components"]["schemas"].as_object().unwrap().iter();
    let is_model = |schema: &Value| schema["type"] == "object" && schema["properties"].is_object();
    let named: BTreeSet<String> = objects.filter(|(_, it)| is_model(it)).map(|(name, _)| folded(name)).collect();
    for language in &LANGUAGES {
        let files = sources(language, folder.join(language.name).join(language.models));
        let stems = files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap());
        let made: BTreeSet<String> = stems.filter(|stem| !["index", "__init__"].contains(stem)).map(folded).collect();
        let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>();
        let (missing, added) = (only(&named, &made), only(&made, &named));
        assert!(missing.is_empty(), "{}: renamed or not made: {missing:?}", language.name);
        assert!(added.is_empty(), "{}: types the contract does not name: {added:?}", language.name);
    }
}

/// The scan above finds what it looks for.
#[test]
fn a_type_that_says_nothing_is_found_in_every_language() {
    let Some(tools) = tools() else { return };
    let mut document = document();
    let answer = document["components"]["schemas"]["PushAnswer"]["properties"].as_object_mut().unwrap();
    answer.insert("whatever".into(), json!({}));
    let kept = |members: &Map<String, Value>, names: &[&str]| {
        names.iter().map(|name| ((*name).to_owned(), members[*name].clone())).collect::<Map<_, _>>()
    };
    document["paths"] = Value::Object(kept(document["paths"].as_object().unwrap(), &["/v1/sync/records"]));
    let names = ["PushRequest", "PushItem", "PushAnswer", "ItemReceipt", "ProblemBody", "FieldFault", "Time"];
    let schemas = kept(document["components"]["schemas"].as_object().unwrap(), &names);
    document["components"]["schemas"] = Value::Object(schemas);
    let folder = workshop("spoiled-clients");
    let spoiled = folder.join("openapi.json");
    std::fs::write(&spoiled, document.to_string()).unwrap();
    let faults = generate_all(tools, &spoiled, &folder);
    assert!(faults.iter().all(|fault| fault.contains("whatever")), "{faults:?}");
    let languages: BTreeSet<&str> = faults.iter().filter_map(|fault| fault.split(':').next()).collect();
    assert_eq!(languages, LANGUAGES.iter().map(|language| language.name).collect(), "{faults:?}");
}

/// A reader with a round to do, and a code for one more phone of his.
pub async fn phone_to_be(world: &World) -> String {
    let street = Street::build(world).await;
    world.activation_code(street.phone.account).await
}

/// What the phone is told of the world.
pub fn told<'c>(command: &'c mut Command, world: &World, code: &str) -> &'c mut Command {
    command.env("METERBOOK_URL", &world.url).env("METERBOOK_CODE", code)
}

fn assert_a_day_was_done(world: &World, said: &str) {
    assert!(said.contains("as expected"), "{said}");
    let kinds = world.database.texts("SELECT kind AS value FROM records ORDER BY device_seq");
    assert_eq!(kinds, ["reading", "attempt"]);
    assert_eq!(world.database.texts("SELECT code AS value FROM quarantine"), ["unknown_kind"]);
}

/// The TypeScript client with a phone written for it, compiled once.
fn typescript_phone(tools: Tools) -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let client = clients(tools).0.join("typescript");
        let folder = tools.node_project("clients/typescript");
        let _ = std::fs::remove_dir_all(folder.join("client"));
        copy(&client, &folder.join("client"));
        run(Command::new("node_modules/.bin/tsc").current_dir(&folder));
        folder
    })
}

fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-r").args([from, to]));
}

/// The Python client beside a phone written for it, its types checked once.
fn python_phone(tools: Tools) -> &'static Path {
    static CHECKED: OnceLock<PathBuf> = OnceLock::new();
    CHECKED.get_or_init(|| {
        let folder = clients(tools).0.join("python");
        std::fs::copy(Path::new(TESTS).join("clients/phone.py"), folder.join("phone.py")).unwrap();
        let mut mypy = tools.python("mypy");
        run(mypy.args(["--strict", "--follow-imports=silent", "--config-file=", "phone.py"]).current_dir(&folder));
        folder
    })
}

on_both_stores! {
    async fn a_phone_works_with_the_generated_typescript_client(world: World) {
        let Some(tools) = tools() else { return };
        let (folder, code) = (typescript_phone(tools), phone_to_be(&world).await);
        let said = run(told(tools.node(folder).arg("built/phone.js"), &world, &code));
        assert_a_day_was_done(&world, &said);
    }

    async fn a_phone_works_with_the_generated_python_client(world: World) {
        let Some(tools) = tools() else { return };
        let (folder, code) = (python_phone(tools), phone_to_be(&world).await);
        let said = run(told(tools.python("python").arg("phone.py").current_dir(folder), &world, &code));
        assert_a_day_was_done(&world, &said);
    }
}
