//! Signing in, phones, accounts.

use super::desk::authenticate;
use super::factor::store::{Told, pass};
use super::passwords::Check;
use super::store::{self, AccountRow, Activation, Claim, Exchange, NewAccount, Presented};
use super::tokens::{Lives, Secret};
use super::wire::*;
use crate::App;
use crate::db::Isolation;
use crate::http::{IdempotencyKey, Input, Problem, ProblemCode, Session, Time};
use crate::paging::{After, next_after};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::TimeDelta;
use meterbook::accounts::{Actor, Operation, PasswordFault, Profile, Role, check_password};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use serde::Deserialize;
use std::sync::Arc;

/// How long an activation code can be used (PROTOCOL, "Devices and sessions").
const ACTIVATION_LIFE: TimeDelta = TimeDelta::hours(24);

fn fault() -> Problem {
    Problem::new(ProblemCode::Internal)
}

fn token_answer(
    app: &App,
    account: &AccountRow,
    device: Option<DeviceId>,
    session: i64,
    refresh: String,
    now: Instant,
) -> Result<Json<TokenAnswer>, Problem> {
    let actor = Actor { account: AccountId(account.id), role: account.role(), device };
    let life = Lives::of(device.is_some(), app.config.profile).access;
    let access = app.tokens.mint(&actor, session, account.session_version, now, life).ok_or_else(fault)?;
    Ok(Json(TokenAnswer {
        access_token: access,
        expires_in_s: life.num_seconds(),
        refresh_token: refresh,
        account: account.wire(),
        device_id: device.map(|device| device.0),
    }))
}

/// Checks a new account's login name, name and password.
fn check_new_account(login: &str, name: &str, password: &str, profile: Profile) -> Result<(), Problem> {
    let mut problem = Problem::new(ProblemCode::InvalidInput);
    let mut is_good = true;
    if !(2..=64).contains(&login.chars().count()) || login.chars().any(|c| c.is_whitespace() || c.is_control()) {
        is_good = false;
        problem = problem.fault(
            "/login",
            "invalid_login",
            "应为 2 至 64 个字符，不含空格",
            "expected 2 to 64 characters without spaces",
        );
    }
    if !(1..=100).contains(&name.trim().chars().count()) {
        is_good = false;
        problem = problem.fault("/name", "invalid_name", "应为 1 至 100 个字符", "expected 1 to 100 characters");
    }
    if let Err(why) = check_password(password, login, profile) {
        is_good = false;
        let text = PasswordFault::text(why);
        problem = problem.fault("/password", "weak_password", text.zh, text.en);
    }
    if is_good { Ok(()) } else { Err(problem) }
}

/// First run: the holder of the set-up token makes the first administrator. Answered on loopback only.
#[utoipa::path(operation_id = "claim_setup", tag = "accounts", request_body = ClaimSetupRequest,
    responses((status = 201, description = "The first administrator", body = Account)))]
#[post("/v1/setup")]
pub async fn claim_setup(
    app: Data<App>,
    request: HttpRequest,
    input: Input<ClaimSetupRequest>,
) -> Result<HttpResponse, Problem> {
    if !request.peer_addr().is_some_and(|peer| peer.ip().is_loopback()) {
        return Err(Problem::new(ProblemCode::NotFound));
    }
    let ClaimSetupRequest { setup_token, login, password, name } = input.0;
    check_new_account(&login, &name, &password, app.config.profile)?;
    let hash = app.hasher.hash(password).await?;
    let (now, token) = (app.clock.now(), crate::keys::sha256(setup_token.trim().as_bytes()));
    let claim = app.store.write("claim_setup", Isolation::Serializable, move |conn| {
        let account = NewAccount { login: &login, name: name.trim(), role: Role::Admin.code(), password_hash: &hash };
        store::claim_instance(conn, &token, &account, now)
    });
    match claim.await? {
        Claim::WrongToken => Err(Problem::new(ProblemCode::InvalidSetupToken)),
        Claim::AlreadyClaimed => Err(Problem::new(ProblemCode::AlreadyClaimed)),
        Claim::Claimed(account) => Ok(HttpResponse::Created().json(account.wire())),
    }
}

/// Sign in with a login name and a password, and a code of the second factor where the account has one or needs one. Without it
/// the answer is `second_factor_needed` or `enrolment_needed`; an old password may be `password_expired`.
#[utoipa::path(operation_id = "sign_in", tag = "accounts", request_body = LoginRequest,
    responses((status = 200, description = "Tokens of a new session", body = TokenAnswer)))]
