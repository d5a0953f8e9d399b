//! The second factor of desks, expiring passwords and idle desks (SECURITY, preamble; RFC 6238).

use crate::support::{Database, PASSWORD, SignedIn, StoreKind, World, WorldOptions};
use chrono::TimeDelta;
use meterbook::accounts::{Profile, Role, SecondFactor};
use meterbook_api::accounts::factor::totp;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU16, Ordering};

/// Authenticator app: a secret as it was shown.
struct App(Vec<u8>);

impl App {
    /// Reads base 32, as an app does.
    fn of(answer: &Value) -> Self {
        let letters = answer["secret"].as_str().unwrap().bytes();
        let bits: String = letters
            .map(|letter| format!("{:05b}", if letter >= b'A' { letter - b'A' } else { letter - b'2' + 26 }))
            .collect();
        Self((0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).unwrap()).collect())
    }

    fn code(&self, world: &World) -> String {
        totp::code(&self.0, totp::step(world.clock.now()))
    }
}

async fn ask(world: &World, path: &str, login: &str, more: Value) -> (u16, Value) {
    let mut body = json!({ "login": login, "password": PASSWORD });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    post(world, path, &body).await
}

async fn sign_in(world: &World, login: &str, code: &str) -> (u16, Value) {
    ask(world, "/v1/auth/login", login, json!({ "second_factor": code })).await
}

