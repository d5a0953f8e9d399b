//! How a meter breaks: its curves bend, its card loads go astray. Separate from what readers get wrong, because this
//! happens in the world and shows in every later figure.

use super::dice::Dice;
use super::fault::Fault;
use super::story::{Load, Story};
use chrono::{TimeDelta, Timelike};
use meterbook::calendar::Instant;

/// Bends gas and pulses as the fault does; before purchases, because who uses less buys less.
pub fn bend(story: &mut Story, fault: Fault, now: Instant, dice: &mut Dice) {
    let Some(last) = story.last_look() else { return };
    let months_ago = |months: usize| {
        let past = &story.trail.past;
        past.get(past.len().saturating_sub(months)).map_or(last, |&(at, _)| at)
    };
    let both = |story: &mut Story, at: Instant, percent: i64| {
        story.gas = story.gas.bent_after(at, percent);
        story.pulses = story.pulses.bent_after(at, percent);
    };
    match fault {
        Fault::FailedElectronic => {
            story.gas = story.gas.bent_after(last, dice.between(75, 130));
            story.pulses = story.pulses.bent_after(last, 0);
        }
        Fault::FailedIndex => {
            story.gas = story.gas.bent_after(last, 0);
            story.pulses = story.pulses.bent_after(last, dice.between(75, 130));
        }
        Fault::SlowElectronic => story.pulses = story.pulses.bent_after(last, dice.between(70, 86)),
        Fault::FastElectronic => story.pulses = story.pulses.bent_after(last, dice.between(118, 140)),
        Fault::Stopped | Fault::StoppedSuspect => both(story, last, 0),
        Fault::Vacant => {
            let since = if dice.chance(500) { last } else { months_ago(5) };
            both(story, since, 0);
        }
        Fault::SlowSuspect => both(story, months_ago(10), 50),
        Fault::FastSuspect => both(story, months_ago(10), 170),
        Fault::UseWhileSuspended => {
            let hours = (now - last).num_hours().max(1);
            story.gas = story.gas.at_rate_after(last, dice.between(15_000, 40_000) / hours + 1);
        }
        Fault::Overload if story.kind.card => {
            let rate = story.kind.qmax * dice.between(104, 116) / 100;
            story.gas = story.gas.at_rate_after(last, rate);
            story.pulses = story.gas.clone();
        }
        _ => {}
    }
}

/// Lets a purchase go astray between the last look and now.
pub fn astray(story: &mut Story, fault: Fault, now: Instant, dice: &mut Dice) {
    let (in_meter, in_ledger) = match fault {
        Fault::PurchaseNotLoaded => (false, true),
        Fault::TopupUnknown => (true, false),
        _ => return,
    };
    let Some(last) = story.last_look() else { return };
    let at = last + TimeDelta::seconds((now - last).num_seconds() * dice.between(20, 80) / 100);
    let litres = dice.between(12, 48) * 10_000;
    story.loads.push(Load { at: at.with_second(0).unwrap_or(at), litres, in_meter, in_ledger });
    story.loads.sort_by_key(|load| load.at);
}
