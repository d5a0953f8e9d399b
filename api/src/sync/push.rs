//! Deciding pushes: every item by itself, all in one transaction. What they are decided by is loaded in `push/facts.rs`, what they lead
//! to is stored in `push/keep.rs`; which pushes share a transaction is `push/gathered.rs`'s.

mod chain;
mod corrections;
mod effects;
mod facts;
mod gathered;
mod keep;
mod lateness;
mod neighbours;
mod release;

pub use self::gathered::Gathered;
pub use self::release::{Origin, Release, Released, release};

use self::chain::{CHAIN_BROKEN, Chain};
use self::corrections::{Arrival, CORRECTED, Corrections, WAITING};
use self::effects::Effects;
use self::keep::{keep, note_phones};
use self::lateness::Lateness;
use super::item::{Corrected, Fault, Incoming, Observed, Record};
use super::store::{self, Accepted, Aside, Clocks, Decided, Known, NewRecord, Phone};
use crate::anomalies::cases::Judged;
use crate::anomalies::store::{Installed, MeterAtPoint, SET_ASIDE, Source};
use crate::coverage::reviews::store::NewReview;
use crate::db::Conn;
use crate::planted::{self, Bug};
use crate::rounds::store::PointVisit;
use chrono::NaiveDate;
use diesel::QueryResult;
use meterbook::anomalies::{Observation, Verdict};
use meterbook::calendar::{Instant, Zone};
use meterbook::coverage::{Sighting, SightingKind, period_of};
use meterbook::id::{AccountId, DeviceId, PointId, RecordId};
use meterbook::meters::Class;
use meterbook::readings::correction::ALREADY_CORRECTED;
use meterbook::readings::observed::{Observed as ObservedTime, TimeClaim, needs_time_review, observe};
use meterbook::readings::{Figures, Linking, ReadingKind, form_faults};
use meterbook::rounds::{Holding, Standing, StopVisit, standing};
use meterbook::settings::Rulebook;
use meterbook::sync::{Outcome, Rejection, Sequence};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
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

/// One phone's push.
pub struct Push {
    /// Who, and by which clocks.
    pub sender: Sender,
    /// What.
    pub items: Vec<Incoming>,
}

/// Takes pushes, in order. They must have no reader, point or record in common (see [`Gathered`]): then none sees another, and
/// deciding them together is deciding them one after the other, in as many statements as one takes.
pub fn push(conn: &mut Conn, pushes: &[Arc<Push>]) -> QueryResult<Vec<Pushed>> {
    let phones: Vec<i64> = pushes.iter().map(|push| push.sender.device.0).collect();
    let mut phones = store::lock_phones(conn, &phones)?;
    let of = |push: &Arc<Push>| phones.remove(&push.sender.device.0).ok_or(diesel::NotFound);
    let phones = pushes.iter().map(of).collect::<QueryResult<Vec<_>>>()?;
    let asked = pushes.iter().zip(phones).map(|(push, phone)| (&push.sender, phone, push.items.as_slice()));
    let mut batches = Batch::load(conn, asked.collect())?;
    let mut receipts = Vec::with_capacity(batches.len());
    for batch in &mut batches {
        let items = batch.items;
        let mut taken = items.iter().map(|item| batch.take(conn, item)).collect::<QueryResult<Vec<_>>>()?;
        batch.find_swaps(conn, &mut taken)?;
        receipts.push(taken);
    }
    keep(conn, &mut batches)?;
    let sequences = note_phones(conn, &batches)?;
    let pushed = |(receipts, sequence)| Pushed { receipts, sequence };
    Ok(receipts.into_iter().zip(sequences).map(pushed).collect())
}

