//! The cursor: how far one reader has followed the feed (PROTOCOL, Pull).
//!
//! Why separate: its bytes are handed to phones and come back after months; their layout may grow but never change. The
//! authentication tag that makes it opaque is added in `api`.

/// The version tag of the layout below.
const VERSION: u8 = 1;
/// Version, epoch, reader, position.
const LENGTH: usize = 1 + 16 + 8 + 8;

/// How far a reader has followed the feed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cursor {
    /// The database's epoch: minted at its creation and at every restore.
    pub epoch: [u8; 16],
    /// The reader's account, so that a cursor is worth nothing on another's phone.
    pub reader: i64,
    /// The last feed position the phone holds; never negative, 0 before the first.
    pub position: i64,
}

/// Why bytes are no cursor. The phone starts over; it never loses anything by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CursorFault {
    /// No bytes at all.
    Empty,
    /// A layout of another release.
    UnknownVersion(u8),
    /// Not as long as its version says.
    WrongLength(usize),
    /// A position before the first.
    NegativePosition,
}

impl Cursor {
    /// The bytes: version, epoch, reader and position, big-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1..17].copy_from_slice(&self.epoch);
        bytes[17..25].copy_from_slice(&self.reader.to_be_bytes());
        bytes[25..].copy_from_slice(&self.position.to_be_bytes());
        bytes
    }

    /// Reads the bytes of [`encode`](Self::encode).
    ///
    /// # Errors
    /// If they are not the bytes of a cursor this release knows.
    pub fn decode(bytes: &[u8]) -> Result<Self, CursorFault> {
        let (&version, rest) = bytes.split_first().ok_or(CursorFault::Empty)?;
        if version != VERSION {
            return Err(CursorFault::UnknownVersion(version));
        }
        let wrong = CursorFault::WrongLength(bytes.len());
        let (epoch, rest) = rest.split_first_chunk::<16>().ok_or(wrong)?;
        let (reader, rest) = rest.split_first_chunk::<8>().ok_or(wrong)?;
        let position = i64::from_be_bytes(rest.try_into().map_err(|_| wrong)?);
        if position < 0 {
            return Err(CursorFault::NegativePosition);
        }
        Ok(Self { epoch: *epoch, reader: i64::from_be_bytes(*reader), position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_layout_is_frozen() {
        let bytes = Cursor { epoch: [7; 16], reader: 1, position: 258 }.encode();
        assert_eq!(bytes.len(), 33);
        assert_eq!(bytes[..2], [1, 7]);
        assert_eq!(bytes[17..], [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn what_is_no_cursor_says_why() {
        let bytes = Cursor { epoch: [0; 16], reader: 1, position: 5 }.encode();
        assert_eq!(Cursor::decode(&[]), Err(CursorFault::Empty));
        assert_eq!(Cursor::decode(&[2; 33]), Err(CursorFault::UnknownVersion(2)));
        assert_eq!(Cursor::decode(&bytes[..32]), Err(CursorFault::WrongLength(32)));
        assert_eq!(Cursor::decode(&[&bytes[..], &[0]].concat()), Err(CursorFault::WrongLength(34)));
        let negative = Cursor { epoch: [0; 16], reader: 1, position: -1 }.encode();
        assert_eq!(Cursor::decode(&negative), Err(CursorFault::NegativePosition));
    }

    proptest! {
        #[test]
        fn cursors_come_back_as_they_went(epoch: [u8; 16], reader: i64, position in 0..=i64::MAX) {
            let cursor = Cursor { epoch, reader, position };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            if let Ok(cursor) = Cursor::decode(&bytes) {
                prop_assert_eq!(cursor.encode().to_vec(), bytes);
            }
        }
    }
}
