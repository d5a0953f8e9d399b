//! Whose round is it? What a reader's phone may pull and push (SECURITY 2).
//!
//! Why separate: the one rule that keeps a reader to the own rounds. It takes the whole history of holdings and no state, so
//! a property test and a recomputation in SQL can check it.

use crate::calendar::Instant;
use crate::id::AccountId;

/// One span of time in which a reader held a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holding {
    /// Who.
    pub reader: AccountId,
    /// The first moment.
    pub held_from: Instant,
    /// The moment it was taken back; `None` while it is held.
    pub held_until: Option<Instant>,
    /// Until when records are still taken afterwards; `None` means no grace.
    pub keep_until: Option<Instant>,
}

/// How a reader stands to a round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Standing {
    /// Never held it, or too long ago: a push is `not_your_stop`, a pull is 404.
    Stranger,
    /// Held it and the grace runs: records are taken, flagged `after_reassignment`; nothing new is pulled.
    Former,
    /// Holds it.
    Current,
}

/// How `reader` stands to a round at `now`, by all its holdings in any order. The best one counts.
#[must_use]
pub fn standing(held: &[Holding], reader: AccountId, now: Instant) -> Standing {
    held.iter()
        .filter(|holding| holding.reader == reader)
        .map(|holding| by_one(holding, now))
        .max()
        .unwrap_or(Standing::Stranger)
}

fn by_one(holding: &Holding, now: Instant) -> Standing {
    if now < holding.held_from {
        return Standing::Stranger;
    }
    match holding.held_until {
        None => Standing::Current,
        Some(until) if now < until => Standing::Current,
        Some(_) if holding.keep_until.is_some_and(|keep| now < keep) => Standing::Former,
        Some(_) => Standing::Stranger,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    const LI: AccountId = AccountId(1);
    const WANG: AccountId = AccountId(2);

    fn hour(hours: i64) -> Instant {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    fn holding(reader: AccountId, from: i64, until: Option<i64>, keep: Option<i64>) -> Holding {
        let (held_until, keep_until) = (until.map(hour), keep.map(hour));
        Holding { reader, held_from: hour(from), held_until, keep_until }
    }

    #[test]
    fn a_round_that_moved_is_held_by_one_and_remembered_for_the_other() {
        let held = [holding(LI, 0, Some(10), Some(20)), holding(WANG, 10, None, None)];
        let at = |reader, now| standing(&held, reader, hour(now));
        assert_eq!((at(LI, 9), at(WANG, 9)), (Standing::Current, Standing::Stranger));
        assert_eq!((at(LI, 10), at(WANG, 10)), (Standing::Former, Standing::Current));
        assert_eq!((at(LI, 19), at(LI, 20)), (Standing::Former, Standing::Stranger));
        assert_eq!(at(AccountId(3), 15), Standing::Stranger);
    }

    #[test]
    fn a_round_given_back_is_current_again() {
        let held = [holding(LI, 0, Some(10), Some(20)), holding(LI, 12, None, None)];
        assert_eq!(standing(&held, LI, hour(11)), Standing::Former);
        assert_eq!(standing(&held, LI, hour(12)), Standing::Current);
    }

    proptest! {
        #[test]
        fn nobody_is_anything_but_a_stranger_outside_the_own_holdings(
            spans in prop::collection::vec((0..3_i64, 0..50_i64, prop::option::of(0..50_i64), prop::option::of(0..50_i64)), 0..6),
            now in -5..120_i64,
        ) {
            let held: Vec<Holding> =
                spans.iter().map(|(reader, from, until, keep)| holding(AccountId(*reader), *from, *until, *keep)).collect();
            let touches = held.iter().any(|h| {
                h.reader == LI && h.held_from <= hour(now)
                    && h.held_until.is_none_or(|until| hour(now) < until.max(h.keep_until.unwrap_or(until)))
            });
            prop_assert_eq!(standing(&held, LI, hour(now)) != Standing::Stranger, touches);
            let reversed: Vec<Holding> = held.iter().rev().copied().collect();
            prop_assert_eq!(standing(&held, LI, hour(now)), standing(&reversed, LI, hour(now)));
        }
    }
}
