//! When a reading was made: the observed time and its grade (DOMAIN 2).
//!
//! Why separate: the observed time decides the period, never the upload time, and a phone's clock is the least trustworthy
//! thing a reader carries. Everything that distrusts it is here; the rest of the crate takes the verdict.

use crate::calendar::{Instant, Zone};
use crate::coverage::{self, ReadingWindow, period_of};
use crate::meters::Class;
use chrono::TimeDelta;

/// Where the phone had the time of a reading from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TimeSource {
    /// A satellite fix.
    Gps,
    /// The mobile network or a time server.
    Network,
    /// The phone's own clock, which its holder can set.
    Device,
}

impl TimeSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Gps, Self::Network, Self::Device];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gps => "gps",
            Self::Network => "network",
            Self::Device => "device",
        }
    }

    /// The source of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.code() == code)
    }
}

/// How sure an observed time is (DOMAIN 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TimeGrade {
    /// Satellite or network time, or counted back from the receipt by a clock nobody can set.
    A,
    /// The phone's clock, corrected by two syncs around the reading that agree.
    B,
    /// The phone's clock as it was, or a stand-in for it.
    C,
}

impl TimeGrade {
    /// Every grade, best first.
    pub const ALL: [Self; 3] = [Self::A, Self::B, Self::C];

    /// The code used in the API and the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        }
    }

    /// The grade of a [`code`](Self::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.code() == code)
    }
}

/// The phone's and the server's time at one sync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockSample {
    /// What the phone's clock said.
    pub device_at: Instant,
    /// What the server's clock said.
    pub server_at: Instant,
}

/// What a phone says about the time of one record, and what the server knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeClaim<'c> {
    /// The time of the reading, as the phone gives it.
    pub read_at: Instant,
    /// Where `read_at` is from.
    pub source: TimeSource,
    /// Milliseconds since the phone was started, at the reading.
    pub read_elapsed_ms: Option<i64>,
    /// Which start of the phone that was.
    pub read_boot: Option<&'c str>,
    /// The phone's clock when the push was sent.
    pub sent_at: Instant,
    /// Milliseconds since the phone was started, at sending.
    pub sent_elapsed_ms: Option<i64>,
    /// Which start of the phone that was.
    pub sent_boot: Option<&'c str>,
    /// The server's clock at the receipt.
    pub received_at: Instant,
    /// The clocks at the phone's last sync before this push, if there was one.
    pub last_sync: Option<ClockSample>,
}

/// The settings of the observed time (DOMAIN 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeSettings {
    /// How far after the receipt a time may lie before the clock is ahead (DOMAIN 2: 2 min).
    pub ahead: TimeDelta,
    /// How far from the reading a sync may lie and still vouch for the clock (DOMAIN 2: 24 h).
    pub sync_reach: TimeDelta,
    /// How far two clock offsets may differ and still agree (DOMAIN 2: 60 s).
    pub agreement: TimeDelta,
    /// How far off a grade C time may be (DOMAIN 2: 24 h).
    pub uncertainty: TimeDelta,
    /// How long before its receipt a reading may have been made; beyond it the time is absurd (400 days: more than a year of
    /// readings kept on a lost and found phone, less than the 1,024 weeks by which old satellite receivers are wrong).
    pub oldest: TimeDelta,
}

impl Default for TimeSettings {
    fn default() -> Self {
        Self {
            ahead: TimeDelta::minutes(2),
            sync_reach: TimeDelta::hours(24),
            agreement: TimeDelta::seconds(60),
            uncertainty: TimeDelta::hours(24),
            oldest: TimeDelta::days(400),
        }
    }
}

/// When a reading was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Observed {
    /// The observed time: decides the period.
    pub at: Instant,
    /// How sure it is.
    pub grade: TimeGrade,
    /// The claimed time was later than the receipt + 2 min. With grade A or B a better clock was at hand and the flag only
    /// tells the reader to set the phone right.
    pub clock_ahead: bool,
    /// Grade C, and the clock is known to be wrong by more than the uncertainty, so moving the time by the uncertainty proves
    /// nothing: a person decides, always. Then `at` may be a stand-in.
    pub clock_lost: bool,
}

