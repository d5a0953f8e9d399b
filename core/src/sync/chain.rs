//! The hash chain of a phone's records: each may name the hash of the one before it by number (R-11, I1).
//!
//! Why separate: a broken chain refuses nothing. It says that a phone tells its history differently than before, and that is
//! for a person. Records arrive in any order, so a link is looked at whenever both its ends are there.

/// What the first record of a phone names.
pub const BEFORE_THE_FIRST: [u8; 32] = [0; 32];

/// What a link between two neighbours is worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChainLink {
    /// The named hash is the one before.
    Holds,
    /// The one before has not arrived.
    Unknown,
    /// The one before has this other hash.
    Broken(Vec<u8>),
}

/// Looks at the link from the record `number`, which names `named`, to the one before it. `before` are the hashes that arrived
/// under the number before: one as a rule, several where one of them lies in quarantine.
#[must_use]
pub fn check_link(number: i64, named: &[u8], before: &[&[u8]]) -> ChainLink {
    if number <= 1 {
        return if named == BEFORE_THE_FIRST { ChainLink::Holds } else { ChainLink::Broken(BEFORE_THE_FIRST.to_vec()) };
    }
    match before.first() {
        None => ChainLink::Unknown,
        Some(_) if before.contains(&named) => ChainLink::Holds,
        Some(first) => ChainLink::Broken(first.to_vec()),
    }
}

/// Up to which number the chain is proven: no record missing or merely explained, none broken.
#[must_use]
pub fn verified_to(contiguous: i64, first_break: Option<i64>, first_explained: Option<i64>) -> i64 {
    [first_break, first_explained].into_iter().flatten().map(|number| number - 1).fold(contiguous, i64::min).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_looked_at_when_both_ends_are_there() {
        let (one, two) = ([1; 32], [2; 32]);
        assert_eq!(check_link(1, &BEFORE_THE_FIRST, &[]), ChainLink::Holds);
        assert_eq!(check_link(1, &one, &[]), ChainLink::Broken(BEFORE_THE_FIRST.to_vec()));
        assert_eq!(check_link(7, &one, &[]), ChainLink::Unknown);
        assert_eq!(check_link(7, &one, &[&two, &one]), ChainLink::Holds);
        assert_eq!(check_link(7, &one, &[&two]), ChainLink::Broken(two.to_vec()));
    }

    #[test]
    fn a_chain_is_proven_up_to_its_first_doubt() {
        assert_eq!(verified_to(9, None, None), 9);
        assert_eq!(verified_to(9, Some(4), None), 3);
        assert_eq!(verified_to(9, Some(4), Some(2)), 1);
        assert_eq!(verified_to(9, Some(12), Some(1)), 0);
    }
}
