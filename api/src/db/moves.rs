//! Which feeds a transaction moved, told to whoever waits for them once it is committed (PROTOCOL, "Pull": long poll).
//!
//! A closure has only its connection, and a rolled back or repeated one must wake nobody. So a move is noted on the worker's
//! thread, where a transaction runs whole, and the worker tells of it after the commit. On PostgreSQL the other nodes hear of
//! it by NOTIFY, which the server too delivers only at the commit.

use super::{Conn, PgConnection};
use diesel::sql_types::Text;
use diesel::{QueryResult, RunQueryDsl};
use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt;
use std::cell::RefCell;
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;

const CHANNEL: &str = "meterbook_feeds";
const DESKS_CHANNEL: &str = "meterbook_desks";
/// A listener that has heard nothing for this long asks whether its server is still there.
const SILENCE: Duration = Duration::from_secs(10);

/// A feed and its head after a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedMove {
    /// Whose feed.
    pub reader: i64,
    /// Its last version.
    pub head: i64,
}

impl FeedMove {
    fn payload(self) -> String {
        format!("{}:{}", self.reader, self.head)
    }

    fn parse(payload: &str) -> Option<Self> {
        let (reader, head) = payload.split_once(':')?;
        Some(Self { reader: reader.parse().ok()?, head: head.parse().ok()? })
    }
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A feed has moved.
    Feed(FeedMove),
    /// A node said what changed for desks.
    Desks(String),
}

/// Whom to tell of a commit by the name of its transaction; set once by the service.
pub(super) type CommitListener = OnceLock<Box<dyn Fn(&'static str) + Send + Sync>>;

/// Whom to tell; set once by the service.
pub(super) type MoveListener = OnceLock<Box<dyn Fn(FeedMove) + Send + Sync>>;

thread_local! {
    static MOVES: RefCell<Vec<FeedMove>> = const { RefCell::new(Vec::new()) };
}

/// What was noted on this thread since the last call.
pub(super) fn take_moves() -> Vec<FeedMove> {
    MOVES.with(|moves| moves.take())
}

impl Conn {
    /// Notes that this transaction moves a feed. `everywhere`: other nodes are told at once, not at their next look around.
    ///
    /// # Errors
    /// The driver's.
    pub fn note_feed_move(&mut self, moved: FeedMove, everywhere: bool) -> QueryResult<()> {
        MOVES.with(|moves| moves.borrow_mut().push(moved));
        let Self::Postgres(conn) = self else { return Ok(()) };
        if !everywhere {
            return Ok(());
        }
        notify(conn, CHANNEL, &moved.payload())
    }

    /// Tells the other nodes, at the commit, what changed for desks. On SQLite there are none.
    ///
    /// # Errors
    /// The driver's.
    pub fn announce_changes(&mut self, said: &str) -> QueryResult<()> {
        let Self::Postgres(conn) = self else { return Ok(()) };
        notify(conn, DESKS_CHANNEL, said)
    }
}

fn notify(conn: &mut PgConnection, channel: &str, payload: &str) -> QueryResult<()> {
    let notify = diesel::sql_query("SELECT pg_notify($1, $2)");
    notify.bind::<Text, _>(channel).bind::<Text, _>(payload).execute(conn).map(drop)
}

/// Listens to the feeds and the other nodes of a PostgreSQL database until the connection fails. `opened` is called once it
/// listens: what moved before that was not heard.
///
/// # Errors
/// Why it ended.
pub async fn listen(url: &str, opened: impl AsyncFn(), heard: impl Fn(Heard)) -> Result<(), String> {
    let mut conn = super::tls::connect(url).await.map_err(|fault| fault.to_string())?;
    conn.batch_execute(&format!("LISTEN {CHANNEL}; LISTEN {DESKS_CHANNEL}"))
        .await
        .map_err(|fault| fault.to_string())?;
    opened().await;
    loop {
        {
            let mut notices = pin!(conn.notifications_stream());
            while let Ok(next) = tokio::time::timeout(SILENCE, notices.next()).await {
                let notice = next.ok_or("the connection ended")?.map_err(|fault| fault.to_string())?;
                if notice.channel == DESKS_CHANNEL {
                    heard(Heard::Desks(notice.payload));
                } else if let Some(moved) = FeedMove::parse(&notice.payload) {
                    heard(Heard::Feed(moved));
                }
            }
        }
        let alive = tokio::time::timeout(SILENCE, conn.batch_execute("SELECT 1")).await;
        alive.map_err(|_| "the server does not answer")?.map_err(|fault| fault.to_string())?;
    }
}
