//! What accounts keep: accounts, sessions and refresh tokens; phones and their codes (`store/devices.rs`).

mod devices;
mod glimpse;

pub use devices::{
    Activation, Presented, activate_device, insert_activation_code, is_phone_of, list_devices, revoke_device,
};
pub use glimpse::{Glimpse, glimpses};

use super::tokens::{Lives, REPEATED_FOR, Secret};
use super::wire::Account;
pub use crate::audit::store::audit;
use crate::db::schema::{accounts, devices as phones, instance, refresh_tokens, sessions};
use crate::db::{Conn, Fixed, Uuid16, among, each};
use crate::http::{from_ms, to_ms};
use diesel::prelude::*;
use meterbook::accounts::{Profile, Role};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};

/// The installation: minted with the database.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = instance)]
pub struct Instance {
    /// Minted at creation and at every restore.
    pub epoch: Uuid16,
    /// Which key file seals the personal columns.
    pub key_fingerprint: Vec<u8>,
    /// When the first administrator was made.
    pub claimed_at: Option<i64>,
}

/// An account with what signing in needs.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    /// Its id.
    pub id: i64,
    /// Login name.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// Its role's code.
    pub role: String,
    /// PHC string.
    pub password_hash: String,
    /// Raised to end all its sessions.
    pub session_version: i32,
    /// Since when it may not sign in.
    pub disabled_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When its password was set, unless with it.
    pub password_set_at: Option<i64>,
}

impl AccountRow {
    /// The role.
    #[must_use]
    pub fn role(&self) -> Role {
        // The column only ever holds codes; the least role is the safe reading of anything else.
        Role::from_code(&self.role).unwrap_or(Role::Reader)
    }

    /// Whether its password is older than the profile allows.
    #[must_use]
    pub fn has_expired(&self, profile: Profile, now: Instant) -> bool {
        let set_at = from_ms(self.password_set_at.unwrap_or(self.created_at));
        profile.password_life().is_some_and(|life| now - set_at >= life)
    }

    /// As the API shows it.
    #[must_use]
    pub fn wire(&self) -> Account {
        let disabled = self.disabled_at.is_some();
        Account { id: self.id, login: self.login.clone(), name: self.name.clone(), role: self.role.clone(), disabled }
    }
}

/// The installation, if the database has been prepared.
pub fn find_instance(conn: &mut Conn) -> QueryResult<Option<Instance>> {
    each!(conn, c => instance::table.select(Instance::as_select()).first(c).optional())
}

/// Prepares a new database: its epoch and the hash of the set-up token.
pub fn create_instance(
    conn: &mut Conn,
    epoch: uuid::Uuid,
    fingerprint: &[u8],
    setup_hash: &[u8],
    now: Instant,
) -> QueryResult<()> {
    let row = (
        instance::id.eq(1),
        instance::epoch.eq(Uuid16(epoch)),
        instance::created_at.eq(to_ms(now)),
        instance::key_fingerprint.eq(fingerprint),
        instance::setup_token_hash.eq(setup_hash),
    );
    each!(conn, c => diesel::insert_into(instance::table).values(row).execute(c)).map(drop)
}

/// Gives restored data their new epoch.
pub fn renew_epoch(conn: &mut Conn, epoch: uuid::Uuid) -> QueryResult<()> {
    each!(conn, c => diesel::update(instance::table).set(instance::epoch.eq(Uuid16(epoch))).execute(c)).map(drop)
}

/// Replaces the set-up token of an unclaimed installation: the old one may have been lost with a terminal.
pub fn renew_setup_token(conn: &mut Conn, setup_hash: &[u8]) -> QueryResult<()> {
    let unclaimed = instance::table.filter(instance::claimed_at.is_null());
    each!(conn, c => diesel::update(unclaimed).set(instance::setup_token_hash.eq(setup_hash)).execute(c)).map(drop)
}

/// How a claim ended.
pub enum Claim {
    /// The token is not the one printed.
    WrongToken,
    /// Somebody was first.
    AlreadyClaimed,
    /// The first administrator.
    Claimed(AccountRow),
}

/// Makes the first administrator, once.
pub fn claim_instance(
    conn: &mut Conn,
    token_hash: &[u8],
    account: &NewAccount<'_>,
    now: Instant,
) -> QueryResult<Claim> {
    let (expected, claimed): (Option<Vec<u8>>, Option<i64>) =
        each!(conn, c => instance::table.select((instance::setup_token_hash, instance::claimed_at)).first(c))?;
    if claimed.is_some() {
        return Ok(Claim::AlreadyClaimed);
    }
    if expected.as_deref() != Some(token_hash) {
        return Ok(Claim::WrongToken);
    }
    let done = (instance::claimed_at.eq(to_ms(now)), instance::setup_token_hash.eq(None::<Vec<u8>>));
    each!(conn, c => diesel::update(instance::table).set(done).execute(c))?;
    insert_account(conn, account, now).map(Claim::Claimed)
}

