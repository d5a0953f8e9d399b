//! Setting up, confirming and taking away a second factor; changing a password.

use super::store::{self, Told};
use super::totp;
use super::wire::*;
use crate::App;
use crate::accounts::desk::authenticate;
use crate::accounts::passwords::Check;
use crate::accounts::store::{audit, find_account};
use crate::db::Isolation;
use crate::http::{Input, Problem, ProblemCode, Session};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, post};
use meterbook::accounts::{Operation, PasswordFault, check_password};
use meterbook::id::AccountId;
use std::sync::Arc;

fn fault() -> Problem {
    Problem::new(ProblemCode::Internal)
}

/// Begin to set up a second factor: a secret for an authenticator app. It counts once it is confirmed.
#[utoipa::path(operation_id = "enrol_second_factor", tag = "accounts", request_body = EnrolSecondFactorRequest,
    responses((status = 200, description = "The secret, shown only now", body = SecondFactorSecret)))]
#[post("/v1/auth/second-factor/enrol")]
pub async fn enrol_second_factor(
    app: Data<App>,
    request: HttpRequest,
    input: Input<EnrolSecondFactorRequest>,
) -> Result<Json<SecondFactorSecret>, Problem> {
    let EnrolSecondFactorRequest { login, password } = input.0;
    let (account, _) = authenticate(&app, &request, login, password).await?;
    let secret = crate::keys::random::<{ totp::SECRET_BYTES }>().map_err(|_| fault())?;
    let (now, keys, id) = (app.clock.now(), Arc::clone(&app.keys), AccountId(account.id));
    let enrolled = app
        .store
        .write("enrol_second_factor", Isolation::Serializable, move |conn| store::enrol(conn, id, &secret, &keys, now));
    if !enrolled.await? {
        let (zh, en) = ("已有动态验证码，请先移除", "there is a second factor already: take it away first");
        return Err(Problem::new(ProblemCode::Conflict).detail(zh, en));
    }
    Ok(Json(SecondFactorSecret { secret: totp::base32(&secret), uri: totp::uri(&secret, &account.login) }))
}

/// Confirm a second factor by a code of it. From now on signing in needs one.
#[utoipa::path(operation_id = "confirm_second_factor", tag = "accounts", request_body = ConfirmSecondFactorRequest,
    responses((status = 200, description = "Recovery codes, shown only now", body = RecoveryCodes)))]
#[post("/v1/auth/second-factor/confirm")]
pub async fn confirm_second_factor(
    app: Data<App>,
    request: HttpRequest,
    input: Input<ConfirmSecondFactorRequest>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let ConfirmSecondFactorRequest { login, password, code } = input.0;
    let (account, _) = authenticate(&app, &request, login, password).await?;
    let codes = store::new_recovery_codes().ok_or_else(fault)?;
    let recovery_codes = codes.iter().map(|code| code.clear.clone()).collect();
    let (now, keys, policy, id) =
        (app.clock.now(), Arc::clone(&app.keys), app.config.second_factor, AccountId(account.id));
    let confirmed = app.store.write("confirm_second_factor", Isolation::Serializable, move |conn| {
        let told = Told { code: Some(&code), policy, keys: &keys, now };
        if let Err(problem) = store::confirm(conn, id, &codes, &told)? {
            return Ok(Err(problem));
        }
        audit(conn, now, Some(id), "confirm_second_factor", &format!("account/{id}"), "")?;
        Ok(Ok(()))
    });
    confirmed.await??;
    Ok(Json(RecoveryCodes { recovery_codes }))
}

/// Take a second factor away, with a code of it or a recovery code.
#[utoipa::path(operation_id = "remove_second_factor", tag = "accounts", request_body = RemoveSecondFactorRequest,
    responses((status = 204, description = "It is gone")))]
