//! Drafting appraisals: from what is stored of a month to the facts of each reader.

use super::store;
use super::{AppraisalCoverage, AppraisalDeduction, AppraisalFacts};
use crate::coverage::store::{Counter, load_counters};
use crate::db::Conn;
use crate::http::{Time, from_ms};
use crate::reports::daily::store::load_missing;
use crate::reports::month::store::Scope;
use crate::reports::month::store::rows::corrections;
use crate::settings::store::rulebook;
use diesel::QueryResult;
use meterbook::appraisal::{AppraisalSettings, Counted, DeductionKind, RouteMonth, SeenOf, deduct, expectation};
use meterbook::calendar::Period;
use meterbook::coverage::{Bucket, Punctuality, ReadingWindow};
use meterbook::meters::Class;
use meterbook::reports::words;
use std::collections::{BTreeMap, HashMap};

/// The facts of every reader who had something to read or made a record in the month, by reader.
///
/// # Errors
/// The database's.
pub fn draft(conn: &mut Conn, scope: &Scope) -> QueryResult<BTreeMap<i64, AppraisalFacts>> {
    let settings = rulebook(conn)?.appraisal(scope.month);
    let mut drafts: BTreeMap<i64, AppraisalFacts> = BTreeMap::new();
    add_coverage(conn, scope.month, &settings, &mut drafts)?;
    // Indoor points are settled with their quarter: held against a reader once, in its last month.
    if scope.ends_quarter() {
        add_coverage(conn, scope.quarter(), &settings, &mut drafts)?;
    }
    add_punctuality(conn, scope, &mut drafts)?;
    add_attempts(conn, scope, &mut drafts)?;
    add_corrections(conn, scope, &mut drafts)?;
    for missing in load_missing(conn, scope.span())? {
        let facts = drafts.entry(missing.reader).or_default();
        facts.missing_records += 1;
        let detail = (
            format!("手机 {} 缺记录 {}", missing.device, missing.seq),
            format!("phone {}: record {} is missing", missing.device, missing.seq),
        );
        facts.note(DeductionKind::MissingRecord, 1, detail);
    }
    // Nobody's points are nobody's fault.
    drafts.remove(&0);
    drafts.values_mut().for_each(|facts| facts.settle(&settings));
    Ok(drafts)
}

impl AppraisalFacts {
    fn note(
        &mut self,
        kind: DeductionKind,
        times: u64,
        (detail_zh, detail_en): (String, String),
    ) -> &mut AppraisalDeduction {
        let number = u32::try_from(self.deductions.len() + 1).unwrap_or(u32::MAX);
        self.deductions.push(AppraisalDeduction {
            number,
            kind: kind.code().to_owned(),
            times,
            marks: 0,
            record_id: None,
            service_point_number: None,
            at: None,
            detail_zh,
            detail_en,
        });
        let last = self.deductions.len() - 1;
        &mut self.deductions[last]
    }

    fn settle(&mut self, settings: &AppraisalSettings) {
        let counted: Vec<Counted> = self.counted(&[]);
        let costs = deduct(&counted, settings);
        self.deductions.iter_mut().zip(costs).for_each(|(deduction, marks)| deduction.marks = marks);
    }
}

/// Seen and D by class, route and reader.
type Cells = HashMap<(Class, i64, i64), SeenOf>;

fn cells(counters: &[Counter]) -> Cells {
    let mut cells = Cells::new();
    for counter in counters.iter().filter(|counter| counter.bucket.in_denominator()) {
        let cell = cells.entry((counter.class, counter.route_id, counter.reader_id)).or_default();
        cell.denominator += counter.points;
        cell.seen += if counter.bucket == Bucket::Seen { counter.points } else { 0 };
    }
    cells
}

fn add(sum: &mut SeenOf, other: SeenOf) {
    sum.seen += other.seen;
    sum.denominator += other.denominator;
}

