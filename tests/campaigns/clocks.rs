//! Phones whose clocks are a day off, in 1970 or 2038, or jump in the middle of a round, around the ends of a month, a quarter
//! and a leap February: every reading is stored once, at the time DOMAIN 2 says, and counts in that period or waits for a person.
//!
//! The campaign knows when each reading really was; what it expects is worked out here, without the service's own rules.

use super::lanes::{Lane, build, hours, judge, reading};
use super::notebooks::Notebooks;
use crate::support::{SignedIn, StoreKind, World, run};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta};
use meterbook::calendar::{Instant, Period};
use meterbook::coverage::Bucket;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// When the readings really are made, in Shanghai.
const MOMENTS: [&str; 6] = [
    "2026-05-13T10:00:00+08:00",
    "2026-03-31T23:40:00+08:00",
    "2026-04-01T00:05:00+08:00",
    "2026-04-22T00:10:00+08:00",
    "2026-12-31T23:59:59+08:00",
    "2028-02-29T23:30:00+08:00",
];
const CLASSES: [&str; 3] = ["residential_outdoor", "residential_indoor", "commercial"];

/// What the phone has to prove its time with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Proof {
    /// A satellite fix.
    Gps,
    /// It ran through from the reading to the push.
    SameBoot,
    /// It synced six hours before and pushes two hours after.
    Syncs,
    /// It was started again in between and had not synced.
    Nothing,
}

/// How far the phone's clock is off: at the sync before, at the readings after the first, at the push.
#[derive(Clone, Copy, Debug)]
struct Skew {
    before: TimeDelta,
    read: TimeDelta,
    sent: TimeDelta,
}

impl Skew {
    fn at_reading(&self, number: usize) -> TimeDelta {
        if number == 0 { self.before } else { self.read }
    }
}

fn skews(moment: Instant) -> Vec<Skew> {
    let always = |by: TimeDelta| Skew { before: by, read: by, sent: by };
    let shows = |text: &str| always(DateTime::parse_from_rfc3339(text).unwrap().to_utc() - (moment - hours(48)));
    vec![
        always(hours(0)),
        always(TimeDelta::seconds(-45)),
        always(hours(-24)),
        always(hours(24)),
        shows("1970-01-01T00:00:00Z"),
        shows("2038-01-19T03:14:07Z"),
        // It jumps in the middle of the round, or between the last reading and the push.
        Skew { before: hours(0), read: hours(-48), sent: hours(-48) },
        Skew { before: hours(0), read: hours(26), sent: hours(26) },
        Skew { before: hours(0), read: hours(0), sent: hours(3) },
        Skew { before: hours(25), read: hours(25), sent: hours(0) },
    ]
}

/// What DOMAIN 2 makes of a reading.
#[derive(PartialEq, Eq, Debug)]
struct Expected {
    at: Instant,
    grade: &'static str,
    ahead: bool,
    review: bool,
}

fn expected(moment: Instant, received: Instant, proof: Proof, skew: &Skew, number: usize, class: &str) -> Expected {
    let read_skew = skew.at_reading(number);
    let shown = if proof == Proof::Gps { moment } else { moment + read_skew };
    let ahead = shown - received > TimeDelta::minutes(2);
    let sure = |at, grade| Expected { at, grade, ahead, review: false };
    if proof == Proof::Gps || proof == Proof::SameBoot {
        return sure(moment, "a");
    }
    let day = hours(0)..=hours(24);
    let (since, until) = (hours(6) + read_skew - skew.before, hours(2) + skew.sent - read_skew);
    let agree = (skew.before - skew.sent).abs() <= TimeDelta::seconds(60);
    if proof == Proof::Syncs && agree && day.contains(&since) && day.contains(&until) {
        return sure(moment + read_skew - skew.before, "b");
    }
    let possible = |at: Instant| at - received <= TimeDelta::minutes(2) && received - at <= TimeDelta::days(400);
    let corrected = (shown - skew.sent).min(received);
    let at = if possible(shown) {
        shown
    } else if possible(corrected) {
        corrected
    } else {
        received
    };
    let lost = (at - shown).abs().max(skew.sent.abs()) > hours(24);
    let moved = [hours(-24), hours(24)].iter().any(|by| verdict(at + *by, class) != verdict(at, class));
    Expected { at, grade: "c", ahead, review: lost || moved }
}

/// Shanghai's day of an instant.
fn day(at: Instant) -> NaiveDate {
    (at + hours(8)).date_naive()
}

fn period(class: &str, at: Instant) -> Period {
    if class == "residential_indoor" { Period::quarter_of(day(at)) } else { Period::month_of(day(at)) }
}

/// What moving a time must not change: the period and, for shops, whether it was on the 22nd or 23rd.
fn verdict(at: Instant, class: &str) -> (Period, u8) {
    let punctual = match day(at).day() {
        ..22 => 0,
        22..24 => 1,
        24.. => 2,
    };
    (period(class, at), if class == "commercial" { punctual } else { 0 })
}

struct Phone {
    lane: Lane,
    proof: Proof,
    skew: Skew,
}

impl Phone {
    async fn sign_in_again(&mut self, world: &World) {
        let (status, tokens) = world.refresh(&self.lane.phone.refresh).await;
        assert_eq!(status, 200, "{tokens}");
        self.lane.phone = SignedIn::of(&tokens);
    }

    fn envelope(&self, now: Instant, skew: TimeDelta, items: &[Value]) -> Value {
        let mut envelope = json!({"sent_at": (now + skew).to_rfc3339(), "boot_id": "boot-2", "items": items});
        if self.proof == Proof::SameBoot {
            envelope["boot_id"] = json!("boot-1");
            envelope["sent_elapsed_ms"] = json!(now.timestamp_millis() - 1_700_000_000_000);
        }
        envelope
    }

