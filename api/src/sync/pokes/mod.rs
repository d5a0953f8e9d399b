//! Phones that wait: which reader's feed each waits for, and what ends the wait (PROTOCOL, "Pull": `wait`, `pokes`).
//!
//! A wait is an entry here and a sleeping future: it holds no thread and no connection of the database. It learns of a move
//! from a commit of this process, from another node by NOTIFY, or from the look around that [`watch`] takes every two seconds
//! for all of them together, which also finds sessions that have ended (SECURITY: within five seconds).

mod watch;

pub use watch::watch;

use crate::db::FeedMove;
use crate::http::Session;
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, DeviceId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch as signal;

/// How a phone waits. It may do both at once, but neither twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Manner {
    /// For the answer to one pull.
    LongPoll,
    /// For pokes.
    Stream,
}

/// Why a wait is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The same phone waits anew.
    Superseded,
    /// The session has expired, or it or the phone was revoked.
    SessionOver,
}

#[derive(Clone, Copy, Default)]
struct Signal {
    head: i64,
    end: Option<End>,
}

struct Waiting {
    reader: i64,
    session: i64,
    version: i32,
    expires_at: Instant,
    seat: (i64, Manner),
    signal: signal::Sender<Signal>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    waiting: HashMap<u64, Waiting>,
    by_reader: BTreeMap<i64, BTreeSet<u64>>,
    seats: HashMap<(i64, Manner), u64>,
}

/// Everybody who waits on this node.
#[derive(Default)]
pub struct Pokes {
    inner: Mutex<Inner>,
}

impl Pokes {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a wait, and ends the phone's older one of the same manner. Begin it before looking at the feed: what moves in
    /// between is then not missed.
    pub fn begin(self: &Arc<Self>, reader: AccountId, device: DeviceId, session: &Session, manner: Manner) -> Wait {
        let (signal, received) = signal::channel(Signal::default());
        let seat = (device.0, manner);
        let mut inner = self.inner();
        inner.next += 1;
        let number = inner.next;
        let (session, version, expires_at) = (session.id, session.version, session.expires_at);
        let waiting = Waiting { reader: reader.0, session, version, expires_at, seat, signal };
        inner.waiting.insert(number, waiting);
        inner.by_reader.entry(reader.0).or_default().insert(number);
        if let Some(older) = inner.seats.insert(seat, number) {
            inner.end(older, End::Superseded);
        }
        drop(inner);
        Wait { number, received, pokes: Arc::clone(self) }
    }

    /// A feed has moved.
    pub fn moved(&self, moved: FeedMove) {
        let inner = self.inner();
        let numbers = inner.by_reader.get(&moved.reader).into_iter().flatten();
        for waiting in numbers.filter_map(|number| inner.waiting.get(number)) {
            waiting.signal.send_if_modified(|signal| {
                let is_news = moved.head > signal.head;
                signal.head = signal.head.max(moved.head);
                is_news
            });
        }
    }

    /// How many wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner().waiting.len()
    }

    /// Whose feeds are waited for.
    fn readers(&self) -> Vec<i64> {
        self.inner().by_reader.keys().copied().collect()
    }

    /// The sessions that wait, with their versions.
    fn sessions(&self) -> Vec<(i64, i32)> {
        self.inner().waiting.values().map(|waiting| (waiting.session, waiting.version)).collect()
    }

    /// Ends the waits of sessions that have expired or of which `stands` is false.
    fn end_sessions(&self, now: Instant, stands: impl Fn(i64, i32) -> bool) {
        let inner = self.inner();
        let over = inner
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.expires_at <= now || !stands(waiting.session, waiting.version));
        over.for_each(|(number, _)| inner.end(*number, End::SessionOver));
    }
}

impl Inner {
    fn end(&self, number: u64, end: End) {
        if let Some(waiting) = self.waiting.get(&number) {
            waiting.signal.send_modify(|signal| signal.end = signal.end.or(Some(end)));
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(waiting) = self.waiting.remove(&number) else { return };
        if let Some(numbers) = self.by_reader.get_mut(&waiting.reader) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.by_reader.remove(&waiting.reader);
            }
        }
        if self.seats.get(&waiting.seat) == Some(&number) {
            self.seats.remove(&waiting.seat);
        }
    }
}

/// One wait; it ends with this value.
pub struct Wait {
    number: u64,
    received: signal::Receiver<Signal>,
    pokes: Arc<Pokes>,
}

impl Wait {
    /// Until the feed is known to be past a position.
    ///
    /// # Errors
    /// Why the wait is over before.
    pub async fn moved_past(&mut self, position: i64) -> Result<i64, End> {
        let found = self.received.wait_for(|signal| signal.end.is_some() || signal.head > position).await;
        match found.map(|signal| *signal) {
            Ok(Signal { end: Some(end), .. }) => Err(end),
            Ok(Signal { head, .. }) => Ok(head),
            // The sender lives as long as the entry, which lives as long as this.
            Err(_) => Err(End::Superseded),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.pokes.inner().remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meterbook::accounts::{Actor, Role};

    fn wait(pokes: &Arc<Pokes>, reader: i64, device: i64) -> Wait {
        let actor = Actor { account: AccountId(reader), role: Role::Reader, device: Some(DeviceId(device)) };
        let session = Session::of(actor, 1, 1, Instant::from_timestamp_millis(1_000).unwrap_or_default());
        pokes.begin(AccountId(reader), DeviceId(device), &session, Manner::LongPoll)
    }

    #[tokio::test]
    async fn only_the_feed_waited_for_wakes_and_only_past_the_position() {
        let pokes = Arc::new(Pokes::default());
        let mut waiting = wait(&pokes, 1, 1);
        pokes.moved(FeedMove { reader: 2, head: 9 });
        pokes.moved(FeedMove { reader: 1, head: 4 });
        pokes.moved(FeedMove { reader: 1, head: 3 });
        assert_eq!(waiting.moved_past(3).await, Ok(4));
        let later = tokio::spawn(async move { waiting.moved_past(4).await });
        pokes.moved(FeedMove { reader: 1, head: 5 });
        assert_eq!(later.await.ok(), Some(Ok(5)));
        assert_eq!((pokes.count(), pokes.readers().len()), (0, 0));
    }

    #[tokio::test]
    async fn a_newer_wait_of_the_phone_ends_the_older_and_keeps_its_seat() {
        let pokes = Arc::new(Pokes::default());
        let (mut older, mut other) = (wait(&pokes, 1, 1), wait(&pokes, 1, 2));
        let mut newer = wait(&pokes, 1, 1);
        assert_eq!(older.moved_past(0).await, Err(End::Superseded));
        drop(older);
        pokes.moved(FeedMove { reader: 1, head: 1 });
        assert_eq!((newer.moved_past(0).await, other.moved_past(0).await), (Ok(1), Ok(1)));
    }

    #[tokio::test]
    async fn a_session_that_expired_or_fell_ends_its_wait() {
        let pokes = Arc::new(Pokes::default());
        let at = |ms| Instant::from_timestamp_millis(ms).unwrap_or_default();
        let mut standing = wait(&pokes, 1, 1);
        pokes.end_sessions(at(999), |_, _| true);
        pokes.moved(FeedMove { reader: 1, head: 1 });
        assert_eq!(standing.moved_past(0).await, Ok(1));
        pokes.end_sessions(at(999), |_, _| false);
        assert_eq!(standing.moved_past(0).await, Err(End::SessionOver));
        let mut expired = wait(&pokes, 1, 2);
        pokes.end_sessions(at(1_000), |_, _| true);
        assert_eq!(expired.moved_past(0).await, Err(End::SessionOver));
    }
}
