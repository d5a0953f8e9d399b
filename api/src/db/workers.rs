//! Threads that own connections. Work is handed to them whole, so no connection ever crosses a thread or an `await`.
//!
//! SQLite has one writer thread that lets waiting transactions share one commit (group commit): each runs in its own
//! savepoint, and nobody is answered before the commit is on disk. Readers, and every PostgreSQL worker, take one
//! transaction at a time.

use super::conn::Access;
use super::moves::{CommitListener, FeedMove, MoveListener, take_moves};
use super::{Conn, DatabaseUrl};
use crate::keys::Keys;
use crate::planted::{self, Bug};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::{ConnectionError, QueryResult};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How many waiting transactions may share one commit.
const GROUP_LIMIT: usize = 64;
/// … and how long they may run before that commit: while it is written and its answers go out, the next pushes are read. Larger
/// groups would let everybody wait for everybody and leave the writer idle until all have answered.
const GROUP_TIME: Duration = Duration::from_millis(20);

/// One transaction to run.
pub trait Job: Send {
    /// Runs the statements of the transaction. `Err` rolls it back.
    fn run(&mut self, conn: &mut Conn) -> QueryResult<()>;
    /// Tells the caller how it ended: `Ok` only after the commit.
    fn answer(self: Box<Self>, committed: QueryResult<()>);
    /// The statement that opens the transaction on PostgreSQL; empty for a job that needs none.
    fn begin(&self) -> &'static str;
    /// What the transaction is called.
    fn name(&self) -> &'static str;
}

/// A set of worker threads taking jobs from one queue.
pub struct Workers {
    queue: Option<Sender<Box<dyn Job>>>,
    threads: Vec<JoinHandle<()>>,
}

/// Who is told after a commit.
#[derive(Clone)]
pub struct After {
    /// SQLite's checkpointer, that there is something to move.
    pub committed: Option<SyncSender<()>>,
    /// Those who follow a feed, that it moved.
    pub listener: Arc<MoveListener>,
    /// Those who follow what is written; nobody where nothing is.
    pub commits: Option<Arc<CommitListener>>,
}

/// What the threads of a set do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// SQLite's one writer.
    GroupCommit,
    /// One transaction at a time.
    Single(Access),
}

impl Workers {
    /// Starts `count` threads; each opens its connection before the first job.
    ///
    /// # Errors
    /// Where the first connection can't be opened.
    pub fn start(
        name: &str,
        url: &DatabaseUrl,
        keys: &Arc<Keys>,
        duty: Duty,
        count: usize,
        after: &After,
    ) -> Result<Self, ConnectionError> {
        let (queue, jobs) = channel::<Box<dyn Job>>();
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let (opened, is_open) = channel();
            let (url, keys, jobs, after) = (url.clone(), Arc::clone(keys), Arc::clone(&jobs), after.clone());
            let thread = std::thread::Builder::new().name(format!("{name}-{number}"));
            let body = move || match Worker::open(url, keys, duty, after) {
                Err(fault) => drop(opened.send(Err(fault))),
                Ok(mut worker) => {
                    if opened.send(Ok(())).is_ok() {
                        worker.serve(&jobs);
                    }
                }
            };
            let spawned = thread.spawn(body).map_err(|fault| ConnectionError::BadConnection(fault.to_string()))?;
            threads.push(spawned);
            is_open.recv().map_err(|_| ConnectionError::BadConnection("the worker thread died".into()))??;
        }
        Ok(Self { queue: Some(queue), threads })
    }

    /// Hands a job over. `false`: the workers are gone.
    pub fn submit(&self, job: Box<dyn Job>) -> bool {
        self.queue.as_ref().is_some_and(|queue| queue.send(job).is_ok())
    }
}

impl Drop for Workers {
    /// Lets the jobs already handed over end, then closes the connections.
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a database worker had panicked");
            }
        }
    }
}

struct Worker {
    url: DatabaseUrl,
    keys: Arc<Keys>,
    duty: Duty,
    conn: Conn,
    after: After,
}

