//! The one door to the data: named transactions, counted and timed.

use super::checkpoint::Checkpointer;
use super::conn::Access;
use super::moves::{CommitListener, FeedMove, MoveListener};
use super::workers::{After, Duty, Job, Workers};
use super::{Conn, DatabaseUrl};
use crate::keys::Keys;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ConnectionError, QueryResult};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;

/// How a PostgreSQL transaction is shielded from its neighbours. On SQLite there is one writer, so it makes no difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Isolation {
    /// As if alone; run again on a serialization failure. The default for decisions read from many rows.
    Serializable,
    /// The closure locks what it decides from ([`Conn::lock`]) and changes counters by addition. For hot paths.
    RowLocks,
}

/// Transactions that write at once on PostgreSQL.
pub const POSTGRES_WRITERS: usize = 6;

/// Why a transaction brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused a statement or the commit.
    #[error("the database refused: {0}")]
    Database(#[from] Error),
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
    /// What befell a statement that several had asked for together.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl StoreError {
    /// Whether the same request may succeed later: the database could not be reached, had no room or met a fault of its disk.
    /// The drivers tell a violated rule of the schema from the rest and nothing more; texts are no help, PostgreSQL's come in
    /// the language of its administrator.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        use DatabaseErrorKind as Kind;
        match self {
            Self::Closed | Self::Database(Error::BrokenTransactionManager) => true,
            Self::Database(Error::DatabaseError(kind, _)) => matches!(
                kind,
                Kind::Unknown
                    | Kind::UnableToSendCommand
                    | Kind::ClosedConnection
                    | Kind::SerializationFailure
                    | Kind::ReadOnlyTransaction
            ),
            Self::Database(_) => false,
            Self::Shared(fault) => fault.is_passing(),
        }
    }
}

/// The database behind the service. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    writers: Workers,
    readers: Workers,
    /// SQLite's; after the writers, which signal to it, so that it ends after them.
    _checkpointer: Option<Checkpointer>,
    listener: Arc<MoveListener>,
    commits: Arc<CommitListener>,
}

impl Store {
    /// Opens the store's connections, which hold the installation's keys. Must not be called on a thread that drives async tasks.
    ///
    /// # Errors
    /// Where the database can't be reached or is not safe to write to.
    pub fn open(url: DatabaseUrl, keys: &Arc<Keys>) -> Result<Self, ConnectionError> {
        let (duty, writer_count) = match url {
            DatabaseUrl::Sqlite(_) => (Duty::GroupCommit, 1),
            DatabaseUrl::Postgres(_) => (Duty::Single(Access::Write), POSTGRES_WRITERS),
        };
        let checkpointer = match url {
            DatabaseUrl::Sqlite(_) => Some(Checkpointer::start(&url)?),
            DatabaseUrl::Postgres(_) => None,
        };
        let (listener, commits): (Arc<MoveListener>, Arc<CommitListener>) = Default::default();
        let committed = checkpointer.as_ref().and_then(Checkpointer::signal);
        let after = After { committed, listener: Arc::clone(&listener), commits: Some(Arc::clone(&commits)) };
        let writers = Workers::start("db-write", &url, keys, duty, writer_count, &after)?;
        let readers = Workers::start(
            "db-read",
            &url,
            keys,
            Duty::Single(Access::Read),
            4,
            &After { committed: None, commits: None, ..after.clone() },
        )?;
        Ok(Self { inner: Arc::new(Inner { url, writers, readers, _checkpointer: checkpointer, listener, commits }) })
    }

    /// Tells of every feed that a transaction of this process moved, after its commit. Only the first call counts.
    pub fn on_feed_move(&self, listener: impl Fn(FeedMove) + Send + Sync + 'static) {
        drop(self.inner.listener.set(Box::new(listener)));
    }

    /// Tells of every write of this process by its transaction's name, after its commit. Only the first call counts.
    pub fn on_commit(&self, listener: impl Fn(&'static str) + Send + Sync + 'static) {
        drop(self.inner.commits.set(Box::new(listener)));
    }

    /// Where the data live.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Reads in one snapshot.
    ///
    /// # Errors
    /// The database's.
    pub async fn read<T, F>(&self, name: &'static str, closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> QueryResult<T> + Send + 'static,
    {
        self.submit(&self.inner.readers, name, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", closure).await
    }

    /// Reads with one statement, which sees one snapshot by itself: without a transaction around it, that is three times as fast on
    /// PostgreSQL.
    ///
    /// # Errors
    /// The database's.
    pub async fn glance<T, F>(&self, name: &'static str, closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> QueryResult<T> + Send + 'static,
    {
        self.submit(&self.inner.readers, name, "", closure).await
    }

    /// Writes in one transaction, all or nothing; answered after the commit is on disk. A refusal is a value, decided before
    /// anything is written. The closure may be run again, so it must use up nothing from outside.
    ///
    /// # Errors
    /// The database's.
    pub async fn write<T, F>(&self, name: &'static str, isolation: Isolation, closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> QueryResult<T> + Send + 'static,
    {
        let begin = match isolation {
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
            Isolation::RowLocks => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        self.submit(&self.inner.writers, name, begin, closure).await
    }

    async fn submit<T, F>(
        &self,
        workers: &Workers,
        name: &'static str,
        begin: &'static str,
        closure: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Conn) -> QueryResult<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Transaction { name, begin, closure, value: None, reply, runs: 0, since: Instant::now() };
        if !workers.submit(Box::new(job)) {
            return Err(StoreError::Closed);
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

struct Transaction<T, F> {
    name: &'static str,
    begin: &'static str,
    closure: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
    runs: u32,
    since: Instant,
}

impl<T, F> Job for Transaction<T, F>
where
    T: Send,
    F: FnMut(&mut Conn) -> QueryResult<T> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> QueryResult<()> {
        self.runs += 1;
        self.value = Some((self.closure)(conn)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: QueryResult<()>) {
        let result = match (committed, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(StoreError::Closed),
            (Err(fault), _) => {
                tracing::error!(transaction = self.name, runs = self.runs, %fault, "the transaction failed");
                Err(StoreError::Database(fault))
            }
        };
        let elapsed_us = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(transaction = self.name, runs = self.runs, elapsed_us, "transaction ended");
        // Nobody waits any more when the client hung up; the transaction stands all the same.
        drop(self.reply.send(result));
    }

    fn begin(&self) -> &'static str {
        self.begin
    }

    fn name(&self) -> &'static str {
        self.name
    }
}
