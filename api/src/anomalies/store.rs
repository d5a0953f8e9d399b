//! What the verdicts need to know of a meter. Its past is in `store/pasts.rs`, the cases verdicts open in `cases/store/`.

mod pasts;

pub use pasts::{drop_pasts, keep_pasts, load_whole, pasts_of, points_without, store_pasts, wrong_pasts};

use super::digest;
use crate::db::schema::{cases, installations, meter_pasts, meter_types, meters, purchases, service_points};
use crate::db::{Conn, among, each};
use crate::http::{from_ms, to_ms};
use crate::meters::traits::{TRAITS, TraitsRow, traits};
use crate::settings::store::rulebook;
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::anomalies::{
    Band, DoorCheck, Facts, Gas, Observation, Past, Purchases, Settings, Verdict, Visit, band, door_check, judge,
    over_age,
};
use meterbook::calendar::Instant;
use meterbook::id::{MeterId, PointId, RecordId};
use meterbook::meters::{Class, FigureSet, MeterTraits, PointState, in_service_since};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use meterbook::settings::Rulebook;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The flag of a reading that must not be the base of the next check.
pub const SET_ASIDE: &str = "set_aside";

/// A point with the meter that serves it now, and that meter's past.
#[derive(Clone, Debug)]
pub struct MeterAtPoint {
    /// The point.
    pub point: PointId,
    /// Its class.
    pub class: Class,
    state: PointState,
    /// The meter; `None` where no meter is installed.
    pub meter: Option<Installed>,
    /// The figures the checks go by.
    rules: Arc<Rulebook>,
}

/// A meter in place.
#[derive(Clone, Debug)]
pub struct Installed {
    installation: i64,
    /// The meter.
    pub meter: MeterId,
    /// 表号.
    pub number: String,
    /// What the checks need of its type.
    pub traits: MeterTraits,
    /// Readings that may be a base: all of them, or what is kept of them.
    past: Past,
    /// Whether all that was added to it came after all it held.
    is_in_order: bool,
    /// Whether anything was added to it or taken out.
    is_changed: bool,
    /// Since when it has been in service.
    pub in_service_since: Option<NaiveDate>,
    /// Loaded at, volume, fen; oldest first.
    purchases: Vec<(Instant, Volume, i64)>,
    /// What it was put in with.
    base: Visit,
    /// Σ(dM − dE) when its counting module was last put right: I4 is summed from there.
    drift_repaired: Volume,
}

/// Installed on, made on.
type Age = (Option<NaiveDate>, Option<NaiveDate>);

