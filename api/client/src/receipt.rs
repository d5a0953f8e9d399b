//! What the server says of one item.

use serde_json::Value;
use uuid::Uuid;

/// What became of an item (PROTOCOL, "Push").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// Stored.
    Accepted,
    /// It had been stored before.
    Duplicate,
    /// The id is taken by another body; this one is in quarantine.
    Conflict,
    /// Wrong; in quarantine.
    Rejected,
    /// Not looked at: still owed.
    Retry,
}

impl Outcome {
    /// The outcome of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "accepted" => Self::Accepted,
            "duplicate" => Self::Duplicate,
            "conflict" => Self::Conflict,
            "rejected" => Self::Rejected,
            "retry" => Self::Retry,
            _ => return None,
        })
    }

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::Retry => "retry",
        }
    }

    /// Whether the phone is relieved of the item.
    #[must_use]
    pub fn settles(self) -> bool {
        self != Self::Retry
    }

    /// Whether the item is stored as a record.
    #[must_use]
    pub fn is_stored(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }
}

/// What the server said of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whose receipt.
    pub id: Uuid,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it is in quarantine; empty else.
    pub code: String,
    /// What was noticed.
    pub flags: Vec<String>,
}

impl Receipt {
    /// Reads a receipt. `None`: it names no id, or an outcome of a later release: the item stays owed.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let flags = value.get("flags").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            id: Uuid::parse_str(text("id")).ok()?,
            outcome: Outcome::from_code(text("outcome"))?,
            code: text("code").to_owned(),
            flags: flags.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }
}
