//! The daily reading report (抄表日报表, R-8): what one reader, or all of them, did on one local day.
//!
//! Why separate: a visit counts on the day it was *made*. What came late is counted where it belongs and shown as late, so
//! that yesterday's report grows visibly instead of today's being padded.

use crate::calendar::Instant;
use crate::coverage::Punctuality;
use crate::quantity::Volume;
use std::ops::AddAssign;

/// The reasons a meter could not be read, in the order of the report's columns (DOMAIN 1).
pub const ATTEMPT_CODES: [&str; 7] =
    ["locked", "refused", "nobody_home", "unsafe", "meter_not_found", "display_dark", "other"];

/// What a visit brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VisitKind {
    /// A first look: a reading.
    Reading,
    /// A second look.
    Reread,
    /// What the customer told; a visit, never a sighting.
    CustomerTold,
    /// No reading, for the reason with this place in [`ATTEMPT_CODES`].
    Attempt {
        /// Index into [`ATTEMPT_CODES`].
        reason: usize,
        /// Whether a photo proves it.
        proof: bool,
    },
}

/// One visit of the day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Visit {
    /// When it was made.
    pub at: Instant,
    /// What it brought.
    pub kind: VisitKind,
    /// Whether a person must decide when it was (DOMAIN 2).
    pub time_review: bool,
    /// Whether it arrived on a later day than it was made.
    pub came_later: bool,
    /// Of a commercial point: how it lies against the window.
    pub punctuality: Option<Punctuality>,
    /// The gas the reading accounts for, where it can be told.
    pub volume: Option<Volume>,
    /// Whether the reading was set aside as no base for the next check.
    pub set_aside: bool,
}

/// A figure of a day that counts visits: each of them can be listed, visit by visit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DayFigure {
    /// All of them.
    Visits,
    /// Readings, re-reads not counted.
    Readings,
    /// Second looks.
    Rereads,
    /// Told by the customer.
    CustomerTold,
    /// Attempts for any reason.
    Attempts,
    /// Attempts for the reason with this place in [`ATTEMPT_CODES`].
    AttemptsFor(usize),
    /// Attempts with a photo.
    AttemptsProven,
    /// Commercial readings that lie so against the window.
    Window(Punctuality),
    /// Readings set aside by their verdict.
    SetAside,
    /// Visits whose time a person must decide.
    TimeReview,
    /// Visits that arrived on a later day.
    CameLater,
}

impl DayFigure {
    /// The figure of its name in a line of the report.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "visits" => Self::Visits,
            "readings" => Self::Readings,
            "rereads" => Self::Rereads,
            "customer_told" => Self::CustomerTold,
            "attempts" => Self::Attempts,
            "attempts_proven" => Self::AttemptsProven,
            "early" => Self::Window(Punctuality::Early),
            "on_time" => Self::Window(Punctuality::OnTime),
            "late" => Self::Window(Punctuality::Late),
            "set_aside" => Self::SetAside,
            "time_review" => Self::TimeReview,
            "came_later" => Self::CameLater,
            other => {
                let reason = other.strip_prefix("attempts_")?;
                Self::AttemptsFor(ATTEMPT_CODES.iter().position(|code| *code == reason)?)
            }
        })
    }

    /// Whether it counts a visit.
    #[must_use]
    pub fn counts(self, visit: &Visit) -> bool {
        match (self, visit.kind) {
            (Self::Visits, _)
            | (Self::Readings, VisitKind::Reading)
            | (Self::Rereads, VisitKind::Reread)
            | (Self::CustomerTold, VisitKind::CustomerTold)
            | (Self::Attempts, VisitKind::Attempt { .. })
            | (Self::AttemptsProven, VisitKind::Attempt { proof: true, .. }) => true,
            (Self::AttemptsFor(wanted), VisitKind::Attempt { reason, .. }) => wanted == reason,
            (Self::Window(wanted), _) => visit.punctuality == Some(wanted),
            (Self::SetAside, _) => visit.set_aside,
            (Self::TimeReview, _) => visit.time_review,
            (Self::CameLater, _) => visit.came_later,
            _ => false,
        }
    }
}

