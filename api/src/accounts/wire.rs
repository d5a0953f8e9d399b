//! What accounts look like on the wire.

use crate::http::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// First run: the set-up token and the first administrator.
#[derive(Deserialize, ToSchema)]
pub struct ClaimSetupRequest {
    /// Printed by the server on its first start.
    pub setup_token: String,
    /// Login name of the first administrator.
    pub login: String,
    /// Password: 12 to 128 characters.
    pub password: String,
    /// The person's name.
    pub name: String,
}

/// Sign in at a desk.
#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits of the authenticator app, or a recovery code.
    pub second_factor: Option<String>,
}

/// Turn an activation code into a device.
#[derive(Deserialize, ToSchema)]
pub struct ActivateDeviceRequest {
    /// The code the dispatcher gave; case and dashes do not matter.
    pub code: String,
    /// What the phone is called, 1 to 100 characters.
    pub label: String,
    /// `android`, `ios` or `web`.
    pub platform: String,
    /// The id this phone has had, where it still holds what it noted under it. A code that lets a phone go on needs it.
    pub device_id: Option<i64>,
}

/// Exchange a refresh token.
#[derive(Deserialize, ToSchema)]
pub struct RefreshTokensRequest {
    /// The refresh token last received.
    pub refresh_token: String,
}

/// Tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// Send as `Authorization: Bearer …`.
    pub access_token: String,
    /// Seconds until the access token ends.
    pub expires_in_s: i64,
    /// Exchange it once; keep the new one before using it.
    pub refresh_token: String,
    /// The signed-in account.
    pub account: Account,
    /// The phone, for a device's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<i64>,
}

/// An account.
#[derive(Serialize, ToSchema, Clone)]
pub struct Account {
    /// Its id.
    pub id: i64,
    /// Login name.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// `reader`, `dispatcher`, `analyst`, `cashier` or `admin`.
    pub role: String,
    /// Whether it may no longer sign in.
    pub disabled: bool,
}

/// A new account.
#[derive(Deserialize, ToSchema)]
pub struct CreateAccountRequest {
    /// Login name, 2 to 64 characters without spaces.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// `reader`, `dispatcher`, `analyst`, `cashier` or `admin`.
    pub role: String,
    /// Password: 12 to 128 characters.
    pub password: String,
}

/// Accounts by id.
#[derive(Serialize, ToSchema)]
pub struct AccountPage {
    /// The rows.
    pub items: Vec<Account>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}

/// For whom the code is.
#[derive(Deserialize, Serialize, ToSchema)]
pub struct CreateActivationCodeRequest {
    /// The reader's account.
    pub account_id: i64,
    /// The reader's phone that is to go on, its session being lost (as after a restore): it keeps its id and its numbers.
    /// Without it the code makes a new phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<i64>,
}

/// A code to type into a phone. It is shown only now.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ActivationCode {
    /// Twelve characters in groups of four.
    pub code: String,
    /// The reader's account.
    pub account_id: i64,
    /// The phone that goes on under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<i64>,
    /// It can be used once, until then.
    pub expires_at: Time,
}

/// A reader's phone.
#[derive(Serialize, ToSchema)]
pub struct Device {
    /// Its id.
    pub id: i64,
    /// The reader's account.
    pub account_id: i64,
    /// What the phone is called.
    pub label: String,
    /// `android`, `ios` or `web`.
    pub platform: String,
    /// When it was activated.
    pub created_at: Time,
    /// When it last synced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<Time>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// Every record up to this number has arrived.
    pub highest_contiguous_seq: i64,
    /// Numbers below the highest that have not arrived (DOMAIN 7); at most 1,000.
    pub missing_seqs: Vec<i64>,
}

/// Devices by id.
#[derive(Serialize, ToSchema)]
pub struct DevicePage {
    /// The rows.
    pub items: Vec<Device>,
    /// Give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
}
