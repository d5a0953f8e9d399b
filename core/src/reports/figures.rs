//! The three figures of a commercial meter over a month (R-4, R-9, DOMAIN 4): do index, cumulative and balance agree?
//!
//! Why separate: the checks of [`anomalies`](crate::anomalies) judge one visit against the last; here a whole month is held
//! against the purchases of the same span, for every meter, the sound ones too: a reconciliation that lists only faults
//! proves nothing about the rest.

use crate::calendar::Instant;
use crate::meters::{BalanceUnit, Digits};
use crate::quantity::{BasisPoints, Volume};
use crate::readings::Figures;

/// A look at a meter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// When.
    pub at: Instant,
    /// What its figures said.
    pub figures: Figures,
}

/// What is known of one meter and one month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MonthOfMeter {
    /// The last trusted reading before the month.
    pub opening: Option<Standing>,
    /// The last trusted reading in the month.
    pub closing: Option<Standing>,
    /// Loaded between the two, as the sales system says; `None` where it never spoke of this meter. Volume and fen.
    pub bought: Option<(Volume, i64)>,
    /// The dial.
    pub digits: Digits,
    /// r: what the index can tell apart.
    pub resolution: Volume,
    /// p: what the electronic counter can tell apart.
    pub pulse: Volume,
    /// What the balance counts.
    pub balance: BalanceUnit,
    /// The proportional part of T (DOMAIN 4: 1 %).
    pub tolerance: BasisPoints,
}

/// How the figures stand to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// 三数相符.
    Agree,
    /// 基表与累计不符: |dM − dE| > T (I1).
    IndexAgainstElectronic,
    /// 余量不符: |B0 + S − dE − B1| > 2p (I2).
    Balance,
    /// 均不符.
    Both,
    /// 购气未知: index and cumulative agree, and nothing is known of purchases.
    PurchasesUnknown,
    /// 无法核对: no opening or closing reading, or a figure is missing.
    Incomplete,
}

impl Verdict {
    /// Every verdict, in the order a report lists them.
    pub const ALL: [Self; 6] = [
        Self::Agree,
        Self::IndexAgainstElectronic,
        Self::Balance,
        Self::Both,
        Self::PurchasesUnknown,
        Self::Incomplete,
    ];

    /// The code used in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::IndexAgainstElectronic => "index_against_electronic",
            Self::Balance => "balance",
            Self::Both => "both",
            Self::PurchasesUnknown => "purchases_unknown",
            Self::Incomplete => "incomplete",
        }
    }

    /// The verdict of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }

    /// What a person reads.
    #[must_use]
    pub const fn text(self) -> crate::text::Text {
        use crate::text::Text;
        match self {
            Self::Agree => Text { zh: "相符", en: "agree" },
            Self::IndexAgainstElectronic => Text { zh: "基表与累计不符", en: "index ≠ cumulative" },
            Self::Balance => Text { zh: "余量不符", en: "balance off" },
            Self::Both => Text { zh: "均不符", en: "both off" },
            Self::PurchasesUnknown => Text { zh: "购气未知", en: "purchases unknown" },
            Self::Incomplete => Text { zh: "无法核对", en: "incomplete" },
        }
    }
}

/// The reconciliation of one meter and month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreement {
    /// The verdict.
    pub verdict: Verdict,
    /// dM: by the index, a wrap undone.
    pub index_use: Option<Volume>,
    /// dE: by the cumulative.
    pub cumulative_use: Option<Volume>,
    /// dM − dE.
    pub gap: Option<Volume>,
    /// T: how far they may differ.
    pub tolerance: Option<Volume>,
    /// q = B0 + S − dE − B1 in the balance's unit (0.001 m³ or fen): gas paid for and not loaded, or negative: loaded and not
    /// paid for.
    pub missing: Option<i64>,
}

const NOTHING: Agreement = Agreement {
    verdict: Verdict::Incomplete,
    index_use: None,
    cumulative_use: None,
    gap: None,
    tolerance: None,
    missing: None,
};

/// Reconciles one meter and month.
#[must_use]
pub fn agreement(meter: &MonthOfMeter) -> Agreement {
    let Some((opening, closing)) = meter.opening.zip(meter.closing) else { return NOTHING };
    let (before, after) = (opening.figures, closing.figures);
    let index_use = after.index.zip(before.index).map(|(after, before)| {
        let moved = after - before;
        if moved < Volume::ZERO { moved + meter.digits.wrap() } else { moved }
    });
    let cumulative_use = after.cumulative.zip(before.cumulative).map(|(after, before)| after - before);
    let Some((dm, de)) = index_use.zip(cumulative_use) else {
        return Agreement { index_use, cumulative_use, ..NOTHING };
    };
    let floor = meter.pulse + meter.pulse + meter.resolution + meter.resolution;
    let tolerance = floor.max(dm.max(de).scaled(i64::from(meter.tolerance.0), i64::from(BasisPoints::WHOLE.0)));
    let gap = dm - de;
    let index_agrees = gap.abs() <= tolerance;
    let missing = meter.bought.and_then(|bought| missing(meter, (before.balance?, after.balance?), bought, de));
    let balance_agrees = missing.map(|missing| missing.unsigned_abs() <= slack(meter).unsigned_abs());
    let verdict = match (index_agrees, balance_agrees) {
        (true, Some(true)) => Verdict::Agree,
        (true, Some(false)) => Verdict::Balance,
        (true, None) => Verdict::PurchasesUnknown,
        (false, Some(false)) => Verdict::Both,
        (false, _) => Verdict::IndexAgainstElectronic,
    };
    Agreement { verdict, index_use, cumulative_use, gap: Some(gap), tolerance: Some(tolerance), missing }
}

