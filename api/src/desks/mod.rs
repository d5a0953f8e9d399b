//! Desks that follow what changes: a page is renewed when there is something new, not every so many seconds.
//!
//! Why not as phones do (`sync/pokes`): a phone waits for one feed and must miss nothing; a desk looks at everything and asks anew.
//! So a commit only sets a bit, and once a second each node passes the bits on: to its own desks, and, on PostgreSQL, to the other
//! nodes by one NOTIFY. A push pays for the bit alone, and nobody is told more than once a second.

pub mod routes;
mod topics;
mod watch;

pub use topics::{ChangedTopics, Topics};
pub use watch::watch;

use crate::http::Session;
use meterbook::calendar::Instant;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch as signal;

/// Windows of one session that may follow at once; a further one ends the oldest.
const MOST_WINDOWS: usize = 8;

/// When each topic last changed, counted in rounds of passing on.
#[derive(Clone, Copy, Default, Debug)]
struct Turns {
    turn: u64,
    of: [u64; 8],
}

impl Turns {
    fn note(&mut self, topics: Topics) {
        self.turn += 1;
        for (place, of) in self.of.iter_mut().enumerate() {
            if (topics.bits() >> place) & 1 == 1 {
                *of = self.turn;
            }
        }
    }

    fn since(&self, turn: u64) -> Topics {
        let bits =
            (0..).zip(self.of).filter(|(_, of)| *of > turn).fold(0_u8, |bits, (place, _)| bits | (1_u8 << place));
        Topics::of_bits(bits)
    }
}

struct Following {
    session: i64,
    version: i32,
    expires_at: Instant,
    over: signal::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    following: BTreeMap<u64, Following>,
}

/// Everybody who follows on this node, and what is to be passed on.
pub struct Desks {
    /// This node among those of a database: what it says itself it need not hear.
    node: u64,
    own: AtomicU8,
    heard: AtomicU8,
    turns: signal::Sender<Turns>,
    inner: Mutex<Inner>,
}

impl Desks {
    /// Nobody yet; `node` tells this one from the others.
    #[must_use]
    pub fn new(node: u64) -> Self {
        let turns = signal::Sender::new(Turns::default());
        Self { node, own: AtomicU8::new(0), heard: AtomicU8::new(0), turns, inner: Mutex::default() }
    }

    /// A transaction of this process was committed.
    pub fn committed(&self, transaction: &str) {
        let topics = Topics::of_transaction(transaction);
        if !topics.is_empty() {
            self.own.fetch_or(topics.bits(), Ordering::Relaxed);
        }
    }

    /// Another node said what changed.
    pub fn heard(&self, said: &str) {
        let said: Option<(u64, u8)> =
            said.split_once(':').and_then(|(node, bits)| Some((node.parse().ok()?, bits.parse().ok()?)));
        if let Some((node, bits)) = said
            && node != self.node
        {
            self.heard.fetch_or(Topics::of_bits(bits).bits(), Ordering::Relaxed);
        }
    }

    /// Nobody knows what other nodes did: anything may have changed.
    pub fn heard_nothing(&self) {
        self.heard.store(Topics::ALL.bits(), Ordering::Relaxed);
    }

    /// Passes on what changed since the last time. What to say to other nodes, if anything.
    fn pass_on(&self) -> Option<String> {
        let own = self.own.swap(0, Ordering::Relaxed);
        let topics = Topics::of_bits(own | self.heard.swap(0, Ordering::Relaxed));
        if !topics.is_empty() {
            self.turns.send_modify(|turns| turns.note(topics));
        }
        (own != 0).then(|| format!("{}:{own}", self.node))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to follow.
    pub fn follow(self: &Arc<Self>, session: &Session) -> Follower {
        let (over, is_over) = signal::channel(false);
        let (id, version, expires_at) = (session.id, session.version, session.expires_at);
        let changes = self.turns.subscribe();
        let turn = changes.borrow().turn;
        let mut inner = self.inner();
        inner.next += 1;
        let number = inner.next;
        let mut same = inner.following.values().filter(|known| known.session == id);
        if let (Some(oldest), true) = (same.next(), same.count() + 1 >= MOST_WINDOWS) {
            oldest.over.send_replace(true);
        }
        inner.following.insert(number, Following { session: id, version, expires_at, over });
        drop(inner);
        Follower { number, turn, changes, is_over, desks: Arc::clone(self) }
    }

    /// How many follow.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner().following.len()
    }

