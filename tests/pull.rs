//! What a phone pulls (PROTOCOL "Pull"; I6–I8, I10).

use crate::support::follower::Follower;
use crate::support::street::{HEADER, Street, import, register};
use crate::support::{Answer, World};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use meterbook::id::{AccountId, DeviceId};
use meterbook_api::db::Isolation;
use meterbook_api::jobs::purge_feeds;
use meterbook_api::sync::store::{LaterVerdict, announce_verdict};
use reqwest::Method;
use serde_json::{Value, json};

/// Decides something of a record, as the office does.
async fn decide(world: &World, reader: i64, device: i64, record: &str, state: &'static str) {
    let (record, now) = (record.parse().unwrap(), world.clock.now());
    let decided = world.app.store.write("decide", Isolation::RowLocks, move |conn| {
        let verdict = LaterVerdict { state, flags: &["reverse"], cases: &["reverse", "over_age"] };
        announce_verdict(conn, AccountId(reader), DeviceId(device), record, verdict, now)
    });
    decided.await.unwrap();
}

async fn ask(world: &World, token: &str, path: &str, etag: &str) -> Answer {
    let request = world.request(Method::GET, path).bearer_auth(token);
    world.send(if etag.is_empty() { request } else { request.header("if-none-match", etag) }).await
}

