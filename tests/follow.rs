//! Whatever happens in whatever order, a phone that follows its cursor holds what a fresh pull gives (I6, I7, I8, I10); and a
//! first pull fits through a bad line.

use crate::support::follower::Follower;
use crate::support::street::{HEADER, Street, import};
use crate::support::{SignedIn, World};
use futures_util::future::join_all;
use meterbook::accounts::Role;
use meterbook::id::{AccountId, DeviceId};
use meterbook_api::db::Isolation;
use meterbook_api::sync::store::{LaterVerdict, announce_verdict};
use rand::Dice;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// The same numbers from the same seed, on every machine.
mod rand {
    pub struct Dice(pub u64);

    impl Dice {
        /// One of 0 … `sides` − 1.
        pub fn throw(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from((self.0 >> 33) % u64::try_from(sides).unwrap()).unwrap()
        }

        pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
            &from[self.throw(from.len())]
        }
    }
}

/// Something that happens.
#[derive(Debug)]
enum Event {
    Make { route: &'static str, reader: i64 },
    Assign { round: i64, reader: i64 },
    Cancel { round: i64 },
    Register { file: String },
    Push { phone: usize, records: Vec<Value> },
    Decide { phone: usize, record: String },
}

/// What the test knows of what it did.
struct Play<'w> {
    street: &'w Street<'w>,
    dispatcher: SignedIn,
    rounds: Vec<i64>,
    phones: Vec<SignedIn>,
    seqs: Vec<i64>,
    /// Rounds that were ever meant for a reader.
    given: BTreeMap<i64, BTreeSet<i64>>,
    index: i64,
}

impl Play<'_> {
    fn next_event(&mut self, dice: &mut Dice) -> Event {
        let reader = dice.pick(&self.phones).account;
        match dice.throw(12) {
            0 => Event::Make { route: ["W01", "S01"][dice.throw(2)], reader },
            1..=3 => Event::Assign { round: *dice.pick(&self.rounds), reader },
            4 => Event::Cancel { round: *dice.pick(&self.rounds) },
            5 | 6 => Event::Register { file: register(dice) },
            7 => Event::Decide { phone: dice.throw(self.phones.len()), record: uuid::Uuid::now_v7().to_string() },
            _ => {
                let phone = dice.throw(self.phones.len());
                let records = (0..=dice.throw(2)).map(|_| self.record(dice, phone)).collect();
                Event::Push { phone, records }
            }
        }
    }

    fn record(&mut self, dice: &mut Dice, phone: usize) -> Value {
        self.seqs[phone] += 1;
        self.index += 1;
        let point = *dice.pick(&["H1", "H2", "H3", "H4"]);
        if dice.throw(3) == 0 {
            return self.street.record(self.seqs[phone], point, json!({"kind": "attempt", "attempt_code": "locked"}));
        }
        self.street.reading(self.seqs[phone], point, 1000 + self.index)
    }

    async fn happen(&self, event: &Event) -> Option<i64> {
        let world = self.street.world;
        match event {
            Event::Make { route, reader } => return Some(self.street.assign_route(route, *reader).await),
            Event::Assign { round, reader } => {
                let path = format!("/v1/rounds/{round}/assign");
                let (status, answer) = world.post(&path, &self.dispatcher.access, &json!({"reader_id": reader})).await;
                assert!([200, 409].contains(&status), "{answer}");
            }
            Event::Cancel { round } => {
                let path = format!("/v1/rounds/{round}/cancel");
                let (status, answer) = world.post(&path, &self.dispatcher.access, &Value::Null).await;
                assert!([200, 409].contains(&status), "{answer}");
            }
            Event::Register { file } => {
                let (status, report) = import(world, "register", file.clone()).await;
                assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
            }
            Event::Push { phone, records } => drop(self.street.push_from(&self.phones[*phone], records).await),
            Event::Decide { phone, record } => {
                let (phone, record, now) = (&self.phones[*phone], record.parse().unwrap(), world.clock.now());
                let (reader, device) = (AccountId(phone.account), DeviceId(phone.device.unwrap()));
                let decided = world.app.store.write("decide", Isolation::RowLocks, move |conn| {
                    let verdict = LaterVerdict { state: "rejected", flags: &[], cases: &["reverse"] };
                    announce_verdict(conn, reader, device, record, verdict, now)
                });
                decided.await.unwrap();
            }
        }
        None
    }

    fn note(&mut self, event: &Event) {
        if let Event::Assign { round, reader } = event {
            self.given.entry(*reader).or_default().insert(*round);
        }
    }

    fn note_made(&mut self, event: &Event, round: Option<i64>) {
        if let (Event::Make { reader, .. }, Some(round)) = (event, round) {
            self.rounds.push(round);
            self.given.entry(*reader).or_default().insert(round);
        }
    }

    /// I10: an answer names no round that was never his.
    fn check_scope(&self, reader: i64, answer: &Value) {
        let own = &self.given[&reader];
        let named = |list: &str, member: &str| -> Vec<i64> {
            answer[list].as_array().unwrap().iter().map(|item| item[member].as_i64().unwrap()).collect()
        };
        let rounds = [named("rounds", "id"), named("changed_rounds", "id"), named("removed", "round_id")].concat();
        let of_stops = [named("stops", "round_id"), named("removed_stops", "round_id")].concat();
        for round in rounds.into_iter().chain(of_stops) {
            assert!(own.contains(&round), "reader {reader} was told of round {round}");
        }
    }
}

