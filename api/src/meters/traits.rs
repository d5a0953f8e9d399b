//! A meter's traits as they are stored: its type's, with its own overrides (DOMAIN 1). Every query that needs them selects
//! [`TRAITS`] beside its own columns.

use crate::db::schema::{meter_types, meters};
use meterbook::meters::{BalanceUnit, Digits, FigureSet, MeterTraits};
use meterbook::quantity::Volume;

type OfType = (
    meter_types::digits_integer,
    meter_types::digits_decimal,
    meter_types::qmax_per_hour,
    meter_types::resolution,
    meter_types::pulse,
    meter_types::three_figures,
    meter_types::fen_per_m3,
    meter_types::overdraft,
);
type Own = (meters::digits_integer, meters::digits_decimal, meters::qmax_per_hour);

/// The columns of a meter joined with its type.
pub const TRAITS: (OfType, Own) = (
    (
        meter_types::digits_integer,
        meter_types::digits_decimal,
        meter_types::qmax_per_hour,
        meter_types::resolution,
        meter_types::pulse,
        meter_types::three_figures,
        meter_types::fen_per_m3,
        meter_types::overdraft,
    ),
    (meters::digits_integer, meters::digits_decimal, meters::qmax_per_hour),
);

/// What [`TRAITS`] loads: the type's values, the meter's overrides.
pub type TraitsRow = ((i32, i32, i64, i64, i64, bool, Option<i64>, bool), (Option<i32>, Option<i32>, Option<i64>));

/// The traits of a row.
#[must_use]
pub fn traits((of_type, own): TraitsRow) -> MeterTraits {
    let (integer, decimal, qmax, resolution, pulse, three, price, overdraft) = of_type;
    let digit = |own: Option<i32>, of_type: i32| u8::try_from(own.unwrap_or(of_type)).unwrap_or(0);
    let digits = Digits::new(digit(own.0, integer), digit(own.1, decimal));
    let balance = price.map_or(BalanceUnit::Volume, |fen_per_m3| BalanceUnit::Money { fen_per_m3 });
    MeterTraits {
        // The import checks digits; a household dial is the safe reading of a row it never made.
        digits: digits.unwrap_or(Digits { integer: 5, decimal: 3 }),
        resolution: Volume::from_litres(resolution),
        pulse: Volume::from_litres(pulse),
        qmax_per_hour: Volume::from_litres(own.2.unwrap_or(qmax)),
        figures: if three { FigureSet::Three { balance, overdraft } } else { FigureSet::Index },
    }
}