fn add_coverage(
    conn: &mut Conn,
    period: Period,
    settings: &AppraisalSettings,
    drafts: &mut BTreeMap<i64, AppraisalFacts>,
) -> QueryResult<()> {
    let now = cells(&load_counters(conn, period)?);
    let mut history = Cells::new();
    let mut earlier = period;
    for _ in 0..settings.history_periods {
        earlier = earlier.previous();
        for (key, cell) in cells(&load_counters(conn, earlier)?) {
            add(history.entry(key).or_default(), cell);
        }
    }
    // Of others: the sum over everybody less his own.
    let (mut of_route, mut of_class): (HashMap<(Class, i64), SeenOf>, HashMap<Class, SeenOf>) = Default::default();
    for ((class, route, reader), cell) in &history {
        if *reader != 0 {
            add(of_route.entry((*class, *route)).or_default(), *cell);
        }
    }
    let mut of_reader: BTreeMap<(i64, Class), SeenOf> = BTreeMap::new();
    for ((class, _, reader), cell) in now.iter().filter(|((.., reader), _)| *reader != 0) {
        add(of_class.entry(*class).or_default(), *cell);
        add(of_reader.entry((*reader, *class)).or_default(), *cell);
    }
    let less = |all: Option<&SeenOf>, own: Option<&SeenOf>| {
        let (all, own) = (all.copied().unwrap_or_default(), own.copied().unwrap_or_default());
        SeenOf { seen: all.seen - own.seen, denominator: all.denominator - own.denominator }
    };
    let targets = rulebook(conn)?.coverage(period);
    for ((reader, class), own) in &of_reader {
        let routes =
            now.iter().filter(|((of, _, by), _)| of == class && by == reader).map(|((_, route, _), cell)| RouteMonth {
                own: *cell,
                history: less(of_route.get(&(*class, *route)), history.get(&(*class, *route, *reader))),
                peers: less(of_class.get(class), Some(own)),
                target: targets.target(*class),
            });
        let routes: Vec<RouteMonth> = routes.collect();
        let Some(found) = expectation(&routes, settings) else { continue };
        let facts = drafts.entry(*reader).or_default();
        facts.coverage.push(AppraisalCoverage {
            period: period.to_string(),
            class: class.code().to_owned(),
            denominator: found.denominator,
            seen: found.seen,
            rate_bp: found.rate.0,
            expected_bp: found.expected.0,
            shortfall_bp: found.shortfall.0,
        });
        if found.percents_short() > 0 {
            let name = words::class(*class);
            let (seen, of) = (found.seen, found.denominator);
            let zh = format!("{period} {}：{seen}/{of} = {}，同册预期 {}", name.zh, found.rate, found.expected);
            let en = format!(
                "{period} {}: {seen} of {of} = {}, expected on these routes {}",
                name.en, found.rate, found.expected
            );
            facts.note(DeductionKind::Coverage, found.percents_short(), (zh, en));
        }
    }
    Ok(())
}

fn add_punctuality(conn: &mut Conn, scope: &Scope, drafts: &mut BTreeMap<i64, AppraisalFacts>) -> QueryResult<()> {
    let window = ReadingWindow::of(scope.month, &rulebook(conn)?.coverage(scope.month));
    // One look in the window is enough; without one, the last look is what there is.
    let mut chosen: BTreeMap<i64, (bool, store::CommercialLook)> = BTreeMap::new();
    for look in store::load_commercial_looks(conn, scope)? {
        let on_time = window.punctuality(from_ms(look.at), scope.zone) == Punctuality::OnTime;
        let known = chosen.get(&look.point).is_some_and(|(on_time, _)| *on_time);
        if !known {
            chosen.insert(look.point, (on_time, look));
        }
    }
    for (on_time, look) in chosen.into_values() {
        let facts = drafts.entry(look.reader).or_default();
        facts.commercial_read += 1;
        facts.commercial_on_time += u64::from(on_time);
        if !on_time {
            let day = scope.zone.day(from_ms(look.at));
            let detail = (format!("{day} 抄表，不在 22–23 日"), format!("read on {day}, not on the 22nd or 23rd"));
            let deduction = facts.note(DeductionKind::OffSchedule, 1, detail);
            deduction.record_id = Some(look.record.to_string());
            deduction.service_point_number = Some(look.number);
            deduction.at = Some(Time(from_ms(look.at)));
        }
    }
    Ok(())
}

fn add_attempts(conn: &mut Conn, scope: &Scope, drafts: &mut BTreeMap<i64, AppraisalFacts>) -> QueryResult<()> {
    for attempt in store::load_attempts(conn, scope)? {
        let facts = drafts.entry(attempt.reader).or_default();
        facts.attempts += 1;
        if attempt.flags.split(',').any(|flag| flag == "proof") {
            facts.attempts_proven += 1;
            continue;
        }
        let code = words::record_code(&attempt.code);
        let word = |zh: bool| code.map_or(attempt.code.as_str(), |text| if zh { text.zh } else { text.en });
        let detail = (format!("{}，无照片", word(true)), format!("{}, no photo", word(false)));
        let deduction = facts.note(DeductionKind::Unproven, 1, detail);
        deduction.record_id = Some(attempt.record.to_string());
        deduction.service_point_number = Some(attempt.number);
        deduction.at = Some(Time(from_ms(attempt.at)));
    }
    Ok(())
}

fn add_corrections(conn: &mut Conn, scope: &Scope, drafts: &mut BTreeMap<i64, AppraisalFacts>) -> QueryResult<()> {
    let (rows, _) = corrections(conn, scope, 0, i64::MAX)?;
    for row in rows.into_iter().filter(|row| row.state == "linked") {
        let facts = drafts.entry(row.reader_id).or_default();
        let reason = words::record_code(&row.reason);
        let word = |zh: bool| reason.map_or(row.reason.as_str(), |text| if zh { text.zh } else { text.en }).to_owned();
        // What is told in words is no entry error until a person has read it.
        let kinds = [
            (row.reason != "other", DeductionKind::Misentry, (word(true), word(false))),
            (
                row.late,
                DeductionKind::LateCorrection,
                ("抄表一天以后更正".to_owned(), "corrected more than a day after the reading".to_owned()),
            ),
        ];
        for (_, kind, detail) in kinds.into_iter().filter(|(is, ..)| *is) {
            match kind {
                DeductionKind::Misentry => facts.misentries += 1,
                _ => facts.late_corrections += 1,
            }
            let deduction = facts.note(kind, 1, detail);
            deduction.record_id = Some(row.record_id.clone());
            deduction.service_point_number = Some(row.service_point_number.clone());
            deduction.at = Some(row.corrected_at);
        }
    }
    Ok(())
}
