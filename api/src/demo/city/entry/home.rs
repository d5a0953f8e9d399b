//! Entries of a single index. Separate because a home's meter has nothing to be checked against but its own past.

use super::looks::Looks;
use super::{Entry, describe, plain};
use crate::demo::city::dice::Dice;
use crate::demo::city::fault::Fault;
use crate::demo::city::slips::{new_slip_explains, slip_explains, slips_of};
use crate::demo::city::story::Story;
use meterbook::calendar::Instant;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;

/// The entry that shows the fault, if these figures can.
pub fn enter(story: &Story, fault: Fault, last: Instant, now: Instant, dice: &mut Dice) -> Option<Entry> {
    let looks = Looks::at(story, last, now);
    let (new, note) = match fault {
        Fault::MisreadSuspect => {
            let wrong = misread(&looks, dice)?;
            (wrong, format!("错抄: 实为 {}, 录入 {wrong}", looks.new))
        }
        Fault::PreviousMisreadSuspect => return misread_before(story, &looks, now),
        Fault::Reverse => {
            let wrong = looks.last - dice.between(12, 60);
            let unclear =
                wrong < 0 || slip_explains(looks.last, wrong, looks.digits, |increment| looks.passes(increment));
            (!unclear).then(|| (wrong, format!("倒走: {} → {wrong}", looks.last)))?
        }
        Fault::Impossible => {
            let wrong = looks.last + looks.at_percent(dice.between(150, 420));
            over(&looks, wrong).then(|| (wrong, format!("超过物理上限: {} → {wrong}", looks.last)))?
        }
        Fault::Overload => {
            let wrong = looks.last + looks.at_percent(dice.between(103, 117));
            over(&looks, wrong).then(|| (wrong, format!("超过最大流量: {} → {wrong}", looks.last)))?
        }
        Fault::ExchangeUnreported => {
            let fresh = dice.between(4, 24);
            let clear = looks.last > 200 && !looks.looks_like_rollover(looks.last, fresh);
            clear.then(|| (fresh, format!("换表未报: 原表 {}, 新表 {fresh}", looks.last)))?
        }
        Fault::Stopped if looks.expected.0 < 7 => return None,
        _ => return Some(plain(story, now, describe(fault).to_owned())),
    };
    let figures = Figures { index: Some(Volume::from_m3(new)), ..Figures::default() };
    Some(Entry { figures, last_index: None, note })
}

fn over(looks: &Looks, wrong: i64) -> bool {
    wrong < looks.wrap && !slip_explains(looks.last, wrong, looks.digits, |increment| looks.passes(increment))
}

fn misread(looks: &Looks, dice: &mut Dice) -> Option<i64> {
    if !looks.surely_passes(looks.new - looks.last) {
        return None;
    }
    let mut wrong: Vec<i64> = slips_of(looks.new, looks.digits)
        .into_iter()
        .filter(|&wrong| wrong < looks.last && wrong > 100 && !looks.looks_like_rollover(looks.last, wrong))
        .collect();
    dice.shuffle(&mut wrong);
    wrong.first().copied()
}

fn misread_before(story: &Story, looks: &Looks, now: Instant) -> Option<Entry> {
    if !looks.surely_passes(looks.new - looks.last) {
        return None;
    }
    let wrong = slips_of(looks.last, looks.digits).into_iter().find(|&wrong| {
        // The last increment was too large as well: a method that expects it again must still see no slip.
        let expected = (looks.expected.0, looks.expected.1.max(wrong - looks.before_last));
        let fooled = Looks { expected, ..*looks };
        wrong > looks.new
            && wrong - looks.last < 1_000
            && !fooled.looks_like_rollover(wrong, looks.new)
            && !new_slip_explains(wrong, looks.new, looks.digits, |increment| {
                (0..=fooled.expected.1 * 5 / 2 + 10).contains(&increment)
            })
    })?;
    let note = format!("上次错抄: 实为 {}, 录入 {wrong}; 本次 {}", looks.last, looks.new);
    Some(Entry { last_index: Some(Volume::from_m3(wrong)), ..plain(story, now, note) })
}
