//! What an index may have been, if the reader slipped once: a digit changed, two neighbours swapped, a digit left out.
//!
//! Apart from the slip test at ingest because a phone's keypad knows how many digits the dial has and a file does not: there a
//! digit left out is a form fault, here it is an index a tenth as large.

/// Every other index one slip away, in multiples of `step`, below `wrap` where it is known.
pub(super) fn slips_of(index: i64, step: i64, wrap: Option<i64>) -> Vec<i64> {
    let step = step.max(1);
    // An unknown dial may have one digit more than what was read.
    let top = wrap.unwrap_or_else(|| ten_above(index.max(step)).saturating_mul(10));
    let mut found = Vec::new();
    let mut place = step;
    while place < top {
        let digit = index / place % 10;
        found.extend((0..10).filter(|other| *other != digit).map(|other| index + (other - digit) * place));
        let upper = place * 10;
        if upper < top {
            let next = index / upper % 10;
            if next != digit {
                found.push(index + (next - digit) * place + (digit - next) * upper);
            }
            // What stands above `place` moves up by one digit: the digit at `place` was left out.
            let (above, below) = (index / place, index % place);
            let without = above * upper + below;
            found.extend((0..10).map(|left_out| without + left_out * place).filter(|whole| *whole != index));
        }
        place = upper;
    }
    found.retain(|whole| *whole < top);
    found.sort_unstable();
    found.dedup();
    found
}

/// The least power of ten above.
fn ten_above(index: i64) -> i64 {
    let mut ten: i64 = 1;
    while ten <= index && ten < i64::MAX / 100 {
        ten *= 10;
    }
    ten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_swapped_and_a_left_out_digit() {
        let found = slips_of(1_245_000, 1_000, Some(100_000_000));
        for read in [1_345_000, 2_145_000, 12_345_000, 12_450_000, 41_245_000] {
            assert!(found.contains(&read), "{read}");
        }
        assert!(!found.contains(&1_245_000));
        assert!(found.iter().all(|read| (0..100_000_000).contains(read)));
    }

    #[test]
    fn the_first_digit_may_be_the_one_left_out() {
        assert!(slips_of(345_000, 1_000, None).contains(&1_345_000));
    }
}
