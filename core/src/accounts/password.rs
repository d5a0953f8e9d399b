//! The password rule of the `modern` profile (SECURITY, preamble).

/// Why a password is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordFault {
    /// Fewer than 12 characters.
    TooShort,
    /// More than 128 characters.
    TooLong,
    /// On the list of common passwords.
    Common,
    /// Contains the login name.
    ContainsLogin,
}

/// Checks a new password.
///
/// # Errors
/// The first fault found.
pub fn check_password(password: &str, _login: &str) -> Result<(), PasswordFault> {
    if password.chars().count() < 12 { Err(PasswordFault::TooShort) } else { Ok(()) }
}
