//! What second factors keep: a sealed secret per account, recovery codes as hashes; and the passwords an account has had.

use super::totp::matching_step;
use crate::accounts::store::AccountRow;
use crate::accounts::tokens::Secret;
use crate::db::schema::{account_factors, accounts, former_passwords, recovery_codes, sessions};
use crate::db::{Conn, each};
use crate::http::{Problem, ProblemCode, to_ms};
use crate::keys::Keys;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use diesel::prelude::*;
use meterbook::accounts::{SecondFactor, Step, next_step};
use meterbook::calendar::Instant;
use meterbook::id::AccountId;

/// Wrong codes in a row after which an account waits.
const TRIES: i32 = 5;
/// How long.
const WAIT: TimeDelta = TimeDelta::minutes(15);
/// Recovery codes at a time.
const RECOVERY_CODES: usize = 10;
/// Names the sealed column.
const COLUMN: &str = "totp_secret";

#[derive(Queryable, Selectable)]
#[diesel(table_name = account_factors)]
struct FactorRow {
    account_id: i64,
    secret: Vec<u8>,
    confirmed_at: Option<i64>,
    last_step: Option<i64>,
    failures: i32,
    blocked_until: Option<i64>,
}

impl FactorRow {
    fn secret(&self, keys: &Keys) -> QueryResult<Vec<u8>> {
        let opened = keys.open(COLUMN, &self.secret).and_then(|text| STANDARD.decode(text).ok());
        opened.ok_or_else(|| diesel::result::Error::DeserializationError("a sealed secret can't be opened".into()))
    }
}

fn find_factor(conn: &mut Conn, account: AccountId) -> QueryResult<Option<FactorRow>> {
    each!(conn, c => account_factors::table.find(account.0).select(FactorRow::as_select()).first(c).optional())
}

/// What a person said of the second factor, and by which rules.
pub struct Told<'a> {
    /// Six digits or a recovery code.
    pub code: Option<&'a str>,
    /// Who must have one.
    pub policy: SecondFactor,
    /// To open the secret with.
    pub keys: &'a Keys,
    /// Now.
    pub now: Instant,
}

/// Whether an account that has given its password may go on. Wrong codes are counted: commit, whatever the answer.
pub fn pass(conn: &mut Conn, account: &AccountRow, told: &Told<'_>) -> QueryResult<Result<(), Problem>> {
    let factor = find_factor(conn, AccountId(account.id))?.filter(|factor| factor.confirmed_at.is_some());
    let (factor, code) = match (next_step(account.role(), told.policy, factor.is_some()), factor, told.code) {
        (Step::Enrolment, ..) => return Ok(Err(Problem::new(ProblemCode::EnrolmentNeeded))),
        (Step::Code, Some(factor), Some(code)) => (factor, code),
        (Step::Code, ..) => return Ok(Err(Problem::new(ProblemCode::SecondFactorNeeded))),
        (Step::Done, ..) => return Ok(Ok(())),
    };
    try_code(conn, &factor, code, told)
}

fn try_code(conn: &mut Conn, factor: &FactorRow, code: &str, told: &Told<'_>) -> QueryResult<Result<(), Problem>> {
    let now = to_ms(told.now);
    if let Some(left) = factor.blocked_until.map(|until| until - now).filter(|left| *left > 0) {
        let seconds = u64::try_from(left / 1000 + 1).unwrap_or(1);
        return Ok(Err(Problem::new(ProblemCode::TooManyRequests).retry_after(seconds)));
    }
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let step = matching_step(&factor.secret(told.keys)?, &digits, told.now, factor.last_step);
    let is_right = step.is_some() || use_recovery_code(conn, factor, code, told.now)?;
    let row = account_factors::table.find(factor.account_id);
    if is_right {
        let change = (
            account_factors::failures.eq(0),
            account_factors::last_step.eq(step.or(factor.last_step)),
            account_factors::confirmed_at.eq(factor.confirmed_at.unwrap_or(now)),
        );
        each!(conn, c => diesel::update(row).set(change).execute(c))?;
        return Ok(Ok(()));
    }
    let failures = factor.failures + 1;
    let blocked_until = (failures >= TRIES).then(|| to_ms(told.now + WAIT));
    let failures = if blocked_until.is_some() { 0 } else { failures };
    let change = (account_factors::failures.eq(failures), account_factors::blocked_until.eq(blocked_until));
    each!(conn, c => diesel::update(row).set(change).execute(c))?;
    Ok(Err(Problem::new(ProblemCode::WrongSecondFactor)))
}

