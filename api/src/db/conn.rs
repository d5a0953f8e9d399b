//! One connection to either database, and the macro that compiles one Diesel expression for both.

use crate::keys::Keys;
use crate::planted::{self, Bug};
use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::{Connection, ConnectionError, ConnectionResult, QueryResult, RunQueryDsl, SqliteConnection};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use meterbook::settings::Rulebook;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A synchronous Diesel connection over the pure-Rust PostgreSQL driver.
pub type PgConnection = AsyncConnectionWrapper<AsyncPgConnection>;

/// A connection to one of the two stores. Use it through [`each!`].
pub enum Conn {
    /// The embedded store.
    Sqlite(Held<SqliteConnection>),
    /// The store several nodes share.
    Postgres(Held<PgConnection>),
}

/// A connection with what is kept beside it.
pub struct Held<C> {
    conn: Box<C>,
    kept: Kept,
}

#[derive(Default)]
struct Kept {
    /// The keys of the installation: what is written down through the connection is chained with them (SECURITY 13).
    keys: Option<Arc<Keys>>,
    /// As it was last read.
    rulebook: Option<(RulebookVersion, Arc<Rulebook>)>,
    /// Whether the running transaction goes by it.
    settled: Settled,
}

/// What the running transaction knows of the settings.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Settled {
    /// No transaction runs.
    #[default]
    Never,
    /// Nothing yet.
    NotYet,
    /// The rulebook read last is the one it goes by.
    Yes,
}

/// Tells one state of the settings from another: rows, last id, last moment. Rows are only added, so two different states
/// never have all three in common, not even where a transaction that added one was rolled back.
pub type RulebookVersion = (i64, i64, i64);

impl<C> From<C> for Held<C> {
    fn from(conn: C) -> Self {
        Self { conn: Box::new(conn), kept: Kept::default() }
    }
}

impl<C> Deref for Held<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.conn
    }
}

impl<C> DerefMut for Held<C> {
    fn deref_mut(&mut self) -> &mut C {
        &mut self.conn
    }
}

/// Runs the same Diesel expression on whichever store `$conn` is: `each!(conn, c => accounts::table.load(c))`.
macro_rules! each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($c) => {
                let $c = &mut **$c;
                $body
            }
            $crate::db::Conn::Postgres($c) => {
                let $c = &mut **$c;
                $body
            }
        }
    };
}
pub(crate) use each;

/// Where the data live.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A `postgres://` URL; it may hold a password, so it is never printed.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `postgres://…`, `postgresql://…`, `sqlite://PATH` or a plain path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Postgres(text.to_owned())
        } else {
            Self::Sqlite(text.strip_prefix("sqlite://").unwrap_or(text).into())
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://[redacted]"),
        }
    }
}

/// Whether a SQLite connection may write. Readers are opened so that they cannot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reads only.
    Read,
    /// Reads and writes.
    Write,
}

