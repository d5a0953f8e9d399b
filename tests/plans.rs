//! Planning rounds: the job, hands on the plan, and what becomes of it on phones (issue 7; ).

use crate::support::follower::Follower;
use crate::support::street::import;
use crate::support::{SignedIn, World};
use meterbook::accounts::Role;
use meterbook_api::db::Isolation;
use meterbook_api::rounds::plans::job::plan_next;
use meterbook_api::rounds::plans::store::claim_plan;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What should end and does not fails here instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);
const SHOPS: i64 = 24;

/// A market of shops, two readers with phones, and a dispatcher.
struct Market<'w> {
    world: &'w World,
    readers: [SignedIn; 2],
    dispatcher: SignedIn,
    /// Service point ids by 户号.
    points: BTreeMap<String, i64>,
}

fn register(note: &str) -> String {
    let mut rows =
        vec!["户号,类别,片区,册号,册内序号,地址,表号,表型,通气日期,初始读数,状态,经度,纬度,坐标系,入户备注".to_owned()];
    for n in 0..SHOPS {
        let (lng, lat) = (116_390 + (n % 6) * 4, 39_900 + (n / 6) * 4);
        rows.push(format!(
            "S{n},工商业,东城区,S01,{n},市场{n}号,IC{n},IC-G10,2020-01-01,8000,在用,{}.{:03},{}.{:03},WGS-84,{note}",
            lng / 1000,
            lng % 1000,
            lat / 1000,
            lat % 1000
        ));
    }
    rows.join("\n")
}

impl<'w> Market<'w> {
    async fn build(world: &'w World) -> Self {
        let (status, report) = import(world, "register", register("")).await;
        assert_eq!((status, &report["applied"]), (200, &json!(true)), "{report}");
        let readers = [world.reader_phone().await, world.reader_phone().await];
        let dispatcher = world.desk(Role::Dispatcher).await;
        let (_, page) = world.get("/v1/service-points", &dispatcher.access).await;
        let known = page["items"].as_array().unwrap().iter();
        let points = known.map(|p| (p["number"].as_str().unwrap().to_owned(), p["id"].as_i64().unwrap())).collect();
        Self { world, readers, dispatcher, points }
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.world.post(path, &self.dispatcher.access, &body).await
    }