    /// The sessions that follow, with their versions.
    fn sessions(&self) -> Vec<(i64, i32)> {
        self.inner().following.values().map(|desk| (desk.session, desk.version)).collect()
    }

    /// Ends those whose session has expired or of which `stands` is false.
    fn end_sessions(&self, now: Instant, stands: impl Fn(i64, i32) -> bool) {
        let inner = self.inner();
        let over =
            inner.following.values().filter(|desk| desk.expires_at <= now || !stands(desk.session, desk.version));
        over.for_each(|desk| {
            desk.over.send_replace(true);
        });
    }
}

/// One desk that follows; it ends with this value.
pub struct Follower {
    number: u64,
    turn: u64,
    changes: signal::Receiver<Turns>,
    is_over: signal::Receiver<bool>,
    desks: Arc<Desks>,
}

impl Follower {
    /// What has changed since the last call; waits until something has. `None`: the session is over.
    pub async fn changed(&mut self) -> Option<Topics> {
        let turn = self.turn;
        let turns = tokio::select! {
            biased;
            _ = self.is_over.wait_for(|over| *over) => return None,
            turns = self.changes.wait_for(|turns| turns.turn > turn) => *turns.ok()?,
        };
        self.turn = turns.turn;
        Some(turns.since(turn))
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.desks.inner().following.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meterbook::accounts::{Actor, Role};
    use meterbook::id::AccountId;

    fn session(id: i64) -> Session {
        let actor = Actor { account: AccountId(1), role: Role::Analyst, device: None };
        Session::of(actor, id, 1, at(1_000))
    }

    fn at(ms: i64) -> Instant {
        Instant::from_timestamp_millis(ms).unwrap_or_default()
    }

    #[tokio::test]
    async fn what_happened_in_between_is_told_together() {
        let desks = Arc::new(Desks::new(1));
        let mut desk = desks.follow(&session(1));
        desks.committed("act_on_cases");
        desks.committed("revoke_device");
        desks.committed("refresh_tokens");
        assert_eq!(desks.pass_on(), Some("1:18".to_owned()));
        desks.committed("act_on_cases");
        assert!(desks.pass_on().is_some());
        assert_eq!(desk.changed().await, Some(Topics::CASES | Topics::PHONES));
        assert_eq!(desks.pass_on(), None);
        desks.committed("create_plan");
        desks.pass_on();
        assert_eq!(desk.changed().await, Some(Topics::ROUNDS));
    }

    #[tokio::test]
    async fn another_node_is_heard_and_its_own_words_are_not() {
        let desks = Arc::new(Desks::new(1));
        let mut desk = desks.follow(&session(1));
        ["1:2", "nonsense", "2:x"].iter().for_each(|said| desks.heard(said));
        assert_eq!((desks.pass_on(), desks.turns.borrow().turn), (None, 0));
        desks.heard("2:2");
        assert_eq!(desks.pass_on(), None);
        assert_eq!(desk.changed().await, Some(Topics::CASES));
        desks.heard_nothing();
        desks.pass_on();
        assert_eq!(desk.changed().await, Some(Topics::ALL));
    }

    #[tokio::test]
    async fn a_session_that_is_over_is_told_nothing_more() {
        let desks = Arc::new(Desks::new(1));
        let (mut fallen, mut standing) = (desks.follow(&session(1)), desks.follow(&session(2)));
        desks.committed("act_on_cases");
        desks.pass_on();
        desks.end_sessions(at(999), |id, _| id == 2);
        assert_eq!((fallen.changed().await, standing.changed().await), (None, Some(Topics::CASES)));
        desks.end_sessions(at(1_000), |_, _| true);
        assert_eq!(standing.changed().await, None);
        drop((fallen, standing));
        assert_eq!(desks.count(), 0);
    }

    #[tokio::test]
    async fn one_session_has_so_many_windows() {
        let desks = Arc::new(Desks::new(1));
        let mut windows: Vec<Follower> = (0..=MOST_WINDOWS).map(|_| desks.follow(&session(1))).collect();
        assert_eq!(windows[0].changed().await, None);
        desks.committed("act_on_cases");
        desks.pass_on();
        assert_eq!(windows[1].changed().await, Some(Topics::CASES));
    }
}
