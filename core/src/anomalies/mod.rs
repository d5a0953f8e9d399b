//! Verdicts on readings: fast, slow and failed meters (R-10, DOMAIN 4).
//!
//! [`judge`] runs the hard checks in DOMAIN's order; each family of rules has its own file, and
//! [`catalogue`] has one row per rule. Form (order 0) is judged before, in [`readings::form`](crate::readings::form);
//! neighbour swap (7, [`neighbour_swap`]), statistics (6) and integrity (8) look at many readings at once and are asked apart;
//! the month-end lists are in [`lists`].

pub mod arithmetic;
mod balance;
mod band;
pub mod case_life;
pub mod catalogue;
mod ceiling;
mod comparison;
mod direction;
mod door;
mod expectation;
mod finding;
mod identity;
pub mod integrity;
pub mod lab;
pub mod lists;
mod misread;
mod neighbour;
mod over_age;
mod past;
mod settings;
pub mod settings_catalogue;
mod slip;
mod stopped;
mod swapped;
#[cfg(test)]
mod tests;
mod three_figures;

pub use band::{Band, Width, band};
pub use case_life::CaseSettings;
pub use catalogue::{Kind, Rule, Severity, reason};
pub use door::{DoorCheck, balance_per_m3, door_check};
pub use expectation::expected;
pub use finding::{Evidence, Finding, Verdict};
pub use neighbour::{Entry, neighbour_swap};
pub use over_age::{Gas, over_age};
pub use past::{Known, Past};
pub use settings::Settings;

use crate::calendar::Instant;
use crate::meters::{Class, FigureSet, MeterTraits};
use crate::quantity::Volume;
use crate::readings::{Figure, Figures};
use comparison::Comparison;
use direction::Direction;

/// An accepted visit: visit 0 of every comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visit {
    /// When it was observed.
    pub at: Instant,
    /// What was read.
    pub figures: Figures,
}

impl Visit {
    /// What visits are sorted by: time, and of two in one millisecond what the dials show, for they go forward. So a meter's past
    /// is the same whatever order its visits arrived in or a database names them in.
    pub(crate) const fn order(&self) -> (Instant, Option<Volume>, Option<Volume>, Option<i64>) {
        (self.at, self.figures.index, self.figures.cumulative, self.figures.balance)
    }
}

/// S: what was bought between two visits, from the sales system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Purchases {
    /// Gas loaded onto the meter.
    pub volume: Volume,
    /// Money loaded onto the meter, in fen.
    pub paid_fen: i64,
}

/// What is known of a meter before this visit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// The registered number (表号).
    pub number: &'a str,
    /// The type, with the meter's own overrides.
    pub traits: MeterTraits,
    /// The class of the point.
    pub class: Class,
    /// Whether the point is suspended (报停).
    pub suspended: bool,
    /// The last accepted visit to this installation, at or before this one. `None`: only what needs no predecessor is
    /// judged.
    pub last: Option<Visit>,
    /// Use to be expected since then ([`expected`]). `None`: the ceiling and the identities still hold; a rollover needs the
    /// cumulative's or a person's word, any slip within the ceiling is preferred to `reverse`, and nothing has stopped.
    pub expected: Option<Volume>,
    /// Purchases since then; `None` where the sales system has not said. No purchases is `Some` of zero.
    pub purchases: Option<Purchases>,
    /// Σ(dM − dE) over the accepted visits since commissioning, or since the counting module was last put right.
    pub electronic_drift: Volume,
    /// Use of the earlier accepted periods, newest first; 12 are enough.
    pub recent: &'a [Volume],
}

/// What was seen at this visit: visit 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observation<'a> {
    /// When it was observed.
    pub at: Instant,
    /// What was read; without form faults.
    pub figures: Figures,
    /// The number or barcode seen on the meter; `None` where none was taken.
    pub seen_number: Option<&'a str>,
    /// A vacancy code with a photo.
    pub vacancy: bool,
    /// The reader says that gas is in use.
    pub gas_in_use: bool,
    /// The same figures were entered twice, blind, or confirmed by a re-read: not a slip of this reader.
    pub confirmed: bool,
}

/// The hard checks in the order of DOMAIN 4. One hard finding ends them: what follows would compare a doubtful figure.
#[must_use]
pub fn judge(facts: &Facts, seen: &Observation, settings: &Settings) -> Verdict {
    if let Some(finding) = identity::check(facts, seen, settings) {
        return Verdict::of(vec![finding], None, None);
    }
    let alone: Vec<_> = unreadable(facts, seen).chain(three_figures::check_balance(facts, seen)).collect();
    match Comparison::new(facts, seen, settings) {
        Some(visits) => compare(&visits, alone),
        // The first visit is the base of all others, if it has an index to be compared with.
        None if facts.last.is_none() && seen.figures.index.is_some() => Verdict::of(alone, None, None),
        None => Verdict::set_aside(alone),
    }
}

/// Checks 2 to 5, after what could be `found` without a predecessor.
fn compare(visits: &Comparison, mut found: Vec<Finding>) -> Verdict {
    let (consumption, rollover) = match direction::decide(visits) {
        Direction::Forward(consumption, rollover) => (consumption, rollover),
        Direction::Doubtful(finding) => {
            found.push(swapped::check(visits).unwrap_or(finding));
            return Verdict::of(found, None, None);
        }
    };
    found.extend(rollover);
    if let Some(finding) = ceiling::check(visits, consumption) {
        let stops = finding.rule.entry().severity == Severity::Hard;
        found.push(if stops { swapped::check(visits).unwrap_or(finding) } else { finding });
        if stops {
            return Verdict::of(found, None, None);
        }
    }
    let outcome = three_figures::check(visits, consumption);
    let stops = outcome.findings.iter().any(|finding| finding.rule.entry().severity == Severity::Hard);
    found.extend(outcome.findings);
    if !stops {
        found.extend(stopped::check(visits, consumption));
    }
    Verdict::of(found, Some(consumption), outcome.implied_purchase)
}

/// A figure the meter has and nobody could read: form has passed it for a display-fault code with a photo (DOMAIN 3).
fn unreadable(facts: &Facts, seen: &Observation) -> impl Iterator<Item = Finding> {
    let three = matches!(facts.traits.figures, FigureSet::Three { .. });
    let figures = seen.figures;
    let missing = Figure::ALL.into_iter().filter(move |figure| three && figure.amount(&figures).is_none());
    missing.map(|figure| Finding::new(Rule::FailedDisplay).with("missing", figure.code()))
}