    async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.world.get(path, &self.dispatcher.access).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.world.request(Method::PUT, path).bearer_auth(&self.dispatcher.access).json(&body);
        let answer = self.world.send(request).await;
        (answer.status, answer.json())
    }

    /// A request for a plan of the 22nd and 23rd.
    fn request(steps: u64) -> Value {
        json!({"class": "commercial", "from_day": "2026-03-22", "until_day": "2026-03-24", "steps": steps, "seed": 7})
    }

    async fn ask(&self, request: Value) -> i64 {
        let (status, plan) = self.post("/v1/plans", request).await;
        assert_eq!(status, 201, "{plan}");
        plan["id"].as_i64().unwrap()
    }

    /// Looks at a plan until it is in one of the states.
    async fn until(&self, id: i64, states: &[&str]) -> Value {
        // Now and then: the planner goes last, and would never get a processor from those who only ask.
        let mut ticks = tokio::time::interval(Duration::from_millis(25));
        let look = async {
            loop {
                ticks.tick().await;
                let plan = self.get(&format!("/v1/plans/{id}")).await;
                if states.contains(&plan["state"].as_str().unwrap()) {
                    return plan;
                }
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("the plan does not get there")
    }

    async fn planned(&self, request: Value) -> Value {
        let id = self.ask(request).await;
        let plan = self.until(id, &["done", "failed"]).await;
        assert_eq!(plan["state"], json!("done"), "{plan}");
        plan
    }

    async fn publish(&self, plan: &Value) -> Value {
        let path = format!("/v1/plans/{}/publish", plan["id"]);
        let (_, now) = self.world.get(&format!("/v1/plans/{}", plan["id"]), &self.dispatcher.access).await;
        let (status, outcome) = self.post(&path, json!({"version": now["version"]})).await;
        assert_eq!(status, 200, "{outcome}");
        outcome
    }

    async fn stops(&self, plan: &Value, query: &str) -> Vec<Value> {
        self.get(&format!("/v1/plans/{}/stops?{query}", plan["id"])).await["items"].as_array().unwrap().clone()
    }

    /// Numbers of a reader's stops of a day, in order.
    async fn walk(&self, plan: &Value, reader: &SignedIn, day: &str) -> Vec<i64> {
        let stops = self.stops(plan, &format!("reader={}&day={day}", reader.account)).await;
        stops
            .iter()
            .filter(|stop| stop["visited"] == json!(false))
            .map(|stop| stop["service_point_id"].as_i64().unwrap())
            .collect()
    }

    /// A reading of a shop at this moment, pushed from a phone.
    async fn read(&self, phone: &SignedIn, seq: i64, point: i64) -> Value {
        let now = self.world.clock.now();
        let item = json!({
            "kind": "reading", "id": uuid::Uuid::now_v7().to_string(), "device_seq": seq, "read_at": now.to_rfc3339(),
            "read_elapsed_ms": now.timestamp_millis(), "boot_id": "b", "service_point_id": point,
            "index": 8_010_000, "cumulative": 8_010_000, "balance": 100_000,
        });
        let batch = json!({"sent_at": now.to_rfc3339(), "sent_elapsed_ms": now.timestamp_millis(), "boot_id": "b", "items": [item]});
        let (status, answer) = self.world.post("/v1/sync/records", &phone.access, &batch).await;
        assert_eq!(status, 200, "{answer}");
        answer["items"][0].clone()
    }

    /// A phone with a new access token: they end soon.
    async fn renewed(&self, phone: &SignedIn) -> SignedIn {
        let (status, tokens) = self.world.refresh(&phone.refresh).await;
        assert_eq!(status, 200, "{tokens}");
        SignedIn::of(&tokens)
    }

    /// The dispatcher signs in again: a session ends long before the 22nd.
    async fn go_to(&mut self, at: &str) {
        self.world.clock.set(at.parse().unwrap());
        self.dispatcher = self.world.sign_in(&self.dispatcher.login).await;
    }
}

on_both_stores! {
    async fn a_plan_becomes_rounds_on_phones_in_its_order(world: World) {
        let market = Market::build(&world).await;
        let plan = market.planned(Market::request(2_000)).await;
        let report = &plan["report"];
        assert_eq!((&report["planned"], &report["unassigned"], &plan["left_out"]), (&json!(SHOPS), &json!([]), &json!(0)), "{plan}");
        assert_eq!((&plan["steps_done"], &plan["steps_total"]), (&json!(2_000), &json!(2_000)));
        assert!(report["metres"].as_i64() <= report["nearest_metres"].as_i64());
        let rounds = market.get(&format!("/v1/plans/{}/rounds", plan["id"])).await["items"].as_array().unwrap().clone();
        assert_eq!(rounds.iter().map(|round| round["stops"].as_i64().unwrap()).sum::<i64>(), SHOPS);
        let all = market.stops(&plan, "limit=500").await;
        assert!(all.len() == SHOPS as usize && all.iter().all(|stop| stop["begin_at"].is_string() && stop["datum"] == json!("wgs84")));
        // Nothing has happened to anybody yet.
        let (_, before) = world.get("/v1/rounds", &market.dispatcher.access).await;
        assert_eq!(before["items"], json!([]));
        let publish = format!("/v1/plans/{}/publish", plan["id"]);
        let (_, dry) = market.post(&publish, json!({"version": plan["version"], "dry_run": true})).await;
        assert_eq!((&dry["published"], &dry["stops_added"], &dry["rounds_made"]), (&json!(false), &json!(SHOPS), &json!(rounds.len())));
        let outcome = market.publish(&plan).await;
        assert_eq!((&outcome["published"], &outcome["stops_added"], &outcome["conflicts"]), (&json!(true), &json!(SHOPS), &json!([])));
        assert_eq!(market.post(&publish, json!({"version": plan["version"]})).await.0, 409, "published once");
        let mut carried = 0;
        for reader in &market.readers {
            let mut phone = Follower::new(&world, reader);
            let answer = phone.pull("").await;
            for round in answer["rounds"].as_array().unwrap() {
                let day = &round["name"].as_str().unwrap()[..10];
                let stops: Vec<i64> = round["stops"].as_array().unwrap().iter().map(|stop| stop["service_point_id"].as_i64().unwrap()).collect();
                assert_eq!(stops, market.walk(&plan, reader, day).await);
                assert_eq!((&round["from_day"], &round["until_day"]), (&json!("2026-03-22"), &json!("2026-03-24")));
                carried += stops.len();
            }
        }
        assert_eq!(carried, SHOPS as usize);
    }

    /// R-1, and keys: what the office says of points and readers is kept by the plan.
    async fn appointments_hours_keys_and_absences_are_kept(world: World) {
        let market = Market::build(&world).await;
        let (promised, keyed, closed, sunday) = (market.points["S3"], market.points["S9"], market.points["S12"], market.points["S20"]);
        let promise = json!({"service_point_id": promised, "from_at": "2026-03-23T02:00:00Z", "until_at": "2026-03-23T02:30:00Z"});
        assert_eq!(market.post("/v1/appointments", promise).await.0, 201);
        let terms = |skills: Value, opening: Value| json!({"version": 0, "skills": skills, "opening": opening, "minutes": 15});
        assert_eq!(market.put(&format!("/v1/service-points/{keyed}/visit-terms"), terms(json!(["东门钥匙"]), json!([]))).await.0, 200);
        let never = json!([{"weekday": 3, "from_minute": 540, "until_minute": 1020}]);
        assert_eq!(market.put(&format!("/v1/service-points/{closed}/visit-terms"), terms(json!([]), never)).await.0, 200);
        let only_sunday = json!([{"weekday": 7, "from_minute": 840, "until_minute": 900}]);
        assert_eq!(market.put(&format!("/v1/service-points/{sunday}/visit-terms"), terms(json!([]), only_sunday)).await.0, 200);
        let [first, second] = &market.readers;
        let profile = json!({"version": 0, "from_minute": 480, "until_minute": 1020, "workdays": [1, 2, 3, 4, 5, 6, 7], "capacity": 50,
            "skills": ["东门钥匙"], "lat_micro": 39_910_000, "lng_micro": 116_400_000, "datum": "gcj02"});
        let path = format!("/v1/readers/{}/profile", first.account);
        assert_eq!(market.put(&path, profile.clone()).await.1["version"], json!(1));
        assert_eq!(market.put(&path, profile).await.0, 409, "somebody else was first");
        let away = json!({"from_day": "2026-03-22", "until_day": "2026-03-23", "reason": "培训"});
        let (status, absence) = market.post(&format!("/v1/readers/{}/absences", second.account), away).await;
        assert_eq!(status, 201, "{absence}");
        let plan = market.planned(Market::request(1_500)).await;
        let stops = market.stops(&plan, "limit=500").await;
        let of = |point: i64| stops.iter().find(|stop| stop["service_point_id"] == json!(point)).unwrap();
        let begin = of(promised)["begin_at"].as_str().unwrap();
        assert!(("2026-03-23T02:00".."2026-03-23T02:30").contains(&begin), "{begin}");
        assert_eq!(of(keyed)["reader_id"], json!(first.account));
        assert_eq!((&of(closed)["reason"], of(closed).get("reader_id")), (&json!("closed"), None));
        assert!(of(sunday)["begin_at"].as_str().unwrap() >= "2026-03-22T06:00" && of(sunday)["end_at"].as_str().unwrap() <= "2026-03-22T07:00:00.000Z");
        assert!(!stops.iter().any(|stop| stop["reader_id"] == json!(second.account) && stop["day"] == json!("2026-03-22")));
        assert_eq!(plan["report"]["unassigned"], json!([{"reason": "closed", "stops": 1}]));
        assert_eq!(market.stops(&plan, "unassigned=true").await.len(), 1);
        // The reader is there after all, and is planned with.
        let back = market.post(&format!("/v1/absences/{}/withdraw", absence["id"]), Value::Null).await;
        assert!(back.1["withdrawn_at"].is_string());
        assert_eq!(market.get("/v1/absences").await["items"][0]["reason"], json!("培训"));
        assert_eq!(market.get("/v1/appointments").await["items"][0]["service_point_number"], json!("S3"));
    }

    /// No lock on editing: two dispatchers move the same stop, and the second is told.
    async fn several_dispatchers_change_a_plan_row_by_row(world: World) {
        let market = Market::build(&world).await;
        let point = market.points["S3"];
        let promise = json!({"service_point_id": point, "from_at": "2026-03-22T00:30:00Z", "until_at": "2026-03-22T03:00:00Z"});
        assert_eq!(market.post("/v1/appointments", promise).await.0, 201);
        let plan = market.planned(Market::request(1_000)).await;
        let other = world.desk(Role::Dispatcher).await;
        let path = format!("/v1/plans/{}/stops/{point}", plan["id"]);
        let stop = market.stops(&plan, "limit=500").await.into_iter().find(|stop| stop["service_point_id"] == json!(point)).unwrap();
        assert_eq!((&stop["version"], &stop["warnings"]), (&json!(1), &json!([])));
        let target = market.readers.iter().find(|reader| json!(reader.account) != stop["reader_id"]).unwrap();
        let to = |version: i64, day: &str| json!({"version": version, "reader_id": target.account, "day": day, "position": 1, "locked": true});
        let (status, moved) = market.post(&path, to(1, "2026-03-23")).await;
        assert_eq!(status, 200, "{moved}");
        assert_eq!((&moved["stop"]["warnings"], &moved["stop"]["version"]), (&json!(["promise"]), &json!(2)), "told, not refused");
        assert_eq!((&moved["stop"]["position"], &moved["stop"]["locked"]), (&json!(1), &json!(true)));
        assert_eq!(moved["stop"]["changed_by"], json!(market.dispatcher.account));
        let (status, refused) = world.post(&path, &other.access, &to(1, "2026-03-22")).await;
        assert_eq!((status, &refused["code"]), (409, &json!("conflict")), "{refused}");
        let (status, second) = world.post(&path, &other.access, &json!({"version": 2, "reader_id": target.account, "day": "2026-03-22"})).await;
        assert_eq!((status, &second["stop"]["warnings"]), (200, &json!([])), "{second}");
        // The times of the day it left and the day it joined are one row after the other.
        let walk = market.walk(&plan, target, "2026-03-22").await;
        assert!(walk.contains(&point));
        let touched: Vec<&Value> = second["touched"].as_array().unwrap().iter().filter(|stop| stop["day"] == json!("2026-03-22")).collect();
        assert!(touched.windows(2).all(|pair| pair[0]["end_at"].as_str() <= pair[1]["begin_at"].as_str()));
        let (status, out) = market.post(&path, json!({"version": 3, "take_out": true})).await;
        assert_eq!((status, out["stop"].get("reader_id"), &out["stop"]["position"]), (200, None, &json!(0)), "{out}");
        for (body, pointer) in [
            (json!({"version": 4, "reader_id": target.account}), "/reader_id"),
            (json!({"version": 4, "reader_id": 0, "day": "2026-03-22"}), "/reader_id"),
            (json!({"version": 4, "reader_id": target.account, "day": "2026-03-24"}), "/day"),
        ] {
            let (status, refused) = market.post(&path, body).await;
            assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
        }
        // The plan that was looked at is not the one there is.
        let (status, _) = market.post(&format!("/v1/plans/{}/publish", plan["id"]), json!({"version": plan["version"]})).await;
        assert_eq!(status, 409);
        assert_eq!(market.publish(&plan).await["stops_added"], json!(SHOPS - 1));
    }

    /// At noon a reader falls ill: the other takes over what is left, what is read stays, and the phones learn of it.
    async fn a_plan_is_mended_at_noon(world: World) {
        let mut market = Market::build(&world).await;
        let plan = market.planned(Market::request(1_500)).await;
        market.publish(&plan).await;
        market.go_to("2026-03-22T02:00:00Z").await;
        let [ill, well] = [market.renewed(&market.readers[0]).await, market.renewed(&market.readers[1]).await];
        let rest = market.walk(&plan, &ill, "2026-03-22").await;
        let done = rest[0];
        let receipt = market.read(&ill, 1, done).await;
        assert_eq!(receipt["outcome"], json!("accepted"), "{receipt}");
        market.go_to("2026-03-22T03:00:00Z").await;
        let away = json!({"from_day": "2026-03-22", "until_day": "2026-03-24", "reason": "发烧"});
        market.post(&format!("/v1/readers/{}/absences", ill.account), away).await;
        let mut request = Market::request(600);
        request["basis_id"] = plan["id"].clone();
        let mended = market.planned(request).await;
        let report = &mended["report"];
        assert_eq!((&report["visited"], &report["planned"]), (&json!(1), &json!(SHOPS - 1)), "{report}");
        assert!(market.stops(&mended, &format!("reader={}", well.account)).await.len() == (SHOPS - 1) as usize);
        let moved = market.stops(&mended, "moved=true").await;
        assert!(moved.iter().any(|stop| stop["before_reader_id"] == json!(ill.account)) && moved.len() == report["moves"].as_u64().unwrap() as usize);
        let mut phones = Vec::new();
        for reader in [&ill, &well] {
            let mut phone = Follower::new(&world, &market.renewed(reader).await);
            phone.pull("").await;
            phones.push(phone);
        }
        // One more is read while the dispatcher looks at the plan: it stays, and is named.
        let meanwhile = rest[1];
        let receipt = market.read(&phones[0].phone, 2, meanwhile).await;
        assert_eq!(receipt["outcome"], json!("accepted"), "{receipt}");
        let outcome = market.publish(&mended).await;
        let conflicts = outcome["conflicts"].as_array().unwrap();
        assert_eq!((conflicts.len(), &conflicts[0]["code"], &conflicts[0]["service_point_id"]), (1, &json!("read_meanwhile"), &json!(meanwhile)), "{outcome}");
        let open = |phone: &Follower<'_>| phone.held.stops.values().flat_map(BTreeMap::values).filter(|stop| stop["state"] == json!("open")).count();
        for phone in &mut phones {
            phone.pull("").await;
            assert_eq!(phone.fresh().await, phone.held);
        }
        assert_eq!((open(&phones[0]), open(&phones[1])), (0, (SHOPS - 2) as usize));
        // A change of the register brings no stop back that the plan took elsewhere.
        let admin = world.sign_in("admin").await;
        let request = world.request(Method::POST, "/v1/imports/register").bearer_auth(&admin.access);
        let report = world.send(request.header("content-type", "text/csv").body(register("后门进"))).await.json();
        assert_eq!((&report["applied"], &report["changed"]), (&json!(true), &json!(SHOPS)), "{report}");
        for phone in &mut phones {
            phone.pull("").await;
            assert_eq!(phone.fresh().await, phone.held);
        }
        assert_eq!((open(&phones[0]), open(&phones[1])), (0, (SHOPS - 2) as usize));
    }

    /// Somebody gives the route out by hand while a plan is looked at: no stop is in two rounds.
    async fn what_was_given_out_meanwhile_is_left_alone(world: World) {
        let market = Market::build(&world).await;
        let plan = market.planned(Market::request(500)).await;
        let (_, routes) = world.get("/v1/routes", &market.dispatcher.access).await;
        let round = json!({"route_id": routes["items"][0]["id"], "reader_id": market.readers[0].account, "from_day": "2026-03-20", "until_day": "2026-03-26"});
        let (status, round) = market.post("/v1/rounds", round).await;
        assert_eq!(status, 201, "{round}");
        let outcome = market.publish(&plan).await;
        assert_eq!((outcome["conflicts"].as_array().unwrap().len() as i64, &outcome["stops_added"]), (SHOPS, &json!(0)));
        assert_eq!((&outcome["conflicts"][0]["code"], &outcome["conflicts"][0]["round_id"]), (&json!("in_another_round"), &round["id"]));
    }

    /// Planning holds nothing anybody waits for, and ends when it is told to.
    async fn a_running_plan_is_watched_pushed_past_and_cancelled(world: World) {
        let market = Market::build(&world).await;
        let id = market.ask(Market::request(5_000_000)).await;
        market.until(id, &["running"]).await;
        let look = async {
            while market.get(&format!("/v1/plans/{id}")).await["steps_done"] == json!(0) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("no progress is told");
        let receipt = market.read(&market.readers[0], 1, market.points["S0"]).await;
        assert_eq!(receipt["outcome"], json!("rejected"), "nobody's stop yet, and answered at once: {receipt}");
        let waiting = market.ask(Market::request(100)).await;
        assert_eq!(market.post(&format!("/v1/plans/{waiting}/cancel"), Value::Null).await.1["state"], json!("cancelled"), "out of the queue");
        assert_eq!(market.post(&format!("/v1/plans/{id}/cancel"), Value::Null).await.0, 200);
        let plan = market.until(id, &["cancelled", "done"]).await;
        assert_eq!((&plan["state"], plan.get("report")), (&json!("cancelled"), None));
        assert_eq!(market.post(&format!("/v1/plans/{id}/publish"), json!({"version": plan["version"]})).await.0, 409);
        assert_eq!(market.get("/v1/plans?state=cancelled").await["items"].as_array().unwrap().len(), 2);
    }

    /// A node that dies is silent; another takes its plan over, and gets the same result.
    async fn the_plan_of_a_dead_node_is_made_by_another(world: World) {
        let market = Market::build(&world).await;
        let first = market.planned(Market::request(800)).await;
        let again = "INSERT INTO plans (class, from_day, until_day, state, request, version, lease_holder, lease_until, steps_done, steps_total, left_out, metres, created_by, created_at) \
            SELECT class, from_day, until_day, 'running', request, 1, 'dead', ";
        let until = world.clock.now().timestamp_millis() + 10_000;
        world.database.execute(&format!("{again} {until}, 17, steps_total, 0, 0, created_by, created_at FROM plans")).unwrap();
        assert!(!plan_next(&world.app, "another").await.unwrap(), "the lease runs");
        world.advance(chrono::TimeDelta::seconds(11));
        let now = world.clock.now();
        let claims = ["one", "other"].map(|node| world.app.store.write("claim", Isolation::Serializable, move |conn| claim_plan(conn, node, now)));
        let claimed: Vec<_> = futures_util::future::join_all(claims).await.into_iter().filter_map(|claim| claim.unwrap()).collect();
        assert!(claimed.len() <= 1, "one node gets it: {claimed:?}");
        world.advance(chrono::TimeDelta::seconds(31));
        world.app.planner.wake();
        let id = first["id"].as_i64().unwrap() + 1;
        let second = market.until(id, &["done"]).await;
        assert_eq!((&second["report"], &second["metres"]), (&first["report"], &first["metres"]));
    }

    async fn a_wrong_request_is_told_what_was_expected(world: World) {
        let market = Market::build(&world).await;
        let with = |name: &str, value: Value| {
            let mut request = Market::request(100);
            request[name] = value;
            request
        };
        for (request, pointer) in [
            (with("class", json!("gas")), "/class"),
            (with("until_day", json!("2026-03-22")), "/until_day"),
            (with("until_day", json!("2026-05-22")), "/until_day"),
            (with("steps", json!(0)), "/steps"),
            (with("visit_minutes", json!(0)), "/visit_minutes"),
            (with("weights", json!({"continuity": 2_000_000})), "/weights/continuity"),
            (with("basis_id", json!(99)), "/basis_id"),
        ] {
            let (status, refused) = market.post("/v1/plans", request).await;
            assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
        }
        let reader = market.readers[0].account;
        let profile = json!({"version": 0, "from_minute": 480, "until_minute": 400, "workdays": [1], "capacity": 5});
        assert_eq!(market.put(&format!("/v1/readers/{reader}/profile"), profile).await.1["errors"][0]["pointer"], json!("/until_minute"));
        let half = json!({"version": 0, "from_minute": 480, "until_minute": 900, "workdays": [1], "capacity": 5, "lat_micro": 1});
        assert_eq!(market.put(&format!("/v1/readers/{reader}/profile"), half).await.1["errors"][0]["pointer"], json!("/lat_micro"));
        let hours = json!({"version": 0, "opening": [{"weekday": 8, "from_minute": 0, "until_minute": 10}]});
        let path = format!("/v1/service-points/{}/visit-terms", market.points["S0"]);
        assert_eq!(market.put(&path, hours).await.1["errors"][0]["pointer"], json!("/opening/0"));
        let promise = json!({"service_point_id": market.points["S0"], "from_at": "2026-03-23T02:00:00Z", "until_at": "2026-03-23T02:00:00Z"});
        assert_eq!(market.post("/v1/appointments", promise).await.1["errors"][0]["pointer"], json!("/until_at"));
    }
}
