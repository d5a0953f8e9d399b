//! Clocks that are wrong, and months that end.

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
fn elapsed_time_that_slept_is_not_believed_against_a_steady_clock() {
    // Read at 20:00, slept, sent at 08:00 next day: a new month. The elapsed time says ten minutes.
    let (read, sent) = (at("2024-04-30T20:00:00"), at("2024-05-01T08:00:00"));
    let slept = TimeClaim {
        read_at: read,
        read_elapsed_ms: Some(1_000_000),
        sent_at: sent,
        sent_elapsed_ms: Some(1_600_000),
        sent_boot: Some("first"),
        received_at: sent,
        last_sync: Some(ClockSample { device_at: read, server_at: read }),
        ..offline("2024-04-30T20:00:00", TimeDelta::zero())
    };
    assert_eq!((seen(&slept).at, seen(&slept).grade), (read, TimeGrade::C));
    assert!(reviewed(&slept, ResidentialOutdoor));
    // A clock that was set in between vouches for nothing.
    let set = ClockSample { device_at: read - TimeDelta::hours(1), server_at: read };
    assert_eq!(seen(&TimeClaim { last_sync: Some(set), ..slept }).grade, TimeGrade::A);
    let steady = TimeClaim { sent_elapsed_ms: Some(1_000_000 + 12 * 3_600_000), ..slept };
    assert_eq!((seen(&steady).at, seen(&steady).grade), (read, TimeGrade::A));
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
    let rolled =
        TimeClaim { sent_at: at("2024-05-10T10:00:00"), ..offline("2024-05-10T09:00:00", TimeDelta::weeks(-1_024)) };
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
        prop_assert!(observed.at <= received_at);
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
