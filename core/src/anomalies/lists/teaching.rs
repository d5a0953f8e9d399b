//! Lessons from one company's own fleet: every month it can look back upon, as if the lists had been made then.
//!
//! Apart from [`train`](super::train), which learns from whatever it is shown: this says what is shown of a fleet whose past is
//! kept for so many periods and no more.

use super::history::History;
use super::month_end::{LEAST_FOR_MODEL, usual};
use super::train::School;
use super::window::Cadence;

/// A meter of the fleet that teaches.
#[derive(Clone, PartialEq, Debug)]
pub struct Teacher {
    /// Its number: what chance draws for it follows from this.
    pub number: i64,
    /// Meters of one group are compared with one another.
    pub group: usize,
    /// Its use; the last slot is the same period for all.
    pub history: History,
}

/// Teaches what a fleet of one cadence shows, period by period backwards. At most `lessons` meters and periods are shown, evenly
/// chosen.
pub fn teach(school: &mut School, fleet: &[Teacher], cadence: Cadence, lessons: usize) {
    school.of_season(cadence.season());
    let periods: Vec<Vec<Teacher>> = (0..=cadence.slots() - LEAST_FOR_MODEL)
        .map(|back| fleet.iter().filter_map(|one| cut(one, back)).collect())
        .collect();
    let all: usize = periods.iter().map(Vec::len).sum();
    let every = all.div_ceil(lessons.max(1)).max(1);
    for (back, teachers) in periods.iter().enumerate() {
        let peers = group_peers(teachers, cadence);
        for teacher in teachers.iter().filter(|one| (one.number.unsigned_abs() as usize + back).is_multiple_of(every)) {
            if let Some(peers) = peers.get(teacher.group) {
                school.take(&teacher.history, peers, (back as u64) << 48 ^ teacher.number.cast_unsigned());
            }
        }
    }
}

/// The meter as it was known so many periods ago; `None` where it was not read in that period.
fn cut(teacher: &Teacher, back: usize) -> Option<Teacher> {
    let end = teacher.history.volumes.len().checked_sub(back)?;
    let (volumes, notes) = (&teacher.history.volumes[..end], &teacher.history.notes[..end]);
    let history = History { volumes: volumes.to_vec(), notes: notes.to_vec(), step: teacher.history.step };
    let is_read = volumes.last().is_some_and(|volume| volume.is_finite());
    (is_read && history.known() >= LEAST_FOR_MODEL - 1).then_some(Teacher { history, ..teacher.clone() })
}

fn group_peers(teachers: &[Teacher], cadence: Cadence) -> Vec<super::peers::Peers> {
    let histories = |group: Option<usize>| -> Vec<History> {
        teachers
            .iter()
            .filter(|one| group.is_none_or(|group| one.group == group))
            .map(|one| one.history.clone())
            .collect()
    };
    let all = usual(&histories(None), cadence, None);
    let groups = teachers.iter().map(|one| one.group + 1).max().unwrap_or(0);
    (0..groups).map(|group| usual(&histories(Some(group)), cadence, Some(&all))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::booster::Growth;
    use super::super::dice::Dice;
    use super::super::model::Model;
    use super::super::month_end::suspect;
    use super::super::ranking::List;
    use super::*;

    /// Homes with a heating season, each with a level and a noise of its own.
    fn fleet(count: i64) -> Vec<Teacher> {
        let mut dice = Dice::new(4);
        let home = |number: i64| {
            let level = dice.between(8_000.0, 60_000.0);
            let mut month = |slot: usize| {
                let season = 1.0 + 0.5 * (slot as f64 * std::f64::consts::TAU / 12.0).cos();
                (level * season * dice.between(0.85, 1.15) / 1_000.0).round() * 1_000.0
            };
            let volumes: Vec<f64> = (0..Cadence::Monthly.slots()).map(&mut month).collect();
            let notes = vec![false; volumes.len()];
            Teacher { number, group: (number % 3) as usize, history: History { volumes, notes, step: 1_000.0 } }
        };
        (0..count).map(home).collect()
    }

    fn learnt(fleet: &[Teacher], seed: u64) -> Model {
        let mut school = School::new(seed, 12);
        teach(&mut school, fleet, Cadence::Monthly, 600);
        school.learn(Growth { trees: 20, ..Growth::default() })
    }

    #[test]
    fn a_model_taught_by_a_sound_fleet_tells_slow_from_sound_and_comes_out_the_same() {
        let fleet = fleet(240);
        let model = learnt(&fleet, 1);
        assert!(model.is_trained());
        assert_eq!(learnt(&fleet, 1), model);
        assert_ne!(learnt(&fleet, 2), model);
        let peers = usual(&fleet.iter().map(|one| one.history.clone()).collect::<Vec<_>>(), Cadence::Monthly, None);
        let slow_score = |history: &History| {
            let suspects = suspect(history, &peers, Cadence::Monthly, Some(&model));
            suspects.iter().find(|one| one.list == List::Slow).map_or(f64::NEG_INFINITY, |one| one.score)
        };
        let mut worse = 0;
        for one in fleet.iter().step_by(12) {
            let mut slow = one.history.clone();
            slow.volumes.iter_mut().rev().take(4).for_each(|volume| *volume *= 0.45);
            let others = fleet.iter().filter(|other| slow_score(&other.history) >= slow_score(&slow)).count();
            worse += usize::from(others > 12);
        }
        assert!(worse <= 2, "{worse} of 20 slow homes were not among the first twentieth");
    }

    #[test]
    fn a_past_that_is_too_short_teaches_nothing() {
        let mut short = fleet(30);
        short.iter_mut().for_each(|one| {
            one.history.volumes.truncate(4);
            one.history.notes.truncate(4);
        });
        let mut school = School::new(1, 12);
        teach(&mut school, &short, Cadence::Monthly, 1_000);
        assert_eq!(school.rows(), 0);
    }
}
