//! One statement for all who ask the same thing at the same time.
//!
//! Nearly every request asks whether its session stands, and most pulls ask for nothing but the head of a feed: a row each. Who
//! asks while such a statement is under way waits for the next one, which asks for all who wait. The busier the service, the less
//! each question costs; and no answer is older than its question.

use super::{Conn, Store, StoreError};
use diesel::QueryResult;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Asks for several keys in one statement; a key without an answer is left out.
type Load<K, A> = fn(&mut Conn, &[K]) -> QueryResult<HashMap<K, A>>;

/// A question that is asked together.
pub struct Together<K, A> {
    inner: Arc<Inner<K, A>>,
}

struct Inner<K, A> {
    store: Store,
    name: &'static str,
    load: Load<K, A>,
    waiting: Mutex<Waiting<K, A>>,
}

struct Waiting<K, A> {
    asked: Vec<(K, Reply<A>)>,
    /// Whether somebody sees to it that they are answered.
    is_seen_to: bool,
}

type Reply<A> = oneshot::Sender<Result<Option<A>, StoreError>>;

impl<K, A> Together<K, A>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    A: Clone + Send + 'static,
{
    /// The question of that name.
    #[must_use]
    pub fn new(store: &Store, name: &'static str, load: Load<K, A>) -> Self {
        let waiting = Mutex::new(Waiting { asked: Vec::new(), is_seen_to: false });
        Self { inner: Arc::new(Inner { store: store.clone(), name, load, waiting }) }
    }

    /// The answer to a key, as it is now.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask(&self, key: K) -> Result<Option<A>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let is_first = {
            let mut waiting = self.inner.waiting();
            waiting.asked.push((key, reply));
            !std::mem::replace(&mut waiting.is_seen_to, true)
        };
        if is_first {
            // Not in the asker's own task: that ends when its client hangs up.
            tokio::spawn(Watch { inner: Arc::clone(&self.inner), is_over: false }.answer_all());
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl<K, A> Inner<K, A> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<K, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever sees to it that all are answered.
struct Watch<K, A> {
    inner: Arc<Inner<K, A>>,
    is_over: bool,
}

impl<K, A> Watch<K, A>
where
    K: Copy + Eq + Hash + Send + Sync + 'static,
    A: Clone + Send + 'static,
{
    async fn answer_all(mut self) {
        loop {
            // Whoever has come by now may ask first: on a busy thread many are ready at once.
            tokio::task::yield_now().await;
            let Some(asked) = self.next() else { return };
            let keys: Vec<K> = asked.iter().map(|(key, _)| *key).collect();
            let load = self.inner.load;
            let found = self.inner.store.glance(self.inner.name, move |conn| load(conn, &keys)).await.map_err(Arc::new);
            for (key, reply) in asked {
                let answer = found.as_ref().map(|found| found.get(&key).cloned());
                // Who hung up does not mind.
                drop(reply.send(answer.map_err(|fault| StoreError::Shared(Arc::clone(fault)))));
            }
        }
    }

    /// Those who wait; with nobody left the watch is over, and the next to ask begins another.
    fn next(&mut self) -> Option<Vec<(K, Reply<A>)>> {
        let mut waiting = self.inner.waiting();
        let asked = std::mem::take(&mut waiting.asked);
        self.is_over = asked.is_empty();
        waiting.is_seen_to = !self.is_over;
        waiting.is_seen_to.then_some(asked)
    }
}

impl<K, A> Drop for Watch<K, A> {
    /// Cut short with its runtime, it leaves nobody waiting.
    fn drop(&mut self) {
        if !self.is_over {
            let mut waiting = self.inner.waiting();
            waiting.is_seen_to = false;
            waiting.asked.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DatabaseUrl;
    use crate::keys::Keys;
    use futures_util::future::join_all;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tempfile::TempDir;

    static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

    /// Of even numbers; 13 brings bad luck to all who ask beside it.
    fn doubled(_: &mut Conn, keys: &[i64]) -> QueryResult<HashMap<i64, i64>> {
        if keys.contains(&13) {
            return Err(diesel::NotFound);
        }
        Ok(keys.iter().filter(|key| *key % 2 == 0).map(|key| (*key, key * 2)).collect())
    }

    fn counted(conn: &mut Conn, keys: &[i64]) -> QueryResult<HashMap<i64, i64>> {
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
        doubled(conn, keys)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    fn store() -> (TempDir, Store) {
        let dir = TempDir::new().unwrap();
        let keys = Arc::new(Keys::load_or_create(&dir.path().join("keys.json")).unwrap());
        let store = Store::open(DatabaseUrl::Sqlite(dir.path().join("t.db")), &keys).unwrap();
        (dir, store)
    }

    #[test]
    fn each_gets_an_answer_of_his_own_and_many_share_a_statement() {
        let (_dir, store) = store();
        let together = Together::new(&store, "double", counted);
        let answers = runtime().block_on(join_all((100..200).map(|key| together.ask(key))));
        for (key, answer) in (100..).zip(answers) {
            assert_eq!(answer.unwrap(), (key % 2 == 0).then_some(key * 2));
        }
        // All hundred had asked before the first statement could begin.
        assert_eq!(STATEMENTS.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_fault_is_told_to_all_it_befell() {
        let (_dir, store) = store();
        let together = Together::new(&store, "double", doubled);
        let answers = runtime().block_on(join_all([2, 13, 4].map(|key| together.ask(key))));
        assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Shared(_)))), "{answers:?}");
        assert_eq!(runtime().block_on(together.ask(4)).unwrap(), Some(8));
    }

    #[test]
    fn who_asks_after_a_runtime_was_cut_short_is_answered() {
        let (_dir, store) = store();
        let together = Together::new(&store, "double", doubled);
        let cut = runtime();
        // Asked, and somebody was to see to it, who never came to it.
        cut.block_on(async {
            tokio::select! {
                biased;
                answer = together.ask(2) => panic!("{answer:?}"),
                () = std::future::ready(()) => {}
            }
        });
        drop(cut);
        assert_eq!(runtime().block_on(together.ask(4)).unwrap(), Some(8));
    }
}
