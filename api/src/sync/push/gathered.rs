//! Which pushes share a transaction: those that come while others are being taken, as far as they have nothing in common.
//!
//! A push is some forty statements, whether it brings one record or five hundred, and most phones bring few. Who comes while
//! transactions are under way waits for one of them to end and is taken with all others who wait. The busier the service, the
//! less each push costs; an idle one lets nobody wait.

use super::facts::{ids_of, points_of};
use super::{Push, Pushed, push};
use crate::db::{Isolation, POSTGRES_WRITERS, Store, StoreError};
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Transactions that run at once, at most. On SQLite they share a commit.
const MOST_LANES: usize = POSTGRES_WRITERS;
/// Items that fill a transaction. A push of more has one to itself.
const FULL: usize = 500;
/// A transaction of fewer items is soon over: who comes meanwhile waits for it.
const SHORT: usize = FULL / 4;
/// Of those who wait, so many are passed over at most.
const MOST_PASSED: usize = 64;

/// The pushes of all phones on their way into the store.
pub struct Gathered {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Waiter>,
    /// Of all who wait.
    items: usize,
    /// Under way.
    lanes: usize,
    /// Those of them that are soon to take who waits.
    short: usize,
}

struct Waiter {
    push: Arc<Push>,
    reply: oneshot::Sender<Result<Pushed, StoreError>>,
}

