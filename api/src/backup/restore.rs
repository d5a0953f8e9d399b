//! Out of a backup into a new database: all of it in one transaction, or nothing.

use super::lines::{Entry, Header, LineReader};
use super::store::{self, Table};
use super::{BackupError, Draft, Lock, preamble};
use crate::accounts::store::{audit, renew_epoch};
use crate::config::Config;
use crate::db::{Access, Conn, DatabaseUrl, known_migrations, migrate, migrate_exactly};
use crate::http::from_ms;
use crate::keys::Keys;
use meterbook::calendar::Instant;
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// A statement is handed at most about this much at once.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_ROWS: usize = 500;

/// What a restore brought.
pub struct Restored {
    /// What the backup said of itself.
    pub header: Header,
    /// The epoch from now on.
    pub epoch: Uuid,
    /// Whether the key file came out of the backup too.
    pub keys_installed: bool,
}

/// Restores a backup into the configured database, which must not exist yet or hold nothing.
///
/// # Errors
/// Every reason for which the database is as empty then as before.
pub fn restore(config: &Config, lock: &Lock, path: &Path, now: Instant) -> Result<Restored, BackupError> {
    let mut lines = LineReader::open(path, lock)?;
    let known = known_migrations(&config.database)?;
    let newer: Vec<&str> =
        lines.header.migrations.iter().filter(|version| !known.contains(version)).map(String::as_str).collect();
    if !newer.is_empty() {
        return Err(BackupError::Newer(format!("{}; {}", lines.header.release, newer.join(", "))));
    }
    let (keys, keys_installed) = keys_of(config, lock, &lines)?;
    if preamble::hex(keys.fingerprint()) != lines.header.key_fingerprint {
        return Err(BackupError::OtherKeys(config.keys.clone()));
    }
    std::fs::create_dir_all(&config.data_dir)?;
    if let Some(text) = lines.key_file.as_deref().filter(|_| keys_installed) {
        // Before the data: a database without its keys would be of no use to anybody.
        Keys::install(&config.keys, text)?;
    }
    let filled = match &config.database {
        DatabaseUrl::Sqlite(database) => fill_file(database, &mut lines, &keys, now),
        DatabaseUrl::Postgres(_) => fill(&config.database, &mut lines, &keys, now),
    };
    if filled.is_err() && keys_installed {
        std::fs::remove_file(&config.keys)?;
    }
    Ok(Restored { epoch: filled?, header: lines.header, keys_installed })
}

/// The keys at hand, or those of the backup where there are none. Whether they must be laid down.
fn keys_of(config: &Config, lock: &Lock, lines: &LineReader) -> Result<(Arc<Keys>, bool), BackupError> {
    match (lock, &lines.key_file) {
        (Lock::Keys(keys), _) => Ok((Arc::clone(keys), false)),
        (Lock::Passphrase(_), Some(text)) if !config.keys.exists() => {
            Ok((Arc::new(Keys::from_json(text).map_err(|_| BackupError::Damaged)?), true))
        }
        (Lock::Passphrase(_), _) => Ok((Arc::new(Keys::load(&config.keys)?), false)),
    }
}

/// A SQLite file takes its name only when it is whole.
fn fill_file(database: &Path, lines: &mut LineReader, keys: &Arc<Keys>, now: Instant) -> Result<Uuid, BackupError> {
    let with_end = |end: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        std::path::PathBuf::from(name)
    };
    // A write-ahead log that lies about would be played into the new file.
    if ["", "-wal", "-journal"].iter().any(|end| with_end(end).exists()) {
        return Err(BackupError::NotEmpty);
    }
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = Draft::new(database)?;
    let url = DatabaseUrl::Sqlite(draft.0.clone());
    let filled = fill(&url, lines, keys, now);
    if filled.is_err() {
        for end in ["-wal", "-shm", "-journal"] {
            let mut name = draft.0.as_os_str().to_owned();
            name.push(end);
            drop(std::fs::remove_file(name));
        }
    }
    let epoch = filled?;
    std::fs::File::open(&draft.0)?.sync_all()?;
    draft.publish(database)?;
    Ok(epoch)
}

fn fill(url: &DatabaseUrl, lines: &mut LineReader, keys: &Arc<Keys>, now: Instant) -> Result<Uuid, BackupError> {
    if !migrate_exactly(url, &lines.header.migrations)? {
        return Err(BackupError::NotEmpty);
    }
    let mut conn = Conn::open(url, Access::Write)?.with_keys(Arc::clone(keys));
    if conn.is_sqlite() {
        store::fold(&mut conn)?;
    }
    let loaded = load_all(&mut conn, lines, now);
    if loaded.is_err() {
        // The transaction may have ended with the fault already.
        drop(conn.batch("ROLLBACK"));
    }
    let epoch = loaded?;
    drop(conn);
    migrate(url)?;
    if matches!(url, DatabaseUrl::Sqlite(_)) {
        store::fold(&mut Conn::open(url, Access::Write)?)?;
    }
    Ok(epoch)
}

fn load_all(conn: &mut Conn, lines: &mut LineReader, now: Instant) -> Result<Uuid, BackupError> {
    let tables = store::catalogue(conn)?;
    let references = store::begin_load(conn, &tables)?;
    let mut missing: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let mut batch = Batch { table: None, rows: String::new(), count: 0 };
    loop {
        match lines.next()? {
            Entry::Table(header) => {
                batch.flush(conn)?;
                let at = missing.iter().position(|name| *name == header.table);
                missing.remove(at.ok_or_else(|| BackupError::OtherTables(header.table.clone()))?);
                let table = tables
                    .iter()
                    .find_map(|table| (table.name == header.table).then(|| table.in_order_of(&header)).flatten());
                batch.table = Some(table.ok_or(BackupError::OtherTables(header.table))?);
            }
            Entry::Row(row) => batch.push(conn, &row)?,
            Entry::End => {
                batch.flush(conn)?;
                break;
            }
        }
    }
    if let Some(name) = missing.first() {
        return Err(BackupError::OtherTables((*name).to_owned()));
    }
    store::leap(conn)?;
    let (epoch, header) = (Uuid::now_v7(), &lines.header);
    renew_epoch(conn, epoch)?;
    store::note_restore(conn, epoch, header.epoch, header.created_at, now)?;
    let made = from_ms(header.created_at).to_rfc3339();
    audit(conn, now, None, "restore", &format!("epoch/{epoch}"), &format!("backup of {made}, epoch {}", header.epoch))?;
    store::end_load(conn, &references)?;
    Ok(epoch)
}

/// Rows on their way into one table.
struct Batch {
    table: Option<Table>,
    rows: String,
    count: usize,
}

impl Batch {
    fn push(&mut self, conn: &mut Conn, row: &str) -> Result<(), BackupError> {
        self.rows.push(if self.count == 0 { '[' } else { ',' });
        self.rows.push_str(row);
        self.count += 1;
        if self.count == BATCH_ROWS || self.rows.len() >= BATCH_BYTES { self.flush(conn) } else { Ok(()) }
    }

    fn flush(&mut self, conn: &mut Conn) -> Result<(), BackupError> {
        if self.count == 0 {
            return Ok(());
        }
        self.rows.push(']');
        let table = self.table.as_ref().ok_or(BackupError::Damaged)?;
        if store::load(conn, table, &self.rows)? != self.count {
            return Err(BackupError::Damaged);
        }
        self.rows.clear();
        self.count = 0;
        Ok(())
    }
}