/// q, exact in between.
fn missing(meter: &MonthOfMeter, (b0, b1): (i64, i64), bought: (Volume, i64), used: Volume) -> Option<i64> {
    let (loaded, used) = match meter.balance {
        BalanceUnit::Volume => (bought.0.litres(), i128::from(used.litres())),
        BalanceUnit::Money { fen_per_m3 } => (bought.1, cost(used, fen_per_m3)),
    };
    i64::try_from(i128::from(b0) + i128::from(loaded) - used - i128::from(b1)).ok()
}

/// 2p in the balance's unit; money has 2 fen of rounding on top.
fn slack(meter: &MonthOfMeter) -> i64 {
    let pulses = meter.pulse + meter.pulse;
    match meter.balance {
        BalanceUnit::Volume => pulses.litres(),
        BalanceUnit::Money { fen_per_m3 } => {
            i64::try_from(cost(pulses, fen_per_m3)).unwrap_or(i64::MAX).saturating_add(2)
        }
    }
}

fn cost(volume: Volume, fen_per_m3: i64) -> i128 {
    (i128::from(volume.litres()) * i128::from(fen_per_m3)).div_euclid(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// p = r = 1 m³; opening M 8,420 E 8,395 B 310 (the vectors of DOMAIN 4).
    fn month(m: i64, e: i64, b: i64, bought: Option<i64>) -> MonthOfMeter {
        let look = |day: i64, m, e, b: i64| Standing {
            at: Instant::from_timestamp_millis(day * 86_400_000).unwrap(),
            figures: Figures {
                index: Some(Volume::from_m3(m)),
                cumulative: Some(Volume::from_m3(e)),
                balance: Some(b * 1_000),
            },
        };
        MonthOfMeter {
            opening: Some(look(0, 8_420, 8_395, 310)),
            closing: Some(look(30, m, e, b)),
            bought: bought.map(|m3| (Volume::from_m3(m3), 0)),
            digits: Digits { integer: 6, decimal: 2 },
            resolution: Volume::from_m3(1),
            pulse: Volume::from_m3(1),
            balance: BalanceUnit::Volume,
            tolerance: BasisPoints(100),
        }
    }

    #[test]
    fn the_vectors_of_domain_4() {
        let verdict = |m, e, b| {
            let found = agreement(&month(m, e, b, Some(500)));
            (found.verdict, found.gap.map(Volume::litres).map(|gap| gap / 1_000), found.missing.map(|q| q / 1_000))
        };
        assert_eq!(verdict(8_905, 8_880, 325), (Verdict::Agree, Some(0), Some(0)));
        assert_eq!(verdict(8_905, 8_802, 403), (Verdict::IndexAgainstElectronic, Some(78), Some(0)));
        assert_eq!(verdict(8_905, 8_395, 810), (Verdict::IndexAgainstElectronic, Some(485), Some(0)));
        assert_eq!(verdict(8_905, 8_880, 25), (Verdict::Balance, Some(0), Some(300)));
        assert_eq!(verdict(8_905, 8_880, 825), (Verdict::Balance, Some(0), Some(-500)));
        assert_eq!(verdict(8_905, 8_802, 25), (Verdict::Both, Some(78), Some(378)));
    }

    #[test]
    fn what_is_not_known_is_not_judged() {
        assert_eq!(agreement(&month(8_905, 8_880, 325, None)).verdict, Verdict::PurchasesUnknown);
        let open = MonthOfMeter { closing: None, ..month(8_905, 8_880, 325, Some(500)) };
        assert_eq!(agreement(&open).verdict, Verdict::Incomplete);
    }

    #[test]
    fn a_balance_in_money_is_held_against_the_price() {
        let mut meter = month(8_905, 8_880, 0, None);
        meter.balance = BalanceUnit::Money { fen_per_m3: 300 };
        meter.bought = Some((Volume::ZERO, 200_000));
        let balance = |meter: &mut MonthOfMeter, opening: i64, closing: i64| {
            meter.opening.as_mut().unwrap().figures.balance = Some(opening);
            meter.closing.as_mut().unwrap().figures.balance = Some(closing);
        };
        // 485 m³ at 3 yuan are 145,500 fen.
        balance(&mut meter, 10_000, 64_500);
        assert_eq!(agreement(&meter).missing, Some(0));
        balance(&mut meter, 10_000, 34_500);
        assert_eq!((agreement(&meter).missing, agreement(&meter).verdict), (Some(30_000), Verdict::Balance));
    }
}