#[post("/v1/auth/login")]
pub async fn sign_in(
    app: Data<App>,
    request: HttpRequest,
    input: Input<LoginRequest>,
) -> Result<Json<TokenAnswer>, Problem> {
    let LoginRequest { login, password, second_factor } = input.0;
    let (account, check) = authenticate(&app, &request, login, password).await?;
    let (now, refresh) = (app.clock.now(), Secret::token().ok_or_else(fault)?);
    let (id, hash, signing_in) = (AccountId(account.id), refresh.hash, account.clone());
    let (profile, policy, keys) = (app.config.profile, app.config.second_factor, Arc::clone(&app.keys));
    let session = app.store.write("login", Isolation::Serializable, move |conn| {
        let told = Told { code: second_factor.as_deref(), policy, keys: &keys, now };
        if let Err(problem) = pass(conn, &signing_in, &told)? {
            return Ok(Err(problem));
        }
        if signing_in.has_expired(profile, now) {
            return Ok(Err(Problem::new(ProblemCode::PasswordExpired)));
        }
        if let Check::RightUpgrade(stronger) = &check {
            store::upgrade_password_hash(conn, id, stronger)?;
        }
        store::open_session(conn, id, None, &hash, profile, now).map(Ok)
    });
    token_answer(&app, &account, None, session.await??, refresh.clear, now)
}

/// Turn an activation code into a device and its tokens. The code works once. One made for a phone that is to go on works on
/// that phone only: it keeps its id, and its numbers continue.
#[utoipa::path(operation_id = "activate_device", tag = "accounts", request_body = ActivateDeviceRequest,
    responses((status = 201, description = "The device and its tokens", body = TokenAnswer)))]
#[post("/v1/auth/activate")]
pub async fn activate_device(app: Data<App>, input: Input<ActivateDeviceRequest>) -> Result<HttpResponse, Problem> {
    let ActivateDeviceRequest { code, label, platform, device_id } = input.0;
    if !["android", "ios", "web"].contains(&platform.as_str()) {
        return Err(Problem::new(ProblemCode::InvalidInput).fault(
            "/platform",
            "invalid_platform",
            "应为 android、ios 或 web",
            "expected android, ios or web",
        ));
    }
    if !(1..=100).contains(&label.trim().chars().count()) {
        return Err(Problem::new(ProblemCode::InvalidInput).fault(
            "/label",
            "invalid_label",
            "应为 1 至 100 个字符",
            "expected 1 to 100 characters",
        ));
    }
    if !app.throttle.allows_activation() {
        return Err(Problem::new(ProblemCode::TooManyRequests).retry_after(10));
    }
    let (now, refresh) = (app.clock.now(), Secret::token().ok_or_else(fault)?);
    let (code, hash, profile) = (Secret::hash_of_code(&code), refresh.hash, app.config.profile);
    let activated = app.store.write("activate_device", Isolation::Serializable, move |conn| {
        let phone = Presented { label: label.trim(), platform: &platform, device: device_id.map(DeviceId) };
        let (device, account) = match store::activate_device(conn, &code, &phone, now)? {
            Activation::Activated(device, account) => (device, account),
            Activation::Refused => return Ok(Err(Problem::new(ProblemCode::InvalidActivationCode))),
            Activation::OtherPhone => return Ok(Err(other_phone())),
        };
        let id = AccountId(account.id);
        let session = store::open_session(conn, id, Some(device), &hash, profile, now)?;
        store::audit(conn, now, Some(id), "activate_device", &format!("device/{device}"), &platform)?;
        Ok(Ok((device, account, session)))
    });
    let (device, account, session) = activated.await??;
    let answer = token_answer(&app, &account, Some(device), session, refresh.clear, now)?;
    Ok(HttpResponse::Created().json(answer))
}

fn other_phone() -> Problem {
    let (zh, en) = (
        "该激活码只供原手机继续使用；换手机请另取激活码",
        "this code lets a known phone go on; another phone needs a code of its own",
    );
    Problem::new(ProblemCode::InvalidActivationCode).fault("/device_id", "other_phone", zh, en)
}

/// Exchange a refresh token for new tokens. Keep the new refresh token before using it. The same request within a minute brings
/// the same refresh token; an old token after its successor was used ends the session.
#[utoipa::path(operation_id = "refresh_tokens", tag = "accounts", request_body = RefreshTokensRequest,
    responses((status = 200, description = "New tokens of the same session", body = TokenAnswer)))]
