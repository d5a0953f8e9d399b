//! Objecting and answering: the reader is shown the facts, may object within three days, and gets an answer within a week.
//!
//! Why separate: a deadline that is counted one day short is a right taken away. Days are counted in the company's zone, the
//! day of publication or objection not included, and end at midnight: published on the 4th at any hour, the last moment to
//! object is the 7th, 24:00. A late objection is refused; a late answer is taken, and shown as overdue until then and after.

use super::AppraisalSettings;
use crate::calendar::{Instant, Zone};
use crate::coded::coded;
use chrono::{Days, NaiveDate};

coded! {
    /// Where an appraisal stands.
    AppraisalState {
        /// Figures that still move.
        Draft = "draft": "草稿", "draft";
        /// Published; the reader may object.
        Published = "published": "公示中", "published, may be objected to";
        /// He objected; an answer is due.
        Objected = "objected": "已申诉，待答复", "objected, to be answered";
        /// The answer is overdue.
        Overdue = "overdue": "答复超期", "answer overdue";
        /// Answered.
        Answered = "answered": "已答复", "answered";
        /// The time to object is over, and nobody did.
        Settled = "settled": "无异议", "not objected to";
    }
}

coded! {
    /// What became of an objection.
    Decision {
        /// It stays as it was.
        Upheld = "upheld": "维持", "upheld";
        /// Deductions are taken back.
        Changed = "changed": "更改", "changed";
    }
}

fn end_of_day_after(at: Instant, days: u64, zone: Zone) -> Instant {
    let day = zone.day(at).checked_add_days(Days::new(days + 1)).unwrap_or(NaiveDate::MAX);
    zone.start_of(day)
}

/// The moment from which an objection is too late.
#[must_use]
pub fn objection_until(published_at: Instant, zone: Zone, settings: &AppraisalSettings) -> Instant {
    end_of_day_after(published_at, settings.objection_days, zone)
}

/// The moment from which an answer is overdue.
#[must_use]
pub fn answer_until(objected_at: Instant, zone: Zone, settings: &AppraisalSettings) -> Instant {
    end_of_day_after(objected_at, settings.answer_days, zone)
}

/// Whether a reader may object now: in time, and once.
#[must_use]
pub fn may_object(
    published_at: Instant,
    objected_at: Option<Instant>,
    now: Instant,
    zone: Zone,
    settings: &AppraisalSettings,
) -> bool {
    objected_at.is_none() && now < objection_until(published_at, zone, settings)
}

/// Whether an objection waits for its answer. An answer is never too late to give.
#[must_use]
pub const fn may_answer(objected_at: Option<Instant>, answered_at: Option<Instant>) -> bool {
    objected_at.is_some() && answered_at.is_none()
}

/// Where an appraisal stands.
#[must_use]
pub fn standing(
    published_at: Option<Instant>,
    objected_at: Option<Instant>,
    answered_at: Option<Instant>,
    now: Instant,
    zone: Zone,
    settings: &AppraisalSettings,
) -> AppraisalState {
    match (published_at, objected_at, answered_at) {
        (None, ..) => AppraisalState::Draft,
        (_, Some(_), Some(_)) => AppraisalState::Answered,
        (_, Some(objected), None) if now >= answer_until(objected, zone, settings) => AppraisalState::Overdue,
        (_, Some(_), None) => AppraisalState::Objected,
        (Some(published), None, _) if now >= objection_until(published, zone, settings) => AppraisalState::Settled,
        (Some(_), None, _) => AppraisalState::Published,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn three_days_after_the_day_of_publication_until_midnight() {
        let (zone, settings) = (Zone::default(), AppraisalSettings::default());
        for published in ["2026-04-04T00:00:00+08:00", "2026-04-04T23:59:59+08:00"] {
            let may = |now| may_object(at(published), None, at(now), zone, &settings);
            assert!(may("2026-04-07T23:59:59.999+08:00"));
            assert!(!may("2026-04-08T00:00:00+08:00"));
        }
        let objected = Some(at("2026-04-05T00:00:00+08:00"));
        assert!(!may_object(
            at("2026-04-04T10:00:00+08:00"),
            objected,
            at("2026-04-05T01:00:00+08:00"),
            zone,
            &settings
        ));
    }

    #[test]
    fn a_week_for_the_answer_and_overdue_after() {
        let (zone, settings) = (Zone::default(), AppraisalSettings::default());
        let (published, objected) = (Some(at("2026-04-04T10:00:00+08:00")), Some(at("2026-04-06T09:00:00+08:00")));
        let state = |objected, answered, now| standing(published, objected, answered, at(now), zone, &settings);
        assert_eq!(state(None, None, "2026-04-07T12:00:00+08:00"), AppraisalState::Published);
        assert_eq!(state(None, None, "2026-04-08T00:00:00+08:00"), AppraisalState::Settled);
        assert_eq!(state(objected, None, "2026-04-13T23:59:59+08:00"), AppraisalState::Objected);
        assert_eq!(state(objected, None, "2026-04-14T00:00:00+08:00"), AppraisalState::Overdue);
        let answered = Some(at("2026-04-20T00:00:00+08:00"));
        assert_eq!(state(objected, answered, "2026-04-21T00:00:00+08:00"), AppraisalState::Answered);
        assert!(may_answer(objected, None) && !may_answer(objected, answered) && !may_answer(None, None));
    }
}