/// The facts a batch is decided by, kept up to date while its items are taken in order.
struct Batch<'p> {
    sender: &'p Sender,
    items: &'p [Incoming],
    phone: Phone,
    records: HashMap<Uuid, Known>,
    seqs: HashMap<i64, Uuid>,
    aside: HashMap<Vec<u8>, Decided>,
    meters: HashMap<i64, MeterAtPoint>,
    /// What the sender has held, by point.
    held: HashMap<i64, Vec<Holding>>,
    stored: Vec<NewRecord>,
    visits: Vec<PointVisit>,
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
    rules: Arc<Rulebook>,
    reviews: Vec<NewReview>,
}

impl Batch<'_> {
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
        observed_time(self.sender, &self.phone, record, &self.rules)
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
            true => self.lateness.flags(conn, self.sender, at_point.class, time.at, &self.rules)?,
            false => Vec::new(),
        };
        let meter = at_point.meter.as_ref().map(|installed| installed.meter);
        let needs_three = at_point.meter.as_ref().is_some_and(Installed::shows_three);
        let arrival = self.corrections.arrive(conn, self.sender, record, meter, time.at)?;
        if arrival == Arrival::Taken {
            return self.keep_aside(conn, item, Outcome::Conflict, ALREADY_CORRECTED, "/corrects", None);
        }
        let review = record.observed.is_visit() && is_in_doubt(&self.rules, &time, at_point.class, self.sender);
        if review {
            let (point, observed_at, is_lost) = (record.point, time.at, time.clock_lost);
            self.reviews.push(NewReview { record: RecordId(record.id), point, observed_at, is_lost });
        }
        let mut flags = time_flags(&time, review);
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
            self.effects.judge(judged(source, verdict, record, needs_three));
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
        let (reader, point) = (self.sender.reader, PointId(record.point));
        self.visits.push(PointVisit { reader, point, day, visit: StopVisit::of(what) });
        let evidence = record.has_evidence;
        let sighting = Sighting { at, what, complete: true, evidence, voided: false, rejected: false, time_review };
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
}

fn observed_time(sender: &Sender, phone: &Phone, record: &Record, rules: &Rulebook) -> ObservedTime {
    let claim = TimeClaim {
        read_at: record.read_at,
        source: record.source,
        read_elapsed_ms: record.read_elapsed_ms,
        read_boot: record.boot.as_deref(),
        sent_at: sender.sent_at,
        sent_elapsed_ms: sender.sent_elapsed_ms,
        sent_boot: sender.boot.as_deref(),
        received_at: sender.received_at,
        last_sync: phone.clock,
    };
    observe(&claim, &rules.time(sender.zone.day(sender.received_at)))
}

fn time_flags(time: &ObservedTime, review: bool) -> Vec<String> {
    let noted = [(review, "time_review"), (time.clock_ahead, "clock_ahead"), (time.clock_lost, "clock_lost")];
    noted.into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag.to_owned()).collect()
}

/// Whether a person must decide when a visit was made, by what holds in the period it seems to lie in.
fn is_in_doubt(rules: &Rulebook, time: &ObservedTime, class: Class, sender: &Sender) -> bool {
    let uncertainty = rules.time(sender.zone.day(sender.received_at)).uncertainty;
    let settings = rules.coverage(period_of(class, sender.zone.day(time.at)));
    needs_time_review(time, class, uncertainty, sender.zone, &settings)
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

fn judged(source: Source, verdict: Verdict, record: &Record, needs_three: bool) -> Judged {
    let figures = record.observed.figures();
    let is_reread = record.observed.code() == ReadingKind::Reread.code();
    Judged {
        source,
        verdict,
        figures,
        is_complete: figures.index.is_some()
            && (!needs_three || figures.cumulative.is_some() && figures.balance.is_some()),
        number_seen: record.seen_number.as_deref().is_some_and(|number| !number.trim().is_empty()),
        confirmed: record.confirmed || is_reread,
    }
}

fn verdict_flags(verdict: &Verdict) -> Vec<String> {
    let codes = verdict.findings.iter().map(|finding| finding.rule.code().to_owned());
    codes.chain((!verdict.trusted).then(|| SET_ASIDE.to_owned())).collect()
}
