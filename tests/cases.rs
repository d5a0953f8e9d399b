//! Cases from the first suspicion to the outcome (R-10, R-31, DOMAIN 1): opened, fed and answered by readings, worked by people.

use crate::support::World;
use crate::support::street::Street;
use chrono::TimeDelta;
use serde_json::{Value, json};

fn flags(answer: &Value, item: usize) -> Vec<String> {
    let flags = answer["items"][item]["flags"].as_array().unwrap();
    flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect()
}

fn three(street: &Street<'_>, seq: i64, point: &str, m3: [i64; 3]) -> Value {
    let [index, cumulative, balance] = m3.map(|m3| m3 * 1000);
    street.record(seq, point, json!({"kind": "reading", "index": index, "cumulative": cumulative, "balance": balance}))
}

async fn cases(street: &Street<'_>, query: &str) -> Vec<Value> {
    let analyst = street.world.desk_admin().await;
    let (status, page) = street.world.get(&format!("/v1/cases?{query}"), &analyst).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

async fn decide(street: &Street<'_>, case: &Value, body: Value) -> (u16, Value) {
    let analyst = street.world.desk_admin().await;
    street.world.post(&format!("/v1/cases/{}/decide", case["id"]), &analyst, &body).await
}

async fn file(street: &Street<'_>, case: &Value) -> Value {
    let analyst = street.world.desk_admin().await;
    street.world.get(&format!("/v1/cases/{}", case["id"]), &analyst).await.1
}

/// Homes read once, then each a figure that seems misread: 1,030 → 1,010.
async fn doubted(street: &Street<'_>, points: &[&str]) -> i64 {
    let mut seq = 0;
    let mut next = || {
        seq += 1;
        seq
    };
    let first: Vec<Value> = points.iter().map(|point| street.reading(next(), point, 1030)).collect();
    street.push_later(&first).await;
    street.world.advance(TimeDelta::days(2));
    let second: Vec<Value> = points.iter().map(|point| street.reading(next(), point, 1010)).collect();
    let answer = street.push_later(&second).await;
    assert!(flags(&answer, 0).contains(&"misread_suspect".to_owned()), "{answer}");
    seq
}

/// Two shops whose modules lose pulses: 183 and 269 m³ are at stake.
async fn losing(street: &Street<'_>) {
    street
        .push_later(&[three(street, 101, "S1", [8_100, 8_000, 300]), three(street, 102, "S2", [8_100, 8_000, 300])])
        .await;
    street.world.advance(TimeDelta::days(20));
    let answer = street
        .push_later(&[three(street, 103, "S1", [8_600, 8_317, 200]), three(street, 104, "S2", [8_800, 8_431, 200])])
        .await;
    assert_eq!(
        (flags(&answer, 0), flags(&answer, 1)),
        (vec!["slow_electronic".to_owned()], vec!["slow_electronic".to_owned()])
    );
}

on_both_stores! {
    async fn a_case_is_worked_to_its_outcome_and_every_step_is_kept(world: World) {
        let street = Street::build(&world).await;
        losing(&street).await;
        let case = cases(&street, "kind=slow&sort=stake").await.remove(0);
        assert_eq!((&case["stake"], &case["state"], &case["severity"]), (&json!(269_000), &json!("open"), &json!("hard")));
        assert_eq!((&case["service_point_number"], &case["class"], &case["route_code"]), (&json!("S2"), &json!("commercial"), &json!("S01")));
        let bench = json!({"state": "resolved", "outcome": "bench_test_slow", "error_bp": -3_850, "reason": "检定偏慢"});
        assert_eq!(decide(&street, &case, bench.clone()).await.0, 409, "not from open");
        assert_eq!(decide(&street, &case, json!({"state": "open", "reason": "x"})).await.0, 422);
        assert_eq!(decide(&street, &case, json!({"state": "confirmed", "reason": " "})).await.0, 422);
        let (status, confirmed) = decide(&street, &case, json!({"state": "confirmed", "reason": "现场核对属实"})).await;
        assert_eq!((status, &confirmed["case"]["state"]), (200, &json!("confirmed")), "{confirmed}");
        assert_eq!(decide(&street, &case, json!({"state": "in_work", "reason": "已送检"})).await.0, 200);
        let wrong = json!({"state": "resolved", "outcome": "bench_test_slow", "error_bp": 3_850, "reason": "x"});
        let (status, problem) = decide(&street, &case, wrong).await;
        assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("error_sign")));
        let by_rule = json!({"state": "resolved", "outcome": "later_reading", "reason": "x"});
        assert_eq!(decide(&street, &case, by_rule).await.1["errors"][0]["code"], json!("outcome_by_rule"));
        let (_, done) = decide(&street, &case, bench).await;
        assert_eq!((&done["case"]["outcome"], &done["case"]["error_bp"]), (&json!("bench_test_slow"), &json!(-3_850)));
        let steps: Vec<_> = done["moves"].as_array().unwrap().iter().map(|step| (step["from"].clone(), step["to"].clone(), step["reason"].clone())).collect();
        assert_eq!(steps, [
            (json!("open"), json!("confirmed"), json!("现场核对属实")),
            (json!("confirmed"), json!("in_work"), json!("已送检")),
            (json!("in_work"), json!("resolved"), json!("检定偏慢")),
        ]);
        assert!(done["moves"][0]["by_name"].is_string() && done["case"]["closed_at"].is_string());
        let audited = world.database.texts("SELECT action || ' ' || detail AS value FROM audit_log WHERE action = 'decide_case' ORDER BY id");
        assert_eq!(audited.len(), 3);
        // The same fault next month is a new case: what is resolved stays so.
        assert_eq!(decide(&street, &case, json!({"state": "confirmed", "reason": "again"})).await.0, 409);
        let analyst = world.desk_admin().await;
        let (_, rules) = world.get("/v1/rules", &analyst).await;
        let rule = rules["items"].as_array().unwrap().iter().find(|rule| rule["code"] == "slow_electronic").unwrap();
        assert_eq!((&rule["opened"], &rule["upheld"], &rule["refuted"], &rule["live"], &rule["upheld_bp"]), (&json!(2), &json!(1), &json!(0), &json!(1), &json!(10_000)));
        // The phone that read it is told.
        let (_, pulled) = world.get("/v1/sync/changes", &street.phone_now().await).await;
        assert!(pulled.to_string().contains("\"resolved\""), "{pulled}");
    }

    async fn a_later_reading_answers_a_doubt_and_a_lost_pulse_it_does_not(world: World) {
        let street = Street::build(&world).await;
        let seq = doubted(&street, &["H1", "H2"]).await;
        losing(&street).await;
        street.push_later(&[street.reading(seq + 1, "H1", 1045), three(&street, 105, "S1", [8_700, 8_380, 150])]).await;
        let case = cases(&street, "rule=misread_suspect&state=resolved").await.remove(0);
        assert_eq!((&case["service_point_number"], &case["outcome"]), (&json!("H1"), &json!("later_reading")));
        let file = file(&street, &case).await;
        assert_eq!((&file["moves"][0]["cause"], file["moves"][0]["by"].is_null()), (&json!("later_reading"), true));
        assert!(file["moves"][0]["record_id"].is_string());
        assert_eq!(cases(&street, "rule=misread_suspect&state=open").await.len(), 1, "nobody has read H2 again");
        // The module still loses: its case stands, with one more finding.
        let slow = cases(&street, "kind=slow&state=live").await;
        assert_eq!(slow.len(), 2);
        let one = slow.iter().find(|case| case["service_point_number"] == "S1").unwrap();
        assert_eq!(self::file(&street, one).await["findings"].as_array().unwrap().len(), 2);
    }

    async fn a_corrected_figure_takes_its_case_with_it_but_not_a_persons(world: World) {
        let street = Street::build(&world).await;
        let first: Vec<Value> = ["H1", "H2"].iter().zip(1..).map(|(point, seq)| street.reading(seq, point, 1030)).collect();
        street.push(&first).await;
        world.advance(TimeDelta::days(2));
        let wrong = [street.reading(3, "H1", 1010), street.reading(4, "H2", 1010)];
        street.push_later(&wrong).await;
        let of_h2 = cases(&street, "rule=misread_suspect").await.into_iter().find(|case| case["service_point_number"] == "H2").unwrap();
        decide(&street, &of_h2, json!({"state": "confirmed", "reason": "看过照片"})).await;
        let correct = |seq: i64, point: &str, target: &Value| {
            street.record(seq, point, json!({"kind": "correction", "corrects": target["id"], "reason_code": "mistyped", "index": 1_040_000}))
        };
        street.push_later(&[correct(5, "H1", &wrong[0]), correct(6, "H2", &wrong[1])]).await;
        let of_h1 = cases(&street, "rule=misread_suspect&state=resolved").await;
        assert_eq!(of_h1.len(), 1);
        assert_eq!((&of_h1[0]["service_point_number"], &of_h1[0]["outcome"]), (&json!("H1"), &json!("reading_corrected")));
        let held = file(&street, &of_h2).await;
        assert_eq!((&held["case"]["state"], &held["moves"][1]["cause"]), (&json!("confirmed"), &json!("reading_corrected")));
    }

    async fn a_correction_that_is_doubted_too_keeps_the_case_open(world: World) {
        let street = Street::build(&world).await;
        street.push(&[street.reading(1, "H1", 1030)]).await;
        world.advance(TimeDelta::days(2));
        let wrong = street.reading(2, "H1", 1010);
        street.push_later(std::slice::from_ref(&wrong)).await;
        let again = street.record(3, "H1", json!({"kind": "correction", "corrects": wrong["id"], "reason_code": "mistyped", "index": 1_020_000}));
        street.push_later(&[again]).await;
        let open = cases(&street, "state=open").await;
        assert_eq!((open.len(), file(&street, &open[0]).await["findings"].as_array().unwrap().len()), (1, 2));
    }

    async fn a_meter_has_one_open_case_per_kind_and_the_same_push_again_changes_nothing(world: World) {
        let street = Street::build(&world).await;
        let seq = doubted(&street, &["H1"]).await;
        world.advance(TimeDelta::days(1));
        let again = street.reading(seq + 1, "H1", 1012);
        street.push_later(std::slice::from_ref(&again)).await;
        street.push_later(std::slice::from_ref(&again)).await;
        let open = cases(&street, "kind=reading").await;
        assert_eq!(open.len(), 1);
        let findings = file(&street, &open[0]).await["findings"].clone();
        assert_eq!(findings.as_array().unwrap().len(), 2, "{findings}");
        assert_eq!(findings[1]["record_id"], again["id"]);
        // Dismissed, the next doubt opens another.
        decide(&street, &open[0], json!({"state": "dismissed", "reason": "照片无误"})).await;
        street.push_later(&[street.reading(seq + 2, "H1", 1013)]).await;
        assert_eq!(cases(&street, "kind=reading").await.len(), 2);
    }

    async fn many_cases_are_worked_at_once_and_a_bad_one_stops_no_other(world: World) {
        let street = Street::build(&world).await;
        doubted(&street, &["H1", "H2", "H3"]).await;
        let open = cases(&street, "state=open").await;
        decide(&street, &open[1], json!({"state": "dismissed", "reason": "照片无误"})).await;
        let ids: Vec<Value> = open.iter().map(|case| case["id"].clone()).chain([json!(987_654)]).collect();
        let analyst = world.desk_admin().await;
        let dismiss = json!({"ids": ids, "decide": {"state": "dismissed", "reason": "批量核对照片"}});
        let (status, answer) = world.post("/v1/cases/bulk", &analyst, &dismiss).await;
        assert_eq!((status, &answer["done"]), (200, &json!(2)), "{answer}");
        let outcomes: Vec<_> = answer["items"].as_array().unwrap().iter().map(|item| (item["outcome"].as_str().unwrap().to_owned(), item["code"].clone())).collect();
        let refused = |code: &str| ("refused".to_owned(), json!(code));
        let done = || ("done".to_owned(), Value::Null);
        assert_eq!(outcomes, [done(), refused("not_from_here"), done(), refused("not_found")]);
        assert_eq!(cases(&street, "state=dismissed").await.len(), 3);
        let both = json!({"ids": [1], "decide": {"state": "dismissed", "reason": "x"}, "assign": {"reason": "x"}});
        assert_eq!(world.post("/v1/cases/bulk", &analyst, &both).await.0, 422);
        assert_eq!(world.post("/v1/cases/bulk", &analyst, &json!({"ids": [], "assign": {"reason": "x"}})).await.0, 422);
    }

    async fn cases_are_given_out_put_off_and_found_when_overdue(world: World) {
        let street = Street::build(&world).await;
        doubted(&street, &["H1", "H2"]).await;
        let open = cases(&street, "").await;
        let dispatcher = world.admin().await;
        let assign = async |case: &Value, body: Value| {
            world.post(&format!("/v1/cases/{}/assign", case["id"]), &world.desk_admin().await, &body).await
        };
        let due = world.clock.now() + TimeDelta::days(30);
        let (status, given) = assign(&open[0], json!({"assignee_id": dispatcher.account, "due_at": due.to_rfc3339(), "reason": "派给班长"})).await;
        assert_eq!((status, &given["case"]["assignee_id"]), (200, &json!(dispatcher.account)), "{given}");
        assert_eq!(assign(&open[0], json!({"assignee_id": 987_654, "reason": "x"})).await.0, 422);
        assert_eq!(assign(&json!({"id": 987_654}), json!({"assignee_id": 0, "reason": "x"})).await.0, 404);
        assert_eq!(cases(&street, &format!("assignee={}", dispatcher.account)).await.len(), 1);
        assert_eq!(cases(&street, "assignee=0").await.len(), 1);
        assert_eq!(cases(&street, "overdue=true").await.len(), 0);
        // A hard finding is due in three days unless told otherwise.
        world.advance(TimeDelta::days(3) + TimeDelta::minutes(1));
        let overdue = cases(&street, "overdue=true").await;
        assert_eq!((overdue.len(), &overdue[0]["id"], &overdue[0]["is_overdue"]), (1, &open[1]["id"], &json!(true)));
        let (_, noted) = assign(&open[0], json!({"reason": "等住户回电"})).await;
        assert_eq!(noted["moves"].as_array().unwrap().len(), 2);
        assert_eq!(noted["case"]["assignee_id"], json!(dispatcher.account), "a note changes nothing else");
        let (_, back) = assign(&open[0], json!({"assignee_id": 0, "reason": "退回"})).await;
        assert!(back["case"]["assignee_id"].is_null() && back["case"]["due_at"].is_string());
    }

    async fn lists_are_filtered_sorted_and_paged_without_gaps(world: World) {
        let street = Street::build(&world).await;
        losing(&street).await;
        doubted(&street, &["H1", "H2", "H3"]).await;
        let analyst = world.desk_admin().await;
        for (sort, first) in [("id", "S1"), ("stake", "S2"), ("age", "S1")] {
            let (mut after, mut seen) = (0, Vec::new());
            loop {
                let (_, page) = world.get(&format!("/v1/cases?sort={sort}&limit=2&after={after}"), &analyst).await;
                seen.extend(page["items"].as_array().unwrap().iter().map(|case| case["service_point_number"].as_str().unwrap().to_owned()));
                match page["next_after"].as_i64() {
                    Some(next) => after = next,
                    None => break,
                }
            }
            assert_eq!((seen.len(), seen[0].as_str()), (5, first), "{sort}: {seen:?}");
            seen.sort();
            assert_eq!(seen, ["H1", "H2", "H3", "S1", "S2"], "{sort}");
        }
        let (_, areas) = world.get("/v1/areas", &analyst).await;
        let top = areas["items"].as_array().unwrap().iter().find(|area| area["name"] == "东城区").unwrap()["id"].clone();
        for (query, count) in [
            (format!("area={top}"), 5),
            ("area=987654".to_owned(), 0),
            (format!("reader={}", street.phone.account), 5),
            ("reader=987654".to_owned(), 0),
            ("stake_from=200000".to_owned(), 1),
            ("state=open,confirmed&kind=slow".to_owned(), 2),
            ("state=live".to_owned(), 5),
            ("older_than_days=1".to_owned(), 2),
        ] {
            assert_eq!(cases(&street, &query).await.len(), count, "{query}");
        }
        for nonsense in ["sort=luck", "state=lost", "rule=luck", "kind=luck"] {
            assert_eq!(world.get(&format!("/v1/cases?{nonsense}"), &analyst).await.0, 400, "{nonsense}");
        }
    }

    async fn two_readings_entered_the_wrong_way_round_blame_neither_meter(world: World) {
        let street = Street::build(&world).await;
        let pair = |seq: i64, h1: i64, h2: i64| [street.reading(seq, "H1", h1), street.reading(seq + 1, "H2", h2)];
        street.push_later(&pair(1, 1030, 1130)).await;
        world.advance(TimeDelta::days(21));
        street.push_later(&pair(3, 1051, 1151)).await;
        world.advance(TimeDelta::days(4));
        let swapped = pair(5, 1155, 1055);
        let answer = street.push_later(&swapped).await;
        let both = vec!["neighbour_swap".to_owned(), "set_aside".to_owned()];
        assert_eq!((flags(&answer, 0), flags(&answer, 1)), (both.clone(), both), "{answer}");
        let open = cases(&street, "state=open").await;
        assert_eq!(open.iter().map(|case| case["rule"].as_str().unwrap()).collect::<Vec<_>>(), ["neighbour_swap"; 2]);
        assert!(open[0]["reason_zh"].as_str().unwrap().contains("1155"), "{}", open[0]["reason_zh"]);
        // The same push again gets the same receipts, and the right figures next day answer both.
        assert_eq!(flags(&street.push_later(&swapped).await, 0), ["neighbour_swap", "set_aside"]);
        world.advance(TimeDelta::days(1));
        let answer = street.push_later(&pair(7, 1056, 1156)).await;
        assert_eq!((flags(&answer, 0), flags(&answer, 1)), (vec![], vec![]), "{answer}");
        assert_eq!(cases(&street, "rule=neighbour_swap&state=resolved").await.len(), 2);
    }

    async fn a_swap_is_found_across_two_pushes(world: World) {
        let street = Street::build(&world).await;
        let home = |seq: i64, point: &str, m3: i64| street.reading(seq, point, m3);
        street.push_later(&[home(1, "H1", 1030), home(2, "H2", 1130)]).await;
        world.advance(TimeDelta::days(21));
        street.push_later(&[home(3, "H1", 1051), home(4, "H2", 1151)]).await;
        world.advance(TimeDelta::days(4));
        street.push_later(&[home(5, "H1", 1155)]).await;
        assert_eq!(cases(&street, "").await.len(), 0);
        let answer = street.push_later(&[home(6, "H2", 1055)]).await;
        assert_eq!(flags(&answer, 0), ["neighbour_swap", "set_aside"]);
        let points: Vec<Value> = cases(&street, "rule=neighbour_swap").await.iter().map(|case| case["service_point_number"].clone()).collect();
        assert_eq!(points.len(), 2, "the stored reading of the other is asked about too: {points:?}");
    }

    async fn the_evidence_has_every_number_a_person_needs(world: World) {
        let street = Street::build(&world).await;
        losing(&street).await;
        let case = cases(&street, "kind=slow&sort=stake").await.remove(0);
        let analyst = world.desk_admin().await;
        let request = world.request(reqwest::Method::GET, &format!("/v1/cases/{}/evidence", case["id"])).bearer_auth(&analyst);
        let evidence = world.send(request.header("accept-language", "en")).await.json();
        let history = evidence["history"].as_array().unwrap();
        assert_eq!((history.len(), &history[1]["used"]), (2, &json!(700_000)));
        let sums = evidence["sums"].as_array().unwrap();
        assert_eq!(sums.iter().map(|sum| sum["holds"].clone()).collect::<Vec<_>>(), [json!(false), Value::Null, json!(true), json!(false)]);
        assert_eq!(sums[0]["text"], json!("use by the index 700 m³ - use by the cumulative 431 m³ = 269 m³, tolerance ±7 m³"));
        assert_eq!((&evidence["peers"]["meters"], &evidence["peers"]["months"][0]["readings"]), (&json!(1), &json!(1)));
        assert!(evidence["events"].as_array().unwrap().iter().any(|event| event["what"] == "installed"));
        assert_eq!(world.get("/v1/cases/987654/evidence", &analyst).await.0, 404);
    }

    async fn a_repaired_module_is_summed_anew(world: World) {
        let street = Street::build(&world).await;
        // 400 m³ a visit, of which the module loses 3: within T each time, not in the sum.
        for visit in 0..6_i64 {
            let figures = [8_100 + 400 * visit, 8_000 + 397 * visit, 300];
            street.push_later(&[three(&street, visit + 1, "S1", figures)]).await;
            world.advance(TimeDelta::days(5));
        }
        let case = cases(&street, "rule=slow_electronic_drift").await.remove(0);
        assert_eq!(decide(&street, &case, json!({"state": "confirmed", "reason": "属实"})).await.0, 200);
        let (status, done) = decide(&street, &case, json!({"state": "resolved", "outcome": "repaired", "reason": "换计数模块"})).await;
        assert_eq!((status, &done["case"]["outcome"]), (200, &json!("repaired")), "{done}");
        let answer = street.push_later(&[three(&street, 7, "S1", [10_500, 10_385, 300])]).await;
        assert_eq!(flags(&answer, 0), Vec::<String>::new(), "{answer}");
    }

    async fn outcomes_come_in_the_callers_language_and_readers_see_no_cases(world: World) {
        let street = Street::build(&world).await;
        let analyst = world.desk_admin().await;
        let (_, outcomes) = world.get("/v1/case-outcomes", &analyst).await;
        let bench = outcomes["items"].as_array().unwrap().iter().find(|outcome| outcome["code"] == "bench_test_slow").unwrap();
        assert_eq!((&bench["text"], &bench["has_error"]), (&json!("检定偏慢"), &json!(true)));
        assert_eq!(world.get("/v1/cases", &street.phone.access).await.0, 403);
        let (_, rules) = world.get("/v1/rules", &street.phone.access).await;
        assert!(rules["items"][0]["opened"].is_null());
    }
}
