//! The three-figure identities (DOMAIN 4) in litres, as the planter needs them. Written here a second time on purpose:
//! faults planted with the product's own check would prove nothing about it.

use super::facts::MeterType;
use super::slips;

/// M, E and B of one visit, in litres.
pub type Triple = [i64; 3];

/// Two visits and what was bought between them.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    /// The last accepted figures.
    pub last: Triple,
    /// The new figures.
    pub new: Triple,
    /// Purchases in the ledger.
    pub bought: i64,
}

/// T: max(2p + 2r, 1 % of the larger increment).
#[must_use]
pub fn tolerance(index: i64, cumulative: i64) -> i64 {
    (2 * MeterType::PULSE + 2 * MeterType::RESOLUTION).max(index.max(cumulative) / 100)
}

impl Interval {
    /// Increments of M and of E.
    #[must_use]
    pub fn increments(&self) -> (i64, i64) {
        (self.new[0] - self.last[0], self.new[1] - self.last[1])
    }

    /// I1: index and electronics agree.
    #[must_use]
    pub fn counts_agree(&self) -> bool {
        let (index, cumulative) = self.increments();
        (index - cumulative).abs() <= tolerance(index, cumulative)
    }

    /// B0 + S − dE − B1: what was bought and isn't there.
    #[must_use]
    pub fn missing(&self) -> i64 {
        self.last[2] + self.bought - self.increments().1 - self.new[2]
    }

    /// I1, I2 and I3.
    #[must_use]
    pub fn holds(&self) -> bool {
        let (index, cumulative) = self.increments();
        self.counts_agree()
            && self.missing().abs() <= 2 * MeterType::PULSE
            && index >= 0
            && cumulative >= 0
            && self.new[2] >= 0
    }

    /// How many other orders of the new figures satisfy the identities.
    #[must_use]
    pub fn other_orders(&self) -> usize {
        let [m, e, b] = self.new;
        let orders = [[m, b, e], [e, m, b], [b, e, m], [e, b, m], [b, m, e]];
        orders.into_iter().filter(|&new| new != self.new && Self { new, ..*self }.holds()).count()
    }

    /// Whether one slip of the new or the last index makes M agree with E.
    #[must_use]
    pub fn slip_explains(&self, digits: u8) -> bool {
        let cumulative = self.increments().1;
        slips::slip_explains(self.last[0] / 1_000, self.new[0] / 1_000, digits, |index| {
            index >= 0 && (index * 1_000 - cumulative).abs() <= tolerance(index * 1_000, cumulative)
        })
    }
}
