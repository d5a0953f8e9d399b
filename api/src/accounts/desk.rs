//! A person at a desk: the password, as every door that asks for one asks for it.

use super::passwords::Check;
use super::store::{AccountRow, find_account_by_login};
use crate::App;
use crate::http::{Problem, ProblemCode};
use actix_web::HttpRequest;

/// The account of a login name and its password; takes as long for one that does not exist (SECURITY 9).
///
/// # Errors
/// `wrong_credentials`, or `too_many_requests` where too many were tried.
pub async fn authenticate(
    app: &App,
    request: &HttpRequest,
    login: String,
    password: String,
) -> Result<(AccountRow, Check), Problem> {
    if !app.throttle.allows(&login, app.client_address(request)) {
        return Err(Problem::new(ProblemCode::TooManyRequests).retry_after(10));
    }
    let account = app.store.read("find_account", move |conn| find_account_by_login(conn, &login)).await?;
    let check = app.hasher.check(password, account.as_ref().map(|account| account.password_hash.clone())).await?;
    let account = account.filter(|account| account.disabled_at.is_none() && check != Check::Wrong);
    account.map(|account| (account, check)).ok_or_else(|| Problem::new(ProblemCode::WrongCredentials))
}
