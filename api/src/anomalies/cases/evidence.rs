//! The evidence of a case as data for a screen: history with the expected band, peers, photos, arithmetic, events.

use super::store::{self, CountingReading, MeterThere};
use crate::App;
use crate::anomalies::store::settings_on;
use crate::http::{Problem, ProblemCode, RequestLanguage, Session, Time, from_ms};
use actix_web::get;
use actix_web::web::{Data, Json, Path};
use chrono::TimeDelta;
use meterbook::accounts::Operation;
use meterbook::anomalies::{Facts, Observation, Past, Purchases, Settings, Visit, arithmetic};
use meterbook::calendar::{Instant, Zone};
use meterbook::quantity::Volume;
use meterbook::text::Language;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Readings shown: three years of months.
const SHOWN: i64 = 36;
const DAY_MS: i64 = 86_400_000;

/// What a person looks at before deciding.
#[derive(Serialize, ToSchema)]
pub struct CaseEvidence {
    /// The case.
    pub case_id: i64,
    /// The meter's readings as they count now, oldest first.
    pub history: Vec<HistoryReading>,
    /// Daily use of the meters like it: same area, class and type.
    pub peers: PeerGroup,
    /// Photos of the readings that the case rests on.
    pub photos: Vec<EvidencePhoto>,
    /// The three-figure arithmetic of the reading that opened the case; empty for a meter with an index alone.
    pub sums: Vec<EvidenceSum>,
    /// What else happened there, oldest first.
    pub events: Vec<EvidenceEvent>,
}

/// One reading of the meter. Volumes are 0.001 m³.
#[derive(Serialize, ToSchema)]
pub struct HistoryReading {
    /// The record.
    pub record_id: String,
    /// Its kind.
    pub code: String,
    /// When it was made.
    pub observed_at: Time,
    /// 基表读数.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// 累计用气量.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative: Option<i64>,
    /// 表内存量, 0.001 m³ or fen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<i64>,
    /// Use since the accepted reading before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<i64>,
    /// The same for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_per_day: Option<i64>,
    /// Use that was to be expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<i64>,
    /// Below this it is unusual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_low: Option<i64>,
    /// Above this it is unusual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band_high: Option<i64>,
    /// Whether it is the base of the next.
    pub is_base: bool,
    /// Whether a correction counts in its place.
    pub is_corrected: bool,
    /// What is noted about it.
    pub flags: Vec<String>,
}

/// Meters like this one.
#[derive(Serialize, ToSchema)]
pub struct PeerGroup {
    /// How many have readings.
    pub meters: usize,
    /// By month of the later reading.
    pub months: Vec<PeerMonth>,
}

/// One month of the peers.
#[derive(Serialize, ToSchema)]
pub struct PeerMonth {
    /// `2026-03`.
    pub month: String,
    /// Median use for a day, 0.001 m³.
    pub median_per_day: i64,
    /// How many readings that is of.
    pub readings: usize,
}

/// A photo.
#[derive(Serialize, ToSchema)]
pub struct EvidencePhoto {
    /// The record that names it.
    pub record_id: String,
    /// Its hash: see `GET /v1/photos/{sha256}`.
    pub sha256: String,
    /// Whether it has come.
    pub has_arrived: bool,
}

/// One identity with its numbers.
#[derive(Serialize, ToSchema)]
pub struct EvidenceSum {
    /// `i1` to `i4`.
    pub identity: String,
    /// Whether it holds; absent where a number is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    /// The sum, in the language asked for.
    pub text: String,
    /// Its numbers, as a person reads them.
    pub values: BTreeMap<String, String>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub struct EvidenceEvent {
    /// When.
    pub at: Time,
    /// `installed`, `removed`, `purchase`, `attempt`, `correction` or `case`.
    pub what: String,
    /// Which: a meter's number, a sale's reference, a record or a case.
    pub subject: String,
    /// A word on it: the attempt's code, the corrected record, the case's rule and state, the volume bought in m³.
    pub detail: String,
}

/// The evidence of a case.
#[utoipa::path(operation_id = "get_case_evidence", tag = "anomalies",
    params(("id" = i64, Path, description = "The case")),
    responses((status = 200, description = "The evidence", body = CaseEvidence)))]