/// The observed time of a claim (DOMAIN 2). A claim that cannot be true falls to the next grade instead of failing: the
/// reading itself is still a true observation.
#[must_use]
pub fn observe(claim: &TimeClaim<'_>, settings: &TimeSettings) -> Observed {
    let clock_ahead = is_after(claim.read_at, claim.received_at, settings.ahead);
    let graded = |at, grade| Observed { at, grade, clock_ahead, clock_lost: false };
    if claim.source != TimeSource::Device && is_possible(claim.read_at, claim, settings) {
        return graded(claim.read_at, TimeGrade::A);
    }
    if let Some(at) = counted_back(claim).filter(|at| is_possible(*at, claim, settings)) {
        return graded(at, TimeGrade::A);
    }
    if let Some(at) = between_syncs(claim, settings).filter(|at| is_possible(*at, claim, settings)) {
        return graded(at, TimeGrade::B);
    }
    raw(claim, settings, clock_ahead)
}

/// Whether a grade C reading needs a person to decide its time: moving it by ± `uncertainty` would change its period or, for
/// a commercial point, the verdict of the 22nd and 23rd (DOMAIN 2, R-6). Grades A and B never do.
///
/// DOMAIN moves the time by its uncertainty and asks no more. That fails for a clock known to be wrong by more: 1970 ± 24 h
/// stays in one month, and the reading would count for 1970 without anybody being told. So a lost clock is always reviewed.
#[must_use]
pub fn needs_time_review(
    observed: &Observed,
    class: Class,
    uncertainty: TimeDelta,
    zone: Zone,
    settings: &coverage::Settings,
) -> bool {
    if observed.grade != TimeGrade::C {
        return false;
    }
    let verdict = |at: Instant| {
        let on_time = || ReadingWindow::around(at, zone, settings).punctuality(at, zone);
        (period_of(class, zone.day(at)), (class == Class::Commercial).then(on_time))
    };
    let here = verdict(observed.at);
    let moved = |by: TimeDelta| observed.at.checked_add_signed(by).is_none_or(|at| verdict(at) != here);
    observed.clock_lost || moved(uncertainty) || moved(-uncertainty)
}

/// Counts back from the receipt by the milliseconds between reading and sending, if the phone ran through (grade A).
/// The time the push was under way is in it, seconds as a rule: a push stamps `sent_elapsed_ms` anew each time it is sent.
fn counted_back(claim: &TimeClaim<'_>) -> Option<Instant> {
    let boot = claim.read_boot.filter(|boot| !boot.is_empty())?;
    let (read, sent) = (claim.read_elapsed_ms?, claim.sent_elapsed_ms?);
    if claim.sent_boot != Some(boot) || read < 0 || sent < read {
        return None;
    }
    claim.received_at.checked_sub_signed(TimeDelta::try_milliseconds(sent.checked_sub(read)?)?)
}

/// The phone's clock corrected by the offsets of the syncs before and after, if both are near and agree (grade B). The mean
/// of the two is taken: they differ by a minute at most.
fn between_syncs(claim: &TimeClaim<'_>, settings: &TimeSettings) -> Option<Instant> {
    let before = claim.last_sync?;
    let (since, until) = (claim.read_at - before.device_at, claim.sent_at - claim.read_at);
    let near = TimeDelta::zero()..=settings.sync_reach;
    let offset = before.server_at - before.device_at;
    let drift = (claim.received_at - claim.sent_at) - offset;
    if !near.contains(&since) || !near.contains(&until) || drift.abs() > settings.agreement {
        return None;
    }
    claim.read_at.checked_add_signed(offset)?.checked_add_signed(drift / 2)
}

/// Grade C: the phone's clock as it was. Where that is impossible, the same clock set right by its error at sending; where
/// even that is, the receipt, the one moment by which the reading had surely been made.
fn raw(claim: &TimeClaim<'_>, settings: &TimeSettings, clock_ahead: bool) -> Observed {
    let error = claim.received_at - claim.sent_at;
    let corrected = claim.read_at.checked_add_signed(error).map(|at| at.min(claim.received_at));
    let candidates = [Some(claim.read_at), corrected].into_iter().flatten();
    let at = candidates.into_iter().find(|at| is_possible(*at, claim, settings)).unwrap_or(claim.received_at);
    let off = (at - claim.read_at).abs().max(error.abs());
    Observed { at, grade: TimeGrade::C, clock_ahead, clock_lost: off > settings.uncertainty }
}

