//! `meterbook backup` and `meterbook restore`.

use crate::backup::{Header, Lock, Restored, Sources, back_up, restore, verify};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::from_ms;
use crate::keys::{Keys, read_secret};
use clap::Args;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Which backup, and what seals it.
#[derive(Args)]
pub struct BackupArgs {
    /// The backup; made new, never overwritten.
    file: PathBuf,
    /// Read a backup to its end and say what it holds, instead of making one 校验已有备份.
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    key: KeyArgs,
}

/// Which backup, and what opens it.
#[derive(Args)]
pub struct RestoreArgs {
    /// The backup.
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Args)]
struct KeyArgs {
    /// A file (mode 600) with a passphrase of at least 12 characters, instead of the service's key file 口令文件.
    ///
    /// Without it, the backup is sealed with the service's key file (`--keys`), which is NOT in the backup: keep a copy of
    /// that file elsewhere, or a lost machine can't be rebuilt. With it, the key file is inside the backup: file and
    /// passphrase together rebuild a lost machine, so keep the two apart.
    #[arg(long)]
    passphrase_file: Option<PathBuf>,
}

impl KeyArgs {
    fn lock(&self, keys: &Path) -> Result<Lock, Box<dyn Error>> {
        Ok(match &self.passphrase_file {
            Some(file) => Lock::passphrase(&read_secret(file)?)?,
            None => Lock::Keys(Arc::new(Keys::load(keys)?)),
        })
    }
}

/// Makes or verifies a backup.
pub fn run_backup(config: &Config, args: &BackupArgs) -> Result<ExitCode, Box<dyn Error>> {
    let lock = args.key.lock(&config.keys)?;
    let (en, zh, header) = if args.verify {
        ("The backup is whole.", "备份完好。", verify(&args.file, &lock)?)
    } else {
        let sources = Sources { database: &config.database, key_file: &config.keys, lock: &lock };
        ("The backup is made.", "备份已完成。", back_up(&sources, &args.file, Clock::wall().now())?)
    };
    println!("{en} {zh}");
    print(&header);
    Ok(ExitCode::SUCCESS)
}

/// Restores a backup.
pub fn run_restore(config: &Config, args: &RestoreArgs) -> Result<ExitCode, Box<dyn Error>> {
    let lock = args.key.lock(&config.keys)?;
    let Restored { header, epoch, keys_installed } = restore(config, &lock, &args.file, Clock::wall().now())?;
    println!("Restored. 已恢复。");
    print(&header);
    println!("New epoch 新纪元: {epoch}. Phones will offer their records again 手机将重新提供记录。");
    if keys_installed {
        println!("The key file is at 密钥文件已恢复到 {}", config.keys.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn print(header: &Header) {
    println!("Made 制作时间: {}", from_ms(header.created_at).to_rfc3339());
    println!(
        "Release 版本: {}; epoch 纪元: {}; migrations 迁移: {}",
        header.release,
        header.epoch,
        header.migrations.len()
    );
    for (table, rows) in &header.tables {
        println!("  {table:<20} {rows:>12}");
    }
}
