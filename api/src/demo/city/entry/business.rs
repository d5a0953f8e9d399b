//! Entries of three figures. Separate because a card meter's faults show in how its figures disagree.

use super::looks::Looks;
use super::{Entry, describe};
use crate::demo::city::dice::Dice;
use crate::demo::city::facts::MeterType;
use crate::demo::city::fault::Fault;
use crate::demo::city::identities::Interval;
use crate::demo::city::slips::slips_of;
use crate::demo::city::story::Story;
use meterbook::calendar::Instant;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;

/// The entry that shows the fault, if these figures can.
pub fn enter(story: &Story, fault: Fault, last: Instant, now: Instant, dice: &mut Dice) -> Option<Entry> {
    let looks = Looks::at(story, last, now);
    let triple = |at| [story.index(at), story.cumulative(at), story.balance(at)];
    let between = story.loads.iter().filter(|load| load.in_ledger && load.at >= last && load.at < now);
    let bought = between.map(|load| load.litres).sum();
    let mut interval = Interval { last: triple(last), new: triple(now), bought };
    let mut note = describe(fault).to_owned();
    match fault {
        Fault::MisreadSuspect => {
            let [right, ..] = interval.new;
            interval.new[0] = misread_card(&looks, interval, dice)?;
            note = format!("错抄: 实为 {}, 录入 {}", right / 1_000, interval.new[0] / 1_000);
        }
        Fault::SwappedFigures => interval.new.swap(1, 2),
        Fault::OverAge | Fault::WrongMeter => {}
        _ => {
            let (index, cumulative) = interval.increments();
            let [index, cumulative, missing] = [index, cumulative, interval.missing()].map(Volume::from_litres);
            note = format!("{note}: 机械 {index} m³, 电子 {cumulative} m³, 购气差额 {missing} m³");
        }
    }
    shows(fault, &interval, &looks).then(|| {
        let [index, cumulative, balance] = interval.new;
        let figures = Figures {
            index: Some(Volume::from_litres(index)),
            cumulative: Some(Volume::from_litres(cumulative)),
            balance: Some(balance),
        };
        Entry { figures, last_index: None, note }
    })
}

fn misread_card(looks: &Looks, interval: Interval, dice: &mut Dice) -> Option<i64> {
    let mut wrong: Vec<i64> = slips_of(looks.new, looks.digits)
        .into_iter()
        .filter(|&wrong| wrong > looks.last && wrong - looks.last < looks.at_percent(90))
        .map(|wrong| wrong * 1_000)
        .filter(|&wrong| !Interval { new: [wrong, interval.new[1], interval.new[2]], ..interval }.counts_agree())
        .collect();
    dice.shuffle(&mut wrong);
    wrong.first().copied()
}

/// Whether the figures show this fault and no other.
fn shows(fault: Fault, interval: &Interval, looks: &Looks) -> bool {
    let (index, cumulative) = interval.increments();
    let pulses = 2 * MeterType::PULSE;
    let disagree = !interval.counts_agree() && !interval.slip_explains(looks.digits) && interval.other_orders() == 0;
    let agree = interval.counts_agree() && interval.other_orders() == 0;
    match fault {
        Fault::FailedElectronic => disagree && index > 20_000 && cumulative == 0,
        Fault::FailedIndex => disagree && index == 0 && cumulative > 20_000,
        Fault::SlowElectronic => disagree && index > cumulative && cumulative > 0,
        Fault::FastElectronic => disagree && index < cumulative && index > 0,
        Fault::PurchaseNotLoaded => agree && interval.missing() > pulses,
        Fault::TopupUnknown => agree && interval.missing() < -pulses,
        Fault::SwappedFigures => {
            !interval.counts_agree() && !interval.slip_explains(looks.digits) && interval.other_orders() == 1
        }
        Fault::MisreadSuspect => interval.slip_explains(looks.digits) && interval.other_orders() == 0,
        Fault::StoppedSuspect => index == 0 && cumulative == 0,
        Fault::Overload => interval.holds() && (101..=119).contains(&(index / looks.at_percent(1).max(1) / 1_000)),
        _ => interval.holds(),
    }
}
