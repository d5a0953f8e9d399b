//! The files of the apps a browser gets: headers, hashes, what a first load weighs, and the texts in both languages.

use crate::support::{Answer, World};
use meterbook_api::keys::sha256;
use reqwest::Method;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../api/assets");
/// What a first load may weigh, compressed.
const MOST_BYTES: usize = 150_000;

async fn fetch(world: &World, path: &str, encoding: &str) -> Answer {
    // A client of its own: the usual one inflates what it gets.
    let client = reqwest::Client::builder().no_proxy().no_gzip().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().request(Method::GET, format!("{}{path}", world.url));
    let response = request.header("accept-encoding", encoding).send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
}

/// The list a worker begins with: URL and SHA-256 of every file its app needs out of reach.
async fn shell_of(world: &World, worker: &str) -> BTreeMap<String, String> {
    let answer = fetch(world, worker, "identity").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/javascript; charset=utf-8"));
    let text = String::from_utf8(answer.body).unwrap();
    let list = text.lines().next().unwrap().strip_prefix("const FILES = ").unwrap().strip_suffix(';').unwrap();
    serde_json::from_str(list).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

on_both_stores! {
    async fn an_app_is_what_its_worker_says_and_light(world: World) {
        let shell = shell_of(&world, "/app/worker.js").await;
        assert!(shell.contains_key("/app/") && shell.contains_key("/assets/texts/zh.json"), "{:?}", shell.keys());
        assert!(!shell.keys().any(|path| path.contains("/v1") || path.contains("worker") || path.contains("demo")));
        let mut weight = 0;
        for (path, hash) in &shell {
            let plain = fetch(&world, path, "identity").await;
            assert_eq!((plain.status, &hex(&sha256(&plain.body))), (200, hash), "{path}");
            assert_ne!(plain.header("content-type"), "application/octet-stream", "{path}");
            let small = fetch(&world, path, "gzip").await;
            weight += small.body.len();
            assert!(!plain.header("content-type").starts_with("text/") || small.header("content-encoding") == "gzip", "{path}");
        }
        weight += fetch(&world, "/app/worker.js", "gzip").await.body.len();
        assert!(weight <= MOST_BYTES, "a first load weighs {weight} bytes");
    }

    async fn a_file_is_kept_until_it_changes_and_runs_nothing_from_elsewhere(world: World) {
        for path in ["/app/", "/app/worker.js", "/assets/lib/html.js", "/console/", "/console/main.js", "/console/texts/en.json"] {
            let first = fetch(&world, path, "identity").await;
            assert_eq!((first.status, first.header("cache-control")), (200, "no-cache"), "{path}");
            let policy = first.header("content-security-policy");
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
            let again = world.request(Method::GET, path).header("if-none-match", first.header("etag"));
            let again = world.client.execute(again.build().unwrap()).await.unwrap();
            assert_eq!(again.status().as_u16(), 304, "{path}");
        }
        for (path, home) in [("/app", "/app/"), ("/console", "/console/")] {
            let door = fetch(&world, path, "identity").await;
            assert_eq!((door.status, door.header("location")), (308, home));
        }
        for path in ["/app/nothing.js", "/console/nothing.js", "/console/..%2f..%2fCargo.toml", "/assets/demo/README.md", "/assets/lib/..%2f..%2fCargo.toml"] {
            assert_eq!(fetch(&world, path, "identity").await.status, 404, "{path}");
        }
    }
}

/// Whether a script finds its texts in a folder.
type IsReader = fn(&Path) -> bool;

/// The folders with catalogues, and whose they are: the console has its own, so that no phone carries them.
const CATALOGUES: [(&str, IsReader); 2] =
    [("texts", |script| !is_of_console(script)), ("console/texts", is_of_console)];

fn is_of_console(script: &Path) -> bool {
    script.starts_with(Path::new(ASSETS).join("console"))
}

fn catalogue(folder: &str, language: &str) -> Map<String, Value> {
    let text = std::fs::read_to_string(format!("{ASSETS}/{folder}/{language}.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}

/// Ideographs and their punctuation.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{3000}'..='\u{9fff}').contains(&letter))
}

#[test]
fn both_catalogues_say_the_same_things() {
    for (folder, _) in CATALOGUES {
        let (zh, en) = (catalogue(folder, "zh"), catalogue(folder, "en"));
        let keys = |of: &Map<String, Value>| of.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&zh), keys(&en));
        for (key, text) in &zh {
            let (zh, en) = (text.as_str().unwrap(), en[key].as_str().unwrap());
            assert_eq!(placeholders(zh), placeholders(en), "{key}");
            assert!(is_chinese(zh) && !is_chinese(en) && !en.trim().is_empty(), "{key}");
        }
    }
}

/// The scripts that are ours, by path.
fn scripts() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(ASSETS).unwrap().map(|entry| entry.unwrap().path()).collect();
    while let Some(path) = folders.pop() {
        if path.is_dir() && !path.ends_with("vendor") {
            folders.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "js") {
            found.push((path.clone(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

#[test]
fn every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() {
    for (folder, is_of) in CATALOGUES {
        let scripts: Vec<_> = scripts().into_iter().filter(|(path, _)| is_of(path)).collect();
        assert!(scripts.len() > 20, "{folder}");
        assert_told(&catalogue(folder, "zh"), &scripts);
    }
}

fn assert_told(texts: &Map<String, Value>, scripts: &[(PathBuf, String)]) {
    let (mut asked, mut families) = (BTreeSet::new(), BTreeSet::new());
    for (path, script) in scripts {
        for (opening, closing) in [("t('", '\''), ("t(`", '`')] {
            for (at, _) in script.match_indices(opening) {
                if script[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.') {
                    continue;
                }
                let key = script[at + opening.len()..].split(closing).next().unwrap();
                match key.split_once("${") {
                    Some((family, _)) if !family.is_empty() => drop(families.insert(family.to_owned())),
                    Some(_) => {}
                    None => {
                        assert!(texts.contains_key(key), "{}: no text for {key}", path.display());
                        asked.insert(key.to_owned());
                    }
                }
            }
        }
    }
    let named = |key: &str| scripts.iter().any(|(_, script)| script.contains(&format!("'{key}'")));
    // A family's members are named by codes; a few families by a function's argument.
    let of_family = |key: &str| {
        let prefix = &key[..=key.rfind('.').unwrap_or(0)];
        families.iter().any(|family| key.starts_with(family))
            || scripts.iter().any(|(_, script)| script.contains(&format!("'{}'", prefix.trim_end_matches('.'))))
    };
    let idle: Vec<&String> =
        texts.keys().filter(|key| !asked.contains(*key) && !named(key) && !of_family(key)).collect();
    assert!(idle.is_empty(), "nobody asks for {idle:?}");
}

/// A script or style inside a page would need a hole in the policy.
#[test]
fn no_page_has_a_script_or_style_inside() {
    for app in ["phone", "console"] {
        let page = std::fs::read_to_string(format!("{ASSETS}/{app}/index.html")).unwrap();
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains(" on"), "{app}");
        for script in page.split("<script").skip(1) {
            assert!(script.split('>').next().unwrap().contains("src="), "{app}: {script}");
        }
    }
    for (path, script) in scripts() {
        assert!(!script.contains("style=\"") && !script.contains("innerHTML"), "{}", path.display());
    }
}

/// The console's page names all its modules: a browser asks for them at once, not one after the other as it finds them.
#[test]
fn the_console_names_all_its_modules_at_once() {
    let page = std::fs::read_to_string(format!("{ASSETS}/console/index.html")).unwrap();
    let named =
        page.lines().filter_map(|line| line.strip_prefix("<link rel=\"modulepreload\" href=\"")?.strip_suffix("\">"));
    let named: BTreeSet<&str> = named.collect();
    let (root, own) = (Path::new(ASSETS), Path::new(ASSETS).join("console"));
    let url = |path: &PathBuf| match path.strip_prefix(&own) {
        Ok(path) => format!("/console/{}", path.display()),
        Err(_) => format!("/assets/{}", path.strip_prefix(root).unwrap().display()),
    };
    // The first is no module, and stands in the page.
    let modules = scripts().into_iter().map(|(path, _)| url(&path)).filter(|path| path.starts_with("/console/"));
    let missing: Vec<String> =
        modules.filter(|path| path != "/console/light.js" && !named.contains(path.as_str())).collect();
    assert!(missing.is_empty(), "index.html does not name {missing:?}");
    for path in named {
        let file = path
            .strip_prefix("/console/")
            .map_or_else(|| root.join(path.trim_start_matches("/assets/")), |path| own.join(path));
        assert!(file.exists(), "{path} is named and not there");
    }
}
