//! What a phone owes the server, on disk before anything is sent.
//!
//! Rules (PROTOCOL "Ids", DOMAIN 7): a record gets its id and its number in the transaction that stores it; it is settled only
//! by its receipt; a dead session does not touch it; its body never changes. Settled records stay until they are forgotten, so
//! that a server restored from a backup can ask for them again.
//!
//! Several phones may share a file, each by its name: a simulation of ten thousand can afford them.

use crate::canonical::canonical;
use crate::chance::Chance;
use crate::draft::Draft;
use crate::receipt::{Outcome, Receipt};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use meterbook::calendar::Instant;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

diesel::table! {
    phones (name) {
        name -> Text,
        next_seq -> BigInt,
        device_id -> Nullable<BigInt>,
        refresh_token -> Nullable<Text>,
    }
}

diesel::table! {
    items (phone, id) {
        phone -> Text,
        id -> Text,
        device_seq -> BigInt,
        body -> Text,
        outcome -> Nullable<Text>,
        settled_at -> Nullable<BigInt>,
    }
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS phones (
        name TEXT NOT NULL PRIMARY KEY,
        next_seq BIGINT NOT NULL,
        device_id BIGINT,
        refresh_token TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS items (
        phone TEXT NOT NULL,
        id TEXT NOT NULL,
        device_seq BIGINT NOT NULL,
        body TEXT NOT NULL,
        outcome TEXT,
        settled_at BIGINT,
        PRIMARY KEY (phone, id),
        UNIQUE (phone, device_seq)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS items_owed ON items (phone, device_seq) WHERE outcome IS NULL;";

/// Why the outbox could not be read or written. A phone that meets this must say so: it can't promise anything.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// It can't be opened.
    #[error("the outbox can't be opened: {0}")]
    Open(#[from] ConnectionError),
    /// A statement failed.
    #[error("the outbox: {0}")]
    Database(#[from] diesel::result::Error),
    /// The path is not UTF-8.
    #[error("the outbox's path is not UTF-8")]
    Path,
}

/// A record the server has not yet given a receipt for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Its id.
    pub id: Uuid,
    /// Its number on the phone.
    pub device_seq: i64,
    /// The item as it is sent, canonical.
    pub body: String,
}

/// What a phone needs to go on after it was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its device id.
    pub device: i64,
    /// The refresh token last received.
    pub refresh: String,
}

/// The outbox of one phone or of several.
pub struct Outbox {
    conn: Mutex<SqliteConnection>,
}

impl Outbox {
    /// Opens or makes the file. Every commit is on disk before it is acknowledged.
    ///
    /// # Errors
    /// Where it can't be.
    pub fn open(path: &Path) -> Result<Self, OutboxError> {
        let path = path.to_str().ok_or(OutboxError::Path)?;
        Self::connect(path, "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    }

    /// An outbox that ends with the process: for simulations that never kill a phone.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn in_memory() -> Result<Self, OutboxError> {
        Self::connect(":memory:", "")
    }

    fn connect(path: &str, pragmas: &str) -> Result<Self, OutboxError> {
        let mut conn = SqliteConnection::establish(path)?;
        conn.batch_execute(pragmas)?;
        conn.batch_execute(SCHEMA)?;
        Ok(Self { conn: Mutex::new(conn) })
    }

    fn conn(&self) -> MutexGuard<'_, SqliteConnection> {
        self.conn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores observations with their ids and numbers, all or none. They are safe when this returns.
    ///
    /// # Errors
    /// The database's; nothing is stored then, and no number is used up.
    pub fn store(
        &self,
        phone: &str,
        boot: &str,
        drafts: Vec<Draft>,
        chance: &mut Chance,
    ) -> Result<Vec<Owed>, OutboxError> {
        let mut conn = self.conn();
        Ok(conn.immediate_transaction(|c| {
            let next: Option<i64> = phones::table.find(phone).select(phones::next_seq).first(c).optional()?;
            let mut seq = next.unwrap_or(1);
            let mut stored = Vec::with_capacity(drafts.len());
            for draft in drafts {
                let millis = u64::try_from(draft.made.at.timestamp_millis()).unwrap_or(0);
                let id = uuid::Builder::from_unix_timestamp_millis(millis, &chance.ten_bytes()).into_uuid();
                let body = canonical(&draft.numbered(id, seq, boot));
                let row = (
                    items::phone.eq(phone),
                    items::id.eq(id.to_string()),
                    items::device_seq.eq(seq),
                    items::body.eq(&body),
                );
                diesel::insert_into(items::table).values(row).execute(c)?;
                stored.push(Owed { id, device_seq: seq, body });
                seq += 1;
            }
            let row = (phones::name.eq(phone), phones::next_seq.eq(seq));
            diesel::insert_into(phones::table)
                .values(row)
                .on_conflict(phones::name)
                .do_update()
                .set(phones::next_seq.eq(seq))
                .execute(c)?;
            Ok::<_, diesel::result::Error>(stored)
        })?)
    }

    /// What is owed, oldest first.
    ///
    /// # Errors
    /// The database's.
    pub fn owed(&self, phone: &str, limit: usize) -> Result<Vec<Owed>, OutboxError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows: Vec<(String, i64, String)> = items::table
            .filter(items::phone.eq(phone))
            .filter(items::outcome.is_null())
            .order(items::device_seq)
            .limit(limit)
            .select((items::id, items::device_seq, items::body))
            .load(&mut *self.conn())?;
        Ok(rows.into_iter().filter_map(owed).collect())
    }

    /// How much is owed.
    ///
    /// # Errors
    /// The database's.
    pub fn count_owed(&self, phone: &str) -> Result<i64, OutboxError> {
        let of_phone = items::table.filter(items::phone.eq(phone)).filter(items::outcome.is_null());
        Ok(of_phone.count().get_result(&mut *self.conn())?)
    }

    /// Settles records by their receipts. `retry` settles nothing, and neither does a receipt for something else.
    ///
    /// # Errors
    /// The database's; all stay owed then, and are sent again.
    pub fn settle(&self, phone: &str, receipts: &[Receipt], now: Instant) -> Result<usize, OutboxError> {
        let mut conn = self.conn();
        Ok(conn.immediate_transaction(|c| {
            let mut settled = 0;
            for receipt in receipts.iter().filter(|receipt| receipt.outcome.settles()) {
                let item = items::table.find((phone, receipt.id.to_string())).filter(items::outcome.is_null());
                let change = (items::outcome.eq(receipt.outcome.code()), items::settled_at.eq(now.timestamp_millis()));
                settled += diesel::update(item).set(change).execute(c)?;
            }
            Ok::<_, diesel::result::Error>(settled)
        })?)
    }

    /// Everything kept of a phone, with its outcome where it has one.
    ///
    /// # Errors
    /// The database's.
    pub fn kept(&self, phone: &str) -> Result<Vec<(Owed, Option<Outcome>)>, OutboxError> {
        type Row = (String, i64, String, Option<String>);
        let rows: Vec<Row> = items::table
            .filter(items::phone.eq(phone))
            .order(items::device_seq)
            .select((items::id, items::device_seq, items::body, items::outcome))
            .load(&mut *self.conn())?;
        let kept = rows.into_iter().filter_map(|(id, seq, body, outcome)| {
            Some((owed((id, seq, body))?, outcome.as_deref().and_then(Outcome::from_code)))
        });
        Ok(kept.collect())
    }

    /// Owes records again that a restored server has lost.
    ///
    /// # Errors
    /// The database's.
    pub fn owe_again(&self, phone: &str, ids: &[Uuid]) -> Result<usize, OutboxError> {
        let mut conn = self.conn();
        Ok(conn.immediate_transaction(|c| {
            let mut again = 0;
            for id in ids {
                let change = (items::outcome.eq(None::<String>), items::settled_at.eq(None::<i64>));
                again += diesel::update(items::table.find((phone, id.to_string()))).set(change).execute(c)?;
            }
            Ok::<_, diesel::result::Error>(again)
        })?)
    }

    /// Forgets what was settled before a time. What is owed is never forgotten.
    ///
    /// # Errors
    /// The database's.
    pub fn forget_settled_before(&self, phone: &str, time: Instant) -> Result<usize, OutboxError> {
        let settled = items::table
            .filter(items::phone.eq(phone))
            .filter(items::outcome.is_not_null())
            .filter(items::settled_at.lt(time.timestamp_millis()));
        Ok(diesel::delete(settled).execute(&mut *self.conn())?)
    }

    /// Keeps a session: before the new refresh token is used.
    ///
    /// # Errors
    /// The database's.
    pub fn keep_session(&self, phone: &str, session: &StoredSession) -> Result<(), OutboxError> {
        let held = (phones::device_id.eq(session.device), phones::refresh_token.eq(&session.refresh));
        diesel::insert_into(phones::table)
            .values((phones::name.eq(phone), phones::next_seq.eq(1), held))
            .on_conflict(phones::name)
            .do_update()
            .set(held)
            .execute(&mut *self.conn())?;
        Ok(())
    }

    /// The session kept.
    ///
    /// # Errors
    /// The database's.
    pub fn session(&self, phone: &str) -> Result<Option<StoredSession>, OutboxError> {
        let found: Option<(Option<i64>, Option<String>)> = phones::table
            .find(phone)
            .select((phones::device_id, phones::refresh_token))
            .first(&mut *self.conn())
            .optional()?;
        Ok(found.and_then(|(device, refresh)| Some(StoredSession { device: device?, refresh: refresh? })))
    }
}

fn owed((id, device_seq, body): (String, i64, String)) -> Option<Owed> {
    Some(Owed { id: Uuid::parse_str(&id).ok()?, device_seq, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Moment;
    use std::collections::BTreeSet;

    fn chance() -> Chance {
        let mut n = 0_u64;
        Chance::new(move || {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            n
        })
    }

    fn moment() -> Moment {
        Moment::right("2026-03-02T01:00:00Z".parse().unwrap())
    }

    fn drafts(count: i64) -> Vec<Draft> {
        (1..=count).map(|point| Draft::reading(point, 1_000 * point, moment())).collect()
    }

    fn receipt(id: Uuid, outcome: Outcome) -> Receipt {
        Receipt { id, outcome, code: String::new(), flags: Vec::new() }
    }

    fn seqs(outbox: &Outbox, phone: &str) -> Vec<i64> {
        outbox.owed(phone, 100).unwrap().iter().map(|owed| owed.device_seq).collect()
    }

    #[test]
    fn numbers_follow_each_other_on_each_phone_and_ids_are_of_version_7() {
        let (outbox, mut chance) = (Outbox::in_memory().unwrap(), chance());
        let mut all = outbox.store("a", "boot", drafts(3), &mut chance).unwrap();
        all.extend(outbox.store("b", "boot", drafts(2), &mut chance).unwrap());
        all.extend(outbox.store("a", "boot", drafts(1), &mut chance).unwrap());
        assert_eq!((seqs(&outbox, "a"), seqs(&outbox, "b")), (vec![1, 2, 3, 4], vec![1, 2]));
        assert!(all.iter().all(|owed| owed.id.get_version() == Some(uuid::Version::SortRand)));
        assert_eq!(all.iter().map(|owed| owed.id).collect::<BTreeSet<_>>().len(), 6);
        let body: serde_json::Value = serde_json::from_str(&all[0].body).unwrap();
        assert_eq!((&body["id"], &body["device_seq"]), (&all[0].id.to_string().into(), &1.into()));
        assert_eq!(canonical(&body), all[0].body);
    }

    #[test]
    fn only_a_receipt_settles_and_retry_is_none() {
        let (outbox, mut chance) = (Outbox::in_memory().unwrap(), chance());
        let stored = outbox.store("a", "boot", drafts(5), &mut chance).unwrap();
        let outcomes = [Outcome::Accepted, Outcome::Duplicate, Outcome::Conflict, Outcome::Rejected, Outcome::Retry];
        let receipts: Vec<Receipt> = stored.iter().zip(outcomes).map(|(o, outcome)| receipt(o.id, outcome)).collect();
        // Another phone's receipts settle nothing here.
        assert_eq!(outbox.settle("b", &receipts, moment().at).unwrap(), 0);
        assert_eq!(outbox.settle("a", &receipts, moment().at).unwrap(), 4);
        assert_eq!(seqs(&outbox, "a"), [5]);
        assert_eq!(outbox.settle("a", &receipts, moment().at).unwrap(), 0);
        let later = moment().after(std::time::Duration::from_secs(1)).at;
        assert_eq!(outbox.owe_again("a", &[stored[1].id]).unwrap(), 1);
        assert_eq!(outbox.forget_settled_before("a", later).unwrap(), 3);
        assert_eq!(seqs(&outbox, "a"), [2, 5]);
    }

    #[test]
    fn what_was_stored_is_there_after_the_process_and_so_are_its_numbers() {
        let folder = std::env::temp_dir().join(format!("meterbook-outbox-{}", Uuid::now_v7().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let (path, mut chance) = (folder.join("outbox.sqlite"), chance());
        let session = StoredSession { device: 7, refresh: "r".into() };
        let first = {
            let outbox = Outbox::open(&path).unwrap();
            outbox.keep_session("a", &session).unwrap();
            let stored = outbox.store("a", "boot", drafts(2), &mut chance).unwrap();
            // Not closed: as after a kill, what is on disk is the file and its log.
            std::mem::forget(outbox);
            stored
        };
        let outbox = Outbox::open(&path).unwrap();
        assert_eq!(outbox.owed("a", 100).unwrap(), first);
        assert_eq!(outbox.session("a").unwrap(), Some(session));
        outbox
            .settle(
                "a",
                &[receipt(first[0].id, Outcome::Accepted), receipt(first[1].id, Outcome::Accepted)],
                moment().at,
            )
            .unwrap();
        assert_eq!(outbox.forget_settled_before("a", moment().after(std::time::Duration::from_secs(9)).at).unwrap(), 2);
        // A number is never given twice, even when nothing is left that bears it.
        assert_eq!(outbox.store("a", "boot", drafts(1), &mut chance).unwrap()[0].device_seq, 3);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
