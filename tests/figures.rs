//! Figures one can prove: companions, time reviews, closing as a job, restated differences, recomputation (R-5, R-6, R-9, DOMAIN 3).

use crate::support::street::{HEADER, Street, register};
use crate::support::{Database, SignedIn, World, WorldOptions};
use chrono::{DateTime, TimeDelta, Utc};
use meterbook::accounts::Role;
use meterbook::calendar::Period;
use meterbook_api::cli::coverage::{recompute, verify_all};
use meterbook_api::coverage::open_period;
use meterbook_api::jobs::work_once;
use meterbook_api::keys::sha256;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

fn go_to(world: &World, at: &str) {
    world.clock.set(at.parse().unwrap());
}

/// An analyst's token at this moment: sessions end long before months do.
async fn token(world: &World, login: &str) -> String {
    world.sign_in(login).await.access
}

async fn line(world: &World, login: &str, period: &str, class: &str) -> Value {
    let path = format!("/v1/coverage?period={period}&class={class}");
    let (status, report) = world.get(&path, &token(world, login).await).await;
    assert_eq!(status, 200, "{report}");
    report["lines"][0].clone()
}

fn of<'v>(value: &'v Value, names: &[&str]) -> Vec<&'v Value> {
    names.iter().map(|name| &value[*name]).collect()
}

/// A reading at a moment of the satellites.
fn reading_at(street: &Street<'_>, seq: i64, point: &str, m3: i64, at: &str) -> Value {
    let figures = match point.starts_with('S') {
        true => json!({"index": m3 * 1000, "cumulative": m3 * 1000, "balance": 300_000}),
        false => json!({"index": m3 * 1000}),
    };
    let mut item = street.record(seq, point, json!({"kind": "reading"}));
    item.as_object_mut().unwrap().extend(figures.as_object().unwrap().clone());
    (item["read_at"], item["time_source"]) = (json!(at), json!("gps"));
    item
}

fn with_photo(mut item: Value) -> Value {
    item["evidence"] = json!(["ab".repeat(32)]);
    item
}

/// Imports a register at this moment.
async fn import_register(world: &World, login: &str, file: String) -> Value {
    let request = world.request(reqwest::Method::POST, "/v1/imports/register");
    let request = request.bearer_auth(token(world, login).await).header("content-type", "text/csv");
    world.send(request.body(file)).await.json()
}

/// The street's register with gas on since so many days that points turn long unseen in these months, each at another time.
fn register_of_ages() -> String {
    let gas_on = ["2025-09-30", "2025-10-01", "2025-10-02", "2025-10-31", "2025-12-31", "2026-01-01"];
    let points =
        register().lines().skip(1).zip(gas_on).map(|(row, day)| row.replace("2020-01-01", day)).collect::<Vec<_>>();
    format!("{HEADER}\n{}", points.join("\n"))
}

/// A round of the first route for a reader, for the whole of March.
async fn assign(world: &World, login: &str, reader: i64) {
    let access = token(world, login).await;
    let (_, routes) = world.get("/v1/routes", &access).await;
    let round = json!({"route_id": routes["items"][0]["id"], "reader_id": reader, "from_day": "2026-03-01", "until_day": "2026-04-01"});
    assert_eq!(world.post("/v1/rounds", &access, &round).await.0, 201);
}

async fn accepted(answer: &Value) {
    for item in answer["items"].as_array().unwrap() {
        assert_eq!(item["outcome"], json!("accepted"), "{answer}");
    }
}

async fn assert_proved(world: &World) {
    let differences = verify_all(&world.app.store, world.app.config.zone, None).await.unwrap();
    assert!(differences.is_empty(), "{differences:#?}");
}

