//! One meter's life: its gas, its pulses, its card. Separate because everything that is read, bought or broken at one
//! meter must come from one set of facts.

use super::curve::Curve;
use super::dice::Dice;
use super::facts::MeterType;
use super::trail::Trail;
use chrono::{TimeDelta, Timelike};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;

/// Fen for a m³ of gas to a business.
const PRICE: i64 = 398;

/// A load of the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// When.
    pub at: Instant,
    /// Litres.
    pub litres: i64,
    /// Whether it reached the meter.
    pub in_meter: bool,
    /// Whether the sales system has it.
    pub in_ledger: bool,
}

impl Load {
    /// What it cost, in fen.
    #[must_use]
    pub const fn fen(&self) -> i64 {
        self.litres * PRICE / 1_000
    }
}

/// One meter's life.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its type.
    pub kind: &'static MeterType,
    /// What the index showed when it was put in, in litres.
    pub initial: i64,
    /// Gas that moves the index.
    pub gas: Curve,
    /// Gas that the electronics count.
    pub pulses: Curve,
    /// When it was looked at.
    pub trail: Trail,
    /// Card loads, in order.
    pub loads: Vec<Load>,
    /// Litres in the meter when the ledger begins.
    pub opening: i64,
    /// When the ledger begins.
    pub since: Instant,
}

impl Story {
    /// What a reader reads off the dial: whole m³, in litres.
    #[must_use]
    pub fn index(&self, at: Instant) -> i64 {
        let total = self.initial + self.gas.at(at);
        (total - total % MeterType::RESOLUTION).rem_euclid(self.kind.wrap())
    }

    /// The electronic cumulative, in litres.
    #[must_use]
    pub fn cumulative(&self, at: Instant) -> i64 {
        let total = self.pulses.at(at);
        total - total % MeterType::PULSE
    }

    /// The balance left in the meter, in litres.
    #[must_use]
    pub fn balance(&self, at: Instant) -> i64 {
        let loaded: i64 = self.loads.iter().filter(|load| load.in_meter && load.at < at).map(|load| load.litres).sum();
        self.opening + loaded - (self.cumulative(at) - self.cumulative(self.since))
    }

    /// The figures as they stand.
    #[must_use]
    pub fn figures(&self, at: Instant) -> Figures {
        let index = Some(Volume::from_litres(self.index(at)));
        if !self.kind.card {
            return Figures { index, ..Figures::default() };
        }
        let cumulative = Some(Volume::from_litres(self.cumulative(at)));
        Figures { index, cumulative, balance: Some(self.balance(at)) }
    }

    /// The last look before the demonstration month.
    #[must_use]
    pub fn last_look(&self) -> Option<Instant> {
        self.trail.past.last().map(|&(at, _)| at)
    }

    /// The customer buys whenever five days' gas is no longer in the meter, for one to two months, in tens of m³.
    pub fn buy(&mut self, until: Period, dice: &mut Dice) {
        let zone = Zone::default();
        let ahead = |from: Instant, days: i64| self.pulses.at(from + TimeDelta::days(days)) - self.pulses.at(from);
        let mut balance = self.opening;
        let mut day = zone.start_of(zone.day(self.since));
        let end = zone.start_of(until.end_day());
        let mut loads = Vec::new();
        while day < end {
            let (need, month) = (ahead(day, 5), ahead(day, 30));
            if balance < need {
                let minutes = dice.between(9 * 60, 17 * 60);
                let least = need - balance + 20_000;
                let litres = (month * dice.between(70, 160) / 100).max(least) / 10_000 * 10_000 + 10_000;
                let at = day + TimeDelta::minutes(minutes);
                loads.push(Load { at: at.with_second(0).unwrap_or(at), litres, in_meter: true, in_ledger: true });
                balance += litres;
            }
            balance -= ahead(day, 1);
            day += TimeDelta::days(1);
        }
        self.loads = loads;
    }
}
