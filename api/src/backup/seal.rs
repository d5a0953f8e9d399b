//! A file sealed part by part: AES-256-GCM over parts of 64 KiB, each bound to its place, the last marked as the last.
//!
//! Why own code: it is the STREAM construction on the cipher that is here anyway; a library for it would bring a second
//! set of ciphers. A part moved, repeated, changed or missing is refused; so is a file that ends early.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::io::{Error, ErrorKind, Read, Result, Write};

const PART: usize = 64 * 1024;
const TAG: usize = 16;

/// What a reader of a backup says when a part is not as it was written.
const DAMAGED: &str = "the backup is damaged or cut short 备份已损坏或不完整";

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::other("the cipher does not work"))?;
    Ok(LessSafeKey::new(key))
}

/// The place of a part. A key seals one file only, so no nonce is used twice with it.
fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[NONCE_LEN - 1] = u8::from(is_last);
    Nonce::assume_unique_for_key(bytes)
}

/// Seals what is written to it.
pub struct Sealer<W> {
    out: W,
    key: LessSafeKey,
    preamble: Vec<u8>,
    number: u64,
    part: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    /// Seals to `out`; every part is bound to the preamble that stands before it in clear.
    pub fn new(out: W, key: &[u8; 32], preamble: &[u8]) -> Result<Self> {
        Ok(Self {
            out,
            key: cipher(key)?,
            preamble: preamble.to_vec(),
            number: 0,
            part: Vec::with_capacity(PART + TAG),
        })
    }

    fn seal(&mut self, is_last: bool) -> Result<()> {
        let sealed = self.key.seal_in_place_append_tag(
            nonce(self.number, is_last),
            Aad::from(self.preamble.as_slice()),
            &mut self.part,
        );
        sealed.map_err(|_| Error::other("the cipher failed"))?;
        self.out.write_all(&self.part)?;
        self.part.clear();
        self.number += 1;
        Ok(())
    }

    /// Writes the last part. Without it the file is refused as cut short.
    pub fn finish(mut self) -> Result<W> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        // A full part is sealed only when more comes, so that the last is never empty without need.
        if self.part.len() == PART {
            self.seal(false)?;
        }
        let taken = bytes.len().min(PART - self.part.len());
        self.part.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Opens what a [`Sealer`] wrote.
pub struct Opener<R> {
    from: R,
    key: LessSafeKey,
    preamble: Vec<u8>,
    number: u64,
    /// The next part as it was read, whole or the file's end.
    ahead: Vec<u8>,
    plain: Vec<u8>,
    given: usize,
    is_over: bool,
}

impl<R: Read> Opener<R> {
    /// Reads from behind the preamble.
    pub fn new(mut from: R, key: &[u8; 32], preamble: &[u8]) -> Result<Self> {
        let ahead = read_part(&mut from)?;
        let (key, preamble) = (cipher(key)?, preamble.to_vec());
        Ok(Self { from, key, preamble, number: 0, ahead, plain: Vec::new(), given: 0, is_over: false })
    }

    fn open_next(&mut self) -> Result<()> {
        let next = read_part(&mut self.from)?;
        let mut part = std::mem::replace(&mut self.ahead, next);
        let is_last = self.ahead.is_empty();
        let opened =
            self.key.open_in_place(nonce(self.number, is_last), Aad::from(self.preamble.as_slice()), &mut part);
        let length = opened.map_err(|_| Error::new(ErrorKind::InvalidData, DAMAGED))?.len();
        part.truncate(length);
        (self.plain, self.given, self.is_over) = (part, 0, is_last);
        self.number += 1;
        Ok(())
    }
}

fn read_part(from: &mut impl Read) -> Result<Vec<u8>> {
    let mut part = Vec::with_capacity(PART + TAG);
    from.take((PART + TAG) as u64).read_to_end(&mut part)?;
    Ok(part)
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.given == self.plain.len() {
            if self.is_over {
                return Ok(0);
            }
            self.open_next()?;
        }
        let taken = buffer.len().min(self.plain.len() - self.given);
        buffer[..taken].copy_from_slice(&self.plain[self.given..self.given + taken]);
        self.given += taken;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut sealer = Sealer::new(Vec::new(), &[7; 32], b"preamble").unwrap();
        sealer.write_all(plain).unwrap();
        sealer.finish().unwrap()
    }

    fn opened(sealed: &[u8], preamble: &[u8]) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        Opener::new(sealed, &[7; 32], preamble)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn what_was_sealed_is_read_again_at_every_length() {
        for length in [0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 5] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            assert_eq!(opened(&sealed(&plain), b"preamble").unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn cuts_changes_and_exchanges_are_refused() {
        let whole = sealed(&vec![1; 3 * PART]);
        let part = PART + TAG;
        for cut in [0, 1, part - 1, part, part + 1, 2 * part, whole.len() - 1] {
            assert!(opened(&whole[..cut], b"preamble").is_err(), "cut at {cut}");
        }
        for at in [0, part - 1, part, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(opened(&changed, b"preamble").is_err(), "changed at {at}");
        }
        let exchanged = [&whole[part..2 * part], &whole[..part], &whole[2 * part..]].concat();
        assert!(opened(&exchanged, b"preamble").is_err());
        let doubled = [&whole[..], &whole[2 * part..]].concat();
        assert!(opened(&doubled, b"preamble").is_err());
        assert!(opened(&whole, b"another").is_err());
    }
}
