//! This visit beside the last accepted one: the symbols of DOMAIN 4.
//!
//! Apart from the rules, so that each rule reads like its definition and every symbol is computed in one place. Differences
//! are compared without subtraction that could overflow: the figures of a record are any 64-bit number until judged.

use super::{Facts, Observation, Settings, Visit};
use crate::meters::{BalanceUnit, FigureSet};
use crate::quantity::{BasisPoints, Volume};

const HOUR_MS: i128 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// Both visits (0 the last accepted, 1 this one), and what is known beside them.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'a> {
    pub facts: &'a Facts<'a>,
    pub seen: &'a Observation<'a>,
    pub settings: &'a Settings,
    /// The last accepted visit, not after this one.
    pub last: Visit,
    /// M0, M1.
    pub index: (Volume, Volume),
    /// Milliseconds between the visits: d and h, exactly.
    pub span_ms: i64,
}

impl<'a> Comparison<'a> {
    /// `None` where the index of either visit is missing or the clock runs backwards.
    pub fn new(facts: &'a Facts<'a>, seen: &'a Observation<'a>, settings: &'a Settings) -> Option<Self> {
        let last = facts.last?;
        let index = (last.figures.index?, seen.figures.index?);
        let span_ms = seen.at.signed_duration_since(last.at).num_milliseconds();
        (span_ms >= 0).then_some(Self { facts, seen, settings, last, index, span_ms })
    }

    /// r: reading resolution.
    pub fn resolution(&self) -> Volume {
        self.facts.traits.resolution
    }

    /// p: pulse equivalent.
    pub fn pulse(&self) -> Volume {
        self.facts.traits.pulse
    }

    /// 2p.
    pub fn two_pulses(&self) -> Volume {
        self.pulse() + self.pulse()
    }

    /// The use between two positions of the dial, at most one wrap on: what a corrected figure would mean for dM.
    pub fn advance(&self, from: Volume, to: Volume) -> Volume {
        if to >= from { to - from } else { self.facts.traits.digits.wrap() - from + to }
    }

    /// dE, where both visits have it.
    pub fn cumulative_use(&self) -> Option<Volume> {
        Some(self.seen.figures.cumulative? - self.last.figures.cumulative?)
    }

    /// T = max(2p + 2r, 1 % of max(dM, dE)).
    pub fn tolerance(&self, index_use: Volume, cumulative_use: Volume) -> Volume {
        let share = portion(index_use.max(cumulative_use), self.settings.tolerance);
        share.max(self.two_pulses() + self.resolution() + self.resolution())
    }

    /// I1: |dM − dE| ≤ T.
    pub fn agree(&self, index_use: Volume, cumulative_use: Volume) -> bool {
        within(index_use, cumulative_use, self.tolerance(index_use, cumulative_use))
    }

    /// Qmax h.
    pub fn rated(&self) -> Volume {
        self.capacity(BasisPoints::WHOLE)
    }

    /// 1.2 Qmax h.
    pub fn ceiling(&self) -> Volume {
        self.capacity(self.settings.ceiling)
    }

    /// A share of Qmax h, rounded down. Volumes are whole litres, so `volume > capacity` is exact although this is rounded.
    fn capacity(&self, share: BasisPoints) -> Volume {
        let exact = i128::from(self.facts.traits.qmax_per_hour.litres())
            .saturating_mul(i128::from(self.span_ms))
            .saturating_mul(i128::from(share.0))
            / (HOUR_MS * 10_000);
        Volume::from_litres(exact.clamp(0, i128::from(i64::MAX)) as i64)
    }

    /// Whether more gas than `capacity` must have passed. A dial is read down to a whole step, so two sound readings can
    /// differ by up to one resolution more than the gas that passed: without this, a second look after a minute would be
    /// impossible whenever the last digit had just turned.
    pub fn exceeds(&self, volume: Volume, capacity: Volume) -> bool {
        volume > capacity + self.resolution()
    }

    /// Whether at least `days` × 24 h lie between the visits.
    pub fn lasts_days(&self, days: u16) -> bool {
        self.span_ms >= i64::from(days) * DAY_MS
    }

    /// d for a person: in days, down to tenths.
    pub fn days(&self) -> String {
        let tenths = self.span_ms / (DAY_MS / 10);
        if tenths % 10 == 0 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) }
    }

    /// The expected use for a person; `?` where nothing is known.
    pub fn expected_text(&self) -> String {
        self.facts.expected.map_or_else(|| "?".to_owned(), |expected| expected.to_string())
    }

    /// What the balance is counted in and whether it may be negative; `None` for a meter without a balance.
    pub fn balance_type(&self) -> Option<(BalanceUnit, bool)> {
        match self.facts.traits.figures {
            FigureSet::Index => None,
            FigureSet::Three { balance, overdraft } => Some((balance, overdraft)),
        }
    }
}

/// A share of a volume, rounded down.
pub(super) fn portion(volume: Volume, share: BasisPoints) -> Volume {
    volume.scaled(i64::from(share.0), i64::from(BasisPoints::WHOLE.0))
}

/// Whether two volumes are at most `tolerance` apart.
pub(super) fn within(one: Volume, other: Volume, tolerance: Volume) -> bool {
    one.max(other) - one.min(other) <= tolerance
}
