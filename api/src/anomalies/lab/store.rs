//! Runs as they are kept, and the stored history as the lab replays it.

use crate::db::schema::{
    case_findings, cases, corrected_records, installations, lab_runs, meter_types, meters, purchases, records,
    service_points,
};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::{from_ms, to_ms};
use crate::meters::traits::{TRAITS, TraitsRow, traits};
use crate::sync::packed::{may_name, stored_body};
use chrono::NaiveDate;
use diesel::prelude::*;
use meterbook::anomalies::case_life::CaseVerdict;
use meterbook::anomalies::{Rule, Visit};
use meterbook::calendar::Instant;
use meterbook::id::{AccountId, RecordId};
use meterbook::meters::{Class, MeterTraits, PointState};
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use std::collections::HashMap;
use uuid::Uuid;

/// A run as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = lab_runs)]
pub struct RunRow {
    pub id: i64,
    pub asked_by: i64,
    pub asked_at: i64,
    pub changes: String,
    pub state: String,
    pub meters: i64,
    pub readings: i64,
    pub result: Option<String>,
    pub finished_at: Option<i64>,
    pub adopted_by: Option<i64>,
    pub adopted_at: Option<i64>,
    pub adopted_from: Option<NaiveDate>,
}

/// Begins a run.
pub fn insert_run(conn: &mut Conn, changes: &str, by: AccountId, now: Instant) -> QueryResult<RunRow> {
    let row = (
        lab_runs::asked_by.eq(by.0),
        lab_runs::asked_at.eq(to_ms(now)),
        lab_runs::changes.eq(changes),
        lab_runs::state.eq("running"),
    );
    each!(conn, c => diesel::insert_into(lab_runs::table).values(row).returning(RunRow::as_returning()).get_result(c))
}

/// One run.
pub fn find_run(conn: &mut Conn, id: i64) -> QueryResult<Option<RunRow>> {
    each!(conn, c => lab_runs::table.find(id).select(RunRow::as_select()).first(c).optional())
}

/// Whether a run that was asked for after a moment is still going on.
pub fn is_running(conn: &mut Conn, since: Instant) -> QueryResult<bool> {
    let running = lab_runs::table.filter(lab_runs::state.eq("running")).filter(lab_runs::asked_at.gt(to_ms(since)));
    each!(conn, c => diesel::select(diesel::dsl::exists(running)).get_result(c))
}

/// Notes a run's end.
pub fn finish_run(
    conn: &mut Conn,
    id: i64,
    result: Option<&str>,
    (meters, readings): (i64, i64),
    now: Instant,
) -> QueryResult<()> {
    let change = (
        lab_runs::state.eq(if result.is_some() { "done" } else { "failed" }),
        lab_runs::meters.eq(meters),
        lab_runs::readings.eq(readings),
        lab_runs::result.eq(result),
        lab_runs::finished_at.eq(to_ms(now)),
    );
    each!(conn, c => diesel::update(lab_runs::table.find(id)).set(change).execute(c)).map(drop)
}

/// Notes that a run's settings were switched on.
pub fn adopt_run(conn: &mut Conn, id: i64, from: NaiveDate, by: AccountId, now: Instant) -> QueryResult<()> {
    let change = (lab_runs::adopted_by.eq(by.0), lab_runs::adopted_at.eq(to_ms(now)), lab_runs::adopted_from.eq(from));
    each!(conn, c => diesel::update(lab_runs::table.find(id)).set(change).execute(c)).map(drop)
}

/// What people found out: by record and rule.
pub type Recorded = HashMap<(Uuid, String), CaseVerdict>;

/// What people found out about every finding of a decided case.
pub fn recorded(conn: &mut Conn) -> QueryResult<Recorded> {
    let rows: Vec<(Uuid16, String, Option<String>)> = each!(conn, c => case_findings::table
        .inner_join(cases::table)
        .filter(cases::verdict.is_not_null())
        .select((case_findings::record_id, case_findings::rule, cases::verdict))
        .load(c))?;
    let known = rows
        .into_iter()
        .filter_map(|(record, rule, verdict)| Some(((record.0, rule), CaseVerdict::from_code(verdict.as_deref()?)?)));
    Ok(known.collect())
}

