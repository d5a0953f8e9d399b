//! When a phone shall fetch what it fell too far behind for (PROTOCOL, Pull: "with jitter").
//!
//! Why separate: after a long holiday every phone of a company comes back in one morning. The wait must spread them and yet be
//! the same whenever it is asked for, so it is a hash and not a die.

use crate::sync::catalogue::{FNV_START, fnv};

/// The fetches of one morning are spread over this long.
const SPREAD_S: u64 = 300;

/// Seconds a phone waits before it fetches a round anew.
#[must_use]
pub fn refetch_after_s(device: i64, round: i64) -> i64 {
    let hash = fnv(fnv(FNV_START, &device.to_be_bytes()), &round.to_be_bytes());
    // The low bits of this hash are its weakest.
    i64::try_from((hash >> 24) % SPREAD_S).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_the_same_each_time_and_spread_over_phones() {
        let waits: Vec<i64> = (1..=3_000).map(|device| refetch_after_s(device, 7)).collect();
        assert!(waits.iter().all(|wait| (0..300).contains(wait)));
        assert_eq!(waits[4], refetch_after_s(5, 7));
        let busiest = (0..300).map(|second| waits.iter().filter(|wait| **wait == second).count()).max();
        assert!(busiest.is_some_and(|phones| phones < 40), "{busiest:?} phones in one second");
    }
}
