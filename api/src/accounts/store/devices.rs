//! Phones: the codes that activate them, what is kept of each, and how they end.
//!
//! Why separate: an account signs in by a password, a phone by a code; they share nothing but the session that comes of it.

use super::{AccountRow, find_account};
use crate::accounts::tokens::Secret;
use crate::accounts::wire::Device;
use crate::db::schema::{activation_codes, devices, sessions};
use crate::db::{Conn, Lockable, each};
use crate::http::{Time, from_ms, to_ms};
use diesel::prelude::*;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};

/// Stores an activation code's hash.
pub fn insert_activation_code(
    conn: &mut Conn,
    code: &Secret,
    account: AccountId,
    renews: Option<DeviceId>,
    by: AccountId,
    now: Instant,
    expires: Instant,
) -> QueryResult<()> {
    let row = (
        activation_codes::code_hash.eq(&code.hash),
        activation_codes::account_id.eq(account.0),
        activation_codes::created_by.eq(by.0),
        activation_codes::created_at.eq(to_ms(now)),
        activation_codes::expires_at.eq(to_ms(expires)),
        activation_codes::renews_device_id.eq(renews.map(|device| device.0)),
    );
    each!(conn, c => diesel::insert_into(activation_codes::table).values(row).execute(c)).map(drop)
}

/// A phone that is not revoked, of this account.
pub fn is_phone_of(conn: &mut Conn, device: DeviceId, account: AccountId) -> QueryResult<bool> {
    let theirs =
        devices::table.find(device.0).filter(devices::account_id.eq(account.0)).filter(devices::revoked_at.is_null());
    Ok(each!(conn, c => theirs.select(devices::id).first::<i64>(c).optional())?.is_some())
}

/// How an activation ended.
pub enum Activation {
    /// The code is unknown, used or expired, or its account is disabled.
    Refused,
    /// The code lets another phone go on; it was not used up.
    OtherPhone,
    /// The phone, and whose it is.
    Activated(DeviceId, AccountRow),
}

/// A phone as it presents itself.
pub struct Presented<'a> {
    /// What it is called.
    pub label: &'a str,
    /// Its platform.
    pub platform: &'a str,
    /// The id it has had.
    pub device: Option<DeviceId>,
}

/// Uses an activation code up, for a new device or for the one it lets go on. That one shows by its id that it still has what
/// it noted: another phone under its id would give its numbers a second time.
pub fn activate_device(
    conn: &mut Conn,
    code_hash: &[u8],
    phone: &Presented<'_>,
    now: Instant,
) -> QueryResult<Activation> {
    let usable = activation_codes::table
        .filter(activation_codes::code_hash.eq(code_hash))
        .filter(activation_codes::used_at.is_null())
        .filter(activation_codes::expires_at.gt(to_ms(now)));
    let columns = (activation_codes::account_id, activation_codes::renews_device_id);
    let found: Option<(i64, Option<i64>)> = each!(conn, c => usable.select(columns).first(c).optional())?;
    let Some((account, renews)) = found else { return Ok(Activation::Refused) };
    let Some(account) = find_account(conn, AccountId(account))?.filter(|account| account.disabled_at.is_none()) else {
        return Ok(Activation::Refused);
    };
    let device = match renews.map(DeviceId) {
        None => new_device(conn, account.id, phone, now)?,
        Some(renewed) if phone.device != Some(renewed) => return Ok(Activation::OtherPhone),
        Some(renewed) if !is_phone_of(conn, renewed, AccountId(account.id))? => return Ok(Activation::Refused),
        Some(renewed) => renew_device(conn, renewed, phone, now).map(|()| renewed)?,
    };
    let used = (activation_codes::used_at.eq(to_ms(now)), activation_codes::device_id.eq(device.0));
    each!(conn, c => diesel::update(activation_codes::table.find(code_hash)).set(used).execute(c))?;
    Ok(Activation::Activated(device, account))
}

fn new_device(conn: &mut Conn, account: i64, phone: &Presented<'_>, now: Instant) -> QueryResult<DeviceId> {
    let row = (
        devices::account_id.eq(account),
        devices::label.eq(phone.label),
        devices::platform.eq(phone.platform),
        devices::created_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::insert_into(devices::table).values(row).returning(devices::id).get_result(c)).map(DeviceId)
}

/// Ends what sessions the phone may have had: from now on there is one.
fn renew_device(conn: &mut Conn, device: DeviceId, phone: &Presented<'_>, now: Instant) -> QueryResult<()> {
    conn.lock(Lockable::Devices, &[device.0])?;
    let row = (devices::label.eq(phone.label), devices::platform.eq(phone.platform));
    each!(conn, c => diesel::update(devices::table.find(device.0)).set(row).execute(c))?;
    revoke_sessions_of(conn, device, "device_renewed", now)
}

fn revoke_sessions_of(conn: &mut Conn, device: DeviceId, reason: &str, now: Instant) -> QueryResult<()> {
    let family = sessions::table.filter(sessions::device_id.eq(device.0)).filter(sessions::revoked_at.is_null());
    let change = (sessions::revoked_at.eq(to_ms(now)), sessions::revoke_reason.eq(reason));
    each!(conn, c => diesel::update(family).set(change).execute(c)).map(drop)
}

type DeviceRow = (i64, i64, String, String, i64, Option<i64>, Option<i64>, i64);

/// Devices after an id, in order; their missing numbers are filled in by the sync slice.
pub fn list_devices(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<Device>> {
    let columns = (
        devices::id,
        devices::account_id,
        devices::label,
        devices::platform,
        devices::created_at,
        devices::last_seen_at,
        devices::revoked_at,
        devices::highest_contiguous_seq,
    );
    let rows: Vec<DeviceRow> = each!(conn, c => devices::table
        .filter(devices::id.gt(after)).order(devices::id).limit(limit).select(columns).load(c))?;
    Ok(rows.into_iter().map(wire_device).collect())
}

fn wire_device((id, account_id, label, platform, created_at, seen, revoked, highest): DeviceRow) -> Device {
    Device {
        id,
        account_id,
        label,
        platform,
        created_at: Time(from_ms(created_at)),
        last_seen_at: seen.map(|at| Time(from_ms(at))),
        revoked_at: revoked.map(|at| Time(from_ms(at))),
        highest_contiguous_seq: highest,
        missing_seqs: Vec::new(),
    }
}

/// Revokes a phone and its sessions. `false`: there is none.
pub fn revoke_device(conn: &mut Conn, device: DeviceId, now: Instant) -> QueryResult<bool> {
    conn.lock(Lockable::Devices, &[device.0])?;
    let known: Option<i64> = each!(conn, c => devices::table.find(device.0).select(devices::id).first(c).optional())?;
    let open = devices::table.find(device.0).filter(devices::revoked_at.is_null());
    each!(conn, c => diesel::update(open).set(devices::revoked_at.eq(to_ms(now))).execute(c))?;
    revoke_sessions_of(conn, device, "device_revoked", now)?;
    Ok(known.is_some())
}