#[post("/v1/auth/refresh")]
pub async fn refresh_tokens(app: Data<App>, input: Input<RefreshTokensRequest>) -> Result<Json<TokenAnswer>, Problem> {
    let (now, keys, old) = (app.clock.now(), Arc::clone(&app.keys), input.0.refresh_token);
    let (hash, profile) = (crate::keys::sha256(old.as_bytes()), app.config.profile);
    let exchange = app.store.write("refresh_tokens", Isolation::Serializable, move |conn| {
        store::exchange_refresh_token(conn, &hash, |at| Secret::successor(&keys, &old, at), profile, now)
    });
    match exchange.await? {
        Exchange::Refused | Exchange::Theft => Err(Problem::new(ProblemCode::InvalidRefreshToken)),
        Exchange::Rotated { successor, session, account, device } => {
            token_answer(&app, &account, device, session, successor.clear, now)
        }
    }
}

/// End this session.
#[utoipa::path(operation_id = "logout", tag = "accounts", responses((status = 204, description = "The session has ended")))]
#[post("/v1/auth/logout")]
pub async fn logout(app: Data<App>, session: Session) -> Result<HttpResponse, Problem> {
    session.may(Operation::Logout)?;
    let now = app.clock.now();
    app.store
        .write("logout", Isolation::Serializable, move |conn| store::revoke_session(conn, session.id, "logout", now))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The signed-in account.
#[utoipa::path(operation_id = "get_me", tag = "accounts", responses((status = 200, description = "The signed-in account", body = Account)))]
#[get("/v1/me")]
pub async fn get_me(app: Data<App>, session: Session) -> Result<Json<Account>, Problem> {
    let actor = session.may(Operation::GetMe)?;
    let account = app.store.read("get_me", move |conn| store::find_account(conn, actor.account)).await?;
    account.map(|account| Json(account.wire())).ok_or_else(|| Problem::new(ProblemCode::NotFound))
}

/// Which accounts.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccountFilter {
    /// Only this role.
    role: Option<String>,
}

/// Accounts, by id.
#[utoipa::path(operation_id = "list_accounts", tag = "accounts", params(AccountFilter, After),
    responses((status = 200, description = "Accounts", body = AccountPage)))]
#[get("/v1/accounts")]
pub async fn list_accounts(
    app: Data<App>,
    session: Session,
    filter: Query<AccountFilter>,
    page: Query<After>,
) -> Result<Json<AccountPage>, Problem> {
    session.may(Operation::ListAccounts)?;
    let role = match &filter.role {
        None => None,
        Some(code) => Some(Role::from_code(code).ok_or_else(unknown_role)?),
    };
    let (after, limit) = page.window(&app.config.limits)?;
    let rows = app.store.read("list_accounts", move |conn| store::list_accounts(conn, role, after, limit)).await?;
    let next_after = next_after(&rows, limit, |row| row.id);
    Ok(Json(AccountPage { items: rows.iter().map(AccountRow::wire).collect(), next_after }))
}

fn unknown_role() -> Problem {
    let expected = Role::ALL.map(Role::code).join(", ");
    Problem::new(ProblemCode::InvalidInput).fault(
        "/role",
        "unknown_role",
        format!("应为 {expected} 之一"),
        format!("expected one of {expected}"),
    )
}

/// Make an account.
#[utoipa::path(operation_id = "create_account", tag = "accounts", request_body = CreateAccountRequest,
    responses((status = 201, description = "The new account", body = Account)))]
#[post("/v1/accounts")]
pub async fn create_account(
    app: Data<App>,
    session: Session,
    input: Input<CreateAccountRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreateAccount)?;
    let CreateAccountRequest { login, name, role, password } = input.0;
    let role = Role::from_code(&role).ok_or_else(unknown_role)?;
    check_new_account(&login, &name, &password, app.config.profile)?;
    let (hash, now) = (app.hasher.hash(password).await?, app.clock.now());
    let created = app.store.write("create_account", Isolation::Serializable, move |conn| {
        if store::find_account_by_login(conn, &login)?.is_some() {
            return Ok(None);
        }
        let account = NewAccount { login: &login, name: name.trim(), role: role.code(), password_hash: &hash };
        let account = store::insert_account(conn, &account, now)?;
        store::audit(
            conn,
            now,
            Some(actor.account),
            "create_account",
            &format!("account/{}", account.id),
            role.code(),
        )?;
        Ok(Some(account))
    });
    let account = created.await?.ok_or_else(|| {
        Problem::new(ProblemCode::Conflict).fault(
            "/login",
            "login_taken",
            "该账号名已被使用",
            "this login name is taken",
        )
    })?;
    Ok(HttpResponse::Created().json(account.wire()))
}

/// Disable an account and end its sessions. What its phones have not sent yet stays on them.
#[utoipa::path(operation_id = "disable_account", tag = "accounts", params(("id" = i64, Path, description = "The account")),
    responses((status = 204, description = "It may no longer sign in")))]
