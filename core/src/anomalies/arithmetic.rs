//! The three-figure arithmetic of one visit, identity by identity with its numbers (DOMAIN 4, I1–I4).
//!
//! Apart from the checks, which stop at the first that fails and name a culprit: here a person sees every sum, held or not,
//! and can do it over with a pencil. The checks let a drift wait for a second visit before they blame a meter for it;
//! the sum of one visit holds or does not.

use super::balance::{self, Account};
use super::comparison::Comparison;
use super::{Facts, Observation, Settings};
use crate::coded::coded;
use crate::quantity::Volume;
use crate::text::{Language, fill};

coded! {
    /// One of the identities. Its text is the sum, with `{numbers}` in place.
    Identity {
        /// dM = dE.
        IndexAndCumulative = "i1":
            "基表用气 {index_use} m³ − 累计用气 {cumulative_use} m³ = {gap} m³,允差 ±{tolerance} m³",
            "use by the index {index_use} m³ - use by the cumulative {cumulative_use} m³ = {gap} m³, tolerance ±{tolerance} m³";
        /// B1 = B0 + S − dE.
        Balance = "i2":
            "上次存量 {before} + 购气 {purchased} − 累计用气 {spent} − 本次存量 {balance} = {gap}",
            "balance before {before} + purchases {purchased} - used {spent} - balance now {balance} = {gap}";
        /// dE ≥ 0, B1 ≥ 0 unless the type allows overdraft.
        Signs = "i3":
            "累计用气 {cumulative_use} m³ 不小于 0;存量 {balance} 不小于 0(允许透支的表型除外)",
            "use by the cumulative {cumulative_use} m³ is not below 0; the balance {balance} is not below 0 unless the type allows it";
        /// Σ(dM − dE) since commissioning.
        Drift = "i4":
            "此前累计相差 {before} m³ + 本次 {gap} m³ = {drift} m³,允差 ±{tolerance} m³",
            "difference summed before {before} m³ + this time {gap} m³ = {drift} m³, tolerance ±{tolerance} m³";
    }
}

/// One identity of one visit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sum {
    /// Which.
    pub identity: Identity,
    /// Whether it holds; `None` where a number is not known.
    pub holds: Option<bool>,
    /// Its numbers, as a person reads them; `?` where one is not known.
    pub values: Vec<(&'static str, String)>,
}

impl Sum {
    /// The sum in words.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let value = |name: &str| self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        fill(self.identity.text().in_language(language), value)
    }
}

/// The four sums of a visit; none for a meter with an index alone, or where there is nothing to compare.
#[must_use]
pub fn sums(facts: &Facts, seen: &Observation, settings: &Settings) -> Vec<Sum> {
    let Some(visits) = Comparison::new(facts, seen, settings) else { return Vec::new() };
    let Some((unit, overdraft)) = visits.balance_type() else { return Vec::new() };
    let (previous, current) = visits.index;
    let index_use = visits.advance(previous, current);
    let cumulative_use = visits.cumulative_use();
    let gap = cumulative_use.map(|cumulative_use| index_use - cumulative_use);
    let tolerance = visits.tolerance(index_use, cumulative_use.unwrap_or(index_use));
    let now = seen.figures.balance;
    let account = Account::of(&visits);
    let missing = account.zip(cumulative_use.zip(now)).and_then(|(account, (used, now))| account.missing(used, now));
    let amount = |amount: Option<i64>| amount.map_or_else(unknown, |amount| balance::text(unit, amount));
    let before = facts.electronic_drift;
    vec![
        Sum {
            identity: Identity::IndexAndCumulative,
            holds: gap.map(|gap| gap.abs() <= tolerance),
            values: vec![
                ("index_use", index_use.to_string()),
                ("cumulative_use", volume(cumulative_use)),
                ("gap", volume(gap)),
                ("tolerance", tolerance.to_string()),
            ],
        },
        Sum {
            identity: Identity::Balance,
            holds: account.zip(missing).map(|(account, missing)| !account.matters(missing)),
            values: vec![
                ("before", amount(visits.last.figures.balance)),
                ("purchased", account.map_or_else(unknown, |account| account.purchased_text())),
                ("spent", amount(cumulative_use.map(|used| balance::spent(unit, used)))),
                ("balance", amount(now)),
                ("gap", amount(missing)),
            ],
        },
        Sum {
            identity: Identity::Signs,
            holds: cumulative_use.zip(now).map(|(used, now)| used >= Volume::ZERO && (now >= 0 || overdraft)),
            values: vec![("cumulative_use", volume(cumulative_use)), ("balance", amount(now))],
        },
        Sum {
            identity: Identity::Drift,
            holds: gap.map(|gap| (before + gap).abs() <= tolerance),
            values: vec![
                ("before", before.to_string()),
                ("gap", volume(gap)),
                ("drift", volume(gap.map(|gap| before + gap))),
                ("tolerance", tolerance.to_string()),
            ],
        },
    ]
}

fn unknown() -> String {
    "?".to_owned()
}

fn volume(volume: Option<Volume>) -> String {
    volume.map_or_else(unknown, |volume| volume.to_string())
}