fn use_recovery_code(conn: &mut Conn, factor: &FactorRow, code: &str, now: Instant) -> QueryResult<bool> {
    if factor.confirmed_at.is_none() {
        return Ok(false);
    }
    let unused = recovery_codes::table
        .filter(recovery_codes::code_hash.eq(Secret::hash_of_code(code)))
        .filter(recovery_codes::account_id.eq(factor.account_id))
        .filter(recovery_codes::used_at.is_null());
    let used = diesel::update(unused).set(recovery_codes::used_at.eq(to_ms(now)));
    Ok(each!(conn, c => used.execute(c))? == 1)
}

/// Keeps a secret that counts once it is confirmed. `false`: there is a confirmed one.
pub fn enrol(conn: &mut Conn, account: AccountId, secret: &[u8], keys: &Keys, now: Instant) -> QueryResult<bool> {
    if find_factor(conn, account)?.is_some_and(|factor| factor.confirmed_at.is_some()) {
        return Ok(false);
    }
    let sealed = keys.seal(COLUMN, &STANDARD.encode(secret));
    let sealed =
        sealed.ok_or_else(|| diesel::result::Error::SerializationError("the secret can't be sealed".into()))?;
    forget(conn, account)?;
    let row = (
        account_factors::account_id.eq(account.0),
        account_factors::secret.eq(sealed),
        account_factors::created_at.eq(to_ms(now)),
        account_factors::failures.eq(0),
    );
    each!(conn, c => diesel::insert_into(account_factors::table).values(row).execute(c))?;
    Ok(true)
}

/// Confirms a secret by a code of it; new recovery codes, in clear.
pub fn confirm(
    conn: &mut Conn,
    account: AccountId,
    codes: &[Secret],
    told: &Told<'_>,
) -> QueryResult<Result<(), Problem>> {
    let waiting = find_factor(conn, account)?.filter(|factor| factor.confirmed_at.is_none());
    let (Some(factor), Some(code)) = (waiting, told.code) else {
        let (zh, en) = ("没有待确认的动态验证码", "no second factor waits to be confirmed");
        return Ok(Err(Problem::new(ProblemCode::Conflict).detail(zh, en)));
    };
    if let Err(problem) = try_code(conn, &factor, code, told)? {
        return Ok(Err(problem));
    }
    for code in codes {
        let row = (
            recovery_codes::code_hash.eq(&code.hash),
            recovery_codes::account_id.eq(account.0),
            recovery_codes::created_at.eq(to_ms(told.now)),
        );
        each!(conn, c => diesel::insert_into(recovery_codes::table).values(row).execute(c))?;
    }
    Ok(Ok(()))
}

/// Recovery codes; `None` where the machine has no randomness.
#[must_use]
pub fn new_recovery_codes() -> Option<Vec<Secret>> {
    (0..RECOVERY_CODES).map(|_| Secret::code()).collect()
}

/// Takes an account's factor and recovery codes away. Whether there was one.
pub fn forget(conn: &mut Conn, account: AccountId) -> QueryResult<bool> {
    let codes = recovery_codes::table.filter(recovery_codes::account_id.eq(account.0));
    each!(conn, c => diesel::delete(codes).execute(c))?;
    Ok(each!(conn, c => diesel::delete(account_factors::table.find(account.0)).execute(c))? > 0)
}

/// Ends an account's sessions at desks; its phones go on.
pub fn end_desk_sessions(conn: &mut Conn, account: AccountId, reason: &str, now: Instant) -> QueryResult<()> {
    let open = sessions::table
        .filter(sessions::account_id.eq(account.0))
        .filter(sessions::device_id.is_null())
        .filter(sessions::revoked_at.is_null());
    let change = (sessions::revoked_at.eq(to_ms(now)), sessions::revoke_reason.eq(reason));
    each!(conn, c => diesel::update(open).set(change).execute(c)).map(drop)
}

/// The hashes of the last passwords an account had before this one.
pub fn former_hashes(conn: &mut Conn, account: AccountId, count: usize) -> QueryResult<Vec<String>> {
    each!(conn, c => former_passwords::table
        .filter(former_passwords::account_id.eq(account.0))
        .order(former_passwords::id.desc())
        .limit(i64::try_from(count).unwrap_or(i64::MAX))
        .select(former_passwords::password_hash)
        .load(c))
}

/// Puts another password in the place of the one that was given. `false`: it has been changed meanwhile.
pub fn replace_password(conn: &mut Conn, account: &AccountRow, hash: &str, now: Instant) -> QueryResult<bool> {
    let as_given = accounts::table.find(account.id).filter(accounts::password_hash.eq(&account.password_hash));
    let change = (accounts::password_hash.eq(hash), accounts::password_set_at.eq(to_ms(now)));
    if each!(conn, c => diesel::update(as_given).set(change).execute(c))? == 0 {
        return Ok(false);
    }
    let row = (
        former_passwords::account_id.eq(account.id),
        former_passwords::password_hash.eq(&account.password_hash),
        former_passwords::replaced_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(former_passwords::table).values(row).execute(c))?;
    Ok(true)
}
