//! What second factors look like on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Set up a second factor.
#[derive(Deserialize, ToSchema)]
pub struct EnrolSecondFactorRequest {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
}

/// A second factor that counts once a code of it was given back. It is shown only now.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorSecret {
    /// For an authenticator app, typed: base 32, SHA-1, six digits, thirty seconds.
    pub secret: String,
    /// The same for a QR code.
    pub uri: String,
}

/// A code of the app, to show that it has the secret.
#[derive(Deserialize, ToSchema)]
pub struct ConfirmSecondFactorRequest {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits.
    pub code: String,
}

/// Codes for the day the phone with the app is lost. They are shown only now.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Each works once, in the place of a code.
    pub recovery_codes: Vec<String>,
}

/// Take a second factor away.
#[derive(Deserialize, ToSchema)]
pub struct RemoveSecondFactorRequest {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits, or a recovery code.
    pub second_factor: String,
}

/// Change a password.
#[derive(Deserialize, ToSchema)]
pub struct ChangePasswordRequest {
    /// Login name.
    pub login: String,
    /// The present password.
    pub password: String,
    /// The new one: 12 to 128 characters.
    pub new_password: String,
    /// Six digits, or a recovery code, where there is a second factor.
    pub second_factor: Option<String>,
}
