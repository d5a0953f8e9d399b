//! The meter types of the city (DOMAIN 9). Separate because the product seeds the same table: the two are compared.

use meterbook::meters::{BalanceUnit, Digits, FigureSet, MeterTraits};
use meterbook::quantity::Volume;

/// A make of meter (表型).
#[derive(PartialEq, Eq, Debug)]
pub struct MeterType {
    /// The code in the register: `G2.5`, `IC-G16`.
    pub code: &'static str,
    /// Digits of whole m³ on the dial.
    pub integer: u8,
    /// Decimal digits on the dial.
    pub decimal: u8,
    /// Qmax in 0.001 m³ per hour.
    pub qmax: i64,
    /// Whether it is an IC-card meter with three figures.
    pub card: bool,
}

const fn home(code: &'static str, qmax: i64) -> MeterType {
    MeterType { code, integer: 5, decimal: 3, qmax, card: false }
}

const fn card(code: &'static str, integer: u8, decimal: u8, qmax: i64) -> MeterType {
    MeterType { code, integer, decimal, qmax, card: true }
}

/// What homes have.
pub static HOME_TYPES: [MeterType; 3] = [home("G1.6", 2_500), home("G2.5", 4_000), home("G4", 6_000)];

/// What businesses have, by size.
pub static CARD_TYPES: [MeterType; 8] = [
    card("IC-G4", 5, 3, 6_000),
    card("IC-G6", 5, 3, 10_000),
    card("IC-G10", 6, 2, 16_000),
    card("IC-G16", 6, 2, 25_000),
    card("IC-G25", 6, 2, 40_000),
    card("IC-G40", 6, 2, 65_000),
    card("IC-G65", 6, 2, 100_000),
    card("IC-G100", 7, 1, 160_000),
];

impl MeterType {
    /// What readers enter of the index: whole m³, in 0.001 m³.
    pub const RESOLUTION: i64 = 1_000;
    /// The pulse equivalent of the card meters, in 0.001 m³.
    pub const PULSE: i64 = 100;

    /// Where the index starts again from zero, in 0.001 m³.
    #[must_use]
    pub fn wrap(&self) -> i64 {
        10_i64.pow(u32::from(self.integer)) * 1_000
    }

    /// The same facts as the checks want them.
    #[must_use]
    pub fn traits(&self) -> MeterTraits {
        let balance = BalanceUnit::Volume;
        MeterTraits {
            digits: Digits { integer: self.integer, decimal: self.decimal },
            resolution: Volume::from_litres(Self::RESOLUTION),
            pulse: Volume::from_litres(if self.card { Self::PULSE } else { 0 }),
            qmax_per_hour: Volume::from_litres(self.qmax),
            figures: if self.card { FigureSet::Three { balance, overdraft: false } } else { FigureSet::Index },
        }
    }
}