impl Conn {
    /// Opens a connection. Must not be called on a thread that drives async tasks.
    ///
    /// # Errors
    /// The driver's, or a refusal where the database would forget acknowledged records (SECURITY 6).
    pub fn open(url: &DatabaseUrl, access: Access) -> ConnectionResult<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => open_sqlite(path, access),
            DatabaseUrl::Postgres(url) => super::migrate::open_postgres(url),
        }
    }

    const fn kept(&self) -> &Kept {
        match self {
            Self::Sqlite(held) => &held.kept,
            Self::Postgres(held) => &held.kept,
        }
    }

    const fn kept_mut(&mut self) -> &mut Kept {
        match self {
            Self::Sqlite(held) => &mut held.kept,
            Self::Postgres(held) => &mut held.kept,
        }
    }

    /// The connection with the installation's keys.
    #[must_use]
    pub fn with_keys(mut self, keys: Arc<Keys>) -> Self {
        self.kept_mut().keys = Some(keys);
        self
    }

    /// The installation's keys, where the connection was given them.
    #[must_use]
    pub fn keys(&self) -> Option<Arc<Keys>> {
        self.kept().keys.clone()
    }

    /// The rulebook this connection read last, if it was of that version.
    #[must_use]
    pub(crate) fn known_rulebook(&self, version: RulebookVersion) -> Option<Arc<Rulebook>> {
        let known = self.kept().rulebook.as_ref().filter(|(known, _)| *known == version);
        known.map(|(_, book)| Arc::clone(book))
    }

    /// Keeps a rulebook with the connection, so that the next decision need not read it again.
    pub(crate) fn keep_rulebook(&mut self, version: RulebookVersion, book: &Arc<Rulebook>) {
        self.kept_mut().rulebook = Some((version, Arc::clone(book)));
    }

    /// The rulebook the running transaction goes by, where it has read it.
    #[must_use]
    pub(crate) fn settled_rulebook(&self) -> Option<Arc<Rulebook>> {
        let Kept { rulebook, settled, .. } = self.kept();
        rulebook.as_ref().filter(|_| *settled == Settled::Yes).map(|(_, book)| Arc::clone(book))
    }

    /// The running transaction goes by the rulebook read last, to its end.
    pub(crate) const fn settle_rulebook(&mut self) {
        let kept = self.kept_mut();
        if matches!(kept.settled, Settled::NotYet) {
            kept.settled = Settled::Yes;
        }
    }

    /// The running transaction changes the settings.
    pub(crate) const fn unsettle_rulebook(&mut self) {
        let kept = self.kept_mut();
        if matches!(kept.settled, Settled::Yes) {
            kept.settled = Settled::NotYet;
        }
    }

    /// Begins a transaction, or one within it.
    pub(super) fn begin(&mut self, sql: &str) -> QueryResult<()> {
        self.kept_mut().settled = Settled::NotYet;
        self.batch(sql)
    }

    /// Ends it.
    pub(super) fn end(&mut self, sql: &str) -> QueryResult<()> {
        self.kept_mut().settled = Settled::Never;
        self.batch(sql)
    }

    /// Runs statements that answer nothing.
    pub(crate) fn batch(&mut self, sql: &str) -> QueryResult<()> {
        each!(self, c => c.batch_execute(sql))
    }

    /// Tells the database that a table has grown much. PostgreSQL keeps the plan of a prepared statement until it counts the rows anew,
    /// which by itself it does once a minute; meanwhile a plan for an empty table reads all of a full one. SQLite's plans ask nothing
    /// about sizes.
    ///
    /// # Errors
    /// The driver's.
    pub fn note_growth(&mut self, table: &'static str) -> QueryResult<()> {
        if self.is_sqlite() { Ok(()) } else { self.batch(&format!("ANALYZE {table}")) }
    }

    /// Splits the transaction in two where that mistake is planted, on PostgreSQL.
    ///
    /// # Errors
    /// The driver's.
    pub fn split(&mut self, bug: Bug) -> QueryResult<()> {
        if planted::is(bug) && !self.is_sqlite() {
            self.batch("COMMIT")?;
            planted::dawdle(bug);
            self.batch("BEGIN")?;
        }
        Ok(())
    }

    /// Begins a transaction that sees the data as of one moment, however long it reads; it ends with the connection.
    ///
    /// # Errors
    /// The driver's.
    pub(crate) fn hold_still(&mut self) -> QueryResult<()> {
        self.batch(if self.is_sqlite() { "BEGIN" } else { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" })
    }

    /// Whether this is the embedded store.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// A trivial query: is the database there?
    ///
    /// # Errors
    /// The driver's.
    pub fn ping(&mut self) -> QueryResult<()> {
        each!(self, c => diesel::sql_query("SELECT 1").execute(c)).map(drop)
    }
}

fn open_sqlite(path: &std::path::Path, access: Access) -> ConnectionResult<Conn> {
    let text = path.to_str().ok_or_else(|| ConnectionError::BadConnection("the path is not UTF-8".into()))?;
    let mut conn = SqliteConnection::establish(text)?;
    // FULL: a commit is on disk before it is acknowledged (PROTOCOL, promise 1).
    // wal_autocheckpoint: the log is moved on a thread of its own; a commit helps only where that falls 64 MiB behind.
    // recursive_triggers: otherwise INSERT OR REPLACE would slip past the triggers of append-only tables.
    let pragmas = "PRAGMA recursive_triggers = ON; PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; \
                   PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; \
                   PRAGMA wal_autocheckpoint = 16384;";
    conn.batch_execute(pragmas).map_err(ConnectionError::CouldntSetupConfiguration)?;
    keep_log(&mut conn).map_err(ConnectionError::CouldntSetupConfiguration)?;
    if access == Access::Read {
        conn.batch_execute("PRAGMA query_only = ON;").map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(Conn::Sqlite(conn.into()))
}

/// Turns on the write-ahead log, once for each file. Of several processes that find a new file at once SQLite lets one do it and
/// refuses the others at once, whatever `busy_timeout` says, since two waiting for each other would wait for ever.
fn keep_log(conn: &mut SqliteConnection) -> QueryResult<()> {
    const PATIENCE: Duration = Duration::from_secs(10);
    let begun = Instant::now();
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(Error::DatabaseError(_, why))
                if why.message() == "database is locked" && begun.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}
