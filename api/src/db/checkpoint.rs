//! Moves SQLite's write-ahead log into the database on a thread of its own, so that no push waits for it.

use super::conn::Access;
use super::{Conn, DatabaseUrl};
use diesel::ConnectionError;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// At most so often while commits go on.
const PAUSE: Duration = Duration::from_secs(1);

/// The thread, and the way to wake it. It ends with this value.
pub struct Checkpointer {
    written: Option<SyncSender<()>>,
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where its connection can't be opened.
    pub fn start(url: &DatabaseUrl) -> Result<Self, ConnectionError> {
        let conn = Conn::open(url, Access::Write)?;
        // One waiting signal says all that many would.
        let (written, commits) = sync_channel(1);
        let (stop, stopped) = sync_channel(1);
        let thread = std::thread::Builder::new().name("db-checkpoint".into());
        let thread = thread
            .spawn(move || keep_moving(conn, &commits, &stopped))
            .map_err(|fault| ConnectionError::BadConnection(fault.to_string()))?;
        Ok(Self { written: Some(written), stop: Some(stop), thread: Some(thread) })
    }

    /// A way to say that something was committed.
    pub fn signal(&self) -> Option<SyncSender<()>> {
        self.written.clone()
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.written = None;
        self.stop = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the checkpointing thread had panicked");
        }
    }
}

fn keep_moving(mut conn: Conn, commits: &Receiver<()>, stopped: &Receiver<()>) {
    while commits.recv().is_ok() {
        // PASSIVE waits for nobody: what a reader still needs stays for the next time.
        if let Err(fault) = conn.batch("PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(%fault, "the write-ahead log was not moved");
        }
        if stopped.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
