//! Cases as readings open, feed and answer them: everything of a push that touches a case.
//!
//! Why separate: no person is involved; the rules of [`case_life`](meterbook::anomalies::case_life) decide, in the transaction
//! of the readings.

use super::work::{Written, write_move};
use crate::anomalies::store::Source;
use crate::db::schema::{case_findings, cases, records};
use crate::db::{Conn, Uuid16, among, each};
use crate::http::to_ms;
use crate::settings::store::rulebook;
use chrono::TimeDelta;
use diesel::prelude::*;
use meterbook::anomalies::case_life::{CaseCause, CaseState, CaseVerdict, LaterVisit, answered_by, closing};
use meterbook::anomalies::{Finding, Kind, Rule, Severity, Verdict};
use meterbook::calendar::{Instant, Zone};
use meterbook::id::RecordId;
use meterbook::quantity::Volume;
use meterbook::readings::Figures;
use meterbook::webhooks::WebhookEvent;
use std::collections::HashMap;
use uuid::Uuid;

/// A reading that was judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where.
    pub source: Source,
    /// The verdict.
    pub verdict: Verdict,
    /// What was read.
    pub figures: Figures,
    /// Every figure the meter has could be read.
    pub is_complete: bool,
    /// A number was taken from the meter.
    pub number_seen: bool,
    /// The figures were looked at twice.
    pub confirmed: bool,
}

/// A case that is still to be worked.
#[derive(Clone, Debug)]
struct Live {
    id: i64,
    rule: String,
    state: CaseState,
    observed_at: i64,
    stake: Option<i64>,
}

/// Live cases by meter and kind: at most one of each.
type LiveCases = HashMap<(i64, String), Live>;

fn live_cases(conn: &mut Conn, meters: &[i64]) -> QueryResult<LiveCases> {
    type Row = (i64, String, i64, String, String, i64, Option<i64>);
    let is_live = cases::state.eq("open").or(cases::state.eq("confirmed")).or(cases::state.eq("in_work"));
    let rows: Vec<Row> = each!(conn, c => cases::table
        .filter(among(cases::meter_id, meters))
        .filter(is_live)
        .order(cases::id)
        .select((cases::meter_id, cases::kind, cases::id, cases::rule, cases::state, cases::observed_at, cases::stake))
        .load(c))?;
    let live = rows.into_iter().filter_map(|(meter, kind, id, rule, state, observed_at, stake)| {
        Some(((meter, kind), Live { id, rule, state: CaseState::from_code(&state)?, observed_at, stake }))
    });
    Ok(live.collect())
}

/// What judged readings mean for cases, in the order they were taken: an open case that a later visit answers is resolved with
/// its cause; every finding that asks for one opens a case, or joins the one of its meter and kind.
pub fn settle_visits(conn: &mut Conn, judged: &[Judged], zone: Zone, now: Instant) -> QueryResult<()> {
    if judged.is_empty() {
        return Ok(());
    }
    let mut meters: Vec<i64> = judged.iter().map(|one| one.source.meter.0).collect();
    meters.sort_unstable();
    meters.dedup();
    let mut live = live_cases(conn, &meters)?;
    let zero_below = rulebook(conn)?.anomalies(zone.day(now)).zero_below;
    for one in judged {
        let is_made_good = answer(conn, one, &mut live, zero_below, now)?;
        for finding in asking(&one.verdict.findings) {
            // The other half of a purchase that came late is its answer, not a second anomaly.
            if !(is_made_good && finding.rule.entry().kind == Kind::Purchase) {
                open(conn, one.source, finding, &mut live, zone, now)?;
            }
        }
    }
    Ok(())
}

/// Opens a case for each finding that asks for one; a meter has one open case per kind, which takes later findings in.
pub fn open_cases(conn: &mut Conn, source: Source, findings: &[Finding], zone: Zone, now: Instant) -> QueryResult<()> {
    if asking(findings).next().is_none() {
        return Ok(());
    }
    let mut live = live_cases(conn, &[source.meter.0])?;
    asking(findings).try_for_each(|finding| open(conn, source, finding, &mut live, zone, now))
}

