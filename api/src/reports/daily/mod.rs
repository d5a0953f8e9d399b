//! The daily reading report (抄表日报表, R-8) and the day's gas sold.

mod behind;
mod sheets;
pub mod store;
mod wire;

pub use behind::{DailyFigure, DailyRecord, DailyRecordPage};
pub use wire::*;

use super::looks::store::{CHUNK, load_looks};
use crate::db::Conn;
use crate::http::{Time, from_ms, to_ms};
use crate::settings::rules_version;
use crate::settings::store::rulebook;
use chrono::{Days, NaiveDate};
use diesel::QueryResult;
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::ReadingWindow;
use meterbook::meters::Class;
use meterbook::quantity::Volume;
use meterbook::reports::day::ATTEMPT_CODES;
use meterbook::reports::{DaySum, Visit, VisitKind};
use std::collections::{BTreeMap, HashMap};
use store::{DayRecord, Span};

/// A day's report with the visits it was made of.
pub struct Daily {
    /// The sums.
    pub report: DailyReport,
    /// The visits, by time.
    pub visits: Vec<(DayRecord, Visit)>,
    /// Corrections, hazards and differences found, by time.
    pub others: Vec<DayRecord>,
    /// The company's zone.
    pub zone: Zone,
}

/// The span of a local day.
#[must_use]
pub fn span_of(day: NaiveDate, zone: Zone) -> Span {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    (zone.start_of(day), zone.start_of(next))
}

/// Makes the report of a day from its facts; of one reader, where one is named.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, day: NaiveDate, reader: Option<i64>, zone: Zone, now: Instant) -> QueryResult<Daily> {
    let span = span_of(day, zone);
    let records = store::load_records(conn, span, Period::month_of(day), reader)?;
    let volumes = volumes(conn, &records, span)?;
    let (month, book) = (Period::month_of(day), rulebook(conn)?);
    let window = ReadingWindow::of(month, &book.coverage(month));
    let mut lines: BTreeMap<i64, (DaySum, DailyLine)> = BTreeMap::new();
    let (mut visits, mut others) = (Vec::new(), Vec::new());
    for record in records {
        let (sum, line) = lines.entry(record.reader).or_default();
        if let Some(visit) = visit_of(&record, &volumes, window, zone) {
            sum.count(&visit);
            visits.push((record, visit));
            continue;
        }
        match record.kind.as_str() {
            "correction" => line.corrections += 1,
            "hazard" => line.hazards += 1,
            "found" => line.found_changes += 1,
            _ => continue,
        }
        others.push(record);
    }
    let also: Vec<i64> = lines.keys().copied().collect();
    let (quarantined, owed) = (store::count_quarantined(conn, span)?, store::count_photos_owed(conn, span)?);
    let mut missing: HashMap<i64, i64> = HashMap::new();
    store::load_missing(conn, span)?.iter().for_each(|one| *missing.entry(one.reader).or_default() += 1);
    let (mut office, mut total) = (DailyLine::default(), DaySum::default());
    let mut readers = Vec::new();
    for (id, name) in store::load_readers(conn, day, &also, reader)? {
        let (sum, line) = lines.remove(&id).unwrap_or_default();
        let count = |of: &HashMap<i64, i64>| of.get(&id).and_then(|count| u64::try_from(*count).ok()).unwrap_or(0);
        let line = DailyLine {
            reader_id: Some(id),
            reader_name: Some(name),
            quarantined: count(&quarantined),
            photos_owed: count(&owed),
            missing_records: count(&missing),
            ..line
        };
        total += sum;
        office.add_counts(&line);
        readers.push(line.with(&sum));
    }
    let sold = if reader.is_none() { store::load_sold(conn, span)? } else { Vec::new() };
    let report = DailyReport {
        day,
        cut_off: Time(now),
        rules_version: rules_version(&book, day),
        office: office.with(&total),
        readers,
        volume_sold: sold.iter().map(|line| line.volume).sum(),
        paid_fen: sold.iter().map(|line| line.paid_fen).sum(),
        sold,
    };
    Ok(Daily { report, visits, others, zone })
}

/// The gas each reading of the day accounts for, by meter and time.
fn volumes(conn: &mut Conn, records: &[DayRecord], (from, until): Span) -> QueryResult<HashMap<(i64, i64), Volume>> {
    let mut points: Vec<i64> =
        records.iter().filter(|record| record.kind == "reading").map(|record| record.point).collect();
    points.sort_unstable();
    points.dedup();
    let mut volumes = HashMap::new();
    for chunk in points.chunks(CHUNK) {
        for looked in load_looks(conn, chunk, from, until)? {
            let steps = looked.steps();
            volumes.extend(steps.iter().map(|step| ((looked.meter, to_ms(step.at)), step.volume)));
        }
    }
    Ok(volumes)
}

fn visit_of(
    record: &DayRecord,
    volumes: &HashMap<(i64, i64), Volume>,
    window: ReadingWindow,
    zone: Zone,
) -> Option<Visit> {
    let has = |flag: &str| record.flags.split(',').any(|known| known == flag);
    let kind = match (record.kind.as_str(), record.code.as_str()) {
        ("reading", "customer") => VisitKind::CustomerTold,
        ("reading", "reread") => VisitKind::Reread,
        ("reading", _) => VisitKind::Reading,
        ("attempt", code) => {
            let reason = ATTEMPT_CODES.iter().position(|known| *known == code).unwrap_or(ATTEMPT_CODES.len() - 1);
            VisitKind::Attempt { reason, proof: has("proof") }
        }
        _ => return None,
    };
    let at = from_ms(record.observed_at);
    let is_timed = matches!(kind, VisitKind::Reading | VisitKind::Reread)
        && Class::from_code(&record.class) == Some(Class::Commercial);
    Some(Visit {
        at,
        kind,
        time_review: has("time_review"),
        came_later: zone.day(from_ms(record.received_at)) > zone.day(at),
        punctuality: is_timed.then(|| window.punctuality(at, zone)),
        volume: record.meter.and_then(|meter| volumes.get(&(meter, record.observed_at)).copied()),
        set_aside: has(crate::anomalies::store::SET_ASIDE),
    })
}

impl DailyLine {
    /// Adds what is counted beside visits.
    fn add_counts(&mut self, other: &Self) {
        self.corrections += other.corrections;
        self.hazards += other.hazards;
        self.found_changes += other.found_changes;
        self.quarantined += other.quarantined;
        self.missing_records += other.missing_records;
        self.photos_owed += other.photos_owed;
    }

    /// The line with the sums of its visits.
    fn with(self, sum: &DaySum) -> Self {
        let [locked, refused, nobody_home, dangerous, not_found, dark, other] = sum.attempts;
        Self {
            visits: sum.visits,
            readings: sum.readings,
            rereads: sum.rereads,
            customer_told: sum.customer_told,
            attempts: sum.attempted(),
            attempts_locked: locked,
            attempts_refused: refused,
            attempts_nobody_home: nobody_home,
            attempts_unsafe: dangerous,
            attempts_meter_not_found: not_found,
            attempts_display_dark: dark,
            attempts_other: other,
            attempts_proven: sum.attempts_proven,
            early: sum.early,
            on_time: sum.on_time,
            late: sum.late,
            set_aside: sum.set_aside,
            time_review: sum.time_review,
            came_later: sum.came_later,
            volume: sum.volume.litres(),
            first_at: sum.first_at.map(Time),
            last_at: sum.last_at.map(Time),
            ..self
        }
    }
}
