//! What a phone holds three figures against each other by, at the door and out of reach (DOMAIN 4, I1 and I2; DOMAIN 5).
//!
//! Apart from the verdict, because entry is blind: the phone must not hold the last figures. It needs none of them. That the
//! index and the cumulative moved alike means their difference stayed; that the balance fell by what was used means its sum
//! with the cumulative stayed, purchases added. The difference and the sum name neither figure.

use super::comparison::portion;
use super::{Purchases, Settings};
use crate::meters::{BalanceUnit, FigureSet, MeterTraits};
use crate::quantity::Volume;
use crate::readings::Figures;

/// Fen lost to rounding when two displayed balances are compared.
const ROUNDING_FEN: i64 = 2;
/// A balance in gas falls by 1,000 × 0.001 m³ for each m³.
const LITRES_PER_M3: i64 = 1_000;

/// The relations of a meter's last three figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DoorCheck {
    /// By how much the index was ahead of the cumulative (M0 − E0).
    pub index_ahead: Volume,
    /// It may have changed by this much until the next visit (T, for the most use to be expected).
    pub index_ahead_tolerance: Volume,
    /// 1,000 × balance + `balance_per_m3` × cumulative, purchases since added.
    pub account_sum: i64,
    /// It may have changed by this much.
    pub account_tolerance: i64,
    /// Whether purchases are known; otherwise the sum may only have grown.
    pub purchases_known: bool,
}

/// What 1 m³ takes off the balance, in the balance's unit (0.001 m³ or fen); `None` for a meter without a balance.
#[must_use]
pub const fn balance_per_m3(traits: &MeterTraits) -> Option<i64> {
    match traits.figures {
        FigureSet::Index => None,
        FigureSet::Three { balance: BalanceUnit::Volume, .. } => Some(LITRES_PER_M3),
        FigureSet::Three { balance: BalanceUnit::Money { fen_per_m3 }, .. } => Some(fen_per_m3),
    }
}

/// The relations behind the last accepted figures. `most` is the most use to be expected until the next visit. `None` for
/// other meters, where a figure of the last visit is missing, and where a number would be too large for every phone.
#[must_use]
pub fn door_check(
    traits: &MeterTraits,
    last: &Figures,
    purchases: Option<Purchases>,
    most: Volume,
    settings: &Settings,
) -> Option<DoorCheck> {
    let per_m3 = balance_per_m3(traits)?;
    let is_money = matches!(traits.figures, FigureSet::Three { balance: BalanceUnit::Money { .. }, .. });
    let (index, cumulative, balance) = (last.index?, last.cumulative?, last.balance?);
    let bought = purchases.map_or(0, |bought| if is_money { bought.paid_fen } else { bought.volume.litres() });
    let account = balance.checked_add(bought)?.checked_mul(1_000)?;
    let account_sum = account.checked_add(cumulative.litres().checked_mul(per_m3)?)?;
    let two_pulses = traits.pulse + traits.pulse;
    let rounding = if is_money { ROUNDING_FEN * 1_000 } else { 0 };
    let check = DoorCheck {
        index_ahead: index - cumulative,
        index_ahead_tolerance: portion(most, settings.tolerance)
            .max(two_pulses + traits.resolution + traits.resolution),
        account_sum,
        account_tolerance: two_pulses.litres().checked_mul(per_m3)?.checked_add(rounding)?,
        purchases_known: purchases.is_some(),
    };
    let is_exact = |number: i64| number.unsigned_abs() <= Volume::WIRE_LIMIT.unsigned_abs();
    (is_exact(check.index_ahead.litres()) && is_exact(account_sum)).then_some(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meters::Digits;

    fn traits(balance: BalanceUnit) -> MeterTraits {
        MeterTraits {
            digits: Digits { integer: 6, decimal: 2 },
            resolution: Volume::from_m3(1),
            pulse: Volume::from_m3(1),
            qmax_per_hour: Volume::from_m3(16),
            figures: FigureSet::Three { balance, overdraft: false },
        }
    }

    fn figures(index: i64, cumulative: i64, balance: i64) -> Figures {
        Figures {
            index: Some(Volume::from_m3(index)),
            cumulative: Some(Volume::from_m3(cumulative)),
            balance: Some(balance),
        }
    }

    /// The last visit of DOMAIN 4's vectors, 500 m³ bought since.
    #[test]
    fn domain4_the_vectors_last_visit_is_a_difference_of_25_and_a_sum_of_9205() {
        let bought = Purchases { volume: Volume::from_m3(500), paid_fen: 0 };
        let last = figures(8_420, 8_395, 310_000);
        let most = Volume::from_m3(500);
        let check = door_check(&traits(BalanceUnit::Volume), &last, Some(bought), most, &Settings::default()).unwrap();
        assert_eq!((check.index_ahead, check.index_ahead_tolerance), (Volume::from_m3(25), Volume::from_m3(5)));
        assert_eq!((check.account_sum, check.account_tolerance), (9_205_000_000, 2_000_000));
        assert!(check.purchases_known);
        let unknown =
            door_check(&traits(BalanceUnit::Volume), &last, None, Volume::ZERO, &Settings::default()).unwrap();
        assert_eq!((unknown.account_sum, unknown.purchases_known), (8_705_000_000, false));
        assert_eq!(unknown.index_ahead_tolerance, Volume::from_m3(4));
    }

    #[test]
    fn a_balance_in_money_is_priced() {
        let money = traits(BalanceUnit::Money { fen_per_m3: 320 });
        let bought = Purchases { volume: Volume::ZERO, paid_fen: 160_000 };
        let last = figures(8_420, 8_395, 99_200);
        let check = door_check(&money, &last, Some(bought), Volume::ZERO, &Settings::default()).unwrap();
        // 485 m³ later, ¥1,552 are gone.
        assert_eq!(check.account_sum, 1_000 * (99_200 + 160_000 - 155_200) + 320 * 8_880_000);
        assert_eq!(check.account_tolerance, 320 * 2_000 + 2_000);
        assert_eq!(balance_per_m3(&money), Some(320));
    }

    #[test]
    fn what_is_missing_or_too_large_is_not_checked() {
        let check = |traits: &MeterTraits, last: &Figures| {
            door_check(traits, last, None, Volume::ZERO, &Settings::default()).is_some()
        };
        let three = traits(BalanceUnit::Volume);
        assert!(check(&three, &figures(1, 1, 1)));
        assert!(!check(&three, &Figures { cumulative: None, ..figures(1, 1, 1) }));
        assert!(!check(&three, &figures(1, 1, i64::MAX / 1_000)));
        assert!(!check(&MeterTraits { figures: FigureSet::Index, ..three }, &figures(1, 1, 1)));
    }
}