/// The homes, some of them changed, gone or back.
fn register(dice: &mut Dice) -> String {
    let mut rows = vec![HEADER.to_owned()];
    for n in 1..=4 {
        let (order, street) = (dice.throw(9), dice.throw(3));
        let state = if dice.throw(4) == 0 { "拆除" } else { "在用" };
        let name = format!("H{n},居民户外,东城区/锦绣,W01,{order},王{n},1390000000{n}");
        rows.push(format!("{name},锦绣{street}路{n}号,00{n}77,G4,2020-01-01,1000,{state}"));
    }
    rows.join("\n")
}

async fn play(world: &World, street: &Street<'_>, phones: &[SignedIn], seed: u64) {
    let mut dice = Dice(seed);
    let mut given: BTreeMap<i64, BTreeSet<i64>> = phones.iter().map(|phone| (phone.account, BTreeSet::new())).collect();
    for held in world.database.texts("SELECT reader_id || ' ' || round_id AS value FROM round_holders") {
        let (reader, round) = held.split_once(' ').unwrap();
        given.entry(reader.parse().unwrap()).or_default().insert(round.parse().unwrap());
    }
    let dispatcher = world.desk(Role::Dispatcher).await;
    let (phones, seqs) = (phones.to_vec(), vec![0; phones.len()]);
    let mut play = Play { street, dispatcher, rounds: street.rounds.clone(), phones, seqs, given, index: 10 };
    let mut followers: Vec<Follower<'_>> = play.phones.iter().map(|phone| Follower::new(world, phone)).collect();
    for _ in 0..25 {
        // Three things at once, then two phones look, each at a page of any size.
        let events: Vec<Event> = (0..3).map(|_| play.next_event(&mut dice)).collect();
        events.iter().for_each(|event| play.note(event));
        let made = join_all(events.iter().map(|event| play.happen(event))).await;
        events.iter().zip(made).for_each(|(event, made)| play.note_made(event, made));
        for _ in 0..2 {
            let (at, limit) = (dice.throw(followers.len()), 1 + dice.throw(4));
            let answer = followers[at].pull(&format!("limit={limit}")).await;
            play.check_scope(followers[at].phone.account, &answer);
        }
    }
    for follower in &mut followers {
        follower.catch_up(1 + dice.throw(7)).await;
        assert_eq!(follower.fresh().await, follower.held, "seed {seed}");
        let reader = follower.phone.account;
        let sql = format!(
            "SELECT CAST(id AS TEXT) AS value FROM rounds WHERE reader_id = {reader} AND state IN ('assigned', 'in_progress', 'done') ORDER BY id"
        );
        let held: Vec<String> = follower.held.rounds.keys().map(ToString::to_string).collect();
        assert_eq!(held, world.database.texts(&sql), "seed {seed}");
    }
    let gaps = "SELECT CAST(f.reader_id AS TEXT) AS value FROM feeds f WHERE f.head <> (SELECT count(*) FROM feed_entries e \
                WHERE e.reader_id = f.reader_id AND e.version BETWEEN 1 AND f.head)";
    assert_eq!(world.database.texts(gaps), Vec::<String>::new(), "seed {seed}: a feed has gaps");
}