impl Worker {
    fn open(url: DatabaseUrl, keys: Arc<Keys>, duty: Duty, after: After) -> Result<Self, ConnectionError> {
        let conn = Conn::open(&url, duty.access())?.with_keys(Arc::clone(&keys));
        Ok(Self { url, keys, duty, conn, after })
    }

    fn serve(&mut self, jobs: &Mutex<Receiver<Box<dyn Job>>>) {
        loop {
            let mut group = Vec::new();
            {
                let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
                let Ok(first) = jobs.recv() else { return };
                group.push(first);
                if self.duty == Duty::GroupCommit {
                    group.extend(jobs.try_iter().take(GROUP_LIMIT - 1));
                }
            }
            match self.duty {
                Duty::GroupCommit => {
                    self.commit_together(group);
                    // A full channel is a signal not yet taken.
                    if let Some(committed) = &self.after.committed {
                        let _ = committed.try_send(());
                    }
                }
                Duty::Single(_) => group.into_iter().for_each(|job| self.commit_alone(job)),
            }
        }
    }

    fn commit_together(&mut self, group: Vec<Box<dyn Job>>) {
        let mut waiting = VecDeque::from(group);
        while !waiting.is_empty() {
            self.commit_some(&mut waiting);
        }
    }

    /// Runs waiting jobs in one transaction: all of them, unless SQLite ends the transaction by itself, as it does when the disk
    /// is full or fails. Then all that ran in it is undone, and those that have not run yet must not share its fate.
    fn commit_some(&mut self, waiting: &mut VecDeque<Box<dyn Job>>) {
        if let Err(fault) = self.conn.begin("BEGIN IMMEDIATE") {
            // Should a rollback have failed, its transaction is still open and every `BEGIN` would.
            return self.give_up(waiting.drain(..).collect(), &fault);
        }
        let mut kept = Vec::with_capacity(waiting.len());
        let mut moves = Vec::new();
        let began = Instant::now();
        while let Some(mut job) = waiting.pop_front() {
            let ran = self.in_savepoint(job.as_mut());
            let moved = take_moves();
            match ran {
                Ran::Kept if planted::is(Bug::AcknowledgeBeforeCommit) => job.answer(Ok(())),
                Ran::Kept => {
                    kept.push(job);
                    moves.extend(moved);
                }
                Ran::Undone(fault) => job.answer(Err(fault)),
                Ran::AllUndone(fault) => {
                    kept.push(job);
                    return self.give_up(kept, &fault);
                }
            }
            if began.elapsed() > GROUP_TIME {
                break;
            }
        }
        planted::dawdle(Bug::AcknowledgeBeforeCommit);
        match self.conn.end("COMMIT") {
            Ok(()) => {
                kept.iter().for_each(|job| self.tell_of(job.name()));
                kept.into_iter().for_each(|job| job.answer(Ok(())));
                self.tell(moves);
            }
            Err(fault) => self.give_up(kept, &fault),
        }
    }

    fn give_up(&mut self, jobs: Vec<Box<dyn Job>>, fault: &Error) {
        self.roll_back();
        answer_all(jobs, fault);
        self.mend(fault);
    }

    fn in_savepoint(&mut self, job: &mut dyn Job) -> Ran {
        if let Err(fault) = self.conn.begin("SAVEPOINT job") {
            return Ran::AllUndone(fault);
        }
        match run_guarded(job, &mut self.conn) {
            Ok(()) => self.conn.batch("RELEASE job").map_or_else(Ran::AllUndone, |()| Ran::Kept),
            // Where the savepoint is gone, so is the transaction; another `SAVEPOINT` would begin one of its own.
            Err(fault) if self.conn.batch("ROLLBACK TO job; RELEASE job").is_err() => Ran::AllUndone(fault),
            Err(fault) => Ran::Undone(fault),
        }
    }