fn asking(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.rule.entry().severity != Severity::Note)
}

/// Resolves the open cases that a visit answers. Whether a purchase was made good.
fn answer(conn: &mut Conn, one: &Judged, live: &mut LiveCases, zero_below: Volume, now: Instant) -> QueryResult<bool> {
    let meter = one.source.meter.0;
    let later =
        LaterVisit { verdict: &one.verdict, is_complete: one.is_complete, number_seen: one.number_seen, zero_below };
    let answered = |(key, case): (&(i64, String), &Live)| {
        let is_earlier =
            key.0 == meter && case.state == CaseState::Open && case.observed_at < to_ms(one.source.observed_at);
        let rule = Rule::from_code(&case.rule).filter(|_| is_earlier)?;
        let cause = answered_by(rule, case.stake.map(Volume::from_litres), &later)?;
        Some((key.clone(), rule, cause))
    };
    let mut found: Vec<_> = live.iter().filter_map(answered).collect();
    found.sort_by_key(|(_, rule, _)| *rule);
    let mut is_made_good = false;
    for (key, rule, cause) in found {
        let Some(case) = live.remove(&key) else { continue };
        close_by_rule(conn, &case, rule.entry().kind, cause, one.source.record, now)?;
        is_made_good |= cause == CaseCause::PurchaseLoaded;
    }
    Ok(is_made_good)
}

fn close_by_rule(
    conn: &mut Conn,
    case: &Live,
    kind: Kind,
    cause: CaseCause,
    record: RecordId,
    now: Instant,
) -> QueryResult<()> {
    let (outcome, verdict) = closing(cause, kind);
    let reason = record.to_string();
    let written = Written {
        to: CaseState::Resolved,
        outcome: Some(outcome),
        error_bp: None,
        verdict,
        by: None,
        cause: Some(cause),
        reason: &reason,
        drift: None,
    };
    write_move(conn, case.id, case.state, &written, now)
}

/// Opens a case, or adds the finding to the one there is.
fn open(
    conn: &mut Conn,
    source: Source,
    finding: &Finding,
    live: &mut LiveCases,
    zone: Zone,
    now: Instant,
) -> QueryResult<()> {
    let entry = finding.rule.entry();
    let key = (source.meter.0, entry.kind.code().to_owned());
    if let Some(case) = live.get_mut(&key) {
        return join(conn, case, source, finding, now);
    }
    let reader: Option<Option<i64>> = each!(conn, c => records::table
        .find(Uuid16(source.record.0))
        .select(records::reader_id)
        .first(c)
        .optional())?;
    let due_days = rulebook(conn)?.cases(zone.day(now)).due_days(entry.severity);
    let stake = finding.stake.map(Volume::litres);
    let row = (
        cases::meter_id.eq(source.meter.0),
        cases::point_id.eq(source.point.0),
        cases::rule.eq(entry.code),
        cases::kind.eq(entry.kind.code()),
        cases::state.eq(CaseState::Open.code()),
        cases::record_id.eq(Uuid16(source.record.0)),
        cases::observed_at.eq(to_ms(source.observed_at)),
        cases::opened_at.eq(to_ms(now)),
        (
            cases::stake.eq(stake),
            cases::stake_rank.eq(stake.unwrap_or(0)),
            cases::evidence.eq(evidence_of(finding)),
            cases::reader_id.eq(reader.flatten()),
            cases::due_at.eq(to_ms(now + TimeDelta::days(due_days.into()))),
            cases::changed_at.eq(to_ms(now)),
        ),
    );
    let id: i64 = each!(conn, c => diesel::insert_into(cases::table).values(row).returning(cases::id).get_result(c))?;
    add_finding(conn, id, source, finding, now)?;
    let (rule, observed_at) = (entry.code.to_owned(), to_ms(source.observed_at));
    live.insert(key, Live { id, rule, state: CaseState::Open, observed_at, stake });
    super::super::work::tell(conn, WebhookEvent::CaseOpened, id, now)
}

