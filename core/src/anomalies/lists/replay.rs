//! A fleet's readings through the lists, period by period, as if each month end had been lived through.
//!
//! Apart from the service's own month end because a file is judged here that nobody imported, and because this is where the
//! promise is kept that an alarm uses nothing read after it: a period is fed in, the trees are taught on what is known by
//! then, the places are given, and only then the next period is opened.

use super::booster::Growth;
use super::dial::{Dial, Doubted};
use super::features::Portrait;
use super::grid::Grid;
use super::grounds::Grounds;
use super::history::{History, SLOTS, median};
use super::model::Model;
use super::peers::Peers;
use super::ranking::{List, places};
use super::train::School;

/// One reading of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// Days from any fixed day.
    pub day: i32,
    /// The index in 0.001 of the file's unit.
    pub index: i64,
    /// 10^digits in the same unit, where known.
    pub wrap: Option<i64>,
    /// The reader noted that the place stood empty.
    pub noted: bool,
}

/// A meter and its readings, by day.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Meter {
    /// Meters of one group are compared with one another.
    pub group: usize,
    /// Rising days.
    pub readings: Vec<Reading>,
}

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Meters checked a period, in basis points of its readings.
    pub share: usize,
    /// Seed of the training.
    pub seed: u64,
    /// Trees from elsewhere, used until (or instead of) the file's own.
    pub model: Option<Model>,
    /// Learn from the file itself, before each period from what came before it.
    pub train: bool,
    /// How trees are grown.
    pub growth: Growth,
    /// Every so manieth meter of a period is taught: 1 for all.
    pub taught: usize,
}

/// What an alarm says.
#[derive(Clone, PartialEq, Debug)]
pub enum Alarm {
    /// A place on a list.
    Place {
        /// Which.
        list: List,
        /// Its score: log odds by the trees.
        score: f64,
        /// What a person is told.
        grounds: Grounds,
    },
    /// A reading that cannot be.
    Exception(Doubted),
}

/// An alarm of one meter in one period.
#[derive(Clone, PartialEq, Debug)]
pub struct Raised {
    /// The period, by the grid.
    pub period: usize,
    /// The meter's place in the input.
    pub meter: usize,
    /// The day of its reading.
    pub day: i32,
    /// 1 for the first of its list (or of the exceptions) in the period.
    pub place: usize,
    /// What is said.
    pub alarm: Alarm,
}

/// What is known of a meter while the periods go by.
struct Known {
    dial: Dial,
    next: usize,
    notes: Vec<bool>,
    /// The last period it stood on a list.
    listed: Option<usize>,
    last_day: i32,
}

impl Known {
    fn new(grid: &Grid) -> Self {
        Self { dial: Dial::new(grid.length()), next: 0, notes: Vec::new(), listed: None, last_day: 0 }
    }

    /// Its history up to a period; `None` where it was not read in it.
    fn history(&self, period: usize) -> Option<History> {
        if !self.dial.volume(period).is_finite() {
            return None;
        }
        let first = self.dial.first_slot()?.max((period + 1).saturating_sub(SLOTS));
        let volumes = (first..=period).map(|slot| self.dial.volume(slot)).collect();
        let notes = (first..=period).map(|slot| self.notes.get(slot).copied().unwrap_or(false)).collect();
        Some(History { volumes, notes, step: self.dial.step() })
    }
}

/// Periods before the first list: half a year of history at least.
const WARM_UP: usize = 4;

fn days_of(meters: &[Meter]) -> Vec<Vec<i32>> {
    meters.iter().map(|meter| meter.readings.iter().map(|reading| reading.day).collect()).collect()
}

/// How many times a year the meters are read; `None` where none was read twice.
#[must_use]
pub fn season_of(meters: &[Meter]) -> Option<usize> {
    Grid::of(&days_of(meters)).map(|grid| grid.season())
}

/// Trees from a whole file: a start for fleets without a past of their own. `None` where no meter was read twice.
#[must_use]
pub fn learn_from(meters: &[Meter], options: &Options) -> Option<Model> {
    let days = days_of(meters);
    let grid = Grid::of(&days)?;
    let last = days.iter().flatten().map(|day| grid.period(*day)).max()?;
    let mut known: Vec<Known> = meters.iter().map(|_| Known::new(&grid)).collect();
    let mut school = School::new(options.seed, grid.season());
    for period in 0..=last {
        feed(meters, &mut known, &grid, period);
        mend_gaps(&mut known, period);
        Fleet::at(meters, &known, &grid, period).teach(&mut school, period, options.taught);
    }
    Some(school.learn(options.growth))
}

/// Every alarm, period by period, list by list, in order of place. `None` where no meter was read twice.
#[must_use]
pub fn replay(meters: &[Meter], options: &Options) -> Option<(Grid, Vec<Raised>)> {
    let days = days_of(meters);
    let grid = Grid::of(&days)?;
    let last = days.iter().flatten().map(|day| grid.period(*day)).max()?;
    let mut known: Vec<Known> = meters.iter().map(|_| Known::new(&grid)).collect();
    let mut school = School::new(options.seed, grid.season());
    let mut raised = Vec::new();
    for period in 0..=last {
        let (mut exceptions, read) = feed(meters, &mut known, &grid, period);
        let doubted = exceptions.len();
        raised.append(&mut exceptions);
        mend_gaps(&mut known, period);
        let fleet = Fleet::at(meters, &known, &grid, period);
        if options.train {
            fleet.teach(&mut school, period, options.taught);
        }
        if period < WARM_UP {
            continue;
        }
        let own = options.train.then(|| school.learn(options.growth));
        let mut places = places((read * options.share).div_ceil(10_000));
        // Reading a doubted dial again is a visit like any other, and worth more than looking into a jump.
        places[List::Jump as usize] = places[List::Jump as usize].saturating_sub(doubted);
        fleet.rank(own.as_ref(), options.model.as_ref(), &mut known, period, &grid, places, &mut raised);
    }
    Some((grid, raised))
}