/// The sums of a day; they add up: the office's line is the sum of its readers'.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DaySum {
    /// Visits: readings, re-reads, customers' words and attempts.
    pub visits: u64,
    /// Readings, re-reads not counted.
    pub readings: u64,
    /// Second looks.
    pub rereads: u64,
    /// Told by the customer.
    pub customer_told: u64,
    /// Attempts by the reasons of [`ATTEMPT_CODES`].
    pub attempts: [u64; ATTEMPT_CODES.len()],
    /// Attempts with a photo.
    pub attempts_proven: u64,
    /// Commercial readings before, in and after the window.
    pub early: u64,
    /// See [`DaySum::early`].
    pub on_time: u64,
    /// See [`DaySum::early`].
    pub late: u64,
    /// Readings set aside by their verdict.
    pub set_aside: u64,
    /// Visits whose time a person must decide.
    pub time_review: u64,
    /// Visits that arrived on a later day.
    pub came_later: u64,
    /// Gas read, 0.001 m³.
    pub volume: Volume,
    /// The first visit's time.
    pub first_at: Option<Instant>,
    /// The last visit's time.
    pub last_at: Option<Instant>,
}

impl DaySum {
    /// Counts a visit.
    pub fn count(&mut self, visit: &Visit) {
        self.visits += 1;
        match visit.kind {
            VisitKind::Reading => self.readings += 1,
            VisitKind::Reread => self.rereads += 1,
            VisitKind::CustomerTold => self.customer_told += 1,
            VisitKind::Attempt { reason, proof } => {
                if let Some(count) = self.attempts.get_mut(reason) {
                    *count += 1;
                }
                self.attempts_proven += u64::from(proof);
            }
        }
        match visit.punctuality {
            Some(Punctuality::Early) => self.early += 1,
            Some(Punctuality::OnTime) => self.on_time += 1,
            Some(Punctuality::Late) => self.late += 1,
            None => {}
        }
        self.set_aside += u64::from(visit.set_aside);
        self.time_review += u64::from(visit.time_review);
        self.came_later += u64::from(visit.came_later);
        self.volume = self.volume + visit.volume.unwrap_or_default();
        self.span(visit.at, visit.at);
    }

    /// All attempts.
    #[must_use]
    pub fn attempted(&self) -> u64 {
        self.attempts.iter().sum()
    }

    fn span(&mut self, first: Instant, last: Instant) {
        self.first_at = Some(self.first_at.map_or(first, |known| known.min(first)));
        self.last_at = Some(self.last_at.map_or(last, |known| known.max(last)));
    }
}

