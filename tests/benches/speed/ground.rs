//! The ground to run on: a company with its readers, phones, rounds and a million readings of the past months.
//!
//! Laid out by plain SQL that both stores read alike, because the way through the API would take an hour.

use meterbook::accounts::{Actor, Role};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use meterbook_api::accounts::Tokens;
use meterbook_api::keys::Keys;
use meterbook_api::sync::packed::pack;
use serde_json::{Value, json};
use std::path::Path;
use uuid::Uuid;

/// Who reads.
pub const READERS: i64 = 210;
/// Points in the one round of each reader.
pub const STOPS: i64 = 600;
/// Phones of each reader, each with its share of the stops.
pub const PHONES: i64 = 50;
/// Months of past readings.
pub const MONTHS: i64 = 8;
/// Months of past rounds, done and put away.
const PAST_ROUNDS: i64 = 36;
/// Points of a phone.
pub const SHARE: i64 = STOPS / PHONES;
/// All points.
pub const POINTS: i64 = READERS * STOPS;
/// A day, ms.
const DAY: i64 = 86_400_000;

/// How a store says what the two say differently, as SQL.
pub struct Dialect {
    /// An id of 32 hex digits.
    pub uuid: fn(&str) -> String,
    /// Bytes of hex digits.
    pub bytes: fn(&str) -> String,
    /// A number as so many hex digits.
    pub hex: fn(&str, usize) -> String,
}

/// The numbers from 1 as a table `n (i)`, to begin a statement with.
pub fn series(count: i64) -> String {
    format!("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {count})")
}

/// The rounds of three years and the one that is open, each of a reader.
fn rounds(now: Instant) -> Vec<String> {
    let (ms, day) = (now.timestamp_millis(), now.date_naive());
    let round = |count: i64, name: &str, days: (i64, i64), state: &str, put_away: &str| {
        format!(
            "{} INSERT INTO rounds (name, route_id, reader_id, from_day, until_day, state, created_by, created_at, changed_at, put_away_at, walk_learned_at) \
             SELECT '{name}', (i - 1) % {READERS} + 1, (i - 1) % {READERS} + 1, '{}', '{}', '{state}', 1, {ms}, {ms}, {put_away}, {put_away} FROM n",
            series(count),
            day + chrono::TimeDelta::days(days.0),
            day + chrono::TimeDelta::days(days.1)
        )
    };
    vec![
        round(READERS * PAST_ROUNDS, "past", (-120, -90), "done", &ms.to_string()),
        round(READERS, "round", (-40, 40), "assigned", "NULL"),
        format!(
            "INSERT INTO round_holders (round_id, reader_id, held_from) SELECT id, reader_id, {} FROM rounds",
            ms - 400 * DAY
        ),
        format!(
            "INSERT INTO stops (round_id, point_id, position, state, changed_at) \
             SELECT rounds.id, p.id, p.office_order, CASE WHEN name = 'past' THEN 'read' ELSE 'open' END, {ms} \
             FROM rounds JOIN service_points AS p ON p.route_id = rounds.route_id ORDER BY rounds.id, p.id"
        ),
    ]
}