/// Points with their meters and as much of those meters' past as a later visit is judged by, by point. For an earlier visit, or
/// to take one out, see [`load_whole`].
pub fn load_meters(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, MeterAtPoint>> {
    let rows: Vec<(i64, String, String)> = each!(conn, c => service_points::table
        .filter(among(service_points::id, points))
        .select((service_points::id, service_points::class, service_points::state))
        .load(c))?;
    let mut installed = load_installed(conn, points)?;
    load_repairs(conn, &mut installed)?;
    let rules = rulebook(conn)?;
    let found = rows.into_iter().filter_map(|(id, class, state)| {
        let (class, state) = (Class::from_code(&class)?, PointState::from_code(&state)?);
        Some((
            id,
            MeterAtPoint { point: PointId(id), class, state, meter: installed.remove(&id), rules: Arc::clone(&rules) },
        ))
    });
    Ok(found.collect())
}

fn load_installed(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, Installed>> {
    type Row = (i64, (i64, i64), String, i64, i64, Age, TraitsRow, Option<Vec<u8>>);
    let rows: Vec<Row> = each!(conn, c => installations::table
        .inner_join(meters::table.inner_join(meter_types::table))
        .left_join(meter_pasts::table)
        .filter(among(installations::point_id, points))
        .filter(installations::removed_at.is_null())
        .select((installations::point_id, (installations::id, meters::id), meters::number, installations::installed_at,
            installations::first_index, (meters::installed_on, meters::made_on), TRAITS, meter_pasts::digest.nullable()))
        .load(c))?;
    // Only three-figure meters are held against what was bought.
    let prepaid: Vec<i64> = rows.iter().filter(|row| row.6.0.5).map(|row| row.1.1).collect();
    let mut bought = load_purchases(conn, &prepaid)?;
    let mut installed = HashMap::with_capacity(rows.len());
    let mut without = Vec::new();
    for (point, (installation, meter), number, since, first_index, age, of_type, digest) in rows {
        let traits = traits(of_type);
        let past = digest.and_then(|digest| digest::read(&digest, traits.digits.wrap()));
        if past.is_none() {
            without.push(point);
        }
        // The index the meter was put in with is the base of its first reading; its other figures are not known.
        let figures = Figures { index: Some(Volume::from_litres(first_index)), ..Figures::default() };
        let purchases = bought.remove(&meter).unwrap_or_default();
        let in_service_since = in_service_since(age.0, age.1);
        installed.insert(
            point,
            Installed {
                installation,
                meter: MeterId(meter),
                number,
                traits,
                past: past.unwrap_or_default(),
                is_in_order: true,
                is_changed: false,
                in_service_since,
                purchases,
                base: Visit { at: from_ms(since), figures },
                drift_repaired: Volume::ZERO,
            },
        );
    }
    pasts::load(conn, &mut installed, &without)?;
    Ok(installed)
}

/// The same with all of their past, for questions about moments before the last visit.
pub fn load_meters_whole(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, MeterAtPoint>> {
    let mut meters = load_meters(conn, points)?;
    load_whole(conn, &mut meters, points)?;
    Ok(meters)
}

/// What had drifted when the counting module was put right.
fn load_repairs(conn: &mut Conn, installed: &mut HashMap<i64, Installed>) -> QueryResult<()> {
    let three = installed.values_mut().filter(|meter| matches!(meter.traits.figures, FigureSet::Three { .. }));
    let mut by_meter: HashMap<i64, &mut Installed> = three.map(|meter| (meter.meter.0, meter)).collect();
    if by_meter.is_empty() {
        return Ok(());
    }
    let meters: Vec<i64> = by_meter.keys().copied().collect();
    let rows: Vec<(i64, Option<i64>)> = each!(conn, c => cases::table
        .filter(among(cases::meter_id, &meters))
        .filter(cases::drift_at_close.is_not_null())
        .order(cases::closed_at)
        .select((cases::meter_id, cases::drift_at_close))
        .load(c))?;
    for (meter, drift) in rows {
        if let Some(installed) = by_meter.get_mut(&meter) {
            installed.drift_repaired = Volume::from_litres(drift.unwrap_or(0));
        }
    }
    Ok(())
}

/// Σ(dM − dE) of a meter since commissioning, up to a moment; `None` where it hangs there no more or counts nothing.
pub fn drift_until(conn: &mut Conn, point: i64, meter: i64, at: Instant) -> QueryResult<Option<i64>> {
    let mut found = load_meters_whole(conn, &[point])?;
    let Some(mut at_point) = found.remove(&point) else { return Ok(None) };
    let Some(installed) = at_point.meter.as_mut().filter(|installed| installed.meter.0 == meter) else {
        return Ok(None);
    };
    installed.drift_repaired = Volume::ZERO;
    let is_three = matches!(installed.traits.figures, FigureSet::Three { .. });
    let drift = at_point.with_facts(at, |facts| facts.electronic_drift.litres());
    Ok(drift.filter(|_| is_three))
}

/// The settings of the checks on a day.
pub fn settings_on(conn: &mut Conn, day: NaiveDate) -> QueryResult<Settings> {
    Ok(rulebook(conn)?.anomalies(day))
}

type Bought = HashMap<i64, Vec<(Instant, Volume, i64)>>;

fn load_purchases(conn: &mut Conn, meters: &[i64]) -> QueryResult<Bought> {
    if meters.is_empty() {
        return Ok(Bought::new());
    }
    let rows: Vec<(i64, i64, i64, i64)> = each!(conn, c => purchases::table
        .filter(among(purchases::meter_id, meters))
        .order((purchases::meter_id, purchases::loaded_at))
        .select((purchases::meter_id, purchases::loaded_at, purchases::volume, purchases::paid_fen))
        .load(c))?;
    let mut bought = Bought::new();
    for (meter, at, volume, paid) in rows {
        bought.entry(meter).or_default().push((from_ms(at), Volume::from_litres(volume), paid));
    }
    Ok(bought)
}

impl Installed {
    /// The past, or the index it was put in with where nothing was read since.
    fn known(&self) -> Cow<'_, Past> {
        if self.past.visits().is_empty() { Cow::Owned(Past::whole(vec![self.base])) } else { Cow::Borrowed(&self.past) }
    }

    /// What is known before `seen`, judged.
    fn judge(&self, class: Class, suspended: bool, seen: &Observation<'_>, settings: &Settings) -> Verdict {
        self.with_facts(class, suspended, seen.at, |facts| judge(facts, seen, settings))
    }

    /// What is known before a moment, for whatever is to be asked.
    fn with_facts<T>(&self, class: Class, suspended: bool, at: Instant, ask: impl FnOnce(&Facts<'_>) -> T) -> T {
        let (past, wrap) = (self.known(), self.traits.digits.wrap());
        let known = past.before(at, wrap);
        let facts = Facts {
            number: &self.number,
            traits: self.traits,
            class,
            suspended,
            last: known.last,
            expected: known.last.and_then(|last| past.expected(wrap, last.at, at)),
            purchases: known.last.and_then(|last| self.purchases_between(last.at, at)),
            electronic_drift: known.drift - self.drift_repaired,
            recent: &known.recent,
        };
        ask(&facts)
    }

    /// Where the index should be while a round runs.
    #[must_use]
    pub fn band(&self, first: Instant, end: Instant) -> Option<Band> {
        band(&self.known(), &self.traits, first, end)
    }

    /// Whether it has three figures.
    #[must_use]
    pub const fn shows_three(&self) -> bool {
        matches!(self.traits.figures, FigureSet::Three { .. })
    }

    /// The last accepted visit, for the band at the door.
    #[must_use]
    pub fn last(&self) -> Option<Visit> {
        self.known().visits().last().copied()
    }

    /// What the three figures are held against each other by until `end`, of which at most `most` is used.
    #[must_use]
    pub fn door_check(&self, end: Instant, most: Volume, settings: &Settings) -> Option<DoorCheck> {
        let last = self.last()?;
        door_check(&self.traits, &last.figures, self.purchases_between(last.at, end), most, settings)
    }

    /// S: unknown where the sales system never spoke of this meter.
    fn purchases_between(&self, from: Instant, to: Instant) -> Option<Purchases> {
        if self.purchases.is_empty() {
            return None;
        }
        let between = self.purchases.iter().filter(|(at, ..)| *at > from && *at <= to);
        let none = Purchases { volume: Volume::ZERO, paid_fen: 0 };
        Some(between.fold(none, |sum, (_, volume, paid)| Purchases {
            volume: sum.volume + *volume,
            paid_fen: sum.paid_fen.saturating_add(*paid),
        }))
    }

    fn remember(&mut self, at: Instant, figures: Figures) {
        // As it is stored: in whole milliseconds.
        let at = from_ms(to_ms(at));
        self.is_in_order &= self.past.visits().last().is_none_or(|last| last.at < at);
        self.is_changed = true;
        self.past.remember(Visit { at, figures });
    }
}

impl MeterAtPoint {
    /// The verdict on what was seen; a trusted reading is the base of the next one in the same batch.
    pub fn judge(&mut self, seen: &Observation<'_>, today: NaiveDate) -> Option<Verdict> {
        let suspended = self.state == PointState::Suspended;
        let installed = self.meter.as_mut()?;
        let settings = self.rules.anomalies(today);
        let mut verdict = installed.judge(self.class, suspended, seen, &settings);
        let age = installed.in_service_since.and_then(|since| over_age(since, Gas::Natural, today, &settings));
        verdict.findings.extend(age);
        if verdict.trusted {
            installed.remember(seen.at, seen.figures);
        }
        Some(verdict)
    }
}

impl MeterAtPoint {
    /// What is known of the meter before a moment; `None` where no meter is installed.
    pub fn with_facts<T>(&self, at: Instant, ask: impl FnOnce(&Facts<'_>) -> T) -> Option<T> {
        let suspended = self.state == PointState::Suspended;
        self.meter.as_ref().map(|installed| installed.with_facts(self.class, suspended, at, ask))
    }

    /// Takes a visit out again whose figures were corrected.
    pub fn forget(&mut self, at: Instant, figures: &Figures) {
        let Some(installed) = self.meter.as_mut() else { return };
        installed.past.forget(|visit| to_ms(visit.at) == to_ms(at) && visit.figures == *figures);
        installed.is_in_order = false;
        installed.is_changed = true;
    }

    /// Whether a visit at this moment is judged by what is loaded; if not, see [`load_whole`].
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        self.meter.as_ref().is_none_or(|installed| installed.past.covers(from_ms(to_ms(at))))
    }
}

/// Where a finding was made.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The meter.
    pub meter: MeterId,
    /// The point it serves.
    pub point: PointId,
    /// The reading.
    pub record: RecordId,
    /// When it was observed.
    pub observed_at: Instant,
}
