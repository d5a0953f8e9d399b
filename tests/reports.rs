//! Daily and month-end reports: their figures, their files, and that what was published stays (R-8, R-9, R-30, R-31, I11).

use crate::support::street::{Street, import};
use crate::support::{Answer, SignedIn, World};
use calamine::{Data, Reader, Xlsx};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Cursor, Read};

/// A name that a spreadsheet would run (SECURITY 15).
const FORMULA: &str = "=cmd|' /C calc'!A0";

async fn get(world: &World, token: &str, path: &str) -> Value {
    let (status, answer) = world.get(path, token).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

async fn file(world: &World, token: &str, path: &str) -> Answer {
    let answer = world.send(world.request(Method::GET, path).bearer_auth(token)).await;
    assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    answer
}

async fn desk(world: &World, role: Role) -> String {
    world.desk(role).await.access
}

fn attempt(street: &Street<'_>, seq: i64, point: &str, code: &str) -> Value {
    street.record(seq, point, json!({"kind": "attempt", "attempt_code": code}))
}

fn shop(street: &Street<'_>, seq: i64, point: &str, m: i64, e: i64, b: i64) -> Value {
    street.record(
        seq,
        point,
        json!({"kind": "reading", "index": m * 1000, "cumulative": e * 1000, "balance": b * 1000}),
    )
}

fn go_to(world: &World, at: &str) {
    world.clock.set(at.parse().unwrap());
}

async fn again(world: &World, phone: &SignedIn) -> SignedIn {
    let (status, tokens) = world.refresh(&phone.refresh).await;
    assert_eq!(status, 200, "{tokens}");
    SignedIn::of(&tokens)
}

/// What a workbook holds: every sheet's cells, and whether any is a formula.
fn open(answer: &Answer) -> Vec<(String, Vec<Vec<Data>>)> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(answer.body.clone())).unwrap();
    let names = book.sheet_names();
    let sheet = |name: String| {
        let formulas = book.worksheet_formula(&name).unwrap();
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{name} holds a formula");
        let rows = book.worksheet_range(&name).unwrap().rows().map(<[Data]>::to_vec).collect();
        (name, rows)
    };
    names.into_iter().map(sheet).collect()
}

fn part(answer: &Answer, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(answer.body.clone())).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The data lines of a CSV file and what its last line says of them.
fn csv(answer: &Answer) -> (Vec<String>, String) {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let text = text.strip_prefix('\u{feff}').expect("no byte order mark");
    let mut lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    assert!(lines.iter().all(|line| line.ends_with("\r\n")), "{text}");
    let last = lines.pop().unwrap().to_owned();
    let data: Vec<String> = lines.drain(1..).map(str::to_owned).collect();
    let hash: String = meterbook_api::reports::book::hash_of(&data.concat());
    let rows = data.len();
    assert!(last.starts_with(&format!("#,rows,{rows},sha256,{hash},cut-off,")), "{last}");
    (data, last)
}

