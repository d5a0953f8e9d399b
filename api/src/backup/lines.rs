//! What a backup holds once opened: lines of JSON. A header, the key file where a passphrase seals it, then each table (its
//! name and columns on one line, each of its rows on one), and a trailer with the counts and a checksum.

use super::BackupError;
use super::preamble::{Lock, hex};
use super::seal::{Opener, Sealer};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Longest line: a row is at most a body of some MiB; anything longer is no backup of ours.
const LONGEST_LINE: u64 = 256 << 20;
const LEVEL: i32 = 3;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The release that made it.
    pub release: String,
    /// When the snapshot was taken, ms.
    pub created_at: i64,
    /// The epoch of the data.
    pub epoch: uuid::Uuid,
    /// Which key file seals the personal columns.
    pub key_fingerprint: String,
    /// The migrations the data have been through.
    pub migrations: Vec<String>,
    /// The tables, in the order they follow, with their rows.
    pub tables: Vec<(String, i64)>,
}

/// The line before a table's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHeader {
    /// Its name.
    pub table: String,
    /// Its columns, in the order of each row's values.
    pub columns: Vec<String>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct Trailer {
    rows: Vec<(String, i64)>,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct KeyLine {
    keys: String,
}

/// Writes a backup: lines, compressed, sealed.
pub struct LineWriter {
    out: zstd::Encoder<'static, Sealer<BufWriter<File>>>,
    digest: Context,
    rows: Vec<(String, i64)>,
}

impl LineWriter {
    /// Begins a backup in a new file.
    pub fn begin(file: File, lock: &Lock, header: &Header, key_file: Option<&[u8]>) -> Result<Self, BackupError> {
        let (preamble, key) = lock.seal()?;
        let mut file = BufWriter::new(file);
        file.write_all(&preamble)?;
        let out = zstd::Encoder::new(Sealer::new(file, &key, &preamble)?, LEVEL)?;
        let mut lines = Self { out, digest: Context::new(&SHA256), rows: Vec::new() };
        lines.json(header)?;
        if let Some(text) = key_file {
            lines.json(&KeyLine { keys: String::from_utf8_lossy(text).into_owned() })?;
        }
        Ok(lines)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), BackupError> {
        for bytes in [line, b"\n"] {
            self.digest.update(bytes);
            self.out.write_all(bytes)?;
        }
        Ok(())
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), BackupError> {
        let line = serde_json::to_vec(value).map_err(|fault| BackupError::File(fault.into()))?;
        self.line(&line)
    }

    /// Begins a table.
    pub fn table(&mut self, header: &TableHeader) -> Result<(), BackupError> {
        self.rows.push((header.table.clone(), 0));
        self.json(header)
    }

    /// Writes a row: a JSON array.
    pub fn row(&mut self, row: &str) -> Result<(), BackupError> {
        if let Some((_, count)) = self.rows.last_mut() {
            *count += 1;
        }
        self.line(row.as_bytes())
    }

    /// Ends the backup; the file is on disk then.
    pub fn finish(mut self) -> Result<Vec<(String, i64)>, BackupError> {
        let trailer = Trailer { rows: self.rows.clone(), sha256: hex(self.digest.clone().finish().as_ref()) };
        self.json(&trailer)?;
        let file = self.out.finish()?.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(self.rows)
    }
}

/// One thing in a backup.
pub enum Entry {
    /// A table begins.
    Table(TableHeader),
    /// A row of it: a JSON array.
    Row(String),
    /// The end, and everything was there.
    End,
}

/// Reads a backup.
pub struct LineReader {
    from: BufReader<zstd::Decoder<'static, BufReader<Opener<BufReader<File>>>>>,
    digest: Context,
    /// The first line.
    pub header: Header,
    /// The key file, where a passphrase seals the backup.
    pub key_file: Option<Vec<u8>>,
    rows: Vec<(String, i64)>,
}

impl LineReader {
    /// Opens a backup and reads its header.
    pub fn open(path: &Path, lock: &Lock) -> Result<Self, BackupError> {
        let mut file = BufReader::new(File::open(path)?);
        let (preamble, key) = lock.open(&mut file)?;
        let from = BufReader::new(zstd::Decoder::new(Opener::new(file, &key, &preamble)?)?);
        let header = Header {
            release: String::new(),
            created_at: 0,
            epoch: uuid::Uuid::nil(),
            key_fingerprint: String::new(),
            migrations: Vec::new(),
            tables: Vec::new(),
        };
        let digest = Context::new(&SHA256);
        let mut lines = Self { from, digest, header, key_file: None, rows: Vec::new() };
        let first = lines.line()?;
        // A newer release may have changed the header: say so, rather than that it can't be read.
        lines.header = serde_json::from_str(&first).map_err(|_| BackupError::Damaged)?;
        if matches!(lock, Lock::Passphrase(_)) {
            let keys: KeyLine = serde_json::from_str(&lines.line()?).map_err(|_| BackupError::Damaged)?;
            lines.key_file = Some(keys.keys.into_bytes());
        }
        Ok(lines)
    }

    fn line(&mut self) -> Result<String, BackupError> {
        let mut line = Vec::new();
        (&mut self.from).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Err(BackupError::Damaged);
        }
        let line = String::from_utf8(line).map_err(|_| BackupError::Damaged)?;
        if !line.starts_with("{\"rows\":") {
            self.digest.update(line.as_bytes());
            self.digest.update(b"\n");
        }
        Ok(line)
    }

    /// The next thing. The end is told only where the counts and the checksum are right and nothing follows.
    pub fn next(&mut self) -> Result<Entry, BackupError> {
        let line = self.line()?;
        if line.starts_with('[') {
            self.rows.last_mut().ok_or(BackupError::Damaged)?.1 += 1;
            return Ok(Entry::Row(line));
        }
        if let Ok(header) = serde_json::from_str::<TableHeader>(&line) {
            self.rows.push((header.table.clone(), 0));
            return Ok(Entry::Table(header));
        }
        let trailer: Trailer = serde_json::from_str(&line).map_err(|_| BackupError::Damaged)?;
        let is_whole = trailer.rows == self.rows
            && self.rows == self.header.tables
            && trailer.sha256 == hex(self.digest.clone().finish().as_ref());
        // Reading on to the end opens the last part, without which the file is cut short.
        if !is_whole || self.from.read(&mut [0])? != 0 {
            return Err(BackupError::Damaged);
        }
        Ok(Entry::End)
    }
}
