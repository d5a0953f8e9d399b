//! Signing in and staying signed in (PROTOCOL "Devices and sessions", SECURITY 7–10).

use crate::support::{PASSWORD, SignedIn, World, WorldOptions};
use chrono::TimeDelta;
use meterbook::accounts::Role;
use proptest::test_runner::{RngAlgorithm, TestRng};
use reqwest::Method;
use serde_json::{Value, json};

fn claim(token: &str, login: &str) -> Value {
    json!({ "setup_token": token, "login": login, "password": PASSWORD, "name": "管理员" })
}

async fn mint_code(world: &World, token: &str, key: &str, reader: i64) -> (u16, Value) {
    let request = world.request(Method::POST, "/v1/devices/activation-codes").bearer_auth(token);
    let answer = world.send(request.header("idempotency-key", key).json(&json!({ "account_id": reader }))).await;
    (answer.status, answer.json())
}

on_both_stores! {
    /// SECURITY 10.
    async fn the_setup_token_makes_one_administrator(world: World) {
        let (status, answer) = world.post("/v1/setup", "", &claim("not the token", "admin")).await;
        assert_eq!((status, &answer["code"]), (401, &json!("invalid_setup_token")));
        let (status, answer) = world.post("/v1/setup", "", &claim(&world.setup_token, "admin")).await;
        assert_eq!((status, &answer["role"]), (201, &json!("admin")));
        let (status, answer) = world.post("/v1/setup", "", &claim(&world.setup_token, "second")).await;
        assert_eq!((status, &answer["code"]), (409, &json!("already_claimed")));
        let admin = world.sign_in("admin").await;
        let (status, me) = world.get("/v1/me", &admin.access).await;
        assert_eq!((status, &me["login"]), (200, &json!("admin")));
    }

    /// SECURITY 10: a token lost with a terminal is replaced by the next start, until somebody has claimed.
    async fn a_restart_renews_the_setup_token_until_it_is_claimed(world: World) {
        let again = World::start_another(world.database.clone(), WorldOptions::default());
        assert_ne!(world.setup_token, again.setup_token);
        assert_eq!(again.post("/v1/setup", "", &claim(&world.setup_token, "admin")).await.0, 401);
        assert_eq!(again.post("/v1/setup", "", &claim(&again.setup_token, "admin")).await.0, 201);
        let claimed = World::start_another(world.database.clone(), WorldOptions::default());
        assert_eq!(claimed.setup_token, "");
        assert_eq!(claimed.epoch().await, world.epoch().await);
    }

    /// SECURITY 9: nobody learns which login names there are.
    async fn a_wrong_password_and_an_unknown_login_get_the_same_answer(world: World) {
        world.admin().await;
        let wrong = world.try_sign_in("admin", "not the password").await;
        let unknown = world.try_sign_in("nobody", "not the password").await;
        assert_eq!(wrong.0, 401);
        assert_eq!(wrong, unknown);
    }

    /// SECURITY 8: the stored form is Argon2id at the floor or above, with a salt of its own.
    async fn equal_passwords_are_stored_differently(world: World) {
        world.account(Role::Reader).await;
        let hashes = world.database.texts("SELECT password_hash AS value FROM accounts");
        assert_eq!(hashes.len(), 2);
        assert!(hashes.iter().all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")), "{hashes:?}");
        assert_ne!(hashes[0], hashes[1]);
    }

    async fn a_login_name_is_given_once(world: World) {
        let admin = world.admin().await;
        let (_, login) = world.account(Role::Analyst).await;
        let body = json!({ "login": login, "name": "王芳", "role": "cashier", "password": PASSWORD });
        let (status, answer) = world.post("/v1/accounts", &admin.access, &body).await;
        assert_eq!((status, &answer["errors"][0]["code"]), (409, &json!("login_taken")));
    }

    async fn accounts_come_in_pages_by_role(world: World) {
        let admin = world.admin().await;
        for role in [Role::Reader, Role::Cashier, Role::Reader, Role::Reader] {
            world.account(role).await;
        }
        let (_, first) = world.get("/v1/accounts?role=reader&limit=2", &admin.access).await;
        let (_, rest) = world.get(&format!("/v1/accounts?role=reader&limit=2&after={}", first["next_after"]), &admin.access).await;
        assert_eq!((first["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
        assert!(rest.get("next_after").is_none());
        let (_, all) = world.get("/v1/accounts", &admin.access).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 5);
        for bad in ["role=janitor", "limit=0", "limit=501", "after=-1", "limit=many"] {
            let (status, answer) = world.get(&format!("/v1/accounts?{bad}"), &admin.access).await;
            assert!(status == 400 || status == 422, "{bad}: {status} {answer}");
            assert_ne!(answer["code"], json!(null));
        }
    }

    async fn a_refresh_token_is_exchanged_for_the_next(world: World) {
        let phone = world.reader_phone().await;
        let (status, answer) = world.refresh(&phone.refresh).await;
        assert_eq!(status, 200);
        let next = SignedIn::of(&answer);
        assert_ne!(next.refresh, phone.refresh);
        assert_eq!(next.device, phone.device);
        assert_eq!(world.get("/v1/me", &next.access).await.0, 200);
        assert_eq!(world.refresh(&next.refresh).await.0, 200);
        assert_eq!(world.refresh("never issued").await.0, 401);
    }

    /// SECURITY 7: an answer lost on its way costs nothing.
    async fn a_lost_answer_is_reissued(world: World) {
        let phone = world.reader_phone().await;
        let (_, lost) = world.refresh(&phone.refresh).await;
        world.advance(TimeDelta::minutes(2));
        let (status, again) = world.refresh(&phone.refresh).await;
        assert_eq!(status, 200);
        // The one that was lost, should it turn up after all, is no theft and no key.
        assert_eq!(world.refresh(&SignedIn::of(&lost).refresh).await.0, 401);
        assert_eq!(world.refresh(&SignedIn::of(&again).refresh).await.0, 200);
    }

    /// A request that the network delivers twice brings the same successor twice, and ends nothing: one answer after the other,
    /// and both at once on two nodes.
    async fn a_refresh_delivered_twice_is_one_refresh(world: World) {
        let phone = world.reader_phone().await;
        let (_, first) = world.refresh(&phone.refresh).await;
        world.advance(TimeDelta::seconds(59));
        let (status, copy) = world.refresh(&phone.refresh).await;
        assert_eq!((status, &copy["refresh_token"]), (200, &first["refresh_token"]));
        let next = SignedIn::of(&first);
        let node = World::start_another(world.database.clone(), WorldOptions::default());
        node.clock.set(world.clock.now());
        let copies = (0..6).map(|at| if at % 2 == 0 { world.refresh(&next.refresh) } else { node.refresh(&next.refresh) });
        let answers = futures_util::future::join_all(copies).await;
        let successors: std::collections::BTreeSet<String> =
            answers.iter().map(|(status, answer)| { assert_eq!(*status, 200, "{answer}"); SignedIn::of(answer).refresh }).collect();
        assert_eq!(successors.len(), 1, "{successors:?}");
        let last = SignedIn::of(&answers[0].1);
        assert_eq!(world.get("/v1/me", &last.access).await.0, 200);
        assert_eq!(world.refresh(&last.refresh).await.0, 200);
        // Theft is still theft, however soon.
        assert_eq!(world.refresh(&next.refresh).await.0, 401);
        assert_eq!(world.get("/v1/me", &last.access).await.0, 401);
    }

    /// A phone whose session is lost goes on under a new code, as itself, where the dispatcher says so.
    async fn a_phone_goes_on_under_a_code_made_for_it(world: World) {
        let phone = world.reader_phone().await;
        let (other, stranger) = (world.phone_of(phone.account).await, world.reader_phone().await);
        let admin = world.admin().await.access;
        let code = async |device: &Value| {
            let asked = json!({ "account_id": phone.account, "device_id": device });
            world.post("/v1/devices/activation-codes", &admin, &asked).await
        };
        let activate = async |code: &Value, device: Option<i64>| {
            let mut asked = json!({ "code": code["code"], "label": "华为", "platform": "android" });
            if let Some(device) = device {
                asked["device_id"] = json!(device);
            }
            world.post("/v1/auth/activate", "", &asked).await
        };
        for wrong in [stranger.device.unwrap(), 1_000_000] {
            let (status, problem) = code(&json!(wrong)).await;
            assert_eq!((status, &problem["errors"][0]["code"]), (422, &json!("not_their_phone")), "{problem}");
        }
        let (status, made) = code(&json!(phone.device)).await;
        assert_eq!((status, made["device_id"].as_i64()), (201, phone.device), "{made}");
        // Another phone, and one that has lost what it noted, would give the same numbers again.
        for device in [None, other.device] {
            let (status, problem) = activate(&made, device).await;
            assert_eq!((status, &problem["errors"][0]["code"]), (401, &json!("other_phone")), "{problem}");
        }
        let (status, answer) = activate(&made, phone.device).await;
        assert_eq!(status, 201, "{answer}");
        let again = SignedIn::of(&answer);
        assert_eq!(again.device, phone.device);
        assert_eq!(world.get("/v1/me", &again.access).await.0, 200);
        // The former session is over, that of the other phone is not; the code is used up.
        assert_eq!(world.get("/v1/me", &phone.access).await.0, 401);
        assert_eq!(world.refresh(&phone.refresh).await.0, 401);
        assert_eq!(world.get("/v1/me", &other.access).await.0, 200);
        assert_eq!(activate(&made, phone.device).await.0, 401);
        // Revoked is revoked, before the code is made and after.
        let (_, made) = code(&json!(phone.device)).await;
        let path = format!("/v1/devices/{}/revoke", phone.device.unwrap());
        assert_eq!(world.post(&path, &admin, &Value::Null).await.0, 204);
        assert_eq!(activate(&made, phone.device).await.0, 401);
        assert_eq!(code(&json!(phone.device)).await.0, 422);
        // An ordinary code makes a new phone, whatever the phone was before.
        let (_, made) = code(&Value::Null).await;
        let (status, answer) = activate(&made, phone.device).await;
        assert_eq!(status, 201);
        assert_ne!(SignedIn::of(&answer).device, phone.device);
    }

    /// SECURITY 7: an old token after its successor was used means two holders, and both are out.
    async fn reuse_after_the_successors_use_revokes_the_family(world: World) {
        let phone = world.reader_phone().await;
        let other = world.phone_of(phone.account).await;
        let (_, second) = world.refresh(&phone.refresh).await;
        let (_, third) = world.refresh(&SignedIn::of(&second).refresh).await;
        let third = SignedIn::of(&third);
        assert_eq!(world.refresh(&phone.refresh).await.0, 401);
        assert_eq!(world.refresh(&third.refresh).await.0, 401);
        assert_eq!(world.get("/v1/me", &third.access).await.0, 401);
        // The same reader's other phone is another family.
        assert_eq!(world.refresh(&other.refresh).await.0, 200);
    }

    /// SECURITY 7: a phone on a bad line, at any number of lost answers in a row, stays signed in.
    async fn a_phone_survives_many_lost_answers(world: World) {
        use proptest::prelude::Rng as _;
        let mut phone = world.reader_phone().await;
        let mut chance = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        for exchange in 0..300 {
            // Asked again at once, it is told the same; later, another.
            world.advance(TimeDelta::seconds(45));
            let (status, answer) = world.refresh(&phone.refresh).await;
            assert_eq!(status, 200, "exchange {exchange}: {answer}");
            // Two answers in three are lost: the phone keeps the token it has.
            if chance.next_u32().is_multiple_of(3) {
                phone = SignedIn::of(&answer);
            }
        }
        let (status, answer) = world.refresh(&phone.refresh).await;
        assert_eq!(status, 200);
        assert_eq!(world.get("/v1/me", &SignedIn::of(&answer).access).await.0, 200);
    }

    async fn a_refresh_token_ends_when_it_lies_unused(world: World) {
        let (phone, desk) = (world.reader_phone().await, world.desk(Role::Analyst).await);
        world.advance(TimeDelta::hours(12));
        assert_eq!(world.refresh(&desk.refresh).await.0, 401);
        let (status, answer) = world.refresh(&phone.refresh).await;
        assert_eq!(status, 200);
        world.advance(TimeDelta::days(120));
        assert_eq!(world.refresh(&SignedIn::of(&answer).refresh).await.0, 401);
    }

    async fn a_revoked_phone_is_refused_at_its_next_request(world: World) {
        let admin = world.admin().await;
        let phone = world.reader_phone().await;
        assert_eq!(world.get("/v1/me", &phone.access).await.0, 200);
        let path = format!("/v1/devices/{}/revoke", phone.device.unwrap());
        assert_eq!(world.post(&path, &admin.access, &Value::Null).await.0, 204);
        assert_eq!(world.get("/v1/me", &phone.access).await.0, 401);
        assert_eq!(world.refresh(&phone.refresh).await.0, 401);
        // Once more is no fault; a phone that never was is.
        assert_eq!(world.post(&path, &admin.access, &Value::Null).await.0, 204);
        assert_eq!(world.post("/v1/devices/424242/revoke", &admin.access, &Value::Null).await.0, 404);
        let (_, devices) = world.get("/v1/devices", &admin.access).await;
        assert!(devices["items"][0]["revoked_at"].is_string(), "{devices}");
    }

    /// PROTOCOL "Devices and sessions": revoking acts on every node.
    async fn a_revocation_at_one_node_holds_at_the_other(world: World) {
        let admin = world.admin().await;
        let phone = world.reader_phone().await;
        let other = World::start_another(world.database.clone(), WorldOptions::default());
        assert_eq!(other.get("/v1/me", &phone.access).await.0, 200);
        world.post(&format!("/v1/devices/{}/revoke", phone.device.unwrap()), &admin.access, &Value::Null).await;
        assert_eq!(other.get("/v1/me", &phone.access).await.0, 401);
    }

    async fn a_disabled_account_is_out_everywhere(world: World) {
        let admin = world.admin().await;
        let phone = world.reader_phone().await;
        let code = world.activation_code(phone.account).await;
        assert_eq!(world.post(&format!("/v1/accounts/{}/disable", phone.account), &admin.access, &Value::Null).await.0, 204);
        assert_eq!(world.get("/v1/me", &phone.access).await.0, 401);
        assert_eq!(world.refresh(&phone.refresh).await.0, 401);
        assert_eq!(world.try_activate(&code).await.0, 401);
        assert_eq!(world.try_sign_in(&phone.login, PASSWORD).await.0, 401);
        let (status, answer) = world.post("/v1/devices/activation-codes", &admin.access, &json!({ "account_id": phone.account })).await;
        assert_eq!((status, &answer["errors"][0]["code"]), (422, &json!("not_a_reader")));
        assert_eq!(world.post("/v1/accounts/424242/disable", &admin.access, &Value::Null).await.0, 404);
        assert_eq!(world.post(&format!("/v1/accounts/{}/disable", admin.account), &admin.access, &Value::Null).await.0, 409);
    }

    async fn an_activation_code_works_once(world: World) {
        let (reader, _) = world.account(Role::Reader).await;
        let code = world.activation_code(reader).await;
        // As a person types it.
        let typed = code.replace('-', " ").to_lowercase();
        assert_eq!(world.try_activate(&typed).await.0, 201);
        let (status, answer) = world.try_activate(&code).await;
        assert_eq!((status, &answer["code"]), (401, &json!("invalid_activation_code")));
        assert_eq!(world.try_activate("2222-2222-2222").await.0, 401);
    }

    async fn an_activation_code_ends_after_a_day(world: World) {
        let (reader, _) = world.account(Role::Reader).await;
        let (first, second) = (world.activation_code(reader).await, world.activation_code(reader).await);
        world.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
        assert_eq!(world.try_activate(&first).await.0, 201);
        world.advance(TimeDelta::milliseconds(1));
        assert_eq!(world.try_activate(&second).await.0, 401);
    }

    async fn logging_out_ends_this_session_only(world: World) {
        let first = world.desk(Role::Cashier).await;
        let second = world.sign_in(&first.login).await;
        assert_eq!(world.post("/v1/auth/logout", &first.access, &Value::Null).await.0, 204);
        assert_eq!(world.get("/v1/me", &first.access).await.0, 401);
        assert_eq!(world.refresh(&first.refresh).await.0, 401);
        assert_eq!(world.get("/v1/me", &second.access).await.0, 200);
    }

    /// PROTOCOL "HTTP manners".
    async fn an_idempotency_key_gets_its_first_answer_again(world: World) {
        let admin = world.admin().await;
        let dispatcher = world.desk(Role::Dispatcher).await;
        let (one, two) = (world.account(Role::Reader).await.0, world.account(Role::Reader).await.0);
        let first = mint_code(&world, &admin.access, "k-1", one).await;
        assert_eq!(first.0, 201);
        assert_eq!(mint_code(&world, &admin.access, "k-1", one).await, first);
        let (status, answer) = mint_code(&world, &admin.access, "k-1", two).await;
        assert_eq!((status, &answer["code"]), (409, &json!("idempotency_mismatch")));
        // Keys are each caller's own.
        let other = mint_code(&world, &dispatcher.access, "k-1", one).await;
        assert_eq!(other.0, 201);
        assert_ne!(other.1["code"], first.1["code"]);
        let codes = world.database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM activation_codes");
        assert_eq!(codes, ["2"]);
    }

    /// PROTOCOL "HTTP manners": a refusal mints nothing, so the corrected request may carry the same key.
    async fn an_idempotency_key_is_not_used_up_by_a_refusal(world: World) {
        let admin = world.admin().await;
        let (reader, _) = world.account(Role::Reader).await;
        assert_eq!(mint_code(&world, &admin.access, "k-1", admin.account).await.0, 422);
        assert_eq!(mint_code(&world, &admin.access, "k-1", reader).await.0, 201);
        assert_eq!(mint_code(&world, &admin.access, &"k".repeat(201), reader).await.0, 400);
    }

    /// SECURITY 9: the guesser is slowed down; his victim, at another address, is not.
    async fn a_guesser_is_stopped_and_his_victim_is_not(world: World) {
        world.admin().await;
        let (_, login) = world.account(Role::Reader).await;
        let world = World::start_another(world.database.clone(), WorldOptions { behind_proxy: true, ..WorldOptions::default() });
        let attempt = async |login: &str, password: &str, from: &str| {
            let body = json!({ "login": login, "password": password });
            let request = world.request(Method::POST, "/v1/auth/login").header("x-forwarded-for", from).json(&body);
            world.send(request).await
        };
        let mut stopped = None;
        for _ in 0..60 {
            let answer = attempt("admin", "guess", "198.51.100.7").await;
            if answer.status == 429 {
                stopped = Some(answer);
                break;
            }
            assert_eq!(answer.status, 401);
        }
        let stopped = stopped.expect("sixty guesses in a row were let through");
        assert!(stopped.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
        assert_eq!(attempt("admin", PASSWORD, "203.0.113.9").await.status, 200);
        assert_eq!(attempt(&login, PASSWORD, "198.51.100.7").await.status, 200);
        // An address that the guesser adds himself is not the proxy's word.
        assert_eq!(attempt("admin", "guess", "203.0.113.200, 198.51.100.7").await.status, 429);
    }

    /// SECURITY 9, 11: who did what is written down, without any secret.
    async fn the_audit_log_names_deeds_and_holds_no_secret(world: World) {
        let phone = world.reader_phone().await;
        let log = world.database.texts("SELECT action || ' ' || subject || ' ' || detail AS value FROM audit_log ORDER BY id");
        assert!(log.iter().any(|line| line.starts_with("create_account")), "{log:?}");
        assert!(log.iter().any(|line| line.starts_with("create_activation_code")), "{log:?}");
        assert!(log.iter().any(|line| line.starts_with("activate_device")), "{log:?}");
        assert!(!log.iter().any(|line| line.contains(PASSWORD) || line.contains(&phone.refresh)));
    }
}
