//! Readings of one meter in order: what was used in each period, and which reading cannot be.
//!
//! Apart from the checks at ingest because a file of readings has no type, no Qmax and no second word of the reader; the same
//! questions of DOMAIN 4 (wrap, misread, reverse) are asked with what there is. A doubted reading is set aside and the next
//! one decides: if it follows on the reading before, the doubted one was a misread; if on the doubted one, the dial began anew.

use super::super::catalogue::Rule;
use super::super::finding::Finding;
use super::history::median;
use super::slips::slips_of;
use crate::quantity::Volume;

/// Why a reading below the last one cannot be taken as it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Doubt {
    /// One slip (a digit, a swap, a digit left out) explains this reading.
    Misread,
    /// One slip explains the reading before.
    PreviousMisread,
    /// A small index: the dial began anew, as after an exchange that nobody reported.
    Restarted,
    /// A rollover is possible, but it would mean far more than was to be expected.
    RolloverUnsure,
    /// Backwards, and nothing explains it.
    Reverse,
}

/// A reading below the last one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Doubted {
    /// Why.
    pub doubt: Doubt,
    /// The reading before, as it was taken until now.
    pub previous: i64,
    /// This reading.
    pub current: i64,
    /// What was to be expected in between.
    pub expected: Option<i64>,
    /// Where the dial begins again.
    pub wrap: Option<i64>,
}

impl Doubted {
    /// How many times the expected use the index went back: the more, the plainer.
    #[must_use]
    pub fn times_expected(&self) -> f64 {
        let expected = self.expected.unwrap_or(0).max(UNIT);
        (self.previous - self.current) as f64 / expected as f64
    }

    /// As a finding of the rule that asks the same at ingest.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let (previous, current) = (Volume::from_litres(self.previous), Volume::from_litres(self.current));
        let expected =
            self.expected.map_or_else(|| "?".to_owned(), |e| Volume::from_litres(e / UNIT * UNIT).to_string());
        let finding = match self.doubt {
            Doubt::Misread => Finding::new(Rule::MisreadSuspect).with("figure", "index"),
            Doubt::PreviousMisread => Finding::new(Rule::PreviousMisreadSuspect),
            Doubt::Restarted => Finding::new(Rule::IndexRestarted),
            Doubt::RolloverUnsure => {
                let wrapped = self.wrap.map_or(0, |wrap| wrap - self.previous + self.current);
                Finding::new(Rule::RolloverUnsure).with("consumption", Volume::from_litres(wrapped))
            }
            Doubt::Reverse => Finding::new(Rule::Reverse),
        };
        finding.with("previous", previous).with("current", current).with("expected", expected)
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Accepted {
    slot: usize,
    day: i32,
    index: i64,
}

/// The dial of one meter. Indexes are in 0.001 of the file's unit.
#[derive(Clone, PartialEq, Debug)]
pub struct Dial {
    length: f64,
    accepted: Vec<Accepted>,
    doubted: Option<Accepted>,
    /// Daily rates of the accepted intervals, oldest first.
    rates: Vec<f64>,
    /// Use by slot, scaled to a whole period.
    volumes: Vec<f64>,
    /// The slots and the gain over the usual rate of the last interval, where it was taken in the newest slot.
    last_span: Option<(usize, f64)>,
    /// The greatest common divisor of all indexes: the step the dial is read to.
    step: i64,
}

const UNIT: i64 = 1_000;

impl Dial {
    /// A dial that has not been read; a period is `length` days.
    #[must_use]
    pub const fn new(length: f64) -> Self {
        Self {
            length,
            accepted: Vec::new(),
            doubted: None,
            rates: Vec::new(),
            volumes: Vec::new(),
            last_span: None,
            step: 0,
        }
    }

    /// Use of `slot` as it is known now, NaN where it is not.
    #[must_use]
    pub fn volume(&self, slot: usize) -> f64 {
        self.volumes.get(slot).copied().unwrap_or(f64::NAN)
    }

    /// The first slot it was read in.
    #[must_use]
    pub fn first_slot(&self) -> Option<usize> {
        self.accepted.first().map(|first| first.slot)
    }

    /// Over how many slots the reading of `slot` reaches back, and the log of its rate over the usual one.
    #[must_use]
    pub fn span(&self, slot: usize) -> Option<(usize, f64)> {
        self.last_span.filter(|_| self.accepted.last().is_some_and(|last| last.slot == slot))
    }

    /// Takes the use of the last `slots` up to `slot` as that of fewer days: all of it times `times`.
    pub fn restate(&mut self, slot: usize, slots: usize, times: f64) {
        for volume in self.volumes.iter_mut().take(slot + 1).skip(slot + 1 - slots.min(slot + 1)) {
            *volume *= times;
        }
        if let Some(rate) = self.rates.last_mut() {
            *rate *= times;
        }
    }

    /// The step the dial is read to, at least one unit while unknown.
    #[must_use]
    pub fn step(&self) -> f64 {
        if self.step == 0 { UNIT as f64 } else { self.step as f64 }
    }