    fn records(&self, moment: Instant) -> Vec<Value> {
        let points = self.lane.points.iter().enumerate();
        let record = |(number, point): (usize, &(i64, &'static str))| {
            let mut record = reading(i64::try_from(number + 1).unwrap(), *point, moment, 1030);
            let shown = if self.proof == Proof::Gps { moment } else { moment + self.skew.at_reading(number) };
            record["read_at"] = json!(shown.to_rfc3339());
            record["read_elapsed_ms"] = json!(moment.timestamp_millis() - 1_700_000_000_000);
            if self.proof == Proof::Gps {
                record["time_source"] = json!("gps");
            }
            record
        };
        points.map(record).collect()
    }

    async fn push(&self, world: &World, envelope: &Value, books: &Notebooks) -> Value {
        books.sent(&self.lane.phone, envelope["items"].as_array().unwrap());
        let (status, answer) = world.post("/v1/sync/records", &self.lane.phone.access, envelope).await;
        assert_eq!(status, 200, "{answer}");
        books.told(&self.lane.phone, &answer);
        answer
    }
}

async fn scenario(world: World, moment: Instant) {
    const PROOFS: [Proof; 4] = [Proof::Gps, Proof::SameBoot, Proof::Syncs, Proof::Nothing];
    let books = Notebooks::default();
    world.clock.set(moment - hours(48));
    let pairs: Vec<(Proof, Skew)> =
        PROOFS.into_iter().flat_map(|proof| skews(moment).into_iter().map(move |skew| (proof, skew))).collect();
    let lanes = build(&world, pairs.len(), &CLASSES).await;
    let mut phones: Vec<Phone> =
        lanes.into_iter().zip(pairs).map(|(lane, (proof, skew))| Phone { lane, proof, skew }).collect();
    world.clock.set(moment - hours(6));
    for phone in phones.iter_mut().filter(|phone| phone.proof == Proof::Syncs) {
        phone.sign_in_again(&world).await;
        phone.push(&world, &phone.envelope(world.clock.now(), phone.skew.before, &[]), &books).await;
    }
    let received = moment + hours(2);
    world.clock.set(received);
    for phone in &mut phones {
        phone.sign_in_again(&world).await;
        let (records, envelope) = {
            let records = phone.records(moment);
            let envelope = phone.envelope(received, phone.skew.sent, &records);
            (records, envelope)
        };
        let first = phone.push(&world, &envelope, &books).await;
        let again = phone.push(&world, &envelope, &books).await;
        for (number, record) in records.iter().enumerate() {
            let class = phone.lane.points[number].1;
            let wanted = expected(moment, received, phone.proof, &phone.skew, number, class);
            let about = format!("{:?} {:?} reading {number} of {class}: {record}", phone.proof, phone.skew);
            let (one, two) = (&first["items"][number], &again["items"][number]);
            assert_eq!((&one["outcome"], &two["outcome"]), (&json!("accepted"), &json!("duplicate")), "{about}");
            assert_eq!(one["flags"], two["flags"], "{about}");
            let has = |flag: &str| one["flags"].as_array().unwrap().contains(&json!(flag));
            assert_eq!((has("clock_ahead"), has("time_review")), (wanted.ahead, wanted.review), "{about} {wanted:?}");
        }
    }
    assert_stored(&world, &phones, moment, received);
    books.judge(&world.database);
    for month in [moment - TimeDelta::days(31), moment] {
        judge(&world, day(month)).await;
    }
}

/// Each record once, at its time, and its point in its place.
fn assert_stored(world: &World, phones: &[Phone], moment: Instant, received: Instant) {
    let rows = world.database.texts("SELECT point_id || ' ' || observed_at || ' ' || grade AS value FROM records");
    assert_eq!(rows.len(), phones.len() * CLASSES.len());
    let split = |row: &str| row.split_once(' ').map(|(key, rest)| (key.to_owned(), rest.to_owned())).unwrap();
    let stored: BTreeMap<String, String> = rows.iter().map(|row| split(row)).collect();
    let plan = world.database.texts("SELECT period || '/' || point_id || ' ' || bucket AS value FROM coverage_plan");
    let plan: BTreeMap<String, String> = plan.iter().map(|row| split(row)).collect();
    for phone in phones {
        for (number, (point, class)) in phone.lane.points.iter().enumerate() {
            let wanted = expected(moment, received, phone.proof, &phone.skew, number, class);
            let about = format!("{:?} {:?} reading {number} of {class}", phone.proof, phone.skew);
            assert_eq!(
                stored[&point.to_string()],
                format!("{} {}", wanted.at.timestamp_millis(), wanted.grade),
                "{about}"
            );
            let bucket = if wanted.review { Bucket::TimeReview } else { Bucket::Seen };
            let place = &plan[&format!("{}/{point}", period(class, wanted.at).key())];
            assert_eq!(*place, bucket.number().to_string(), "{about}: {wanted:?}");
        }
    }
}

fn every_moment(kind: StoreKind) {
    for moment in MOMENTS {
        let moment = DateTime::parse_from_rfc3339(moment).unwrap().to_utc();
        run(kind, |world| scenario(world, moment));
    }
}

#[test]
fn wrong_clocks_lose_nothing_and_shift_no_period_on_sqlite() {
    every_moment(StoreKind::Sqlite);
}

#[test]
fn wrong_clocks_lose_nothing_and_shift_no_period_on_postgres() {
    every_moment(StoreKind::Postgres);
}
