//! Lanes: as many as a campaign needs, each a route of its own with a reader and his phone.

use super::seed::Dice;
use crate::support::street::{HEADER, import};
use crate::support::{SignedIn, World};
use chrono::{Days, NaiveDate, TimeDelta};
use meterbook::accounts::Role;
use meterbook::calendar::{Instant, Period};
use meterbook_api::coverage::open_period;
use meterbook_api::coverage::store::{load_counters, recount};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One route, who holds it and with which phone.
pub struct Lane {
    pub round: i64,
    pub phone: SignedIn,
    /// Service point ids with their classes, in office order.
    pub points: Vec<(i64, &'static str)>,
}

/// What the classes are called in a register.
const CLASSES: [(&str, &str, &str); 3] = [
    ("residential_outdoor", "居民户外", "G4"),
    ("residential_indoor", "居民户内", "G4"),
    ("commercial", "工商业", "IC-G10"),
];

/// Builds lanes with points of these classes, each held by a reader of its own for three months around now.
pub async fn build(world: &World, lanes: usize, classes: &[&'static str]) -> Vec<Lane> {
    let mut rows = vec![HEADER.to_owned()];
    for lane in 0..lanes {
        for (position, class) in classes.iter().enumerate() {
            let (_, word, meter_type) = CLASSES.iter().find(|(code, ..)| code == class).unwrap();
            rows.push(format!("L{lane}-{position},{word},东城区/锦绣,R{lane},{position},王,13900000000,路,{lane:04}{position:04},{meter_type},2020-01-01,1000,在用"));
        }
    }
    let (status, report) = import(world, "register", rows.join("\n")).await;
    assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
    let today = world.app.config.zone.day(world.clock.now());
    for day in [today - Days::new(31), today, today + Days::new(31)] {
        open_both_periods(world, day).await;
    }
    let admin = world.admin().await.access;
    let points = all(world, "/v1/service-points", &admin).await;
    let by_number: BTreeMap<&str, i64> =
        points.iter().map(|point| (point["number"].as_str().unwrap(), point["id"].as_i64().unwrap())).collect();
    let routes = all(world, "/v1/routes", &admin).await;
    let mut built = Vec::new();
    for lane in 0..lanes {
        let phone = world.reader_phone().await;
        let route = routes.iter().find(|route| route["code"] == format!("R{lane}")).unwrap()["id"].as_i64().unwrap();
        let round = json!({
            "route_id": route, "reader_id": phone.account,
            "from_day": (today - Days::new(40)).to_string(), "until_day": (today + Days::new(40)).to_string(),
        });
        let (status, round) = world.post("/v1/rounds", &admin, &round).await;
        assert_eq!(status, 201, "{round}");
        let point =
            |(position, class): (usize, &&'static str)| (by_number[format!("L{lane}-{position}").as_str()], *class);
        let points = classes.iter().enumerate().map(point).collect();
        built.push(Lane { round: round["id"].as_i64().unwrap(), phone, points });
    }
    built
}

/// Opens the month and the quarter of a day.
pub async fn open_both_periods(world: &World, day: NaiveDate) {
    for period in [Period::month_of(day), Period::quarter_of(day)] {
        open_period(&world.app, period).await.unwrap();
    }
}

/// Every page of a list.
pub async fn all(world: &World, path: &str, token: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let (status, page) = world.get(&format!("{path}?limit=500&after={after}"), token).await;
        assert_eq!(status, 200, "{page}");
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_after"].as_i64() {
            Some(next) => after = next,
            None => return found,
        }
    }
}

/// A reading made now by a clock that can be trusted, of whatever figures the class shows.
pub fn reading(seq: i64, (point, class): (i64, &str), at: Instant, m3: i64) -> Value {
    let mut record = json!({
        "id": uuid::Uuid::now_v7().to_string(),
        "device_seq": seq,
        "kind": "reading",
        "read_at": at.to_rfc3339(),
        "read_elapsed_ms": at.timestamp_millis(),
        "boot_id": "boot-1",
        "service_point_id": point,
        "index": m3 * 1000,
    });
    if class == "commercial" {
        record["cumulative"] = json!(m3 * 1000);
        record["balance"] = json!(100_000);
    }
    record
}

/// The envelope of a push that is sent now.
pub fn envelope(now: Instant, items: &[Value]) -> Value {
    json!({
        "sent_at": now.to_rfc3339(), "sent_elapsed_ms": now.timestamp_millis(), "boot_id": "boot-1", "items": items,
    })
}

/// What every campaign ends with: I5 for the periods around a day, I6 for every feed, and no record twice (I1).
pub async fn judge(world: &World, day: NaiveDate) {
    for month in [day - Days::new(31), day, day + Days::new(31)] {
        for period in [Period::month_of(month), Period::quarter_of(month)] {
            let compared =
                world.app.store.read("compare", move |conn| Ok((load_counters(conn, period)?, recount(conn, period)?)));
            let (counted, recounted) = compared.await.unwrap();
            assert_eq!(counted, recounted, "I5: the counters of {period:?}");
        }
    }
    let gaps = world.database.texts(
        "SELECT f.reader_id || ': head ' || f.head || ', ' || count(e.version) || ' entries' AS value FROM feeds f
         LEFT JOIN feed_entries e ON e.reader_id = f.reader_id GROUP BY f.reader_id, f.head
         HAVING count(e.version) <> f.head OR coalesce(min(e.version), 1) <> 1 OR coalesce(max(e.version), 0) <> f.head",
    );
    assert!(gaps.is_empty(), "I6: {gaps:?}");
}

/// One of several.
pub fn one_of<'t, T>(dice: &mut Dice, of: &'t [T]) -> &'t T {
    &of[usize::try_from(dice.below(of.len() as u64)).unwrap()]
}

/// Somebody who may hand rounds out.
pub async fn dispatcher(world: &World) -> SignedIn {
    world.cached_desk(Role::Dispatcher, false).await
}

/// An hour, a day: how campaigns count.
pub const fn hours(count: i64) -> TimeDelta {
    TimeDelta::seconds(count * 3600)
}
