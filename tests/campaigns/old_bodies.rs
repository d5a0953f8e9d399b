//! What an app of any release has ever pushed is taken for ever (PROTOCOL, "Meta"): each file in `tests/push_bodies` is a body
//! as that release sent it, but for the ids of the record and the point. Files are added, and never changed.

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

/// The body of a file as a phone of this world sends it: with ids of its own, and its points by their ids here.
fn body_of(text: &str, street: &Street<'_>, reader: i64) -> String {
    let with_points =
        |text: String, (number, id): (&String, &i64)| text.replace(&format!("\"{number}\""), &id.to_string());
    let text = street.points.iter().fold(text.to_owned(), with_points);
    text.replace("\"01958f00-", &format!("\"{reader:08x}-"))
}

async fn every_body_is_taken(world: World) {
    let street = Street::build(&world).await;
    let mut sent = BTreeSet::new();
    for path in bodies() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let phone = world.reader_phone().await;
        for route in ["W01", "S01"] {
            street.assign_route(route, phone.account).await;
        }
        let text = body_of(&std::fs::read_to_string(&path).unwrap(), &street, phone.account);
        for outcome in ["accepted", "duplicate"] {
            let request = world.request(Method::POST, "/v1/sync/records").bearer_auth(&phone.access);
            let answer = world.send(request.header("content-type", "application/json").body(text.clone())).await;
            let (status, answer) = (answer.status, answer.json());
            assert_eq!(status, 200, "{name}: {answer}");
            for item in answer["items"].as_array().unwrap() {
                assert_eq!(item["outcome"], json!(outcome), "{name}: {item}");
            }
            assert_eq!(answer["missing_seqs"], json!([]), "{name}");
        }
        let body: Value = serde_json::from_str(&text).unwrap();
        sent.extend(body["items"].as_array().unwrap().iter().map(|item| canonical(&integral(item))));
    }
    // Members this release does not know are kept with the rest.
    let stored: BTreeSet<String> = world.database.record_bodies().into_values().collect();
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
