//! A record's body as it is stored: the canonical text in a fifth of its bytes, given back byte for byte (I1).
//!
//! JSON spends most of an item on member names, on ids in hexadecimal and on times in words. Here names are numbers of a list,
//! ids 16 bytes, times milliseconds; everything else stays as it is. What is packed is unpacked and compared before it is
//! stored, and stored as plain text where a byte differs, so this can save too little but never change a record.
//!
//! The first byte says how to read the rest. [`WORDS`] may grow at its end; a word that moved would change what is stored.

use crate::db::varint::{put_integer, put_natural, take_byte, take_bytes, take_integer, take_natural};
use chrono::{DateTime, FixedOffset, SecondsFormat};
use diesel::QueryResult;
use diesel::result::Error;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;

/// The text itself follows.
const PLAIN: u8 = 0;
/// One packed value follows.
const PACKED: u8 = 1;

/// Member names and values of the contract.
const WORDS: [&str; 69] = [
    "about_id",
    "accuracy_m",
    "attempt",
    "attempt_code",
    "balance",
    "boot_id",
    "code",
    "confirmed",
    "correction",
    "corrects",
    "cumulative",
    "customer",
    "datum",
    "device",
    "device_seq",
    "display_dark",
    "display_fault",
    "estimate",
    "evidence",
    "field",
    "found",
    "found_code",
    "gas_in_use",
    "gcj02",
    "gps",
    "hazard",
    "hazard_code",
    "id",
    "import",
    "index",
    "inlet_side",
    "kind",
    "lat_micro",
    "left",
    "lng_micro",
    "locked",
    "meter_not_found",
    "meter_number",
    "mistyped",
    "network",
    "nobody_home",
    "note",
    "notice",
    "notice_code",
    "observed_at",
    "other",
    "place",
    "prev_hash",
    "read_at",
    "read_elapsed_ms",
    "reading",
    "reading_kind",
    "reason",
    "reason_code",
    "refused",
    "removal",
    "reread",
    "right",
    "seen_number",
    "service_point_id",
    "severity",
    "signed",
    "slip_code",
    "slip_signed",
    "source",
    "time_source",
    "unsafe",
    "vacancy",
    "wgs84",
];

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const OBJECT: u8 = 3;
const ARRAY: u8 = 4;
const INTEGER: u8 = 5;
/// A number that is no integer, as it is written.
const NUMBER: u8 = 6;
const TEXT: u8 = 7;
/// A text that is a UUID.
const UUID: u8 = 8;
/// The record's own id, which is kept beside its body.
const OWN_ID: u8 = 9;
/// A text of 64 hexadecimal digits.
const HASH: u8 = 10;
/// A text that is a time in whole milliseconds: in UTC, with an offset in minutes, or with China's, +08:00.
const UTC: u8 = 11;
const LOCAL: u8 = 12;
const CHINA: u8 = 13;
/// The integer 0; those up to 111 are the tags that follow it.
const SMALL: u8 = 16;
/// Texts that are words of the list: this and all above.
const FIRST_WORD: u8 = 128;

/// Minutes east of UTC.
const CHINA_MINUTES: i64 = 480;

/// The bytes of a canonical body; `value` is what it says and `id` the record's.
#[must_use]
pub fn pack(text: &str, value: &Value, id: Uuid) -> Vec<u8> {
    let mut packed = Vec::with_capacity(96);
    packed.push(PACKED);
    put(&mut packed, value, id);
    if packed.len() <= text.len() && unpack(&packed, id).as_deref() == Some(text) {
        return packed;
    }
    [&[PLAIN], text.as_bytes()].concat()
}

/// The canonical body; `None` where these are not the bytes of one.
#[must_use]
pub fn unpack(mut packed: &[u8], id: Uuid) -> Option<String> {
    let packed = &mut packed;
    match take_byte(packed)? {
        PLAIN => std::str::from_utf8(packed).ok().map(str::to_owned),
        PACKED => {
            let value = take(packed, id)?;
            packed.is_empty().then(|| value.to_string())
        }
        _ => None,
    }
}

/// The canonical body of a stored record, of its columns `body` and `packed`.
///
/// # Errors
/// Where what is stored is damaged.
pub fn stored_body(id: Uuid, body: String, packed: Option<&[u8]>) -> QueryResult<String> {
    let Some(packed) = packed else { return Ok(body) };
    unpack(packed, id).ok_or_else(|| Error::DeserializationError(format!("the body of record {id} is damaged").into()))
}

/// Whether a packed body may have a member of this name: `false` is certain, and costs no unpacking.
#[must_use]
pub fn may_name(packed: &[u8], name: &str) -> bool {
    let is_plain = packed.first().is_none_or(|form| *form != PACKED);
    is_plain || word(name).is_none_or(|word| packed.contains(&(FIRST_WORD + word)))
}

