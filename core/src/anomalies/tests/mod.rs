//! Tests of the verdicts as a whole: DOMAIN's vectors, edges, and properties over simulated meters.

mod edges;
mod life;
mod neighbours;
mod properties;
mod scenes;
mod sums;
mod vectors;

use super::*;
use crate::meters::{BalanceUnit, Digits};
use chrono::TimeDelta;

/// A meter, its last visit and this visit, in whole m³; each test changes what it is about.
#[derive(Clone)]
struct Scene {
    traits: MeterTraits,
    class: Class,
    suspended: bool,
    last: Option<[Option<i64>; 3]>,
    now: [Option<i64>; 3],
    span: TimeDelta,
    expected: Option<i64>,
    bought: Option<i64>,
    paid_fen: i64,
    drift: i64,
    recent: Vec<i64>,
    seen_number: Option<&'static str>,
    vacancy: bool,
    gas_in_use: bool,
    confirmed: bool,
}

/// DOMAIN's household meter: G4, five digits, read in whole m³ after 31 days.
fn household(last: i64, now: i64, expected: i64) -> Scene {
    Scene {
        traits: MeterTraits {
            digits: Digits { integer: 5, decimal: 0 },
            resolution: Volume::from_m3(1),
            pulse: Volume::ZERO,
            qmax_per_hour: Volume::from_m3(6),
            figures: FigureSet::Index,
        },
        class: Class::ResidentialOutdoor,
        suspended: false,
        last: Some([Some(last), None, None]),
        now: [Some(now), None, None],
        span: TimeDelta::days(31),
        expected: Some(expected),
        bought: None,
        paid_fen: 0,
        drift: 0,
        recent: vec![20, 20, 20, 20],
        seen_number: None,
        vacancy: false,
        gas_in_use: false,
        confirmed: false,
    }
}

/// DOMAIN's commercial meter: p = r = 1; last M 8,420 E 8,395 B 310; purchases 500.
fn commercial(index: i64, cumulative: i64, balance: i64) -> Scene {
    let figures = FigureSet::Three { balance: BalanceUnit::Volume, overdraft: false };
    let household = household(0, 0, 480);
    Scene {
        traits: MeterTraits { pulse: Volume::from_m3(1), figures, ..household.traits },
        class: Class::Commercial,
        last: Some([Some(8_420), Some(8_395), Some(310)]),
        now: [Some(index), Some(cumulative), Some(balance)],
        bought: Some(500),
        ..household
    }
}

impl Scene {
    fn verdict(&self) -> Verdict {
        self.with(|facts, seen| judge(facts, seen, &Settings::default()))
    }

    /// What is asked about the facts and the observation of the scene.
    fn with<T>(&self, ask: impl FnOnce(&Facts, &Observation) -> T) -> T {
        let at: Instant = "2024-03-22T01:00:00Z".parse().expect("an instant");
        let recent: Vec<_> = self.recent.iter().copied().map(Volume::from_m3).collect();
        let facts = Facts {
            number: "G4-0012345",
            traits: self.traits,
            class: self.class,
            suspended: self.suspended,
            last: self.last.map(|figures| Visit { at: at - self.span, figures: self.figures(figures) }),
            expected: self.expected.map(Volume::from_m3),
            purchases: self.bought.map(|m3| Purchases { volume: Volume::from_m3(m3), paid_fen: self.paid_fen }),
            electronic_drift: Volume::from_m3(self.drift),
            recent: &recent,
        };
        let seen = Observation {
            at,
            figures: self.figures(self.now),
            seen_number: self.seen_number,
            vacancy: self.vacancy,
            gas_in_use: self.gas_in_use,
            confirmed: self.confirmed,
        };
        ask(&facts, &seen)
    }

    /// Whole m³; a money balance is in fen as it stands.
    fn figures(&self, [index, cumulative, balance]: [Option<i64>; 3]) -> Figures {
        let money = matches!(self.traits.figures, FigureSet::Three { balance: BalanceUnit::Money { .. }, .. });
        Figures {
            index: index.map(Volume::from_m3),
            cumulative: cumulative.map(Volume::from_m3),
            balance: balance.map(|amount| if money { amount } else { amount * 1000 }),
        }
    }

    fn codes(&self) -> Vec<&'static str> {
        self.verdict().findings.iter().map(|finding| finding.rule.code()).collect()
    }

    /// The only finding.
    fn finding(&self) -> Finding {
        let findings = self.verdict().findings;
        let [finding] = &findings[..] else { panic!("one finding, not {findings:?}") };
        finding.clone()
    }
}
