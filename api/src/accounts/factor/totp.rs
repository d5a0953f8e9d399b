//! One-time codes of an authenticator app: TOTP (RFC 6238) with what every app knows: SHA-1, six digits, thirty seconds.
//!
//! Why separate: no I/O and no clock, so that the RFC's own vectors can be checked.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use meterbook::calendar::Instant;

/// Seconds a code is shown.
const STEP_S: i64 = 30;
/// Bytes of a secret (RFC 4226, 4).
pub const SECRET_BYTES: usize = 20;

/// The step of a moment.
#[must_use]
pub fn step(at: Instant) -> i64 {
    at.timestamp().div_euclid(STEP_S)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
    let word = tag.iter().skip(offset).take(4).fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// The step whose code this is: now, or one step to either side, since clocks differ; and after the last one that was used, so
/// that a code seen over a shoulder works once at most.
#[must_use]
pub fn matching_step(secret: &[u8], told: &str, now: Instant, last_used: Option<i64>) -> Option<i64> {
    let now = step(now);
    let is_told = |step: &i64| verify_slices_are_equal(code(secret, *step).as_bytes(), told.as_bytes()).is_ok();
    (now - 1..=now + 1).filter(|step| last_used.is_none_or(|last| *step > last)).find(is_told)
}

/// A secret as a person types it (RFC 4648 base 32, unpadded).
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letter = |chunk: &[u8]| {
        let word = (0..5).fold(0_u64, |word, at| word << 8 | u64::from(chunk.get(at).copied().unwrap_or(0)));
        let letters = (chunk.len() * 8).div_ceil(5);
        (0..letters).map(|at| char::from(ALPHABET[(word >> (35 - 5 * at) & 31) as usize])).collect::<String>()
    };
    bytes.chunks(5).map(letter).collect()
}

/// What an authenticator app reads from a QR code.
#[must_use]
pub fn uri(secret: &[u8], login: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let login = utf8_percent_encode(login, NON_ALPHANUMERIC);
    format!(
        "otpauth://totp/Meterbook:{login}?secret={}&issuer=Meterbook&algorithm=SHA1&digits=6&period=30",
        base32(secret)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Instant {
        Instant::from_timestamp(seconds, 0).unwrap_or_default()
    }

    /// RFC 6238, appendix B, cut to six digits.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, expected) in vectors {
            assert_eq!(code(SECRET, step(at(seconds))), expected, "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_near_its_time_and_once() {
        let told = code(SECRET, 100);
        for (now, expected) in [(98, None), (99, Some(100)), (100, Some(100)), (101, Some(100)), (102, None)] {
            assert_eq!(matching_step(SECRET, &told, at(now * STEP_S), None), expected, "{now}");
        }
        assert_eq!(matching_step(SECRET, &told, at(100 * STEP_S), Some(99)), Some(100));
        assert_eq!(matching_step(SECRET, &told, at(100 * STEP_S), Some(100)), None);
        assert_eq!(matching_step(SECRET, "", at(100 * STEP_S), None), None);
    }

    /// RFC 4648, 10.
    #[test]
    fn base_32_is_that_of_the_rfc() {
        let vectors = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (plain, expected) in vectors {
            assert_eq!(base32(plain.as_bytes()), expected);
        }
        assert!(uri(SECRET, "李 明").contains("Meterbook:%E6%9D%8E%20%E6%98%8E?secret=GEZDGNBVGY3TQOJQ"));
    }
}
