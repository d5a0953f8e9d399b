//! The line in clear at the head of a backup: which format, which kind of key, and what the key is made with.

use super::BackupError;
use crate::config::HashCost;
use crate::keys::{Keys, random};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use serde::{Deserialize, Serialize};
use std::io::BufRead;
use std::sync::Arc;

/// The format this release writes, and the newest it reads.
const FORMAT: u32 = 1;
/// Longest line that is still read as a preamble.
const LONGEST: u64 = 1_024;
/// The least a passphrase must be.
const SHORTEST_PASSPHRASE: usize = 12;
/// What opening a backup may cost at most: its preamble is not to be trusted yet.
const MOST_MEMORY_KIB: u32 = 1 << 20;
const MOST_PASSES: u32 = 16;

/// What seals a backup.
pub enum Lock {
    /// A key made from the service's key file: whoever restores needs that file.
    Keys(Arc<Keys>),
    /// A passphrase: the key file is inside the backup.
    Passphrase(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct FormatOnly {
    meterbook_backup: u32,
}

/// The line itself.
#[derive(Serialize, Deserialize)]
struct Preamble {
    meterbook_backup: u32,
    /// `keys` or `passphrase`.
    key: String,
    salt: String,
    /// Tells a wrong key from a damaged file.
    check: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_kib: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passes: Option<u32>,
}

impl Lock {
    /// A passphrase, if it is long enough.
    ///
    /// # Errors
    /// Where it is not.
    pub fn passphrase(file: &[u8]) -> Result<Self, BackupError> {
        let text = file.trim_ascii();
        if String::from_utf8_lossy(text).chars().count() < SHORTEST_PASSPHRASE {
            return Err(BackupError::ShortPassphrase(SHORTEST_PASSPHRASE));
        }
        Ok(Self::Passphrase(text.to_vec()))
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Keys(_) => "keys",
            Self::Passphrase(_) => "passphrase",
        }
    }

    fn key(&self, salt: &[u8], cost: HashCost) -> Result<[u8; 32], BackupError> {
        match self {
            Self::Keys(keys) => Ok(keys.tag(&[b"backup", salt])),
            Self::Passphrase(passphrase) => {
                let mut key = [0; 32];
                Params::new(cost.memory_kib, cost.passes, 1, Some(32))
                    .and_then(|params| {
                        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                            .hash_password_into(passphrase, salt, &mut key)
                    })
                    .map_err(|_| BackupError::Crypto)?;
                Ok(key)
            }
        }
    }

    /// A new line with the key that goes with it.
    pub(super) fn seal(&self) -> Result<(Vec<u8>, [u8; 32]), BackupError> {
        let salt: [u8; 32] = random().map_err(|_| BackupError::Crypto)?;
        let cost = HashCost::default();
        let key = self.key(&salt, cost)?;
        let with_passphrase = matches!(self, Self::Passphrase(_));
        let preamble = Preamble {
            meterbook_backup: FORMAT,
            key: self.kind().into(),
            salt: hex(&salt),
            check: hex(&check(&key)),
            memory_kib: with_passphrase.then_some(cost.memory_kib),
            passes: with_passphrase.then_some(cost.passes),
        };
        let mut line = serde_json::to_vec(&preamble).map_err(|fault| BackupError::File(fault.into()))?;
        line.push(b'\n');
        Ok((line, key))
    }

    /// Reads the line and makes the key that opens the rest.
    pub(super) fn open(&self, file: &mut impl BufRead) -> Result<(Vec<u8>, [u8; 32]), BackupError> {
        let mut line = Vec::new();
        std::io::Read::take(&mut *file, LONGEST).read_until(b'\n', &mut line)?;
        let format: FormatOnly = serde_json::from_slice(&line).map_err(|_| BackupError::NotABackup)?;
        if format.meterbook_backup > FORMAT {
            return Err(BackupError::Newer(format!("format {}", format.meterbook_backup)));
        }
        let preamble: Preamble = serde_json::from_slice(&line).map_err(|_| BackupError::NotABackup)?;
        if preamble.key != self.kind() {
            return Err(match self {
                Self::Keys(_) => BackupError::NeedsPassphrase,
                Self::Passphrase(_) => BackupError::NeedsKeys,
            });
        }
        let (salt, expected) = unhex(&preamble.salt).zip(unhex(&preamble.check)).ok_or(BackupError::NotABackup)?;
        let cost = HashCost {
            memory_kib: preamble.memory_kib.unwrap_or_default(),
            passes: preamble.passes.unwrap_or_default(),
        };
        if cost.memory_kib > MOST_MEMORY_KIB || cost.passes > MOST_PASSES {
            return Err(BackupError::NotABackup);
        }
        let key = self.key(&salt, cost)?;
        if aws_lc_rs::constant_time::verify_slices_are_equal(&expected, &check(&key)).is_err() {
            return Err(BackupError::WrongKey);
        }
        Ok((line, key))
    }
}

fn check(key: &[u8; 32]) -> [u8; 16] {
    let tag = hmac::sign(&hmac::Key::new(HMAC_SHA256, key), b"meterbook backup key check");
    let mut check = [0; 16];
    check.copy_from_slice(&tag.as_ref()[..16]);
    check
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of hex.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(pair).collect()
}