on_both_stores! {
    async fn followers_hold_what_a_fresh_pull_gives(world: World) {
        let street = Street::build(&world).await;
        let mut phones = vec![street.phone.clone(), world.phone_of(street.phone.account).await];
        for _ in 0..2 {
            phones.push(world.reader_phone().await);
        }
        // A past, so that every stop has a band for readings to move.
        let past = (1..=4).map(|n| format!("00{n}77,2025-10-30 10:00,1002\n00{n}77,2026-01-28 10:00,1008"));
        let file = format!("表号,抄表时间,表读数\n{}", past.collect::<Vec<_>>().join("\n"));
        assert_eq!(import(&world, "readings", file).await.1["applied"], json!(true));
        for seed in [1, 20_260_302] {
            let mut anew = Vec::new();
            for phone in &phones {
                anew.push(world.phone_of(phone.account).await);
            }
            play(&world, &street, &anew, seed).await;
        }
    }

    /// 600 stops of a real-looking street, with what is known of each.
    async fn a_first_pull_of_600_stops_is_at_most_60_kb(world: World) {
        let mut dice = Dice(600);
        let streets = ["锦绣路", "新华大街", "人民路", "迎宾路", "光明小区"];
        let (surnames, names) = (["王", "李", "张", "刘", "陈", "杨", "赵"], ["伟", "秀英", "建国", "丽", "军", "洋"]);
        let mut rows = vec!["户号,类别,片区,册号,册内序号,户名,电话,地址,表号,表型,通气日期,初始读数,状态,经度,纬度,坐标系,安装日期,进气方向,入户备注".to_owned()];
        let mut readings = vec!["表号,抄表时间,表读数".to_owned()];
        for n in 1..=600 {
            let street = streets[n * streets.len() / 601];
            let name = format!("{}{}", dice.pick(&surnames), dice.pick(&names));
            let (meter, first) = (format!("{:012}", 210_000_000_000 + dice.throw(999_999_999)), dice.throw(3_000));
            let (lng, lat) = (116_000_000 + dice.throw(90_000), 43_900_000 + dice.throw(90_000));
            let note = if dice.throw(5) == 0 { "钥匙在物业" } else { "" };
            rows.push(format!(
                "{:010},居民户内,东城区/锦绣,C07,{n},{name},139{:08},{street}{}号楼{}单元{}室,{meter},G2.5,2015-03-01,{first},在用,{}.{:06},{}.{:06},WGS-84,2015-03-01,{},{note}",
                1_020_000_000 + dice.throw(9_999_999), dice.throw(99_999_999), 1 + n / 40, 1 + n % 4, 101 + 100 * (n % 6) + n % 2,
                lng / 1_000_000, lng % 1_000_000, lat / 1_000_000, lat % 1_000_000, if dice.throw(2) == 0 { "左" } else { "右" },
            ));
            let (mut index, use_of) = (first, 5 + dice.throw(40));
            for day in ["2025-09-05", "2025-12-04"] {
                index += use_of * 3 + dice.throw(20);
                readings.push(format!("{meter},{day} 10:{:02},{index}", dice.throw(60)));
            }
        }
        for (kind, rows) in [("register", rows), ("readings", readings)] {
            let (status, report) = import(&world, kind, rows.join("\n")).await;
            assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
        }
        let phone = world.reader_phone().await;
        let admin = world.admin().await.access;
        let (_, routes) = world.get("/v1/routes", &admin).await;
        let round = json!({"route_id": routes["items"][0]["id"], "reader_id": phone.account, "from_day": "2026-03-01", "until_day": "2026-04-01"});
        assert_eq!(world.post("/v1/rounds", &admin, &round).await.0, 201);
        let client = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
        let sent = async |encoding: &'static str| {
            let request = client.get(format!("{}/v1/sync/changes", world.url)).bearer_auth(&phone.access);
            let response = request.header("accept-encoding", encoding).send().await.unwrap();
            assert_eq!(response.headers().get("content-encoding").map_or("identity", |value| value.to_str().unwrap()), encoding);
            response.bytes().await.unwrap().to_vec()
        };
        let plain = sent("identity").await;
        let (gzip, zstd) = (sent("gzip").await, sent("zstd").await);
        println!("plain {}, gzip {}, zstd {}", plain.len(), gzip.len(), zstd.len());
        let mut inflated = Vec::new();
        flate2::read::GzDecoder::new(gzip.as_slice()).read_to_end(&mut inflated).unwrap();
        assert_eq!(inflated, plain);
        assert_eq!(zstd::decode_all(zstd.as_slice()).unwrap(), plain);
        let answer: Value = serde_json::from_slice(&plain).unwrap();
        let stops = answer["rounds"][0]["stops"].as_array().unwrap();
        assert_eq!(stops.len(), 600);
        assert!(stops.iter().all(|stop| stop["meter"]["band_high"].is_i64() && stop["lat_micro"].is_i64()));
        assert!(gzip.len() <= 60_000 && zstd.len() <= 60_000, "gzip {} and zstd {} bytes", gzip.len(), zstd.len());
    }

    async fn a_zstd_push_is_read_and_a_zstd_bomb_is_not(world: World) {
        let street = Street::build(&world).await;
        let send = async |bytes: Vec<u8>| {
            let request = world.request(Method::POST, "/v1/sync/records").bearer_auth(&street.phone.access);
            let answer = world.send(request.header("content-encoding", "zstd").body(bytes)).await;
            (answer.status, answer.json())
        };
        let whole = zstd::encode_all(street.batch(&[street.reading(1, "H1", 1030)]).to_string().as_bytes(), 3).unwrap();
        let (status, cut) = send(whole[..whole.len() / 2].to_vec()).await;
        assert_eq!((status, &cut["code"]), (400, &json!("malformed_encoding")));
        let (status, answer) = send(whole).await;
        assert_eq!((status, &answer["items"][0]["outcome"]), (200, &json!("accepted")));
        // A gigabyte in some tens of kilobytes.
        let bomb = zstd::encode_all(std::io::repeat(b' ').take(1 << 30), 3).unwrap();
        assert!(bomb.len() < 200_000);
        let (status, refused) = send(bomb).await;
        assert_eq!((status, &refused["code"]), (413, &json!("body_too_large")));
    }
}
