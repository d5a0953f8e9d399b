//! The cursor: how far one reader has followed the feed (PROTOCOL, Pull).
//!
//! Why separate: its bytes are handed to phones and come back after months; their layout may grow but never change. The
//! authentication tag that makes it opaque is added in `api`.

/// The version tag of the layout below.
const VERSION: u8 = 2;
/// Version, epoch, reader, position, device, catalogue.
const LENGTH: usize = 1 + 16 + 8 + 8 + 8 + 8;
/// The first layout ended after the position.
const FIRST_VERSION: u8 = 1;

/// How far a reader has followed the feed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cursor {
    /// The database's epoch: minted at its creation and at every restore.
    pub epoch: [u8; 16],
    /// The reader's account, so that a cursor is worth nothing on another's phone.
    pub reader: i64,
    /// The last feed position the phone holds; never negative, 0 before the first.
    pub position: i64,
    /// The phone it was given to: another of the same reader has not seen the same verdicts. `None`: the first layout.
    pub device: Option<i64>,
    /// The version of the catalogue the phone holds; 0 for none.
    pub catalogue: u64,
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
    /// The bytes: version, epoch, reader, position, device and catalogue, big-endian. No device is 0, which is nobody's id.
    #[must_use]
    pub fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1..17].copy_from_slice(&self.epoch);
        bytes[17..25].copy_from_slice(&self.reader.to_be_bytes());
        bytes[25..33].copy_from_slice(&self.position.to_be_bytes());
        bytes[33..41].copy_from_slice(&self.device.unwrap_or(0).to_be_bytes());
        bytes[41..].copy_from_slice(&self.catalogue.to_be_bytes());
        bytes
    }

    /// Reads the bytes of [`encode`](Self::encode), and those of the first layout, which phones still hold.
    ///
    /// # Errors
    /// If they are not the bytes of a cursor this release knows.
    pub fn decode(bytes: &[u8]) -> Result<Self, CursorFault> {
        let (&version, rest) = bytes.split_first().ok_or(CursorFault::Empty)?;
        if version != VERSION && version != FIRST_VERSION {
            return Err(CursorFault::UnknownVersion(version));
        }
        let wrong = CursorFault::WrongLength(bytes.len());
        let (epoch, rest) = rest.split_first_chunk::<16>().ok_or(wrong)?;
        let (reader, rest) = rest.split_first_chunk::<8>().ok_or(wrong)?;
        let (position, rest) = rest.split_first_chunk::<8>().ok_or(wrong)?;
        let (device, catalogue) = if version == FIRST_VERSION {
            if !rest.is_empty() {
                return Err(wrong);
            }
            (0, 0)
        } else {
            let (device, rest) = rest.split_first_chunk::<8>().ok_or(wrong)?;
            (i64::from_be_bytes(*device), u64::from_be_bytes(rest.try_into().map_err(|_| wrong)?))
        };
        let position = i64::from_be_bytes(*position);
        if position < 0 {
            return Err(CursorFault::NegativePosition);
        }
        let device = (device != 0).then_some(device);
        Ok(Self { epoch: *epoch, reader: i64::from_be_bytes(*reader), position, device, catalogue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAMPLE: Cursor = Cursor { epoch: [7; 16], reader: 1, position: 258, device: Some(3), catalogue: 4 };

    #[test]
    fn the_layout_is_frozen() {
        let bytes = SAMPLE.encode();
        assert_eq!(bytes.len(), 49);
        assert_eq!(bytes[..2], [2, 7]);
        assert_eq!(bytes[17..33], [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(bytes[33..], [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4]);
    }

    #[test]
    fn a_cursor_of_the_first_layout_is_still_read() {
        let mut bytes = SAMPLE.encode()[..33].to_vec();
        bytes[0] = 1;
        assert_eq!(Cursor::decode(&bytes), Ok(Cursor { device: None, catalogue: 0, ..SAMPLE }));
    }

    #[test]
    fn what_is_no_cursor_says_why() {
        let bytes = SAMPLE.encode();
        assert_eq!(Cursor::decode(&[]), Err(CursorFault::Empty));
        assert_eq!(Cursor::decode(&[3; 49]), Err(CursorFault::UnknownVersion(3)));
        assert_eq!(Cursor::decode(&bytes[..48]), Err(CursorFault::WrongLength(48)));
        assert_eq!(Cursor::decode(&[&bytes[..], &[0]].concat()), Err(CursorFault::WrongLength(50)));
        let negative = Cursor { position: -1, ..SAMPLE }.encode();
        assert_eq!(Cursor::decode(&negative), Err(CursorFault::NegativePosition));
    }

    proptest! {
        #[test]
        fn cursors_come_back_as_they_went(
            epoch: [u8; 16], reader: i64, position in 0..=i64::MAX, device in 1..=i64::MAX, catalogue: u64,
        ) {
            let cursor = Cursor { epoch, reader, position, device: Some(device), catalogue };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }

        #[test]
        fn any_bytes_are_answered(bytes: Vec<u8>) {
            if let Ok(cursor) = Cursor::decode(&bytes) && bytes[0] == VERSION {
                prop_assert_eq!(cursor.encode().to_vec(), bytes);
            }
        }
    }
}
