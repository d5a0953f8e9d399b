//! Deciding a push: every item by itself, all in one transaction.

use super::item::{Fault, Incoming, Observed, Record};
use super::store::{self, Accepted, Aside, Known, Phone};
use crate::anomalies::store::{MeterAtPoint, SET_ASIDE, Source, load_meters, open_cases};
use crate::coverage::store::retouch;
use crate::db::{Conn, Lockable};
use crate::photos::store::expect_photos;
use crate::rounds::store::{holdings, visit_stops};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::anomalies::{Observation, Verdict};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{Settings as CoverageSettings, SightingKind};
use meterbook::id::{AccountId, DeviceId, PointId, RecordId};
use meterbook::readings::form_faults;
use meterbook::readings::observed::{Observed as ObservedTime, TimeClaim, TimeSettings, needs_time_review, observe};
use meterbook::rounds::{Holding, Standing, StopVisit, standing};
use meterbook::sync::{Outcome, Rejection, Sequence};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Who pushes, and by which clocks.
#[derive(Clone)]
pub struct Sender {
    /// The reader.
    pub reader: AccountId,
    /// The phone.
    pub device: DeviceId,
    /// The phone's clock when it sent.
    pub sent_at: Instant,
    /// Its monotonic clock.
    pub sent_elapsed_ms: Option<i64>,
    /// The boot that belongs to.
    pub boot: Option<String>,
    /// Now.
    pub received_at: Instant,
    /// The company's zone.
    pub zone: Zone,
}

/// What became of one item.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The outcome.
    pub outcome: Outcome,
    /// Why, and where, for what lies in quarantine.
    pub fault: Option<(String, String)>,
    /// What was noticed.
    pub flags: Vec<String>,
}

/// What became of a batch.
pub struct Pushed {
    /// One per item, in order.
    pub receipts: Vec<Receipt>,
    /// How complete the phone's records are now.
    pub sequence: Sequence,
}

/// Takes a batch.
pub fn push(conn: &mut Conn, sender: &Sender, items: &[Incoming]) -> QueryResult<Pushed> {
    let phone = store::lock_phone(conn, sender.device)?;
    let mut batch = Batch::load(conn, sender, phone, items)?;
    let receipts = items.iter().map(|item| batch.take(conn, item)).collect::<QueryResult<Vec<_>>>()?;
    batch.finish(conn)?;
    let sequence = store::phone_sequence(conn, sender.device, batch.phone.contiguous)?;
    store::update_phone(conn, sender.device, sequence.highest_contiguous, sender.sent_at, sender.received_at)?;
    Ok(Pushed { receipts, sequence })
}

/// The facts a batch is decided by, kept up to date while its items are taken in order.
struct Batch<'s> {
    sender: &'s Sender,
    phone: Phone,
    records: HashMap<Uuid, Known>,
    seqs: HashMap<i64, Uuid>,
    aside: HashMap<Vec<u8>, (String, String, String)>,
    meters: HashMap<i64, MeterAtPoint>,
    held: HashMap<i64, Vec<Holding>>,
    visits: Vec<(PointId, NaiveDate, StopVisit)>,
    touched: BTreeSet<i64>,
    days: BTreeSet<NaiveDate>,
}

impl<'s> Batch<'s> {
    fn load(conn: &mut Conn, sender: &'s Sender, phone: Phone, items: &[Incoming]) -> QueryResult<Self> {
        let ids: Vec<Uuid> = items.iter().filter_map(|item| item.id).collect();
        let seqs: Vec<i64> = items.iter().filter_map(|item| item.device_seq).collect();
        let hashes: Vec<Vec<u8>> = items.iter().map(|item| item.hash.clone()).collect();
        let point =
            |item: &Incoming| item.record.as_ref().map_or_else(|fault| fault.point, |record| Some(record.point));
        let points: BTreeSet<i64> = items.iter().filter_map(point).collect();
        let points: Vec<i64> = points.into_iter().collect();
        conn.lock(Lockable::ServicePoints, &points)?;
        Ok(Self {
            sender,
            phone,
            records: store::known_records(conn, &ids)?,
            seqs: store::known_seqs(conn, sender.device, &seqs)?,
            aside: store::known_quarantine(conn, sender.device, &hashes)?,
            meters: load_meters(conn, &points)?,
            held: holdings(conn, &points, sender.reader)?,
            visits: Vec::new(),
            touched: BTreeSet::new(),
            days: BTreeSet::new(),
        })
    }