/// A new account.
#[derive(Insertable)]
#[diesel(table_name = accounts)]
pub struct NewAccount<'a> {
    /// Login name.
    pub login: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// Its role's code.
    pub role: &'a str,
    /// PHC string.
    pub password_hash: &'a str,
}

/// Stores a new account.
pub fn insert_account(conn: &mut Conn, account: &NewAccount<'_>, now: Instant) -> QueryResult<AccountRow> {
    let row = (
        accounts::login.eq(account.login),
        accounts::name.eq(account.name),
        accounts::role.eq(account.role),
        accounts::password_hash.eq(account.password_hash),
        accounts::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(accounts::table).values(row).returning(AccountRow::as_returning()).get_result(c))
}

/// The account of a login name.
pub fn find_account_by_login(conn: &mut Conn, login: &str) -> QueryResult<Option<AccountRow>> {
    each!(conn, c => accounts::table.filter(accounts::login.eq(login)).select(AccountRow::as_select()).first(c).optional())
}

/// An account.
pub fn find_account(conn: &mut Conn, id: AccountId) -> QueryResult<Option<AccountRow>> {
    each!(conn, c => accounts::table.find(id.0).select(AccountRow::as_select()).first(c).optional())
}

/// Accounts after an id, in order.
pub fn list_accounts(conn: &mut Conn, role: Option<Role>, after: i64, limit: i64) -> QueryResult<Vec<AccountRow>> {
    let code = role.map(Role::code);
    each!(conn, c => accounts::table
        .filter(accounts::id.gt(after))
        .filter(accounts::role.nullable().eq(code).or(Fixed(if code.is_none() { "TRUE" } else { "FALSE" })))
        .order(accounts::id)
        .limit(limit)
        .select(AccountRow::as_select())
        .load(c))
}

/// Replaces a hash by a stronger one of the same password.
pub fn upgrade_password_hash(conn: &mut Conn, id: AccountId, hash: &str) -> QueryResult<()> {
    each!(conn, c => diesel::update(accounts::table.find(id.0)).set(accounts::password_hash.eq(hash)).execute(c))
        .map(drop)
}

/// Disables an account and ends its sessions. `false`: there is none.
pub fn disable_account(conn: &mut Conn, id: AccountId, now: Instant) -> QueryResult<bool> {
    let change = (accounts::disabled_at.eq(to_ms(now)), accounts::session_version.eq(accounts::session_version + 1));
    let open = accounts::table.find(id.0).filter(accounts::disabled_at.is_null());
    each!(conn, c => diesel::update(open).set(change).execute(c))?;
    Ok(find_account(conn, id)?.is_some())
}

/// A session that may go on, and what its tokens must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Standing {
    /// The session.
    pub id: i64,
    /// Whose it is.
    pub account: i64,
    /// The version.
    pub version: i32,
}

/// Those of the sessions that may go on: not revoked, their accounts neither disabled nor reset, their phones not revoked.
pub fn standing_sessions(conn: &mut Conn, ids: &[i64]) -> QueryResult<Vec<Standing>> {
    each!(conn, c => sessions::table
        .inner_join(accounts::table)
        .left_join(phones::table)
        .filter(among(sessions::id, ids))
        .filter(sessions::revoked_at.is_null())
        .filter(accounts::disabled_at.is_null())
        .filter(phones::revoked_at.is_null())
        .select((sessions::id, sessions::account_id, accounts::session_version))
        .load(c))
}

/// A session with its first refresh token.
pub fn open_session(
    conn: &mut Conn,
    account: AccountId,
    device: Option<DeviceId>,
    token_hash: &[u8],
    profile: Profile,
    now: Instant,
) -> QueryResult<i64> {
    let row = (
        sessions::account_id.eq(account.0),
        sessions::device_id.eq(device.map(|device| device.0)),
        sessions::created_at.eq(to_ms(now)),
    );
    let id: i64 =
        each!(conn, c => diesel::insert_into(sessions::table).values(row).returning(sessions::id).get_result(c))?;
    insert_refresh_token(conn, id, token_hash, None, Lives::of(device.is_some(), profile), now)?;
    Ok(id)
}

fn insert_refresh_token(
    conn: &mut Conn,
    session: i64,
    hash: &[u8],
    parent: Option<&[u8]>,
    lives: Lives,
    now: Instant,
) -> QueryResult<()> {
    let row = (
        refresh_tokens::token_hash.eq(hash),
        refresh_tokens::session_id.eq(session),
        refresh_tokens::parent.eq(parent),
        refresh_tokens::issued_at.eq(to_ms(now)),
        refresh_tokens::expires_at.eq(to_ms(now + lives.refresh)),
    );
    each!(conn, c => diesel::insert_into(refresh_tokens::table).values(row).execute(c)).map(drop)
}

