//! What a phone is told: its rounds whole, then what changed since its cursor (PROTOCOL, "Pull").

mod store;

use super::store as feed;
use super::wire::{PulledMeter, PulledRound, RemovedRound};
use crate::anomalies::store::Installed;
use crate::db::Conn;
use crate::http::{Time, from_ms};
use crate::keys::Keys;
use chrono::{Datelike, NaiveDate};
use diesel::QueryResult;
use meterbook::calendar::{Instant, Zone};
use meterbook::id::AccountId;
use meterbook::meters::FigureSet;
use meterbook::quantity::Volume;
use std::collections::BTreeMap;

/// What a phone is told.
pub struct Pulled {
    /// The feed position it has then.
    pub position: i64,
    /// Whether there is more.
    pub more: bool,
    /// Rounds that are new or changed.
    pub rounds: Vec<PulledRound>,
    /// Rounds to put away.
    pub removed: Vec<RemovedRound>,
}

/// Everything a reader holds now.
pub fn pull_all(conn: &mut Conn, keys: &Keys, reader: AccountId, zone: Zone, now: Instant) -> QueryResult<Pulled> {
    let position = feed::feed_head(conn, reader)?;
    let rounds = store::load_rounds(conn, keys, reader, None, zone, now)?;
    Ok(Pulled { position, more: false, rounds, removed: Vec::new() })
}

/// What changed after a position: a round with any change comes whole, once; one that is gone says why.
pub fn pull_after(
    conn: &mut Conn,
    keys: &Keys,
    reader: AccountId,
    position: i64,
    limit: i64,
    zone: Zone,
    now: Instant,
) -> QueryResult<Pulled> {
    let entries = feed::feed_after(conn, reader, position, limit)?;
    let more = i64::try_from(entries.len()).is_ok_and(|count| count == limit);
    let position = entries.last().map_or(position, |entry| entry.version);
    let of_stops: Vec<i64> = entries.iter().filter(|entry| entry.kind == "stop").map(|entry| entry.subject).collect();
    let mut changed = store::rounds_of_stops(conn, &of_stops)?;
    // The last word on a round counts: given, taken and given again is given.
    let mut last_word: BTreeMap<i64, &feed::FeedEntry> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.kind == "round") {
        last_word.insert(entry.subject, entry);
    }
    let gone: Vec<RemovedRound> = last_word
        .values()
        .filter(|entry| entry.change == "removed")
        .map(|entry| RemovedRound {
            round_id: entry.subject,
            reason: entry.reason.clone(),
            keep_until: entry.keep_until.map(|at| Time(from_ms(at))),
        })
        .collect();
    changed.extend(last_word.values().filter(|entry| entry.change != "removed").map(|entry| entry.subject));
    changed.retain(|round| gone.iter().all(|gone| gone.round_id != *round));
    changed.sort_unstable();
    changed.dedup();
    let rounds = store::load_rounds(conn, keys, reader, Some(&changed), zone, now)?;
    Ok(Pulled { position, more, rounds, removed: gone })
}

fn pulled_meter(
    installed: &Installed,
    type_code: String,
    inlet_side: Option<String>,
    years: Option<i64>,
    now: Instant,
) -> PulledMeter {
    let traits = installed.traits;
    let band = band(installed, now);
    PulledMeter {
        id: installed.meter.0,
        number: installed.number.clone(),
        type_code,
        digits_integer: i64::from(traits.digits.integer),
        digits_decimal: i64::from(traits.digits.decimal),
        resolution: traits.resolution.litres(),
        qmax_per_hour: traits.qmax_per_hour.litres(),
        three_figures: matches!(traits.figures, FigureSet::Three { .. }),
        inlet_side,
        years_in_service: years,
        band_low: band.map(|(low, _)| low.litres()),
        band_high: band.map(|(_, high)| high.litres()),
    }
}

/// Where the index should be by now: the last one plus half to twice the expected use, 3 m³ wider, on the dial.
fn band(installed: &Installed, now: Instant) -> Option<(Volume, Volume)> {
    let last = installed.last()?;
    let (index, use_by_now) = (last.figures.index?, installed.expected(last.at, now)?);
    let on_dial =
        |index: Volume| Volume::from_litres(index.litres().rem_euclid(installed.traits.digits.wrap().litres()));
    let low = use_by_now.scaled(1, 2) - Volume::from_m3(3);
    Some((on_dial(index + low.max(Volume::ZERO)), on_dial(index + use_by_now.scaled(2, 1) + Volume::from_m3(3))))
}

fn whole_years(since: NaiveDate, today: NaiveDate) -> i64 {
    let before_anniversary = (today.month(), today.day()) < (since.month(), since.day());
    i64::from(today.year() - since.year()) - i64::from(before_anniversary)
}
