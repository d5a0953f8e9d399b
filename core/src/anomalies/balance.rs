//! The balance of an IC-card meter, in gas or in money (DOMAIN 4, I2 and I3).
//!
//! Apart because only here does the unit of the balance matter: elsewhere a balance is an amount that fits or does not.

use super::comparison::Comparison;
use crate::meters::BalanceUnit;
use crate::quantity::Volume;

/// Fen lost to rounding when two displayed balances are compared.
const ROUNDING_FEN: i128 = 2;

/// Balance arithmetic of one type: amounts are 0.001 m³ or fen.
#[derive(Clone, Copy)]
pub(super) struct Account {
    unit: BalanceUnit,
    /// B0.
    before: i64,
    /// S; `None` where the sales system has not said.
    purchased: Option<i64>,
    /// 2p, as an amount.
    tolerance: i128,
}

impl Account {
    /// `None` for a meter without a balance, or where B0 is missing.
    pub fn of(visits: &Comparison) -> Option<Self> {
        let (unit, _) = visits.balance_type()?;
        let purchased = visits.facts.purchases.map(|bought| match unit {
            BalanceUnit::Volume => bought.volume.litres(),
            BalanceUnit::Money { .. } => bought.paid_fen,
        });
        let tolerance = match unit {
            BalanceUnit::Volume => i128::from(visits.two_pulses().litres()),
            BalanceUnit::Money { .. } => cost(unit, visits.two_pulses()) + ROUNDING_FEN,
        };
        Some(Self { unit, before: visits.last.figures.balance?, purchased, tolerance })
    }

    /// q = B0 + S − dE − B1: what is missing from the balance. `None` where S is unknown.
    pub fn missing(&self, cumulative_use: Volume, balance: i64) -> Option<i64> {
        let purchased = i128::from(self.purchased?);
        Some(narrow(purchased - self.implied_exactly(cumulative_use, balance)))
    }

    /// dB + dE: the purchase the figures imply.
    pub fn implied(&self, cumulative_use: Volume, balance: i64) -> i64 {
        narrow(self.implied_exactly(cumulative_use, balance))
    }

    fn implied_exactly(&self, cumulative_use: Volume, balance: i64) -> i128 {
        i128::from(balance) - i128::from(self.before) + cost(self.unit, cumulative_use)
    }

    /// How far the balance fell, known purchases added: at least this much was used.
    pub fn fall(&self, balance: i64) -> i64 {
        narrow(i128::from(self.before) + i128::from(self.purchased.unwrap_or(0)) - i128::from(balance))
    }

    /// Whether an amount is beyond 2p.
    pub fn matters(&self, amount: i64) -> bool {
        i128::from(amount) > self.tolerance || i128::from(amount) < -self.tolerance
    }

    /// I2: whether the figures fit the purchases, or, where these are unknown, any purchase at all.
    pub fn fits(&self, cumulative_use: Volume, balance: i64) -> bool {
        match self.missing(cumulative_use, balance) {
            Some(missing) => !self.matters(missing),
            None => !self.is_short(self.implied(cumulative_use, balance)),
        }
    }

    /// Whether an amount is below −2p.
    pub fn is_short(&self, amount: i64) -> bool {
        amount < 0 && self.matters(amount)
    }

    /// S for a person.
    pub fn purchased_text(&self) -> String {
        self.purchased.map_or_else(|| "?".to_owned(), |amount| text(self.unit, amount))
    }

    /// An amount for a person.
    pub fn text(&self, amount: i64) -> String {
        text(self.unit, amount)
    }

    /// An amount as gas; `None` for money without a price.
    pub fn volume(&self, amount: i64) -> Option<Volume> {
        match self.unit {
            BalanceUnit::Volume => Some(Volume::from_litres(amount)),
            BalanceUnit::Money { fen_per_m3 } if fen_per_m3 > 0 => {
                Some(Volume::from_litres(amount).scaled(1000, fen_per_m3))
            }
            BalanceUnit::Money { .. } => None,
        }
    }
}

/// What gas takes off the balance, rounded down.
fn cost(unit: BalanceUnit, volume: Volume) -> i128 {
    match unit {
        BalanceUnit::Volume => i128::from(volume.litres()),
        BalanceUnit::Money { fen_per_m3 } => (i128::from(volume.litres()) * i128::from(fen_per_m3)).div_euclid(1000),
    }
}

/// `500 m³` or `¥1600.00`: the unit is part of the value, because the template cannot know it.
pub(super) fn text(unit: BalanceUnit, amount: i64) -> String {
    match unit {
        BalanceUnit::Volume => format!("{} m³", Volume::from_litres(amount)),
        BalanceUnit::Money { .. } => {
            let (sign, fen) = (if amount < 0 { "-" } else { "" }, amount.unsigned_abs());
            format!("{sign}¥{}.{:02}", fen / 100, fen % 100)
        }
    }
}

/// What gas takes off the balance.
pub(super) fn spent(unit: BalanceUnit, volume: Volume) -> i64 {
    narrow(cost(unit, volume))
}

fn narrow(amount: i128) -> i64 {
    amount.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}
