//! The rule lab: what other settings would have said of the stored history.
//!
//! Apart because it looks back: the same checks run over whole pasts, once as they are set and once as they might be, and the
//! differences are held against what people found out. No clock and no chance: the same history gives the same answer.

use super::case_life::CaseVerdict;
use super::{Facts, Observation, Past, Purchases, Rule, Settings, Severity, Verdict, Visit, judge};
use crate::calendar::Instant;
use crate::id::RecordId;
use crate::meters::{Class, MeterTraits};
use crate::quantity::Volume;
use std::collections::{BTreeMap, BTreeSet};

/// How many examples of a difference are kept per rule and side.
const EXAMPLES: usize = 20;

/// A stored reading, as it counts now.
#[derive(Clone, Copy, Debug)]
pub struct StoredReading<'a> {
    /// The record.
    pub record: RecordId,
    /// What was seen.
    pub seen: Observation<'a>,
}

/// A meter with its stored history.
#[derive(Clone, Debug)]
pub struct MeterHistory<'a> {
    /// The registered number.
    pub number: &'a str,
    /// The type, with the meter's own overrides.
    pub traits: MeterTraits,
    /// The class of the point.
    pub class: Class,
    /// Whether the point is suspended.
    pub suspended: bool,
    /// What it was put in with: the base of the first reading.
    pub base: Visit,
    /// Its readings, oldest first.
    pub readings: &'a [StoredReading<'a>],
    /// Its purchases, oldest first: when, how much, for how many fen. Empty: the sales system never spoke of this meter.
    pub purchases: &'a [(Instant, Volume, i64)],
    /// When the counting module was put right, and Σ(dM − dE) up to then, oldest first.
    pub repairs: &'a [(Instant, Volume)],
}

impl MeterHistory<'_> {
    fn judge(&self, past: &Past, seen: &Observation, settings: &Settings) -> Verdict {
        let wrap = self.traits.digits.wrap();
        let known = past.before(seen.at, wrap);
        let repaired = self.repairs.iter().rfind(|(at, _)| *at <= seen.at).map_or(Volume::ZERO, |(_, drift)| *drift);
        let facts = Facts {
            number: self.number,
            traits: self.traits,
            class: self.class,
            suspended: self.suspended,
            last: known.last,
            expected: known.last.and_then(|last| past.expected(wrap, last.at, seen.at)),
            purchases: known.last.and_then(|last| self.purchases_between(last.at, seen.at)),
            electronic_drift: known.drift - repaired,
            recent: &known.recent,
        };
        judge(&facts, seen, settings)
    }

    fn purchases_between(&self, from: Instant, to: Instant) -> Option<Purchases> {
        if self.purchases.is_empty() {
            return None;
        }
        let between = self.purchases.iter().filter(|(at, ..)| *at > from && *at <= to);
        let none = Purchases { volume: Volume::ZERO, paid_fen: 0 };
        Some(between.fold(none, |sum, (_, volume, paid)| Purchases {
            volume: sum.volume + *volume,
            paid_fen: sum.paid_fen.saturating_add(*paid),
        }))
    }
}

/// Judges every reading of a meter in order, each by what the ones before it left as accepted. Tells of each finding that
/// opens a case.
pub fn replay(meter: &MeterHistory, settings: &Settings, mut found: impl FnMut(RecordId, Rule)) {
    let base = Past::whole(vec![meter.base]);
    let mut past = Past::default();
    for reading in meter.readings {
        let known = if past.visits().is_empty() { &base } else { &past };
        let verdict = meter.judge(known, &reading.seen, settings);
        for finding in &verdict.findings {
            if finding.rule.entry().severity != Severity::Note {
                found(reading.record, finding.rule);
            }
        }
        if verdict.trusted {
            past.remember(Visit { at: reading.seen.at, figures: reading.seen.figures });
        }
    }
}

/// Cases of one side of a difference, by what people found out about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByVerdict {
    /// The rule was right.
    pub upheld: u64,
    /// It was not.
    pub refuted: u64,
    /// Nobody has said.
    pub unknown: u64,
}

impl ByVerdict {
    fn add(&mut self, verdict: Option<CaseVerdict>) {
        match verdict {
            Some(CaseVerdict::Upheld) => self.upheld += 1,
            Some(CaseVerdict::Refuted) => self.refuted += 1,
            None => self.unknown += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        self.upheld += other.upheld;
        self.refuted += other.refuted;
        self.unknown += other.unknown;
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.upheld + self.refuted + self.unknown
    }
}

/// What a change of settings does to one rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleDifference {
    /// Found either way.
    pub kept: ByVerdict,
    /// Found only with the changed settings.
    pub won: ByVerdict,
    /// Found only with the settings as they are.
    pub lost: ByVerdict,
    /// Some of the readings won, by id.
    pub won_examples: BTreeSet<RecordId>,
    /// Some of the readings lost, by id.
    pub lost_examples: BTreeSet<RecordId>,
}

/// What a change of settings does.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Difference {
    /// Meters replayed.
    pub meters: u64,
    /// Readings replayed.
    pub readings: u64,
    /// By rule; rules that never spoke are absent.
    pub rules: BTreeMap<Rule, RuleDifference>,
}

