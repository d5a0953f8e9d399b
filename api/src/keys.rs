//! The keys, in one file outside the database: token signing, sealing of personal columns, tags on cursors.
//!
//! Every node of a company needs the same file. It is made on first run and refused if others may read it (SECURITY 6, 11).

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V2Der};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand::fill;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why the keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("the key file {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// Others than its owner may read it.
    #[error("{0} can be read by others (mode {1:o}): chmod 600 it")]
    Exposed(PathBuf, u32),
    /// Its content is not a set of keys.
    #[error("the key file {0} does not hold Meterbook's keys: {1}")]
    Content(PathBuf, &'static str),
}

#[derive(Serialize, Deserialize)]
struct KeyFile {
    kid: String,
    signing_pkcs8: String,
    seal: String,
    tag: String,
}

/// The keys of an installation. Neither printable nor cloneable; shared behind an `Arc`.
pub struct Keys {
    /// Names the signing key in a token's header.
    pub kid: String,
    signing_der: Vec<u8>,
    public: Vec<u8>,
    seal: RandomizedNonceKey,
    tag: hmac::Key,
    fingerprint: Vec<u8>,
}

impl Keys {
    /// Reads the key file; makes it where there is none.
    ///
    /// # Errors
    /// Where the file can't be used safely.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        if std::fs::metadata(path).is_err_and(|fault| fault.kind() == std::io::ErrorKind::NotFound) {
            match create(path) {
                // Of two first starts at once one makes the keys and the other takes them.
                Err(KeyError::File(_, fault)) if fault.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
        }
        Self::load(path)
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// Where there is none, or it can't be used safely.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = read_secret(path)?;
        Self::from_json(&text).map_err(|why| KeyError::Content(path.into(), why))
    }

    /// Lays down a key file that came out of a backup.
    ///
    /// # Errors
    /// Where it is not one, or there is one already.
    pub fn install(path: &Path, text: &[u8]) -> Result<(), KeyError> {
        Self::from_json(text).map_err(|why| KeyError::Content(path.into(), why))?;
        write_secret(path, text)
    }

    /// Reads the content of a key file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &[u8]) -> Result<Self, &'static str> {
        let file: KeyFile = serde_json::from_slice(text).map_err(|_| "it is not the JSON it should be")?;
        let signing_der = STANDARD.decode(&file.signing_pkcs8).map_err(|_| "signing_pkcs8 is not base64")?;
        let pair = Ed25519KeyPair::from_pkcs8(&signing_der).map_err(|_| "signing_pkcs8 is not an Ed25519 key")?;
        let seal = STANDARD.decode(&file.seal).map_err(|_| "seal is not base64")?;
        let tag = STANDARD.decode(&file.tag).map_err(|_| "tag is not base64")?;
        if tag.len() != 32 {
            return Err("tag is not 32 bytes");
        }
        Ok(Self {
            kid: file.kid,
            public: pair.public_key().as_ref().to_vec(),
            seal: RandomizedNonceKey::new(&AES_256_GCM, &seal).map_err(|_| "seal is not 32 bytes")?,
            tag: hmac::Key::new(HMAC_SHA256, &tag),
            fingerprint: digest(&SHA256, &[seal, tag].concat()).as_ref().to_vec(),
            signing_der,
        })
    }

    /// The signing key, PKCS #8.
    pub(crate) fn signing_der(&self) -> &[u8] {
        &self.signing_der
    }

    /// The public half of the signing key.
    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }

    /// Tells two key files apart; says nothing of the keys.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    /// Seals a personal value for storage. `None` where the cipher fails, which it does only past 2^32 uses.
    #[must_use]
    pub fn seal(&self, column: &'static str, plain: &str) -> Option<Vec<u8>> {
        let mut sealed = plain.as_bytes().to_vec();
        let nonce = self.seal.seal_in_place_append_tag(Aad::from(column), &mut sealed).ok()?;
        let mut stored = nonce.as_ref().to_vec();
        stored.append(&mut sealed);
        Some(stored)
    }

    /// Opens what [`seal`](Self::seal) made for the same column; `None` where it was tampered with or made by another key.
    #[must_use]
    pub fn open(&self, column: &'static str, stored: &[u8]) -> Option<String> {
        let (nonce, sealed) = stored.split_at_checked(aws_lc_rs::aead::NONCE_LEN)?;
        let nonce = aws_lc_rs::aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut buffer = sealed.to_vec();
        let plain = self.seal.open_in_place(nonce, Aad::from(column), &mut buffer).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }

    /// A blind index: equal values give equal keys, and nobody without the key file learns more.
    #[must_use]
    pub fn blind(&self, column: &'static str, plain: &str) -> Vec<u8> {
        let normal: String =
            plain.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_lowercase).collect();
        self.tag(&["blind", column, &normal].map(str::as_bytes))[..16].to_vec()
    }

    /// A keyed tag over parts, each delimited by its length.
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.tag);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

fn create(path: &Path) -> Result<(), KeyError> {
    let refuse = |fault| KeyError::File(path.into(), fault);
    let random = |bytes: &mut [u8]| fill(bytes).map_err(|_| refuse(std::io::Error::other("no randomness")));
    let (mut kid, mut seal, mut tag) = ([0; 6], [0; 32], [0; 32]);
    for bytes in [&mut kid[..], &mut seal[..], &mut tag[..]] {
        random(bytes)?;
    }
    let pair = Ed25519KeyPair::generate().map_err(|_| refuse(std::io::Error::other("no key could be made")))?;
    let pkcs8: Pkcs8V2Der<'_> =
        pair.as_der().map_err(|_| refuse(std::io::Error::other("the key has no PKCS #8 form")))?;
    let file = KeyFile {
        kid: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(kid),
        signing_pkcs8: STANDARD.encode(pkcs8.as_ref()),
        seal: STANDARD.encode(seal),
        tag: STANDARD.encode(tag),
    };
    let text = serde_json::to_vec_pretty(&file).map_err(|fault| refuse(fault.into()))?;
    write_secret(path, &text)
}

fn write_secret(path: &Path, text: &[u8]) -> Result<(), KeyError> {
    let refuse = |fault| KeyError::File(path.into(), fault);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    publish(path, text).map_err(refuse)
}

/// Puts the file in place whole or not at all; a start that is cut off leaves no half of a key.
fn publish(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(format!("{}.new", uuid::Uuid::new_v4().simple()));
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = out.write_all(text).and_then(|()| out.sync_all()).and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    written
}

/// The content of a file that only its owner may read.
///
/// # Errors
/// Where others may, or it can't be read.
pub fn read_secret(path: &Path) -> Result<Vec<u8>, KeyError> {
    let refuse = |fault| KeyError::File(path.into(), fault);
    let mode = std::fs::metadata(path).map_err(refuse)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed(path.into(), mode));
    }
    std::fs::read(path).map_err(refuse)
}

/// Bytes nobody can guess.
///
/// # Errors
/// Where the machine has no randomness, which is a fault.
pub fn random<const N: usize>() -> Result<[u8; N], aws_lc_rs::error::Unspecified> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}