/// Whether a reading can have been made at `at`: not after its receipt, not absurdly long before.
fn is_possible(at: Instant, claim: &TimeClaim<'_>, settings: &TimeSettings) -> bool {
    !is_after(at, claim.received_at, settings.ahead) && claim.received_at - at <= settings.oldest
}

/// Whether `at` lies more than `tolerance` after `reference`.
fn is_after(at: Instant, reference: Instant, tolerance: TimeDelta) -> bool {
    at - reference > tolerance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Period;
    use Class::{Commercial, ResidentialIndoor, ResidentialOutdoor};
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        format!("{text}+08:00").parse().unwrap()
    }

    /// A reading by the phone's own clock, sent an hour later after a restart, with no sync before; the clock is off by `error`.
    fn offline(truly_read: &str, error: TimeDelta) -> TimeClaim<'static> {
        let truth = at(truly_read);
        TimeClaim {
            read_at: truth + error,
            source: TimeSource::Device,
            read_elapsed_ms: Some(500_000),
            read_boot: Some("first"),
            sent_at: truth + TimeDelta::hours(1) + error,
            sent_elapsed_ms: Some(40_000),
            sent_boot: Some("second"),
            received_at: truth + TimeDelta::hours(1),
            last_sync: None,
        }
    }

    fn seen(claim: &TimeClaim<'_>) -> Observed {
        observe(claim, &TimeSettings::default())
    }

    fn reviewed(claim: &TimeClaim<'_>, class: Class) -> bool {
        let (zone, uncertainty) = (Zone::default(), TimeSettings::default().uncertainty);
        needs_time_review(&seen(claim), class, uncertainty, zone, &coverage::Settings::default())
    }

    #[test]
    fn a_phone_that_ran_through_needs_no_clock() {
        for error in [TimeDelta::zero(), TimeDelta::days(-1), TimeDelta::days(1), TimeDelta::days(-19_000)] {
            let claim = TimeClaim {
                sent_boot: Some("first"),
                sent_elapsed_ms: Some(500_000 + 3_600_000),
                ..offline("2024-04-30T23:30:00", error)
            };
            let observed = seen(&claim);
            assert_eq!((observed.at, observed.grade), (at("2024-04-30T23:30:00"), TimeGrade::A));
            assert_eq!(observed.clock_ahead, error > TimeDelta::zero());
            assert!(!reviewed(&claim, Commercial));
        }
    }

    #[test]
    fn absurd_elapsed_times_are_not_believed() {
        let ran = TimeClaim { sent_boot: Some("first"), ..offline("2024-05-10T09:00:00", TimeDelta::zero()) };
        let grade = |read, sent| seen(&TimeClaim { read_elapsed_ms: read, sent_elapsed_ms: sent, ..ran }).grade;
        assert_eq!(grade(Some(10), Some(9)), TimeGrade::C);
        assert_eq!(grade(Some(-1), Some(9)), TimeGrade::C);
        assert_eq!(grade(Some(i64::MIN), Some(i64::MAX)), TimeGrade::C);
        assert_eq!(grade(Some(0), Some(i64::MAX)), TimeGrade::C);
        assert_eq!(grade(None, Some(9)), TimeGrade::C);
        assert_eq!(grade(Some(9), Some(9)), TimeGrade::A);
        let nameless = TimeClaim { read_boot: Some(""), sent_boot: Some(""), ..ran };
        assert_eq!(seen(&TimeClaim { sent_elapsed_ms: Some(600_000), ..nameless }).grade, TimeGrade::C);
    }

    #[test]
    fn satellite_time_is_believed_unless_it_cannot_be() {
        let gps = |claim| TimeClaim { source: TimeSource::Gps, ..claim };
        assert_eq!(seen(&gps(offline("2024-05-10T09:00:00", TimeDelta::zero()))).grade, TimeGrade::A);
        // An old receiver, 1,024 weeks behind.
        let rolled = TimeClaim {
            sent_at: at("2024-05-10T10:00:00"),
            ..offline("2024-05-10T09:00:00", TimeDelta::weeks(-1_024))
        };
        let observed = seen(&gps(rolled));
        assert_eq!((observed.grade, observed.clock_lost), (TimeGrade::C, true));
        let ahead = seen(&gps(offline("2024-05-10T09:00:00", TimeDelta::hours(2))));
        assert_eq!((ahead.grade, ahead.clock_ahead), (TimeGrade::C, true));
    }

    #[test]
    fn two_syncs_that_agree_correct_the_clock() {
        for error in [TimeDelta::days(-1), TimeDelta::days(1), TimeDelta::days(-19_000)] {
            let synced = |ago: TimeDelta, drift: TimeDelta| {
                let server_at = at("2024-04-30T23:30:00") - ago;
                let last_sync = Some(ClockSample { device_at: server_at + error + drift, server_at });
                seen(&TimeClaim { last_sync, ..offline("2024-04-30T23:30:00", error) })
            };
            let (hour, none) = (TimeDelta::hours(1), TimeDelta::zero());
            let good = synced(hour, none);
            assert_eq!((good.at, good.grade), (at("2024-04-30T23:30:00"), TimeGrade::B));
            assert_eq!(synced(hour, TimeDelta::seconds(60)).at, at("2024-04-30T23:29:30"));
            assert_eq!(synced(hour, TimeDelta::seconds(61)).grade, TimeGrade::C);
            assert_eq!(synced(TimeDelta::hours(24), none).grade, TimeGrade::B);
            assert_eq!(synced(TimeDelta::hours(25), none).grade, TimeGrade::C);
            assert_eq!(synced(-hour, none).grade, TimeGrade::C);
        }
    }

    #[test]
    fn a_raw_time_away_from_any_boundary_stands() {
        for error in [TimeDelta::zero(), TimeDelta::days(-1), TimeDelta::days(1)] {
            let claim = offline("2024-05-10T09:00:00", error);
            let expected = if error > TimeDelta::zero() { at("2024-05-10T09:00:00") } else { claim.read_at };
            assert_eq!((seen(&claim).at, seen(&claim).grade), (expected, TimeGrade::C));
            assert!([Commercial, ResidentialOutdoor, ResidentialIndoor].iter().all(|class| !reviewed(&claim, *class)));
        }
    }

    #[test]
    fn a_raw_time_is_reviewed_where_a_day_decides() {
        let classes = |raw: &str| Class::ALL.map(|class| reviewed(&offline(raw, TimeDelta::zero()), class));
        // Commercial, outdoor, indoor: a month's end is not always a quarter's.
        for raw in ["2024-04-30T23:30:00", "2024-05-01T00:30:00", "2024-04-30T00:00:00", "2024-05-01T23:59:59"] {
            assert_eq!(classes(raw), [true, true, false], "{raw}");
        }
        assert_eq!(classes("2024-03-31T23:30:00"), [true, true, true]);
        assert_eq!(classes("2024-04-01T00:30:00"), [true, true, true]);
        assert_eq!(classes("2024-04-29T23:59:59"), [false, false, false]);
        for raw in ["2024-05-21T00:00:00", "2024-05-22T12:00:00", "2024-05-23T12:00:00", "2024-05-24T12:00:00"] {
            assert_eq!(classes(raw), [true, false, false], "{raw}");
        }
        assert_eq!(classes("2024-05-20T23:59:59"), [false, false, false]);
        assert_eq!(classes("2024-05-25T00:00:00"), [false, false, false]);
    }

    #[test]
    fn the_29th_of_february_is_the_last_day_of_a_leap_year_only() {
        assert!(!reviewed(&offline("2024-02-28T12:00:00", TimeDelta::zero()), ResidentialOutdoor));
        assert!(reviewed(&offline("2024-02-29T12:00:00", TimeDelta::zero()), ResidentialOutdoor));
        assert!(reviewed(&offline("2023-02-28T12:00:00", TimeDelta::zero()), ResidentialOutdoor));
    }

    #[test]
    fn a_lost_clock_is_always_reviewed_and_stays_near_the_receipt() {
        let truth = "2024-05-10T09:00:00";
        let to = |day: &str| at(&format!("{day}T00:00:00")) - at(truth);
        for error in [to("1970-01-01"), to("2038-01-19"), TimeDelta::days(-3), TimeDelta::days(3)] {
            let broken = offline(truth, error);
            // The same, but the phone's clock was set right before it sent.
            let mended = TimeClaim { sent_at: broken.received_at, ..broken };
            for claim in [broken, mended] {
                assert_eq!(seen(&claim).grade, TimeGrade::C);
                assert!(seen(&claim).at <= claim.received_at);
                assert_eq!(seen(&claim).clock_ahead, error > TimeDelta::zero());
            }
            assert!(reviewed(&broken, ResidentialOutdoor), "{error}");
            let undetectable = error == TimeDelta::days(-3);
            assert_eq!(reviewed(&mended, ResidentialOutdoor), !undetectable, "{error}");
        }
        let may = Period::parse("2024-05").unwrap();
        for error in [to("1970-01-01"), to("2038-01-19")] {
            assert!(may.contains(seen(&offline(truth, error)).at, Zone::default()));
        }
    }

    #[test]
    fn two_minutes_ahead_are_forgiven() {
        let sent = offline("2024-05-10T09:00:00", TimeDelta::zero());
        let ahead = |seconds| seen(&TimeClaim { read_at: sent.received_at + TimeDelta::seconds(seconds), ..sent });
        assert!(!ahead(120).clock_ahead);
        assert!(ahead(121).clock_ahead);
        assert_eq!(ahead(121).at, sent.received_at);
        // Set right, it still lies a minute after its receipt; nothing was read after it had arrived.
        let day_ahead = offline("2024-05-10T09:00:00", TimeDelta::days(1));
        let corrected = seen(&TimeClaim { read_at: day_ahead.sent_at + TimeDelta::minutes(1), ..day_ahead });
        assert_eq!(corrected.at, day_ahead.received_at);
    }

    fn any_instant() -> impl Strategy<Value = Instant> {
        let (min, max) = (Instant::MIN_UTC.timestamp_millis(), Instant::MAX_UTC.timestamp_millis());
        prop_oneof![min..=max, 1_600_000_000_000..1_900_000_000_000_i64, Just(min), Just(max)]
            .prop_map(|ms| Instant::from_timestamp_millis(ms).unwrap_or(Instant::MAX_UTC))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_clock_up_to_a_day_off_never_decides_wrongly_unreviewed(
            minutes in 0..525_600_i64, error in prop_oneof![Just(-1_440), Just(1_440), -1_440..=1_440_i64],
        ) {
            let truth = (at("2024-01-01T00:00:00") + TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S").to_string();
            let claim = offline(&truth, TimeDelta::minutes(error));
            let zone = Zone::default();
            for class in Class::ALL {
                let window = |at| ReadingWindow::around(at, zone, &coverage::Settings::default()).punctuality(at, zone);
                let period = |at| (period_of(class, zone.day(at)), (class == Commercial).then(|| window(at)));
                let true_at = claim.received_at - TimeDelta::hours(1);
                prop_assert!(reviewed(&claim, class) || period(seen(&claim).at) == period(true_at));
            }
        }

        #[test]
        fn any_claim_is_answered_within_what_is_possible(
            read_at in any_instant(), sent_at in any_instant(), received in 1_600_000_000_000..1_900_000_000_000_i64,
            elapsed: [Option<i64>; 2], boots in prop::sample::select(vec![None, Some(""), Some("a"), Some("b")]),
            sync in prop::option::of((any_instant(), any_instant())), source in prop::sample::select(&TimeSource::ALL),
        ) {
            let received_at = Instant::from_timestamp_millis(received).unwrap_or_default();
            let last_sync = sync.map(|(device_at, server_at)| ClockSample { device_at, server_at });
            let claim = TimeClaim {
                read_at, source, read_elapsed_ms: elapsed[0], read_boot: boots, sent_at, sent_elapsed_ms: elapsed[1],
                sent_boot: Some("a"), received_at, last_sync,
            };
            let (settings, observed) = (TimeSettings::default(), seen(&claim));
            prop_assert!(observed.at <= received_at + settings.ahead);
            prop_assert!(received_at - observed.at <= settings.oldest);
            prop_assert!(!observed.clock_lost || observed.grade == TimeGrade::C);
            for class in Class::ALL {
                prop_assert!(observed.grade == TimeGrade::C || !reviewed(&claim, class));
            }
        }
    }

    #[test]
    fn codes_lead_back() {
        for (source, grade) in TimeSource::ALL.into_iter().zip(TimeGrade::ALL) {
            assert_eq!(TimeSource::from_code(source.code()), Some(source));
            assert_eq!(TimeGrade::from_code(grade.code()), Some(grade));
        }
    }
}