on_both_stores! {
    /// What stands beside the rate, and the window with its exception.
    async fn companions_say_how_the_rate_came_about(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Dispatcher).await;
        go_to(&world, "2026-03-25T04:00:00Z");
        let attempt = |seq, point| {
            let mut item = street.record(seq, point, json!({"kind": "attempt", "attempt_code": "locked"}));
            (item["read_at"], item["time_source"]) = (json!("2026-03-10T10:00:00+08:00"), json!("gps"));
            item
        };
        accepted(&street.push_later(&[
            with_photo(reading_at(&street, 1, "H1", 1030, "2026-03-10T10:00:00+08:00")),
            reading_at(&street, 2, "H2", 1030, "2026-03-10T11:00:00+08:00"),
            with_photo(attempt(3, "H3")),
            attempt(4, "H4"),
            reading_at(&street, 5, "S1", 8100, "2026-03-23T23:59:59+08:00"),
            reading_at(&street, 6, "S2", 8100, "2026-03-24T00:00:00+08:00"),
        ]).await).await;
        let homes = line(&world, &login, "2026-03", "residential_outdoor").await;
        assert_eq!(of(&homes, &["seen", "no_access", "proven_attempts", "attempted_bp", "with_evidence", "evidence_bp"]), [2, 2, 1, 7_500, 1, 5_000]);
        assert_eq!(of(&homes, &["on_time", "late"]), [0, 0]);
        assert!(homes.get("on_time_bp").is_none(), "{homes}");
        let shops = line(&world, &login, "2026-03", "commercial").await;
        assert_eq!(of(&shops, &["early", "on_time", "late", "on_time_bp"]), [0, 1, 1, 5_000]);
        let exception = json!({"from_day": "2026-03-22", "until_day": "2026-03-25", "reason": "清明前调整"});
        let (status, window) = world.post("/v1/periods/2026-03/window", &token(&world, &login).await, &exception).await;
        assert_eq!((status, &window["is_exception"], &window["reason"]), (200, &json!(true), &json!("清明前调整")), "{window}");
        let shops = line(&world, &login, "2026-03", "commercial").await;
        assert_eq!(of(&shops, &["early", "on_time", "late", "on_time_bp"]), [0, 2, 0, 10_000]);
        let outside = json!({"from_day": "2026-03-22", "until_day": "2026-04-02", "reason": "x"});
        assert_eq!(world.post("/v1/periods/2026-03/window", &token(&world, &login).await, &outside).await.0, 422);
        // Ages and the periods missed go on into the next month, and a late upload shortens them there too.
        go_to(&world, "2026-04-02T01:00:00Z");
        open_period(&world.app, Period::parse("2026-04").unwrap()).await.unwrap();
        let april = line(&world, &login, "2026-04", "residential_outdoor").await;
        assert_eq!(of(&april, &["seen", "repeat_unseen", "unseen_over_365"]), [0, 2, 2]);
        accepted(&street.push_later(&[reading_at(&street, 7, "H3", 1030, "2026-03-31T23:00:00+08:00")]).await).await;
        let april = line(&world, &login, "2026-04", "residential_outdoor").await;
        assert_eq!(of(&april, &["seen", "repeat_unseen", "unseen_over_365"]), [0, 1, 1]);
        assert_proved(&world).await;
    }

    /// DOMAIN 2: not seen until a person decides; then as of the decided time, or not.
    async fn a_person_decides_times_and_closing_waits_for_it(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        let by_clock = |seq, point| {
            let mut item = street.reading(seq, point, 1010);
            item["read_at"] = json!("1970-01-19T03:14:07Z");
            item.as_object_mut().unwrap().retain(|name, _| name != "boot_id" && name != "read_elapsed_ms");
            item
        };
        let body = json!({"sent_at": "1970-01-19T03:14:07Z", "items": [by_clock(1, "H1"), by_clock(2, "H2")]});
        assert_eq!(world.post("/v1/sync/records", &street.phone.access, &body).await.0, 200);
        go_to(&world, "2026-04-04T01:00:00Z");
        let access = token(&world, &login).await;
        let (status, refused) = world.post("/v1/periods/2026-03/close", &access, &json!({})).await;
        assert_eq!((status, &refused["errors"][0]["code"], refused["errors"].as_array().unwrap().len()), (409, &json!("time_undecided"), 2), "{refused}");
        let (_, page) = world.get("/v1/time-reviews?state=open", &access).await;
        let ids: Vec<i64> = page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect();
        assert_eq!((ids.len(), &page["items"][0]["is_lost"]), (2, &json!(true)));
        let decide = |id: i64, body: Value| { let (path, access) = (format!("/v1/time-reviews/{id}/decide"), access.clone()); let world = &world; async move { world.post(&path, &access, &body).await } };
        let (status, refused) = decide(ids[0], json!({"decision": "accepted", "reason": "问过本人"})).await;
        assert_eq!((status, &refused["errors"][0]["code"]), (422, &json!("invalid_time")), "{refused}");
        let late = json!({"decision": "accepted", "observed_at": "2026-03-03T10:00:00+08:00", "reason": "问过本人"});
        assert_eq!(decide(ids[0], late).await.0, 422);
        let body = json!({"decision": "accepted", "observed_at": "2026-03-01T10:00:00+08:00", "reason": "问过本人"});
        let (status, review) = decide(ids[0], body.clone()).await;
        assert_eq!((status, &review["state"], &review["decided_time"]), (200, &json!("accepted"), &json!("2026-03-01T02:00:00.000Z")), "{review}");
        assert_eq!(decide(ids[0], body).await.0, 409);
        assert_eq!(decide(ids[1], json!({"decision": "refused", "reason": "不可能"})).await.0, 200);
        let homes = line(&world, &login, "2026-03", "residential_outdoor").await;
        assert_eq!(of(&homes, &["seen", "rejected_only", "time_review", "unattempted"]), [1, 1, 0, 2]);
        assert_proved(&world).await;
        let (status, closed) = world.post("/v1/periods/2026-03/close", &access, &json!({})).await;
        assert_eq!((status, &closed["reviews"]), (200, &json!(0)), "{closed}");
    }

    /// the published figure stays; what is known later stands beside it, point by point.
    async fn what_changes_after_closing_is_restated(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        accepted(&street.push(&[street.reading(1, "H1", 1030)]).await).await;
        go_to(&world, "2026-04-04T01:00:00Z");
        let access = token(&world, &login).await;
        assert_eq!(world.get("/v1/periods/2026-03/restated", &access).await.0, 404);
        assert_eq!(world.post("/v1/periods/2026-03/close", &access, &json!({})).await.0, 200);
        let (_, none) = world.get("/v1/periods/2026-03/restated", &access).await;
        assert_eq!((&none["points"], &none["lines"]), (&json!(0), &json!([])));
        accepted(&street.push_later(&[reading_at(&street, 2, "H2", 1030, "2026-03-20T10:00:00+08:00")]).await).await;
        // The register moves a home to another area.
        let moved = register().replace("H3,居民户外,东城区/锦绣", "H3,居民户外,西城区");
        assert_eq!(import_register(&world, "admin", moved).await["applied"], json!(true));
        let (_, report) = world.get("/v1/periods/2026-03/restated", &access).await;
        assert_eq!((&report["points"], report["lines"].as_array().unwrap().len()), (&json!(2), 1), "{report}");
        assert_eq!(of(&report["lines"][0], &["published_seen", "published_bp", "restated_seen", "restated_bp"]), [1, 2_500, 2, 5_000]);
        let (_, by_area) = world.get("/v1/periods/2026-03/restated?group=area", &access).await;
        let denominators: Vec<Vec<&Value>> = by_area["lines"].as_array().unwrap().iter().map(|line| of(line, &["published_denominator", "restated_denominator"])).collect();
        assert_eq!(denominators, [[&json!(4), &json!(3)], [&json!(0), &json!(1)]], "{by_area}");
        let (_, page) = world.get("/v1/periods/2026-03/restated-points", &access).await;
        let points = page["items"].as_array().unwrap();
        assert_eq!((points.len(), &points[0]["service_point_id"], &points[1]["service_point_id"]), (2, &json!(street.points["H2"]), &json!(street.points["H3"])));
        assert_eq!(of(&points[0], &["published_bucket", "restated_bucket", "area_changed"]), [&json!("unattempted"), &json!("seen"), &json!(false)]);
        assert_eq!(points[1]["area_changed"], json!(true));
        // Back again is no difference, and the proof is of what was published.
        assert_eq!(import_register(&world, "admin", register()).await["applied"], json!(true));
        assert_eq!(world.get("/v1/periods/2026-03/restated", &access).await.1["points"], json!(1));
        work_once(&world.app, "node", usize::MAX).await.unwrap();
        let (_, jobs) = world.get("/v1/jobs", &access).await;
        assert_eq!(of(&jobs["items"][0], &["kind", "subject", "state"]), ["close_period", "2026-03", "done"]);
        assert_proved(&world).await;
    }

    /// Two nodes, one of which dies: the job is done once, and its result is that of an undisturbed run.
    async fn a_close_is_proved_once_by_whichever_node_lives(world: World) {
        let street = Street::build(&world).await;
        let other = World::start_another(Arc::clone(&world.database), WorldOptions::default());
        let (_, login) = world.account(Role::Analyst).await;
        let database = Arc::clone(&world.database);
        tokio::task::spawn_blocking(move || populate(&database, 6_000)).await.unwrap();
        for node in [&world, &other] {
            go_to(node, "2026-04-04T01:00:00Z");
        }
        let (_, closed) = world.post("/v1/periods/2026-03/close", &token(&world, &login).await, &json!({})).await;
        assert_eq!((&closed["state"], closed.get("version")), (&json!("closed"), None), "{closed}");
        assert_eq!(work_once(&world.app, "one", 1).await.unwrap(), 1);
        // The first node holds the job and never comes back.
        assert_eq!(work_once(&other.app, "two", usize::MAX).await.unwrap(), 0);
        for node in [&world, &other] {
            node.advance(TimeDelta::seconds(61));
        }
        // A late record changes a row the walk has passed, and one it has not.
        accepted(&street.push_later(&[reading_at(&street, 1, "H1", 1030, "2026-03-20T10:00:00+08:00")]).await).await;
        let (two, three) = tokio::join!(work_once(&other.app, "two", usize::MAX), work_once(&world.app, "three", usize::MAX));
        assert_eq!(two.unwrap() + three.unwrap(), 1);
        let (_, jobs) = world.get("/v1/jobs", &token(&world, &login).await).await;
        assert_eq!(of(&jobs["items"][0], &["state", "steps"]), [&json!("done"), &json!(2)], "{jobs}");
        let (_, page) = world.get("/v1/periods", &token(&world, &login).await).await;
        let entry = page["items"].as_array().unwrap().iter().find(|entry| entry["period"] == "2026-03").unwrap();
        assert_eq!(of(entry, &["version", "points"]), [1, 6_006]);
        assert_eq!(entry["population_hash"].as_str().unwrap(), hash_by_hand(&world));
        for change in ["DELETE FROM period_versions", "UPDATE period_lines SET points = 1"] {
            assert!(world.database.execute(change).expect_err(change).contains("append-only"));
        }
    }

    async fn a_close_whose_figures_do_not_agree_gets_no_version(world: World) {
        let _street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        world.database.execute("UPDATE coverage_counters SET points = points + 1 WHERE class = 'commercial' AND figure = 3 AND points > 0").unwrap();
        go_to(&world, "2026-04-04T01:00:00Z");
        assert_eq!(world.post("/v1/periods/2026-03/close", &token(&world, &login).await, &json!({})).await.0, 200);
        work_once(&world.app, "node", usize::MAX).await.unwrap();
        let (_, jobs) = world.get("/v1/jobs", &token(&world, &login).await).await;
        assert_eq!(jobs["items"][0]["state"], json!("failed"), "{jobs}");
        assert!(jobs["items"][0]["fault"].as_str().unwrap().contains("commercial unattempted"), "{jobs}");
        let differences = verify_all(&world.app.store, world.app.config.zone, None).await.unwrap();
        assert_eq!(differences.len(), 1, "{differences:#?}");
        recompute(&world.app.store, world.app.config.zone, None).await.unwrap();
        assert_proved(&world).await;
        world.database.execute("UPDATE coverage_totals SET points = points - 1 WHERE class = 'commercial' AND figure = 3 AND points > 0").unwrap();
        let differences = verify_all(&world.app.store, world.app.config.zone, None).await.unwrap();
        assert!(differences.len() == 1 && differences[0].place.starts_with("2026-03 commercial reader"), "{differences:#?}");
        for change in [
            "UPDATE coverage_ages SET points = points + 1 WHERE class = 'commercial' AND period = 202603",
            "INSERT INTO coverage_long_unseen (period, class, unseen_since, points) VALUES (202603, 'commercial', 20000, 1)",
        ] {
            recompute(&world.app.store, world.app.config.zone, None).await.unwrap();
            assert_proved(&world).await;
            world.database.execute(change).unwrap();
            let differences = verify_all(&world.app.store, world.app.config.zone, None).await.unwrap();
            let told = |place: &str| place.starts_with("2026-03 commercial") && place.contains("unseen since");
            assert!(!differences.is_empty() && differences.iter().all(|found| told(&found.place)), "{change}: {differences:#?}");
        }
        recompute(&world.app.store, world.app.config.zone, None).await.unwrap();
        assert_proved(&world).await;
    }

    /// I5 for any history: whatever happens in whatever order, buckets partition the population, rows and counters are what
    /// the records say, and computing them again changes no byte.
    async fn figures_equal_recomputation_after_any_events(world: World) {
        let street = Street::build(&world).await;
        let mut dice = ChaCha8Rng::seed_from_u64(20_260_302);
        let mut roll = move |sides: u64| dice.next_u64() % sides;
        let mut seq = 0;
        let mut phone = street.phone.clone();
        let other = world.reader_phone().await.account;
        // One name may sign in ten times a minute.
        let mut logins = Vec::new();
        for _ in 0..6 {
            logins.push(world.account(Role::Admin).await.1);
        }
        import_register(&world, &logins[0], register_of_ages()).await;
        for step in 0..24 {
            world.advance(TimeDelta::hours(40));
            let login = logins[step % logins.len()].as_str();
            if step == 18 {
                open_period(&world.app, Period::parse("2026-04").unwrap()).await.unwrap();
                open_period(&world.app, Period::parse("2026-Q2").unwrap()).await.unwrap();
            }
            let points = ["H1", "H2", "H3", "H4", "S1", "S2"];
            let point = points[usize::try_from(roll(6)).unwrap()];
            let ago = TimeDelta::hours(i64::try_from(roll(400)).unwrap());
            let at: DateTime<Utc> = (world.clock.now() - ago).max("2026-02-20T00:00:00Z".parse().unwrap());
            match roll(8) {
                0 => {
                    let class = ["居民户外", "居民户内"][usize::try_from(roll(2)).unwrap()];
                    let area = ["东城区/锦绣", "西城区"][usize::try_from(roll(2)).unwrap()];
                    let file = register_of_ages().replace(&format!("{point},居民户外,东城区/锦绣"), &format!("{point},{class},{area}"));
                    import_register(&world, login, file).await;
                }
                1 => {
                    let state = ["报停", "拆除", "在用"][usize::try_from(roll(3)).unwrap()];
                    let file: Vec<String> = register_of_ages().lines().map(|row| match row.starts_with(point) {
                        true => row.replace("在用", state),
                        false => row.to_owned(),
                    }).collect();
                    import_register(&world, login, file.join("\n")).await;
                }
                2 => {
                    assign(&world, login, if roll(2) == 0 { other } else { street.phone.account }).await;
                }
                kind => {
                    seq += 1;
                    let mut item = match kind {
                        3 => street.record(seq, point, json!({"kind": "attempt", "attempt_code": "locked"})),
                        4 => street.record(seq, point, json!({"kind": "reading", "index": "wrong"})),
                        _ => reading_at(&street, seq, point, 9_000 + seq, ""),
                    };
                    item["read_at"] = json!(at.to_rfc3339());
                    item["time_source"] = json!(if roll(4) == 0 { "device" } else { "gps" });
                    item.as_object_mut().unwrap().retain(|name, _| name != "boot_id" && name != "read_elapsed_ms");
                    let item = if roll(2) == 0 { with_photo(item) } else { item };
                    let (_, tokens) = world.refresh(&phone.refresh).await;
                    phone = SignedIn::of(&tokens);
                    street.push_from(&phone, &[item]).await;
                }
            }
        }
        assert_proved(&world).await;
        let rows = "SELECT period || ' ' || point_id || ' ' || class || ' ' || area_id || ' ' || reader_id || ' ' || bucket || ' ' || marks || ' ' || unseen_since || ' ' || missed AS value FROM coverage_plan ORDER BY period, point_id";
        let before = world.database.texts(rows);
        let buckets: Vec<String> = before.iter().map(|row| row.split(' ').nth(5).unwrap().to_owned()).collect();
        assert!(buckets.iter().collect::<std::collections::BTreeSet<_>>().len() >= 3, "the events do not reach far: {before:#?}");
        let counted = "SELECT COALESCE(SUM(points), 0) || '' AS value FROM coverage_counters WHERE figure < 100";
        assert_eq!(world.database.texts(counted), [before.len().to_string()]);
        let turning = "SELECT COUNT(DISTINCT unseen_since) || '' AS value FROM coverage_long_unseen WHERE unseen_since > 20000 AND points > 0";
        assert_ne!(world.database.texts(turning), ["0"], "nothing turned long unseen");
        recompute(&world.app.store, world.app.config.zone, None).await.unwrap();
        assert_eq!(world.database.texts(rows), before);
        world.database.execute("UPDATE coverage_plan SET bucket = 3, missed = missed + 1 WHERE bucket = 1").unwrap();
        assert!(!verify_all(&world.app.store, world.app.config.zone, None).await.unwrap().is_empty());
        recompute(&world.app.store, world.app.config.zone, None).await.unwrap();
        assert_eq!(world.database.texts(rows), before);
        assert_proved(&world).await;
    }
}

