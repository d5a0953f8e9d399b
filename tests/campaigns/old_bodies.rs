//! What an app of any release has ever pushed is taken for ever (PROTOCOL, "Meta"): each file in `tests/push_bodies` is a body
//! as that release sent it, named for it, of phones in the street (points 1 to 4 are homes, 5 and 6 shops). Files are added,
//! and never changed.

use crate::support::street::Street;
use crate::support::{StoreKind, World, run};
use meterbook_client::canonical;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn bodies() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/push_bodies");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|ext| ext == "json")).collect();
    files.sort();
    assert!(files.len() >= 3);
    files
}

async fn every_body_is_taken(world: World) {
    let street = Street::build(&world).await;
    assert_eq!(
        street.points.values().copied().collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6],
        "the bodies name points by their ids"
    );
    let mut sent = BTreeSet::new();
    for path in bodies() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        let phone = world.phone_of(street.phone.account).await;
        for outcome in ["accepted", "duplicate"] {
            let request = world.request(Method::POST, "/v1/sync/records").bearer_auth(&phone.access);
            // As it was sent, byte by byte.
            let answer = world.send(request.header("content-type", "application/json").body(bytes.clone())).await;
            let (status, answer) = (answer.status, answer.json());
            assert_eq!(status, 200, "{name}: {answer}");
            for item in answer["items"].as_array().unwrap() {
                assert_eq!(item["outcome"], json!(outcome), "{name}: {item}");
            }
            assert_eq!(answer["missing_seqs"], json!([]), "{name}");
        }
        for item in body["items"].as_array().unwrap() {
            assert!(sent.insert(canonical(&integral(item))), "{name} repeats an item of another file");
        }
    }
    // Members this release does not know are kept with the rest.
    let stored: BTreeSet<String> = world.database.texts("SELECT body AS value FROM records").into_iter().collect();
    assert_eq!(stored, sent);
    super::lanes::judge(&world, world.app.config.zone.day(world.clock.now())).await;
}

/// As the service writes numbers down: 1.0 is 1.
fn integral(item: &Value) -> Value {
    let members = item.as_object().unwrap().iter().map(|(name, value)| {
        let whole = value.as_f64().filter(|number| number.fract() == 0.0 && !value.is_i64());
        (name.clone(), whole.map_or_else(|| value.clone(), |number| json!(number as i64)))
    });
    Value::Object(members.collect())
}

#[test]
fn bodies_of_every_release_are_taken_on_sqlite() {
    run(StoreKind::Sqlite, every_body_is_taken);
}

#[test]
fn bodies_of_every_release_are_taken_on_postgres() {
    run(StoreKind::Postgres, every_body_is_taken);
}
