//! Quantities: integers of the smallest unit, never floating point (DOMAIN, preamble).

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

/// A gas volume or a meter index in 0.001 m³.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Volume(i64);

impl Volume {
    /// No gas at all.
    pub const ZERO: Self = Self(0);
    /// The largest magnitude accepted on the wire: 2^53 − 1, exact in every client language.
    pub const WIRE_LIMIT: i64 = (1 << 53) - 1;

    /// From 0.001 m³.
    #[must_use]
    pub const fn from_litres(litres: i64) -> Self {
        Self(litres)
    }

    /// From whole m³.
    #[must_use]
    pub const fn from_m3(m3: i64) -> Self {
        Self(m3 * 1000)
    }

    /// In 0.001 m³.
    #[must_use]
    pub const fn litres(self) -> i64 {
        self.0
    }

    /// The magnitude.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// `self × numerator / denominator`, rounded down, exact in between.
    ///
    /// # Panics
    /// Never for a non-zero denominator: the result is saturated at the limits of `i64`.
    #[must_use]
    pub fn scaled(self, numerator: i64, denominator: i64) -> Self {
        let exact = (i128::from(self.0) * i128::from(numerator)).div_euclid(i128::from(denominator));
        Self(exact.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }
}

impl Add for Volume {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Volume {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Volume {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Volume {
    fn sum<I: Iterator<Item = Self>>(volumes: I) -> Self {
        volumes.fold(Self::ZERO, Add::add)
    }
}

/// In m³ with as many of three decimals as are needed: `485`, `0.4`, `-12.125`.
impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let decimals = format!("{:03}", magnitude % 1000);
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{decimals}", magnitude / 1000)
    }
}

/// A rate in 1/10,000 (基点): 98 % is 9,800.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BasisPoints(pub u32);

impl BasisPoints {
    /// All of it: 100 %.
    pub const WHOLE: Self = Self(10_000);
}

/// As a percentage with two decimals: `97.99 %`.
impl fmt::Display for BasisPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} %", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volumes_print_only_the_decimals_they_have() {
        let printed = [485_000, 400, -12_125, 0, 1_010].map(|litres| Volume::from_litres(litres).to_string());
        assert_eq!(printed, ["485", "0.4", "-12.125", "0", "1.01"]);
    }

    #[test]
    fn scaling_is_exact_and_rounds_down() {
        assert_eq!(Volume::from_litres(999).scaled(1, 100), Volume::from_litres(9));
        assert_eq!(Volume::from_litres(-1).scaled(1, 2), Volume::from_litres(-1));
        assert_eq!(Volume::from_litres(i64::MAX).scaled(12, 10), Volume::from_litres(i64::MAX));
    }

    #[test]
    fn rates_print_with_two_decimals() {
        assert_eq!(BasisPoints(9_799).to_string(), "97.99 %");
        assert_eq!(BasisPoints::WHOLE.to_string(), "100.00 %");
    }
}