#[post("/v1/accounts/{id}/disable")]
pub async fn disable_account(app: Data<App>, session: Session, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::DisableAccount)?;
    let (id, now) = (AccountId(*id), app.clock.now());
    if id == actor.account {
        return Err(
            Problem::new(ProblemCode::Conflict).detail("不能停用自己的账号", "you can't disable your own account")
        );
    }
    let done = app.store.write("disable_account", Isolation::Serializable, move |conn| {
        store::audit(conn, now, Some(actor.account), "disable_account", &format!("account/{id}"), "")?;
        store::disable_account(conn, id, now)
    });
    if done.await? { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(ProblemCode::NotFound)) }
}

/// Mint an activation code for a reader's phone: a new one, or with `device_id` one whose session is lost and that is to go on.
#[utoipa::path(operation_id = "create_activation_code", tag = "accounts", params(IdempotencyKey),
    request_body = CreateActivationCodeRequest,
    responses((status = 201, description = "The code, shown only now", body = ActivationCode)))]
#[post("/v1/devices/activation-codes")]
pub async fn create_activation_code(
    app: Data<App>,
    session: Session,
    key: IdempotencyKey,
    input: Input<CreateActivationCodeRequest>,
) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::CreateActivationCode)?;
    let (account, device) = (AccountId(input.0.account_id), input.0.device_id.map(DeviceId));
    app.once(actor, key, "create_activation_code", &input.0, 201, move |conn, now| {
        let reader = store::find_account(conn, account)?;
        let reader = reader.filter(|row| row.role() == Role::Reader && row.disabled_at.is_none());
        let (Some(_), Some(code)) = (reader, Secret::code()) else {
            let problem = Problem::new(ProblemCode::InvalidInput);
            return Ok(Err(problem.fault(
                "/account_id",
                "not_a_reader",
                "应为在用的抄表员账号",
                "expected the account of an active reader",
            )));
        };
        if let Some(device) = device
            && !store::is_phone_of(conn, device, account)?
        {
            let (zh, en) = ("应为该抄表员未吊销的手机", "expected a phone of this reader that is not revoked");
            return Ok(Err(Problem::new(ProblemCode::InvalidInput).fault("/device_id", "not_their_phone", zh, en)));
        }
        let expires = now + ACTIVATION_LIFE;
        store::insert_activation_code(conn, &code, account, device, actor.account, now, expires)?;
        let detail = device.map(|device| format!("renews device/{device}")).unwrap_or_default();
        let subject = format!("account/{account}");
        store::audit(conn, now, Some(actor.account), "create_activation_code", &subject, &detail)?;
        let (code, account_id, device_id) = (code.clear, account.0, device.map(|device| device.0));
        Ok(Ok(ActivationCode { code, account_id, device_id, expires_at: Time(expires) }))
    })
    .await
}

/// Phones, by id, with what is missing of their records.
#[utoipa::path(operation_id = "list_devices", tag = "accounts", params(After), responses((status = 200, description = "Phones", body = DevicePage)))]
#[get("/v1/devices")]
pub async fn list_devices(app: Data<App>, session: Session, page: Query<After>) -> Result<Json<DevicePage>, Problem> {
    session.may(Operation::ListDevices)?;
    let (after, limit) = page.window(&app.config.limits)?;
    let items = app.store.read("list_devices", move |conn| {
        let mut devices = store::list_devices(conn, after, limit)?;
        for device in &mut devices {
            device.missing_seqs =
                crate::sync::store::missing_seqs(conn, DeviceId(device.id), device.highest_contiguous_seq)?;
        }
        Ok(devices)
    });
    let items = items.await?;
    let next_after = next_after(&items, limit, |device| device.id);
    Ok(Json(DevicePage { items, next_after }))
}

/// Revoke a lost phone. It acts on the phone's next request, on every node.
#[utoipa::path(operation_id = "revoke_device", tag = "accounts", params(("id" = i64, Path, description = "The phone")),
    responses((status = 204, description = "The phone is revoked")))]
#[post("/v1/devices/{id}/revoke")]
pub async fn revoke_device(app: Data<App>, session: Session, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::RevokeDevice)?;
    let (device, now) = (DeviceId(*id), app.clock.now());
    let done = app.store.write("revoke_device", Isolation::Serializable, move |conn| {
        store::audit(conn, now, Some(actor.account), "revoke_device", &format!("device/{device}"), "")?;
        store::revoke_device(conn, device, now)
    });
    if done.await? { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(ProblemCode::NotFound)) }
}
