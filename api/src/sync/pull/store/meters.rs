//! The meter at a stop as a phone needs it: what to enter and between which bounds, never the last index (DOMAIN 5).
//!
//! All of it follows from what is stored and from the days of the round, not from when it is asked for: a phone that follows
//! its cursor holds what a fresh pull gives (I7).

use crate::anomalies::store::{Installed, load_meters};
use crate::db::schema::{installations, meter_types, meters};
use crate::db::{Conn, each};
use crate::settings::store::rulebook;
use crate::sync::pull::wire::PulledMeter;
use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use meterbook::anomalies::balance_per_m3;
use meterbook::calendar::Zone;
use meterbook::meters::{BalanceUnit, FigureSet, MeterTraits, in_service_since};
use meterbook::quantity::Volume;
use meterbook::settings::Rulebook;
use std::collections::HashMap;

/// A stop whose meter is to be shown.
pub struct Shown {
    /// The stop.
    pub stop: i64,
    /// Its point.
    pub point: i64,
    /// The days of its round.
    pub days: (NaiveDate, NaiveDate),
}

/// What the verdicts need not know of a meter.
struct Label {
    type_code: String,
    inlet_side: Option<String>,
    in_service: Option<NaiveDate>,
}

/// Meters by stop: a point may be in two rounds.
pub fn load_shown(conn: &mut Conn, shown: &[Shown], zone: Zone) -> QueryResult<HashMap<i64, PulledMeter>> {
    let mut points: Vec<i64> = shown.iter().map(|shown| shown.point).collect();
    points.sort_unstable();
    points.dedup();
    type Row = (i64, String, Option<String>, Option<NaiveDate>, Option<NaiveDate>);
    let rows: Vec<Row> = each!(conn, c => installations::table
        .inner_join(meters::table.inner_join(meter_types::table))
        .filter(installations::point_id.eq_any(&points))
        .filter(installations::removed_at.is_null())
        .select((installations::point_id, meter_types::code, meters::inlet_side, meters::made_on, meters::installed_on))
        .load(c))?;
    let label = |(point, type_code, inlet_side, made_on, installed_on): Row| {
        (point, Label { type_code, inlet_side, in_service: in_service_since(installed_on, made_on) })
    };
    let labels: HashMap<i64, Label> = rows.into_iter().map(label).collect();
    let (facts, book) = (load_meters(conn, &points)?, rulebook(conn)?);
    let meter = |shown: &Shown| {
        let installed = facts.get(&shown.point)?.meter.as_ref()?;
        Some((shown.stop, pulled_meter(installed, labels.get(&shown.point)?, shown.days, &book, zone)))
    };
    Ok(shown.iter().filter_map(meter).collect())
}

fn pulled_meter(
    installed: &Installed,
    label: &Label,
    days: (NaiveDate, NaiveDate),
    book: &Rulebook,
    zone: Zone,
) -> PulledMeter {
    let traits = installed.traits;
    let (first, end) = (zone.start_of(days.0), zone.start_of(days.1));
    let band = installed.band(first, end);
    let check = band.and_then(|band| installed.door_check(end, band.most_used, &book.anomalies(days.0)));
    PulledMeter {
        id: installed.meter.0,
        number: installed.number.clone(),
        type_code: label.type_code.clone(),
        digits_integer: i64::from(traits.digits.integer),
        digits_decimal: i64::from(traits.digits.decimal),
        resolution: traits.resolution.litres(),
        qmax_per_hour: traits.qmax_per_hour.litres(),
        three_figures: matches!(traits.figures, FigureSet::Three { .. }),
        inlet_side: label.inlet_side.clone(),
        years_in_service: label.in_service.map(|since| whole_years(since, days.0)),
        band_low: band.map(|band| band.low.litres()),
        band_high: band.map(|band| band.high.litres()),
        possible_above: band.and_then(|band| band.possible_above).map(Volume::litres),
        balance_unit: balance_unit(&traits),
        balance_per_m3: balance_per_m3(&traits),
        overdraft: matches!(traits.figures, FigureSet::Three { overdraft: true, .. }).then_some(true),
        index_ahead: check.map(|check| check.index_ahead.litres()),
        index_ahead_tolerance: check.map(|check| check.index_ahead_tolerance.litres()),
        account_sum: check.map(|check| check.account_sum),
        account_tolerance: check.map(|check| check.account_tolerance),
        purchases_known: check.map(|check| check.purchases_known),
    }
}

fn balance_unit(traits: &MeterTraits) -> Option<String> {
    match traits.figures {
        FigureSet::Index => None,
        FigureSet::Three { balance: BalanceUnit::Volume, .. } => Some("volume".into()),
        FigureSet::Three { balance: BalanceUnit::Money { .. }, .. } => Some("money".into()),
    }
}

fn whole_years(since: NaiveDate, day: NaiveDate) -> i64 {
    let before_anniversary = (day.month(), day.day()) < (since.month(), since.day());
    i64::from(day.year() - since.year()) - i64::from(before_anniversary)
}