#[get("/v1/cases/{id}/evidence")]
pub async fn get_case_evidence(
    app: Data<App>,
    session: Session,
    language: RequestLanguage,
    id: Path<i64>,
) -> Result<Json<CaseEvidence>, Problem> {
    session.may(Operation::GetCaseEvidence)?;
    let (id, zone, now) = (*id, app.config.zone, app.clock.now());
    let found = app.store.read("get_case_evidence", move |conn| {
        let Some(((row, _), findings, ..)) = store::load_file(conn, id)? else { return Ok(None) };
        let Some(meter) = store::meter_there(conn, row.meter_id, row.point_id)? else { return Ok(None) };
        let readings = store::readings_of(conn, row.meter_id, SHOWN)?;
        let loads = store::loads_of(conn, row.meter_id)?;
        let peers = store::peer_indexes(conn, row.point_id, meter.type_id, now - TimeDelta::days(400))?;
        let records: Vec<uuid::Uuid> = findings.iter().map(|finding| finding.record_id.0).collect();
        let photos = store::photos_of(conn, &records)?;
        let events = store::events_of(conn, id, row.meter_id, row.point_id)?;
        let settings = settings_on(conn, zone.day(from_ms(row.observed_at)))?;
        Ok(Some((row, meter, readings, loads, peers, photos, events, settings)))
    });
    let found = found.await?.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let (row, meter, readings, loads, peers, photos, events, settings) = found;
    let opened = (row.record_id.0, from_ms(row.observed_at));
    let purchases: Vec<_> =
        loads.iter().map(|(at, volume, fen, _)| (from_ms(*at), Volume::from_litres(*volume), *fen)).collect();
    let mut events: Vec<EvidenceEvent> = events.into_iter().map(EvidenceEvent::of).collect();
    events.extend(loads.into_iter().map(|(at, volume, _, reference)| EvidenceEvent {
        at: Time(from_ms(at)),
        what: "purchase".to_owned(),
        subject: reference,
        detail: Volume::from_litres(volume).to_string(),
    }));
    events.sort_by_key(|event| event.at);
    Ok(Json(CaseEvidence {
        case_id: id,
        history: history(&meter, &readings),
        peers: peer_group(&peers, meter.traits.digits.wrap(), zone),
        photos: photos.into_iter().map(EvidencePhoto::of).collect(),
        sums: sums(&meter, &readings, &purchases, opened, (&settings, language.0)),
        events,
    }))
}

/// The accepted visits before a moment; the index the meter was put in with where there are none.
fn past_before(meter: &MeterThere, readings: &[CountingReading], at: Instant) -> Past {
    let earlier = readings.iter().filter(|reading| reading.is_base() && reading.at < at);
    let visits: Vec<Visit> = earlier.map(|reading| Visit { at: reading.at, figures: reading.figures }).collect();
    Past::whole(if visits.is_empty() { vec![meter.base] } else { visits })
}

fn history(meter: &MeterThere, readings: &[CountingReading]) -> Vec<HistoryReading> {
    let wrap = meter.traits.digits.wrap();
    let shown = |reading: &CountingReading| {
        let past = past_before(meter, readings, reading.at);
        let last = past.before(reading.at, wrap).last;
        let expected = last.and_then(|last| past.expected(wrap, last.at, reading.at));
        let width = past.width(wrap);
        let used = last.and_then(|last| {
            let used = (reading.figures.index? - last.figures.index?).litres();
            Some(if used < 0 && reading.is_base() { used + wrap.litres() } else { used })
        });
        let days_ms = last.map_or(0, |last| (reading.at - last.at).num_milliseconds());
        HistoryReading {
            record_id: reading.record.to_string(),
            code: reading.code.clone(),
            observed_at: Time(reading.at),
            index: reading.figures.index.map(Volume::litres),
            cumulative: reading.figures.cumulative.map(Volume::litres),
            balance: reading.figures.balance,
            used,
            used_per_day: used.filter(|_| days_ms >= DAY_MS).map(|used| per_day(used, days_ms)),
            expected: expected.map(Volume::litres),
            band_low: expected.map(|expected| width.least(expected).litres()),
            band_high: expected.map(|expected| width.most(expected).litres()),
            is_base: reading.is_base(),
            is_corrected: reading.is_corrected,
            flags: reading.flags.clone(),
        }
    };
    readings.iter().map(shown).collect()
}

