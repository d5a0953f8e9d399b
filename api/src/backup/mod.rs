//! Backup and restore: every table of one snapshot in a sealed file that either store can take in (SECURITY 11, 21).
//!
//! The rows are read and written by the database's own catalogue, not by types: a table that a later migration adds is in
//! the next backup without a line here. A restore mints a new epoch, by which phones learn to offer their records again.

mod lines;
mod preamble;
mod restore;
mod seal;
pub mod store;

pub use lines::Header;
pub use preamble::Lock;
pub use restore::{Restored, restore};

use crate::db::{Conn, DatabaseUrl, MigrationError};
use crate::keys::{KeyError, Keys};
use chrono::TimeDelta;
use lines::{Entry, LineReader, LineWriter};
use meterbook::calendar::Instant;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How far before a backup phones are asked to look for what the data may lack: clocks differ.
pub const REOFFER_MARGIN: TimeDelta = TimeDelta::hours(1);

/// Why a backup could not be made, read or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file can't be read or written.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// There is one already.
    #[error("{0} is there already; nothing is overwritten 文件已存在，不会覆盖")]
    Exists(PathBuf),
    /// The database the backup would be made of.
    #[error("{0} does not exist 数据库不存在")]
    NoDatabase(PathBuf),
    /// Not the file it should be.
    #[error("this is not a Meterbook backup 不是抄表册备份文件")]
    NotABackup,
    /// Something in it is not as it was written.
    #[error("the backup is damaged or cut short 备份已损坏或不完整")]
    Damaged,
    /// Sealed with another key file or passphrase.
    #[error("the key is not the one this backup was made with 密钥或口令与此备份不符")]
    WrongKey,
    /// Sealed with a passphrase.
    #[error("this backup was made with a passphrase: give --passphrase-file 此备份用口令加密，请用 --passphrase-file")]
    NeedsPassphrase,
    /// Sealed with the key file.
    #[error(
        "this backup was made with the service's key file: leave --passphrase-file out 此备份用密钥文件加密，请勿使用 --passphrase-file"
    )]
    NeedsKeys,
    /// Too easy to guess.
    #[error("the passphrase is shorter than {0} characters 口令少于 {0} 个字符")]
    ShortPassphrase(usize),
    /// Made by a newer release.
    #[error("a newer release made this backup ({0}): install that release 备份来自更新的版本，请先升级程序")]
    Newer(String),
    /// The data came with other keys than those at hand.
    #[error("the data of this backup need another key file than {0} 此备份的数据需要另一个密钥文件")]
    OtherKeys(PathBuf),
    /// Where the data should go is something already.
    #[error("the database is not empty: restore into a new one 数据库非空，请恢复到新的数据库")]
    NotEmpty,
    /// The tables of backup and database differ.
    #[error("table {0} of the backup and of the database differ: restore into a new database 表结构不一致：{0}")]
    OtherTables(String),
    /// A row refers to one that is not there.
    #[error("the data contradict themselves: {0} 数据引用不一致")]
    Reference(String),
    /// The machine's cryptography.
    #[error("this machine's cryptography does not work 加密功能不可用")]
    Crypto,
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The schema.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// No connection.
    #[error("the database can't be opened: {0}")]
    Open(#[from] diesel::ConnectionError),
    /// A statement failed.
    #[error("the database refused: {0}")]
    Database(#[from] diesel::result::Error),
}

/// What to make a backup with.
pub struct Sources<'a> {
    /// The database.
    pub database: &'a DatabaseUrl,
    /// The key file; it goes into the backup where a passphrase seals it.
    pub key_file: &'a Path,
    /// What seals it.
    pub lock: &'a Lock,
}

/// Writes a backup to a new file and says what it holds. The service may go on serving.
///
/// # Errors
/// Every reason for which there is no backup then; nothing is left behind.
pub fn back_up(sources: &Sources<'_>, path: &Path, now: Instant) -> Result<Header, BackupError> {
    if let DatabaseUrl::Sqlite(database) = sources.database
        && !database.exists()
    {
        return Err(BackupError::NoDatabase(database.clone()));
    }
    if path.exists() {
        return Err(BackupError::Exists(path.into()));
    }
    let key_text = crate::keys::read_secret(sources.key_file)?;
    let keys = Keys::from_json(&key_text).map_err(|why| KeyError::Content(sources.key_file.into(), why))?;
    let mut conn = store::open_snapshot(sources.database)?;
    let (migrations, tables) = (store::migrations(&mut conn)?, store::catalogue(&mut conn)?);
    let (epoch, fingerprint) = store::instance(&mut conn)?.ok_or(BackupError::Damaged)?;
    if fingerprint != keys.fingerprint() {
        return Err(BackupError::OtherKeys(sources.key_file.into()));
    }
    let header = Header {
        release: env!("CARGO_PKG_VERSION").into(),
        created_at: crate::http::to_ms(now),
        epoch,
        key_fingerprint: preamble::hex(&fingerprint),
        migrations,
        tables: store::count(&mut conn, &tables)?,
    };
    let draft = Draft::new(path)?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft.0)?;
    let inside = matches!(sources.lock, Lock::Passphrase(_)).then_some(key_text.as_slice());
    let mut lines = LineWriter::begin(file, sources.lock, &header, inside)?;
    write_tables(&mut conn, &tables, &mut lines)?;
    lines.finish()?;
    draft.publish(path)?;
    Ok(header)
}

fn write_tables(conn: &mut Conn, tables: &[store::Table], lines: &mut LineWriter) -> Result<(), BackupError> {
    for table in tables {
        lines.table(&table.header())?;
        store::dump(conn, table, &mut |row| lines.row(row))?;
    }
    Ok(())
}

/// Reads a backup to its end and says what it holds.
///
/// # Errors
/// Every reason not to trust it.
pub fn verify(path: &Path, lock: &Lock) -> Result<Header, BackupError> {
    let mut lines = LineReader::open(path, lock)?;
    while !matches!(lines.next()?, Entry::End) {}
    Ok(lines.header)
}

/// A file on its way; it goes when it does not arrive.
struct Draft(PathBuf);

impl Draft {
    fn new(path: &Path) -> Result<Self, BackupError> {
        let mut name = path.file_name().ok_or(BackupError::NotABackup)?.to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        Ok(Self(path.with_file_name(name)))
    }

    /// Gives the file its name; refuses where the name is taken.
    fn publish(self, path: &Path) -> Result<(), BackupError> {
        match std::fs::hard_link(&self.0, path) {
            Ok(()) => std::fs::remove_file(&self.0)?,
            Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(BackupError::Exists(path.into()));
            }
            // A file system without links.
            Err(_) if !path.exists() => std::fs::rename(&self.0, path)?,
            Err(fault) => return Err(fault.into()),
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Published, it is gone already.
        drop(std::fs::remove_file(&self.0));
    }
}