    fn take(&mut self, conn: &mut Conn, item: &Incoming) -> QueryResult<Receipt> {
        if let Some(known) = item.id.and_then(|id| self.records.get(&id)) {
            if known.hash == item.hash {
                let flags = known.flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
                return Ok(Receipt { outcome: Outcome::Duplicate, fault: None, flags });
            }
            return self.keep_aside(conn, item, Outcome::Conflict, "id_reused", "/id", None);
        }
        // A verdict is remembered: the same item again gets the same answer.
        if let Some((outcome, code, pointer)) = self.aside.get(&item.hash) {
            let outcome = Outcome::from_code(outcome).unwrap_or(Outcome::Rejected);
            return Ok(Receipt { outcome, fault: Some((code.clone(), pointer.clone())), flags: Vec::new() });
        }
        match &item.record {
            Err(fault) => self.reject(conn, item, fault),
            Ok(record) => match self.examine(record) {
                Err(fault) => self.reject(conn, item, &fault),
                Ok(time) => self.accept(conn, item, record, time),
            },
        }
    }

    /// Whether a well-formed record can be taken from this phone, and when it was made.
    fn examine(&self, record: &Record) -> Result<(ObservedTime, Standing), Fault> {
        let fault = |code, pointer: &str| {
            let is_reading = matches!(record.observed, Observed::Reading { .. });
            let (pointer, point) = (pointer.to_owned(), is_reading.then_some(record.point));
            Err(Fault { code, pointer, point, read_at: Some(record.read_at) })
        };
        if self.seqs.get(&record.device_seq).is_some_and(|id| *id != record.id) {
            return fault(Rejection::SequenceReused.code(), "/device_seq");
        }
        let held = self.held.get(&record.point).map_or(&[][..], Vec::as_slice);
        let standing = standing(held, self.sender.reader, self.sender.received_at);
        // A point that exists but is nobody's business of this reader looks like one that does not (SECURITY 1).
        let Some(at_point) = self.meters.get(&record.point).filter(|_| standing != Standing::Stranger) else {
            return fault(Rejection::NotYourStop.code(), "/service_point_id");
        };
        if let Observed::Reading { figures, .. } = &record.observed {
            let Some(installed) = &at_point.meter else {
                return fault(Rejection::UnknownMeter.code(), "/service_point_id");
            };
            let excused = record.display_fault && record.has_evidence;
            if let Some(wrong) = form_faults(&installed.traits, figures, excused).first() {
                return fault(wrong.code(), &format!("/{}", wrong.figure().code()));
            }
        }
        Ok((self.observed_time(record), standing))
    }

    fn observed_time(&self, record: &Record) -> ObservedTime {
        let claim = TimeClaim {
            read_at: record.read_at,
            source: record.source,
            read_elapsed_ms: record.read_elapsed_ms,
            read_boot: record.boot.as_deref(),
            sent_at: self.sender.sent_at,
            sent_elapsed_ms: self.sender.sent_elapsed_ms,
            sent_boot: self.sender.boot.as_deref(),
            received_at: self.sender.received_at,
            last_sync: self.phone.clock,
        };
        observe(&claim, &TimeSettings::default())
    }

