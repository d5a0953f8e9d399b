//! Do index, cumulative and balance agree? (DOMAIN 4, order 4, I1–I4; CJ/T 112: settlement stays on the index)
//!
//! Apart because only commercial meters have three figures, and because here the meter checks itself: no habit and no
//! season is involved. Which identity breaks says whom to ask: only I1 the index or the module, only I2 the balance or
//! a purchase, both the cumulative.

use super::balance::{self, Account};
use super::catalogue::Rule;
use super::comparison::Comparison;
use super::{Facts, Finding, Observation, misread, swapped};
use crate::meters::FigureSet;
use crate::quantity::Volume;

/// What the three figures say.
pub(super) struct Outcome {
    pub findings: Vec<Finding>,
    /// The purchase the figures imply, where the sales system did not say.
    pub implied_purchase: Option<i64>,
}

/// Judges `index_use` (dM after the wrap decision) by the other figures. A figure that is missing is not judged.
pub(super) fn check(visits: &Comparison, index_use: Volume) -> Outcome {
    let nothing = Outcome { findings: Vec::new(), implied_purchase: None };
    let Some(cumulative_use) = visits.cumulative_use() else {
        return nothing;
    };
    let account = Account::of(visits).zip(visits.seen.figures.balance);
    let module_agrees = visits.agree(index_use, cumulative_use) && cumulative_use >= Volume::ZERO;
    let balance_agrees = account.is_none_or(|(account, balance)| account.fits(cumulative_use, balance));

    if !(module_agrees && balance_agrees)
        && let Some(finding) = swapped::check(visits)
    {
        return Outcome { findings: vec![finding], ..nothing };
    }
    if !module_agrees {
        let finding = misread::by_identities(visits, index_use, cumulative_use, account)
            .unwrap_or_else(|| blame_meter(visits, index_use, cumulative_use));
        return Outcome { findings: vec![finding], ..nothing };
    }
    let purchase = account.and_then(|(account, balance)| judge_purchase(account, cumulative_use, balance));
    Outcome {
        findings: purchase.into_iter().chain(drift(visits, index_use, cumulative_use)).collect(),
        implied_purchase: account
            .filter(|_| visits.facts.purchases.is_none())
            .map(|(account, balance)| account.implied(cumulative_use, balance)),
    }
}

/// I1 or dE ≥ 0 fails, and no slip explains it.
fn blame_meter(visits: &Comparison, index_use: Volume, cumulative_use: Volume) -> Finding {
    if cumulative_use < Volume::ZERO {
        return Finding::new(Rule::ReverseElectronic)
            .with("previous", visits.last.figures.cumulative.unwrap_or_default())
            .with("current", visits.seen.figures.cumulative.unwrap_or_default())
            .with("index_use", index_use);
    }
    let counted = cumulative_use > Volume::ZERO && cumulative_use >= visits.pulse();
    let rule = if index_use > cumulative_use {
        if counted { Rule::SlowElectronic } else { Rule::FailedElectronic }
    } else if index_use < visits.resolution() && cumulative_use > visits.two_pulses() {
        Rule::FailedIndex
    } else {
        Rule::FastElectronic
    };
    let gap = index_use.max(cumulative_use) - index_use.min(cumulative_use);
    let stake = match rule {
        Rule::FailedElectronic => index_use,
        Rule::FailedIndex => cumulative_use,
        _ => gap,
    };
    Finding::new(rule)
        .with("index_use", index_use)
        .with("cumulative_use", cumulative_use)
        .with("gap", gap)
        .with("tolerance", visits.tolerance(index_use, cumulative_use))
        .at_stake(stake)
}

/// I2 fails while I1 holds: the meter is sound, so the books or the balance are not.
fn judge_purchase(account: Account, cumulative_use: Volume, balance: i64) -> Option<Finding> {
    let Some(missing) = account.missing(cumulative_use, balance) else {
        let implied = account.implied(cumulative_use, balance);
        return account.is_short(implied).then(|| {
            Finding::new(Rule::PurchaseImpossible)
                .with("implied", account.text(implied))
                .with("cumulative_use", cumulative_use)
                .with("balance", account.text(balance))
        });
    };
    if !account.matters(missing) {
        return None;
    }
    let (rule, gap) =
        if missing > 0 { (Rule::PurchaseNotLoaded, missing) } else { (Rule::TopupUnknown, missing.saturating_neg()) };
    let finding = Finding::new(rule)
        .with("purchased", account.purchased_text())
        .with("gap", account.text(gap))
        .with("cumulative_use", cumulative_use)
        .with("balance", account.text(balance));
    Some(match account.volume(gap) {
        Some(volume) => finding.at_stake(volume),
        None => finding,
    })
}

/// I4: the sum of (dM − dE) since commissioning is not within T of zero, at this visit and at the last one.
///
/// The sum depends on the first and the last figures alone, so a slip too small for I1 moves it for one visit and is gone
/// at the next. Two visits in a row are no slip; a drift so slow can wait for the second.
fn drift(visits: &Comparison, index_use: Volume, cumulative_use: Volume) -> Option<Finding> {
    let before = visits.facts.electronic_drift;
    let now = before + (index_use - cumulative_use);
    let tolerance = visits.tolerance(index_use, cumulative_use);
    let (rule, size) = if before.min(now) > tolerance {
        (Rule::SlowElectronicDrift, now)
    } else if before.max(now) < -tolerance {
        (Rule::FastElectronicDrift, -now)
    } else {
        return None;
    };
    Some(Finding::new(rule).with("drift", size).with("tolerance", tolerance).at_stake(size))
}

/// B1 ≥ 0 unless the type allows overdraft (I3). Needs no predecessor.
pub(super) fn check_balance(facts: &Facts, seen: &Observation) -> Option<Finding> {
    let FigureSet::Three { balance: unit, overdraft: false } = facts.traits.figures else {
        return None;
    };
    let amount = seen.figures.balance.filter(|amount| *amount < 0)?;
    Some(Finding::new(Rule::NegativeBalance).with("balance", balance::text(unit, amount)))
}
