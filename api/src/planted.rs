//! Mistakes planted on purpose, so that the campaigns can be seen to find them. Each is one that was made somewhere before.
//!
//! They exist only behind the feature `planted-bugs`, which nothing that is shipped turns on; without it, [`is`] is a constant
//! `false` and the compiler removes every hook.

/// A planted mistake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    /// SQLite: answers go out before the commit is on disk (I1).
    AcknowledgeBeforeCommit,
    /// PostgreSQL: a record is looked up without a lock and stored by `ON CONFLICT DO NOTHING` (I1).
    CheckThenInsert,
    /// PostgreSQL: feed versions come from a sequence, not from the locked head (I6, I7).
    SequenceCursor,
    /// PostgreSQL: the counters are moved after the records' commit (I5).
    CounterOutsideTransaction,
    /// A rejected item is answered and thrown away (I2).
    RejectedItemDropped,
}

/// Whether this process makes the mistake.
#[cfg(not(feature = "planted-bugs"))]
#[must_use]
pub const fn is(_: Bug) -> bool {
    false
}

/// Holds the door open for the mistake.
#[cfg(not(feature = "planted-bugs"))]
pub const fn dawdle(_: Bug) {}

#[cfg(feature = "planted-bugs")]
pub use chosen::{dawdle, is};

#[cfg(feature = "planted-bugs")]
mod chosen {
    use super::Bug;
    use std::sync::OnceLock;
    use std::time::Duration;

    /// Whether this process makes the mistake: the one that `METERBOOK_PLANTED_BUG` names.
    #[must_use]
    pub fn is(bug: Bug) -> bool {
        static CHOSEN: OnceLock<Option<Bug>> = OnceLock::new();
        *CHOSEN.get_or_init(|| std::env::var("METERBOOK_PLANTED_BUG").ok().and_then(|name| of(&name))) == Some(bug)
    }

    /// Holds the door open for the mistake: a disk as slow as the slowest.
    pub fn dawdle(bug: Bug) {
        if is(bug) {
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    fn of(name: &str) -> Option<Bug> {
        Some(match name {
            "acknowledge_before_commit" => Bug::AcknowledgeBeforeCommit,
            "check_then_insert" => Bug::CheckThenInsert,
            "sequence_cursor" => Bug::SequenceCursor,
            "counter_outside_transaction" => Bug::CounterOutsideTransaction,
            "rejected_item_dropped" => Bug::RejectedItemDropped,
            _ => return None,
        })
    }
}
