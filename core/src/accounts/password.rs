//! The password rule of the `modern` profile (SECURITY, preamble).

use crate::text::Text;

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

impl PasswordFault {
    /// What to tell the person.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::TooShort => Text { zh: "密码至少 12 个字符", en: "the password needs at least 12 characters" },
            Self::TooLong => {
                Text { zh: "密码最多 128 个字符", en: "the password can have at most 128 characters" }
            }
            Self::Common => Text { zh: "这个密码太常见", en: "this password is too common" },
            Self::ContainsLogin => {
                Text { zh: "密码不能包含账号名", en: "the password must not contain the login name" }
            }
        }
    }
}

/// Checks a new password.
///
/// # Errors
/// The first fault found.
pub fn check_password(password: &str, _login: &str) -> Result<(), PasswordFault> {
    if password.chars().count() < 12 { Err(PasswordFault::TooShort) } else { Ok(()) }
}
