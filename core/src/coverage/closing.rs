//! Closing a period: when its figures may be frozen, and which missing records stand in the way.
//!
//! Why separate: a figure that is published with records missing must be somebody's decision, never an accident.

use super::{Phase, Settings, phase};
use crate::calendar::{Instant, Period, Zone};
use crate::readings::observed::TimeSettings;

/// Whether a period may be closed at `now`: readings received before it is final still count in it (DOMAIN 3).
#[must_use]
pub fn may_close(period: Period, now: Instant, zone: Zone, settings: &Settings) -> bool {
    phase(period, now, zone, settings) == Phase::Final
}

/// Whether a missing record may have been made in the period: it was made between its neighbours. `below` and `above` are the
/// observed times of the nearest records that have arrived; `None` where there is none, which leaves that side open.
#[must_use]
pub fn gap_may_touch(period: Period, zone: Zone, below: Option<Instant>, above: Option<Instant>) -> bool {
    // A clock set back between them says nothing about the order: both ends are taken.
    let (first, last) = match (below, above) {
        (Some(below), Some(above)) => (Some(below.min(above)), Some(below.max(above))),
        open => open,
    };
    first.is_none_or(|first| first < zone.start_of(period.end_day()))
        && last.is_none_or(|last| last >= zone.start_of(period.first_day()))
}

/// Whether a visit whose time is undecided may belong to the period. `lost`: its clock was wrong by more than the uncertainty,
/// so all that is known is that it was made before its receipt, and not longer before than `oldest`.
#[must_use]
pub fn review_may_touch(
    period: Period,
    zone: Zone,
    (observed_at, received_at): (Instant, Instant),
    lost: bool,
    times: &TimeSettings,
) -> bool {
    let (start, end) = (zone.start_of(period.first_day()), zone.start_of(period.end_day()));
    let (first, last) = match lost {
        true => (received_at - times.oldest, received_at),
        false => (observed_at - times.uncertainty, observed_at + times.uncertainty),
    };
    first < end && last >= start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Instant> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_period_closes_when_its_grace_is_over() {
        let (march, zone, settings) = (Period::parse("2026-03").unwrap(), Zone::default(), Settings::default());
        let may = |text| may_close(march, at(text).unwrap(), zone, &settings);
        assert!(!may("2026-03-31T23:59:59+08:00"));
        assert!(!may("2026-04-03T23:59:59+08:00"));
        assert!(may("2026-04-04T00:00:00+08:00"));
    }

    #[test]
    fn a_gap_touches_the_periods_between_its_neighbours() {
        let (march, zone) = (Period::parse("2026-03").unwrap(), Zone::default());
        let touches = |below, above| gap_may_touch(march, zone, below, above);
        assert!(touches(None, None));
        assert!(touches(at("2026-02-27T10:00:00+08:00"), at("2026-03-01T00:00:00+08:00")));
        assert!(!touches(at("2026-02-27T10:00:00+08:00"), at("2026-02-28T23:59:59+08:00")));
        assert!(touches(at("2026-03-31T23:59:59+08:00"), None));
        assert!(!touches(at("2026-04-01T00:00:00+08:00"), None));
        assert!(touches(at("2026-04-02T00:00:00+08:00"), at("2026-03-31T10:00:00+08:00")));
        assert!(touches(None, at("2026-05-01T10:00:00+08:00")));
        assert!(!touches(None, at("2026-02-01T10:00:00+08:00")));
    }

    #[test]
    fn an_undecided_time_touches_what_it_may_lie_in() {
        let (march, zone, times) = (Period::parse("2026-03").unwrap(), Zone::default(), TimeSettings::default());
        let received = at("2026-04-02T10:00:00+08:00").unwrap();
        let touches = |seen: &str, lost| review_may_touch(march, zone, (at(seen).unwrap(), received), lost, &times);
        assert!(touches("2026-04-01T23:59:59+08:00", false));
        assert!(!touches("2026-04-02T00:00:01+08:00", false));
        assert!(touches("2026-02-28T00:00:00+08:00", false));
        assert!(!touches("2026-02-27T23:59:59+08:00", false));
        assert!(touches("2026-04-02T10:00:00+08:00", true));
    }
}