    fn commit_alone(&mut self, mut job: Box<dyn Job>) {
        let mut attempt = 0_u32;
        loop {
            attempt += 1;
            let ran = self.transaction(job.as_mut());
            let moves = take_moves();
            match ran {
                Ok(()) => {
                    self.tell_of(job.name());
                    job.answer(Ok(()));
                    return self.tell(moves);
                }
                Err(fault) if attempt < patience(&fault, job.begin()) => {
                    self.mend(&fault);
                    // Spread the contenders: the same two must not meet again at once.
                    std::thread::sleep(Duration::from_micros(
                        200 * u64::from(attempt) * (1 + u64::from(std::process::id() % 7)),
                    ));
                }
                Err(fault) => {
                    self.mend(&fault);
                    return job.answer(Err(fault));
                }
            }
        }
    }

    fn transaction(&mut self, job: &mut dyn Job) -> QueryResult<()> {
        if job.begin().is_empty() {
            return run_guarded(job, &mut self.conn);
        }
        let begin = if self.conn.is_sqlite() { "BEGIN" } else { job.begin() };
        if let Err(fault) = self.conn.begin(begin) {
            // The server has been restarted meanwhile, perhaps: nothing has run, so nothing can happen twice.
            self.mend(&fault);
            self.conn.begin(begin)?;
        }
        match run_guarded(job, &mut self.conn) {
            Ok(()) => self.conn.end("COMMIT"),
            Err(fault) => Err(fault),
        }
        .inspect_err(|_| self.roll_back())
    }

    fn tell(&self, moves: Vec<FeedMove>) {
        if let Some(listener) = self.after.listener.get() {
            moves.into_iter().for_each(listener);
        }
    }

    fn tell_of(&self, transaction: &'static str) {
        if let Some(listener) = self.after.commits.as_ref().and_then(|commits| commits.get()) {
            listener(transaction);
        }
    }

    fn roll_back(&mut self) {
        if let Err(fault) = self.conn.end("ROLLBACK") {
            tracing::debug!(%fault, "nothing left to roll back");
        }
    }

    /// A connection the server has closed is opened anew; the job that met it is told or tried again.
    fn mend(&mut self, fault: &Error) {
        if is_broken(fault) || self.conn.ping().is_err() {
            match Conn::open(&self.url, self.duty.access()) {
                Ok(conn) => self.conn = conn.with_keys(Arc::clone(&self.keys)),
                Err(fault) => tracing::error!(%fault, "the database can't be reached"),
            }
        }
    }
}

impl Duty {
    const fn access(self) -> Access {
        match self {
            Self::GroupCommit => Access::Write,
            Self::Single(access) => access,
        }
    }
}

/// A panic in a closure must cost its own request only, not the thread that owns the connection (SECURITY 18).
fn run_guarded(job: &mut dyn Job, conn: &mut Conn) -> QueryResult<()> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job.run(conn))).unwrap_or(Err(Error::RollbackTransaction))
}

/// How a job ended within its group.
enum Ran {
    /// It is part of the transaction.
    Kept,
    /// What it had done is undone.
    Undone(Error),
    /// The transaction is gone, with all that ran in it.
    AllUndone(Error),
}

fn answer_all(jobs: impl IntoIterator<Item = Box<dyn Job>>, fault: &Error) {
    for job in jobs {
        let text = Box::new(fault.to_string());
        job.answer(Err(Error::DatabaseError(DatabaseErrorKind::Unknown, text)));
    }
}

/// How often a transaction is tried when it meets this fault. PostgreSQL's 40001 and 40P01 pass by themselves; where two nodes
/// stored the same key at once, the loser finds the winner's row on its second look and decides by it.
fn patience(fault: &Error, begin: &str) -> u32 {
    match fault {
        // Without a transaction it has changed nothing. The server has been restarted meanwhile, perhaps.
        _ if begin.is_empty() && is_broken(fault) => 2,
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => 20,
        Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => 3,
        Error::DatabaseError(_, information) if information.message().contains("deadlock detected") => 20,
        _ => 1,
    }
}

fn is_broken(fault: &Error) -> bool {
    matches!(fault, Error::BrokenTransactionManager | Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _))
}