fn word(text: &str) -> Option<u8> {
    static PLACES: LazyLock<HashMap<&str, u8>> = LazyLock::new(|| WORDS.iter().copied().zip(0..).collect());
    PLACES.get(text).copied()
}

fn put(out: &mut Vec<u8>, value: &Value, id: Uuid) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(is) => out.push(if *is { TRUE } else { FALSE }),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => match u8::try_from(integer).ok().filter(|small| *small < FIRST_WORD - SMALL) {
                Some(small) => out.push(SMALL + small),
                None => {
                    out.push(INTEGER);
                    put_integer(out, integer);
                }
            },
            None => put_bytes(out, NUMBER, number.to_string().as_bytes()),
        },
        Value::String(text) => put_text(out, text, id),
        Value::Array(values) => {
            out.push(ARRAY);
            put_natural(out, values.len() as u64);
            values.iter().for_each(|value| put(out, value, id));
        }
        Value::Object(members) => {
            out.push(OBJECT);
            put_natural(out, members.len() as u64);
            for (name, value) in members {
                match word(name) {
                    Some(word) => out.push(FIRST_WORD + word),
                    None => put_bytes(out, TEXT, name.as_bytes()),
                }
                put(out, value, id);
            }
        }
    }
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_natural(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_text(out: &mut Vec<u8>, text: &str, id: Uuid) {
    if let Some(word) = word(text) {
        out.push(FIRST_WORD + word);
    } else if let Some(uuid) = as_uuid(text) {
        if uuid == id {
            out.push(OWN_ID);
        } else {
            out.push(UUID);
            out.extend_from_slice(uuid.as_bytes());
        }
    } else if let Some((millis, minutes)) = as_time(text) {
        out.push(match minutes {
            None => UTC,
            Some(CHINA_MINUTES) => CHINA,
            Some(_) => LOCAL,
        });
        put_integer(out, millis);
        minutes.filter(|minutes| *minutes != CHINA_MINUTES).into_iter().for_each(|minutes| put_integer(out, minutes));
    } else if let Some(hash) = super::item::unhex(text).filter(|_| !text.bytes().any(|byte| byte.is_ascii_uppercase()))
    {
        out.push(HASH);
        out.extend_from_slice(&hash);
    } else {
        put_bytes(out, TEXT, text.as_bytes());
    }
}

fn as_uuid(text: &str) -> Option<Uuid> {
    let is_it = text.len() == 36 && text.as_bytes().get(8) == Some(&b'-');
    is_it.then(|| Uuid::parse_str(text).ok()).flatten()
}

/// Milliseconds, and minutes east of UTC unless it is written `Z`.
fn as_time(text: &str) -> Option<(i64, Option<i64>)> {
    if !(24..=29).contains(&text.len()) || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    let minutes = (!text.ends_with('Z')).then(|| i64::from(at.offset().local_minus_utc() / 60));
    Some((at.timestamp_millis(), minutes))
}

fn time(millis: i64, minutes: Option<i64>) -> Option<String> {
    let at = DateTime::from_timestamp_millis(millis)?;
    let Some(minutes) = minutes else { return Some(at.to_rfc3339_opts(SecondsFormat::Millis, true)) };
    let offset = FixedOffset::east_opt(i32::try_from(minutes).ok()?.checked_mul(60)?)?;
    Some(at.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::Millis, false))
}

fn take(packed: &mut &[u8], id: Uuid) -> Option<Value> {
    Some(match take_byte(packed)? {
        NULL => Value::Null,
        FALSE => Value::Bool(false),
        TRUE => Value::Bool(true),
        INTEGER => take_integer(packed)?.into(),
        small @ SMALL..FIRST_WORD => (small - SMALL).into(),
        NUMBER => Value::Number(take_text(packed)?.parse::<Number>().ok()?),
        ARRAY => {
            let count = take_natural(packed)?;
            Value::Array((0..count).map(|_| take(packed, id)).collect::<Option<_>>()?)
        }
        OBJECT => {
            let count = take_natural(packed)?;
            let mut members = Map::new();
            for _ in 0..count {
                let Value::String(name) = take(packed, id)? else { return None };
                members.insert(name, take(packed, id)?);
            }
            Value::Object(members)
        }
        tag => Value::String(take_string(tag, packed, id)?),
    })
}