/// The same rule on the same record is no news.
fn join(conn: &mut Conn, case: &mut Live, source: Source, finding: &Finding, now: Instant) -> QueryResult<()> {
    let code = finding.rule.code();
    let same = case_findings::table
        .filter(case_findings::case_id.eq(case.id))
        .filter(case_findings::rule.eq(code))
        .filter(case_findings::record_id.eq(Uuid16(source.record.0)));
    if each!(conn, c => diesel::select(diesel::dsl::exists(same)).get_result::<bool>(c))? {
        return Ok(());
    }
    add_finding(conn, case.id, source, finding, now)?;
    case.stake = case.stake.max(finding.stake.map(Volume::litres));
    let change =
        (cases::stake.eq(case.stake), cases::stake_rank.eq(case.stake.unwrap_or(0)), cases::changed_at.eq(to_ms(now)));
    each!(conn, c => diesel::update(cases::table.find(case.id)).set(change).execute(c)).map(drop)
}

fn add_finding(conn: &mut Conn, case: i64, source: Source, finding: &Finding, now: Instant) -> QueryResult<()> {
    let row = (
        case_findings::case_id.eq(case),
        case_findings::rule.eq(finding.rule.code()),
        case_findings::record_id.eq(Uuid16(source.record.0)),
        case_findings::observed_at.eq(to_ms(source.observed_at)),
        case_findings::found_at.eq(to_ms(now)),
        case_findings::stake.eq(finding.stake.map(Volume::litres)),
        case_findings::evidence.eq(evidence_of(finding)),
    );
    each!(conn, c => diesel::insert_into(case_findings::table).values(row).execute(c)).map(drop)
}

fn evidence_of(finding: &Finding) -> String {
    let members: serde_json::Map<String, serde_json::Value> =
        finding.evidence.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    serde_json::Value::Object(members).to_string()
}

/// A record was corrected: an open case that rests on its chain alone, and whose kind is not found anew, is resolved as
/// `reading_corrected`. A case that a person has confirmed or is working on stays his; it only gets a note.
pub fn correct_cases(conn: &mut Conn, chain: &[Uuid], findings: &[Finding], now: Instant) -> QueryResult<()> {
    let resting: Vec<i64> = each!(conn, c => case_findings::table
        .filter(among(case_findings::record_id, chain))
        .select(case_findings::case_id)
        .distinct()
        .load(c))?;
    if resting.is_empty() {
        return Ok(());
    }
    type Row = (i64, String, String, String);
    let rows: Vec<Row> = each!(conn, c => cases::table
        .filter(among(cases::id, &resting))
        .filter(cases::closed_at.is_null())
        .order(cases::id)
        .select((cases::id, cases::rule, cases::kind, cases::state))
        .load(c))?;
    for (id, rule, kind, state) in rows {
        let Some((rule, from)) = Rule::from_code(&rule).zip(CaseState::from_code(&state)) else { continue };
        let found: Vec<Uuid16> = each!(conn, c => case_findings::table
            .filter(case_findings::case_id.eq(id))
            .select(case_findings::record_id)
            .load(c))?;
        let is_moot = found.iter().all(|record| chain.contains(&record.0))
            && asking(findings).all(|finding| finding.rule.entry().kind.code() != kind);
        if !is_moot {
            continue;
        }
        let (outcome, verdict) = closing(CaseCause::ReadingCorrected, rule.entry().kind);
        let reason = chain.last().map(Uuid::to_string).unwrap_or_default();
        let is_open = from == CaseState::Open;
        let written = Written {
            to: if is_open { CaseState::Resolved } else { from },
            outcome: is_open.then_some(outcome),
            error_bp: None,
            verdict: verdict.filter(|_: &CaseVerdict| is_open),
            by: None,
            cause: Some(CaseCause::ReadingCorrected),
            reason: &reason,
            drift: None,
        };
        write_move(conn, id, from, &written, now)?;
    }
    Ok(())
}