/// Ends a session.
pub fn revoke_session(conn: &mut Conn, session: i64, reason: &str, now: Instant) -> QueryResult<()> {
    let open = sessions::table.find(session).filter(sessions::revoked_at.is_null());
    let change = (sessions::revoked_at.eq(to_ms(now)), sessions::revoke_reason.eq(reason));
    each!(conn, c => diesel::update(open).set(change).execute(c)).map(drop)
}

/// How an exchange of a refresh token ended.
pub enum Exchange {
    /// Not a token of a standing session.
    Refused,
    /// Used again after its successor was: the family is revoked.
    Theft,
    /// The successor is stored.
    Rotated {
        /// It.
        successor: Secret,
        /// The session.
        session: i64,
        /// Its account.
        account: Box<AccountRow>,
        /// Its phone.
        device: Option<DeviceId>,
    },
}

/// Exchanges a refresh token (PROTOCOL, "Devices and sessions") for what `successor_at` makes of it at a moment. A spent token
/// whose successor was never used means that the request came twice, if at once, or that the answer was lost on its way: the
/// successor is told again or replaced. Otherwise somebody else holds the family.
pub fn exchange_refresh_token(
    conn: &mut Conn,
    hash: &[u8],
    successor_at: impl Fn(i64) -> Secret,
    profile: Profile,
    now: Instant,
) -> QueryResult<Exchange> {
    let found: Option<(i64, i64, Option<i64>)> = each!(conn, c => refresh_tokens::table.find(hash)
        .select((refresh_tokens::session_id, refresh_tokens::expires_at, refresh_tokens::spent_at)).first(c).optional())?;
    let Some((session, expires_at, spent_at)) = found else { return Ok(Exchange::Refused) };
    let standing: Option<(AccountRow, Option<i64>)> = each!(conn, c => sessions::table
        .inner_join(accounts::table)
        .left_join(phones::table)
        .filter(sessions::id.eq(session))
        .filter(sessions::revoked_at.is_null())
        .filter(accounts::disabled_at.is_null())
        .filter(phones::revoked_at.is_null())
        .select((AccountRow::as_select(), sessions::device_id))
        .first(c)
        .optional())?;
    let Some((account, device)) = standing else { return Ok(Exchange::Refused) };
    if expires_at <= to_ms(now) {
        return Ok(Exchange::Refused);
    }
    let device = device.map(DeviceId);
    let repeated = spent_at.filter(|spent| to_ms(now) < to_ms(from_ms(*spent) + REPEATED_FOR)).map(&successor_at);
    if let Some(successor) = repeated
        && unused_successor(conn, hash)?.is_some_and(|live| live == successor.hash)
    {
        return Ok(Exchange::Rotated { successor, session, account: Box::new(account), device });
    }
    if spent_at.is_some() && !forget_unused_successor(conn, hash, now)? {
        revoke_session(conn, session, "refresh_reuse", now)?;
        audit(
            conn,
            now,
            Some(AccountId(account.id)),
            "revoke_family",
            &format!("session/{session}"),
            "refresh token reused",
        )?;
        return Ok(Exchange::Theft);
    }
    let spent = diesel::update(refresh_tokens::table.find(hash)).set(refresh_tokens::spent_at.eq(to_ms(now)));
    each!(conn, c => spent.execute(c))?;
    let successor = successor_at(to_ms(now));
    insert_refresh_token(conn, session, &successor.hash, Some(hash), Lives::of(device.is_some(), profile), now)?;
    Ok(Exchange::Rotated { successor, session, account: Box::new(account), device })
}

/// The successor of a token, while it has not been used.
fn unused_successor(conn: &mut Conn, parent: &[u8]) -> QueryResult<Option<Vec<u8>>> {
    each!(conn, c => refresh_tokens::table
        .filter(refresh_tokens::parent.eq(parent))
        .filter(refresh_tokens::spent_at.is_null())
        .select(refresh_tokens::token_hash)
        .first(c)
        .optional())
}

/// Spends the live successor of a token, so that it can be replaced. `false`: there is none, it has been used itself.
fn forget_unused_successor(conn: &mut Conn, parent: &[u8], now: Instant) -> QueryResult<bool> {
    let Some(live) = unused_successor(conn, parent)? else { return Ok(false) };
    // Expired rather than only spent: presented later it is refused, not taken for a theft.
    let change = (refresh_tokens::spent_at.eq(to_ms(now)), refresh_tokens::expires_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(refresh_tokens::table.find(live)).set(change).execute(c))?;
    Ok(true)
}