/// What people found out about a rule's word on a record.
pub fn verdict_of(recorded: &Recorded, record: RecordId, rule: Rule) -> Option<CaseVerdict> {
    recorded.get(&(record.0, rule.code().to_owned())).copied()
}

/// A reading with what else its record says.
#[derive(Clone, Debug)]
pub struct OwnedReading {
    /// The record.
    pub record: Uuid,
    /// When.
    pub at: Instant,
    /// What counts.
    pub figures: Figures,
    /// The number taken from the meter.
    pub seen_number: Option<String>,
    /// A vacancy code with a photo.
    pub vacancy: bool,
    /// Gas was seen in use.
    pub gas_in_use: bool,
    /// Looked at twice.
    pub confirmed: bool,
}

/// A meter at a point, with its history.
#[derive(Clone, Debug)]
pub struct OwnedHistory {
    /// 表号.
    pub number: String,
    /// Its type, with its own overrides.
    pub traits: MeterTraits,
    /// The point's class.
    pub class: Class,
    /// Whether the point is suspended.
    pub suspended: bool,
    /// What it was put in with.
    pub base: Visit,
    /// Its readings, oldest first.
    pub readings: Vec<OwnedReading>,
    /// Its purchases, oldest first.
    pub purchases: Vec<(Instant, Volume, i64)>,
    /// Repairs of its module, oldest first.
    pub repairs: Vec<(Instant, Volume)>,
}

/// Installations replayed in one read.
const AT_ONCE: i64 = 2_000;

type Installation = (i64, i64, i64, i64, Option<i64>, i64, String, String, String);

/// The next installations after an id, with their histories; and the last id, `None` at the end.
pub fn histories(conn: &mut Conn, after: i64) -> QueryResult<(Vec<OwnedHistory>, Option<i64>)> {
    let rows: Vec<(Installation, TraitsRow)> = each!(conn, c => installations::table
        .inner_join(meters::table.inner_join(meter_types::table))
        .inner_join(service_points::table)
        .filter(installations::id.gt(after))
        .order(installations::id)
        .limit(AT_ONCE)
        .select((
            (installations::id, installations::meter_id, installations::point_id, installations::installed_at,
                installations::removed_at, installations::first_index, meters::number, service_points::class,
                service_points::state),
            TRAITS,
        ))
        .load(c))?;
    let last = rows.last().map(|(installation, ..)| installation.0);
    let points: Vec<i64> = rows.iter().map(|(installation, ..)| installation.2).collect();
    let meters: Vec<i64> = rows.iter().map(|(installation, ..)| installation.1).collect();
    let mut readings = readings_of(conn, &points)?;
    let mut bought = purchases_of(conn, &meters)?;
    let mut repaired = repairs_of(conn, &meters)?;
    let history = |((_, meter, _, since, until, first, number, class, state), of_type): (Installation, TraitsRow)| {
        let figures = Figures { index: Some(Volume::from_litres(first)), ..Figures::default() };
        let base = Visit { at: from_ms(since), figures };
        let mut own_readings = readings.remove(&meter).unwrap_or_default();
        own_readings.retain(|reading| reading.at >= base.at && until.is_none_or(|until| to_ms(reading.at) < until));
        Some(OwnedHistory {
            number,
            traits: traits(of_type),
            class: Class::from_code(&class)?,
            suspended: state == PointState::Suspended.code(),
            base,
            readings: own_readings,
            purchases: bought.remove(&meter).unwrap_or_default(),
            repairs: repaired.remove(&meter).unwrap_or_default(),
        })
    };
    Ok((rows.into_iter().filter_map(history).collect(), last))
}