/// Feeds a period's readings in: its exceptions, and how many meters were read.
fn feed(meters: &[Meter], known: &mut [Known], grid: &Grid, period: usize) -> (Vec<Raised>, usize) {
    let (mut raised, mut read) = (Vec::new(), 0);
    for (at, (meter, known)) in meters.iter().zip(known).enumerate() {
        let before = known.next;
        while let Some(reading) = meter.readings.get(known.next).filter(|r| grid.period(r.day) <= period) {
            known.next += 1;
            known.last_day = reading.day;
            known.notes.resize(period + 1, false);
            known.notes[period] |= reading.noted;
            if let Some(doubted) = known.dial.take(period, reading.day, reading.index, reading.wrap) {
                let place = raised.len() + 1;
                raised.push(Raised { period, meter: at, day: reading.day, place, alarm: Alarm::Exception(doubted) });
            }
        }
        read += usize::from(known.next > before);
    }
    (raised, read)
}

/// Meters with a gap of the same length that make it a property of the file.
const LEAST_GAPS: usize = 30;

/// Some files lack the rows of a period and the use with them: the index after the gap goes on as if the period had not been.
/// Then all meters with that gap seem to have used half; they are taken for what their fleet shows they are.
fn mend_gaps(known: &mut [Known], period: usize) {
    let spans: Vec<Option<(usize, f64)>> = known.iter().map(|known| known.dial.span(period)).collect();
    let middle = |slots: usize| {
        let mut gains: Vec<f64> =
            spans.iter().flatten().filter(|(span, _)| *span == slots).map(|(_, gain)| *gain).collect();
        if gains.len() < LEAST_GAPS { None } else { median(&mut gains) }
    };
    let plain = middle(1).unwrap_or(0.0);
    for slots in 2..=4 {
        let Some(gain) = middle(slots).map(|gain| gain - plain) else { continue };
        // Halfway between "used all the time" and "used in one period of them".
        if gain < -0.5 * (slots as f64).ln() {
            for (known, span) in known.iter_mut().zip(&spans) {
                if span.is_some_and(|(span, _)| span == slots) {
                    known.dial.restate(period, slots, slots as f64);
                }
            }
        }
    }
}

/// The fleet at one period.
struct Fleet {
    season: usize,
    /// Meter and history.
    members: Vec<(usize, History)>,
    /// By group.
    peers: Vec<Peers>,
    groups: Vec<usize>,
}

impl Fleet {
    fn at(meters: &[Meter], known: &[Known], grid: &Grid, period: usize) -> Self {
        let season = grid.season();
        let slots = (period + 1).min(SLOTS);
        let members: Vec<(usize, History)> =
            known.iter().enumerate().filter_map(|(at, known)| Some((at, known.history(period)?))).collect();
        let all = Peers::of(members.iter().map(|(_, history)| history), season, &Peers::silent(slots));
        let all = all.with_noise(members.iter().map(|(_, history)| history), season);
        let count = meters.iter().map(|meter| meter.group + 1).max().unwrap_or(0);
        let of_group = |group: usize| {
            let histories = members.iter().filter(|(at, _)| meters[*at].group == group).map(|(_, history)| history);
            let peers = Peers::of(histories.clone(), season, &all);
            peers.with_noise(histories, season)
        };
        let peers = (0..count).map(of_group).collect();
        let groups = meters.iter().map(|meter| meter.group).collect();
        Self { season, members, peers, groups }
    }

    fn teach(&self, school: &mut School, period: usize, taught: usize) {
        for (meter, history) in self.members.iter().filter(|(meter, _)| (meter + period).is_multiple_of(taught.max(1)))
        {
            school.take(history, &self.peers[self.groups[*meter]], (period as u64) << 32 | *meter as u64);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call, from the loop above")]
    fn rank(
        &self,
        own: Option<&Model>,
        given: Option<&Model>,
        known: &mut [Known],
        period: usize,
        grid: &Grid,
        places: [usize; 4],
        raised: &mut Vec<Raised>,
    ) {
        let rests = |known: &Known| known.listed.is_some_and(|listed| period - listed < grid.season());
        let mut found: [Vec<(f64, usize, Portrait)>; 4] = Default::default();
        for (at, (meter, history)) in self.members.iter().enumerate().filter(|(_, (meter, _))| !rests(&known[*meter])) {
            let Some(portrait) = Portrait::of(history, &self.peers[self.groups[*meter]], self.season) else { continue };
            for list in List::ALL {
                if list.may_hold(history, &portrait) {
                    let models = [own, given].into_iter().flatten().filter(|model| model.is_trained());
                    let scores: Vec<f64> = models.map(|model| model.booster(list).score(&portrait.row)).collect();
                    let score = scores.iter().sum::<f64>() / scores.len().max(1) as f64;
                    found[list as usize].push((score, at, portrait.clone()));
                }
            }
        }
        for list in List::ALL {
            let candidates = &mut found[list as usize];
            candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let mut place = 0;
            for (score, at, portrait) in candidates.drain(..) {
                let (meter, history) = (self.members[at].0, &self.members[at].1);
                if place == places[list as usize] {
                    break;
                }
                if known[meter].listed == Some(period) {
                    continue;
                }
                place += 1;
                known[meter].listed = Some(period);
                let peers = &self.peers[self.groups[meter]];
                let grounds = Grounds::of(list, history, &portrait, peers, self.season);
                let alarm = Alarm::Place { list, score, grounds };
                raised.push(Raised { period, meter, day: known[meter].last_day, place, alarm });
            }
        }
    }
}
