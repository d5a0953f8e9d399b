//! Integers in as few bytes as they need, for what is stored as bytes: seven bits a byte, small magnitudes short.

/// Appends a natural number.
pub fn put_natural(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7F).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

/// Appends an integer of either sign.
pub fn put_integer(out: &mut Vec<u8>, number: i64) {
    put_natural(out, (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
}

/// Takes a natural number off the front; `None` where there is none.
pub fn take_natural(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = u64::from(take_byte(bytes)?);
        let bits = (byte & 0x7F) << shift;
        if bits >> shift != byte & 0x7F {
            return None;
        }
        number |= bits;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Takes an integer off the front; `None` where there is none.
pub fn take_integer(bytes: &mut &[u8]) -> Option<i64> {
    let number = take_natural(bytes)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// Takes a byte off the front.
pub fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// Takes so many bytes off the front.
pub fn take_bytes<'b>(bytes: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_comes_back_and_small_ones_are_short() {
        let edges = [0, 1, -1, 63, -64, 64, 8_191, i64::MAX, i64::MIN, -86_400_000];
        for number in edges.into_iter().chain((0..63).flat_map(|bit| [1_i64 << bit, -(1 << bit), (1 << bit) - 1])) {
            let mut bytes = Vec::new();
            put_integer(&mut bytes, number);
            assert!(bytes.len() == 1 || !(-64..64).contains(&number));
            let mut rest = bytes.as_slice();
            assert_eq!((take_integer(&mut rest), rest.len()), (Some(number), 0));
        }
    }

    #[test]
    fn what_is_cut_off_or_too_large_is_no_number() {
        assert_eq!(take_natural(&mut [0x80, 0x80].as_slice()), None);
        assert_eq!(take_natural(&mut [0xFF; 11].as_slice()), None);
        assert_eq!(take_integer(&mut [].as_slice()), None);
        assert_eq!(take_bytes(&mut [1].as_slice(), 2), None);
    }
}