fn per_day(used: i64, span_ms: i64) -> i64 {
    Volume::from_litres(used).scaled(DAY_MS, span_ms.max(1)).litres()
}

fn peer_group(peers: &[Vec<(Instant, Volume)>], wrap: Volume, zone: Zone) -> PeerGroup {
    let mut months: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for indexes in peers {
        for pair in indexes.windows(2) {
            let [(before, from), (at, to)] = [pair[0], pair[1]];
            let used = (to - from).litres().rem_euclid(wrap.litres().max(1));
            let span = (at - before).num_milliseconds();
            if span >= 20 * DAY_MS {
                let month = zone.day(at).format("%Y-%m").to_string();
                months.entry(month).or_default().push(per_day(used, span));
            }
        }
    }
    let median = |(month, mut uses): (String, Vec<i64>)| {
        uses.sort_unstable();
        PeerMonth { month, median_per_day: uses[uses.len() / 2], readings: uses.len() }
    };
    PeerGroup {
        meters: peers.iter().filter(|indexes| indexes.len() > 1).count(),
        months: months.into_iter().map(median).collect(),
    }
}

fn sums(
    meter: &MeterThere,
    readings: &[CountingReading],
    purchases: &[(Instant, Volume, i64)],
    (record, at): (uuid::Uuid, Instant),
    (settings, language): (&Settings, Language),
) -> Vec<EvidenceSum> {
    let opened = readings.iter().find(|reading| reading.record == record || reading.at == at);
    let Some(opened) = opened else { return Vec::new() };
    let wrap = meter.traits.digits.wrap();
    let known = past_before(meter, readings, opened.at).before(opened.at, wrap);
    let Some(last) = known.last else { return Vec::new() };
    let between = purchases.iter().filter(|(at, ..)| *at > last.at && *at <= opened.at);
    let bought = between.fold(Purchases { volume: Volume::ZERO, paid_fen: 0 }, |sum, (_, volume, fen)| Purchases {
        volume: sum.volume + *volume,
        paid_fen: sum.paid_fen.saturating_add(*fen),
    });
    let facts = Facts {
        number: &meter.number,
        traits: meter.traits,
        class: meter.class,
        suspended: false,
        last: Some(last),
        expected: None,
        purchases: (!purchases.is_empty()).then_some(bought),
        electronic_drift: known.drift,
        recent: &known.recent,
    };
    let seen = Observation {
        at: opened.at,
        figures: opened.figures,
        seen_number: None,
        vacancy: false,
        gas_in_use: false,
        confirmed: true,
    };
    let shown = |sum: arithmetic::Sum| EvidenceSum {
        identity: sum.identity.code().to_owned(),
        holds: sum.holds,
        text: sum.text(language),
        values: sum.values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    arithmetic::sums(&facts, &seen, settings).into_iter().map(shown).collect()
}

impl EvidencePhoto {
    fn of((record, sha256, arrived_at): store::PhotoRow) -> Self {
        let sha256 = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { record_id: record.0.to_string(), sha256, has_arrived: arrived_at.is_some() }
    }
}

impl EvidenceEvent {
    fn of((at, what, subject, detail): store::EventRow) -> Self {
        Self { at: Time(from_ms(at)), what: what.to_owned(), subject, detail }
    }
}