fn readings_of(conn: &mut Conn, points: &[i64]) -> QueryResult<HashMap<i64, Vec<OwnedReading>>> {
    type Content = (Option<i64>, Option<i64>, Option<i64>);
    // Its flags are never NULL: they tell a head without figures from no head at all.
    type Head = (Content, String);
    type Row = (Uuid16, Option<i64>, i64, String, String, Content, Option<Head>, (String, Option<Vec<u8>>));
    let rows: Vec<Row> = each!(conn, c => records::table
        .left_join(corrected_records::table.on(corrected_records::record_id.eq(records::id)))
        .filter(among(records::point_id, points))
        .filter(records::kind.eq("reading"))
        // What a customer told or the office computed is not judged; a removal ends a meter's time.
        .filter(records::code.ne("customer").and(records::code.ne("estimate")).and(records::code.ne("removal")))
        .order((records::point_id, records::observed_at, records::id))
        .select((
            records::id,
            records::meter_id,
            records::observed_at,
            records::code,
            records::flags,
            (records::figure_index, records::cumulative, records::balance),
            ((corrected_records::figure_index, corrected_records::cumulative, corrected_records::balance),
                corrected_records::flags).nullable(),
            (records::body, records::packed),
        ))
        .load(c))?;
    let mut found: HashMap<i64, Vec<OwnedReading>> = HashMap::new();
    for (record, meter, at, code, flags, recorded, corrected, body) in rows {
        let Some(meter) = meter else { continue };
        let (index, cumulative, balance) = corrected.map_or(recorded, |(figures, _)| figures);
        let said = Said::of(record.0, body)?;
        found.entry(meter).or_default().push(OwnedReading {
            record: record.0,
            at: from_ms(at),
            figures: Figures {
                index: index.map(Volume::from_litres),
                cumulative: cumulative.map(Volume::from_litres),
                balance,
            },
            seen_number: said.seen_number,
            vacancy: said.vacancy && flags.split(',').any(|flag| flag == "proof"),
            gas_in_use: said.gas_in_use,
            confirmed: said.confirmed || code == "reread",
        });
    }
    Ok(found)
}

/// What a record says beside its figures.
#[derive(Default)]
struct Said {
    seen_number: Option<String>,
    vacancy: bool,
    gas_in_use: bool,
    confirmed: bool,
}

impl Said {
    /// Most records say nothing of the kind, and need be neither unpacked nor parsed.
    fn of(record: Uuid, (body, packed): (String, Option<Vec<u8>>)) -> QueryResult<Self> {
        let names = ["seen_number", "vacancy", "gas_in_use", "confirmed"];
        let may = |name: &str| packed.as_deref().map_or_else(|| body.contains(name), |packed| may_name(packed, name));
        if !names.iter().any(|name| may(name)) {
            return Ok(Self::default());
        }
        let body = stored_body(record, body, packed.as_deref())?;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let flag = |name: &str| body.get(name).and_then(serde_json::Value::as_bool).unwrap_or(false);
        Ok(Self {
            seen_number: body.get("seen_number").and_then(serde_json::Value::as_str).map(str::to_owned),
            vacancy: flag("vacancy"),
            gas_in_use: flag("gas_in_use"),
            confirmed: flag("confirmed"),
        })
    }
}

type Bought = HashMap<i64, Vec<(Instant, Volume, i64)>>;

fn purchases_of(conn: &mut Conn, meters: &[i64]) -> QueryResult<Bought> {
    let rows: Vec<(i64, i64, i64, i64)> = each!(conn, c => purchases::table
        .filter(among(purchases::meter_id, meters))
        .order((purchases::meter_id, purchases::loaded_at))
        .select((purchases::meter_id, purchases::loaded_at, purchases::volume, purchases::paid_fen))
        .load(c))?;
    let mut found = Bought::new();
    for (meter, at, volume, fen) in rows {
        found.entry(meter).or_default().push((from_ms(at), Volume::from_litres(volume), fen));
    }
    Ok(found)
}

fn repairs_of(conn: &mut Conn, meters: &[i64]) -> QueryResult<HashMap<i64, Vec<(Instant, Volume)>>> {
    let rows: Vec<(i64, Option<i64>, Option<i64>)> = each!(conn, c => cases::table
        .filter(among(cases::meter_id, meters))
        .filter(cases::drift_at_close.is_not_null())
        .order(cases::closed_at)
        .select((cases::meter_id, cases::closed_at, cases::drift_at_close))
        .load(c))?;
    let mut found: HashMap<i64, Vec<(Instant, Volume)>> = HashMap::new();
    for (meter, at, drift) in rows {
        if let Some((at, drift)) = at.zip(drift) {
            found.entry(meter).or_default().push((from_ms(at), Volume::from_litres(drift)));
        }
    }
    Ok(found)
}