    /// Takes the next reading. `wrap` is 10^digits, where known.
    pub fn take(&mut self, slot: usize, day: i32, index: i64, wrap: Option<i64>) -> Option<Doubted> {
        self.step = gcd(self.step, index);
        let reading = Accepted { slot, day, index };
        let Some(last) = self.accepted.last().copied() else {
            self.accepted.push(reading);
            return None;
        };
        if day <= last.day {
            return None;
        }
        if let Some(doubted) = self.doubted.take()
            && index < last.index
            && index >= doubted.index
        {
            // It follows on the doubted reading: the dial did begin anew.
            self.accepted = vec![doubted];
            self.accept(reading, index - doubted.index);
            return None;
        }
        if index >= last.index {
            self.accept(reading, index - last.index);
            return None;
        }
        self.go_back(reading, last, wrap)
    }

    /// A reading below the last one.
    fn go_back(&mut self, reading: Accepted, last: Accepted, wrap: Option<i64>) -> Option<Doubted> {
        let expected = self.expected(last.day, reading.day);
        let around = wrap.map(|wrap| wrap - last.index + reading.index).filter(|used| *used >= 0);
        let generous = expected.map(|expected| (5 * expected).max(expected + 50 * UNIT));
        let is_near_the_end = wrap.is_some_and(|wrap| last.index >= wrap / 10 * 9 && reading.index <= wrap / 10);
        if let Some(used) = around
            && generous.map_or(is_near_the_end, |most| used <= most)
        {
            self.accept(reading, used);
            return None;
        }
        let doubt = self.explain(reading, last, wrap, expected, is_near_the_end);
        if doubt == Doubt::PreviousMisread {
            self.forget_last();
            if let Some(before) = self.accepted.last().copied() {
                self.accept(reading, reading.index - before.index);
            }
        } else {
            self.doubted = Some(reading);
            self.set(reading.slot, f64::NAN);
        }
        Some(Doubted { doubt, previous: last.index, current: reading.index, expected, wrap })
    }

    fn explain(
        &self,
        reading: Accepted,
        last: Accepted,
        wrap: Option<i64>,
        expected: Option<i64>,
        is_near_the_end: bool,
    ) -> Doubt {
        let step = UNIT;
        let within = |used: i64, expected: Option<i64>| {
            used >= 0 && expected.is_none_or(|expected| 2 * used <= 5 * expected + 6 * UNIT)
        };
        let before = self.accepted.len().checked_sub(2).map(|at| self.accepted[at]);
        // Did the reading before stand out, and does this one follow on the one before that?
        if let Some(before) = before
            && within(reading.index - before.index, self.expected_without_last(before.day, reading.day))
        {
            let used = last.index - before.index;
            let usual = self.expected_without_last(before.day, last.day).unwrap_or(0);
            if used > 3 * usual + 3 * step
                || slips_of(last.index, step, wrap)
                    .into_iter()
                    .any(|read| read >= before.index && within(reading.index - read, expected))
            {
                return Doubt::PreviousMisread;
            }
        }
        if slips_of(reading.index, step, wrap)
            .into_iter()
            .any(|read| read >= last.index && within(read - last.index, expected))
        {
            return Doubt::Misread;
        }
        let is_small = within(reading.index, expected) || reading.index <= last.index / 20;
        if is_near_the_end {
            Doubt::RolloverUnsure
        } else if is_small {
            Doubt::Restarted
        } else {
            Doubt::Reverse
        }
    }

    /// Use to be expected between two days by the usual daily rate; `None` before two intervals are known.
    fn expected(&self, from: i32, to: i32) -> Option<i64> {
        usual(&self.rates, from, to)
    }

    /// The same, as if the last reading had not been.
    fn expected_without_last(&self, from: i32, to: i32) -> Option<i64> {
        usual(&self.rates[..self.rates.len().saturating_sub(1)], from, to)
    }

    fn accept(&mut self, reading: Accepted, used: i64) {
        if let Some(last) = self.accepted.last() {
            let rate = used as f64 / f64::from((reading.day - last.day).max(1));
            let volume = rate * self.length;
            let first = (last.slot + 1).min(reading.slot);
            for slot in first..=reading.slot {
                self.set(slot, volume);
            }
            let mut before: Vec<f64> = self.rates.iter().rev().take(7).copied().collect();
            let usual = median(&mut before).filter(|usual| *usual > 0.0 && rate > 0.0);
            self.last_span = usual.map(|usual| (reading.slot + 1 - first, (rate / usual).ln()));
            self.rates.push(rate);
        }
        self.accepted.push(reading);
    }

    /// The last reading was none.
    fn forget_last(&mut self) {
        self.accepted.pop();
        self.rates.pop();
    }

    fn set(&mut self, slot: usize, volume: f64) {
        if self.volumes.len() <= slot {
            self.volumes.resize(slot + 1, f64::NAN);
        }
        self.volumes[slot] = volume;
    }
}

fn usual(rates: &[f64], from: i32, to: i32) -> Option<i64> {
    if rates.len() < 2 {
        return None;
    }
    let mut last: Vec<f64> = rates.iter().rev().take(7).copied().collect();
    median(&mut last).map(|rate| (rate * f64::from(to - from)) as i64)
}

fn gcd(mut one: i64, mut other: i64) -> i64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one.abs()
}
