//! Slowing down guessers without letting a stranger lock anybody out (SECURITY 9).

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;

/// Tries of one login name from one address: a handful, then one every six seconds.
const PER_SOURCE: Quota = quota(10, 10);
/// Tries of one login name from anywhere: enough that a stranger's tries do not use up the owner's.
const PER_LOGIN: Quota = quota(120, 120);

/// Activation codes from anywhere: 60 random bits make guessing hopeless, and a whole office may stand behind one address.
const ACTIVATIONS: Quota = quota(600, 600);

const fn quota(per_minute: u32, burst: u32) -> Quota {
    let (Some(rate), Some(burst)) = (NonZeroU32::new(per_minute), NonZeroU32::new(burst)) else {
        return Quota::per_minute(NonZeroU32::MIN);
    };
    Quota::per_minute(rate).allow_burst(burst)
}

/// Counts sign-in tries, in this process.
pub struct LoginThrottle {
    sources: DefaultKeyedRateLimiter<(String, Option<IpAddr>)>,
    logins: DefaultKeyedRateLimiter<String>,
    activations: DefaultDirectRateLimiter,
}

impl Default for LoginThrottle {
    fn default() -> Self {
        Self {
            sources: RateLimiter::keyed(PER_SOURCE),
            logins: RateLimiter::keyed(PER_LOGIN),
            activations: RateLimiter::direct(ACTIVATIONS),
        }
    }
}

impl LoginThrottle {
    /// Whether one more try is allowed.
    #[must_use]
    pub fn allows(&self, login: &str, source: Option<IpAddr>) -> bool {
        let login = login.to_lowercase();
        // The narrower limit first: a guesser stopped by it must not eat into the owner's.
        self.sources.check_key(&(login.clone(), source)).is_ok() && self.logins.check_key(&login).is_ok()
    }

    /// Whether one more activation code may be tried.
    #[must_use]
    pub fn allows_activation(&self) -> bool {
        self.activations.check().is_ok()
    }
}