/// So many more outdoor points in March, unattempted, past the service.
fn populate(database: &Database, points: i64) {
    let numbers = format!("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {points})");
    let statements = [
        format!("{numbers} INSERT INTO service_points (number, area_id, office_order, class, state, created_at, changed_at) SELECT 'X' || i, 1, i, 'residential_outdoor', 'active', 0, 0 FROM n"),
        "INSERT INTO coverage_plan (period, point_id, class, area_id, route_id, reader_id, bucket, unseen_since) SELECT 202603, id, class, 1, 0, 0, 3, 20000 FROM service_points WHERE number LIKE 'X%'".to_owned(),
        format!("INSERT INTO coverage_counters (period, class, area_id, route_id, reader_id, figure, points) VALUES (202603, 'residential_outdoor', 1, 0, 0, 3, {points})"),
        format!("INSERT INTO coverage_totals (period, class, figure, reader_id, points) VALUES (202603, 'residential_outdoor', 3, 0, {points}) \
            ON CONFLICT (period, class, figure, reader_id) DO UPDATE SET points = coverage_totals.points + excluded.points"),
        format!("INSERT INTO coverage_ages (period, class, reader_id, unseen_since, area_id, route_id, points) VALUES (202603, 'residential_outdoor', 0, 20000, 1, 0, {points})"),
        format!("INSERT INTO coverage_long_unseen (period, class, unseen_since, points) VALUES (202603, 'residential_outdoor', 20000, {points})"),
    ];
    statements.iter().for_each(|statement| database.execute(statement).unwrap());
}

/// The population hash of March as it was before the late record, from the columns of the plan.
fn hash_by_hand(world: &World) -> String {
    let rows = "SELECT p.point_id || ' ' || p.class || ' ' || p.area_id || ' ' || p.route_id || ' ' || p.reader_id || ' ' || \
        CASE COALESCE(r.bucket, p.bucket) WHEN 1 THEN 'seen' WHEN 3 THEN 'unattempted' ELSE 'other' END || ' 0 0 - ' || \
        COALESCE(r.unseen_since, p.unseen_since) || ' 0' AS value \
        FROM coverage_plan p LEFT JOIN restated_points r ON r.period = p.period AND r.point_id = p.point_id \
        WHERE p.period = 202603 ORDER BY p.point_id";
    let mut hash = String::new();
    for chunk in world.database.texts(rows).chunks(5_000) {
        let text = chunk.iter().fold(format!("{hash}\n"), |text, row| text + row + "\n");
        hash = sha256(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
    }
    hash
}
