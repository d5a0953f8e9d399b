//! Who may do what: roles, the rights table and the password rule (SECURITY 1, 3, 8).

mod password;
mod profile;
mod rights;

pub use password::{PasswordFault, check_password};
pub use profile::{Profile, SecondFactor, Step, next_step};
pub use rights::{Operation, Rights};

use crate::id::{AccountId, DeviceId};
use std::fmt;

/// What a person does in the company.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// 抄表员: walks the rounds with a phone.
    Reader,
    /// 调度员: plans rounds, hands out devices, looks after quarantine.
    Dispatcher,
    /// 分析员: judges anomalies, answers for reports.
    Analyst,
    /// 收费员: the charging desk; purchases and slips.
    Cashier,
    /// 管理员: accounts and settings.
    Admin,
}

impl Role {
    /// Every role, in the order of the rights table.
    pub const ALL: [Self; 5] = [Self::Reader, Self::Dispatcher, Self::Analyst, Self::Cashier, Self::Admin];

    /// The code used in tokens, in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Dispatcher => "dispatcher",
            Self::Analyst => "analyst",
            Self::Cashier => "cashier",
            Self::Admin => "admin",
        }
    }

    /// The role of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Who is asking: a signed-in account, on a phone or at a desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Actor {
    /// The account.
    pub account: AccountId,
    /// Its role at sign-in.
    pub role: Role,
    /// The phone, for a reader's session.
    pub device: Option<DeviceId>,
}