impl Difference {
    /// Replays a meter under both settings. `recorded` says what people found out about a rule's word on a reading.
    pub fn add(
        &mut self,
        meter: &MeterHistory,
        (now, changed): (&Settings, &Settings),
        recorded: impl Fn(RecordId, Rule) -> Option<CaseVerdict>,
    ) {
        let collect = |settings: &Settings| {
            let mut found = BTreeSet::new();
            replay(meter, settings, |record, rule| {
                found.insert((rule, record));
            });
            found
        };
        let before = collect(now);
        let after = if now == changed { before.clone() } else { collect(changed) };
        self.meters += 1;
        self.readings += meter.readings.len() as u64;
        for (rule, record) in before.union(&after).copied() {
            let verdict = recorded(record, rule);
            let own = self.rules.entry(rule).or_default();
            match (before.contains(&(rule, record)), after.contains(&(rule, record))) {
                (true, true) => own.kept.add(verdict),
                (false, _) => {
                    own.won.add(verdict);
                    keep_example(&mut own.won_examples, record);
                }
                (true, false) => {
                    own.lost.add(verdict);
                    keep_example(&mut own.lost_examples, record);
                }
            }
        }
    }

    /// Takes in what was found of other meters: in any order and any parts the sum is the same.
    pub fn merge(&mut self, other: Self) {
        self.meters += other.meters;
        self.readings += other.readings;
        for (rule, theirs) in other.rules {
            let own = self.rules.entry(rule).or_default();
            own.kept.merge(theirs.kept);
            own.won.merge(theirs.won);
            own.lost.merge(theirs.lost);
            theirs.won_examples.into_iter().for_each(|record| keep_example(&mut own.won_examples, record));
            theirs.lost_examples.into_iter().for_each(|record| keep_example(&mut own.lost_examples, record));
        }
    }
}

/// Keeps the first few by id, whatever order they come in.
fn keep_example(examples: &mut BTreeSet<RecordId>, record: RecordId) {
    examples.insert(record);
    if examples.len() > EXAMPLES {
        examples.pop_last();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Instant;
    use crate::meters::{Digits, FigureSet};
    use crate::quantity::{BasisPoints, Volume};
    use crate::readings::Figures;
    use chrono::TimeDelta;
    use uuid::Uuid;

    fn day(number: i64) -> Instant {
        "2024-01-01T01:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::days(number)
    }

    fn figures(m3: i64) -> Figures {
        Figures { index: Some(Volume::from_m3(m3)), ..Figures::default() }
    }

    fn readings(indexes: &[i64]) -> Vec<StoredReading<'static>> {
        let reading = |(n, m3): (usize, &i64)| StoredReading {
            record: RecordId(Uuid::from_u128(n as u128 + 1)),
            seen: Observation {
                at: day(30 * (n as i64 + 1)),
                figures: figures(*m3),
                seen_number: None,
                vacancy: false,
                gas_in_use: false,
                confirmed: true,
            },
        };
        indexes.iter().enumerate().map(reading).collect()
    }

    fn meter<'a>(readings: &'a [StoredReading<'a>]) -> MeterHistory<'a> {
        MeterHistory {
            number: "1",
            traits: MeterTraits {
                digits: Digits { integer: 5, decimal: 0 },
                resolution: Volume::from_m3(1),
                pulse: Volume::ZERO,
                qmax_per_hour: Volume::from_m3(6),
                figures: FigureSet::Index,
            },
            class: Class::ResidentialOutdoor,
            suspended: false,
            base: Visit { at: day(0), figures: figures(1_000) },
            readings,
            purchases: &[],
            repairs: &[],
        }
    }

    /// 20 m³ a month, then 4,500 in one (more than Qmax h = 4,320), then as before.
    const BURST: [i64; 5] = [1_020, 1_040, 5_540, 5_560, 5_580];

    #[test]
    fn unchanged_settings_win_and_lose_nothing() {
        let readings = readings(&BURST);
        let mut difference = Difference::default();
        difference.add(&meter(&readings), (&Settings::default(), &Settings::default()), |_, _| None);
        assert_eq!((difference.meters, difference.readings), (1, 5));
        let overload = &difference.rules[&Rule::Overload];
        assert_eq!((overload.kept.total(), overload.won.total(), overload.lost.total()), (1, 0, 0));
    }

    #[test]
    fn a_lower_ceiling_wins_one_rule_and_loses_another_and_says_what_people_found() {
        let readings = readings(&BURST);
        let strict = Settings { ceiling: BasisPoints(10_000), ..Settings::default() };
        let mut difference = Difference::default();
        let recorded = |_, rule| (rule == Rule::Overload).then_some(CaseVerdict::Upheld);
        difference.add(&meter(&readings), (&Settings::default(), &strict), recorded);
        assert_eq!(difference.rules[&Rule::Overload].lost, ByVerdict { upheld: 1, ..ByVerdict::default() });
        let won = &difference.rules[&Rule::Impossible];
        // What is set aside is no base; the next reading has two months for the same gas.
        assert_eq!(won.won.unknown, 1);
        assert_eq!(won.won_examples.first(), Some(&RecordId(Uuid::from_u128(3))));
    }

    #[test]
    fn the_sum_is_the_same_in_any_order_and_keeps_few_examples() {
        let readings = readings(&BURST);
        let strict = Settings { ceiling: BasisPoints(10_000), ..Settings::default() };
        let one = |times: usize| {
            let mut difference = Difference::default();
            (0..times).for_each(|_| difference.add(&meter(&readings), (&Settings::default(), &strict), |_, _| None));
            difference
        };
        let (mut left, mut right) = (one(2), one(3));
        left.merge(one(3));
        right.merge(one(2));
        assert_eq!(left, right);
        assert_eq!(left, one(5));
        let mut examples = BTreeSet::new();
        (0..50).rev().for_each(|n| keep_example(&mut examples, RecordId(Uuid::from_u128(n))));
        assert_eq!((examples.len(), examples.last()), (20, Some(&RecordId(Uuid::from_u128(19)))));
    }
}
