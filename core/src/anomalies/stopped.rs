//! No use, and use where there should be none (DOMAIN 4, order 5).
//!
//! Apart because a stopped meter and an empty home are the same data: a zero goes to its own queue and is never scored as
//! fast or slow. What tells them apart is what the reader saw and what the point did before.

use super::Finding;
use super::balance::Account;
use super::catalogue::Rule;
use super::comparison::Comparison;
use crate::meters::Class;
use crate::quantity::Volume;

/// At most one finding: a zero has one place in the queue. The more certain rule speaks first.
pub(super) fn check(visits: &Comparison, consumption: Volume) -> Option<Finding> {
    let about = |rule| Finding::new(rule).with("days", visits.days()).with("consumption", consumption);
    if visits.facts.suspended {
        let used = consumption >= visits.settings.zero_below;
        return used.then(|| about(Rule::UseWhileSuspended).at_stake(consumption));
    }
    if consumption >= visits.settings.zero_below || !visits.lasts_days(visits.settings.zero_days) {
        return None;
    }
    if let Some((expected, sign)) = visits.facts.expected.zip(sign_of_use(visits, consumption))
        && expected >= visits.settings.stopped_expected
    {
        return Some(about(Rule::Stopped).with("expected", expected).with("sign", sign).at_stake(expected));
    }
    Some(if visits.facts.class == Class::Commercial {
        about(Rule::StoppedSuspect)
    } else if visits.seen.vacancy {
        about(Rule::Vacant).with("sign", "vacancy_code")
    } else if always_used(visits) {
        about(Rule::StoppedSuspect)
    } else if often_empty(visits) {
        about(Rule::Vacant).with("sign", "empty_before")
    } else {
        about(Rule::Zero)
    })
}

/// What shows that gas was used all the same: the reader's word, or more gas gone by the cumulative or the balance than
/// the dial can have hidden (one step of the dial and one pulse: a sound meter is never further behind).
fn sign_of_use(visits: &Comparison, consumption: Volume) -> Option<&'static str> {
    let hidden = consumption + visits.resolution() + visits.pulse();
    let moved = visits.cumulative_use().is_some_and(|module| module > hidden);
    let fell = Account::of(visits)
        .zip(visits.seen.figures.balance)
        .and_then(|(account, balance)| account.volume(account.fall(balance)))
        .is_some_and(|gone| gone > hidden);
    [(visits.seen.gas_in_use, "gas_in_use"), (moved, "cumulative_moved"), (fell, "balance_fell")]
        .into_iter()
        .find_map(|(holds, sign)| holds.then_some(sign))
}

/// The last 3 accepted periods all had use.
fn always_used(visits: &Comparison) -> bool {
    let last = visits.facts.recent.get(..visits.settings.used_periods);
    last.is_some_and(|periods| periods.iter().all(|used| *used > Volume::ZERO))
}

/// At least 2 of the last 12 periods were zero.
fn often_empty(visits: &Comparison) -> bool {
    let zeros = visits.facts.recent.iter().take(visits.settings.vacant_window);
    zeros.filter(|used| **used < visits.settings.zero_below).count() >= visits.settings.vacant_periods
}