impl Gathered {
    /// Into this store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self { inner: Arc::new(Inner { store: store.clone(), waiting: Mutex::default() }) }
    }

    /// Takes a push; answered after its records are on disk.
    ///
    /// # Errors
    /// The database's.
    pub async fn take(&self, push: &Arc<Push>) -> Result<Pushed, StoreError> {
        let (reply, answer) = oneshot::channel();
        let begins = {
            let mut waiting = self.inner.waiting();
            waiting.add(Waiter { push: Arc::clone(push), reply });
            waiting.begins_lane()
        };
        if begins {
            self.inner.begin_lane();
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Waiting {
    /// Lets one wait.
    fn add(&mut self, waiter: Waiter) {
        self.items += waiter.push.items.len();
        self.queue.push_back(waiter);
    }

    /// Whether another lane is to be begun for those who wait: where none is soon to take them, or they fill a transaction.
    fn begins_lane(&mut self) -> bool {
        let begins = self.lanes < MOST_LANES && !self.queue.is_empty() && (self.short == 0 || self.items >= FULL);
        self.lanes += usize::from(begins);
        self.short += usize::from(begins);
        begins
    }

    /// Takes out what the next transaction takes: the first, and what fits beside it.
    fn next(&mut self) -> Vec<Waiter> {
        let (mut taken, mut chosen, mut passed) = (Taken::default(), Vec::new(), Vec::new());
        while taken.items < FULL && passed.len() < MOST_PASSED {
            let Some(waiter) = self.queue.pop_front() else { break };
            if taken.takes(&waiter.push) { chosen.push(waiter) } else { passed.push(waiter) }
        }
        for waiter in passed.into_iter().rev() {
            self.queue.push_front(waiter);
        }
        self.items -= taken.items;
        chosen
    }
}

/// What the pushes of a transaction speak of.
#[derive(Default)]
struct Taken {
    items: usize,
    readers: HashSet<i64>,
    points: HashSet<i64>,
    records: HashSet<Uuid>,
}

impl Taken {
    /// Takes a push in, unless it is too much or has a reader, a point or a record in common with another.
    fn takes(&mut self, push: &Push) -> bool {
        let is_first = self.readers.is_empty();
        let fits = self.items + push.items.len() <= FULL;
        let is_apart = || {
            !self.readers.contains(&push.sender.reader.0)
                && !points_of(&push.items).any(|point| self.points.contains(&point))
                && !ids_of(&push.items).any(|id| self.records.contains(&id))
        };
        let takes = is_first || fits && is_apart();
        if takes {
            self.items += push.items.len();
            self.readers.insert(push.sender.reader.0);
            self.points.extend(points_of(&push.items));
            self.records.extend(ids_of(&push.items));
        }
        takes
    }
}

impl Inner {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_lane(self: &Arc<Self>) {
        // Not in a phone's own task: that ends when it hangs up.
        tokio::spawn(Lane { inner: Arc::clone(self), is_short: true, is_over: false }.run());
    }

    async fn take(&self, group: Vec<Waiter>) {
        let pushes: Vec<Arc<Push>> = group.iter().map(|waiter| Arc::clone(&waiter.push)).collect();
        match self.write(pushes).await {
            Ok(pushed) => {
                for (waiter, pushed) in group.into_iter().zip(pushed) {
                    // A phone that hung up comes again.
                    drop(waiter.reply.send(Ok(pushed)));
                }
            }
            Err(fault) => match <[Waiter; 1]>::try_from(group) {
                Ok([alone]) => drop(alone.reply.send(Err(fault))),
                Err(group) => self.take_apart(group, &fault).await,
            },
        }
    }

    /// Nobody shares the fate of another: of pushes that failed together each is taken by itself.
    async fn take_apart(&self, group: Vec<Waiter>, fault: &StoreError) {
        tracing::warn!(%fault, pushes = group.len(), "pushes that failed together are taken one by one");
        for Waiter { push, reply } in group {
            let pushed = self.write(vec![push]).await;
            drop(reply.send(pushed.and_then(|mut pushed| pushed.pop().ok_or(StoreError::Closed))));
        }
    }

    async fn write(&self, pushes: Vec<Arc<Push>>) -> Result<Vec<Pushed>, StoreError> {
        self.store.write("push_records", Isolation::RowLocks, move |conn| push(conn, &pushes)).await
    }
}

/// A run of transactions, one after the other, while anybody waits.
struct Lane {
    inner: Arc<Inner>,
    is_short: bool,
    is_over: bool,
}

impl Lane {
    async fn run(mut self) {
        loop {
            // Whoever has come by now may be taken first: on a busy thread many are ready at once.
            tokio::task::yield_now().await;
            let Some(group) = self.next() else { return };
            self.inner.take(group).await;
        }
    }

    /// The next to be taken; with nobody left the lane is over.
    fn next(&mut self) -> Option<Vec<Waiter>> {
        let mut waiting = self.inner.waiting();
        let group = waiting.next();
        let items: usize = group.iter().map(|waiter| waiter.push.items.len()).sum();
        waiting.short -= usize::from(self.is_short);
        self.is_over = group.is_empty();
        self.is_short = !self.is_over && items < SHORT;
        waiting.short += usize::from(self.is_short);
        waiting.lanes -= usize::from(self.is_over);
        let begins = waiting.begins_lane();
        drop(waiting);
        if begins {
            self.inner.begin_lane();
        }
        Some(group).filter(|group| !group.is_empty())
    }
}

impl Drop for Lane {
    /// Cut short with its runtime, it leaves nobody waiting whom no other lane would take.
    fn drop(&mut self) {
        if !self.is_over {
            let mut waiting = self.inner.waiting();
            waiting.lanes -= 1;
            waiting.short -= usize::from(self.is_short);
            if waiting.lanes == 0 {
                *waiting = Waiting::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::item::Incoming;
    use crate::sync::push::Sender;
    use chrono::DateTime;
    use meterbook::calendar::Zone;
    use meterbook::id::{AccountId, DeviceId};
    use serde_json::json;

    fn push(reader: i64, points: &[i64]) -> Waiter {
        let now = DateTime::UNIX_EPOCH;
        let sender = Sender {
            reader: AccountId(reader),
            device: DeviceId(reader),
            sent_at: now,
            sent_elapsed_ms: None,
            boot: None,
            received_at: now,
            zone: Zone::default(),
            last_seq: None,
            released_at: None,
        };
        let item = |(seq, point): (i64, &i64)| {
            let id = Uuid::from_u128(0x0193_a1b2_0000_7000_8000_0000_0000_0000 + (reader * 1_000 + seq) as u128);
            json!({ "id": id, "kind": "attempt", "device_seq": seq, "read_at": "2026-03-02T09:00:00.000Z", "attempt_code": "locked",
                "service_point_id": point })
        };
        let items = (1..).zip(points).map(item).map(|item| Incoming::read(&item)).collect();
        Waiter { push: Arc::new(Push { sender, items }), reply: oneshot::channel().0 }
    }

    fn waiting(pushes: impl IntoIterator<Item = Waiter>) -> Waiting {
        let mut waiting = Waiting::default();
        for one in pushes {
            waiting.add(one);
        }
        waiting
    }

    fn readers(taken: &[Waiter]) -> Vec<i64> {
        taken.iter().map(|waiter| waiter.push.sender.reader.0).collect()
    }

    #[test]
    fn pushes_with_nothing_in_common_are_taken_together_and_the_others_keep_their_order() {
        let mut waiting = waiting([push(1, &[10]), push(1, &[11]), push(2, &[10]), push(3, &[12, 13]), push(2, &[14])]);
        assert_eq!(readers(&waiting.next()), [1, 3, 2]);
        assert_eq!((waiting.items, readers(&waiting.next())), (2, vec![1, 2]));
        assert_eq!((waiting.items, waiting.next().len()), (0, 0));
    }

    #[test]
    fn a_transaction_takes_so_many_items_and_a_larger_push_alone() {
        let many: Vec<i64> = (1_000..1_700).collect();
        let mut waiting =
            waiting([push(1, &many), push(2, &[1]), push(3, &many[..499]), push(4, &[2, 3]), push(5, &[4])]);
        let taken: Vec<_> =
            std::iter::from_fn(|| Some(readers(&waiting.next())).filter(|taken| !taken.is_empty())).collect();
        assert_eq!(taken, [vec![1], vec![2, 3], vec![4, 5]]);
    }

    #[test]
    fn a_lane_is_begun_where_none_is_soon_free_and_for_what_fills_a_transaction() {
        let mut waiting = Waiting::default();
        let many: Vec<i64> = (0..250).collect();
        let pushes = [push(1, &[1]), push(2, &[2]), push(3, &many), push(4, &many), push(5, &[3])];
        let begun = pushes.map(|one| {
            waiting.add(one);
            waiting.begins_lane()
        });
        assert_eq!(begun, [true, false, false, true, true]);
        // All lanes are taken up by much: the next to come has one of its own.
        waiting.next();
        waiting.short = 0;
        assert!(waiting.begins_lane());
    }
}