on_both_stores! {
    async fn a_cursor_brings_each_change_once(world: World) {
        let street = Street::build(&world).await;
        let mut phone = Follower::new(&world, &street.phone);
        let all = phone.pull("").await;
        assert_eq!((all["rounds"].as_array().unwrap().len(), &all["reset"]), (2, &json!(true)));
        let meter = &all["rounds"][1]["stops"][0]["meter"];
        assert_eq!((&meter["three_figures"], &meter["digits_integer"]), (&json!(true), &json!(6)));
        assert!(!all.to_string().contains("last_index"), "entry is blind (DOMAIN 5)");
        let nothing = phone.pull("").await;
        assert_eq!((&nothing["rounds"], &nothing["stops"], &nothing["reset"]), (&json!([]), &json!([]), &json!(false)));
        assert!(nothing.get("catalogue").is_none());
        street.push(&[street.reading(1, "H1", 1030)]).await;
        let visited = phone.pull("").await;
        assert_eq!((&visited["rounds"], visited["stops"].as_array().unwrap().len()), (&json!([]), 1));
        let stop = &visited["stops"][0];
        assert_eq!((&stop["change"], &stop["reason"], &stop["stop"]["state"]), (&json!("changed"), &json!("visited"), &json!("read")));
        assert_eq!(visited["changed_rounds"][0]["state"], json!("in_progress"));
        let dispatcher = world.desk(Role::Dispatcher).await;
        let cancelled = world.post(&format!("/v1/rounds/{}/cancel", street.rounds[1]), &dispatcher.access, &Value::Null).await;
        assert_eq!(cancelled.0, 200, "{}", cancelled.1);
        let gone = phone.pull("").await;
        assert_eq!((&gone["removed"][0]["round_id"], &gone["removed"][0]["reason"]), (&json!(street.rounds[1]), &json!("cancelled")));
        assert!(gone["removed"][0]["keep_until"].is_string());
        assert_eq!(phone.fresh().await, phone.held);
        assert_eq!(phone.held.rounds.keys().collect::<Vec<_>>(), [&street.rounds[0]]);
    }

    /// A round larger than a page, and a last page that is exactly full.
    async fn more_is_said_exactly_when_there_is_more(world: World) {
        let street = Street::build(&world).await;
        let mut phone = Follower::new(&world, &street.phone);
        phone.pull("").await;
        import(&world, "register", register().replace("锦绣路", "新华路").replace("商业街", "步行街")).await;
        let heads = world.database.texts("SELECT CAST(head AS TEXT) AS value FROM feeds");
        assert_eq!(heads, ["8"], "two rounds and six stops");
        for (limit, more) in [(2, true), (2, true), (2, false), (2, false)] {
            assert_eq!(phone.pull(&format!("limit={limit}")).await["more"], json!(more));
        }
        assert!(phone.held.stops[&street.rounds[0]].values().all(|stop| stop["address"].as_str().unwrap().starts_with("新华路")));
        assert_eq!(phone.fresh().await, phone.held);
    }

    async fn a_change_of_the_register_reaches_those_who_hold_the_stop(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        let second = street.assign_route("W01", other.account).await;
        let mut phones = [Follower::new(&world, &street.phone), Follower::new(&world, &other)];
        for phone in &mut phones {
            phone.pull("").await;
        }
        // Another order, a note, and another meter.
        let header = format!("{HEADER},入户备注");
        let row = |n: i32, order: i32, meter: &str, note: &str| {
            format!("H{n},居民户外,东城区/锦绣,W01,{order},王{n},1390000000{n},锦绣路{n}号,{meter},G4,2020-01-01,1000,在用,{note}")
        };
        let file = [header, row(1, 9, "00177", ""), row(2, 2, "00277", "门口有狗"), row(3, 3, "55377", "")].join("\n");
        let (_, report) = import(&world, "register", file).await;
        assert_eq!((&report["applied"], &report["changed"]), (&json!(true), &json!(3)), "{report}");
        for (phone, round) in phones.iter_mut().zip([street.rounds[0], second]) {
            let answer = phone.pull("").await;
            assert_eq!(answer["stops"].as_array().unwrap().len(), 3, "{answer}");
            assert!(answer["stops"].as_array().unwrap().iter().all(|stop| stop["round_id"] == json!(round) && stop["reason"] == "register"));
            let held = phone.held.stops[&round].values().find(|stop| stop["service_point_number"] == "H2").unwrap();
            assert_eq!(held["access_note"], json!("门口有狗"));
            let first = phone.held.stops[&round].values().find(|stop| stop["service_point_number"] == "H1").unwrap();
            assert_eq!(first["position"], json!(9));
            assert_eq!(phone.fresh().await, phone.held);
        }
        // The same file again changes nothing, and so says nothing.
        import(&world, "register", register()).await;
        phones[0].pull("").await;
        import(&world, "register", register()).await;
        assert_eq!(phones[0].pull("").await["stops"], json!([]));
    }

    /// An open stop of a point that is gone is taken out, and put back when it returns; what was read stays.
    async fn the_stop_of_a_removed_point_is_taken_out_and_its_late_reading_is_not_lost(world: World) {
        let street = Street::build(&world).await;
        let mut phone = Follower::new(&world, &street.phone);
        phone.pull("").await;
        street.push(&[street.reading(1, "H2", 1010)]).await;
        let gone = register().replace("00177,G4,2020-01-01,1000,在用", "00177,G4,2020-01-01,1000,拆除");
        let gone = gone.replace("00277,G4,2020-01-01,1000,在用", "00277,G4,2020-01-01,1000,拆除");
        import(&world, "register", gone).await;
        let answer = phone.pull("").await;
        assert_eq!(answer["removed_stops"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["removed_stops"][0]["reason"], json!("register"));
        assert_eq!(phone.held.stops[&street.rounds[0]].len(), 3);
        assert_eq!(phone.fresh().await, phone.held);
        let (_, round) = world.get(&format!("/v1/rounds/{}", street.rounds[0]), &world.admin().await.access).await;
        assert_eq!((round["stops"].as_array().unwrap().len(), &round["round"]["open_stops"]), (3, &json!(2)));
        import(&world, "register", register()).await;
        let answer = phone.pull("").await;
        let changes: Vec<&str> = answer["stops"].as_array().unwrap().iter().map(|stop| stop["change"].as_str().unwrap()).collect();
        assert_eq!(changes, ["added", "changed"]);
        assert_eq!(phone.fresh().await, phone.held);
    }

    /// Only the phone that sent a record hears what was decided of it.
    async fn a_later_verdict_reaches_the_phone_that_sent_the_record(world: World) {
        let street = Street::build(&world).await;
        let twin = world.phone_of(street.phone.account).await;
        let mut phones = [Follower::new(&world, &street.phone), Follower::new(&world, &twin)];
        let record = street.reading(1, "H1", 1030);
        street.push(std::slice::from_ref(&record)).await;
        for phone in &mut phones {
            phone.pull("").await;
        }
        let (id, device) = (record["id"].as_str().unwrap(), street.phone.device.unwrap());
        decide(&world, street.phone.account, device, id, "confirmed").await;
        decide(&world, street.phone.account, device, id, "dismissed").await;
        let told = phones[0].pull("").await;
        let verdict = &told["verdicts"][0];
        assert_eq!((told["verdicts"].as_array().unwrap().len(), &verdict["record_id"], &verdict["state"]), (1, &json!(id), &json!("dismissed")));
        assert_eq!((&verdict["flags"], &verdict["cases"]), (&json!(["reverse"]), &json!(["reverse", "over_age"])));
        assert_eq!(phones[1].pull("").await["verdicts"], json!([]));
        for phone in &phones {
            assert_eq!(phone.fresh().await, phone.held);
        }
    }

    async fn the_catalogue_comes_with_the_first_pull_in_both_languages(world: World) {
        let street = Street::build(&world).await;
        let mut phone = Follower::new(&world, &street.phone);
        let first = phone.pull("").await;
        let catalogue = &first["catalogue"];
        let names: Vec<&str> = catalogue["lists"].as_array().unwrap().iter().map(|list| list["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["attempt", "vacancy", "found", "hazard"]);
        assert!(catalogue["rules"].as_array().unwrap().iter().any(|rule| rule["code"] == "reverse" && rule["help_zh"] != "" && rule["help_en"] != ""));
        // Every attempt code it offers is one the server takes.
        let codes = catalogue["lists"][0]["codes"].as_array().unwrap();
        let records: Vec<Value> = (1..).zip(codes).map(|(seq, row)| street.record(seq, "H1", json!({"kind": "attempt", "attempt_code": row["code"]}))).collect();
        let answer = street.push(&records).await;
        assert!(answer["items"].as_array().unwrap().iter().all(|item| item["outcome"] == "accepted"), "{answer}");
        assert!(phone.pull("").await.get("catalogue").is_none());
    }

    /// The hot path: nothing new is said without a body, until there is something.
    async fn nothing_new_is_answered_304_to_the_etag(world: World) {
        let street = Street::build(&world).await;
        let token = &street.phone.access;
        let first = ask(&world, token, "/v1/sync/changes", "").await;
        let (etag, cursor) = (first.header("etag").to_owned(), first.json()["cursor"].as_str().unwrap().to_owned());
        assert!(etag.starts_with("W/\""));
        let path = format!("/v1/sync/changes?cursor={cursor}");
        let same = ask(&world, token, &path, &etag).await;
        assert_eq!((same.status, same.body.len(), same.header("etag")), (304, 0, etag.as_str()));
        let unasked = ask(&world, token, &path, "").await;
        assert_eq!((unasked.status, unasked.header("etag")), (200, etag.as_str()));
        // Without the cursor everything is asked for, whatever the phone has seen.
        assert_eq!(ask(&world, token, "/v1/sync/changes", &etag).await.status, 200);
        street.push(&[street.reading(1, "H1", 1030)]).await;
        let news = ask(&world, token, &path, &etag).await;
        assert_eq!(news.status, 200);
        assert_ne!(news.header("etag"), etag);
    }

    /// Below the floor: which rounds to fetch, not everything; and the tombstones that were forgotten.
    async fn a_phone_that_was_away_too_long_fetches_its_rounds_one_by_one(world: World) {
        let street = Street::build(&world).await;
        let mut away = Follower::new(&world, &street.phone);
        away.catch_up(500).await;
        street.push(&[street.reading(1, "H1", 1030)]).await;
        let dispatcher = world.desk(Role::Dispatcher).await;
        let (status, _) = world.post(&format!("/v1/rounds/{}/cancel", street.rounds[1]), &dispatcher.access, &Value::Null).await;
        assert_eq!(status, 200);
        assert_eq!(purge_feeds(&world.app).await.unwrap(), 0);
        world.advance(TimeDelta::days(61));
        away.renew().await;
        let mut near = Follower::new(&world, &away.phone);
        near.catch_up(500).await;
        assert!(purge_feeds(&world.app).await.unwrap() > 0);
        assert_eq!(world.database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM feed_entries"), ["0"]);
        let cursor = away.cursor.clone();
        let answer = away.pull("").await;
        assert_eq!((&answer["reset"], &answer["rounds"], &answer["stops"], &answer["more"]), (&json!(false), &json!([]), &json!([]), &json!(false)));
        assert_eq!(answer["removed"][0]["round_id"], json!(street.rounds[1]));
        let wait = answer["refetch"][0]["after_s"].as_i64().unwrap();
        assert!((0..300).contains(&wait));
        assert_eq!(answer["refetch"].as_array().unwrap().len(), 1);
        away.cursor = cursor;
        away.catch_up(1).await;
        assert_eq!(away.fresh().await, away.held);
        // One who stood at the floor goes on as before.
        near.renew().await;
        let answer = near.pull("").await;
        assert_eq!((&answer["refetch"], &answer["reset"]), (&json!([]), &json!(false)));
        // An entry of today is kept.
        let record = uuid::Uuid::now_v7().to_string();
        decide(&world, away.phone.account, away.phone.device.unwrap(), &record, "rejected").await;
        assert_eq!(purge_feeds(&world.app).await.unwrap(), 0);
        assert_eq!(away.pull("").await["verdicts"][0]["record_id"], json!(record));
    }

    /// SECURITY 1 and 2: the round of another reader, or one he has no more, is not there.
    async fn a_round_is_fetched_by_its_holder_alone(world: World) {
        let street = Street::build(&world).await;
        let other = world.reader_phone().await;
        let path = format!("/v1/sync/rounds/{}", street.rounds[0]);
        assert_eq!(world.get(&path, &street.phone.access).await.0, 200);
        for (path, token) in [(&path, &other.access), (&"/v1/sync/rounds/987654".to_owned(), &street.phone.access)] {
            let (status, problem) = world.get(path, token).await;
            assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
        }
        let dispatcher = world.desk(Role::Dispatcher).await;
        let to = json!({"reader_id": other.account});
        assert_eq!(world.post(&format!("/v1/rounds/{}/assign", street.rounds[0]), &dispatcher.access, &to).await.0, 200);
        assert_eq!(world.get(&path, &street.phone.access).await.0, 404);
        assert_eq!(world.get(&path, &other.access).await.0, 200);
    }

    /// A cursor is of one phone: another of the same reader starts over, since it has not seen the same verdicts.
    async fn another_phones_cursor_starts_over(world: World) {
        let street = Street::build(&world).await;
        let twin = world.phone_of(street.phone.account).await;
        let mut phone = Follower::new(&world, &street.phone);
        phone.pull("").await;
        phone.phone = twin;
        assert_eq!(phone.pull("").await["reset"], json!(true));
        assert_eq!(phone.pull("").await["reset"], json!(false));
    }

    /// DOMAIN 5: entry is blind. The phone can hold three figures against each other, and none of the last ones is told.
    async fn three_figures_are_told_as_relations_and_a_purchase_is_told_at_once(world: World) {
        let street = Street::build(&world).await;
        let past = "表号,抄表时间,表读数,累计用气量,表内存量\n00199,2025-12-01 09:00,8300,8275,430\n00199,2026-02-01 09:00,8420,8395,310";
        assert_eq!(import(&world, "readings", past).await.1["applied"], json!(true));
        let mut phone = Follower::new(&world, &street.phone);
        let first = phone.pull("").await;
        let shop = |answer: &Value| {
            let stops = answer["rounds"].as_array().unwrap().iter().flat_map(|round| round["stops"].as_array().unwrap());
            stops.chain(answer["stops"].as_array().unwrap().iter().map(|change| &change["stop"]))
                .find(|stop| stop["service_point_number"] == json!("S1")).map(|stop| stop["meter"].clone())
        };
        let meter = shop(&first).unwrap();
        let told = |meter: &Value| ["index_ahead", "index_ahead_tolerance", "account_sum", "account_tolerance", "purchases_known"].map(|name| meter[name].clone());
        // T is 1 % of the most that may be used until the round ends, which is more than 2p + 2r (DOMAIN 4).
        let unknown = [json!(25_000), json!(2_299), json!(8_705_000_000_i64), json!(200_000), json!(false)];
        assert_eq!(told(&meter), unknown);
        assert_eq!((&meter["balance_unit"], &meter["balance_per_m3"]), (&json!("volume"), &json!(1_000)));
        for figure in ["8420000", "8395000", "310000"] {
            assert!(!meter.to_string().contains(figure), "{figure} in {meter}");
        }
        let bought = "流水号,表号,充值时间,气量,金额\nP1,00199,2026-02-10 10:00,500,1600";
        assert_eq!(import(&world, "purchases", bought).await.1["applied"], json!(true));
        let second = phone.pull("").await;
        assert_eq!(second["stops"][0]["reason"], json!("purchases"), "{second}");
        let known = [json!(25_000), json!(2_299), json!(9_205_000_000_i64), json!(200_000), json!(true)];
        assert_eq!(told(&shop(&second).unwrap()), known);
        assert_eq!(phone.fresh().await, phone.held);
        // Targets come with the code lists.
        let targets = first["catalogue"]["targets"].as_array().unwrap();
        let shares: Vec<i64> = targets.iter().map(|target| target["target_bp"].as_i64().unwrap()).collect();
        assert_eq!(shares, [10_000, 9_800, 7_000]);
    }

    /// what is promised is on the phone of whoever holds the stop, and leaves it when it is taken back.
    async fn a_promised_time_reaches_the_phone_and_leaves_it_when_taken_back(world: World) {
        let street = Street::build(&world).await;
        let mut phone = Follower::new(&world, &street.phone);
        assert!(!phone.pull("").await.to_string().contains("appointments"));
        let dispatcher = world.desk(Role::Dispatcher).await.access;
        let mut made = Vec::new();
        // Within the round, within it and earlier, and when the round is over.
        for day in ["2026-03-25", "2026-03-24", "2026-04-02"] {
            let promise = json!({"service_point_id": street.points["H2"],
                "from_at": format!("{day}T09:00:00+08:00"), "until_at": format!("{day}T10:00:00+08:00")});
            let (status, appointment) = world.post("/v1/appointments", &dispatcher, &promise).await;
            assert_eq!(status, 201, "{appointment}");
            made.push(appointment["id"].as_i64().unwrap());
        }
        let told = phone.pull("").await;
        assert_eq!(told["stops"].as_array().unwrap().len(), 1, "{told}");
        let (change, stop) = (&told["stops"][0], &told["stops"][0]["stop"]);
        assert_eq!((&change["reason"], &stop["service_point_number"]), (&json!("appointment"), &json!("H2")));
        let hour = |day: &str| json!({"from_at": format!("{day}T01:00:00.000Z"), "until_at": format!("{day}T02:00:00.000Z")});
        assert_eq!(stop["appointments"], json!([hour("2026-03-24"), hour("2026-03-25")]));
        assert_eq!(phone.fresh().await, phone.held);
        for (id, left) in [(made[1], json!([hour("2026-03-25")])), (made[0], Value::Null)] {
            let withdrawn = world.post(&format!("/v1/appointments/{id}/withdraw"), &dispatcher, &Value::Null).await;
            assert_eq!(withdrawn.0, 200, "{}", withdrawn.1);
            assert_eq!(phone.pull("").await["stops"][0]["stop"]["appointments"], left);
            assert_eq!(phone.fresh().await, phone.held);
        }
    }

    async fn a_page_or_a_wait_out_of_range_is_refused(world: World) {
        let street = Street::build(&world).await;
        for query in ["limit=0", "limit=501", "wait=26", "wait=-1", "wait=x"] {
            let (status, problem) = world.get(&format!("/v1/sync/changes?{query}"), &street.phone.access).await;
            assert_eq!((status, &problem["code"]), (400, &json!("invalid_parameter")), "{query}");
        }
    }
}
