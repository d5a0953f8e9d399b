//! Taking a body in without having it all in memory: it waits in a file without a name until it is known to be whole.
//!
//! Without a name, nothing of a cut request is left, however the process ends.

use actix_web::web::{Bytes, BytesMut, Payload};
use aws_lc_rs::digest::{Context, SHA256};
use futures_util::StreamExt as _;
use meterbook::photos::{PhotoFormat, PhotoHash};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What stays in memory of one body.
const IN_MEMORY: usize = 256 << 10;
/// A sender who is silent for so long has gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a body ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// As its sender meant it.
    Whole,
    /// The connection was cut, or nothing came for too long.
    Cut,
    /// More came than may.
    TooLarge,
    /// Its first bytes are no photo's.
    NotAPhoto,
}

/// What came of a body.
pub struct Received {
    /// How it ended.
    pub ended: Ended,
    /// How much came.
    pub bytes: u64,
    /// The hash of it.
    pub hash: Option<PhotoHash>,
    /// What its first bytes say it is.
    pub format: Option<PhotoFormat>,
    file: Option<File>,
    tail: BytesMut,
}

impl Received {
    /// All of it, in memory.
    ///
    /// # Errors
    /// The disk's.
    pub async fn read(self) -> io::Result<Bytes> {
        let Self { file: Some(mut file), tail, bytes, .. } = self else { return Ok(self.tail.freeze()) };
        on_disk(move || {
            file.rewind()?;
            let mut all = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
            file.read_to_end(&mut all)?;
            all.extend_from_slice(&tail);
            Ok(all.into())
        })
        .await
    }
}

/// What a body must be to be read to its end.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// Bytes at most.
    pub most: u64,
    /// Whether it must begin as a photo does.
    pub photo: bool,
}

/// Takes a body in.
///
/// # Errors
/// The disk's.
pub async fn receive(mut payload: Payload, folder: PathBuf, wanted: Wanted) -> io::Result<Received> {
    let mut taken = Received {
        ended: Ended::Whole,
        bytes: 0,
        hash: None,
        format: None,
        file: None,
        tail: BytesMut::with_capacity(16 << 10),
    };
    let (mut hash, mut head) = (Context::new(&SHA256), Vec::with_capacity(PhotoFormat::TELLING_BYTES));
    loop {
        let chunk = match tokio::time::timeout(PATIENCE, payload.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => {
                taken.ended = Ended::Cut;
                break;
            }
        };
        if taken.bytes + chunk.len() as u64 > wanted.most {
            taken.ended = Ended::TooLarge;
            break;
        }
        if head.len() < PhotoFormat::TELLING_BYTES {
            head.extend(chunk.iter().take(PhotoFormat::TELLING_BYTES - head.len()));
            let is_told = head.len() == PhotoFormat::TELLING_BYTES;
            if wanted.photo && is_told && PhotoFormat::of(&head).is_none() {
                taken.ended = Ended::NotAPhoto;
                break;
            }
        }
        hash.update(&chunk);
        taken.bytes += chunk.len() as u64;
        taken.tail.extend_from_slice(&chunk);
        if taken.tail.len() > IN_MEMORY {
            spill(&mut taken, &folder).await?;
        }
    }
    taken.hash = PhotoHash::of_bytes(hash.finish().as_ref());
    taken.format = PhotoFormat::of(&head);
    if taken.ended == Ended::Whole && wanted.photo && taken.format.is_none() {
        taken.ended = Ended::NotAPhoto;
    }
    Ok(taken)
}

async fn spill(taken: &mut Received, folder: &Path) -> io::Result<()> {
    let (file, tail, folder) = (taken.file.take(), taken.tail.split(), folder.to_owned());
    let file = on_disk(move || {
        let mut file = file.map_or_else(|| nameless(&folder), Ok)?;
        file.write_all(&tail)?;
        Ok(file)
    });
    taken.file = Some(file.await?);
    Ok(())
}

fn nameless(folder: &Path) -> io::Result<File> {
    let path = folder.join(uuid::Uuid::new_v4().simple().to_string());
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
