//! The random blind re-read list: how many entries to look at again, and which (R-3, DOMAIN 5).
//!
//! Apart because it is statistics of a draw, whatever the reason for drawing. Integers throughout; the seed is stored, so that
//! anybody can draw the same list again and see that nobody was picked by hand.

use crate::id::RecordId;

/// 1 in fixed point.
const ONE: u128 = 1_000_000_000_000_000_000;

/// How many of `population` entries to re-read, so that at least one of `faulty` wrong ones is among them with a chance of
/// `detection_bp` / 10,000 (hypergeometric, drawn without returning). The chance to miss is rounded up at every step, so the
/// stated rate is kept. Without a wrong entry, or where only all would do: all.
#[must_use]
pub fn sample_size(population: u64, faulty: u64, detection_bp: u32) -> u64 {
    if faulty == 0 {
        return population;
    }
    let allowed = ONE * u128::from(10_000_u32.saturating_sub(detection_bp)) / 10_000;
    let (total, sound) = (u128::from(population), u128::from(population.saturating_sub(faulty)));
    let mut miss = ONE;
    for drawn in 0..population {
        if miss <= allowed {
            return drawn;
        }
        let (left, left_sound) = (total - u128::from(drawn), sound.saturating_sub(u128::from(drawn)));
        miss = (miss * left_sound).div_ceil(left);
    }
    population
}

/// Draws `count` of the records by a seed: the same for the same set in any order.
#[must_use]
pub fn draw(seed: u64, records: &[RecordId], count: u64) -> Vec<RecordId> {
    let mut keyed: Vec<(u64, RecordId)> = records.iter().map(|record| (key(seed, *record), *record)).collect();
    keyed.sort_unstable();
    keyed.dedup();
    keyed.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    keyed.into_iter().map(|(_, record)| record).collect()
}

fn key(seed: u64, record: RecordId) -> u64 {
    let (high, low) = record.0.as_u64_pair();
    mixed(mixed(mixed(seed) ^ high) ^ low)
}

/// SplitMix64's finalizer: every bit of the input moves about half of the output.
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn chance_to_miss(population: u64, faulty: u64, drawn: u64) -> f64 {
        (0..drawn).map(|n| (population - faulty - n) as f64 / (population - n) as f64).product()
    }

    #[test]
    fn the_size_keeps_the_stated_rate_and_one_less_would_not() {
        for (population, faulty, detection) in
            [(400, 20, 9_500_u32), (1_000, 10, 9_000), (60, 3, 8_000), (5_000, 1, 5_000)]
        {
            let size = sample_size(population, faulty, detection);
            let allowed = 1.0 - f64::from(detection) / 10_000.0;
            assert!(chance_to_miss(population, faulty, size) <= allowed + 1e-9, "{population} {faulty} {size}");
            assert!(chance_to_miss(population, faulty, size - 1) > allowed - 1e-9, "{population} {faulty} {size}");
        }
        assert_eq!(sample_size(400, 20, 9_500), 55);
    }

    #[test]
    fn certainty_takes_all_but_the_faulty_and_nothing_to_find_takes_all() {
        assert_eq!(sample_size(10, 3, 10_000), 8);
        assert_eq!(sample_size(10, 10, 9_999), 1);
        assert_eq!(sample_size(10, 0, 9_000), 10);
        assert_eq!(sample_size(0, 5, 9_000), 0);
        assert_eq!(sample_size(10, 99, 9_000), 1);
        assert_eq!(sample_size(10, 1, 0), 0);
    }

    #[test]
    fn a_seed_draws_the_same_list_whatever_the_order_and_another_seed_another() {
        let records: Vec<_> = (0..400_u128).map(|n| RecordId(Uuid::from_u128(n))).collect();
        let mut turned = records.clone();
        turned.reverse();
        let list = draw(7, &records, 56);
        assert_eq!((list.len(), &list), (56, &draw(7, &turned, 56)));
        assert_ne!(list, draw(8, &records, 56));
        // Evenly: over many seeds each record comes about as often.
        let mut drawn = [0_u32; 400];
        for seed in 0..500 {
            draw(seed, &records, 40).iter().for_each(|record| drawn[record.0.as_u128() as usize] += 1);
        }
        assert!(drawn.iter().all(|times| (20..=85).contains(times)), "{drawn:?}");
    }
}
