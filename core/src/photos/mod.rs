//! Photos that go with records as evidence: what names one, what counts as one, how much is kept for whom.
//!
//! A photo is named by its hash and by nothing else, so what its sender says of it (a file name, a type) is never believed.

use chrono::TimeDelta;
use std::fmt;

/// The SHA-256 of a photo: its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PhotoHash(pub [u8; 32]);

impl PhotoHash {
    /// Reads 64 hexadecimal digits and nothing else: a path can't hide in them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(0)? << 4 | digit(1)?;
        }
        Some(Self(hash))
    }

    /// From its bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for PhotoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a photo is encoded in, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PhotoFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// HEIC, as iPhones write it: kept, but nothing here can decode it.
    Heic,
}

impl PhotoFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Webp, Self::Heic];

    /// How many first bytes tell.
    pub const TELLING_BYTES: usize = 32;

    /// The format of a file that begins so (SECURITY 14).
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        const HEIC_BRANDS: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"];
        if head.starts_with(&[0xff, 0xd8, 0xff]) {
            return Some(Self::Jpeg);
        }
        if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Some(Self::Png);
        }
        if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
            return Some(Self::Webp);
        }
        if head.get(4..8) != Some(b"ftyp") {
            return None;
        }
        // The brand, or one of the first compatible ones behind it.
        let mut brands =
            head.get(8..12).into_iter().chain(head.get(16..).into_iter().flat_map(|rest| rest.chunks_exact(4)));
        brands.any(|brand| HEIC_BRANDS.contains(&brand)).then_some(Self::Heic)
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
        }
    }

    /// The format of a [`media_type`](Self::media_type).
    #[must_use]
    pub fn from_media_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type() == text)
    }
}

/// How much a phone may bring ahead of its records, and how long things wait.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Photos of one phone that no record names.
    pub unnamed_photos: usize,
    /// Their bytes.
    pub unnamed_bytes: i64,
    /// Resumable uploads one phone may have under way.
    pub open_uploads: i64,
    /// Pieces one upload may come in.
    pub upload_pieces: usize,
    /// How long an upload may take.
    pub upload_life: TimeDelta,
    /// After how many days a photo is listed as missing.
    pub missing_after_days: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unnamed_photos: 500,
            unnamed_bytes: 1 << 30,
            open_uploads: 20,
            upload_pieces: 2_000,
            upload_life: TimeDelta::days(7),
            missing_after_days: 7,
        }
    }
}

/// What a phone has brought that no record names.
#[derive(Clone, Copy, Default, Debug)]
pub struct Unnamed {
    /// How many photos.
    pub photos: usize,
    /// Their bytes.
    pub bytes: i64,
}

impl Settings {
    /// Whether a phone may bring one more photo that perhaps no record names.
    #[must_use]
    pub const fn allows_more(&self, unnamed: Unnamed) -> bool {
        unnamed.photos < self.unnamed_photos && unnamed.bytes < self.unnamed_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_hexadecimal_digits_and_nothing_else() {
        let text = "0123456789abcdef".repeat(4);
        assert_eq!(PhotoHash::parse(&text).map(|hash| hash.to_string()), Some(text.clone()));
        assert_eq!(PhotoHash::parse(&text.to_uppercase()), PhotoHash::parse(&text));
        for wrong in ["", "..", &text[1..], &format!("{text}0"), &text.replace('0', "/"), &text.replace('0', "+")] {
            assert_eq!(PhotoHash::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_photo_is_known_by_its_first_bytes() {
        let heic = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic";
        let known: [(&[u8], _); 5] = [
            (b"\xff\xd8\xff\xe0", Some(PhotoFormat::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(PhotoFormat::Png)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(PhotoFormat::Webp)),
            (b"\0\0\0\x18ftypheic", Some(PhotoFormat::Heic)),
            (heic, Some(PhotoFormat::Heic)),
        ];
        for (head, format) in known {
            assert_eq!(PhotoFormat::of(head), format);
        }
        let others: [&[u8]; 8] = [
            b"",
            b"\xff\xd8",
            b"GIF89a",
            b"<svg",
            b"%PDF",
            b"RIFF\x10\0\0\0WAVE",
            b"\0\0\0\x18ftypavif",
            b"\0\0\0\x18ftypisom",
        ];
        for head in others {
            assert_eq!(PhotoFormat::of(head), None);
        }
    }
}