/// Sets a second factor up; the app and the recovery codes.
async fn enrol(world: &World, login: &str) -> (App, Vec<String>) {
    let (status, answer) = ask(world, "/v1/auth/second-factor/enrol", login, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let app = App::of(&answer);
    assert_eq!(app.0.len(), totp::SECRET_BYTES);
    let (status, answer) =
        ask(world, "/v1/auth/second-factor/confirm", login, json!({ "code": app.code(world) })).await;
    assert_eq!(status, 200, "{answer}");
    let codes = answer["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    world.advance(TimeDelta::seconds(30));
    (app, codes.collect())
}

fn code_of(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or_default())
}

/// Each scenario on both stores; every request comes from another address, so that none is thought a guesser.
fn everywhere(profile: Profile, second_factor: SecondFactor, scenario: impl AsyncFn(World)) {
    for kind in [StoreKind::Sqlite, StoreKind::Postgres] {
        let Some(database) = Database::fresh(kind) else { continue };
        let options = WorldOptions { profile, second_factor, behind_proxy: true, ..WorldOptions::default() };
        let world = World::start(database, options);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(scenario(world));
    }
}

async fn post(world: &World, path: &str, body: &Value) -> (u16, Value) {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let request = world.request(Method::POST, path).header("x-forwarded-for", format!("10.7.{high}.{low}"));
    let answer = world.send(request.json(body)).await;
    (answer.status, answer.json())
}

async fn plainly(world: &World, login: &str, password: &str) -> (u16, Value) {
    post(world, "/v1/auth/login", &json!({ "login": login, "password": password })).await
}

#[test]
fn an_account_with_a_second_factor_needs_it() {
    everywhere(Profile::Modern, SecondFactor::Optional, async |world: World| {
        let (_, login) = world.account(Role::Analyst).await;
        assert_eq!(plainly(&world, &login, PASSWORD).await.0, 200);
        // Begun and not confirmed, it changes nothing; a second beginning takes the place of the first.
        let (_, first) = ask(&world, "/v1/auth/second-factor/enrol", &login, json!({})).await;
        assert_eq!(plainly(&world, &login, PASSWORD).await.0, 200);
        let (app, recovery) = enrol(&world, &login).await;
        assert_ne!(App::of(&first).0, app.0);
        assert_eq!(recovery.len(), 10);
        assert_eq!(code_of(&plainly(&world, &login, PASSWORD).await), (401, "second_factor_needed"));
        assert_eq!(code_of(&sign_in(&world, &login, "000000").await), (401, "wrong_second_factor"));
        let code = app.code(&world);
        let answer = sign_in(&world, &login, &code).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
        assert_eq!(world.get("/v1/me", &SignedIn::of(&answer.1).access).await.0, 200);
        // Seen over a shoulder, it works no more.
        assert_eq!(code_of(&sign_in(&world, &login, &code).await), (401, "wrong_second_factor"));
        // Nobody who has only the password sets up another.
        assert_eq!(ask(&world, "/v1/auth/second-factor/enrol", &login, json!({})).await.0, 409);
        assert_eq!(ask(&world, "/v1/auth/second-factor/confirm", &login, json!({ "code": "000000" })).await.0, 409);
        let stored = world.database.texts("SELECT CAST(length(secret) AS TEXT) AS value FROM account_factors");
        assert!(
            stored.len() == 1 && stored[0].parse::<usize>().unwrap() > 28 + totp::SECRET_BYTES,
            "sealed: {stored:?}"
        );
    });
}

#[test]
fn a_recovery_code_works_once() {
    everywhere(Profile::Modern, SecondFactor::Optional, async |world: World| {
        let (_, login) = world.account(Role::Cashier).await;
        let (_, recovery) = enrol(&world, &login).await;
        let typed = recovery[3].to_lowercase().replace('-', " ");
        assert_eq!(sign_in(&world, &login, &typed).await.0, 200);
        assert_eq!(code_of(&sign_in(&world, &login, &recovery[3]).await), (401, "wrong_second_factor"));
        // Another's codes are worth nothing.
        let (_, other) = world.account(Role::Cashier).await;
        let (_, theirs) = enrol(&world, &other).await;
        assert_eq!(sign_in(&world, &login, &theirs[0]).await.0, 401);
        // With one the factor is taken away, and all that belongs to it.
        let gone = ask(&world, "/v1/auth/second-factor/remove", &login, json!({ "second_factor": recovery[4] })).await;
        assert_eq!(gone.0, 204);
        assert_eq!(plainly(&world, &login, PASSWORD).await.0, 200);
        let left = world.database.texts("SELECT CAST(count(*) AS TEXT) AS value FROM recovery_codes");
        assert_eq!(left, ["10"]);
    });
}

#[test]
fn guessing_codes_is_slow() {
    everywhere(Profile::Modern, SecondFactor::Optional, async |world: World| {
        let (_, login) = world.account(Role::Dispatcher).await;
        let (app, recovery) = enrol(&world, &login).await;
        for _ in 0..5 {
            assert_eq!(code_of(&sign_in(&world, &login, "000000").await), (401, "wrong_second_factor"));
        }
        for code in [app.code(&world), recovery[0].clone()] {
            assert_eq!(code_of(&sign_in(&world, &login, &code).await), (429, "too_many_requests"));
        }
        world.advance(TimeDelta::minutes(15));
        assert_eq!(sign_in(&world, &login, &app.code(&world)).await.0, 200);
    });
}

#[test]
fn an_administrator_helps_who_has_lost_everything() {
    everywhere(Profile::Modern, SecondFactor::Optional, async |world: World| {
        let (id, login) = world.account(Role::Analyst).await;
        let (app, _) = enrol(&world, &login).await;
        let desk = SignedIn::of(&sign_in(&world, &login, &app.code(&world)).await.1);
        let path = format!("/v1/accounts/{id}/second-factor/reset");
        assert_eq!(world.post(&path, &desk.access, &Value::Null).await.0, 403);
        let admin = world.sign_in("admin").await.access;
        assert_eq!(world.post("/v1/accounts/987654/second-factor/reset", &admin, &Value::Null).await.0, 404);
        assert_eq!(world.post(&path, &admin, &Value::Null).await.0, 204);
        assert_eq!(world.get("/v1/me", &desk.access).await.0, 401);
        assert_eq!(plainly(&world, &login, PASSWORD).await.0, 200);
        let audited = world
            .database
            .texts("SELECT action AS value FROM audit_log WHERE action LIKE '%second_factor' ORDER BY id");
        assert_eq!(audited, ["confirm_second_factor", "reset_second_factor"]);
    });
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    everywhere(Profile::Modern, SecondFactor::Optional, async |world: World| {
        let (_, login) = world.account(Role::Analyst).await;
        let desk = world.sign_in(&login).await;
        let change = async |old: &str, new: &str, code: Option<&str>| {
            let body = json!({ "login": login, "password": old, "new_password": new, "second_factor": code });
            post(&world, "/v1/auth/password", &body).await
        };
        assert_eq!(code_of(&change("not the password", "tram velvet orchid", None).await), (401, "wrong_credentials"));
        for bad in ["short", PASSWORD, &format!("{login} tram velvet")] {
            let (status, problem) = change(PASSWORD, bad, None).await;
            assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/new_password")), "{bad}: {problem}");
        }
        assert_eq!(change(PASSWORD, "tram velvet orchid", None).await.0, 204);
        assert_eq!(world.get("/v1/me", &desk.access).await.0, 401);
        assert_eq!(plainly(&world, &login, PASSWORD).await.0, 401);
        assert_eq!(plainly(&world, &login, "tram velvet orchid").await.0, 200);
    });
}
/// The first administrator of a strict installation, and the app.
async fn claim(world: &World, password: &str) -> App {
    let body = json!({ "setup_token": world.setup_token, "login": "admin", "password": password, "name": "管理员" });
    assert_eq!(world.post("/v1/setup", "", &body).await.0, 201);
    assert_eq!(code_of(&plainly(world, "admin", password).await), (401, "enrolment_needed"));
    let asked = json!({ "login": "admin", "password": password });
    let app = App::of(&post(world, "/v1/auth/second-factor/enrol", &asked).await.1);
    let asked = json!({ "login": "admin", "password": password, "code": app.code(world) });
    assert_eq!(post(world, "/v1/auth/second-factor/confirm", &asked).await.0, 200);
    world.advance(TimeDelta::seconds(30));
    app
}

#[test]
fn where_consoles_need_a_second_factor_they_set_one_up_first() {
    everywhere(Profile::Modern, SecondFactor::Required, async |world: World| {
        let app = claim(&world, PASSWORD).await;
        let admin = SignedIn::of(&sign_in(&world, "admin", &app.code(&world)).await.1).access;
        for role in Role::ALL {
            let account =
                json!({ "login": format!("{role}-x"), "name": "张伟", "role": role.code(), "password": PASSWORD });
            assert_eq!(world.post("/v1/accounts", &admin, &account).await.0, 201);
            let expected = if role == Role::Reader { (200, "") } else { (401, "enrolment_needed") };
            assert_eq!(code_of(&plainly(&world, &format!("{role}-x"), PASSWORD).await), expected);
        }
    });
}

/// 等保三级, from the first administrator to the idle desk.
#[test]
fn mlps3_asks_for_classes_age_history_two_factors_and_work() {
    const PASSWORDS: [&str; 6] = [
        "Tram velvet orchid 1",
        "Tram velvet orchid 2",
        "Tram velvet orchid 3",
        "Tram velvet orchid 4",
        "Tram velvet orchid 5",
        "Tram velvet orchid 6",
    ];
    everywhere(Profile::Mlps3, SecondFactor::Required, async |world: World| {
        let body = json!({ "setup_token": world.setup_token, "login": "admin", "password": "tram velvet orchid", "name": "管理员" });
        let (status, problem) = world.post("/v1/setup", "", &body).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/password")), "{problem}");
        let app = claim(&world, PASSWORDS[0]).await;
        let sign_in = async |password: &str| {
            world.advance(TimeDelta::seconds(60));
            let body = json!({ "login": "admin", "password": password, "second_factor": app.code(&world) });
            post(&world, "/v1/auth/login", &body).await
        };
        // Whoever works exchanges tokens; whoever does not is out after fifteen minutes.
        let mut desk = SignedIn::of(&sign_in(PASSWORDS[0]).await.1);
        for _ in 0..4 {
            world.advance(TimeDelta::minutes(6));
            assert_eq!(world.get("/v1/me", &desk.access).await.0, 401);
            let (status, tokens) = world.refresh(&desk.refresh).await;
            assert_eq!((status, &tokens["expires_in_s"]), (200, &json!(300)));
            desk = SignedIn::of(&tokens);
        }
        world.advance(TimeDelta::minutes(15));
        assert_eq!(world.refresh(&desk.refresh).await.0, 401);
        // Ninety days; then only the change is left.
        world.advance(TimeDelta::days(89));
        assert_eq!(sign_in(PASSWORDS[0]).await.0, 200);
        world.advance(TimeDelta::days(1));
        assert_eq!(code_of(&sign_in(PASSWORDS[0]).await), (401, "password_expired"));
        let change = async |old: &str, new: &str| {
            world.advance(TimeDelta::seconds(60));
            let body =
                json!({ "login": "admin", "password": old, "new_password": new, "second_factor": app.code(&world) });
            post(&world, "/v1/auth/password", &body).await
        };
        for pair in PASSWORDS[..5].windows(2) {
            assert_eq!(change(pair[0], pair[1]).await.0, 204);
        }
        // None of the last five; the one before those again.
        for used in &PASSWORDS[..5] {
            assert_eq!(change(PASSWORDS[4], used).await.0, 422, "{used}");
        }
        assert_eq!(change(PASSWORDS[4], PASSWORDS[5]).await.0, 204);
        assert_eq!(change(PASSWORDS[5], PASSWORDS[0]).await.0, 204);
        assert_eq!(sign_in(PASSWORDS[0]).await.0, 200);
    });
}
