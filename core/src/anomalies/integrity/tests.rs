//! Honest days say nothing; made-up ones say it with their numbers.

use super::*;
use chrono::{NaiveDate, TimeDelta};
use uuid::Uuid;

fn at(seconds: i64) -> Instant {
    "2026-03-02T01:00:00Z".parse::<Instant>().expect("an instant") + TimeDelta::seconds(seconds)
}

/// The place of the n-th building, 200 m apart.
fn building(n: i64) -> Place {
    Place { lat_micro: 31_230_000 + n * 1_800, lng_micro: 121_470_000 }
}

/// Two meters on each landing: read 20 s apart, the next building is 4 minutes away.
fn honest(count: i64) -> Vec<Entry> {
    (0..count)
        .map(|n| Entry {
            record: RecordId(Uuid::from_u128(n as u128)),
            point: PointId(n),
            at: at(n / 2 * 260 + n % 2 * (20 + n % 7)),
            day: NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day"),
            stop: Some((1, i32::try_from(n / 2 * 10 + n % 2).expect("small"))),
            fix: Some(building(n / 2)),
            registered: Some(building(n / 2)),
            index: Some((Volume::from_m3(1_000 + n * 37), Volume::from_m3(1))),
            uses: Some((Volume::from_m3(10 + n * n % 17), Volume::from_m3(9 + n * 7 % 13))),
            photos: vec![format!("{n:064}")],
        })
        .collect()
}

fn kinds(entries: &[Entry], others: &[Entry]) -> Vec<&'static str> {
    let settings = IntegritySettings::default();
    let fleet = Fleet::of(&[entries, others], &settings);
    signs(entries, &[], &fleet, &settings).iter().map(|sign| sign.kind.code()).collect()
}

#[test]
fn an_honest_day_says_nothing() {
    assert_eq!(kinds(&honest(300), &honest(300)), [""; 0]);
}

#[test]
fn honest_pairs_on_one_landing_set_the_threshold() {
    let settings = IntegritySettings::default();
    let mut quick = honest(300);
    quick.iter_mut().enumerate().for_each(|(n, entry)| entry.at = at(n as i64 / 2 * 260 + n as i64 % 2 * 6));
    assert_eq!(Fleet::of(&[&quick], &settings).fast_ms, 6_000, "where everybody needs 6 s, 8 s are not fast");
    assert_eq!(Fleet::of(&[&quick[..20]], &settings).fast_ms, 15_000, "few pairs say nothing");
}

#[test]
fn bulk_entry_at_a_desk_shows_in_time_and_place() {
    let mut desk = honest(60);
    for (n, entry) in desk.iter_mut().enumerate() {
        entry.at = at(n as i64 * 8);
        entry.fix = Some(Place { lat_micro: 31_100_000, lng_micro: 121_300_000 });
    }
    assert_eq!(kinds(&desk, &honest(300)), ["fast_entries", "too_far_too_soon", "one_place"]);
    let settings = IntegritySettings::default();
    let found = signs(&desk, &[], &Fleet::of(&[&honest(300)], &settings), &settings);
    for sign in &found {
        for language in [Language::Chinese, Language::English] {
            assert!(!sign.reason(language).contains('{'), "{}", sign.reason(language));
        }
        assert!(!sign.records.is_empty() && sign.records.len() <= 20);
    }
    assert_eq!((found[0].count, found[0].of), (29, 29));
}

#[test]
fn one_photo_for_two_points_is_named_and_for_one_point_is_not() {
    let mut entries = honest(60);
    entries[9].photos = entries[4].photos.clone();
    assert_eq!(kinds(&entries, &honest(300)), ["photo_twice"]);
    entries[9].point = entries[4].point;
    assert_eq!(kinds(&entries, &honest(300)), [""; 0]);
}

#[test]
fn missing_photos_and_equal_uses_are_measured_against_the_company() {
    let mut bare = honest(60);
    bare.iter_mut().for_each(|entry| entry.photos.clear());
    assert_eq!(kinds(&bare, &honest(300)), ["photo_missing"]);
    let mut others = honest(300);
    others.iter_mut().for_each(|entry| entry.photos.clear());
    assert_eq!(kinds(&bare, &others), [""; 0], "nobody takes photos here");
    let mut copied = honest(60);
    copied.iter_mut().for_each(|entry| entry.uses = entry.uses.map(|(used, _)| (used, used)));
    assert_eq!(kinds(&copied, &honest(300)), ["equal_increments"]);
}

#[test]
fn rounded_last_digits_stand_out_only_among_many() {
    let round = |count: i64| {
        let mut entries = honest(count);
        entries.iter_mut().enumerate().step_by(3).for_each(|(n, entry)| {
            entry.index = Some((Volume::from_m3(n as i64 * 10), Volume::from_m3(1)));
        });
        entries
    };
    assert_eq!(kinds(&round(300), &honest(300)), ["last_digit"]);
    assert_eq!(kinds(&round(150), &honest(300)), [""; 0]);
}

#[test]
fn a_jump_after_a_change_of_reader_is_said_of_many_meters_only() {
    let settings = IntegritySettings::default();
    let fleet = Fleet::of(&[], &settings);
    let after = |count: usize, used: i64| vec![(Volume::from_m3(used), Volume::from_m3(20)); count];
    let said = |after: &[(Volume, Volume)]| signs(&[], after, &fleet, &settings).len();
    assert_eq!((said(&after(25, 40)), said(&after(25, 25)), said(&after(10, 90))), (1, 0, 0));
    let sign = signs(&[], &after(25, 40), &fleet, &settings).remove(0);
    assert!(sign.reason(Language::English).contains("median of 200 %"), "{}", sign.reason(Language::English));
}

#[test]
fn distances_are_right_to_a_percent() {
    let shanghai = Place { lat_micro: 31_230_400, lng_micro: 121_473_700 };
    let hangzhou = Place { lat_micro: 30_274_100, lng_micro: 120_155_100 };
    let metres = shanghai.metres_to(hangzhou);
    assert!((163_000..=167_000).contains(&metres), "{metres}");
    assert_eq!(shanghai.metres_to(shanghai), 0);
    let north = Place { lat_micro: 32_230_400, ..shanghai };
    assert_eq!(shanghai.metres_to(north), 111_195);
}