on_both_stores! {
    async fn a_day_is_summed_up_reader_by_reader(world: World) {
        let street = Street::build(&world).await;
        let other = world.account(Role::Reader).await.0;
        let wrong = street.reading(2, "H2", 1300);
        let correction = json!({"kind": "correction", "corrects": wrong["id"], "reason_code": "mistyped", "index": 1_012_000});
        street.push(&[
            street.reading(1, "H1", 1030),
            wrong,
            attempt(&street, 3, "H3", "locked"),
            street.record(4, "H2", correction),
            shop(&street, 5, "S1", 8100, 8100, 50),
            street.record(7, "H4", json!({"kind": "hazard", "hazard_code": "hose", "severity": "major", "note": "软管开裂", "evidence": ["a".repeat(64)]})),
        ]).await;
        let bought = "流水号,表号,充值时间,气量,金额\nP1,00199,2026-03-02T08:00:00+08:00,100,300.00\nP2,00299,2026-03-01T23:59:59+08:00,7,21.00";
        assert_eq!(import(&world, "purchases", bought).await.0, 200);
        let (_, login) = world.account(Role::Analyst).await;
        let analyst = world.sign_in(&login).await.access;
        let report = get(&world, &analyst, "/v1/reports/daily?day=2026-03-02").await;
        let office = &report["office"];
        let figures = |line: &Value| ["visits", "readings", "attempts", "attempts_locked", "attempts_proven", "corrections", "hazards", "missing_records", "early", "volume"]
            .map(|name| line[name].as_i64().unwrap());
        assert_eq!(figures(office), [4, 3, 1, 1, 0, 1, 1, 1, 1, 142_000], "{report:#}");
        assert_eq!(office["first_at"], office["last_at"]);
        assert_eq!(report["readers"].as_array().unwrap().len(), 1, "{report:#}");
        assert_eq!(figures(&report["readers"][0]), figures(office));
        assert_eq!((&report["volume_sold"], &report["paid_fen"]), (&json!(100_000), &json!(30_000)));
        assert_eq!((&report["sold"][0]["area"], &report["sold"][0]["purchases"]), (&json!("东城区/锦绣"), &json!(1)));
        // A reader sees his own, and nothing of another.
        let phone = &street.phone;
        let own = get(&world, &phone.access, "/v1/reports/daily?day=2026-03-02").await;
        assert_eq!((&own["office"]["visits"], &own["sold"]), (&json!(4), &json!([])));
        assert_eq!(world.get(&format!("/v1/reports/daily?reader={other}"), &phone.access).await.0, 404);
        let path = format!("/v1/reports/daily/file?reader={other}");
        assert_eq!(world.get(&path, &phone.access).await.0, 404);
        // What comes a day later counts on its day, and says so.
        let late = street.reading(6, "H3", 1005);
        world.advance(TimeDelta::days(1));
        street.push_later(&[late]).await;
        let analyst = world.sign_in(&login).await.access;
        let grown = get(&world, &analyst, "/v1/reports/daily?day=2026-03-02").await;
        assert_eq!((&grown["office"]["visits"], &grown["office"]["came_later"]), (&json!(5), &json!(1)));
        assert_eq!(grown["office"]["missing_records"], json!(0));
        let empty = get(&world, &analyst, "/v1/reports/daily?day=2026-03-05").await;
        assert_eq!((&empty["office"]["visits"], empty["readers"].as_array().unwrap().len()), (&json!(0), 1));
        assert_eq!(world.get("/v1/reports/daily?day=2026-02-30", &analyst).await.0, 400);
    }

    async fn files_are_typed_sealed_and_harmless(world: World) {
        let admin = world.admin().await.access;
        let body = json!({"login": "formula", "name": FORMULA, "role": "reader", "password": crate::support::PASSWORD});
        let (_, reader) = world.post("/v1/accounts", &admin, &body).await;
        let street = Street::build(&world).await;
        let phone = world.phone_of(reader["id"].as_i64().unwrap()).await;
        street.assign_route("W01", phone.account).await;
        street.push_from(&phone, &[street.reading(1, "H1", 1030), attempt(&street, 2, "H2", "refused")]).await;
        let token = desk(&world, Role::Dispatcher).await;
        let base = "/v1/reports/daily/file?day=2026-03-02";

        let answer = file(&world, &token, &format!("{base}&format=csv&sheet=visits&lang=en")).await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"daily-2026-03-02.csv\"");
        let (lines, _) = csv(&answer);
        assert!(lines[0].contains(",'=cmd|' /C calc'!A0,H1,00177,residential outdoor,reading,1030,30,"), "{lines:?}");

        let answer = file(&world, &token, &format!("{base}&lang=zh")).await;
        assert_eq!(answer.body, file(&world, &token, &format!("{base}&lang=zh")).await.body, "not the same bytes twice");
        let sheets = open(&answer);
        assert_eq!(sheets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["抄表日报", "到访未抄原因", "售气日报", "明细", "校验"]);
        let visits = &sheets[3].1;
        assert_eq!(visits[3][2], Data::String("户号".into()));
        assert_eq!(visits[4][1], Data::String(FORMULA.into()));
        // A meter's number is a name: its zeros stay.
        assert_eq!((&visits[4][3], &visits[4][6], &visits[4][7]), (&Data::String("00177".into()), &Data::Float(1030.0), &Data::Float(30.0)));
        assert!(matches!(visits[4][0], Data::DateTime(_)), "{:?}", visits[4][0]);
        let seal = visits.last().unwrap()[0].to_string();
        assert!(seal.starts_with("共 2 行 · SHA-256 "), "{seal}");
        let hash = seal.rsplit(' ').next().unwrap();
        assert!(sheets[4].1.iter().any(|row| row[2] == hash && row[1] == Data::Float(2.0)), "{:?}", sheets[4].1);
        let same = file(&world, &token, &format!("{base}&format=csv&sheet=visits&lang=zh")).await;
        assert!(csv(&same).1.contains(hash), "a sheet has one hash, whatever file it is in");
        let sheet = part(&answer, "xl/worksheets/sheet4.xml");
        for needed in ["<pane ySplit=\"4\"", "state=\"frozen\"", "orientation=\"landscape\"", "paperSize=\"9\"", "&amp;P"] {
            assert!(sheet.contains(needed), "no {needed}");
        }
        assert!(part(&answer, "xl/workbook.xml").contains("_xlnm.Print_Titles"));
        assert!(part(&answer, "xl/charts/chart1.xml").contains("<c:v>"), "a chart without values");

        let answer = file(&world, &token, &format!("{base}&format=html&lang=en")).await;
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        let page = String::from_utf8(answer.body).unwrap();
        assert!(page.contains("<link rel=\"stylesheet\" href=\"/report.css\">") && page.contains("=cmd|' /C calc'!A0"));
        for forbidden in ["<script", "style=\"", "<style", "javascript:"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        let style = world.send(world.request(Method::GET, "/report.css")).await;
        assert!(style.status == 200 && String::from_utf8(style.body).unwrap().contains("@page"));
        for wrong in ["format=pdf", "lang=fr", "sheet=nothing"] {
            let (status, problem) = world.get(&format!("{base}&{wrong}"), &token).await;
            assert_eq!((status, &problem["code"]), (400, &json!("invalid_parameter")), "{problem}");
        }
    }

    async fn a_published_month_stays_and_the_restated_one_says_what_differs(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Analyst).await;
        street.push(&[street.reading(1, "H1", 1030), attempt(&street, 2, "H2", "locked"), shop(&street, 3, "S1", 8100, 8100, 50)]).await;
        let mut late = street.reading(4, "H3", 1010);
        late["time_source"] = json!("gps");
        let token = world.sign_in(&login).await.access;
        let path = "/v1/reports/month-end?month=2026-03";
        let running = get(&world, &token, path).await;
        assert_eq!((&running["state"], &running["version"]), (&json!("running"), &json!(0)));
        let outdoor = |report: &Value| report["coverage"].as_array().unwrap().iter()
            .find(|line| line["level"] == "class" && line["figures"]["class"] == "residential_outdoor").unwrap()["figures"].clone();
        let buckets = |line: &Value| ["denominator", "seen", "no_access", "unattempted"].map(|name| line[name].as_i64().unwrap());
        assert_eq!(buckets(&outdoor(&running)), [4, 1, 1, 2]);
        assert_eq!(world.get(&format!("{path}&version=1"), &token).await.0, 404);

        go_to(&world, "2026-04-04T01:00:00Z");
        let token = world.sign_in(&login).await.access;
        assert_eq!(get(&world, &token, path).await["state"], json!("final"));
        let (status, closed) = world.post("/v1/periods/2026-03/close", &token, &json!({})).await;
        assert_eq!(status, 200, "{closed}");
        let body = file(&world, &token, path).await.body;
        let published: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&published["state"], &published["version"], &published["differences"]), (&json!("published"), &json!(1), &json!([])));
        assert_eq!(published["population_hash"], running["population_hash"], "the population did not move");
        let list = "/v1/reports/month-end/not-read?month=2026-03";
        let not_read = get(&world, &token, list).await;
        let rows = |page: &Value| page["items"].as_array().unwrap().iter()
            .map(|row| ["service_point_number", "bucket", "last_attempt"].map(|name| row[name].as_str().unwrap().to_owned()).join(" ")).collect::<Vec<_>>();
        assert_eq!(rows(&not_read), ["H2 no_access locked", "H3 unattempted ", "H4 unattempted ", "S2 unattempted "]);
        let book = file(&world, &token, "/v1/reports/month-end/file?month=2026-03").await.body;

        let answer = street.push_later(&[late]).await;
        assert!(answer["items"][0]["flags"].as_array().unwrap().contains(&json!("after_close")), "{answer}");
        world.advance(TimeDelta::hours(1));
        let token = world.sign_in(&login).await.access;
        assert_eq!(file(&world, &token, path).await.body, body, "the published report changed");
        assert_eq!(get(&world, &token, list).await, not_read);
        assert_eq!(file(&world, &token, "/v1/reports/month-end/file?month=2026-03").await.body, book, "its workbook changed");
        let restated = get(&world, &token, &format!("{path}&version=live")).await;
        assert_eq!((&restated["state"], &restated["version"]), (&json!("restated"), &json!(0)));
        assert_eq!(buckets(&outdoor(&restated)), [4, 2, 1, 1]);
        let differences: Vec<(String, i64, i64)> = restated["differences"].as_array().unwrap().iter()
            .filter(|line| line["level"] == "class")
            .map(|line| (line["bucket"].as_str().unwrap().to_owned(), line["published"].as_i64().unwrap(), line["now"].as_i64().unwrap())).collect();
        assert_eq!(differences, [("seen".to_owned(), 1, 2), ("unattempted".to_owned(), 2, 1)]);
        assert_eq!(rows(&get(&world, &token, &format!("{list}&version=live")).await).len(), 3);
        let sheets = open(&file(&world, &token, "/v1/reports/month-end/file?month=2026-03&version=live&lang=en").await);
        assert!(sheets.iter().any(|(name, _)| name == "Restated"), "{:?}", sheets.iter().map(|sheet| &sheet.0).collect::<Vec<_>>());

        let known = get(&world, &token, "/v1/reports").await;
        assert_eq!(known["items"][0]["body_hash"], json!(meterbook_api::reports::book::hash_of(std::str::from_utf8(&body).unwrap())));
        for change in ["UPDATE report_versions SET body = '{}'", "DELETE FROM report_pieces"] {
            assert!(world.database.execute(change).expect_err(change).contains("append-only"));
        }
        // Publishing again, by whatever node, finds it done.
        assert_eq!(meterbook_api::reports::month::publish_closed(&world.app).await.unwrap(), 0);
    }

    async fn the_month_reconciles_commercial_meters_and_watches_purchases(world: World) {
        let street = Street::build(&world).await;
        let (_, login) = world.account(Role::Cashier).await;
        let bought = |rows: &[(&str, &str, &str, i64)]| {
            let lines = rows.iter().map(|(reference, meter, at, m3)| format!("{reference},{meter},{at},{m3},{m3}.00"));
            format!("流水号,表号,充值时间,气量,金额\n{}", lines.collect::<Vec<_>>().join("\n"))
        };
        street.push(&[shop(&street, 1, "S1", 8100, 8100, 50), shop(&street, 2, "S2", 8200, 8200, 300)]).await;
        let rows = bought(&[
            ("A1", "00199", "2026-01-10T10:00:00+08:00", 400), ("A2", "00199", "2026-02-10T10:00:00+08:00", 400),
            ("A3", "00199", "2026-03-10T10:00:00+08:00", 400), ("A4", "00199", "2026-04-10T10:00:00+08:00", 500),
            ("B1", "00299", "2026-01-11T10:00:00+08:00", 300), ("B2", "00299", "2026-02-11T10:00:00+08:00", 300),
            ("B3", "00299", "2026-03-11T10:00:00+08:00", 300),
        ]);
        go_to(&world, "2026-04-22T02:00:00Z");
        let admin = world.sign_in("admin").await.access;
        let request = world.request(Method::POST, "/v1/imports/purchases").bearer_auth(&admin).header("content-type", "text/csv");
        let imported = world.send(request.body(rows)).await.json();
        assert_eq!(imported["applied"], json!(true), "{imported}");
        let phone = again(&world, &street.phone).await;
        for period in ["2026-04", "2026-Q2"] {
            meterbook_api::coverage::open_period(&world.app, meterbook::calendar::Period::parse(period).unwrap()).await.unwrap();
        }
        let (_, routes) = world.get("/v1/routes", &admin).await;
        let route = routes["items"].as_array().unwrap().iter().find(|route| route["code"] == "S01").unwrap();
        let round = json!({"route_id": route["id"], "reader_id": phone.account, "from_day": "2026-04-01", "until_day": "2026-05-01"});
        assert_eq!(world.post("/v1/rounds", &admin, &round).await.0, 201);
        // S1: 800 m³ by the index, 722 by the counter; 900 bought, 50 + 900 − 722 = 228 left. S2 sound: 580 used, 300 bought.
        street.push_from(&phone, &[shop(&street, 3, "S1", 8900, 8822, 228), shop(&street, 4, "S2", 8780, 8780, 20)]).await;
        let token = world.sign_in(&login).await.access;
        let page = get(&world, &token, "/v1/reports/month-end/reconciliation?month=2026-04").await;
        let row = |number: &str| page["items"].as_array().unwrap().iter().find(|row| row["service_point_number"] == number).unwrap().clone();
        assert_eq!((&row("S1")["verdict"], &row("S1")["gap"], &row("S1")["missing"]), (&json!("index_against_electronic"), &json!(78_000), &json!(0)), "{page:#}");
        assert_eq!((&row("S2")["verdict"], &row("S2")["index_use"], &row("S2")["bought"]), (&json!("agree"), &json!(580_000), &json!(300_000)), "{page:#}");
        let report = get(&world, &token, "/v1/reports/month-end?month=2026-04").await;
        let count = |of: &str, code: &str| report[of].as_array().unwrap().iter().find(|line| line["code"] == code).unwrap()["count"].as_i64().unwrap();
        assert_eq!((count("reconciliation", "agree"), count("reconciliation", "index_against_electronic")), (1, 1), "{report:#}");
        // S2 bought in three months and stopped; S1 goes on as usual.
        assert_eq!((count("purchase_changes", "stopped"), count("purchase_changes", "rose")), (1, 0), "{report:#}");
        let changes = get(&world, &token, "/v1/reports/month-end/purchase-changes?month=2026-04&limit=1").await;
        assert_eq!((&changes["items"][0]["service_point_number"], &changes["items"][0]["usual"]), (&json!("S2"), &json!(300_000)));
        let compared = |figure: &str| report["comparison"].as_array().unwrap().iter().find(|line| line["figure"] == figure).unwrap().clone();
        assert_eq!((&compared("volume_sold")["this"], &compared("volume_sold")["last_month"]), (&json!(500_000), &json!(700_000)), "{report:#}");
        assert_eq!((&compared("volume_read")["this"], &compared("volume_read")["last_month"]), (&json!(1_380_000), &json!(300_000)), "{report:#}");
        assert_eq!(compared("volume_sold").get("last_year"), None);
        let sold = &report["volumes"][0];
        assert_eq!((&sold["volume_read"], &sold["volume_sold"], &sold["points"]), (&json!(1_380_000), &json!(500_000), &json!(2)), "{report:#}");
        let sheets = open(&file(&world, &token, "/v1/reports/month-end/file?month=2026-04&sheet=reconciliation").await);
        assert_eq!(sheets.len(), 1);
        for wrong in ["month=2026-Q1", "month=x", "version=2"] {
            assert_eq!(world.get(&format!("/v1/reports/month-end?{wrong}"), &token).await.0, 400, "{wrong}");
        }
    }
}
