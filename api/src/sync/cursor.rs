//! Cursors on the wire: opaque, and worth nothing when changed (PROTOCOL, "Pull").

use crate::keys::Keys;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meterbook::sync::Cursor;

const TAG_BYTES: usize = 16;

/// A cursor with its tag, as text.
pub fn seal(keys: &Keys, cursor: &Cursor) -> String {
    let mut bytes = cursor.encode().to_vec();
    let tag = keys.tag(&[b"cursor", &bytes]);
    bytes.extend_from_slice(&tag[..TAG_BYTES]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The cursor of a text this server made; `None` for any other.
pub fn open(keys: &Keys, text: &str) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (content, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
    let expected = keys.tag(&[b"cursor", content]);
    aws_lc_rs::constant_time::verify_slices_are_equal(tag, &expected[..TAG_BYTES]).ok()?;
    Cursor::decode(content).ok()
}
