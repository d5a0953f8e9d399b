//! Hashing passwords: Argon2id at or above the floor, two at a time, the rest turned away (SECURITY 8).

use crate::config::HashCost;
use crate::http::{Problem, ProblemCode};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// How many hashes are computed at once: each takes tens of MiB and all of a core.
const AT_ONCE: usize = 2;
/// How many callers may wait for their turn before the next is sent away.
const MAY_WAIT: usize = 30;

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct PasswordHasher {
    argon: Argon2<'static>,
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// A hash nobody knows the password of: checked for unknown logins, so that they take as long.
    decoy: Arc<str>,
}

/// How a password was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is not the password.
    Wrong,
    /// It is.
    Right,
    /// It is, and this stronger hash should replace the stored one.
    RightUpgrade(String),
}

impl PasswordHasher {
    /// A hasher at `cost`, never below the floor.
    #[must_use]
    pub fn new(cost: HashCost) -> Self {
        let memory = cost.memory_kib.max(HashCost::FLOOR.memory_kib);
        let params = Params::new(memory, cost.passes.max(HashCost::FLOOR.passes), 1, None).unwrap_or_default();
        let decoy = decoy(&params);
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Self { argon, places, waiting: Arc::default(), decoy: decoy.into() }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// `unavailable` where too many wait already.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        let argon = self.argon.clone();
        self.in_turn(move || hash(&argon, password.as_bytes())).await?.map_err(|_| Problem::new(ProblemCode::Internal))
    }

    /// Checks a password against a stored hash; `None` for an account that does not exist.
    ///
    /// # Errors
    /// `unavailable` where too many wait already.
    pub async fn check(&self, password: String, stored: Option<String>) -> Result<Check, Problem> {
        let (argon, known) = (self.argon.clone(), stored.is_some());
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        self.in_turn(move || {
            let Ok(parsed) = PasswordHash::new(&stored) else { return Check::Wrong };
            if argon.verify_password(password.as_bytes(), &parsed).is_err() || !known {
                return Check::Wrong;
            }
            let is_weaker = Params::try_from(&parsed).is_ok_and(|params| {
                params.m_cost() < argon.params().m_cost() || params.t_cost() < argon.params().t_cost()
            });
            match is_weaker.then(|| hash(&argon, password.as_bytes())) {
                Some(Ok(stronger)) => Check::RightUpgrade(stronger),
                _ => Check::Right,
            }
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::new(ProblemCode::Unavailable).retry_after(2);
        if self.waiting.fetch_add(1, Ordering::SeqCst) >= MAY_WAIT {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return Err(busy());
        }
        let place = self.places.acquire().await;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let _place = place.map_err(|_| busy())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Problem::new(ProblemCode::Internal))
    }
}

/// To check a password against it costs what any check costs. To make it costs nothing, so that the service starts at once.
fn decoy(params: &Params) -> String {
    let (salt, hash) = ("bWV0ZXJib29rIGRlY295", "A".repeat(43));
    format!("$argon2id$v=19$m={},t={},p={}${salt}${hash}", params.m_cost(), params.t_cost(), params.p_cost())
}

fn hash(argon: &Argon2<'_>, password: &[u8]) -> Result<String, argon2::password_hash::Error> {
    argon.hash_password(password).map(|hash: PasswordHash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs_and_nothing_matches_it() {
        let hasher = PasswordHasher::new(HashCost::FLOOR);
        let real = hash(&hasher.argon, b"password").unwrap_or_default();
        let cost = |hash: &str| PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        let output = |hash: &str| PasswordHash::new(hash).ok().and_then(|hash| hash.hash.map(|output| output.len()));
        assert!(cost(&real).is_some() && output(&real).is_some());
        assert_eq!((cost(&hasher.decoy), output(&hasher.decoy)), (cost(&real), output(&real)));
        let parsed = PasswordHash::new(&hasher.decoy);
        assert!(parsed.is_ok_and(|parsed| hasher.argon.verify_password(b"password", &parsed).is_err()));
    }
}
