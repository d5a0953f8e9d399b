//! Reading slips: one wrong digit, or two neighbouring digits swapped (DOMAIN 4). Separate because a planted fault must
//! be checked against every slip: the slip test runs before a meter is blamed.

/// Every figure that one slip makes of a whole-m³ index.
#[must_use]
pub fn slips_of(index: i64, digits: u8) -> Vec<i64> {
    let mut slips = Vec::with_capacity(usize::from(digits) * 10);
    for place in 0..u32::from(digits) {
        let unit = 10_i64.pow(place);
        let digit = index / unit % 10;
        slips.extend((0..10).filter(|&other| other != digit).map(|other| index + (other - digit) * unit));
        let left = index / (unit * 10) % 10;
        if place + 1 < u32::from(digits) && left != digit {
            slips.push(index + (digit - left) * unit * 10 + (left - digit) * unit);
        }
    }
    slips
}

/// Whether a slip of the new or of the last index makes the increment fit.
pub fn slip_explains(last: i64, new: i64, digits: u8, fits: impl Fn(i64) -> bool) -> bool {
    new_slip_explains(last, new, digits, &fits) || slips_of(last, digits).into_iter().any(|last| fits(new - last))
}

/// Whether a slip of the new index makes the increment fit.
pub fn new_slip_explains(last: i64, new: i64, digits: u8, fits: impl Fn(i64) -> bool) -> bool {
    slips_of(new, digits).into_iter().any(|new| fits(new - last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_one_digit_or_one_swap() {
        let slips = slips_of(60_150, 5);
        assert!(slips.contains(&62_150) && slips.contains(&6_150) && slips.contains(&60_105));
        assert!(!slips.contains(&60_150) && !slips.contains(&62_151));
        assert_eq!(slips.len(), 5 * 9 + 4);
    }
}