    fn accept(
        &mut self,
        conn: &mut Conn,
        item: &Incoming,
        record: &Record,
        (time, standing): (ObservedTime, Standing),
    ) -> QueryResult<Receipt> {
        let Some(at_point) = self.meters.get_mut(&record.point) else { return Err(diesel::NotFound) };
        let mut flags = time_flags(&time, at_point, self.sender.zone);
        let noted = [(record.has_evidence, "proof"), (standing == Standing::Former, "after_reassignment")];
        flags.extend(noted.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag.to_owned()));
        let verdict = judge(at_point, record, time.at, self.sender.zone);
        flags.extend(verdict.iter().flat_map(verdict_flags));
        let meter = at_point.meter.as_ref().map(|installed| installed.meter);
        let accepted =
            Accepted { incoming: item, record, meter, observed_at: time.at, grade: time.grade, flags: &flags };
        store::insert_record(conn, &accepted, self.sender.reader, self.sender.device, self.sender.received_at)?;
        expect_photos(conn, record, self.sender)?;
        if let Some((verdict, meter)) = verdict.zip(meter) {
            let source =
                Source { meter, point: PointId(record.point), record: RecordId(record.id), observed_at: time.at };
            open_cases(conn, source, &verdict.findings, self.sender.received_at)?;
        }
        self.records.insert(record.id, Known { hash: item.hash.clone(), flags: flags.join(",") });
        self.seqs.insert(record.device_seq, record.id);
        self.note_visit(record, time.at);
        Ok(Receipt { outcome: Outcome::Accepted, fault: None, flags })
    }

    fn note_visit(&mut self, record: &Record, at: Instant) {
        let what = match &record.observed {
            Observed::Reading { kind, .. } => SightingKind::Reading(*kind),
            Observed::Attempt { .. } => SightingKind::Attempt { proof: record.has_evidence },
        };
        let day = self.sender.zone.day(at);
        self.visits.push((PointId(record.point), day, StopVisit::of(what)));
        self.touched.insert(record.point);
        self.days.insert(day);
    }

    fn reject(&mut self, conn: &mut Conn, item: &Incoming, fault: &Fault) -> QueryResult<Receipt> {
        let theirs = fault.code != Rejection::NotYourStop.code();
        let point =
            fault.point.filter(|point| theirs && self.meters.contains_key(point) && self.held.contains_key(point));
        self.keep_aside(conn, item, Outcome::Rejected, fault.code, &fault.pointer, point.zip(fault.read_at))
    }

    fn keep_aside(
        &mut self,
        conn: &mut Conn,
        item: &Incoming,
        outcome: Outcome,
        code: &str,
        pointer: &str,
        about: Option<(i64, Instant)>,
    ) -> QueryResult<Receipt> {
        let aside = Aside { incoming: item, outcome, code, pointer, about };
        store::quarantine(conn, &aside, self.sender.reader, self.sender.device, self.sender.received_at)?;
        self.aside.insert(item.hash.clone(), (outcome.code().to_owned(), code.to_owned(), pointer.to_owned()));
        if let Some((point, at)) = about {
            self.touched.insert(point);
            self.days.insert(self.sender.zone.day(at));
        }
        Ok(Receipt { outcome, fault: Some((code.to_owned(), pointer.to_owned())), flags: Vec::new() })
    }

    /// Moves stops, rounds and coverage by what was taken.
    fn finish(&mut self, conn: &mut Conn) -> QueryResult<()> {
        visit_stops(conn, self.sender.reader, &self.visits, self.sender.received_at)?;
        let periods: BTreeSet<Period> =
            self.days.iter().flat_map(|day| [Period::month_of(*day), Period::quarter_of(*day)]).collect();
        let (points, periods): (Vec<i64>, Vec<Period>) =
            (self.touched.iter().copied().collect(), periods.into_iter().collect());
        retouch(conn, self.sender.zone, &points, &periods)
    }
}

fn time_flags(time: &ObservedTime, at_point: &MeterAtPoint, zone: Zone) -> Vec<String> {
    let settings = TimeSettings::default();
    let review = needs_time_review(time, at_point.class, settings.uncertainty, zone, &CoverageSettings::default());
    let noted = [(review, "time_review"), (time.clock_ahead, "clock_ahead"), (time.clock_lost, "clock_lost")];
    noted.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag.to_owned()).collect()
}

fn judge(at_point: &mut MeterAtPoint, record: &Record, at: Instant, zone: Zone) -> Option<Verdict> {
    use meterbook::readings::ReadingKind;
    let Observed::Reading { kind, figures } = &record.observed else { return None };
    // What a customer tells is evidence of nothing but itself.
    if *kind == ReadingKind::Customer {
        return None;
    }
    let seen = Observation {
        at,
        figures: *figures,
        seen_number: record.seen_number.as_deref(),
        vacancy: record.vacancy && record.has_evidence,
        gas_in_use: record.gas_in_use,
        confirmed: record.confirmed || *kind == ReadingKind::Reread,
    };
    at_point.judge(&seen, zone.day(at))
}

fn verdict_flags(verdict: &Verdict) -> Vec<String> {
    let codes = verdict.findings.iter().map(|finding| finding.rule.code().to_owned());
    codes.chain((!verdict.trusted).then(|| SET_ASIDE.to_owned())).collect()
}
