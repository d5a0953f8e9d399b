//! Deciding a push: every item by itself, all in one transaction.

mod chain;
mod corrections;
mod effects;
mod lateness;
mod release;

pub use self::release::{Origin, Release, Released, release};

use self::chain::{CHAIN_BROKEN, Chain};
use self::corrections::{Arrival, CORRECTED, Corrections, WAITING};
use self::effects::Effects;
use self::lateness::Lateness;
use super::item::{Corrected, Fault, Incoming, Observed, Record};
use super::store::{self, Accepted, Aside, Clocks, Known, NewRecord, Phone};
use crate::anomalies::store::{MeterAtPoint, SET_ASIDE, Source, load_meters};
use crate::coverage::store::sighted;
use crate::db::{Conn, Lockable};
use crate::planted::{self, Bug};
use crate::rounds::store::{announce_points, holdings, visit_stops};
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::anomalies::{Observation, Verdict};
use meterbook::calendar::{Instant, Period, Zone};
use meterbook::coverage::{Settings as CoverageSettings, Sighting, SightingKind};
use meterbook::id::{AccountId, DeviceId, PointId, RecordId};
use meterbook::readings::correction::ALREADY_CORRECTED;
use meterbook::readings::observed::{Observed as ObservedTime, TimeClaim, TimeSettings, needs_time_review, observe};
use meterbook::readings::{Figures, Linking, ReadingKind, form_faults};
use meterbook::rounds::{Holding, Standing, StopVisit, standing};
use meterbook::sync::{Outcome, Rejection, Sequence};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A person took it out of quarantine.
const RELEASED: &str = "released";

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
    /// The last number the phone says it has given.
    pub last_seq: Option<i64>,
    /// When a person released the item from quarantine; then all above is of the push that brought it.
    pub released_at: Option<Instant>,
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
    let told = sender.last_seq.filter(|told| batch.phone.last_seq.unwrap_or(0) < *told);
    if let Some(told) = told {
        super::gaps::store::note_last_seq(conn, sender.device, told, sender.received_at)?;
    }
    let last_seq = told.or(batch.phone.last_seq);
    let sequence = store::phone_sequence(conn, sender.device, batch.phone.contiguous, last_seq)?;
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
    stored: Vec<NewRecord>,
    visits: Vec<(PointId, NaiveDate, StopVisit)>,
    sightings: Vec<(i64, Sighting)>,
    /// Points of which something was set aside: it shows in their coverage too.
    unsure: BTreeSet<i64>,
    /// Points whose past a correction changed: the entry check there stands on it.
    reworked: BTreeSet<i64>,
    days: BTreeSet<NaiveDate>,
    corrections: Corrections,
    chain: Chain,
    lateness: Lateness,
    effects: Effects,
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
        if !planted::is(Bug::CheckThenInsert) {
            conn.lock(Lockable::ServicePoints, &points)?;
        }
        Ok(Self {
            sender,
            phone,
            records: store::known_records(conn, &ids)?,
            seqs: store::known_seqs(conn, sender.device, &seqs)?,
            aside: store::known_quarantine(conn, sender.device, &hashes)?,
            meters: load_meters(conn, &points)?,
            held: holdings(conn, &points, sender.reader)?,
            stored: Vec::new(),
            visits: Vec::new(),
            sightings: Vec::new(),
            unsure: BTreeSet::new(),
            reworked: BTreeSet::new(),
            days: BTreeSet::new(),
            corrections: Corrections::load(conn, sender.reader, items)?,
            chain: Chain::load(conn, sender.device, items)?,
            lateness: Lateness::default(),
            effects: Effects::default(),
        })
    }

    fn take(&mut self, conn: &mut Conn, item: &Incoming) -> QueryResult<Receipt> {
        if let Some(known) = item.id.and_then(|id| self.records.get(&id)) {
            if known.hash == item.hash {
                let flags = known.flags.split(',').filter(|flag| !flag.is_empty()).map(str::to_owned).collect();
                return Ok(Receipt { outcome: Outcome::Duplicate, fault: None, flags });
            }
            if !self.aside.contains_key(&item.hash) {
                return self.keep_aside(conn, item, Outcome::Conflict, "id_reused", "/id", None);
            }
        }
        // A verdict is remembered: the same item again gets the same answer.
        if let Some((outcome, code, pointer)) = self.aside.get(&item.hash) {
            let outcome = Outcome::from_code(outcome).unwrap_or(Outcome::Rejected);
            let fault = Some((code.clone(), pointer.clone())).filter(|(code, _)| !code.is_empty());
            return Ok(Receipt { outcome, fault, flags: Vec::new() });
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
        let is_taken = self.seqs.get(&record.device_seq).is_some_and(|id| *id != record.id);
        // A released item keeps its number only where no other record has it.
        if is_taken && self.sender.released_at.is_none() {
            return fault(Rejection::SequenceReused.code(), "/device_seq");
        }
        let held = self.held.get(&record.point).map_or(&[][..], Vec::as_slice);
        let standing = standing(held, self.sender.reader, self.sender.received_at);
        if let Observed::Correction(corrected) = &record.observed {
            let refused = |(code, pointer): (_, String)| Fault { code, pointer, point: None, read_at: None };
            return self.examine_correction(record, corrected, standing).map_err(refused);
        }
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

    /// A reader may correct his own record after the round has gone to another; what waits for its target may be of any
    /// point, so there the round decides.
    fn examine_correction(
        &self,
        record: &Record,
        corrected: &Corrected,
        standing: Standing,
    ) -> Result<(ObservedTime, Standing), (&'static str, String)> {
        let stranger = || (Rejection::NotYourStop.code(), "/service_point_id".to_owned());
        let at_point = self.meters.get(&record.point).ok_or_else(stranger)?;
        let linking = self.corrections.examine(self.sender.reader, record, corrected, at_point)?;
        if linking == Linking::Waiting && standing == Standing::Stranger {
            return Err(stranger());
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
        let late = match record.observed.is_visit() {
            true => self.lateness.flags(conn, self.sender, at_point.class, time.at)?,
            false => Vec::new(),
        };
        let meter = at_point.meter.as_ref().map(|installed| installed.meter);
        let arrival = self.corrections.arrive(conn, self.sender, record, meter, time.at)?;
        if arrival == Arrival::Taken {
            return self.keep_aside(conn, item, Outcome::Conflict, ALREADY_CORRECTED, "/corrects", None);
        }
        let mut flags = time_flags(&time, at_point, self.sender.zone, record.observed.is_visit());
        let noted = [
            (record.has_evidence, "proof"),
            (standing == Standing::Former, "after_reassignment"),
            (arrival == Arrival::Superseded, CORRECTED),
            (arrival == (Arrival::Correction { is_linked: false }), WAITING),
            (self.chain.is_broken_at(item), CHAIN_BROKEN),
            (self.sender.released_at.is_some(), RELEASED),
        ];
        flags.extend(noted.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag.to_owned()));
        flags.extend(late.into_iter().map(str::to_owned));
        let verdict = match arrival {
            Arrival::Plain => judge(at_point, record, time.at, self.sender.zone),
            _ => None,
        };
        flags.extend(verdict.iter().flat_map(verdict_flags));
        if arrival != Arrival::Plain {
            flags.extend(self.settle_chain(record));
            self.reworked.insert(record.point);
        }
        let device_seq = (!self.seqs.contains_key(&record.device_seq)).then_some(record.device_seq);
        let accepted = Accepted {
            incoming: item,
            record,
            device_seq,
            meter,
            observed_at: time.at,
            grade: time.grade,
            flags: &flags,
        };
        self.stored.push(accepted.row(self.sender.reader, self.sender.device, self.sender.received_at));
        if let Some((verdict, meter)) = verdict.zip(meter) {
            let source =
                Source { meter, point: PointId(record.point), record: RecordId(record.id), observed_at: time.at };
            self.effects.find(source, verdict.findings);
        }
        self.effects.report(record, meter, time.at);
        self.records.insert(record.id, Known { hash: item.hash.clone(), flags: flags.join(",") });
        self.seqs.entry(record.device_seq).or_insert(record.id);
        self.note_visit(record, time.at, flags.iter().any(|flag| flag == "time_review"));
        Ok(Receipt { outcome: Outcome::Accepted, fault: None, flags })
    }

    /// Judges what now counts in a record's chain. What is said of it belongs on the receipt of the head alone.
    fn settle_chain(&mut self, record: &Record) -> Vec<String> {
        let own = RecordId(record.id);
        let Some(settled) = self.corrections.settle(self.sender, own, &mut self.meters) else { return Vec::new() };
        let flags = if settled.head.head == own { settled.head.flags.clone() } else { Vec::new() };
        self.effects.settle(settled);
        flags
    }

    fn note_visit(&mut self, record: &Record, at: Instant, time_review: bool) {
        let what = match &record.observed {
            Observed::Reading { kind, .. } => SightingKind::Reading(*kind),
            Observed::Attempt { .. } => SightingKind::Attempt { proof: record.has_evidence },
            _ => return,
        };
        let day = self.sender.zone.day(at);
        self.visits.push((PointId(record.point), day, StopVisit::of(what)));
        let sighting = Sighting { at, what, complete: true, voided: false, rejected: false, time_review };
        self.sightings.push((record.point, sighting));
        self.days.insert(day);
    }

    fn reject(&mut self, conn: &mut Conn, item: &Incoming, fault: &Fault) -> QueryResult<Receipt> {
        let theirs = fault.code != Rejection::NotYourStop.code();
        let point =
            fault.point.filter(|point| theirs && self.meters.contains_key(point) && self.held.contains_key(point));
        let outcome = if fault.code == ALREADY_CORRECTED { Outcome::Conflict } else { Outcome::Rejected };
        self.keep_aside(conn, item, outcome, fault.code, &fault.pointer, point.zip(fault.read_at))
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
        let clocks = Clocks {
            sent_at: self.sender.sent_at,
            sent_elapsed_ms: self.sender.sent_elapsed_ms,
            boot: self.sender.boot.as_deref(),
            last_sync: self.phone.clock,
        };
        let aside = Aside { incoming: item, outcome, code, pointer, about, clocks };
        // What a person releases lies in quarantine already.
        if self.sender.released_at.is_none() && !planted::is(Bug::RejectedItemDropped) {
            store::quarantine(conn, &aside, self.sender.reader, self.sender.device, self.sender.received_at)?;
        }
        self.aside.insert(item.hash.clone(), (outcome.code().to_owned(), code.to_owned(), pointer.to_owned()));
        if let Some((point, at)) = about {
            self.unsure.insert(point);
            self.days.insert(self.sender.zone.day(at));
        }
        Ok(Receipt { outcome, fault: Some((code.to_owned(), pointer.to_owned())), flags: Vec::new() })
    }

    /// Stores the records, then moves stops, rounds and coverage by them.
    fn finish(&mut self, conn: &mut Conn) -> QueryResult<()> {
        store::insert_records(conn, &self.stored)?;
        self.effects.store(conn, self.sender)?;
        self.chain.store(conn, self.sender.device, self.phone.chained_from, self.sender.received_at)?;
        let reworked: Vec<i64> = self.reworked.iter().copied().collect();
        announce_points(conn, &reworked, "corrected", self.sender.received_at)?;
        visit_stops(conn, self.sender.reader, &self.visits, self.sender.received_at)?;
        let periods: BTreeSet<Period> =
            self.days.iter().flat_map(|day| [Period::month_of(*day), Period::quarter_of(*day)]).collect();
        let periods: Vec<Period> = periods.into_iter().collect();
        sighted(conn, self.sender.zone, &self.sightings, &self.unsure, &periods)
    }
}

fn time_flags(time: &ObservedTime, at_point: &MeterAtPoint, zone: Zone, is_visit: bool) -> Vec<String> {
    let settings = TimeSettings::default();
    let review =
        is_visit && needs_time_review(time, at_point.class, settings.uncertainty, zone, &CoverageSettings::default());
    let noted = [(review, "time_review"), (time.clock_ahead, "clock_ahead"), (time.clock_lost, "clock_lost")];
    noted.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag.to_owned()).collect()
}

fn judge(at_point: &mut MeterAtPoint, record: &Record, at: Instant, zone: Zone) -> Option<Verdict> {
    let Observed::Reading { kind, figures } = &record.observed else { return None };
    judge_figures(at_point, record, *kind, *figures, at, zone)
}

/// Judges figures as seen at a moment, with what else the record says.
fn judge_figures(
    at_point: &mut MeterAtPoint,
    record: &Record,
    kind: ReadingKind,
    figures: Figures,
    at: Instant,
    zone: Zone,
) -> Option<Verdict> {
    // What a customer tells is evidence of nothing but itself.
    if kind == ReadingKind::Customer {
        return None;
    }
    let seen = Observation {
        at,
        figures,
        seen_number: record.seen_number.as_deref(),
        vacancy: record.vacancy && record.has_evidence,
        gas_in_use: record.gas_in_use,
        confirmed: record.confirmed || kind == ReadingKind::Reread,
    };
    at_point.judge(&seen, zone.day(at))
}

fn verdict_flags(verdict: &Verdict) -> Vec<String> {
    let codes = verdict.findings.iter().map(|finding| finding.rule.code().to_owned());
    codes.chain((!verdict.trusted).then(|| SET_ASIDE.to_owned())).collect()
}
