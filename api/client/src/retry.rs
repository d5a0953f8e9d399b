//! When a phone asks again, when it waits and how long, and when it stops (PROTOCOL, "Push" and "HTTP manners").
//!
//! Separate and without effects, so that the rules can be read and tested in one place.

use crate::chance::Chance;
use std::time::Duration;

/// What an answer, or none, means for the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Use the answer.
    Take,
    /// Send the same again, not before this has passed.
    Later(Option<Duration>),
    /// Too much at once: send half.
    Halve,
    /// The access token has ended: exchange the refresh token, then send the same again.
    Renew,
    /// It will be refused again: a person or the next release has to look. Nothing is thrown away.
    Refused,
}

/// The rule for a status; `None` where no answer came.
#[must_use]
pub fn advise(status: Option<u16>, retry_after: Option<Duration>) -> Advice {
    match status {
        // The server may have done it: the same ids make that harmless.
        None | Some(408) => Advice::Later(None),
        Some(429 | 500..) => Advice::Later(retry_after),
        Some(413) => Advice::Halve,
        Some(401) => Advice::Renew,
        Some(200..=399) => Advice::Take,
        Some(_) => Advice::Refused,
    }
}

/// How long to wait: exponential, with full jitter, so that ten thousand phones do not come back at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The most after the first failure.
    pub first: Duration,
    /// The most after any.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), most: Duration::from_secs(300) }
    }
}

impl Backoff {
    /// The wait after so many failures in a row. The server's word is a floor, and the jitter comes on top of it.
    pub fn wait(self, failures: u32, asked: Option<Duration>, chance: &mut Chance) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        let jitter = chance.up_to(self.first.saturating_mul(doubled).min(self.most));
        asked.unwrap_or_default() + jitter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn always(bits: u64) -> Chance {
        Chance::new(move || bits)
    }

    #[test]
    fn what_may_pass_is_asked_again_and_what_will_not_is_not() {
        for status in [None, Some(408), Some(429), Some(500), Some(502), Some(503), Some(504)] {
            assert_eq!(advise(status, None), Advice::Later(None), "{status:?}");
        }
        assert_eq!(advise(Some(503), Some(SECOND)), Advice::Later(Some(SECOND)));
        assert_eq!(advise(Some(413), None), Advice::Halve);
        assert_eq!(advise(Some(401), None), Advice::Renew);
        for status in [400, 403, 404, 409, 415, 422] {
            assert_eq!(advise(Some(status), None), Advice::Refused, "{status}");
        }
        for status in [200, 201, 204, 304] {
            assert_eq!(advise(Some(status), None), Advice::Take, "{status}");
        }
    }

    #[test]
    fn the_wait_doubles_up_to_its_bound_and_may_be_nothing() {
        let backoff = Backoff { first: SECOND, most: 10 * SECOND };
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (40, 10)] {
            let most = most * SECOND;
            let most_us = u64::try_from(most.as_micros()).unwrap();
            assert_eq!(backoff.wait(failures, None, &mut always(most_us)), most);
            assert_eq!(backoff.wait(failures, None, &mut always(most_us + 1)), Duration::ZERO);
        }
    }

    #[test]
    fn the_servers_word_is_a_floor() {
        let backoff = Backoff { first: SECOND, most: 10 * SECOND };
        assert_eq!(backoff.wait(1, Some(7 * SECOND), &mut always(0)), 7 * SECOND);
        assert_eq!(backoff.wait(1, Some(7 * SECOND), &mut always(400_000)), 7 * SECOND + Duration::from_millis(400));
    }
}