#[post("/v1/auth/second-factor/remove")]
pub async fn remove_second_factor(
    app: Data<App>,
    request: HttpRequest,
    input: Input<RemoveSecondFactorRequest>,
) -> Result<HttpResponse, Problem> {
    let RemoveSecondFactorRequest { login, password, second_factor } = input.0;
    let (account, _) = authenticate(&app, &request, login, password).await?;
    let (now, keys, policy) = (app.clock.now(), Arc::clone(&app.keys), app.config.second_factor);
    let removed = app.store.write("remove_second_factor", Isolation::Serializable, move |conn| {
        let (id, told) = (AccountId(account.id), Told { code: Some(&second_factor), policy, keys: &keys, now });
        match store::pass(conn, &account, &told)? {
            Err(problem) if problem.code() != ProblemCode::EnrolmentNeeded => return Ok(Err(problem)),
            _ => {}
        }
        if store::forget(conn, id)? {
            audit(conn, now, Some(id), "remove_second_factor", &format!("account/{id}"), "")?;
        }
        Ok(Ok(()))
    });
    removed.await??;
    Ok(HttpResponse::NoContent().finish())
}

/// Take away the second factor of somebody who has lost it, and end what desks they are signed in at.
#[utoipa::path(operation_id = "reset_second_factor", tag = "accounts", params(("id" = i64, Path, description = "The account")),
    responses((status = 204, description = "The account has none")))]
#[post("/v1/accounts/{id}/second-factor/reset")]
pub async fn reset_second_factor(app: Data<App>, session: Session, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let actor = session.may(Operation::ResetSecondFactor)?;
    let (id, now) = (AccountId(*id), app.clock.now());
    let done = app.store.write("reset_second_factor", Isolation::Serializable, move |conn| {
        if find_account(conn, id)?.is_none() {
            return Ok(false);
        }
        if store::forget(conn, id)? {
            store::end_desk_sessions(conn, id, "second_factor_reset", now)?;
        }
        audit(conn, now, Some(actor.account), "reset_second_factor", &format!("account/{id}"), "")?;
        Ok(true)
    });
    if done.await? { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(ProblemCode::NotFound)) }
}

/// Change a password, an expired one too. What desks the account is signed in at end; its phones go on.
#[utoipa::path(operation_id = "change_password", tag = "accounts", request_body = ChangePasswordRequest,
    responses((status = 204, description = "The new password counts")))]
#[post("/v1/auth/password")]
pub async fn change_password(
    app: Data<App>,
    request: HttpRequest,
    input: Input<ChangePasswordRequest>,
) -> Result<HttpResponse, Problem> {
    let ChangePasswordRequest { login, password, new_password, second_factor } = input.0;
    let (account, _) = authenticate(&app, &request, login, password).await?;
    let profile = app.config.profile;
    let refused = |why: PasswordFault| {
        let text = why.text();
        Problem::new(ProblemCode::InvalidInput).fault("/new_password", "weak_password", text.zh, text.en)
    };
    check_password(&new_password, &account.login, profile).map_err(refused)?;
    let (id, before) = (AccountId(account.id), profile.remembered_passwords().saturating_sub(1));
    let mut known = app.store.read("former_passwords", move |conn| store::former_hashes(conn, id, before)).await?;
    known.push(account.password_hash.clone());
    for hash in known {
        if app.hasher.check(new_password.clone(), Some(hash)).await? != Check::Wrong {
            return Err(refused(PasswordFault::Reused));
        }
    }
    let hash = app.hasher.hash(new_password).await?;
    let (now, keys, policy) = (app.clock.now(), Arc::clone(&app.keys), app.config.second_factor);
    let changed = app.store.write("change_password", Isolation::Serializable, move |conn| {
        let told = Told { code: second_factor.as_deref(), policy, keys: &keys, now };
        match store::pass(conn, &account, &told)? {
            Err(problem) if problem.code() != ProblemCode::EnrolmentNeeded => return Ok(Err(problem)),
            _ => {}
        }
        if !store::replace_password(conn, &account, &hash, now)? {
            return Ok(Err(Problem::new(ProblemCode::WrongCredentials)));
        }
        store::end_desk_sessions(conn, id, "password_changed", now)?;
        audit(conn, now, Some(id), "change_password", &format!("account/{id}"), "")?;
        Ok(Ok(()))
    });
    changed.await??;
    Ok(HttpResponse::NoContent().finish())
}
