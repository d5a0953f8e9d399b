//! The lists without a model: for meters whose past is too short for the trees (ANOMALY, recipe).
//!
//! Apart from the trees because it is the fallback: a few plain rules on the same numbers, good for the first months of a
//! company or of a meter. Their scores and the trees' are never compared with one another.

use super::features::{Portrait, WINDOWS, zero_run};
use super::history::History;
use super::ranking::List;

/// Over a year a sound meter's ratio to its forecast wanders by this much, whatever the noise of one period.
const WANDER: f64 = 0.15;
/// Zeros a meter is taken to have had anyway, among so many periods: one zero in a short past is no habit.
const USUAL_ZEROS: (f64, f64) = (0.1, 4.0);
/// What each further period without use adds.
const PER_PERIOD: f64 = 0.15;

/// How suspect a meter is to a list by rules alone: the larger, the sooner to be looked at.
#[must_use]
pub fn score(list: List, history: &History, portrait: &Portrait) -> f64 {
    match list {
        List::Failed => failed(history),
        List::Slow => lasting(portrait, -1.0),
        List::Fast => lasting(portrait, 1.0),
        List::Jump => jump(portrait),
    }
}

/// How rare a zero is for this meter, and how long it has lasted; half of it and less where a reader noted it as empty.
fn failed(history: &History) -> f64 {
    let run = zero_run(history);
    let before = &history.volumes[..history.volumes.len() - run.min(history.volumes.len())];
    let known = before.iter().filter(|volume| volume.is_finite()).count() as f64;
    let zeros = before.iter().filter(|volume| **volume <= 0.0).count() as f64;
    let share = (zeros + USUAL_ZEROS.0) / (known + USUAL_ZEROS.1);
    let score = -share.log10() + PER_PERIOD * run.saturating_sub(1) as f64;
    let noted = history.notes.iter().rev().take(run.max(1)).any(|noted| *noted);
    if noted { score / 2.0 - 1.0 } else { score }
}

/// The loudest window to one side, over what the meter is usually off; more where three periods agree. One period out of line is
/// a jump, not a lasting change: where the one before does not say the same, there is nothing to say.
fn lasting(portrait: &Portrait, sign: f64) -> f64 {
    let mut recent = portrait.residuals.iter().rev().filter(|off| off.is_finite()).map(|off| sign * *off > 0.0);
    let agreeing = recent.by_ref().take(3).take_while(|agrees| *agrees).count();
    if agreeing < 2 {
        return 0.0;
    }
    let windows = WINDOWS.into_iter().zip(portrait.gains).filter(|(window, gain)| *window > 1 && gain.is_finite());
    let loud = windows.map(|(window, gain)| {
        let usual = (portrait.noise * portrait.noise / window as f64 + WANDER * WANDER).sqrt();
        sign * gain / usual
    });
    loud.fold(0.0, f64::max) * agreeing as f64 / 3.0
}

/// How far the one period is out of line, less what the period before was already.
fn jump(portrait: &Portrait) -> f64 {
    let usual = (portrait.noise * portrait.noise + WANDER * WANDER).sqrt();
    let [.., before, last] = portrait.residuals[..] else { return 0.0 };
    let already = if before.is_finite() && (before < 0.0) == (last < 0.0) { before.abs() } else { 0.0 };
    (last.abs() - already) / usual
}

#[cfg(test)]
mod tests {
    use super::super::peers::Peers;
    use super::*;

    fn said(list: List, volumes: &[f64], noted: bool) -> f64 {
        let notes = (0..volumes.len()).map(|at| noted && at + 1 == volumes.len()).collect();
        let history = History { volumes: volumes.to_vec(), notes, step: 1.0 };
        let peers = Peers::silent(volumes.len());
        let portrait = Portrait::of(&history, &peers, 12).expect("known");
        score(list, &history, &portrait)
    }

    #[test]
    fn each_rule_puts_its_own_fault_first() {
        let usual = [30.0, 31.0, 29.0, 30.0, 32.0, 30.0];
        let with = |last: &[f64]| [&usual[..], last].concat();
        let (stuck, slow, fast) = (with(&[0.0, 0.0]), with(&[15.0, 14.0, 15.0]), with(&[60.0, 61.0, 60.0]));
        let (jump, sound) = (with(&[30.0, 150.0]), with(&[30.0, 31.0]));
        assert!(said(List::Failed, &stuck, false) > said(List::Failed, &with(&[0.0]), false));
        let empty_at_times = with(&[0.0, 30.0, 0.0, 30.0, 0.0]);
        assert!(said(List::Failed, &with(&[0.0]), false) > said(List::Failed, &empty_at_times, false));
        assert!(said(List::Failed, &stuck, true) < said(List::Failed, &empty_at_times, false));
        let first_on = |list: List, one: &[f64], others: &[&[f64]]| {
            others.iter().all(|other| said(list, one, false) > said(list, other, false))
        };
        assert!(first_on(List::Slow, &slow, &[&fast, &sound, &jump]));
        assert!(first_on(List::Fast, &fast, &[&slow, &sound, &jump]));
        assert!(first_on(List::Jump, &jump, &[&slow, &fast, &sound]));
    }
}
