//! The place where photos lie: a folder or a bucket, behind one set of verbs.
//!
//! Whatever is put here is on disk when the verb returns: the folder syncs file and directories, a bucket does by contract.

use super::place::{Bucket, PhotoPlace};
use actix_web::web::Bytes;
use futures_util::TryStreamExt;
use meterbook::calendar::Instant;
use meterbook::photos::PhotoHash;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutPayload};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Photos that may be in memory at once on their way to their place (SECURITY 12).
const HANDS: usize = 4;

/// Why the place can't be used, or a photo not be put there or fetched.
#[derive(Debug, thiserror::Error)]
pub enum VaultFault {
    /// A folder can't be made.
    #[error("the folder for photos can't be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The store refused or did not answer.
    #[error("the place for photos failed: {0}")]
    Store(#[from] Error),
}

/// Where photos lie.
pub struct Vault {
    objects: Arc<dyn ObjectStore>,
    prefix: String,
    /// Where bodies wait until they are known to be whole.
    pub(super) spool: PathBuf,
    /// Held by whoever has a whole photo in memory.
    pub(super) hands: Semaphore,
    /// Held by whoever decodes one: pixels take far more than bytes.
    pub(super) eye: Semaphore,
}

impl Vault {
    /// Opens the place.
    ///
    /// # Errors
    /// Where a folder can't be made or the settings of a bucket are no settings. A bucket that does not answer is no reason
    /// not to start: readings never wait for photos.
    pub fn open(place: &PhotoPlace, data_dir: &std::path::Path) -> Result<Self, VaultFault> {
        let spool = data_dir.join("incoming");
        make_private(&spool)?;
        let (objects, prefix): (Arc<dyn ObjectStore>, String) = match place {
            PhotoPlace::Folder(folder) => {
                make_private(folder)?;
                (Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)), String::new())
            }
            PhotoPlace::Bucket(bucket) => (Arc::new(open_bucket(bucket)?), bucket.prefix.clone()),
        };
        Ok(Self { objects, prefix, spool, hands: Semaphore::new(HANDS), eye: Semaphore::new(1) })
    }

    fn path(&self, rest: &str) -> Path {
        Path::from(format!("{}/{rest}", self.prefix))
    }

    fn photo(&self, hash: PhotoHash) -> Path {
        let hash = hash.to_string();
        self.path(&format!("{}/{}/{hash}", &hash[..2], &hash[2..4]))
    }

    fn piece(&self, id: Uuid) -> Path {
        self.path(&format!("uploads/{}", id.simple()))
    }

    /// Puts a photo in its place. Again is the same.
    pub(super) async fn keep(&self, hash: PhotoHash, parts: Vec<Bytes>) -> Result<(), VaultFault> {
        self.objects.put(&self.photo(hash), PutPayload::from_iter(parts)).await?;
        Ok(())
    }

    /// Whether a photo is in its place.
    pub(super) async fn holds(&self, hash: PhotoHash) -> Result<bool, VaultFault> {
        match self.objects.head(&self.photo(hash)).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(fault) => Err(fault.into()),
        }
    }

    /// A photo as it came.
    pub(super) async fn load(&self, hash: PhotoHash) -> Result<Option<Bytes>, VaultFault> {
        match self.objects.get(&self.photo(hash)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Takes a photo away.
    pub(super) async fn remove(&self, hash: PhotoHash) -> Result<(), VaultFault> {
        self.delete(&self.photo(hash)).await
    }

    /// Puts a piece of an unfinished upload down.
    pub(super) async fn keep_piece(&self, id: Uuid, bytes: Bytes) -> Result<(), VaultFault> {
        self.objects.put(&self.piece(id), bytes.into()).await?;
        Ok(())
    }

    /// A piece of an unfinished upload.
    pub(super) async fn load_piece(&self, id: Uuid) -> Result<Bytes, VaultFault> {
        Ok(self.objects.get(&self.piece(id)).await?.bytes().await?)
    }

    /// Takes pieces away. One that can't be is found by the sweep later.
    pub(super) async fn remove_pieces(&self, ids: &[Uuid]) {
        for id in ids {
            if let Err(fault) = self.delete(&self.piece(*id)).await {
                tracing::warn!(%fault, "a piece of an upload stays behind");
            }
        }
    }

    /// Takes away pieces from before a moment, which no upload can still want.
    pub(super) async fn remove_pieces_before(&self, moment: Instant) -> Result<usize, VaultFault> {
        let listed = self.objects.list(Some(&self.path("uploads")));
        let old = listed.try_filter(|piece| std::future::ready(piece.last_modified < moment));
        let old: Vec<Path> = match old.map_ok(|piece| piece.location).try_collect().await {
            // Nobody has uploaded anything yet.
            Err(Error::NotFound { .. }) => Vec::new(),
            listed => listed?,
        };
        for path in &old {
            self.delete(path).await?;
        }
        Ok(old.len())
    }

    async fn delete(&self, path: &Path) -> Result<(), VaultFault> {
        match self.objects.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }
}

fn open_bucket(bucket: &Bucket) -> Result<impl ObjectStore, Error> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(&bucket.key_id)
        .with_secret_access_key(&bucket.secret)
        .with_allow_http(bucket.allow_http);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build()
}

/// Photos show homes: nobody else on the machine reads them.
fn make_private(folder: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