fn take_string(tag: u8, packed: &mut &[u8], id: Uuid) -> Option<String> {
    Some(match tag {
        TEXT => take_text(packed)?.to_owned(),
        UUID => Uuid::from_slice(take_bytes(packed, 16)?).ok()?.to_string(),
        OWN_ID => id.to_string(),
        HASH => take_bytes(packed, 32)?.iter().map(|byte| format!("{byte:02x}")).collect(),
        UTC => time(take_integer(packed)?, None)?,
        LOCAL => time(take_integer(packed)?, Some(take_integer(packed)?))?,
        CHINA => time(take_integer(packed)?, Some(CHINA_MINUTES))?,
        word => (*WORDS.get(usize::from(word.checked_sub(FIRST_WORD)?))?).to_owned(),
    })
}

fn take_text<'p>(packed: &mut &'p [u8]) -> Option<&'p str> {
    let length = usize::try_from(take_natural(packed)?).ok()?;
    std::str::from_utf8(take_bytes(packed, length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::canonical::canonical;
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x0193_a1b2_0000_7000_8000_0000_0000_0001);

    /// Packs an item; how many bytes it took. What comes back must be what went in.
    fn packed(item: &str) -> usize {
        let item: Value = serde_json::from_str(item).unwrap();
        let (text, _, value) = canonical(&item);
        let packed = pack(&text, &value, ID);
        assert_eq!(unpack(&packed, ID).as_deref(), Some(text.as_str()));
        assert!((0..packed.len()).all(|end| unpack(&packed[..end], ID).as_deref() != Some(text.as_str())));
        packed.len()
    }

    #[test]
    fn a_reading_takes_a_quarter_of_its_text() {
        let item = r#"{"id":"0193a1b2-0000-7000-8000-000000000001","kind":"reading","device_seq":97,"read_at":"2026-03-02T09:12:13.123+08:00",
            "read_elapsed_ms":123456789,"boot_id":"0193a1b2-1111-7000-8000-000000000000","service_point_id":12345,"index":1180000,
            "place":{"lat_micro":31230000,"lng_micro":121470000,"accuracy_m":12}}"#;
        assert!(packed(item) <= 71, "{}", packed(item));
    }

    #[test]
    fn whatever_else_is_sent_comes_back_byte_for_byte() {
        let odd = [
            r#"{"a":[1,-1,9223372036854775807,-9223372036854775808,18446744073709551615,1.5,1e300,-0.0,null,true,false,{}]}"#,
            r#"{"a":[0,111,112,127,128,-1,255,256],"b":"2026-03-02T09:12:13.123+08:00","c":"2026-03-02T09:12:13.123+09:30"}"#,
            r#"{"read_at":"2026-03-02T09:12:13Z","x":"2026-03-02t09:12:13.123Z","y":"2026-03-02T09:12:13.123456+08:00"}"#,
            r#"{"a":"2026-03-02T09:12:13.123Z","b":"2026-03-02T09:12:60.123Z","c":"2026-03-02T09:12:13.123-00:00","d":"2026-03-02 09:12:13.123Z"}"#,
            r#"{"a":"0193A1B2-0000-7000-8000-000000000001","b":"0193a1b2000070008000000000000001","c":"0193a1b2-0000-7000-8000-000000000002"}"#,
            r#"{"prev_hash":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","x":"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"}"#,
            r#"{"note":"表在厨房吊柜内 \"\u0001\\","":"","kind":"kind","钥匙":["reading",[],[[]]]}"#,
            r#""no object""#,
            "7",
            "[]",
        ];
        assert!(odd.into_iter().all(|item| packed(item) > 1));
    }

    #[test]
    fn what_does_not_come_back_is_kept_as_it_is() {
        let value: Value = serde_json::json!({"id": "x"});
        let packed = pack(r#"{"id": "x"}"#, &value, ID);
        assert_eq!((packed[0], unpack(&packed, ID).as_deref()), (PLAIN, Some(r#"{"id": "x"}"#)));
    }

    #[test]
    fn damage_is_said() {
        for bytes in [
            &[][..],
            &[9],
            &[PACKED],
            &[PACKED, NULL, NULL],
            &[PACKED, 15],
            &[PACKED, OBJECT, 1, NULL, NULL],
            &[PACKED, 255],
            &[PLAIN, 0xFF],
        ] {
            assert_eq!(unpack(bytes, ID), None);
            assert!(stored_body(ID, String::new(), Some(bytes)).is_err());
        }
        assert_eq!(stored_body(ID, "{}".into(), None).ok().as_deref(), Some("{}"));
    }

    /// A word that moved would change what is stored.
    #[test]
    fn the_list_only_grows_and_is_without_repetition() {
        assert!(WORDS.len() <= usize::from(u8::MAX - FIRST_WORD) + 1);
        assert_eq!(WORDS.iter().collect::<std::collections::HashSet<_>>().len(), WORDS.len());
        assert_eq!((WORDS[0], WORDS[WORDS.len() - 1]), ("about_id", "wgs84"));
    }
}
