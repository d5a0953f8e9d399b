//! The folder and the database a demonstration may use: its own, and nobody else's at the same time.
//!
//! Why separate: a demonstration that was broken off is thrown away, so this is where care is taken of what is not one.

use super::store::{Owner, empty, owner};
use crate::config::Config;
use crate::db::{Access, Conn, DatabaseUrl};
use crate::keys::Keys;
use std::error::Error;
use std::fs::{File, TryLockError};
use std::path::Path;

/// Written when the month has been lived through; what a second start shows.
pub const FINISHED: &str = "demo.json";
/// There from the first step to the last.
const UNFINISHED: &str = "demo-unfinished";
/// Held by the process that uses the folder.
const HELD: &str = "demo.lock";

/// The folder, held until this value ends.
pub struct Held {
    _lock: File,
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    Ok(!folder.exists() || std::fs::read_dir(folder)?.next().is_none())
}

/// Takes a folder that is empty or a demonstration's.
///
/// # Errors
/// Where it is neither, or another process has it.
pub fn hold(folder: &Path) -> Result<Held, Box<dyn Error>> {
    let is_demo = [FINISHED, UNFINISHED, HELD].iter().any(|name| folder.join(name).exists());
    if !is_demo && !is_empty(folder)? {
        let text = format!(
            "{} holds something that is no demonstration: name another --data-dir 该目录已有其他数据，请另选目录",
            folder.display()
        );
        return Err(text.into());
    }
    std::fs::create_dir_all(folder)?;
    let lock = File::create(folder.join(HELD))?;
    match lock.try_lock() {
        Ok(()) => Ok(Held { _lock: lock }),
        Err(TryLockError::WouldBlock) => {
            let text = format!(
                "another demonstration is using {}: end it, or name another --data-dir 另一个演示正在使用该目录",
                folder.display()
            );
            Err(text.into())
        }
        Err(TryLockError::Error(fault)) => Err(fault.into()),
    }
}

/// Makes folder and database ready for a new city. A run that was broken off is thrown away; anything else is left alone.
///
/// # Errors
/// Where the folder or the database is somebody else's.
pub fn begin(config: &Config) -> Result<(), Box<dyn Error>> {
    let folder = &config.data_dir;
    let was_broken_off = folder.join(UNFINISHED).exists();
    let others: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    let others = others.iter().filter(|entry| entry.file_name() != HELD);
    if !was_broken_off && others.clone().next().is_some() {
        return Err(
            format!("{} holds something that is no demonstration: name another --data-dir", folder.display()).into()
        );
    }
    free_database(config, was_broken_off)?;
    if was_broken_off {
        println!("The last run did not end; beginning again. 上次演示未完成，重新开始。");
        for entry in others {
            if entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())?;
            } else {
                std::fs::remove_file(entry.path())?;
            }
        }
    }
    std::fs::write(folder.join(UNFINISHED), "")?;
    Ok(())
}

/// The month is over.
///
/// # Errors
/// The disk's.
pub fn finish(folder: &Path, shown: &[u8]) -> std::io::Result<()> {
    std::fs::write(folder.join(FINISHED), shown)?;
    std::fs::remove_file(folder.join(UNFINISHED))
}

/// A database outside the folder: what a broken run of this folder left in it goes, by the keys it was made with.
fn free_database(config: &Config, was_broken_off: bool) -> Result<(), Box<dyn Error>> {
    let is_outside = match &config.database {
        DatabaseUrl::Sqlite(path) => path.exists() && !path.starts_with(&config.data_dir),
        DatabaseUrl::Postgres(_) => true,
    };
    if !is_outside {
        return Ok(());
    }
    let keys = (was_broken_off && config.keys.exists()).then(|| Keys::load(&config.keys)).transpose()?;
    let mut conn = Conn::open(&config.database, Access::Write)?;
    match (owner(&mut conn, keys.as_ref())?, &config.database) {
        (Owner::Nobody, _) => Ok(()),
        (Owner::TheseKeys, DatabaseUrl::Postgres(_)) => Ok(empty(&mut conn)?),
        (Owner::TheseKeys, DatabaseUrl::Sqlite(path)) => {
            drop(conn);
            for suffix in ["-wal", "-shm", ""] {
                let mut file = path.clone().into_os_string();
                file.push(suffix);
                if Path::new(&file).exists() {
                    std::fs::remove_file(file)?;
                }
            }
            Ok(())
        }
        (Owner::Another, _) => {
            Err("this database is already somebody's: name another --database 该数据库已有数据，请另选数据库".into())
        }
    }
}