/// The statements that lay it out in a migrated database.
pub fn statements(now: Instant, dialect: &Dialect) -> Vec<String> {
    let Dialect { uuid, bytes, hex } = dialect;
    let ms = now.timestamp_millis();
    let long_ago = ms - 400 * DAY;
    let month = 30 * DAY;
    // The youngest lies a whole month back, so that none is in the running month.
    let months_before = |from: i64, i: &str, k: &str| format!("({from} - ({k} - 1) * {month} - ({i} % 3000) * 60000)");
    let at = |i: &str, k: &str| months_before(ms - 32 * DAY, i, k);
    let id = |i: &str, k: &str| {
        let at = at(i, k);
        uuid(&format!("{} || '7000' || '8000' || {}", hex(&at, 12), hex(&format!("({k} * 1000000 + {i})"), 12)))
    };
    let mut all = vec![
        format!(
            "{} INSERT INTO accounts (login, name, role, password_hash, created_at) SELECT 'r' || i, 'reader', 'reader', 'x', {ms} FROM n",
            series(READERS)
        ),
        format!(
            "{} INSERT INTO devices (account_id, label, platform, created_at, highest_contiguous_seq) SELECT (i - 1) / {PHONES} + 1, 'phone', 'android', {ms}, {} FROM n",
            series(READERS * PHONES),
            SHARE * MONTHS
        ),
        format!(
            "{} INSERT INTO sessions (account_id, device_id, created_at) SELECT (i - 1) / {PHONES} + 1, i, {ms} FROM n",
            series(READERS * PHONES)
        ),
        format!(
            "INSERT INTO accounts (login, name, role, password_hash, created_at) VALUES ('office', 'office', 'analyst', 'x', {ms})"
        ),
        format!("INSERT INTO sessions (account_id, created_at) SELECT id, {ms} FROM accounts WHERE login = 'office'"),
        "INSERT INTO areas (name, path) VALUES ('area', 'area')".into(),
        format!("{} INSERT INTO routes (code, area_id) SELECT 'R' || i, 1 FROM n", series(READERS)),
        format!(
            "{} INSERT INTO service_points (number, area_id, route_id, office_order, class, state, created_at, changed_at) SELECT 'P' || i, 1, (i - 1) / {STOPS} + 1, i, CASE WHEN i % 20 = 0 THEN 'commercial' WHEN i % 20 < 12 THEN 'residential_outdoor' ELSE 'residential_indoor' END, 'active', {ms}, {ms} FROM n",
            series(POINTS)
        ),
        format!(
            "INSERT INTO point_terms (point_id, valid_from, class, state, source) SELECT id, {long_ago}, class, state, 'bench' FROM service_points"
        ),
        format!(
            "{} INSERT INTO meters (number, type_id, changed_at) SELECT 'M' || i, (SELECT id FROM meter_types WHERE code = CASE WHEN i % 20 = 0 THEN 'IC-G4' ELSE 'G2.5' END), {ms} FROM n",
            series(POINTS)
        ),
        format!(
            "INSERT INTO installations (meter_id, point_id, installed_at, first_index) SELECT id, id, {long_ago}, 1000000 FROM meters"
        ),
        format!(
            "{} INSERT INTO purchases (reference, meter_id, loaded_at, volume, paid_fen) SELECT 'S' || i || '-' || k, i, {}, 20000, 6000 FROM n, (SELECT i AS k FROM n WHERE i <= {MONTHS}) AS months WHERE n.i % 20 = 0",
            series(POINTS),
            months_before(ms - 20 * DAY, "n.i", "k")
        ),
        "INSERT INTO feeds (reader_id, head) SELECT id, 0 FROM accounts".into(),
    ];
    all.extend(rounds(now));
    let packed = packed_body(now, *bytes);
    for k in (1..=MONTHS).rev() {
        let key = k.to_string();
        let seq = format!("{} + (i - 1) % {SHARE} + 1", (MONTHS - k) * SHARE);
        let index = 1_000_000 + (MONTHS - k + 1) * 20_000;
        all.push(format!(
            "{} INSERT INTO records (id, kind, code, point_id, meter_id, reader_id, device_id, device_seq, observed_at, received_at, grade, figure_index, cumulative, balance, flags, body_hash, body, packed) \
             SELECT {}, 'reading', 'field', i, i, (i - 1) / {STOPS} + 1, (i - 1) / {SHARE} + 1, {seq}, {}, {}, 'B', {index}, CASE WHEN i % 20 = 0 THEN {index} - 25000 END, CASE WHEN i % 20 = 0 THEN 300000 END, '', {}, '', {packed} FROM n",
            series(POINTS), id("i", &key), at("i", &key), at("i", &key), bytes("''"),
        ));
    }
    all
}

/// A body as records keep it; any of them will do for all.
fn packed_body(now: Instant, bytes: fn(&str) -> String) -> String {
    let sample = reading(1, 1, Uuid::nil(), now);
    let packed = pack(&sample.to_string(), &sample, Uuid::nil());
    let digits: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes(&format!("'{digits}'"))
}

/// A token for a phone (1 …).
pub fn token(folder: &Path, phone: i64, now: Instant) -> String {
    let keys = Keys::load_or_create(&folder.join("keys.json")).unwrap();
    let actor = Actor { account: AccountId(reader_of(phone)), role: Role::Reader, device: Some(DeviceId(phone)) };
    Tokens::new(&keys).mint(&actor, phone, 1, now, chrono::TimeDelta::minutes(15)).unwrap()
}

/// A token for the one analyst, whose account and session follow all the readers'.
pub fn office_token(folder: &Path, now: Instant) -> String {
    let keys = Keys::load_or_create(&folder.join("keys.json")).unwrap();
    let actor = Actor { account: AccountId(READERS + 1), role: Role::Analyst, device: None };
    Tokens::new(&keys).mint(&actor, READERS * PHONES + 1, 1, now, chrono::TimeDelta::minutes(15)).unwrap()
}

/// The reader of a phone.
pub fn reader_of(phone: i64) -> i64 {
    (phone - 1) / PHONES + 1
}

/// One reading of a point a month later, as a phone tells it; `n` numbers the phone's records from 1.
pub fn reading(point: i64, n: i64, boot: Uuid, now: Instant) -> Value {
    let read_at = now - chrono::TimeDelta::minutes(30) + chrono::TimeDelta::milliseconds(n);
    let index = 1_000_000 + (MONTHS + 1) * 20_000;
    let mut item = json!({
        "id": Uuid::now_v7(), "kind": "reading", "device_seq": SHARE * MONTHS + n,
        "read_at": read_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "read_elapsed_ms": 5_000_000 + n, "boot_id": boot, "service_point_id": point, "index": index,
        "place": { "lat_micro": 31_230_000 + point, "lng_micro": 121_470_000 - point, "accuracy_m": 12 },
    });
    if point % 20 == 0 {
        item["cumulative"] = json!(index - 25_000);
        item["balance"] = json!(300_000);
    }
    item
}

/// A push of readings.
pub fn push_body(items: &[Value], boot: Uuid, now: Instant) -> Vec<u8> {
    let body = json!({
        "batch_id": Uuid::now_v7(), "sent_at": now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "sent_elapsed_ms": 5_000_000 + 1_800_000, "boot_id": boot, "items": items,
    });
    body.to_string().into_bytes()
}