impl AddAssign for DaySum {
    fn add_assign(&mut self, other: Self) {
        self.visits += other.visits;
        self.readings += other.readings;
        self.rereads += other.rereads;
        self.customer_told += other.customer_told;
        self.attempts.iter_mut().zip(other.attempts).for_each(|(mine, theirs)| *mine += theirs);
        self.attempts_proven += other.attempts_proven;
        self.early += other.early;
        self.on_time += other.on_time;
        self.late += other.late;
        self.set_aside += other.set_aside;
        self.time_review += other.time_review;
        self.came_later += other.came_later;
        self.volume = self.volume + other.volume;
        if let (Some(first), Some(last)) = (other.first_at, other.last_at) {
            self.span(first, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn visit(ms: i64, kind: VisitKind) -> Visit {
        let at = Instant::from_timestamp_millis(ms).unwrap();
        Visit { at, kind, time_review: false, came_later: false, punctuality: None, volume: None, set_aside: false }
    }

    #[test]
    fn each_visit_is_counted_once_and_as_what_it_was() {
        let mut sum = DaySum::default();
        let read = Visit {
            volume: Some(Volume::from_m3(12)),
            punctuality: Some(Punctuality::OnTime),
            ..visit(20, VisitKind::Reading)
        };
        sum.count(&read);
        sum.count(&visit(10, VisitKind::Attempt { reason: 0, proof: true }));
        sum.count(&Visit { came_later: true, ..visit(30, VisitKind::Attempt { reason: 2, proof: false }) });
        sum.count(&visit(15, VisitKind::CustomerTold));
        assert_eq!((sum.visits, sum.readings, sum.attempted(), sum.attempts_proven), (4, 1, 2, 1));
        assert_eq!((sum.attempts[0], sum.attempts[2], sum.customer_told, sum.came_later), (1, 1, 1, 1));
        assert_eq!((sum.on_time, sum.volume), (1, Volume::from_m3(12)));
        let ms = |at: Option<Instant>| at.map(|at| at.timestamp_millis());
        assert_eq!((ms(sum.first_at), ms(sum.last_at)), (Some(10), Some(30)));
    }

    /// Names of figures with what a sum has under them.
    fn figures(sum: &DaySum) -> Vec<(String, u64)> {
        let own = [
            ("visits", sum.visits),
            ("readings", sum.readings),
            ("rereads", sum.rereads),
            ("customer_told", sum.customer_told),
            ("attempts", sum.attempted()),
            ("attempts_proven", sum.attempts_proven),
            ("early", sum.early),
            ("on_time", sum.on_time),
            ("late", sum.late),
            ("set_aside", sum.set_aside),
            ("time_review", sum.time_review),
            ("came_later", sum.came_later),
        ];
        let by_reason = ATTEMPT_CODES.iter().zip(sum.attempts).map(|(code, count)| (format!("attempts_{code}"), count));
        own.map(|(name, count)| (name.to_owned(), count)).into_iter().chain(by_reason).collect()
    }

    fn visits() -> impl Strategy<Value = Vec<Visit>> {
        let kind = prop_oneof![
            Just(VisitKind::Reading),
            Just(VisitKind::Reread),
            Just(VisitKind::CustomerTold),
            (0..ATTEMPT_CODES.len(), any::<bool>()).prop_map(|(reason, proof)| VisitKind::Attempt { reason, proof }),
        ];
        let window =
            prop::option::of(prop::sample::select(vec![Punctuality::Early, Punctuality::OnTime, Punctuality::Late]));
        let one = (0..1_000_i64, kind, window, any::<[bool; 3]>());
        let one = one.prop_map(|(ms, kind, punctuality, [time_review, came_later, set_aside])| Visit {
            time_review,
            came_later,
            set_aside,
            punctuality,
            ..visit(ms, kind)
        });
        prop::collection::vec(one, 0..60)
    }

    #[test]
    fn a_name_that_is_no_figure_is_none() {
        for name in ["", "attempts_", "attempts_asleep", "volume", "corrections"] {
            assert_eq!(DayFigure::parse(name), None, "{name}");
        }
    }

    proptest! {
        /// A figure and the list behind it are of the same visits.
        #[test]
        fn every_figure_counts_as_many_visits_as_its_list_holds(visits in visits()) {
            let mut sum = DaySum::default();
            visits.iter().for_each(|visit| sum.count(visit));
            for (name, count) in figures(&sum) {
                let figure = DayFigure::parse(&name).unwrap();
                prop_assert_eq!(visits.iter().filter(|visit| figure.counts(visit)).count() as u64, count, "{}", name);
            }
        }

        /// The office's line is the sum of its readers', however the visits are shared out among them.
        #[test]
        fn sums_of_parts_are_the_sum(visits in prop::collection::vec((0..1_000_i64, 0..9_usize, 0..3_usize), 0..60)) {
            let mut whole = DaySum::default();
            let mut parts = [DaySum::default(); 3];
            for (ms, what, reader) in visits {
                let kind = match what {
                    7 => VisitKind::Reading,
                    8 => VisitKind::CustomerTold,
                    reason => VisitKind::Attempt { reason, proof: reason % 2 == 0 },
                };
                let one = Visit { volume: Some(Volume::from_litres(ms)), ..visit(ms, kind) };
                whole.count(&one);
                parts[reader].count(&one);
            }
            let mut sum = DaySum::default();
            parts.into_iter().for_each(|part| sum += part);
            prop_assert_eq!(whole, sum);
            prop_assert_eq!(whole.visits, whole.readings + whole.rereads + whole.customer_told + whole.attempted());
        }
    }
}
